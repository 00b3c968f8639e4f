"""Your own problems from any file: a question with an answer, or with tests."""

from typing import Any

from verigrad.tasks.finite import choose, divided
from verigrad.tasks.rows import answer_field, label_field, read_rows, text_field
from verigrad.tasks.types import Split
from verigrad_rewards.code import StdioTest, read_tests
from verigrad_rewards.types import Problem, ProblemError


def read_info(row: dict[str, Any], place: str) -> dict[str, Any]:
    """Return what decides a program: its tests, and the function that they call.

    Raises:
        ProblemError: the tests are malformed, or call a function that nothing names.
    """
    tests, entry_point = read_tests(row["tests"], place), row.get("entry_point")
    if not isinstance(tests[0], StdioTest) and not isinstance(entry_point, str):
        raise ProblemError(f"{place}: tests call a function; field 'entry_point' must name it")
    return {"tests": row["tests"], "entry_point": entry_point, "prelude": row.get("prelude", "")}


def read_labels(row: dict[str, Any], place: str) -> dict[str, Any]:
    """Return what an evaluation groups by: the ``level`` of difficulty, the ``cluster`` of problems with one stem.

    Raises:
        ProblemError: one is neither text nor a number.
    """
    level, cluster = label_field(row, "level", place), label_field(row, "cluster", place)
    return ({} if level is None else {"level": level}) | ({} if cluster is None else {"cluster": str(cluster)})


def to_problem(row: dict[str, Any], place: str, name: str) -> Problem:
    """Return one row as a problem.

    Raises:
        ProblemError: the question is missing, or the row has neither a readable answer nor tests.
    """
    question, labels = text_field(row, "question", place), read_labels(row, place)
    if "tests" in row:
        return Problem(name, question, info=read_info(row, place) | labels)
    return Problem(name, question, answer_field(row, "answer", place), labels)


def load(split: Split, seed: int, limit: int | None, *, path: str, held_out: str | None = None) -> list[Problem]:
    """Return problems from ``path``; held out are all of ``held_out``, or one in five of ``path`` by question.

    There is no out-of-distribution split.
    """
    if split is Split.OOD:
        return []
    return choose(divided("jsonl", split, read_rows(path), held_out, to_problem), split, seed, limit)
