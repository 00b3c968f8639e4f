import gzip
import json
from pathlib import Path

import pytest

from verigrad_rewards import Problem, ProblemError, Response, Status
from verigrad_rewards.code import AssertTest, Job, Judge, code_tests

HUMANEVAL = Path(__file__).parents[4] / "shared" / "data" / "humaneval.jsonl.gz"
TWICE = "def f(x): return x*2"


def reward(text, **options):
    info = {"tests": [{"args": [2], "expected": 4}, {"args": [3], "expected": 6}], "entry_point": "f"}
    return code_tests(Problem("p/1", "q", info=info), Response(text), **options)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (f"<think>x</think><answer>{TWICE}</answer>", Status.CORRECT),
        (f"<think>x</think><answer>\n```python\n{TWICE}\n```\n</answer>", Status.CORRECT),
        (f"<think>x</think><answer>first\n```py\nf = 1\n```\nbetter:\n```python\n{TWICE}\n```\nDone.</answer>", Status.CORRECT),
        (f"<think>x</think>Here:\n```python\n{TWICE}\n```", Status.CORRECT),
        (f"<think>x</think>Here:\n```\n{TWICE}\n```\nIt prints\n```text\n4\n```", Status.CORRECT),
        (f"<think>x</think>1. so:\n   ```python\n   {TWICE}\n   ```", Status.CORRECT),
        (f"<think>x</think>```python\n{TWICE}\n```\nIt prints\n```\n4\n```", Status.CORRECT),
        ("<think>x</think>- so:\n  ```py\n  def f(x):\n      return x*2\n  ```", Status.CORRECT),
        (f"<think>x</think>````python\ns = '''\n```\n'''\n{TWICE}\n````", Status.CORRECT),
        (f"<think>```python\n{TWICE}\n```</think>so it is", Status.NO_ANSWER),
        (f"<think><answer>{TWICE}</answer></think>", Status.NO_ANSWER),
        (f"<think>x</think>{TWICE}", Status.NO_ANSWER),
        (f"<think>x</think>```python\n{TWICE}\n", Status.NO_ANSWER),
        (f"<answer>{TWICE}</answer><answer>x</answer>", Status.WRONG),
        (f"<answer>{TWICE}", Status.WRONG),
        (f"</answer>{TWICE}<answer>", Status.WRONG),
        ("<answer>def f(x): return x*3</answer>", Status.WRONG),
        ("<answer></answer>", Status.NO_ANSWER),
        (f"<answer>s = r'\\boxed{{}}'\n{TWICE}</answer>", Status.CORRECT),
        ("", Status.NO_ANSWER),
        ("```python\n" * 100_000, Status.NO_ANSWER),
    ],
)  # fmt: skip
def test_program_is_taken_from_the_answer(text, status):
    assert reward(text).status is status


def test_options():
    half = "<answer>def f(x): return 4</answer>"
    assert reward(half).reward == 0
    assert reward(half, partial=True).reward == 0.5
    assert reward(half, partial=True).status is Status.WRONG
    assert reward("<answer>while True: pass</answer>", timeout_s=0.1).status is Status.TIMEOUT
    big = "<answer>a = [0] * 10**7\ndef f(x): return 2*x</answer>"
    assert reward(big).detail == "all 2 tests pass"
    assert reward(big, memory_mb=64).detail == "test 1 of 2: memory: MemoryError"


@pytest.mark.parametrize(
    ("info", "why"),
    [
        ({}, "p/1: found no tests"),
        ({"tests": [{"args": [1], "expected": 1}]}, "p/1: judge: tests that call need an entry point"),
        ({"tests": [{"args": [1], "expected": 1}], "entry_point": 3}, "p/1: entry_point is 3; allowed is"),
        ({"tests": [{"code": "assert f(id)"}], "entry_point": "f"}, "p/1: test 1 cannot be run: it passes f something"),
    ],
)
def test_problems_that_no_program_can_solve_are_errors(info, why):
    with pytest.raises(ProblemError, match=why):
        code_tests(Problem("p/1", "q", info=info), Response("<answer>def f(x): return 1</answer>"))


@pytest.mark.skipif(not HUMANEVAL.is_file(), reason="../shared/data is absent")
def test_humaneval_reference_solutions_pass_and_broken_ones_fail():
    with gzip.open(HUMANEVAL, "rt") as stream:
        rows = [json.loads(line) for line in stream]
    solutions = [row["prompt"] + row["canonical_solution"] for row in rows]
    breaks = "\n_right = {name}\ndef {name}(*args):\n    _right(*args)\n    return 'broken'\n"
    broken = [s + breaks.format(name=row["entry_point"]) for s, row in zip(solutions, rows, strict=True)]
    jobs = [
        Job(program, [AssertTest(row["test"], row["prompt"])], row["entry_point"])
        for programs in (solutions, broken)
        for program, row in zip(programs, rows, strict=True)
    ]
    with Judge(workers=2) as judge:
        verdicts = judge.judge_many(jobs)
    assert [v.reward for v in verdicts] == [1.0] * 164 + [0.0] * 164
