"""What an evaluation asks for: every response that is to be recorded, in one fixed order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from verigrad.fingerprint import fingerprint
from verigrad.recipe.schema import Recipe
from verigrad.tasks.types import Split
from verigrad_rewards.types import Problem

SAMPLED = "sampled"  # the decoding that every evaluation has


@dataclass(frozen=True, slots=True)
class Settings:
    """How the responses of one decoding are written.

    Attributes:
        samples: responses per problem.
        temperature: 0 for greedy.
        top_p: share of the probability that is sampled from.
        max_tokens: where responses are cut.
        max_think_tokens: where their thinking is ended and the answer asked for; None for never.
        seed: of the sampling.
    """

    samples: int
    temperature: float
    top_p: float
    max_tokens: int
    max_think_tokens: int | None
    seed: int


@dataclass(frozen=True, slots=True)
class Ask:
    """One response to be sampled.

    Attributes:
        problem: what is asked.
        split: of the problem.
        decode: name of the decoding.
        sample: index among the responses to the problem.
        prompt: as the model is given it.
        seed: of the sampling; the same for every model, so that luck is shared by what is compared.
        key: of its record.
    """

    problem: Problem
    split: str
    decode: str
    sample: int
    prompt: str
    seed: int
    key: str


def decodings(recipe: Recipe) -> dict[str, Settings]:
    """Return every decoding that the recipe's evaluation wants, by name."""
    sampled = Settings(
        recipe.eval.samples,
        recipe.eval.temperature,
        recipe.eval.top_p,
        recipe.max_response_tokens,
        None,
        recipe.eval.seed,
    )
    wanted = {SAMPLED: sampled}
    if recipe.eval.greedy:
        wanted["greedy"] = replace(sampled, samples=1, temperature=0.0, top_p=1.0)
    budgets = sorted(recipe.eval.think_budgets)
    return wanted | {f"think-{n}": replace(sampled, samples=1, max_think_tokens=n) for n in budgets}


def asks(
    wanted: dict[str, Settings],
    problems: Sequence[tuple[Split, Problem]],
    render: Callable[[Problem], str],
    weights: str,
) -> Iterator[Ask]:
    """Yield every response to be sampled, one decoding after the other; thinking is budgeted on held-out ones only."""
    known = [(split, p, fingerprint(identity(p)), render(p)) for split, p in problems]
    for name, settings in wanted.items():
        how = asdict(settings)
        for split, problem, which, prompt in known:
            if settings.max_think_tokens is not None and split != Split.HELD_OUT:
                continue
            for k in range(settings.samples):
                key = fingerprint([which, prompt, how, weights, k])
                seed = int(fingerprint([settings.seed, problem.id, k])[:15], 16)
                yield Ask(problem, str(split), name, k, prompt, seed, key)


def identity(problem: Problem) -> list[Any]:
    """Return all that decides a problem."""
    return [problem.id, problem.question, problem.answer, dict(problem.info)]
