"""Sample responses and have them scored by worker processes while the next ones are decoded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from verigrad.models.sample import Decoding, sample_batches
from verigrad.train.setup import Setup
from verigrad_rewards.combine import Score
from verigrad_rewards.types import Problem, Response


@dataclass(frozen=True, slots=True)
class Scored:
    """One sampled response.

    Attributes:
        ids: tokens that the model wrote, the end token included.
        response: the same as rewards read it.
        score: what it earned.
    """

    ids: list[int]
    response: Response
    score: Score


def sample_scored(
    setup: Setup, model: Any, problems: Sequence[Problem], seeds: Sequence[int], temperature: float
) -> list[Scored]:
    """Return one scored response per problem, in order; each is decided by the weights, its problem and its seed."""
    ids: dict[int, list[int]] = {}
    pending = {}
    known = {p.id: setup.prompter.token_ids(p, setup.instruction(p)) for p in {p.id: p for p in problems}.values()}
    prompts = [known[problem.id] for problem in problems]
    decoding = Decoding(setup.prompter.end_ids, setup.max_tokens, temperature, setup.batch_size)
    for rows, decoded in sample_batches(model, prompts, seeds, decoding):
        responses = setup.prompter.responses(decoded)
        for row, written, response in zip(rows, decoded, responses, strict=True):
            ids[row] = written
            pending[row] = (response, setup.scorer.submit(setup.pool, problems[row], response))
    return [Scored(ids[row], pending[row][0], setup.finish(pending[row][1])) for row in range(len(problems))]


def score_all(setup: Setup, problems: Sequence[Problem], ids: Sequence[list[int]]) -> list[Scored]:
    """Return the scores of responses that were sampled elsewhere, in order."""
    responses = setup.prompter.responses(ids)
    pending = [setup.scorer.submit(setup.pool, p, r) for p, r in zip(problems, responses, strict=True)]
    return [Scored(i, r, setup.finish(p)) for i, r, p in zip(ids, responses, pending, strict=True)]
