import os
import statistics
import time
from pathlib import Path

import attacks
import pytest

from verigrad_rewards.code import AssertTest, CallTest, Job, Judge, StdioTest

PROGRAMS, BLOCK, ENDS = 10_000, 100, 10
RIGHT = [
    Job("def f(x): return 3*x+1", attacks.CALLS, "f"),
    Job("c = []\ndef f(x):\n  c.append(x)\n  return 3*sum(c)+1", attacks.CALLS, "f"),
    Job("import re, collections\ndef f(x): return dict(collections.Counter(re.findall('.', x)))",
        [CallTest(["abca"], {"a": 2, "b": 1, "c": 1})], "f"),
    Job("print(sum(map(int, input().split())))", attacks.SUMS),
    Job("open('x', 'w').write(input())\nprint(len(open('x').read()))", [StdioTest("a" * 10**5, str(10**5))]),
    Job("def f(x): return sorted(x)", [AssertTest("assert f([2, 1]) == [1, 2]")], "f"),
]  # fmt: skip


def resident_kb(pid):
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0])


def used_s(pid):
    """Return the processor seconds of a process and its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
def test_ten_thousand_programs_leave_the_judge_as_it_was():
    hostile = [Job(a.program, a.tests, "f", 1.0) for a in attacks.ATTACKS if not (a.told or a.machine)]
    costs, sizes, handles = [], [], len(os.listdir("/proc/self/fd"))
    with Judge(workers=1) as judge:
        judge.layers()
        worker = judge.idle.get()
        judge.idle.put(worker)
        for block in range(PROGRAMS // BLOCK):
            jobs = [
                hostile[(block * 7 + i) % len(hostile)] if i % 3 == 0 else RIGHT[i % len(RIGHT)] for i in range(BLOCK)
            ]
            before = time.process_time() + used_s(worker.process.pid)
            verdicts = [judge.judge(job) for job in jobs]
            costs.append(time.process_time() + used_s(worker.process.pid) - before)
            sizes.append((resident_kb("self"), resident_kb(worker.process.pid)))
            assert [v.reward for v in verdicts] == [float(i % 3 != 0) for i in range(BLOCK)]
    assert statistics.median(costs[-ENDS:]) < 1.1 * statistics.median(costs[:ENDS])
    for size in zip(*sizes, strict=True):
        assert size[-1] < 1.1 * size[ENDS]
    assert len(os.listdir("/proc/self/fd")) == handles
    assert not Path(f"/proc/{worker.process.pid}").exists()
