import pytest

from verigrad_rewards import Problem, Response, Status
from verigrad_rewards.combine import Part, combine
from verigrad_rewards.overlong import check_lengths, overlong
from verigrad_rewards.registry import REWARDS

PROBLEM = Problem("t/1", "q", "42")
RIGHT = "<think>a</think><answer>42</answer>"
SHAPING = Part("overlong", REWARDS["overlong"], {"limit": 100, "buffer": 40}, weight=0.2)


def score(tokens, finished=True, text="x", limit=100, buffer=40):
    return overlong(PROBLEM, Response(text, tokens, finished), limit=limit, buffer=buffer)


@pytest.mark.parametrize(
    ("tokens", "reward", "status"),
    [
        # limit 100, buffer 40: free up to 60, then a fortieth for every token
        (1, 0, "correct"),
        (60, 0, "correct"),
        (61, -0.025, "wrong"),
        (70, -0.25, "wrong"),
        (80, -0.5, "wrong"),
        (99, -0.975, "wrong"),
        (100, -1, "wrong"),
        (101, -1, "wrong"),
        (10**9, -1, "wrong"),
    ],
)
def test_the_penalty_worked_by_hand(tokens, reward, status):
    verdict = score(tokens)
    assert (verdict.reward, verdict.status) == (pytest.approx(reward), status)


def test_the_detail_says_the_numbers():
    assert score(30).detail == "30 tokens; up to 60 are free"
    assert score(70).detail == "70 tokens; 60 are free, from 100 on it is -1"
    assert score(96, finished=False).detail == "cut after 96 tokens, before the response ended"


@pytest.mark.parametrize(
    "response",
    [
        Response("", 0),  # nothing at all
        Response("", 1),  # only the end of the turn
        Response(RIGHT, 20),
        Response("x" * 100_000, 20),  # long words, few tokens
        Response("<think>" * 50, 60),
        Response("limit 1000000, num_tokens 0", 9),
    ],
)
def test_no_response_is_ever_paid(response):
    assert overlong(PROBLEM, response, limit=100, buffer=40).reward == 0


@pytest.mark.parametrize(
    "response",
    [
        Response(RIGHT, 5, finished=False),  # cut early is cut
        Response("", 100),  # tokens without text
        Response(" ", 150),
        Response(RIGHT, 100),
    ],
)
def test_what_takes_up_the_limit_is_fined_in_full(response):
    verdict = overlong(PROBLEM, response, limit=100, buffer=40)
    assert (verdict.reward, verdict.status) == (-1, Status.WRONG)


def test_the_penalty_never_falls_with_length_and_stays_in_range():
    rewards = [score(tokens).reward for tokens in range(1, 150)]
    assert rewards == sorted(rewards, reverse=True)
    assert (min(rewards), max(rewards)) == (-1, 0)


@pytest.mark.parametrize(
    ("response", "total"),
    [
        (Response(RIGHT, 20), 1.0),
        (Response(RIGHT, 80), 0.9),
        (Response(RIGHT, 100), 0.8),
        (Response("", 1), 0.0),
        (Response("<answer>43</answer>", 100), -0.2),
        (Response("loop " * 20, 100, finished=False), -0.2),
    ],
)
def test_it_combines_with_correctness(response, total):
    right = Part("math_answer", REWARDS["math_answer"])
    assert combine(right, [SHAPING], PROBLEM, response).total == pytest.approx(total)


def test_wrong_and_short_never_pays_as_much_as_correct_and_long():
    right = Part("math_answer", REWARDS["math_answer"])
    form = Part("think_answer", REWARDS["think_answer"], weight=0.75)
    worst_right = combine(right, [form, SHAPING], PROBLEM, Response("<answer>42</answer>", 100)).total
    best_wrong = combine(right, [form, SHAPING], PROBLEM, Response("<think>a</think><answer>43</answer>", 9)).total
    assert worst_right is not None
    assert best_wrong is not None
    assert worst_right > best_wrong


@pytest.mark.parametrize(
    ("limit", "buffer", "message"),
    [
        (0, 1, "limit: found 0; allowed is a whole number of tokens, 1 or more"),
        (-5, 1, "limit: found -5"),
        (True, 1, "limit: found True"),
        (512.5, 1, "limit: found 512.5"),
        ("512", 1, "limit: found '512'"),
        (None, 1, "limit: found None"),
        (100, 0, "buffer: found 0; allowed is a whole number of tokens, 1 to limit 100"),
        (100, 101, "buffer: found 101"),
        (100, 40.0, "buffer: found 40.0"),
        (100, False, "buffer: found False"),
    ],
)
def test_lengths_that_are_none_are_refused(limit, buffer, message):
    with pytest.raises(ValueError, match=message):
        check_lengths(limit, buffer)
    with pytest.raises(ValueError, match=message):
        score(10, limit=limit, buffer=buffer)


def test_the_whole_limit_may_be_the_buffer():
    assert [score(tokens, limit=4, buffer=4).reward for tokens in (1, 2, 4)] == [-0.25, -0.5, -1]


@pytest.mark.parametrize("tokens", [0, -1])
def test_a_response_that_was_never_counted_is_an_error(tokens):
    with pytest.raises(ValueError, match=f"overlong on t/1: found num_tokens {tokens}"):
        score(tokens)
