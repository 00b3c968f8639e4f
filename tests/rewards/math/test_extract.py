import json
from pathlib import Path

import pytest

from verigrad_rewards import Problem, ProblemError, Response, Status
from verigrad_rewards.math import SOURCES, extract, math_answer, verify

CORRECT, WRONG, NO_ANSWER = Status.CORRECT, Status.WRONG, Status.NO_ANSWER
DATA = Path(__file__).parents[4] / "shared" / "data" / "gsm8k_responses.jsonl"


@pytest.mark.parametrize(
    ("text", "answer", "source"),
    [
        ("<think>41</think><answer>42</answer>", "42", "answer"),
        (r"<think>\boxed{41}</think><answer>so \boxed{42}</answer>", "42", "answer"),
        (r"\boxed{41}, no: \boxed{42}", "42", "boxed"),
        (r"\boxed{\frac{1}{\sqrt{2}}}", r"\frac{1}{\sqrt{2}}", "boxed"),
        (r"\fbox{42} it is", "42", "boxed"),
        (r"\boxed 7", "7", "boxed"),
        (r"$\boxed{1}$ and $\boxed{2}$", "1 , 2", "boxed"),
        (r"\boxed{42}. That is \boxed{42}.", "42", "boxed"),
        (r"the sum is \boxed{42", "42", "boxed"),
        ("The final answer is $42$. I hope it is correct.", "$42$", "phrase"),
        ("**Answer:** 42 apples", "42 apples", "phrase"),
        ("**Final Answer**\n42", "42", "phrase"),
        ("The answer to the second question is 42.", "42", "phrase"),
        ("答案是42。", "42", "phrase"),
        ("The answer is 7. Wait, actually it is 42.", "42", "number"),
        ("40+2=42\n#### 42", "42", "mark"),
        ("He has 42.\nA: 42", "42", "mark"),
        ("x^2 + 1", "x^2 + 1", "bare"),
        ("Evelyn", "Evelyn", "bare"),
        ("We see that $x = 42$ works whenever $n$ is odd.", "x = 42", "math"),
        ("I get 40 and then 42, I think.", "42", "number"),
        ("first 3, then 1.8 million people", "1.8 million", "number"),
        ("The answer is 42<|im_end|>", "42", "phrase"),
    ],
)
def test_the_most_trusted_place_is_read(text, answer, source):
    found = extract(text)
    assert found is not None
    assert (found.text, found.source, found.problem) == (answer, source, "")


def test_only_the_sources_asked_for_count():
    assert extract("The answer is 42", sources=("answer", "boxed")) is None
    assert math_answer(Problem("t/1", "q", "42"), Response(r"\boxed{42}")).status is NO_ANSWER
    assert math_answer(Problem("t/1", "q", "42"), Response(r"\boxed{42}"), sources=["boxed"]).status is CORRECT
    with pytest.raises(ValueError, match="source 'guess' is unknown; allowed are answer, boxed"):
        extract("1", sources=("guess",))


@pytest.mark.parametrize(
    ("text", "status", "why"),
    [
        # only what stands after the thinking counts
        ("<think>42</think>", NO_ANSWER, "no answer"),
        ("<think><answer>42</answer></think>", NO_ANSWER, "no answer"),
        ("<think><answer>42</answer>", NO_ANSWER, "no answer"),
        (r"<think>\boxed{42}", NO_ANSWER, "no answer"),
        (r"<think>\boxed{42}</think>", NO_ANSWER, "no answer"),
        ("<think>a</think><think><answer>42</answer>", NO_ANSWER, "no answer"),
        ("<think><think>a</think><answer>42</answer></think>", NO_ANSWER, "no answer"),
        ("<answer>42</answer><think>a</think>", NO_ANSWER, "no answer"),
        ("a</think><answer>42</answer>", CORRECT, "equal"),
        ("<think>41 <answer>41</answer></think><answer>42</answer>", CORRECT, "equal"),
        # one answer, in one whole tag
        ("<answer>42</answer><answer>43</answer>", WRONG, "exactly once"),
        ("<answer>43</answer><answer>42</answer>", WRONG, "exactly once"),
        ("<think>a</think><answer>41</answer><think>b</think><answer>42</answer>", WRONG, "exactly once"),
        ("<think>a</think><answer>41</answer></think><answer>42</answer>", WRONG, "exactly once"),
        ("<think>a</think>" * 99 + "<answer>1</answer><think></think><answer>42</answer>", WRONG, "exactly once"),
        ("<answer>42", WRONG, "exactly once"),
        ("</answer>42<answer>", WRONG, "stands before"),
        ("<answer><answer>42</answer></answer>", WRONG, "exactly once"),
        ("<answer>\n\t \n</answer>", NO_ANSWER, "no answer"),
        ("＜answer＞42＜/answer＞ 41", WRONG, "several values"),
        # guesses, denials, retractions
        ("<answer>42 or 43</answer>", WRONG, "hedge"),
        ("<answer>42, not 43</answer>", WRONG, "negated"),
        ("<answer>> 42</answer>", WRONG, "inequality"),
        (r"<answer>\neq 42</answer>", WRONG, "inequality"),
        ("<answer>41 42 43</answer>", WRONG, "several values"),
        (r"\boxed{41} or \boxed{42}", WRONG, "hedge"),
        (r"\boxed{41}, $\boxed{42}$", WRONG, "hedge"),
        (r"\boxed{1,2,3,4,42}", WRONG, "hedge"),
        (r"\boxed{42} or 41", WRONG, "guesses"),
        (r"not $\boxed{42}$", WRONG, "deny"),
        (r"\boxed{42} is wrong", WRONG, "deny"),
        (r"\boxed{42}. Sorry, that is wrong.", WRONG, "taken back"),
        (r"\boxed{\text{less than } 42}", WRONG, ""),
        (r"\boxed{\phantom{42}}", WRONG, ""),
        (r"\boxed{42 + \ }", WRONG, ""),
        (r"\boxed{}", NO_ANSWER, "no answer"),
        ("The answer is not 42.", WRONG, "negated"),
        ("The answer is between 0 and 100.", WRONG, ""),
        ("either 7 or 42", WRONG, ""),
        ("42 is wrong", WRONG, ""),
        ("It cannot be 42.", WRONG, "deny"),
        ("It is more than 42.", WRONG, "deny"),
        # nothing said
        ("", NO_ANSWER, "no answer"),
        ("I do not know.", NO_ANSWER, "no answer"),
        ("the same as the correct answer", NO_ANSWER, "no answer"),
        # not evaluated, not trusted
        ("<answer>__import__('os').getpid()</answer>", WRONG, ""),
        ("<answer>(lambda: 42)()</answer>", WRONG, ""),
        ("<answer>0x2A</answer>", WRONG, ""),
        (r"<answer>\input{/etc/passwd}42</answer>", WRONG, ""),
        ("<answer>" + "4" * 5000 + "</answer>", WRONG, "5000 characters"),
        ("<answer>" + "(" * 150 + "42" + "</answer>", WRONG, ""),
    ],
)
def test_a_response_is_read_as_a_careful_person_would(text, status, why):
    verdict = verify(text, "42")
    assert verdict.status is status
    assert verdict.reward == float(status is CORRECT)
    assert why in verdict.detail


@pytest.mark.parametrize(
    ("said", "gold", "question", "status"),
    [
        ("40+2", "42", "40+2=?", WRONG),
        ("2+40", "42", "40+2=?", WRONG),
        ("41+1", "42", "40+2=?", WRONG),
        ("40+2=42", "42", "40+2=?", CORRECT),
        ("84/2", "42", "What is 84 / 2?", WRONG),
        (r"\frac{84}{2}", "42", r"What is $\frac{84}{2}$?", WRONG),
        ("6/8", "3/4", "Reduce 6/8.", WRONG),
        ("50%", "0.5", "Write 50% as a decimal.", WRONG),
        ("1e3", "1000", "Write out 1e3.", WRONG),
        (r"\sqrt{16}+1", "5", "What is one more than the root of 16?", WRONG),
        ("(x+1)^2-2x", "x^2+1", "Simplify $(x+1)^2 - 2x$.", WRONG),
        ("3/4", "0.75", "Which is larger, 3/4 or 2/3?", CORRECT),
        ("6/8", "6/8", "Which is larger, 6/8 or 2/3?", CORRECT),
        ("6/8", "3/4", "What part of 8 is 6?", CORRECT),
        ("2^{10}", "1024", "How many subsets has a set of ten elements?", CORRECT),
        ("42 dollars", "42", "Ann has 42 dollars. How many?", CORRECT),
        ("1,234", "1234", "Of 1,234 apples none rot. How many are left?", CORRECT),
        ("3+4i", "3+4i", "Which number is 3+4i?", CORRECT),
    ],
)  # fmt: skip
def test_the_question_given_back_is_no_answer(said, gold, question, status):
    assert math_answer(Problem("t/1", question, gold), Response(f"<answer>{said}</answer>")).status is status


@pytest.mark.parametrize("gold", ["", " ", r"\frac{1}{", "?", "$$", "x" * 5000])
def test_a_gold_answer_that_cannot_be_read_is_an_error_with_its_id(gold):
    with pytest.raises(ProblemError, match=r"t/1: gold answer .*; correct it or remove the problem"):
        math_answer(Problem("t/1", "q", gold), Response("<answer>4</answer>"))


def test_gold_answers_may_come_as_solutions():
    assert verify("<answer>18</answer>", "9 + 9 = 18\n#### 18").status is CORRECT
    assert verify("<answer>18</answer>", r"so it is $\boxed{18}$").status is CORRECT


@pytest.mark.skipif(not DATA.is_file(), reason="the real responses of shared/data are not here")
@pytest.mark.parametrize("sources", [SOURCES, ("answer", "boxed", "mark")])
def test_real_responses_are_judged_as_people_judged_them(sources):
    rows = [json.loads(line) for line in DATA.read_text().splitlines()]
    agreed = [verify(row["response"], row["gold"], sources=sources).reward == row["correct"] for row in rows]
    assert (sum(agreed), len(agreed)) == (600, 600)


@pytest.mark.parametrize(
    "text",
    [
        r"$-\boxed{42}$", r"$\frac{1}{\boxed{42}}$", r"$\boxed{42}^2$", r"$x>\boxed{42}$", r"Is it \boxed{42}?", r"\boxed{42}.5",
        r"The wrong answer is \boxed{42}", r"It might be \boxed{42}, who knows", r"I am guessing \boxed{42}.", r"anything but \boxed{42}",
        r"\boxed{42}. Actually, the answer is 41.", r"\boxed{42}. No, it is 41.", r"\boxed{42} but the correct answer is 41.",
        r"\boxed{41} or perhaps \boxed{42}", "The answer is 42. No, it is 41.", "The answer is 42. But that is wrong.", "The answer is 42?",
        "The wrong answer is 42.", "I get 42!", "so 2^42", "so 41 + 42", "It is 41, 43, or 42", "This gives $42$, which is a contradiction.",
    ],
)  # fmt: skip
def test_what_is_part_of_more_doubted_or_taken_back_does_not_count(text):
    assert verify(text, "42").reward == 0
