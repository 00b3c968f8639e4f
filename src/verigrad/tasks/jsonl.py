"""Your own problems from any file: a question with an answer, or with tests."""

from typing import Any

from verigrad.tasks.finite import choose, from_rows, split_by_question
from verigrad.tasks.rows import read_rows, text_field
from verigrad.tasks.types import Split
from verigrad_rewards.code import StdioTest, read_tests
from verigrad_rewards.math import read_gold
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


def to_problem(row: dict[str, Any], place: str, name: str) -> Problem:
    """Return one row as a problem.

    Raises:
        ProblemError: the question is missing, or the row has neither a readable answer nor tests.
    """
    question = text_field(row, "question", place)
    if "tests" in row:
        return Problem(name, question, info=read_info(row, place))
    answer = text_field(row, "answer", place)
    try:
        read_gold(answer)
    except ProblemError as error:
        raise ProblemError(f"{place}: {error}") from None
    return Problem(name, question, answer)


def load(split: Split, seed: int, limit: int | None, *, path: str, held_out: str | None = None) -> list[Problem]:
    """Return problems from ``path``; the held-out ones from ``held_out``, or one in five of ``path`` by question.

    There is no out-of-distribution split.
    """
    if split is Split.OOD:
        return []
    file = held_out if held_out is not None and split is Split.HELD_OUT else path
    problems = from_rows("jsonl", split, read_rows(file), to_problem)
    if held_out is None:
        problems = split_by_question(problems, split)
    return choose(problems, split, seed, limit)
