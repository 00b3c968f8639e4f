import re
from pathlib import Path

import pytest

from verigrad_rewards import Problem, Response
from verigrad_rewards.math import verify

README = (Path(__file__).parents[2] / "rewards" / "README.md").read_text()


@pytest.mark.parametrize(
    ("response", "gold", "same"),
    [
        (cell, gold, verdict == "yes")
        for cells, gold, verdict in re.findall(r"^\| (`.+`) \| `([^|]+)` \| (yes|no) \|", README, re.MULTILINE)
        for cell in re.findall(r"`([^`]+)`", cells)
    ],
)
def test_every_row_of_the_table_of_equals_holds(response, gold, same):
    assert (verify(f"<answer>{response}</answer>", gold).reward == 1.0) is same


BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_example_calls_say_what_they_return():
    space: dict = {}
    exec("\n".join(BLOCKS[1:]), space)
    said = re.findall(r"^((?:verify|extract|equivalent)\(.*\)) +# (.*)$", BLOCKS[1], re.MULTILINE)
    assert len(said) == 3
    for call, result in said:
        shown = repr(eval(call, space))
        assert all(
            part in shown for part in re.findall(r"[\w.']+=[\w.']+|True", result.replace("status=correct", "CORRECT"))
        )
    assert [str(verdict.status) for verdict in space["verdicts"]] == ["correct"]


def test_the_example_reward_works():
    space: dict = {}
    exec(BLOCKS[0], space)
    problem = Problem("p/1", "q", "100")
    assert space["close_enough"](problem, Response("<think>a</think><answer>100.5</answer>")).reward == 1.0
    assert space["close_enough"](problem, Response("<think>a</think><answer>102</answer>")).reward == 0.0
    assert space["close_enough"](problem, Response("")).reward == 0.0
