import re
import subprocess
import sys

import pytest

from verigrad.scoring import Scorer
from verigrad_rewards import Problem, Response, Status, Verdict
from verigrad_rewards.combine import Part, combine, find_reward, make_part, total
from verigrad_rewards.pool import Pool
from verigrad_rewards.registry import REWARDS

PROBLEM = Problem("t/1", "q", "42")
FORM = Part("think_answer", REWARDS["think_answer"], weight=0.1)
RIGHT = Part("math_answer", REWARDS["math_answer"])


def unscored(problem, response):
    return Verdict(0.0, Status.UNSCORED)


def doubtful(problem, response):
    return Verdict(True, Status.CORRECT)


def misspelt(problem, anwser):
    return Verdict(0.0, Status.WRONG)


def swapped(response, problem):
    return Verdict(0.0, Status.WRONG)


def lonely(problem):
    return Verdict(0.0, Status.WRONG)


def crowded(problem, response, limit):
    return Verdict(0.0, Status.WRONG)


def limited(problem, response, /, scale=2, *, limit, buffer=0):
    return Verdict(0.0, Status.WRONG)


def wrapper(*args, **kwargs):
    return Verdict(0.0, Status.WRONG)


def infinite(problem, response):
    return Verdict(float("inf"), Status.CORRECT)


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("<think>a</think><answer>42</answer>", 1.1),
        ("<answer>42</answer>", 1.0),
        ("<think>a</think><answer>43</answer>", 0.1),
        ("", 0.0),
    ],
)
def test_form_pays_less_than_correctness(text, total):
    assert combine(RIGHT, [FORM], PROBLEM, Response(text)).total == pytest.approx(total)


def test_one_unscored_part_leaves_the_response_unscored():
    assert combine(RIGHT, [Part("u", unscored)], PROBLEM, Response("")).total is None


def test_a_reward_that_is_not_finite_is_an_error():
    with pytest.raises(ValueError, match="reward bad on t/1: returned"):
        combine(Part("bad", infinite), [], PROBLEM, Response(""))


def test_a_truth_value_counts_as_a_number():
    assert str(combine(Part("b", doubtful), [], PROBLEM, Response("")).total) == "1.0"


def test_total_weighs_every_verdict_once():
    right, wrong = Verdict(1.0, Status.CORRECT), Verdict(-0.5, Status.WRONG)
    score = total([RIGHT, FORM, Part("cut", unscored, weight=0.2)], [right, right, wrong])
    assert (score.total, score.correctness) == (pytest.approx(1.0), right)
    assert score.shaping == {"think_answer": right, "cut": wrong}
    assert total([RIGHT, FORM], [right, Verdict(0.0, Status.UNSCORED)]).total is None
    with pytest.raises(ValueError, match="shorter"):
        total([RIGHT, FORM], [right])


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        (
            "misspelt",
            {},
            "takes (problem, anwser); allowed is (problem, response, *, options): did you mean 'response'?",
        ),
        (
            "swapped",
            {},
            "takes (response, problem); allowed is (problem, response, *, options): did you mean 'problem'?",
        ),
        ("lonely", {}, "takes (problem); allowed is (problem, response, *, options)"),
        (
            "crowded",
            {"limit": 1},
            "takes (problem, response, limit); allowed is (problem, response, *, options): write '*' before 'limit' to make it an option",
        ),
        ("limited", {}, "option 'limit' is missing; given are none"),
        ("limited", {"buffer": 1}, "option 'limit' is missing; given are buffer"),
        ("limited", {"limt": 1}, "unknown option 'limt'; allowed are limit, buffer. Did you mean 'limit'?"),
        ("limited", {"limit": 1, "scale": 1}, "unknown option 'scale'; allowed are limit, buffer"),
    ],
)
def test_a_reward_that_cannot_be_called_is_refused_when_it_is_named(name, options, said):
    whole = f"reward 'test_combine:{name}': {said}"
    with pytest.raises(ValueError, match=f"^{re.escape(whole)}$"):
        make_part(f"test_combine:{name}", options, {})


@pytest.mark.parametrize(("name", "options"), [("limited", {"limit": 3}), ("wrapper", {"any": 1}), ("doubtful", {})])
def test_a_reward_that_can_be_called_is_taken(name, options):
    assert isinstance(make_part(f"test_combine:{name}", options, {}).score(PROBLEM, Response("")), Verdict)


def test_rewards_are_found_by_name_or_module():
    assert find_reward("verigrad_rewards.format:think_answer", {}) is REWARDS["think_answer"]
    with pytest.raises(ValueError, match="reward 'x' is unknown; allowed is package.module:name or math_answer"):
        find_reward("x", REWARDS)
    with pytest.raises(ValueError, match="'nowhere' cannot be imported"):
        find_reward("nowhere:x", REWARDS)
    with pytest.raises(ValueError, match="has no 'nothing'"):
        find_reward("verigrad_rewards.format:nothing", REWARDS)
    with pytest.raises(ValueError, match="unknown option 'tag'; allowed are think_tag, answer_tag"):
        make_part("think_answer", {"tag": "x"}, REWARDS)


def test_a_scorer_says_the_same_through_a_pool():
    coin = Part("coin_flip", REWARDS["coin_flip"], {"seed": 1})
    broken = Part("test_combine:infinite", infinite)
    texts = ["<think>a</think><answer>42</answer>", "<answer>42</answer>", "<think>a</think><answer>43</answer>", ""]
    with Pool() as pool:
        for chance in (None, coin):
            scorer = Scorer({"t": RIGHT}, (FORM,), FORM, chance)
            pending = [scorer.submit(pool, PROBLEM, Response(text)) for text in texts]
            assert [p.result() for p in pending] == [scorer.score(PROBLEM, Response(text)) for text in texts]
        scorer = Scorer({"t": RIGHT}, (FORM, broken), FORM, coin)
        score = scorer.submit(pool, PROBLEM, Response(texts[0])).result()
    assert (score.total, score.correctness.reward) == (None, 1.0)
    assert score.shaping["test_combine:infinite"].detail == (
        "reward test_combine:infinite on t/1: returned a Verdict with reward inf; allowed is a finite Verdict"
    )


def test_coin_flip_is_fair_and_repeats_itself():
    flips = [REWARDS["coin_flip"](PROBLEM, Response(str(i))).reward for i in range(1000)]
    assert 450 < sum(flips) < 550
    assert flips == [REWARDS["coin_flip"](PROBLEM, Response(str(i))).reward for i in range(1000)]


def test_rewards_import_fast_and_without_heavy_packages():
    code = "import sys, verigrad_rewards.registry; print([m for m in ('torch', 'numpy', 'trl') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "rewards"})
    assert done.stdout.strip() == "[]", done.stderr
