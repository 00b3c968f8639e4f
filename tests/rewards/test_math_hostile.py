"""What a model under pressure writes: each row must be judged as a careful person would, and at once."""

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verigrad_rewards import Problem, Response, Status
from verigrad_rewards.math import countdown, equivalent, math_answer, read_number, verify
from verigrad_rewards.math.extract import SOURCES

CORRECT, WRONG, NO_ANSWER = Status.CORRECT, Status.WRONG, Status.NO_ANSWER


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5 million", 5_000_000), ("-1.8 billion dollars", -1_800_000_000), ("2 hundred thousand", 200_000),
        ("18 dollars a day", 18), ("5 m/s", 5), ("12cm", 12), ("12 cm²", 12), ("12 cm^{2}", 12), ("90°", 90),
        (r"90^\circ", 90), (r"12\,000", 12000), (r"1{,}234{,}567", 1234567), (r"1,\!234", 1234), ("½", "1/2"),
        ("1½", "3/2"), (r"\frac{-3}{4}", "-3/4"), (r"-\tfrac{3}{4}", "-3/4"), (r"1\frac12", "3/2"),
        (r"\boxed{42}", 42), (r"\boxed{\frac{1}{2}}", "1/2"), ("**42**", 42), (r"\(42\)", 42), ("The answer is 42", 42),
        ("total = 42", 42), ("x_1 = 42", 42), ("42\u00a0apples", 42), ("18€", 18), ("50\u202f%", "1/2"),
    ],
)  # fmt: skip
def test_how_people_write_numbers(text, value):
    assert read_number(text) == Fraction(value)


@pytest.mark.parametrize(
    "text",
    [
        "42 is wrong", "42 is not the answer", "42 or seven", "42 and seven", "42 or more", "42 at least", "42 maybe",
        "42 plus two", "42x", "42 x", "42ab", "2pi", "3i", "42 squared", "42²", "42k", "42th", "42!", "42?", "42...",
        "~42", "±42", "42 ± 1", r"\approx 42", "about 42", "not = 42", "42 of 50", "0,042", "1,234,5", "(42)",
        "1 5/2", "1 1/0", r"\frac{3}{-4}", r"-\frac{-3}{4}x", r"\frac12\frac12", "4\u200b2", "٤٢", "४२", "⁴²", "⁵", "𝟒𝟐",
        "1e101", "1e-101", "1e9999", "0x2A", "0b1", "4_2", "4 2", "4\n2", "NaN", "-inf", "infinity", "42;43", "42:43",
        "{42}", "[42]", "42 42", "--42", "+-42", "\x00", "\ud800", "$", "$$", "**", "****", r"\boxed{}", r"\boxed{",
        "-", "/", "%", "1/", "/1", ",", ".", "e5", "5e", "=42=", "answer is", "__import__('os')",
    ],
)  # fmt: skip
def test_more_or_less_than_one_number(text):
    assert read_number(text) is None
    assert verify(f"<answer>{text}</answer>", "42").reward == 0


@pytest.mark.parametrize(
    ("text", "status", "why"),
    [
        ("<think>a</think><answer>41</answer><think>b</think><answer>42</answer>", WRONG, "exactly once"),
        ("<think>a</think><answer>41</answer></think><answer>42</answer>", WRONG, "exactly once"),
        ("<think>a</think>" * 99 + "<answer>1</answer><think></think><answer>42</answer>", WRONG, "exactly once"),
        ("<think>a</think><think><answer>42</answer>", NO_ANSWER, "no answer"),
        ("<think><think>a</think><answer>42</answer></think>", NO_ANSWER, "no answer"),
        ("<answer>42</answer><think>a</think>", NO_ANSWER, "no answer"),
        ("a</think><answer>42</answer>", CORRECT, "equal"),
        ("<think>41 <answer>41</answer></think><answer>42</answer>", CORRECT, "equal"),
        ("<ANSWER>42</ANSWER>", NO_ANSWER, "no answer"),
        ("＜answer＞42＜/answer＞", NO_ANSWER, "no answer"),
        ("<answer>\n\t \n</answer>", NO_ANSWER, "no answer"),
        ("<answer>42 or 43</answer>", WRONG, "hedge"),
        ("<answer>42, not 43</answer>", WRONG, "negated"),
        ("<answer>> 42</answer>", WRONG, "inequality"),
        (r"<answer>\neq 42</answer>", WRONG, "inequality"),
        ("<answer>40+2</answer>", WRONG, "not worked out"),
        ("<answer>What is 40+2=?</answer>", WRONG, "not worked out"),
        ("<answer>41 42 43</answer>", WRONG, "several numbers"),
        ("<answer>4²</answer>", WRONG, "digits other than 0 to 9"),
        ("<answer>" + "4" * 5000 + "</answer>", WRONG, "5000 characters"),
        ("<answer>" + "(" * 150 + "42" + "</answer>", WRONG, "not worked out"),
        ("<answer>forty-two</answer>", WRONG, "not one exact number"),
    ],
)
def test_answers_that_try_to_cheat(text, status, why):
    verdict = math_answer(Problem("t/1", "q", "42"), Response(text))
    assert verdict.status is status
    assert why in verdict.detail


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (r"\boxed{41} and then \boxed{42}", CORRECT),
        (r"\boxed{\text{42 apples}}", CORRECT),
        (r"\fbox{42}", CORRECT),
        (r"\boxed{41} or \boxed{42}", WRONG),
        (r"\boxed{41}, $\boxed{42}$", WRONG),
        (r"\boxed{42} or 41", WRONG),
        (r"not $\boxed{42}$", WRONG),
        (r"\boxed{42} is wrong", WRONG),
        (r"\boxed{42", WRONG),
        (r"<think>\boxed{42}</think>", NO_ANSWER),
    ],
)
def test_boxes(text, status):
    assert verify(text, "42", sources=("boxed",)).status is status


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("The answer is: **42**. It is 40+2.", "phrase"),
        ("**Final Answer:** 42", "phrase"),
        ("The answer is $42$.", "phrase"),
        ("The answer is:\n\n42", "phrase"),
        ("#### $42", "mark"),
        ("A: 42 apples", "mark"),
        ("40 and 42, I think.", "number"),
        ("so 2*21=42", "number"),
    ],
)
def test_loose_sources(text, source):
    assert verify(text, "42", sources=(source,)).status is CORRECT


def test_a_scale_word_belongs_to_the_last_number():
    assert verify("about 1.8 million", "1800000", sources=("number",)).status is CORRECT
    assert verify("A: -1.8 billion", "2", sources=("mark",)).status is WRONG  # gsm8k_responses.jsonl:35


@pytest.mark.parametrize(
    ("said", "gold", "question", "status"),
    [
        ("84/2", "42", "What is 84 / 2?", WRONG),
        (r"\frac{84}{2}", "42", r"What is $\frac{84}{2}$?", WRONG),
        ("6/8", "3/4", "Reduce 6/8.", WRONG),
        ("50%", "0.5", "Write 50% as a decimal.", WRONG),
        ("1e3", "1000", "Write out 1e3.", WRONG),
        ("3/4", "0.75", "Which is larger, 3/4 or 2/3?", CORRECT),
        ("6/8", "6/8", "Which is larger, 6/8 or 2/3?", CORRECT),
        ("6/8", "3/4", "What part of 8 is 6?", CORRECT),
        ("42 dollars", "42", "Ann has 42 dollars. How many?", CORRECT),
        ("1,234", "1234", "Of 1,234 apples none rot. How many are left?", CORRECT),
    ],
)
def test_the_question_given_back_is_no_answer(said, gold, question, status):
    assert math_answer(Problem("t/1", question, gold), Response(f"<answer>{said}</answer>")).status is status


PIECES = [
    "</think>", "<think>", "<answer>x</answer>", "<answer></think>", "answer is 5\n", "answer", "\\text{", "\\frac{",
    "\\boxed{1}, ", "box{", "１", "\n", "\t", "A:\t", "$", "1,234", "1/", " million", "**", "}", "&", "or ", "-1",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_a_megabyte_takes_milliseconds(piece):
    text = piece * (1_000_000 // len(piece))
    problem = Problem("c/1", "q", "42", {"numbers": [1, 2], "target": 3})
    for said in (text, f"<answer>{text}</answer>"):
        spent = []
        for _ in range(2):
            started = time.process_time()
            math_answer(problem, Response(said), sources=SOURCES)
            countdown(problem, Response(said))
            spent.append(time.process_time() - started)
        assert min(spent) < 0.05


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet="0123456789.,-+/%$eExX*^=() \n\\{}<>~²½٤boxedfracnot or", max_size=60), st.sampled_from(SOURCES)
)
def test_random_text_never_crashes(text, source):
    for response in (text, f"<answer>{text}</answer>", f"<think>{text}</think>{text}", f"\\boxed{{{text}}}"):
        verdict = verify(response, "42", sources=(source,))
        assert (verdict.reward == 1) == (verdict.status is CORRECT)
    countdown(Problem("c/1", "q", info={"numbers": [1, 2], "target": 3}), Response(f"<answer>{text}</answer>"))


@settings(max_examples=40, deadline=None)
@given(st.fractions(max_denominator=999), st.integers(2, 9))
def test_every_spelling_of_a_number_is_equal_and_a_near_one_is_not(value, k):
    spellings = [str(value), f"{value.numerator * k}/{value.denominator * k}"]
    spellings.append(rf"\frac{{{value.numerator}}}{{{value.denominator}}}")
    if value.denominator == 1:
        spellings += [f"{value.numerator:,}", f"${value.numerator:,}.00", f"{value.numerator} apples"]
    for said in spellings:
        assert equivalent(said, str(value))
        assert equivalent(str(value), said)
        assert not equivalent(said, str(value + Fraction(1, 10**6)))
