"""GSM8K: grade-school word problems (arXiv 2110.14168), from a local file of its rows or from the hub."""

from collections.abc import Iterator
from typing import Any

from verigrad.tasks.finite import choose, distinct, split_by_question
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


def local(path: str, split: Split) -> list[Problem]:
    """Return the problems of one file that belong to ``split``."""
    rows = enumerate(read_rows(path))
    problems = distinct(to_problem(row, place, f"gsm8k/{split}/{i}") for i, (place, row) in rows)
    return split_by_question(problems, split)


def hub_rows(hub: str, split: Split) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of the hub's train or test split.

    Raises:
        ProblemError: the data set cannot be had.
    """
    name = "train" if split is Split.TRAIN else "test"
    try:
        from datasets import load_dataset

        rows = load_dataset(hub, "main", split=name)
    except ModuleNotFoundError:
        raise ProblemError(f"gsm8k: reading {hub} needs 'pip install verigrad[train]'; or give options.path") from None
    except (OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ProblemError(f"gsm8k: {hub} cannot be loaded ({reason}); give a local file as options.path") from None
    yield from ((f"{hub} {name} row {i}", dict(row)) for i, row in enumerate(rows))


def load(
    split: Split, seed: int, limit: int | None, *, path: str | None = None, hub: str = "openai/gsm8k"
) -> list[Problem]:
    """Return problems from the local file ``path`` (one in five held out by its question), or from the hub's splits.

    There is no out-of-distribution split.
    """
    if split is Split.OOD:
        return []
    if path is not None:
        return choose(local(path, split), split, seed, limit)
    rows = enumerate(hub_rows(hub, split))
    problems = distinct(to_problem(row, place, f"gsm8k/{split}/{i}") for i, (place, row) in rows)
    return choose(problems, split, seed, limit)
