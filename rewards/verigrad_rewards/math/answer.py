"""``math_answer``: the exact number in the response equals the gold answer."""

from functools import lru_cache

from verigrad_rewards.math.extract import SOURCES, extract
from verigrad_rewards.math.numbers import Fraction, read_number, write_number
from verigrad_rewards.math.reasons import restates, why_unread
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import Problem, ProblemError, Response, Status, Verdict


@lru_cache(maxsize=65_536)
def read_gold(gold: str) -> Fraction:
    """Return the gold answer as a number.

    Raises:
        ProblemError: it is not one.
    """
    value = read_number(gold)
    if value is None:
        raise ProblemError(f"gold answer {gold[:80]!r} is not a number; allowed are integers, decimals and fractions")
    return value


def verify(
    response: str, gold: str, *, sources: tuple[str, ...] = SOURCES, tags: Tags | None = None, question: str = ""
) -> Verdict:
    """Return the verdict on a response to a problem whose answer is the number ``gold``.

    Args:
        response: all that the model wrote, its thinking included.
        gold: the checked answer.
        sources: which places count; always tried in the order of ``SOURCES``.
        tags: names of the thinking and the answer tag.
        question: where it is known, an answer that only gives back a part of it (``84/2`` for 42) is wrong.

    Raises:
        ProblemError: ``gold`` is not a number.
    """
    expected = read_gold(gold)
    found = extract(response, sources=sources, tags=tags)
    if found is not None and found.problem:
        return Verdict(0.0, Status.WRONG, found.text, found.problem)
    if found is None or not found.text:
        return Verdict(0.0, Status.NO_ANSWER, detail=f"no answer found in: {', '.join(sources)}")
    value = read_number(found.text)
    if value is None:
        return Verdict(0.0, Status.WRONG, found.text[:200], why_unread(found.text))
    right = value == expected
    if right and restates(found.text, gold, question):
        return Verdict(0.0, Status.WRONG, found.text, "the answer only restates the question; it must be worked out")
    detail = "equal to the gold answer" if right else f"{write_number(value)} is not {write_number(expected)}"
    return Verdict(float(right), Status.CORRECT if right else Status.WRONG, write_number(value), detail)


def equivalent(a: str, b: str) -> bool:
    """Whether two bare answers are the same number."""
    left = read_number(a)
    return left is not None and left == read_number(b)


def math_answer(
    problem: Problem,
    response: Response,
    *,
    sources: tuple[str, ...] = ("answer",),
    think_tag: str = "think",
    answer_tag: str = "answer",
) -> Verdict:
    """1 if the number in the response equals ``problem.answer`` exactly, else 0.

    Args:
        problem: its ``answer`` is a number.
        response: the answer tag after the thinking is read, unless ``sources`` says otherwise.
        sources: which places count, among answer, boxed, phrase, mark and number.
        think_tag: name of the tag around the thinking.
        answer_tag: name of the tag around the answer.

    Raises:
        ProblemError: the gold answer is not a number.
    """
    try:
        tags = Tags(think_tag, answer_tag)
        return verify(response.text, problem.answer, sources=tuple(sources), tags=tags, question=problem.question)
    except ProblemError as error:
        raise ProblemError(f"{problem.id}: {error}") from None
