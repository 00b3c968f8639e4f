"""Sample one response token by token, so that it can be read while it is written."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from verigrad.errors import RunStoppedError
from verigrad.models.sample import Decoding, noise, pick, prefill


def stream_ids(model: Any, prompt: Sequence[int], seed: int, decoding: Decoding) -> Iterator[int]:
    """Yield the token ids of one response as they are sampled, the end token included: those of ``sample_ids``.

    Args:
        model: a causal language model of transformers, in evaluation mode.
        prompt: token ids.
        seed: decides the response.
        decoding: how it is written; without a budget of thinking.

    Raises:
        RunStoppedError: the model's output is not finite.
    """
    uniforms = noise([seed], decoding.max_tokens)[0]
    with torch.inference_mode():  # not around a yield: it would hold for whoever reads
        logits, cache, mask = prefill(model, [prompt])
    for place, uniform in enumerate(uniforms):
        require_finite(logits)
        token = int(pick(logits, uniform[None].to(logits.device), decoding.temperature, decoding.top_p))
        yield token
        if token in decoding.end_ids or place + 1 == len(uniforms):
            return
        with torch.inference_mode():
            row = torch.tensor([[token]], device=logits.device)
            mask = torch.cat([mask, mask.new_ones(1, 1)], -1)
            logits = model(input_ids=row, attention_mask=mask, past_key_values=cache, use_cache=True).logits[:, -1]


def require_finite(logits: Tensor) -> None:
    """Refuse logits, (1, vocabulary), that no token can be sampled from.

    Raises:
        RunStoppedError: one is NaN or infinite, or none is above minus infinity.
    """
    if not bool(torch.isfinite(logits.max())):
        raise RunStoppedError(
            "sampling: the model's output is not finite, so its weights are damaged, or this prompt overflows them"
        )
