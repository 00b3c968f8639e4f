"""Math evaluation sets: all of each is held out, and training needs another file of the same kind of rows."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from verigrad.tasks.finite import choose, evaluation_set
from verigrad.tasks.hub import hub_rows
from verigrad.tasks.rows import answer_field, label_field, read_rows, text_field
from verigrad.tasks.types import Split
from verigrad_rewards.math import read_number
from verigrad_rewards.types import Problem, ProblemError


def spelled(row: dict[str, Any], *keys: str) -> str:
    """Return the first of ``keys`` that the row has, the first of all where it has none."""
    return next((key for key in keys if key in row), keys[0])


def labels(row: dict[str, Any], place: str, **fields: str) -> dict[str, Any]:
    """Return the fields of a row that it may lack, under the names that ``info`` gives them."""
    found = {name: label_field(row, field, place) for name, field in fields.items()}
    return {name: value for name, value in found.items() if value is not None}


def math500_problem(row: dict[str, Any], place: str, name: str) -> Problem:
    """Return a row of MATH-500 as a problem; its answer is LaTeX, its level goes from 1 to 5.

    Raises:
        ProblemError: a field is missing, or the gold answer cannot be read.
    """
    question, answer = text_field(row, "problem", place), answer_field(row, "answer", place)
    return Problem(name, question, answer, labels(row, place, level="level", subject="subject"))


def aime_problem(row: dict[str, Any], place: str, name: str) -> Problem:
    r"""Return a row of a set of AIME problems as a problem; ``025`` is read as 25, and ``336^\circ`` as 336.

    Raises:
        ProblemError: a field is missing, or the gold answer is no whole number from 0 to 999.
    """
    question = text_field(row, spelled(row, "problem", "question", "Problem"), place)
    field = spelled(row, "answer", "Answer")
    answer = text_field(row, field, place)
    # opencompass/AIME2025 has one answer in degrees; a whole number that stood in a column of floats ends in .0
    number = re.fullmatch(r"([0-9]{1,3})(?:\.0)?(?:\^\\circ)?", answer.strip().strip("$"))
    if number is None:
        raise ProblemError(f"{place}: field {field!r} is {answer!r}; allowed is a whole number from 0 to 999")
    return Problem(name, question, str(int(number[1])))


def joined(body: str, question: str) -> str:
    """Return the two parts of a word problem as one text.

    The body of one row in three has lost its end: ``He has 4 pens. If he buys 3`` and ``How many has he got?``.
    """
    if body.endswith((".", "!", "?")):
        return f"{body} {question}"
    if not re.split(r"(?<=[.!?])\s+", body)[-1].startswith("If "):
        return f"{body}. {question}"
    return f"{body}, " + re.sub(r"^(?:How|What)\b", lambda word: word[0].lower(), question)


def stem(body: str) -> str:
    """Return a short name of a body without its numbers: SVAMP asks several questions about one, with other numbers."""
    return hashlib.sha256(re.sub(r"[0-9]+", "#", body).encode()).hexdigest()[:12]


def svamp_problem(row: dict[str, Any], place: str, name: str) -> Problem:
    """Return a row of SVAMP, of the hub's or of the original file, as a problem; ``145.0`` is read as 145.

    Raises:
        ProblemError: a field is missing, or the gold answer is no number.
    """
    body, question, answer = (text_field(row, field, place).strip() for field in ("Body", "Question", "Answer"))
    number = read_number(answer)
    if number is None:
        raise ProblemError(f"{place}: field 'Answer' is {answer!r}; allowed is a number")
    whole = str(number) if number.denominator == 1 else answer
    info = labels(row, place, kind="Type") | {"cluster": stem(body)}
    return Problem(name, joined(body, question), whole, info)


@dataclass(frozen=True, slots=True)
class MathSet:
    """A set of problems that is only measured on.

    Attributes:
        name: of the task.
        hub: the data set of the hub.
        split: the hub's split; several are joined with ``+``.
        instruction: what is asked of models that do not know the task.
        to_problem: reads a row.
    """

    name: str
    hub: str
    split: str
    instruction: str
    to_problem: Callable[[dict[str, Any], str, str], Problem]


NUMBER = "Solve the problem. The answer is a number."
EXPRESSION = "Solve the problem. The answer is a number, an expression or a few words."
WHOLE = "Solve the problem. The answer is a whole number from 0 to 999."

SETS = (
    MathSet("math500", "HuggingFaceH4/MATH-500", "test", EXPRESSION, math500_problem),
    MathSet("aime24", "HuggingFaceH4/aime_2024", "train", WHOLE, aime_problem),
    MathSet("aime25", "math-ai/aime25", "test", WHOLE, aime_problem),
    # published as one test set of 1,000; the hub's two splits share stems
    MathSet("svamp", "ChilleD/SVAMP", "train+test", NUMBER, svamp_problem),
)


def load(
    chosen: MathSet,
    split: Split,
    seed: int,
    limit: int | None,
    *,
    path: str | None = None,
    train: str | None = None,
    hub: str | None = None,
) -> list[Problem]:
    """Return held-out problems, all rows of ``path`` or of the hub; or those of ``train`` that are not among them.

    There is no out-of-distribution split.

    Raises:
        ProblemError: train problems are asked for and ``train`` is not given, or has none of its own.
    """
    if split is Split.OOD:
        return []
    rows = read_rows(path) if path is not None else hub_rows(chosen.name, hub or chosen.hub, None, chosen.split)
    return choose(evaluation_set(chosen.name, split, rows, train, chosen.to_problem), split, seed, limit)
