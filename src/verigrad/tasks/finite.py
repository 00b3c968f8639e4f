"""What finite sets of problems share: duplicates dropped, train and held-out problems kept apart, a seeded choice."""

import random
from collections.abc import Callable, Iterable
from typing import Any

from verigrad.tasks.generate import is_held_out
from verigrad.tasks.rows import read_rows
from verigrad.tasks.types import Split
from verigrad_rewards.types import Problem, ProblemError

Rows = Iterable[tuple[str, dict[str, Any]]]  # where a row stands, and the row
ToProblem = Callable[[dict[str, Any], str, str], Problem | None]


def normalised(question: str) -> str:
    """Return a question as it is compared: letter case and spacing do not matter."""
    return " ".join(question.lower().split())


def distinct(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems without those whose question stood before."""
    seen: dict[str, Problem] = {}
    for problem in problems:
        seen.setdefault(normalised(problem.question), problem)
    return list(seen.values())


def from_rows(task: str, split: Split, rows: Rows, to_problem: ToProblem) -> list[Problem]:
    """Return the distinct problems that ``to_problem(row, place, id)`` makes of ``rows``, without its Nones.

    Ids are ``task/split/number``, the number being that of the row, from 0.
    """
    made = (to_problem(row, place, f"{task}/{split}/{i}") for i, (place, row) in enumerate(rows))
    return distinct(problem for problem in made if problem is not None)


def split_by_question(problems: Iterable[Problem], split: Split) -> list[Problem]:
    """Return the part of one file that belongs to ``split``, decided by the question alone; one in five is held out."""
    return [p for p in problems if is_held_out(normalised(p.question)) == (split is not Split.TRAIN)]


def divided(task: str, split: Split, rows: Rows, held_out: str | None, to_problem: ToProblem) -> list[Problem]:
    """Return the part of ``rows`` that belongs to ``split``; held out is one in five by question, or all of a file."""
    if held_out is None:
        return split_by_question(from_rows(task, split, rows, to_problem), split)
    return from_rows(task, split, rows if split is Split.TRAIN else read_rows(held_out), to_problem)


def evaluation_set(task: str, split: Split, rows: Rows, train: str | None, to_problem: ToProblem) -> list[Problem]:
    """Return all problems of ``rows``, which are held out; for training those of the file ``train`` not among them.

    Raises:
        ProblemError: train problems are asked for and ``train`` is not given, or has none of its own.
    """
    if split is Split.TRAIN and train is None:
        raise ProblemError(
            f"{task}: has no train problems, it is an evaluation set; to train on a file of the same kind of rows, "
            "name it as options.train"
        )
    measured = from_rows(task, Split.HELD_OUT, rows, to_problem)
    if split is not Split.TRAIN or train is None:
        return measured
    questions = {normalised(problem.question) for problem in measured}
    problems = from_rows(task, split, read_rows(train), to_problem)
    kept = [problem for problem in problems if normalised(problem.question) not in questions]
    if not kept:
        raise ProblemError(
            f"{task}: options.train {train} has no problem that is not held out; allowed is another file"
        )
    return kept


def choose(problems: list[Problem], split: Split, seed: int, limit: int | None) -> list[Problem]:
    """Return up to ``limit`` problems in a seeded order; held-out problems do not depend on the seed."""
    order = list(problems)
    random.Random(seed if split is Split.TRAIN else 0).shuffle(order)
    return order if limit is None else order[:limit]
