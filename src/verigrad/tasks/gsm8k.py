"""GSM8K: grade-school word problems (arXiv 2110.14168), from a local file of its rows or from the hub."""

from functools import partial
from typing import Any

from verigrad.tasks.finite import choose, from_hub_or_files
from verigrad.tasks.hub import hub_rows
from verigrad.tasks.rows import text_field
from verigrad.tasks.types import Split
from verigrad_rewards.math import read_number
from verigrad_rewards.types import Problem, ProblemError

HUB = "openai/gsm8k"


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


def load(
    split: Split,
    seed: int,
    limit: int | None,
    *,
    path: str | None = None,
    held_out: str | None = None,
    hub: str = HUB,
) -> list[Problem]:
    """Return problems from the local file ``path``, or from the hub's splits.

    The held-out ones are all of the file ``held_out``; without it one in five of ``path`` by question, or the hub's
    test split. There is no out-of-distribution split.
    """
    if split is Split.OOD:
        return []
    from_hub = partial(hub_rows, "gsm8k", hub, "main")
    problems = from_hub_or_files("gsm8k", split, from_hub, (path, held_out), to_problem)
    return choose(problems, split, seed, limit)
