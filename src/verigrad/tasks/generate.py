"""Draw distinct problems of a split from a task's generator.

Which split a problem belongs to is a function of its canonical form alone, so train and held-out problems are
disjoint whatever the seeds, limits and difficulties are, and no list of held-out problems has to be kept.
"""

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from verigrad.tasks.types import Split
from verigrad_rewards.types import Problem, ProblemError

HELD_OUT_SHARE = 5  # one canonical form in five is never trained on
TRIES = 2_000  # fresh draws in a row without a new problem before the space counts as exhausted


@dataclass(frozen=True, slots=True)
class Draft:
    """A generated problem before it has an id.

    Attributes:
        key: canonical form: equal for problems that differ only in wording or order.
        question: what the model is asked.
        answer: the gold answer; empty where ``info`` decides.
        info: what the reward needs beyond the answer.
    """

    key: str
    question: str
    answer: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)


def is_held_out(key: str) -> bool:
    """Whether the canonical form ``key`` is reserved for measuring."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) % HELD_OUT_SHARE == 0


@dataclass(frozen=True, slots=True)
class Dial:
    """Levels a generator draws from, easy to hard, both ends included."""

    low: int
    high: int

    def level(self, rng: random.Random) -> int:
        """Return one level, each equally likely."""
        return rng.randint(self.low, self.high)


def read_dial(task: str, value: Any, allowed: Dial) -> Dial:
    """Return ``value``, a level or a ``[low, high]`` pair, as a dial within ``allowed``."""
    pair = [value, value] if isinstance(value, int) else value
    whole = isinstance(pair, list | tuple) and len(pair) == 2 and all(type(level) is int for level in pair)
    if not whole or not allowed.low <= pair[0] <= pair[1] <= allowed.high:
        raise ProblemError(
            f"{task}: difficulty is {value!r}; allowed is a level or [low, high] within {allowed.low} to {allowed.high}"
        )
    return Dial(*pair)


def generate(
    task: str,
    draw: Callable[[random.Random, int], Draft],
    split: Split,
    seed: int,
    limit: int | None,
    dial: Dial,
) -> list[Problem]:
    """Return ``limit`` distinct problems of ``split``; a smaller limit gives a prefix of a larger one.

    The canonical form is kept in ``info["canonical"]``, by which the leak gate compares generated problems.
    Held-out and out-of-distribution problems do not depend on ``seed``: every run is measured on the same ones.

    Raises:
        ProblemError: the generator has fewer distinct problems than asked for, or ``limit`` is None.
    """
    if limit is None:
        raise ProblemError(f"{task}: problems are generated without end; say how many (limit)")
    rng = random.Random(f"{task}/{split}/{seed if split is Split.TRAIN else 'frozen'}")
    problems: dict[str, Problem] = {}
    misses = 0
    while len(problems) < limit:
        draft = draw(rng, dial.level(rng))
        digest = hashlib.sha256(draft.question.encode()).hexdigest()[:12]
        if digest in problems or is_held_out(draft.key) != (split is not Split.TRAIN):
            misses += 1
            if misses == TRIES:
                raise ProblemError(
                    f"{task}: {len(problems)} distinct {split} problems exist at difficulty "
                    f"[{dial.low}, {dial.high}], {limit} were asked for; widen the difficulty or ask for fewer"
                )
            continue
        misses = 0
        info = {**draft.info, "canonical": draft.key}
        problems[digest] = Problem(f"{task}/{split}/{digest}", draft.question, draft.answer, info)
    return list(problems.values())
