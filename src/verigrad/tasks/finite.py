"""What finite sets of problems share: duplicates dropped, a held-out part split off, a seeded choice."""

import random
from collections.abc import Callable, Iterable
from typing import Any

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


def from_rows(
    task: str,
    split: Split,
    rows: Iterable[tuple[str, dict[str, Any]]],
    to_problem: Callable[[dict[str, Any], str, str], Problem | None],
) -> list[Problem]:
    """Return the distinct problems that ``to_problem(row, place, id)`` makes of ``rows``, without its Nones.

    Ids are ``task/split/number``, the number being that of the row, from 0.
    """
    made = (to_problem(row, place, f"{task}/{split}/{i}") for i, (place, row) in enumerate(rows))
    return distinct(problem for problem in made if problem is not None)


def split_by_question(problems: Iterable[Problem], split: Split) -> list[Problem]:
    """Return the part of one file that belongs to ``split``, decided by the question alone; one in five is held out."""
    return [p for p in problems if is_held_out(normalised(p.question)) == (split is not Split.TRAIN)]


def choose(problems: list[Problem], split: Split, seed: int, limit: int | None) -> list[Problem]:
    """Return up to ``limit`` problems in a seeded order; held-out problems do not depend on the seed."""
    order = list(problems)
    random.Random(seed if split is Split.TRAIN else 0).shuffle(order)
    return order if limit is None else order[:limit]
