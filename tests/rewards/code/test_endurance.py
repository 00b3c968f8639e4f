import os
import statistics
import time
from pathlib import Path

import attacks
import pytest

from verigrad_rewards.code import AssertTest, CallTest, Job, Judge, StdioTest

PROGRAMS, BLOCK, ROUNDS = 10_000, 100, 15
RIGHT = [
    Job("def f(x): return 3*x+1", attacks.CALLS, "f"),
    Job("c = []\ndef f(x):\n  c.append(x)\n  return 3*sum(c)+1", attacks.CALLS, "f"),
    Job("import re, collections\ndef f(x): return dict(collections.Counter(re.findall('.', x)))",
        [CallTest(["abca"], {"a": 2, "b": 1, "c": 1})], "f"),
    Job("print(sum(map(int, input().split())))", attacks.SUMS),
    Job("open('x', 'w').write(input())\nprint(len(open('x').read()))", [StdioTest("a" * 10**5, str(10**5))]),
    Job("def f(x): return sorted(x)", [AssertTest("assert f([2, 1]) == [1, 2]")], "f"),
]  # fmt: skip


HOSTILE = [Job(a.program, a.tests, "f", 1.0) for a in attacks.ATTACKS if not (a.told or a.machine)]


def resident_kb(pid):
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0])


def used_s(pid):
    """Return the processor seconds of a process and its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def mixed(block):
    """Return programs of which every third is hostile, and what each earns."""
    jobs = [HOSTILE[(block * 7 + i) % len(HOSTILE)] if i % 3 == 0 else RIGHT[i % len(RIGHT)] for i in range(BLOCK)]
    return jobs, [float(i % 3 != 0) for i in range(BLOCK)]


def cost_s(judge, block):
    """Return the processor seconds, judge and programs together, that a block of programs takes."""
    judge.layers()  # the worker is there
    worker = judge.idle.get()
    judge.idle.put(worker)
    jobs, earned = mixed(block)
    before = time.process_time() + used_s(worker.process.pid)
    assert [judge.judge(job).reward for job in jobs] == earned
    return time.process_time() + used_s(worker.process.pid) - before, resident_kb(worker.process.pid)


@pytest.mark.slow
def test_ten_thousand_programs_leave_the_judge_as_it_was():
    handles, sizes = len(os.listdir("/proc/self/fd")), []
    with Judge(workers=1) as old, Judge(workers=1) as fresh:
        for block in range(PROGRAMS // BLOCK):
            sizes.append((resident_kb("self"), cost_s(old, block)[1]))
        ratios = [cost_s(old, block)[0] / cost_s(fresh, block)[0] for block in range(ROUNDS)]
    assert statistics.median(ratios) < 1.1
    for size in zip(*sizes, strict=True):
        assert size[-1] < 1.1 * size[len(sizes) // 10]
    assert len(os.listdir("/proc/self/fd")) == handles
