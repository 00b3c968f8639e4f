import pytest
from programs import RIGHT, WRONG

from verigrad_rewards.code import Job, Judge


@pytest.fixture(scope="module")
def judge():
    with Judge(workers=1) as judge:
        yield judge


@pytest.mark.parametrize(("program", "tests"), [pytest.param(*row, id=name) for name, *row in RIGHT])
def test_right_programs_pass(program, tests, judge):
    assert judge.judge(Job(program, tests, "f")).detail == f"all {len(tests)} tests pass"


@pytest.mark.parametrize(("program", "tests"), [pytest.param(*row, id=name) for name, *row in WRONG])
def test_near_misses_fail(program, tests, judge):
    verdict = judge.judge(Job(program, tests, "f"))
    assert verdict.reward == 0, verdict
