"""Math evaluation sets: all of each is held out, and training needs another file of the same kind of rows."""

import hashlib
import re
from typing import Any

from verigrad.tasks.hub_set import HubSet
from verigrad.tasks.rows import answer_field, label_field, text_field
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


NUMBER = "Solve the problem. The answer is a number."
EXPRESSION = "Solve the problem. The answer is a number, an expression or a few words."
WHOLE = "Solve the problem. The answer is a whole number from 0 to 999."

# each with what is asked of models that do not know the task
SETS = (
    (HubSet("math500", "HuggingFaceH4/MATH-500", None, "test", math500_problem), EXPRESSION),
    (HubSet("aime24", "HuggingFaceH4/aime_2024", None, "train", aime_problem), WHOLE),
    (HubSet("aime25", "math-ai/aime25", None, "test", aime_problem), WHOLE),
    # published as one test set of 1,000; the hub's two splits share stems
    (HubSet("svamp", "ChilleD/SVAMP", None, "train+test", svamp_problem), NUMBER),
)
