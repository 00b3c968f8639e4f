import contextlib
import ctypes
import gc
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path

import pytest

from verigrad_rewards import Problem, ProblemError, Response, Status, Verdict
from verigrad_rewards.pool import Job, Pool, PoolError, RewardError

PROBLEM = Problem("p/1", "q", "42")
RIGHT = Verdict(1.0, Status.CORRECT)


class StubbornError(Exception):
    """Neither pickles back nor prints."""

    def __init__(self, one, two):
        super().__init__(one)

    def __str__(self):
        raise RuntimeError


class Opaque:
    def __reduce__(self):
        raise RuntimeError("no such luck")


def fork_and_come_back():
    return RIGHT if os.fork() else Verdict(0.0, Status.WRONG)


def write_everywhere():
    for handle in range(3, 20):
        with contextlib.suppress(OSError):
            os.write(handle, b'[1, "verdict", 1.0, "correct", null, "junk"]\n')
    return RIGHT


def close_everything():
    os.closerange(0, 100)
    return RIGHT


def run_out_of_memory():
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    return Verdict(0.0, Status.WRONG, "x" * (2 << 30))


def raised(error):
    raise error


def recurse(depth=0):
    return recurse(depth + 1)


def hang():
    while True:
        pass


def start_child(then=lambda: None):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(os.environ["VERIGRAD_TEST_CHILD"]).write_text(str(child.pid))
    then()
    return RIGHT


def fork_and_die():
    if os.fork():
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


DEEDS = {
    "hang": hang,
    "die": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: ctypes.string_at(0),
    "exit": lambda: os._exit(3),
    "key": lambda: {}["x"],
    "stubborn": lambda: raised(StubbornError(1, 2)),
    "assert": lambda: raised(AssertionError()),
    "os": lambda: raised(OSError(28, "No space left")),
    "memory": run_out_of_memory,
    "recursion": recurse,
    "system exit": lambda: sys.exit("bye"),
    "interrupt": lambda: raised(KeyboardInterrupt()),
    "lines": lambda: raised(ValueError("one\ntwo " + "x" * 10_000)),
    "problem": lambda: raised(ProblemError("p/1: gold answer is 'four'\nallowed is a number")),
    "nan": lambda: Verdict(float("nan"), Status.CORRECT),
    "inf": lambda: Verdict(float("inf"), Status.CORRECT),
    "huge": lambda: Verdict(10**400, Status.CORRECT),
    "nothing": lambda: None,
    "text": lambda: "correct",
    "number": lambda: 0.5,
    "list": lambda: [RIGHT],
    "reward text": lambda: Verdict("1.0", Status.CORRECT),
    "reward none": lambda: Verdict(None, Status.CORRECT),
    "status": lambda: Verdict(1.0, "right"),
    "answer": lambda: Verdict(1.0, Status.CORRECT, 42),
    "detail": lambda: Verdict(1.0, Status.CORRECT, detail=None),
    "true": lambda: Verdict(True, Status.CORRECT),
    "long": lambda: Verdict(1.0, Status.CORRECT, "a\ud83d" * (50 << 20), "\n" * (100 << 20)),
    "print": lambda: print("noise" * 100_000) or RIGHT,
    "close 1": lambda: os.close(1) or RIGHT,
    "close 0": lambda: os.close(0) or RIGHT,
    "close all": close_everything,
    "read": lambda: Verdict(1.0, Status.CORRECT, sys.stdin.read()),
    "junk on 1": lambda: os.write(1, b'[1, "verdict", 0.0, "wrong", null, ""]\n') and RIGHT,
    "junk": write_everywhere,
    "fork": fork_and_come_back,
    "fork and die": fork_and_die,
    "child": start_child,
    "child and hang": lambda: start_child(hang),
    "child and die": lambda: start_child(lambda: os._exit(1)),
}


def strange(problem, response):
    """Do what a broken reward does, as the response or the problem says."""
    if problem.answer == "hang":
        hang()
    deed = DEEDS.get(response.text)
    return deed() if deed else Verdict(1.0, Status.CORRECT, response.text)


def job(text, problem=PROBLEM):
    return Job("test_pool:strange", problem, Response(text))


@pytest.fixture(scope="module")
def pool():
    with Pool(workers=1, deadline_s=0.25) as shared:
        yield shared


def is_gone(pid):
    for _ in range(50):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_verdicts_keep_the_order_of_their_jobs():
    answers = [str(i) for i in range(400)]
    jobs = [Job("math_answer", Problem(f"p/{a}", "q", a), Response(f"<answer>{a}</answer>")) for a in answers]
    with Pool(workers=2) as pool:
        assert [v.answer for v in pool.score(jobs)] == answers
        assert [v.answer for v in pool.verdicts(jobs)] == answers


UNSCORED = [
    ("segfault", "its worker failed twice; the last one was killed by SIGSEGV"),
    ("die", "its worker failed twice; the last one was killed by SIGKILL"),
    ("exit", "its worker failed twice; the last one ended with exit code 3"),
    ("fork and die", "its worker failed twice; the last one was killed by SIGKILL"),
    ("close all", "its worker failed twice; the last one ended with exit code 1"),
    ("junk", "its worker failed twice; the last one sent what is no reply"),
    ("key", "raised KeyError: 'x' (test_pool.py:LINE)"),
    ("stubborn", "raised StubbornError"),
    ("assert", "raised AssertionError (test_pool.py:LINE)"),
    ("os", "raised OSError: [Errno 28] No space left (test_pool.py:LINE)"),
    ("memory", "raised MemoryError (test_pool.py:LINE)"),
    ("recursion", "raised RecursionError: maximum recursion depth exceeded (test_pool.py:LINE)"),
    ("system exit", "raised SystemExit: bye (test_pool.py:LINE)"),
    ("interrupt", "raised KeyboardInterrupt (test_pool.py:LINE)"),
    ("lines", f"raised ValueError: one two {'x' * 492} (test_pool.py:LINE)"),
    ("problem", "p/1: gold answer is 'four'\nallowed is a number"),
    ("nan", "returned a Verdict with reward nan; allowed is a finite Verdict"),
    ("inf", "returned a Verdict with reward inf; allowed is a finite Verdict"),
    ("nothing", "returned None; allowed is a finite Verdict"),
    ("text", "returned 'correct'; allowed is a finite Verdict"),
    ("number", "returned 0.5; allowed is a finite Verdict"),
    ("reward text", "returned a Verdict with reward '1.0'; allowed is a finite Verdict"),
    ("reward none", "returned a Verdict with reward None; allowed is a finite Verdict"),
    ("status", "returned a Verdict with status 'right', which is no Status; allowed is a finite Verdict"),
    ("answer", "returned a Verdict with answer 42, which is no text; allowed is a finite Verdict"),
    ("detail", "returned a Verdict with detail None, which is no text; allowed is a finite Verdict"),
]


@pytest.mark.parametrize(("text", "said"), UNSCORED)
def test_what_a_reward_does_wrong_leaves_its_response_unscored_and_no_other(pool, text, said):
    before, verdict, after = pool.verdicts([job("a"), job(text), job("b")])
    assert (before.answer, after.answer) == ("a", "b")
    assert (verdict.reward, verdict.status, verdict.answer) == (0.0, Status.UNSCORED, None)
    pattern = f"reward test_pool:strange on p/1: {said}"
    start, mark, end = pattern.partition("LINE")
    assert verdict.detail.startswith(start)
    assert verdict.detail.endswith(end)
    assert verdict.detail[len(start) : len(verdict.detail) - len(end)].isdigit() is bool(mark)


@pytest.mark.parametrize("text", ["list", "huge"])
def test_what_a_verdict_is_not_is_named(pool, text):
    (verdict,) = pool.verdicts([job(text)])
    assert verdict.status is Status.UNSCORED
    assert verdict.detail.startswith("reward test_pool:strange on p/1: returned ")
    assert verdict.detail.endswith("; allowed is a finite Verdict")


@pytest.mark.parametrize("text", ["true", "print", "close 1", "close 0", "read", "junk on 1", "fork", "good"])
def test_what_a_reward_may_do(pool, text):
    before, verdict, after = pool.verdicts([job("a"), job(text), job("b")])
    assert (before.answer, after.answer) == ("a", "b")
    assert (verdict.reward, verdict.status) == (1.0, Status.CORRECT)
    assert type(verdict.reward) is float


def test_long_texts_are_cut():
    with Pool(deadline_s=20) as pool:
        (verdict,) = pool.verdicts([job("long")])
    assert (verdict.answer, verdict.detail) == ("a\ud83d" * 5_000, "\n" * 10_000)


@pytest.mark.parametrize("text", ["child", "child and hang", "child and die"])
def test_no_child_of_a_reward_survives_its_worker(monkeypatch, tmp_path, text):
    monkeypatch.setenv("VERIGRAD_TEST_CHILD", str(tmp_path / "child"))
    with Pool(deadline_s=0.5) as pool:
        pool.verdicts([job(text)])
    assert is_gone((tmp_path / "child").read_text())


def test_an_overrun_is_wrong_and_its_worker_is_replaced():
    with Pool(workers=1, deadline_s=0.3) as pool:
        started = time.monotonic()
        verdicts = pool.score([job("a"), job("hang"), job("print"), job("b")])
        assert time.monotonic() - started < 20
    assert [v.status for v in verdicts] == [Status.CORRECT, Status.TIMEOUT, Status.CORRECT, Status.CORRECT]
    assert verdicts[1].reward == 0
    assert verdicts[1].detail == "judging the response took more than 0.3 s"


def test_an_overrun_that_the_problem_caused_is_an_error_with_its_id():
    said = "reward test_pool:strange on p/2: takes more than 0.3 s even for an empty response"
    with Pool(workers=2, deadline_s=0.3) as pool:
        unscored = pool.submit(job("a", Problem("p/2", "q", "hang")))
        with pytest.raises(ProblemError, match=said):
            pool.score([job("a", Problem("p/2", "q", "hang"))])
        assert unscored.result() == Verdict(0.0, Status.UNSCORED, detail=said)


def test_score_raises_what_is_not_the_responses_fault(pool):
    with pytest.raises(RewardError, match=r"^reward test_pool:strange on p/1: raised KeyError: 'x' \(test_pool"):
        pool.score([job("key")])
    with pytest.raises(RewardError, match="on p/1: returned None; allowed is a finite Verdict"):
        pool.score([job("a"), job("nothing"), job("hang")])
    with pytest.raises(PoolError, match="on p/1: its worker failed twice; the last one was killed by SIGKILL"):
        pool.score([job("die")])
    with pytest.raises(ProblemError, match="^p/1: gold answer is 'four'\nallowed is a number$"):
        pool.score([job("problem")])
    with pytest.raises(RewardError, match="on p/4: cannot be sent to a worker: raised RuntimeError: no such luck"):
        pool.score([job("a", Problem("p/4", "q", "", {"it": Opaque()}))])
    with pytest.raises(RewardError, match="reward nowhere:r on p/1: raised ValueError: .*'nowhere' cannot be imported"):
        pool.score([Job("nowhere:r", PROBLEM, Response(""))])
    assert pool.score([job("still works")])[0].reward == 1
    with pytest.raises(ValueError, match="allowed are 1 or more"):
        Pool(workers=0)


def test_a_slow_import_is_not_held_against_the_first_response(tmp_path, monkeypatch):
    (tmp_path / "slow_import.py").write_text(
        "import time; time.sleep(0.5)\nfrom test_pool import RIGHT\ndef r(problem, response): return RIGHT"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with Pool(deadline_s=0.2) as pool:
        assert pool.score([Job("slow_import:r", PROBLEM, Response(""))])[0].reward == 1


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("START_S", 0.0, "a scoring worker did not start within 0 s, or ended first"),
        ("COMMAND", "raise SystemExit(3)", "a scoring worker did not start within 60 s, or ended first"),
    ],
)
def test_a_worker_that_does_not_start_is_our_failure_not_the_problems(monkeypatch, name, value, said):
    monkeypatch.setattr(f"verigrad_rewards.worker.{name}", value)
    with Pool(workers=2) as pool:
        with pytest.raises(PoolError, match=said):
            pool.score([job("a")])
        started = time.monotonic()
        verdicts = pool.verdicts([job("a")] * 500)
        assert time.monotonic() - started < 5
    assert {v.status for v in verdicts} == {Status.UNSCORED}
    assert verdicts[0].detail.startswith(f"reward test_pool:strange on p/1: {said}")


def test_an_interpreter_that_is_not_there_is_our_failure(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with Pool() as pool, pytest.raises(PoolError, match="a scoring worker cannot start: .*/nowhere/python"):
        pool.score([job("a")])


def test_threads_may_share_a_pool_and_nothing_is_left_behind():
    found = []
    with Pool(workers=2) as pool:
        threads = [threading.Thread(target=lambda: found.extend(pool.score([job("x")] * 20))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        workers = [lane.worker.process.pid for lane in pool._lanes if lane.worker]
        assert workers
    assert len(found) == 80
    assert all(is_gone(pid) for pid in workers)
    assert not [thread for thread in threading.enumerate() if thread.name == "verigrad-pool" and thread in pool._lanes]


def test_descriptors_above_1023_are_no_limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    handles = [os.open(os.devnull, os.O_RDONLY) for _ in range(1200)]
    try:
        with Pool() as pool:
            assert pool.score([job("a")])[0].reward == 1
            assert pool.wake.fileno() > 1023
    finally:
        for handle in handles:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_close_is_quick_and_cancels_what_has_no_verdict():
    pool = Pool(workers=2, deadline_s=60)
    done = pool.submit(job("a"))
    assert done.result().answer == "a"
    futures = [pool.submit(job("hang")) for _ in range(10)]
    waits = ThreadPoolExecutor(1).submit(pool.score, [job("hang")])
    time.sleep(0.3)
    started = time.monotonic()
    pool.close()
    assert time.monotonic() - started < 2
    with pytest.raises(PoolError, match="the pool was closed while it scored"):
        waits.result(timeout=5)
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(timeout=0)
    with pytest.raises(PoolError, match="this Pool is closed; make a new one"):
        pool.submit(job("a"))
    pool.close()


def test_close_does_not_wait_for_a_worker_to_start(monkeypatch):
    monkeypatch.setattr("verigrad_rewards.worker.COMMAND", "import time; time.sleep(60)")
    pool = Pool()
    future = pool.submit(job("a"))
    time.sleep(0.1)
    started = time.monotonic()
    pool.close()
    assert time.monotonic() - started < 2
    assert future.cancelled()


def test_a_pool_that_nobody_closed_keeps_no_interpreter_and_no_worker():
    code = (
        "from test_pool import *; pool = Pool(deadline_s=60); pool.score([job('a')]); pool.submit(job('hang'))\n"
        "print(pool._lanes[0].worker.process.pid)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=20)
    assert done.returncode == 0, done.stderr
    assert is_gone(done.stdout.strip())


def test_a_pool_that_nobody_holds_still_scores():
    future = Pool().submit(job("a"))
    gc.collect()
    assert future.result().answer == "a"


def test_a_cancelled_job_is_not_scored():
    with Pool(deadline_s=0.3) as pool:
        futures = [pool.submit(job(text)) for text in ("hang", "a", "b")]
        assert futures[1].cancel()
        assert [futures[0].result().status, futures[2].result().status] == [Status.TIMEOUT, Status.CORRECT]


def test_a_fork_may_not_use_the_pool_of_its_parent(pool):
    pool.score([job("a")])
    pid = os.fork()
    if not pid:
        try:
            pool.close()  # leaves the parent's workers alone
            pool.submit(job("a"))
        except PoolError:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert pool.score([job("a")])[0].reward == 1
