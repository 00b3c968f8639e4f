"""GSM8K: grade-school word problems (arXiv 2110.14168), from a local file of its rows or from the hub."""

from typing import Any

from verigrad.tasks.finite import choose, from_rows, split_by_question
from verigrad.tasks.hub import hub_rows
from verigrad.tasks.rows import read_rows, text_field
from verigrad.tasks.types import Split
from verigrad_rewards.math import read_number
from verigrad_rewards.types import Problem, ProblemError


def to_problem(row: dict[str, Any], place: str, name: str) -> Problem:
    """Return one row as a problem; the gold answer stands after ``####``.

    Raises:
        ProblemError: a field is missing, or the gold answer is no number.
    """
    question, solution = text_field(row, "question", place), text_field(row, "answer", place)
    rationale, mark, gold = solution.rpartition("####")
    if not mark or read_number(gold) is None:
        raise ProblemError(f"{place}: answer ends in {solution[-30:]!r}; allowed is '#### ' and a number")
    return Problem(name, question, gold.strip(), {"rationale": rationale.strip()})


def load(
    split: Split, seed: int, limit: int | None, *, path: str | None = None, hub: str = "openai/gsm8k"
) -> list[Problem]:
    """Return problems from the local file ``path`` (one in five held out by its question), or from the hub's splits.

    There is no out-of-distribution split.
    """
    if split is Split.OOD:
        return []
    if path is not None:
        problems = split_by_question(from_rows("gsm8k", split, read_rows(path), to_problem), split)
    else:
        rows = hub_rows("gsm8k", hub, "main", "train" if split is Split.TRAIN else "test")
        problems = from_rows("gsm8k", split, rows, to_problem)
    return choose(problems, split, seed, limit)
