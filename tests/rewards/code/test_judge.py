import asyncio
import os
import subprocess
import sys
import threading
import time
from decimal import Decimal

import pytest

from verigrad_rewards import ProblemError, Status
from verigrad_rewards.code import AssertTest, CallTest, Job, Judge, StdioTest, judge, read_tests

TESTS = [CallTest([3], 10), CallTest([-1], -2), CallTest([0], 1)]
RIGHT = "def f(x): return 3*x+1"


def run(program, tests=TESTS, timeout_s=1.0, **options):
    return judge(program, tests, entry_point="f", timeout_s=timeout_s, **options)


@pytest.mark.parametrize(
    ("program", "status", "detail"),
    [
        (RIGHT, "correct", "all 3 tests pass"),
        ("def f(x): return 3*abs(x)+1", "wrong", "test 2 of 3: f(-1) gives 4, expected -2"),
        ("def f(x): return [x]*99", "wrong", "test 1 of 3: f(3) gives [3, 3, 3, 3"),
        ("def f(x): return 1/0", "wrong", "test 1 of 3: it fails with ZeroDivisionError: division by zero"),
        ("def f(x) return", "wrong", "SyntaxError: expected ':' (<program>, line 1)"),
        ("g = 1", "wrong", "the program defines no function f"),
        ("def f(x):\n  while True: pass", "timeout", "test 1 of 3: timeout: more than 0.3 s"),
        ("while True: pass", "timeout", "timeout: more than 0.3 s"),
        ("def f(x): return [0] * 10**10", "wrong", "memory: MemoryError"),
        ("import ctypes\ndef f(x): ctypes.string_at(0)", "wrong", "crash: ended by SIGSEGV"),
        ("import os\ndef f(x): os._exit(3)", "wrong", "crash: it ends with status 3"),
        ("import os\ndef f(x): os._exit(0)", "wrong", "no answer"),
        ("import os\ndef f(x): os.fork()", "wrong", "forbidden: PermissionError"),
        ("import os\ndef f(x): open('/etc/passwd')", "wrong", "forbidden: PermissionError"),
        ("import time, threading as t\ndef f(x):\n  while True: t.Thread(target=time.sleep, args=(9,)).start()",
         "wrong", "can't start new thread|too much of: threads"),
        ("def f(x): return object()", "wrong", "the result is not plain data: a object is not plain data"),
        ("def f(x): yield 10", "wrong", "a generator is not plain data"),
        ("def f(x): return 'x' * 10**7", "wrong", "the result is too large"),
        ("# \0", "wrong", "a NUL"),
    ],
)  # fmt: skip
def test_verdict_says_what_became_of_the_program(program, status, detail):
    verdict = run(program, timeout_s=0.3)
    assert verdict.status == status
    assert verdict.reward == (status == "correct")
    assert any(piece in verdict.detail for piece in detail.split("|")), verdict.detail


@pytest.mark.parametrize(
    ("program", "status", "detail"),
    [
        ("print(sum(map(int, input().split())))", "correct", "all 1 tests pass"),
        ("print(7)", "wrong", r"test 1 of 1: it prints '7\n', expected '6\n'"),
        ("print(6); 1/0", "wrong", "it fails with ZeroDivisionError"),
        ("print(6); exit(1)", "wrong", "crash: it ends with status 1"),
        ("print(6); exit()", "correct", "pass"),
        ("import os; os.write(1, b'\\xff')", "wrong", "bytes that are not UTF-8"),
        ("while True: print('x' * 10**6)", "wrong", "output: more than is allowed"),
        ("print(6)\nwhile True: pass", "timeout", "timeout: more than 0.3 s"),
        ("input(); input()", "wrong", "EOFError"),
    ],
)
def test_verdict_on_programs_that_read_and_print(program, status, detail):
    verdict = run(program, [StdioTest("1 2 3\n", "6\n")], timeout_s=0.3)
    assert (verdict.status, verdict.reward) == (status, float(status == "correct"))
    assert detail in verdict.detail


CHECK = """
def check(candidate):
    assert candidate([1, 2]) == 3
    assert candidate([]) == 0, "empty"
"""


@pytest.mark.parametrize(
    ("program", "status", "detail"),
    [
        ("def f(x): return sum(x)", "correct", "pass"),
        ("def f(x): return sum(x) or 1", "wrong", 'assert candidate([]) == 0, "empty": AssertionError: empty (f([]) gives 1)'),
        ("def f(x): return x.pop(9)", "wrong", "IndexError"),
        ("import os\ndef f(x): os._exit(0)", "wrong", "no answer"),
        ("def f(x):\n  while True: pass", "timeout", "timeout: more than 0.3 s"),
        ("g = 1", "wrong", "the program defines no function f"),
        ("def f(x): raise SystemExit(0)", "wrong", "SystemExit"),
        ("def f(x): return sum(x)\nimport atexit, os\natexit.register(os._exit, 3)", "wrong", "status 3"),
    ],
)  # fmt: skip
def test_verdict_of_assertions(program, status, detail):
    verdict = run(program, [AssertTest(CHECK)], timeout_s=0.3)
    assert (verdict.status, verdict.reward) == (status, float(status == "correct")), verdict.detail
    assert detail in verdict.detail


@pytest.mark.parametrize(
    "code",
    [
        "assert f([1]) == 1",
        "import math\nassert math.isclose(f([0.1, 0.2]), 0.3)",
        "def check(c):\n  assert c([1]) == 1\ncheck(f)",
        "a = [1]\nassert f(a) == 1\nassert a == [1]",
        "try:\n  f(3)\n  assert False\nexcept TypeError as e:\n  assert 'iter' in str(e)",
        "for n in range(50): assert f(list(range(n))) == n * (n - 1) // 2",
        "assert g(2) == 4",
    ],
)
def test_assertions_in_every_style(code):
    assert run("def f(x): return sum(x)\ndef g(x): return 2*x", [AssertTest(code)]).detail == "all 1 tests pass"


def test_what_the_program_returns_never_breaks_the_test():
    deep = "def f(x):\n  for _ in range(99): x = [x]\n  return x"
    assert "nested too deeply" in run(deep, [AssertTest("assert f([f(0)]) == 1")]).detail


def test_changes_in_place_reach_the_assertions():
    program = "def f(rows):\n  rows[0].append(9)\n  rows.sort(key=len)"
    code = "first = [1]\nrows = [first, []]\nassert f(rows) is None\nassert rows == [[], [1, 9]] and len(rows) == 2"
    assert run(program, [AssertTest(code)]).reward == 1


def test_helpers_of_the_setup_are_not_the_programs():
    setup = "def poly(x): return x * x - 4"
    test = AssertTest("assert poly(candidate()) == 0", setup)
    assert run("def f(): return 2", [test]).reward == 1
    assert run("def poly(x): return 0\ndef f(): return 3", [test]).reward == 0


@pytest.mark.parametrize(
    ("test", "why"),
    [
        (AssertTest("assert True"), "test 1 cannot be run: it never calls the function"),
        (AssertTest("assert f(print)"), "test 1 cannot be run: it passes f something else than plain data"),
        (AssertTest("assert f(1)", "1/0"), "test 1 cannot be run: its setup fails: ZeroDivisionError"),
        (AssertTest("x = 1/0\nassert f(1)"), "test 1 cannot be run: it fails before it calls the function: x = 1/0"),
        (AssertTest("assert f(1)", "raise SystemExit"), "test 1 cannot be run: its setup fails: SystemExit"),
        (CallTest([1], 1, {1: 2}), "allowed is a list, and for kwargs a mapping with names"),
        (CallTest([1], 1, tolerance="x"), "tolerance is 'x'; allowed is a number from 0 to below 1"),
        (CallTest([1], 1, tolerance=-1), "tolerance is -1; allowed"),
        (AssertTest("f(1)"), "asserts nothing"),
        (AssertTest("assert f(1"), "field 'code' is not Python"),
        (CallTest([object()], 1), "allowed is plain data"),
        (CallTest([1], object()), "allowed is plain data"),
    ],
)
def test_a_test_that_cannot_decide_is_our_error(test, why):
    with pytest.raises(ProblemError, match=why):
        run("def f(x): return 1", [test])


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "found no tests"),
        (None, "found no tests"),
        ([{"args": [1]}], "test 0: found"),
        ([{"args": 1, "expected": 2}], "args is '1'; allowed is a list"),
        ([{"stdin": 1, "stdout": ""}], "allowed is text"),
        ([{"args": [1], "expected": 1, "timeout": 3}], "test 0: found"),
        ([{"args": [1], "expected": 1}, {"stdin": "", "stdout": ""}], "mixed"),
        (["assert f(1) == 2"], "test 0: found"),
    ],
)
def test_bad_tests_are_errors(rows, why):
    with pytest.raises(ProblemError, match=why):
        read_tests(rows, "p/1")


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"timeout_s": 0}, "timeout_s: found 0; allowed is a number above 0"),
        ({"timeout_s": -1}, "timeout_s: found -1"),
        ({"timeout_s": "2"}, "timeout_s: found '2'"),
        ({"timeout_s": float("nan")}, "timeout_s: found nan"),
        ({"memory_mb": 256.5}, "memory_mb: found 256.5; allowed is a whole number, 32 or more"),
        ({"memory_mb": 0}, "memory_mb: found 0"),
    ],
)
def test_limits_that_are_none_are_errors(limits, why):
    with pytest.raises(ValueError, match=why):
        judge(RIGHT, TESTS, entry_point="f", **limits)


def test_rows_will_do_as_tests():
    assert run(RIGHT, [{"args": [3], "expected": 10, "kwargs": {}}]).reward == 1
    assert run("print(0.5001)", [{"stdin": "", "stdout": "0.5", "tolerance": 1e-2}]).reward == 1
    assert run(RIGHT, [{"code": "assert f(1) == 4"}]).reward == 1
    with pytest.raises(ProblemError, match="need an entry point"):
        judge(RIGHT, TESTS)


def test_fraction_of_tests_is_an_option():
    verdict = run("def f(x): return 3*abs(x)+1", partial=True)
    assert (verdict.reward, verdict.status) == (2 / 3, Status.WRONG)
    assert run("while True: pass", timeout_s=0.1, partial=True).reward == 0
    assert run(RIGHT, partial=True).status is Status.CORRECT


def test_prelude_runs_before_the_program():
    program = "from __future__ import annotations\ndef f(x: List[int]): return helper(x)"
    prelude = "from typing import List\ndef helper(x): return x + 1"
    assert run(program, [CallTest([1], 2)], prelude=prelude).reward == 1


@pytest.mark.parametrize(
    "program",
    [
        "c = []\ndef f(x):\n  c.append(1)\n  return len(c)",
        "def f(x, c=[]):\n  c.append(1)\n  return len(c)",
        "import os\ndef f(x):\n  open('n', 'a').write('x')\n  return os.path.getsize('n') + len(os.listdir('.')) - 1",
        "import re\ndef f(x):\n  try: re.match('a', '', 0.0)\n  except TypeError: n = 1\n  else: n = 2\n  re.match('a', '', 0)\n  return n",
        "import random\nrandom.seed(1)\na = random.random()\ndef f(x):\n  b = random.random()\n  return 1 if b == f.__globals__.setdefault('b', b) else 2",
    ],
)
def test_every_test_starts_from_a_clean_state(program):
    assert run(program, [CallTest([1], 1)] * 3).reward == 1


def test_time_is_counted_for_each_test():
    program = "import time\nc = []\ndef f(x): time.sleep(0.2); return x"
    forgetful = "def f(x):\n  for _ in range(6 * 10**6): pass\n  return x"
    assert run(program, [CallTest([i], i) for i in range(3)], timeout_s=0.5).reward == 1
    assert run(forgetful, [CallTest([i], i) for i in range(6)], timeout_s=0.8).reward == 1


def test_a_program_knows_nothing_of_its_caller(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    program = "import os, sys\ndef f(): return ['SECRET_TOKEN' in os.environ, 'verigrad' in str(sys.modules), os.listdir('.')]"
    with Judge(workers=1) as fresh:
        assert fresh.judge(Job(program, [CallTest([], [False, False, []])], "f")).detail == "all 1 tests pass"


def test_threads_fork_and_event_loop():
    right: list[float] = []

    def work(k):
        for i in range(5):
            right.append(judge(f"def f(x): return x*{k}", [CallTest([i], i * k)], entry_point="f").reward)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [1.0] * 20

    async def loop():
        return run(RIGHT).reward

    assert asyncio.run(loop()) == 1
    child = os.fork()
    if child == 0:
        os._exit(0 if run(RIGHT).reward == 1.0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert run(RIGHT).reward == 1


def test_forks_during_a_judgement_do_not_hold_it_up():
    done = threading.Event()
    children = []

    def fork():
        while not done.is_set():
            children.append(os.fork())
            if children[-1] == 0:
                time.sleep(1)
                os._exit(0)
            time.sleep(0.01)

    thread = threading.Thread(target=fork)
    thread.start()
    verdicts = [run("print(input())", [StdioTest("a", "a")], timeout_s=0.5).reward for _ in range(10)]
    done.set()
    thread.join()
    for child in children:
        os.waitpid(child, 0)
    assert verdicts == [1.0] * 10


def test_judge_many_keeps_order_and_replaces_a_dead_worker():
    with Judge(workers=2) as pool:
        jobs = [Job(f"def f(x): return {i}", [CallTest([0], i % 2)], "f") for i in range(6)]
        assert [v.reward for v in pool.judge_many(jobs)] == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
        worker = pool.idle.get()
        worker.process.kill()
        pool.idle.put(worker)
        assert [v.reward for v in pool.judge_many(jobs)] == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]


MARKS_ITS_FOLDER = """
import array, fcntl, os
def f(x):
    handle, flags = os.open(os.getcwd(), os.O_RDONLY), array.array("l", [0])
    fcntl.ioctl(handle, 0x80086601, flags, True)
    if flags[0] & 0x80:
        return "second"
    fcntl.ioctl(handle, 0x40086602, array.array("l", [flags[0] | 0x80]))
    return "first"
"""
ANSWERS_BY_ITSELF = """
import os, sys
def f(x):
    frame = sys._getframe()
    while "token" not in frame.f_locals:
        frame = frame.f_back
    data = frame.f_locals["token"] + b" " + REPLY + b"\\n"
    while data:
        data = data[os.write(4, data) :]
    os._exit(0)
"""
FORGED = {
    "text": """b'{"value": {"text": "ffffffff"}}'""",
    "range": """b'{"value": {"range": [0, 1, {"int": "-0x0"}]}}'""",
    "large": """b'{"value": [' + b'[],' * 1_700_000 + b'[]]}'""",
}


@pytest.mark.parametrize("reply", FORGED.values(), ids=FORGED.keys())
def test_forged_answers_are_none(reply):
    program = ANSWERS_BY_ITSELF.replace("REPLY", reply)
    code = "try:\n  f(1)\nexcept ValueError:\n  pass\nelse:\n  assert False"
    assert run(program, [CallTest([1], 1)]).reward == 0
    assert run(program, [AssertTest(code)]).reward == 0


def test_a_deep_caller_gets_a_verdict():
    nested = """b'{"value": {"set": [' + b'[' * 190 + b']' * 190 + b']}}'"""

    def deep(n):
        return run(ANSWERS_BY_ITSELF.replace("REPLY", nested), [CallTest([1], {1})]).reward if n == 0 else deep(n - 1)

    assert deep(650) == 0


def test_flags_of_files_cannot_be_set():
    assert run(MARKS_ITS_FOLDER, [CallTest([1], "first"), CallTest([1], "second")]).reward == 0


def test_the_stack_may_be_raised():
    program = "import resource as r\nr.setrlimit(r.RLIMIT_STACK, (r.getrlimit(r.RLIMIT_STACK)[1],) * 2)\nprint(1)"
    assert run(program, [StdioTest("", "1")]).detail == "all 1 tests pass"


SIGNALS_ITSELF = """
import ctypes, time
class Event(ctypes.Structure):
    _fields_ = [("value", ctypes.c_void_p), ("number", ctypes.c_int), ("notify", ctypes.c_int), ("rest", ctypes.c_char * 64)]
libc, timer = ctypes.CDLL(None), ctypes.c_void_p()
libc.timer_create(1, ctypes.byref(Event(None, 40, 0)), ctypes.byref(timer))
libc.timer_settime(timer, 0, (ctypes.c_long * 4)(0, 0, 0, 1000), None)
time.sleep(1)
"""
RESIZES_THE_PIPE = """
import fcntl, os
while True:
    try:
        fcntl.fcntl(0, 1031, 131072)
        fcntl.fcntl(0, 1031, 65536)
    except OSError:
        os.read(0, 65536)
"""
FILLS_ITS_FOLDER_MEANWHILE = """
import os, threading
def f(x): return x
def churn(name):
    while True:
        try:
            os.mkdir(name)
            os.rmdir(name)
        except OSError:
            pass
for name in "ab":
    threading.Thread(target=churn, args=(name,)).start()
"""


@pytest.mark.parametrize(
    ("program", "test", "detail"),
    [
        ("import sys; sys.exit(77)", StdioTest("", ""), "ends with status 77"),
        ("import os\ndef f(x): os._exit(77)", CallTest([1], 1), "ends with status 77"),
        ("import os\ndef f(x): os._exit(77)", AssertTest("assert f(1) == 1"), "ends with status 77"),
        (SIGNALS_ITSELF, StdioTest("", "x"), "ended by signal 40"),
        (RESIZES_THE_PIPE, StdioTest("x" * 3_000_000, "x"), "timeout"),
        (FILLS_ITS_FOLDER_MEANWHILE, AssertTest("assert f(1) == 1"), "timeout|crash"),
        ("def f(x):\n  v = 'x'\n  for _ in range(60): v = (v,)\n  return {v}", CallTest([1], {1}), "expected {1}"),
        ("from decimal import Decimal\ndef f(x): return Decimal('sNaN')", CallTest([1], Decimal(1)), "no answer"),
        ("def f(x): return chr(0xd83d) + chr(0xde00)", CallTest([1], chr(0x1F600)), "gives "),
    ],
)
def test_no_program_makes_the_judge_fail(program, test, detail):
    verdict = run(program, [test], timeout_s=0.3)
    assert verdict.reward == 0
    assert any(piece in verdict.detail for piece in detail.split("|")), verdict.detail
    assert run(RIGHT).reward == 1


def test_a_program_that_ends_its_interpreter_is_wrong():
    with Judge(workers=1, sandbox="none") as judge:  # where it can
        kills = Job("import os\ndef f(x): os.kill(os.getppid(), 9)", TESTS, "f")
        assert judge.judge(kills).detail == "crash: the interpreter that ran it died, twice"
        assert judge.judge(Job(RIGHT, TESTS, "f")).reward == 1


@pytest.mark.parametrize(
    "ending",
    ["sys.stdout.close()", "sys.stdout.flush(); sys.stdout = None", "atexit.register(lambda: 1 / 0)", "sys.exit()",
     "threading.Thread(target=print, args=(2,)).start()", "atexit.register(print, 2)"],
)  # fmt: skip
def test_a_program_ends_as_it_would_by_itself(ending):
    program = f"import atexit, sys, threading\nprint(1)\n{ending}"
    alone = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert run(program, [StdioTest("", alone.stdout)]).detail == "all 1 tests pass"


def test_memory_of_one_call_is_there_for_the_next():
    program = (
        "def f(n):\n  a = [0] * n\n  def inner(k): return 0 if k == 0 else inner(k - 1)\n  return inner(3) + len(a)"
    )
    assert run(program, [CallTest([10**7], 10**7)] * 6).detail == "all 6 tests pass"


def test_many_threads_fit_into_the_usual_memory():
    program = "from concurrent.futures import ThreadPoolExecutor as T\nimport time\ndef f(n):\n  with T(n) as t:\n"
    program += "    return sum(t.map(lambda x: time.sleep(0.02) or x, range(n)))"
    assert run(program, [CallTest([32], 496)]).detail == "all 1 tests pass"


RANK = """
import sys, time
from verigrad_rewards.code import CallTest, judge
print(judge("def f(x): return 3*x+1", [CallTest([3], 10)], entry_point="f").reward, flush=True)
judge("import time\\ndef f(x): time.sleep(60)", [CallTest([3], 10)], entry_point="f", timeout_s=60)
"""


def descendants(pid):
    rows = [line.split() for line in subprocess.check_output(["ps", "-eo", "pid,ppid"], text=True).splitlines()[1:]]
    found = {pid}
    for _ in range(4):
        found |= {int(child) for child, parent in rows if int(parent) in found}
    return found - {pid}


def test_nothing_outlives_a_killed_trainer():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ranks = [subprocess.Popen([sys.executable, "-c", RANK], stdout=subprocess.PIPE, env=environment) for _ in range(2)]
    assert [rank.stdout.readline() for rank in ranks] == [b"1.0\n"] * 2
    left = set()
    while len(left) < 4:  # an interpreter and a program for each
        left = set().union(*(descendants(rank.pid) for rank in ranks))
    for rank in ranks:
        rank.kill()
        rank.wait()
        rank.stdout.close()
    end = time.monotonic() + 10
    while left and time.monotonic() < end:
        left = {pid for pid in left if os.path.exists(f"/proc/{pid}")}
    assert not left
