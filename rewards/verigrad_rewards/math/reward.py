"""``math_answer``: the reward for the right answer to a math problem."""

from collections.abc import Sequence

from verigrad_rewards.math.verify import verify
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import Problem, ProblemError, Response, Verdict


def math_answer(
    problem: Problem,
    response: Response,
    *,
    sources: Sequence[str] = ("answer",),
    think_tag: str = "think",
    answer_tag: str = "answer",
    rounded: bool = False,
) -> Verdict:
    """1 if the answer in the response equals ``problem.answer``, else 0.

    Args:
        problem: its ``answer`` is a number, an expression, an equation, a set, … or words.
        response: the answer tag after the thinking is read, unless ``sources`` says otherwise.
        sources: which places count, among answer, boxed, phrase, mark, bare, math and number.
        think_tag: name of the tag around the thinking.
        answer_tag: name of the tag around the answer.
        rounded: whether a decimal may answer any number it is the rounding of, ``0.33`` for ``1/3``.

    Raises:
        ProblemError: the gold answer cannot be read.
    """
    try:
        return verify(
            response.text,
            problem.answer,
            sources=tuple(sources),
            tags=Tags(think_tag, answer_tag),
            question=problem.question,
            rounded=rounded,
        )
    except ProblemError as error:
        raise ProblemError(f"{problem.id}: {error}") from None
