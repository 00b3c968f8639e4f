import os
import signal
import threading
import time
from pathlib import Path

import pytest

from verigrad_rewards import Problem, ProblemError, Response, Status, Verdict
from verigrad_rewards.pool import Job, Pool, PoolError

PROBLEM = Problem("p/1", "q", "42")


def strange(problem, response):
    """Do what a broken reward does, as the response says."""
    if response.text == "hang" or problem.answer == "hang":
        while True:
            pass
    if response.text == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if response.text == "raise":
        raise ValueError("no such thing")
    if response.text == "print":
        print("noise" * 10_000)
    return Verdict(1.0, Status.CORRECT, response.text)


def job(text, problem=PROBLEM):
    return Job("test_pool:strange", problem, Response(text))


def test_verdicts_keep_the_order_of_their_jobs():
    answers = [str(i) for i in range(200)]
    jobs = [Job("math_answer", Problem(f"p/{a}", "q", a), Response(f"<answer>{a}</answer>")) for a in answers]
    with Pool(workers=2) as pool:
        verdicts = pool.score(jobs)
    assert [v.answer for v in verdicts] == answers
    assert {v.status for v in verdicts} == {Status.CORRECT}


def test_an_overrun_is_wrong_and_its_worker_is_replaced():
    with Pool(workers=1, deadline_s=0.3) as pool:
        started = time.monotonic()
        verdicts = pool.score([job("a"), job("hang"), job("print"), job("b")])
        assert time.monotonic() - started < 20
    assert [v.status for v in verdicts] == [Status.CORRECT, Status.TIMEOUT, Status.CORRECT, Status.CORRECT]
    assert verdicts[1].reward == 0
    assert verdicts[1].detail == "judging the response took more than 0.3 s"


def test_an_overrun_that_the_problem_caused_is_an_error_with_its_id():
    with Pool(deadline_s=0.3) as pool, pytest.raises(ProblemError, match="p/2: .* even for an empty response"):
        pool.score([job("a", Problem("p/2", "q", "hang"))])


def test_our_own_failures_are_errors():
    with Pool(deadline_s=5) as pool:
        with pytest.raises(ValueError, match="no such thing"):
            pool.score([job("raise")])
        with pytest.raises(PoolError, match="p/1: the worker died twice while test_pool:strange"):
            pool.score([job("die")])
        with pytest.raises(ProblemError, match="p/3: gold answer"):
            pool.score([Job("math_answer", Problem("p/3", "q", ""), Response("1"))])
        assert pool.score([job("still works")])[0].reward == 1
    with pytest.raises(ValueError, match="allowed are 1 or more"):
        Pool(workers=0)


def test_threads_may_share_a_pool_and_nothing_is_left_behind():
    found = []
    with Pool(workers=2) as pool:
        threads = [threading.Thread(target=lambda: found.extend(pool.score([job("x")] * 20))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        children = [int(pid) for pid in os.popen(f"pgrep -P {os.getpid()}").read().split()]
        assert children
    assert len(found) == 80
    for pid in children:
        command = Path(f"/proc/{pid}/cmdline")
        assert not command.exists() or "verigrad_rewards.pool" not in command.read_text()


@pytest.mark.parametrize(("name", "value"), [("_START_S", 0.0), ("_COMMAND", "raise SystemExit(3)")])
def test_a_worker_that_does_not_start_is_our_failure_not_the_problems(monkeypatch, name, value):
    monkeypatch.setattr(f"verigrad_rewards.pool.{name}", value)
    with Pool() as pool, pytest.raises(PoolError, match="worker did not start"):
        pool.score([job("a")])
