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


def test_the_example_reward_works():
    space: dict = {}
    exec(re.search(r"```python\n(.*?)```", README, re.DOTALL)[1], space)
    problem = Problem("p/1", "q", "100")
    assert space["close_enough"](problem, Response("<think>a</think><answer>100.5</answer>")).reward == 1.0
    assert space["close_enough"](problem, Response("<think>a</think><answer>102</answer>")).reward == 0.0
    assert space["close_enough"](problem, Response("")).reward == 0.0
