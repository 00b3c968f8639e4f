import pytest

from verigrad_rewards.math import vote

SAME = [
    ["1/2", "0.5", r"\frac12", r"$\frac{1}{2}$", "50%", ".5", "x = 1/2", "2/4", "0.50"],
    ["1,234", "1234", "1234.0", "$1,234", "1234 apples", r"\boxed{1234}"],
    [r"\sqrt{8}", r"2\sqrt{2}", r"\sqrt 8"],
    ["x + 1", "1 + x"],
    [r"\{1, 2\}", r"\{2, 1\}", "1, 2", "2 and 1"],
    ["(1, 2)", r"\left(1, 2\right)"],
    [r"\pi", "π"],
    ["seven", "7"],
    [r"\cos\frac{\pi}{3}", r"\sin 30^\circ", "1:2", "1/2"],
    [r"\sin\pi", "0"],
    ["3*8=24", "24", "x = 3*8 = 24"],
    ["6:4", "3/2"],
]


@pytest.mark.parametrize("answers", SAME, ids=lambda answers: answers[0])
def test_the_same_answer_is_one_vote(answers):
    assert len({vote(answer) for answer in answers}) == 1


def test_names_are_kept_where_there_are_several():
    assert vote("x = 2, y = 3") != vote("x = 3, y = 2")
    assert vote("a" * 120 + "b") != vote("a" * 120 + "c")


def test_different_answers_are_different_votes():
    answers = [
        "1",
        "2",
        "-1",
        "1/2",
        "(1, 2)",
        "(2, 1)",
        r"\{1, 2, 3\}",
        "x + 1",
        "x - 1",
        "blue",
        "red",
        "[1, 2]",
        r"\{\}",
        r"\sqrt2",
        "1.41421356",
        "x < 1",
        "x > 1",
    ]
    votes = [vote(answer) for answer in answers]
    assert len(set(votes)) == len(answers)


@pytest.mark.parametrize("text", ["", None, "(((", "1" * 10_000])
def test_what_cannot_be_read_does_not_vote(text):
    assert vote(text) is None


@pytest.mark.parametrize(
    "text", ["9^9^9^9", "(" * 200 + "1" + ")" * 200, "1/0", r"\tan(\pi/2)", "10^5000", "\x1b[2J", "\ud800"]
)
def test_hostile_answers_are_bounded(text):
    assert len(vote(text) or "") < 5000
