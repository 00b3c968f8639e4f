import pytest

from verigrad_rewards import Problem, ProblemError, Response, Status
from verigrad_rewards.math import multiple_choice

CHOICES = [r"\frac{1}{2}", "0.75", "x^2", "none of these"]
PROBLEM = Problem("m/1", "Which?", "B", {"choices": CHOICES})


def judge(text, problem=PROBLEM):
    return multiple_choice(problem, Response(f"<think>C</think><answer>{text}</answer>"))


@pytest.mark.parametrize(
    "text",
    [
        "B",
        "(B)",
        "B.",
        "option B",
        r"\text{(B)}",
        r"\boxed{B}",
        "3/4",
        "75%",
        "(B) 0.75",
        "B) 3/4",
        "B, because A is too small",
    ],
)
def test_the_letter_or_the_text_of_the_right_choice_counts(text):
    assert judge(text).status is Status.CORRECT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A", "choice A, the right one is B"), ("0.5", "choice A"), ("(B) 1/2", "the text is that of A"), ("A or B", "none of the choices"),
        ("B or C", "none of the choices"), ("A, B, C, D", "none"), ("E", "there is no choice E; allowed are A, B, C, D"),
        ("not B", "none of the choices"), ("42", "none of the choices"), ("none of these", "choice D"),
    ],
)  # fmt: skip
def test_everything_else_says_why(text, why):
    verdict = judge(text)
    assert verdict.status is Status.WRONG
    assert why in verdict.detail


def test_a_text_that_fits_two_choices_names_none():
    assert "several" in judge("1", Problem("m/2", "q", "A", {"choices": {"A": "1", "B": "1.0"}})).detail
    assert judge("", PROBLEM).status is Status.NO_ANSWER
    assert multiple_choice(PROBLEM, Response("<think>B</think>")).status is Status.NO_ANSWER


@pytest.mark.parametrize(
    ("info", "answer", "why"),
    [({}, "A", "info needs 'choices'"), ({"choices": ["1"]}, "B", "'B' is no choice; allowed are A")],
)
def test_a_broken_problem_is_an_error(info, answer, why):
    with pytest.raises(ProblemError, match=f"m/3: .*{why}"):
        judge("A", Problem("m/3", "q", answer, info))
