"""Turn tables of gold answers with right and wrong answers into test cases."""

from collections.abc import Iterable, Sequence

from verigrad_rewards import Status
from verigrad_rewards.math import equivalent, verify

Row = tuple[str, Sequence[str], Sequence[str]]


def cases(table: Iterable[Row]) -> list[tuple[str, str, bool]]:
    """Return ``(gold, answer, right)`` for every answer in a table; a gold answer is right itself."""
    found = []
    for gold, right, wrong in table:
        found += [(gold, answer, True) for answer in (gold, *right)]
        found += [(gold, answer, False) for answer in wrong]
    return found


def judge(gold: str, answer: str, right: bool) -> None:
    """Assert the verdict on an answer alone, in a tag, in a box and in a sentence, and that it is symmetric."""
    assert equivalent(gold, answer) is equivalent(answer, gold)
    expected = Status.CORRECT if right else Status.WRONG
    for response in (answer, f"<think>3</think><answer>{answer}</answer>", f"So it is $\\boxed{{{answer}}}$."):
        verdict = verify(response, gold)
        assert (verdict.status, verdict.reward) == (expected, float(right)), (response, verdict)
        assert verdict.detail
