import pytest

from verigrad_rewards import Problem, ProblemError, Response, Status
from verigrad_rewards.math import countdown

PROBLEM = Problem("c/1", "Make 24 from 3 8 1", info={"numbers": [3, 8, 1], "target": 24})


@pytest.mark.parametrize(
    "text",
    ["3*8*1", "3*8/1", "(3*8)*1", "8*(3/1)", "3 × 8 ÷ 1", "3*8*1=24", "((3))*8*1", r"3 \times 8 \cdot 1", r"\frac{3*8}{1}",
     r"$3 \times 8 \times 1$", r"\boxed{3*8*1}", "(3)(8)*1"],
)  # fmt: skip
def test_what_reaches_the_target_is_right(text):
    assert countdown(PROBLEM, Response(f"<think>x</think><answer>{text}</answer>")).reward == 1.0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("3*8", "1 is not used"), ("24", "is not used"), ("3*8*1*1", "1 is used once too often"),
        ("3*8+1", "it equals 25"), ("3*8-1+1", "1 is used once too often"), ("38*1", "3 is not used"),
        ("3*8*1=25", "the target is 24"), ("3*8/(1-1)", "divides by zero"), ("3**8*1", "'**'"), ("3//8*1", "must stand"),
        ("-3*8*1", "must stand"), ("3*8*1)", "')'"), ("(3*8*1", "must stand"), ("3*8*01", "is not a number"),
        ("3*8*1_0", "'_'"), ("3*8*1.0", "is not a number"), ("__import__('os')", "is not a number"),
        ("3*8*1 " * 100, "characters"), ("(" * 90 + "3", "nested"), ("3*8*²1", "is not a number"),
        ("3*8*1=24=24", "the target is 24"), ("3 8 1", "must stand"), ("3 1/8", "must stand"), ("1 3/8", "must stand"),
        ("3*8*99999999999", "is not a number"), ("3*8*1!", "is not a number"), ("8^1*3", "is not a number"),
        ("3*8*1x", "is not a number"), ("3*8*1e0", "is not a number"), ("3,8,1", "is not a number"), ("381", "381"),
        ("sqrt(3)*8*1", "is not a number"), ("24 from 3, 8, 1", "is not a number"),
    ],
)  # fmt: skip
def test_what_does_not_says_why(text, why):
    verdict = countdown(PROBLEM, Response(f"<think>x</think><answer>{text}</answer>"))
    assert (verdict.reward, verdict.status) == (0.0, Status.WRONG)
    assert why in verdict.detail


def test_an_answer_and_a_whole_problem_are_needed():
    assert countdown(PROBLEM, Response("<think>3*8*1</think>")).status is Status.NO_ANSWER
    assert countdown(PROBLEM, Response("<answer>3*8*1</answer><answer>24</answer>")).status is Status.WRONG
    with pytest.raises(ProblemError, match="needs info with 'numbers'"):
        countdown(Problem("c/2", "q", info={"numbers": [1, "2"], "target": 3}), Response("<answer>1</answer>"))
