import pytest

from verigrad_rewards import Problem, Response, Status
from verigrad_rewards.format import think_answer

PROBLEM = Problem("t/1", "q", "1")
GOOD = "<think>a</think><answer>1</answer>"


def score(text, finished=True, **options):
    return think_answer(PROBLEM, Response(text, finished=finished), **options)


@pytest.mark.parametrize("text", [GOOD, f"  {GOOD}\n", "<think>a\nb</think>\n\n<answer>\n1\n</answer>"])
def test_structure_earns_one(text):
    assert score(text).reward == 1.0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "<think> stands 0 times"),
        ("1", "<think> stands 0 times"),
        ("<answer>1</answer>", "<think> stands 0 times"),
        ("<think>a</think>1", "<answer> stands 0 times"),
        ("<think>a</think><answer>1", "</answer> stands 0 times"),
        ("<think>a<answer>1</answer>", "</think> stands 0 times"),
        (GOOD + GOOD, "<think> stands 2 times"),
        ("<think>a</think></think><answer>1</answer>", "</think> stands 2 times"),
        ("<think>a</think><answer>1</answer><answer>2</answer>", "<answer> stands 2 times"),
        ("<answer>1</answer><think>a</think>", "wrong order"),
        ("<think><answer>1</answer></think>", "wrong order"),
        ("<think>a<answer></think>1</answer>", "wrong order"),
        ("Sure! " + GOOD, "text before"),
        ("<think>a</think> so <answer>1</answer>", "text between"),
        (GOOD + " done", "text after"),
        ("<think>a</think><answer> </answer>", "<answer> is empty"),
        ("<think>  </think><answer>1</answer>", "<think> is empty"),
        ("<THINK>a</THINK><answer>1</answer>", "<think> stands 0 times"),
    ],
)
def test_broken_structure_earns_nothing(text, why):
    verdict = score(text)
    assert (verdict.reward, verdict.status) == (0.0, Status.WRONG)
    assert why in verdict.detail


def test_response_cut_at_the_limit_earns_nothing():
    assert "cut at the token limit" in score(GOOD, finished=False).detail


def test_empty_think_is_legal_only_when_said():
    text = "<think></think><answer>1</answer>"
    assert score(text).reward == 0.0
    assert score(text, allow_empty_think=True).reward == 1.0


def test_other_model_families_name_other_tags():
    assert score("<reason>a</reason><final>1</final>", think_tag="reason", answer_tag="final").reward == 1.0
    assert score(GOOD, think_tag="reason", answer_tag="final").reward == 0.0


def test_partial_credit_never_pays_as_much_as_the_whole():
    near = "<think>a</think> so <answer>1</answer>"
    assert score(near).reward == 0.0
    assert score(near, partial=0.5).reward == 0.5
    assert score("<think>a", partial=0.5).reward == 0.0
    with pytest.raises(ValueError, match="partial is 1"):
        score(near, partial=1)


@pytest.mark.parametrize("tag", ["", "a b", "<x>", "x/"])
def test_tag_names_are_checked(tag):
    with pytest.raises(ValueError, match="tag name"):
        score(GOOD, think_tag=tag)
