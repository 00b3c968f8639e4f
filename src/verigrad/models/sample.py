"""Sample responses from a transformers model: one prefill per distinct prompt, finished rows retired.

Every response is a function of the weights, its prompt and its own seed, so it does not depend on which other
responses share its batch (but for the rounding of the batched arithmetic), on the batch size or on the process.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from verigrad.errors import RunStoppedError

GREEDY = 0.0


@dataclass(frozen=True)
class Budget:
    """When thinking has gone on for long enough.

    Attributes:
        tokens: after which it is looked at.
        ending: returns what to write next instead of the model, from all that a response has; nothing where its
            thinking has ended by itself.
    """

    tokens: int
    ending: Callable[[list[int]], list[int]]


@dataclass(frozen=True)
class Decoding:
    """How responses are written.

    Attributes:
        end_ids: tokens that end a response.
        max_tokens: where responses are cut.
        temperature: of the softmax; 0 takes the most likely token.
        batch_size: rows decoded at once.
        top_p: share of the probability that is sampled from, the likeliest tokens first (arXiv 1904.09751).
        budget: of the thinking.
    """

    end_ids: Sequence[int]
    max_tokens: int
    temperature: float
    batch_size: int
    top_p: float = 1.0
    budget: Budget | None = None


def sample_ids(
    model: Any, prompts: Sequence[Sequence[int]], seeds: Sequence[int], decoding: Decoding
) -> list[list[int]]:
    """Return the sampled token ids per prompt, in order, the end token included where there is one."""
    written: list[list[int]] = [[] for _ in prompts]
    for rows, decoded in sample_batches(model, prompts, seeds, decoding):
        for i, ids in zip(rows, decoded, strict=True):
            written[i] = ids
    return written


def sample_batches(
    model: Any, prompts: Sequence[Sequence[int]], seeds: Sequence[int], decoding: Decoding
) -> Iterator[tuple[list[int], list[list[int]]]]:
    """Yield the rows of every decoded batch with their token ids, so that one can be scored while the next decodes.

    Args:
        model: a causal language model of transformers.
        prompts: token ids; equal neighbours share one prefill.
        seeds: one per prompt; each decides its own response alone.
        decoding: how responses are written.

    Raises:
        RunStoppedError: the model's output is not finite.
    """
    order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), list(prompts[i]), i))
    for start in range(0, len(order), decoding.batch_size):
        rows = order[start : start + decoding.batch_size]
        uniforms = noise([seeds[i] for i in rows], decoding.max_tokens)
        training = model.training
        model.eval()  # no dropout while sampling
        with torch.inference_mode():
            decoded = decode(model, [prompts[i] for i in rows], uniforms, decoding)
        model.train(training)
        yield rows, decoded


def noise(seeds: Sequence[int], max_tokens: int) -> Tensor:
    """Return uniform numbers, (rows, max_tokens), each row drawn from its own seed."""
    generator = torch.Generator()
    return torch.stack(
        [torch.rand(max_tokens, generator=generator.manual_seed(seed % 2**63), dtype=torch.float64) for seed in seeds]
    )


def pick(logits: Tensor, uniform: Tensor, temperature: float, top_p: float = 1.0) -> Tensor:
    """Return one token per row, (rows,), by inverting the cumulative softmax at ``uniform``, (rows,)."""
    if temperature == GREEDY:
        return logits.argmax(-1)
    shares = torch.softmax(logits.double() / temperature, -1)
    if top_p < 1:
        shares = likeliest(shares, top_p)
    cumulative = shares.cumsum(-1)
    # the sum ends a rounding error away from 1; scaling keeps the last token from being chosen out of range
    return torch.searchsorted(cumulative, (uniform * cumulative[:, -1]).unsqueeze(-1), right=True).squeeze(-1)


def likeliest(shares: Tensor, top_p: float) -> Tensor:
    """Return the shares, (rows, vocabulary), with 0 for all but the fewest tokens that make up ``top_p``."""
    ordered, places = shares.sort(-1, descending=True)
    beyond = ordered.cumsum(-1) - ordered >= top_p
    return shares.scatter(-1, places, ordered.masked_fill(beyond, 0.0))


def prefill(model: Any, prompts: Sequence[Sequence[int]]) -> tuple[Tensor, DynamicCache, Tensor]:
    """Return the next-token logits (rows, vocabulary), the cache and the mask (rows, width), left-padded."""
    distinct = [i for i, p in enumerate(prompts) if i == 0 or list(p) != list(prompts[i - 1])]
    counts = torch.tensor([b - a for a, b in zip(distinct, [*distinct[1:], len(prompts)], strict=True)])
    width = max(len(p) for p in prompts)
    ids = torch.zeros(len(distinct), width, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, i in enumerate(distinct):
        ids[row, width - len(prompts[i]) :] = torch.tensor(list(prompts[i]))
        mask[row, width - len(prompts[i]) :] = 1
    device = next(model.parameters()).device
    ids, mask, counts = ids.to(device), mask.to(device), counts.to(device)
    cache = DynamicCache(config=model.config)
    output = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    rows = torch.repeat_interleave(torch.arange(len(distinct), device=device), counts)
    if len(rows) > len(distinct):
        cache.batch_select_indices(rows)
    return output.logits[rows, -1], cache, mask[rows]


def require_finite(tokens: Tensor, vocabulary: int) -> None:
    """Refuse tokens beyond the vocabulary: no token lies at a share of a sum that is NaN.

    Raises:
        RunStoppedError: the model's output is not finite.
    """
    if bool((tokens >= vocabulary).any()):
        raise RunStoppedError(
            "sampling: the model's output is not finite, so its weights are not; in training, go on from an earlier "
            "checkpoint with a lower learning rate"
        )


def overwrite(tokens: Tensor, rows: Sequence[int], forced: dict[int, list[int]]) -> None:
    """Put the next forced token, where a row has one, in the place of the sampled one; ``tokens`` is (rows,)."""
    for i, row in enumerate(rows) if forced else ():
        if forced.get(row):
            tokens[i] = forced[row].pop(0)


def decode(model: Any, prompts: Sequence[Sequence[int]], uniforms: Tensor, decoding: Decoding) -> list[list[int]]:
    """Return the ids written for one batch of prompts; rows leave the batch soon after they end."""
    logits, cache, mask = prefill(model, prompts)
    uniforms = uniforms.to(logits.device)
    ends = torch.tensor(list(decoding.end_ids), device=logits.device)
    written: list[list[int]] = [[] for _ in prompts]
    rows = torch.arange(len(prompts), device=logits.device)
    alive = torch.ones(len(prompts), dtype=torch.bool, device=logits.device)
    positions = mask.sum(-1)
    forced: dict[int, list[int]] = {}
    for place in range(uniforms.shape[1]):
        tokens = pick(logits, uniforms[rows, place], decoding.temperature, decoding.top_p)
        if decoding.budget and place == decoding.budget.tokens:
            forced = {row: decoding.budget.ending(written[row]) for row in rows[alive].tolist()}
        overwrite(tokens, rows.tolist(), forced)
        require_finite(tokens, logits.shape[-1])
        for row, token, living in zip(rows.tolist(), tokens.tolist(), alive.tolist(), strict=True):
            if living:
                written[row].append(token)
        alive &= ~torch.isin(tokens, ends)
        left = int(alive.sum())
        if not left or place + 1 == uniforms.shape[1]:
            break
        if left <= 0.75 * len(rows):  # copying the cache costs about one step, so not at every end
            keep = alive.nonzero().squeeze(-1)
            cache.batch_select_indices(keep)
            rows, alive, tokens, mask, positions = (
                rows[keep],
                alive[keep],
                tokens[keep],
                mask[keep],
                positions[keep],
            )
        mask = torch.cat([mask, mask.new_ones(len(rows), 1)], -1)
        output = model(
            input_ids=tokens.unsqueeze(-1),
            attention_mask=mask,
            position_ids=positions.unsqueeze(-1),
            past_key_values=cache,
            use_cache=True,
        )
        positions = positions + 1
        logits = output.logits[:, -1]
    return written
