import time
from fractions import Fraction

import pytest

from verigrad_rewards import Problem, ProblemError, Response, Status
from verigrad_rewards.math import countdown, equivalent, math_answer, read_number, verify


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7), ("-7", -7), ("+7", 7), ("−7", -7), ("007", 7), ("0.50", "1/2"), (".5", "1/2"), ("5.", 5),
        ("3/4", "3/4"), ("-3/4", "-3/4"), ("1 1/2", "3/2"), ("-1 1/2", "-3/2"), (r"\frac{3}{4}", "3/4"),
        (r"\dfrac34", "3/4"), ("1,234,567", 1234567), ("1{,}234", 1234), ("$18.00", 18), ("$-18", -18), ("-$18", -18),
        ("18 dollars", 18), ("50%", "1/2"), (r"50\%", "1/2"), ("12.5 percent", "1/8"), ("1.5e3", 1500),
        (r"1.5 \times 10^{3}", 1500), ("2e-2", "1/50"), ("x = 5", 5), ("１２", 12), ("18.", 18),
        (r"12\text{ cm}", 12), ("$12$", 12),
    ],
)  # fmt: skip
def test_numbers_are_read_exactly(text, value):
    assert read_number(text) == Fraction(value)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "abc", "1,23", "1,2345", "12,34,567", "3+4", "7 or 5", "7, 5", "not 42", "> 42", "1/0", "1.2.3",
        "--5", "-$-5", "1e999", "1e99999999", "nan", "inf", "²", "٣x", "0x10", "1_000", "3/4/5", "=", "5=5", "1 2",
        "9" * 5000, "7 8", "x = y = 5", "5 ≠ 4",
    ],
)  # fmt: skip
def test_what_is_no_single_number_is_not_read(text):
    assert read_number(text) is None


def test_equivalence_is_exact_and_symmetric():
    assert equivalent("1/2", "0.5")
    assert equivalent("0.5", "50%")
    assert not equivalent("0.33", "1/3")
    assert not equivalent("50", "50%")
    assert not equivalent("x", "x")


def answer(text, gold="42", **options):
    return math_answer(Problem("t/1", "40+2=?", gold), Response(text), **options)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("<think>40+2=42</think><answer>42</answer>", Status.CORRECT),
        ("<answer>42.0</answer>", Status.CORRECT),
        ("<think>42</think>", Status.NO_ANSWER),
        ("<think><answer>42</answer></think>", Status.NO_ANSWER),
        ("<think><answer>42</answer>", Status.NO_ANSWER),
        ("<think>x</think><answer></answer>", Status.NO_ANSWER),
        ("42", Status.NO_ANSWER),
        ("", Status.NO_ANSWER),
        ("<answer>42</answer><answer>43</answer>", Status.WRONG),
        ("<answer>43</answer><answer>42</answer>", Status.WRONG),
        ("<answer>42", Status.WRONG),
        ("</answer>42<answer>", Status.WRONG),
        ("<answer>42 or 43</answer>", Status.WRONG),
        ("<answer>40+2</answer>", Status.WRONG),
        ("<answer>40+2=42</answer>", Status.WRONG),
        ("<answer>not 42</answer>", Status.WRONG),
        ("<answer>42 is wrong</answer>", Status.WRONG),
        ("<answer>42 squared</answer>", Status.WRONG),
        ("<answer>42 or seven</answer>", Status.WRONG),
        ("<answer>about 42</answer>", Status.WRONG),
        ("<answer>42x</answer>", Status.WRONG),
        ("<answer>42 million</answer>", Status.WRONG),
        ("<answer>41 42 43</answer>", Status.WRONG),
        ("<answer>-42</answer>", Status.WRONG),
        ("<answer>4.2</answer>", Status.WRONG),
        ("<answer>{}</answer>".format("1" * 10_000), Status.WRONG),
        ("<answer><answer>42</answer></answer>", Status.WRONG),
    ],
)
def test_only_one_exact_answer_after_the_thinking_counts(text, status):
    verdict = answer(text)
    assert verdict.status is status
    assert verdict.reward == float(status is Status.CORRECT)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (r"so \boxed{1} no, \boxed{42}", "boxed"),
        ("The final answer is 42.", "phrase"),
        ("40+2=42\n#### 42", "mark"),
        ("He has 42.\nA: 42", "mark"),
        ("I get 40 and then 42", "number"),
    ],
)
def test_other_sources_count_when_asked_for(text, source):
    assert verify(text, "42", sources=(source,)).status is Status.CORRECT
    assert answer(text).status is Status.NO_ANSWER


def test_unknown_source_and_unreadable_gold_are_errors():
    with pytest.raises(ValueError, match="source 'guess' is unknown; allowed are answer, boxed"):
        answer("1", sources=("guess",))
    with pytest.raises(ProblemError, match="t/1: gold answer 'four' is not a number"):
        answer("<answer>4</answer>", gold="four")


@pytest.mark.parametrize("piece", ["<answer>", "1,", "\\boxed{", "answer is ", "9", " ", "#### 1\n", "(", "-"])
def test_huge_responses_are_judged_at_once(piece):
    text = piece * (1_000_000 // len(piece))
    started = time.perf_counter()
    verify(text, "42")
    answer(f"<answer>{text}</answer>")
    assert time.perf_counter() - started < 1


PROBLEM = Problem("c/1", "Make 24 from 3 8 1", info={"numbers": [3, 8, 1], "target": 24})


@pytest.mark.parametrize("text", ["3*8*1", "3*8/1", "(3*8)*1", "8*(3/1)", "3 × 8 ÷ 1", "3*8*1=24", "((3))*8*1"])
def test_countdown_accepts_what_reaches_the_target(text):
    assert countdown(PROBLEM, Response(f"<think>x</think><answer>{text}</answer>")).reward == 1.0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("3*8", "1 is not used"), ("24", "is not used"), ("3*8*1*1", "1 is used once too often"),
        ("3*8+1", "it equals 25"), ("3*8-1+1", "1 is used once too often"), ("38*1", "3 is not used"),
        ("3*8*1=25", "the target is 24"), ("3*8/(1-1)", "divides by zero"), ("3**8*1", "must stand"),
        ("3//8*1", "must stand"), ("-3*8*1", "must stand"), ("3*8*1)", "must stand"), ("(3*8*1", "not closed"),
        ("3*8*01", "is not a number"), ("3*8*1_0", "is not a number"), ("3*8*1.0", "is not a number"),
        ("__import__('os')", "is not a number"), ("3*8*1 " * 100, "characters"), ("(" * 90 + "3", "must stand"),
        ("3*8*²1", "is not a number"), ("3*8*1=24=24", "the target is 24"), ("3 8 1", "must stand"),
        ("3*8*99999999999", "is not a number"),
    ],
)  # fmt: skip
def test_countdown_says_why_not(text, why):
    verdict = countdown(PROBLEM, Response(f"<think>x</think><answer>{text}</answer>"))
    assert (verdict.reward, verdict.status) == (0.0, Status.WRONG)
    assert why in verdict.detail


def test_countdown_needs_an_answer_and_a_whole_problem():
    assert countdown(PROBLEM, Response("<think>3*8*1</think>")).status is Status.NO_ANSWER
    with pytest.raises(ProblemError, match="needs info with 'numbers'"):
        countdown(Problem("c/2", "q", info={"numbers": [1, "2"], "target": 3}), Response("<answer>1</answer>"))
