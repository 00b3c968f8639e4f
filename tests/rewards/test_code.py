import os
import threading

import pytest

from verigrad_rewards import Problem, ProblemError, Response, Status
from verigrad_rewards.code import CallTest, Job, Judge, StdioTest, code_tests, judge, read_tests
from verigrad_rewards.code.wire import WireError, pack, same, unpack

TESTS = [CallTest([3], 10), CallTest([-1], -2), CallTest([0], 1)]
PRINT = [StdioTest("1 2 3\n", "6\n")]


def run(program, tests=TESTS, timeout_s=1.0):
    return judge(program, tests, entry_point="f", timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        ("def f(x):\n    return 3*x+1", TESTS),
        ("f = lambda x: 3*x+1", TESTS),
        ("import math, collections\ndef f(x):\n    print('noise')\n    return 3*x+1", TESTS),
        ("def f(x): return 3.0*x+1", TESTS),
        ("import threading\ndef f(x):\n    t=threading.Thread(target=int); t.start(); t.join(); return 3*x+1", TESTS),
        ("def f(a, b=1): return {a: [b, (1, None)]}", [CallTest(["k"], {"k": [2, (1, None)]}, {"b": 2})]),
        ("import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))", PRINT),
        ("print(sum(map(int, input().split())), '  ')\nexit()", PRINT),
    ],
)
def test_right_programs_pass(program, tests):
    verdict = run(program, tests)
    assert verdict.status is Status.CORRECT, verdict.detail


HOSTILE = {
    "exit before": "import os; os._exit(0)",
    "exit inside": "import sys\ndef f(x): sys.exit(0)",
    "hard exit inside": "import os\ndef f(x): os._exit(0)",
    "equal to everything": "class E(int):\n  def __eq__(s, o): return True\ndef f(x): return E(1)",
    "patched json": "import json\njson.dumps = lambda *a, **k: '{\"value\": true}'\ndef f(x): return 0",
    "patched packing": "import sys\nfor m in list(sys.modules.values()):\n  try: m.pack = lambda *a: True\n"
    "  except Exception: pass\ndef f(x): return 0",
    "patched builtins": "import builtins\nbuiltins.all = builtins.map = lambda *a: True\ndef f(x): return 0",
    "forged results": 'import os\nfor i in range(3, 32):\n  try: os.write(i, b\'{"value": {"int": "0xa"}}\\n\' * 9)\n'
    "  except OSError: pass\ndef f(x): return 0",
    "garbage results": "import os\nfor i in range(3, 32):\n  try: os.write(i, b'\\xff[[[' * 99 + b'\\n')\n"
    "  except OSError: pass\ndef f(x): return 3*x+1",
    "frames": "import sys\ndef f(x):\n  g = sys._getframe()\n  while g:\n    for v in g.f_locals.values():\n"
    "      if getattr(v, 'expected', None): return v.expected\n    g = g.f_back",
    "garbage collector": "import gc\ndef f(x): return [o for o in gc.get_objects() if type(o) is dict and 'expected' in o]",
    "files": "def f(x): return open('/proc/self/environ').read()",
    "parent memory": "import os\ndef f(x): return open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
    "write": "def f(x): open('/tmp/verigrad-leak', 'w').write('x'); return 3*x+1",
    "chmod": "import os\ndef f(x): os.chmod('/tmp', 0); return 3*x+1",
    "symlink": "import os\ndef f(x): os.symlink('/etc', '/tmp/verigrad-link'); return 3*x+1",
    "kill": "import os\ndef f(x): os.kill(os.getppid(), 9); return 3*x+1",
    "fork": "import os\ndef f(x): os.fork(); return 3*x+1",
    "spawn": "import subprocess\ndef f(x): subprocess.run(['true']); return 3*x+1",
    "socket": "import socket\ndef f(x): socket.socket(); return 3*x+1",
    "memory": "def f(x): return [0] * 10**10",
    "recursion": "def f(x): return f(x)",
    "segfault": "import ctypes\ndef f(x): ctypes.string_at(0)",
    "huge result": "def f(x): return 'x' * 10**8",
    "deep result": "def f(x):\n  a = []\n  for _ in range(10**5): a = [a]\n  return a",
    "surrogate": "def f(x): return '\\ud800'",
    "huge integer": "def f(x): return 10**10**5",
    "nan": "def f(x): return float('nan')",
    "bool for int": "def f(x): return True",
    "right then wrong": "def f(x, c=[]):\n  c.append(1)\n  return 10 if len(c) == 1 else 0",
    "public test only": "def f(x): return {3: 10}[x]",
    "nul": "def f(x): return 3*x+1 # \0",
    "deep nesting": "(" * 10_000,
    "no function": "g = 1",
    "syntax": "def f(x) return",
    "generator": "def f(x): yield 10",
}


@pytest.mark.parametrize("program", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_programs_earn_nothing(program):
    verdict = run(program)
    assert verdict.reward == 0.0
    assert not os.path.exists("/tmp/verigrad-leak")
    assert not os.path.lexists("/tmp/verigrad-link")


@pytest.mark.parametrize(
    "program", ["while True: pass", "import time\ndef f(x): time.sleep(9)", "sum(x for x in iter(int, 1))"]
)
def test_endless_programs_are_ended(program):
    verdict = run(program, timeout_s=0.3)
    assert (verdict.reward, verdict.status) == (0.0, Status.TIMEOUT)


@pytest.mark.parametrize(
    "program",
    ["print(6); import os; os._exit(1)", "print(6); 1/0", "print(6, 7)", "print(6); print(0)", "", "print('6\\n' * 2)",
     "while True: print('x' * 10**6)"],
)  # fmt: skip
def test_printed_output_must_equal_the_whole(program):
    assert run(program, PRINT).reward == 0.0


def test_sandbox_leaves_its_caller_alone_and_knows_nothing_of_it(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    program = "import os, sys\ndef f(): return ['SECRET_TOKEN' in os.environ, 'torch' in sys.modules]"
    with Judge(workers=1) as fresh:
        assert fresh.judge(Job(program, [CallTest([], [False, False])], "f")).reward == 1.0


def test_judge_in_threads_and_after_fork():
    right: list[float] = []

    def work(k):
        for i in range(5):
            verdict = judge(f"def f(x): return x*{k}", [CallTest([i], i * k)], entry_point="f")
            right.append(verdict.reward)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [1.0] * 20
    child = os.fork()
    if child == 0:
        os._exit(0 if run("def f(x): return 3*x+1").reward == 1.0 else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_judge_many_keeps_order_and_replaces_a_dead_worker():
    with Judge(workers=2) as pool:
        first = pool.idle.get()
        os.kill(first.process.pid, 9)
        pool.idle.put(first)
        jobs = [Job(f"def f(x): return {i}", [CallTest([0], i % 2)], "f") for i in range(6)]
        assert [v.reward for v in pool.judge_many(jobs)] == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "found no tests"),
        (None, "found no tests"),
        ([{"args": [1]}], "test 0: found"),
        ([{"args": 1, "expected": 2}], "test 0: found"),
        ([{"args": [1], "expected": 1}, {"stdin": "", "stdout": ""}], "mixed"),
    ],
)
def test_bad_tests_are_errors(rows, why):
    with pytest.raises(ProblemError, match=why):
        read_tests(rows, "p/1")


def reward(text):
    info = {"tests": [{"args": [2], "expected": 4}], "entry_point": "f"}
    return code_tests(Problem("p/1", "q", info=info), Response(text))


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("<think>x</think><answer>def f(x): return x*2</answer>", Status.CORRECT),
        ("<think>x</think><answer>\n```python\ndef f(x): return x*2\n```\n</answer>", Status.CORRECT),
        ("<think>x</think>Here:\n```python\ndef f(x): return x*2\n```", Status.CORRECT),
        ("<think><answer>def f(x): return x*2</answer></think>", Status.NO_ANSWER),
        ("<think>x</think>def f(x): return x*2", Status.NO_ANSWER),
        ("<answer>def f(x): return x*2</answer><answer>x</answer>", Status.WRONG),
        ("<answer>def f(x): return x*3</answer>", Status.WRONG),
    ],
)
def test_program_is_taken_from_the_answer(text, status):
    assert reward(text).status is status


@pytest.mark.parametrize(
    ("found", "expected", "equal"),
    [
        (1, 1.0, True), (True, 1, False), (1, True, False), ("1", 1, False), ([1], (1,), False), ((1,), (1,), True),
        (0.1 + 0.2, 0.3, True), (0.3001, 0.3, False), (float("nan"), float("nan"), False), ([1, 2], [1], False),
        ({1, 2}, {2, 1}, True), ({"a": 1}, {"a": 1.0}, True), ({"a": 1}, {"a": True}, False), (None, 0, False),
        (10**400, 1.0, False), (2**53 + 1, 2**53, False),
    ],
)  # fmt: skip
def test_values_are_compared_with_their_types(found, expected, equal):
    assert same(found, expected) is equal


def test_wire_keeps_plain_values_and_refuses_others():
    value = {"a": [1, (2.5, None), {3, "x"}], (1, 2): frozenset({True}), "big": 10**5000}
    assert unpack(pack(value)) == value
    with pytest.raises(WireError, match="object is not plain data"):
        pack(object())
