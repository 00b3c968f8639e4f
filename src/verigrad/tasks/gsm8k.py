"""GSM8K: grade-school word problems (arXiv 2110.14168), from a local file of its rows or from the hub."""

from functools import partial
from typing import Any

from verigrad.tasks.hub_set import HubSet, load_divided
from verigrad.tasks.rows import text_field
from verigrad_rewards.math import read_number
from verigrad_rewards.types import Problem, ProblemError


def to_problem(row: dict[str, Any], place: str, name: str) -> Problem:
    """Return one row as a problem; the gold answer stands after ``####``, its level is the number of marked steps.

    Raises:
        ProblemError: a field is missing, or the gold answer is no number.
    """
    question, solution = text_field(row, "question", place), text_field(row, "answer", place)
    rationale, mark, gold = solution.rpartition("####")
    if not mark or read_number(gold) is None:
        raise ProblemError(f"{place}: answer ends in {solution[-30:]!r}; allowed is '#### ' and a number")
    info = {"rationale": rationale.strip()}
    steps = rationale.count("<<")  # one calculator mark a step: <<48/2=24>>
    return Problem(name, question, gold.strip(), info | {"level": steps} if steps else info)


SET = HubSet("gsm8k", "openai/gsm8k", "main", "test", to_problem)
load = partial(load_divided, SET)
