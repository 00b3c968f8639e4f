"""What finite sets of problems share: duplicates dropped, a held-out part split off, a seeded choice."""

import random
from collections.abc import Iterable

from verigrad.tasks.generate import is_held_out
from verigrad.tasks.types import Split
from verigrad_rewards.types import Problem


def normalised(question: str) -> str:
    """Return a question as it is compared: letter case and spacing do not matter."""
    return " ".join(question.lower().split())


def distinct(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems without those whose question stood before."""
    seen: dict[str, Problem] = {}
    for problem in problems:
        seen.setdefault(normalised(problem.question), problem)
    return list(seen.values())


def split_by_question(problems: Iterable[Problem], split: Split) -> list[Problem]:
    """Return the part of one file that belongs to ``split``, decided by the question alone; one in five is held out."""
    return [p for p in problems if is_held_out(normalised(p.question)) == (split is not Split.TRAIN)]


def choose(problems: list[Problem], split: Split, seed: int, limit: int | None) -> list[Problem]:
    """Return up to ``limit`` problems in a seeded order; held-out problems do not depend on the seed."""
    order = list(problems)
    random.Random(seed if split is Split.TRAIN else 0).shuffle(order)
    return order if limit is None else order[:limit]
