"""MBPP: write a short Python function (arXiv 2108.07732), from a local file of its rows or from the hub.

The paper shows the model the asserts that decide; here the question holds none of them, only the function's signature.
"""

import ast
from functools import partial
from typing import Any

from verigrad.tasks.hub_set import HubSet, load_divided
from verigrad.tasks.rows import text_field
from verigrad_rewards.code.source import Source, read_source
from verigrad_rewards.structure import Structure
from verigrad_rewards.types import Problem, ProblemError


def text_list(row: dict[str, Any], field: str, place: str) -> list[str]:
    """Return a field that must hold a list of texts; empty where the row does not have it.

    Raises:
        ProblemError: it holds something else.
    """
    value = row.get(field) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ProblemError(f"{place}: field {field!r} is {str(value)[:40]!r}; allowed is a list of texts")
    return value


def read_setup(row: dict[str, Any], place: str) -> str:
    """Return what runs before every assert: imports (the sanitized rows) and set-up (the full ones), maybe neither.

    Raises:
        ProblemError: a field of another type.
    """
    code = row.get("test_setup_code") or ""
    if not isinstance(code, str):
        raise ProblemError(f"{place}: field 'test_setup_code' is {code!r}; allowed is text")
    return "\n".join([*text_list(row, "test_imports", place), code])


def read_asserts(row: dict[str, Any], place: str) -> list[str]:
    """Return the asserts that decide.

    Raises:
        ProblemError: there are none, or one is no assert.
    """
    tests = text_list(row, "test_list", place)
    if not tests:
        raise ProblemError(f"{place}: found no tests; field 'test_list' needs at least one assert")
    for test in tests:
        if not read_source(test, place, "test_list").asserts:
            raise ProblemError(f"{place}: field 'test_list' holds {test[:40]!r}; allowed are asserts")
    return tests


def find_entry_point(solution: Source, tests: Source, place: str) -> ast.FunctionDef | None:
    """Return the function of ``solution`` that ``tests`` call, None if that is not all they take from it.

    Such tests build their arguments with a class or a helper of the solution (``is_balanced(Node(1))``). They run in a
    process apart from the response, which such an object cannot enter, and no response could know the class. It is
    known by names: one that the tests use and do not bind, and that the solution binds at its top level.

    Raises:
        ProblemError: the tests call no function of the solution.
    """
    taken = tests.needs & solution.binds
    called = [function for name, function in solution.functions.items() if name in taken]
    if not called:
        raise ProblemError(
            f"{place}: test_list calls no function that code defines; code defines "
            f"{', '.join(solution.functions) or 'none'}"
        )
    return called[0] if len(taken) == 1 else None


def to_problem(row: dict[str, Any], place: str, name: str) -> Problem | None:
    """Return one row as a problem, None where its tests cannot be run apart from the program.

    Raises:
        ProblemError: a field is missing or not Python, or ``test_list`` does not test ``code``.
    """
    asked = text_field(row, "text" if "text" in row else "prompt", place).strip()
    code = text_field(row, "code", place).replace("\r\n", "\n")  # real rows are written on both kinds of systems
    setup, asserts = read_setup(row, place), read_asserts(row, place)
    tests = read_source("\n".join([setup, *asserts]), place, "test_setup_code")
    function = find_entry_point(read_source(code, place, "code"), tests, place)
    if function is None:
        return None
    info = {
        "entry_point": function.name,
        "tests": [{"code": test, "setup": setup} for test in asserts],
        "think": asked,
        "solution": code,
    }
    signature = f"{function.name}({ast.unparse(function.args)})"
    return Problem(name, f"{asked}\nWrite the function `{signature}`.", info=info)


# the hub's splits for validation and prompting are not used
SET = HubSet("mbpp", "google-research-datasets/mbpp", "full", "test", to_problem)
load = partial(load_divided, SET)


def solve(problem: Problem) -> Structure:
    """Return the row's own program; the rows hold no reasoning, so the thinking says what is asked."""
    return Structure(problem.info["think"], problem.info["solution"])
