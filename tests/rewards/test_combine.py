import subprocess
import sys

import pytest

from verigrad_rewards import Problem, Response, Status, Verdict
from verigrad_rewards.combine import Part, combine, find_reward, make_part
from verigrad_rewards.registry import REWARDS

PROBLEM = Problem("t/1", "q", "42")
FORM = Part("think_answer", REWARDS["think_answer"], weight=0.1)
RIGHT = Part("math_answer", REWARDS["math_answer"])


def unscored(problem, response):
    return Verdict(0.0, Status.UNSCORED)


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


def test_rewards_are_found_by_name_or_module():
    assert find_reward("verigrad_rewards.format:think_answer", {}) is REWARDS["think_answer"]
    with pytest.raises(ValueError, match="reward 'x' is unknown; allowed is package.module:name or math_answer"):
        find_reward("x", REWARDS)
    with pytest.raises(ValueError, match="'nowhere' cannot be imported"):
        find_reward("nowhere:x", REWARDS)
    with pytest.raises(ValueError, match="has no 'nothing'"):
        find_reward("verigrad_rewards.format:nothing", REWARDS)
    with pytest.raises(ValueError, match="unknown option 'tag'; allowed are think_tag"):
        make_part("think_answer", {"tag": "x"}, REWARDS)


def test_coin_flip_is_fair_and_repeats_itself():
    flips = [REWARDS["coin_flip"](PROBLEM, Response(str(i))).reward for i in range(1000)]
    assert 450 < sum(flips) < 550
    assert flips == [REWARDS["coin_flip"](PROBLEM, Response(str(i))).reward for i in range(1000)]


def test_rewards_import_fast_and_without_heavy_packages():
    code = "import sys, verigrad_rewards.registry; print([m for m in ('torch', 'numpy', 'trl') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "rewards"})
    assert done.stdout.strip() == "[]", done.stderr
