import re
from collections import Counter, OrderedDict
from pathlib import Path

import pytest

from verigrad_rewards import Problem, Response
from verigrad_rewards.code.compare import same, same_output
from verigrad_rewards.code.wire import pack
from verigrad_rewards.math import verify

README = (Path(__file__).parents[2] / "rewards" / "README.md").read_text()


def rows(first, second):
    """Yield what the table with these headings says, cell by cell."""
    section = README.partition(f"\n| {first} | {second} |")[2].partition("\n\n")[0]
    found = re.findall(r"^\| (`.+`) \| `([^|]+)` \| (yes|no) \|", section, re.MULTILINE)
    return [
        (cell, expected, same == "yes") for cells, expected, same in found for cell in re.findall("`([^`]+)`", cells)
    ]


@pytest.mark.parametrize(("response", "gold", "same"), rows("response", "gold"))
def test_every_row_of_the_table_of_equals_holds(response, gold, same):
    assert (verify(f"<answer>{response}</answer>", gold).reward == 1.0) is same


TABLES = [("response", "gold"), ("result", "expected"), ("output", "expected")]
NAMES = {"Counter": Counter, "OrderedDict": OrderedDict}


@pytest.mark.parametrize(("found", "expected", "equal"), rows("result", "expected"))
def test_every_row_of_the_table_of_results_holds(found, expected, equal):
    assert same(pack(eval(found, NAMES)), pack(eval(expected, NAMES))) is equal


@pytest.mark.parametrize(("found", "expected", "equal"), rows("output", "expected"))
def test_every_row_of_the_table_of_outputs_holds(found, expected, equal):
    assert same_output(found.replace("\\n", "\n"), expected.replace("\\n", "\n")) is equal


def test_the_tables_are_read():
    assert [len(rows(*names)) for names in TABLES] == [94, 32, 15]


BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_example_calls_say_what_they_return():
    space: dict = {}
    exec("\n".join(BLOCKS[1:]), space)
    calls = r"^((?:verify|extract|equivalent|judge)\(.*\)) +# (.*)$"
    said = [found for block in BLOCKS[1:] for found in re.findall(calls, block, re.MULTILINE)]
    assert len(said) == 6
    for call, result in said:
        shown = repr(eval(call, space))
        assert all(part in shown for part in re.findall(r"[\w.']+=[\w.']+|True", re.sub(r"status=\w+", "", result)))
    assert [str(verdict.status) for verdict in space["verdicts"]] == ["correct"]
    assert [verdict.reward for verdict in space["judged"]] == [1.0] * 4


def test_the_example_reward_works():
    space: dict = {}
    exec(BLOCKS[0], space)
    problem = Problem("p/1", "q", "100")
    assert space["close_enough"](problem, Response("<think>a</think><answer>100.5</answer>")).reward == 1.0
    assert space["close_enough"](problem, Response("<think>a</think><answer>102</answer>")).reward == 0.0
    assert space["close_enough"](problem, Response("")).reward == 0.0
