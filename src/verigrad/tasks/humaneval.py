"""HumanEval: complete a Python function (arXiv 2107.03374), from a local file of its rows or from the hub.

It is an evaluation set: all of it is held out, and training needs another file of the same kind of rows.
"""

import ast
from functools import partial
from typing import Any

from verigrad.tasks.hub_set import HubSet, load_held_out
from verigrad.tasks.rows import text_field
from verigrad_rewards.code.source import read_source
from verigrad_rewards.structure import Structure
from verigrad_rewards.types import Problem, ProblemError

ASKED = "Complete the function `{name}` and give it whole; what else is defined or imported here can be used."


def intro(function: ast.FunctionDef) -> str:
    """Return the first paragraph of a docstring, without examples; what to write where there is none."""
    text = (ast.get_docstring(function) or "").split(">>>")[0].strip().split("\n\n")[0]
    return " ".join(text.split()) or f"Write {function.name}."


def to_problem(row: dict[str, Any], place: str, name: str) -> Problem:
    """Return one row as a problem.

    The row's prompt stands before the program of the response, whose helpers it may call, and before the check, which
    so takes the same helpers from the row and not from the response.

    Raises:
        ProblemError: a field is missing or not Python, or prompt and test are not about the entry point.
    """
    fields = ("prompt", "canonical_solution", "test", "entry_point")
    prompt, solution, test, entry_point = (text_field(row, field, place) for field in fields)
    functions = read_source(prompt, place, "prompt").functions
    if entry_point not in functions:
        raise ProblemError(
            f"{place}: entry_point is {entry_point!r}; allowed is a function of the prompt, which defines "
            f"{', '.join(functions) or 'none'}"
        )
    read_source(prompt + solution, place, "canonical_solution")
    check = read_source(test, place, "test")
    if "check" not in check.functions or not check.asserts:
        raise ProblemError(f"{place}: test is {test[:40]!r}; allowed is a function check(candidate) with asserts")
    info = {
        "entry_point": entry_point,
        "prelude": prompt,
        "tests": [{"code": test, "setup": prompt}],
        "think": intro(functions[entry_point]),
        "solution": prompt + solution,
    }
    question = f"{ASKED.format(name=entry_point)}\n\n```python\n{prompt.strip()}\n```"
    return Problem(name, question, info=info)


SET = HubSet("humaneval", "openai/openai_humaneval", "openai_humaneval", "test", to_problem)
load = partial(load_held_out, SET)


def solve(problem: Problem) -> Structure:
    """Return the row's own program; the rows hold no reasoning, so the thinking says what is asked."""
    return Structure(problem.info["think"], problem.info["solution"])
