"""The jailed judge against what a user would pick instead, in paired rounds of one run.

Prints one line per peer: name, ratio of programs per second (ours / theirs), lowest and highest of the rounds, number
of rounds. The peers run the same program and the same assertions, without a jail:

- ``fresh``: a new ``python -I -S`` for every program, with the modules imported that our interpreter has ready;
- ``human_eval``: the steps of human-eval's ``check_correctness`` (github.com/openai/human-eval, execution.py), written
  anew: a manager, a fork of the caller, functions of ``os`` and others taken away, a folder, an alarm, ``exec``.

Then what a program costs us: processor time of judge, interpreter and program together, and the slowest in a hundred;
also for the reference solutions of HumanEval where its file, ``humaneval.jsonl.gz``, is named as an argument.
"""

import contextlib
import gzip
import io
import json
import multiprocessing
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from verigrad_rewards.code import AssertTest, CallTest, Job, Judge

PROGRAM = "import math, re, collections\ndef f(x):\n    return 3*x+1"
CHECK = "def check(candidate):\n" + "\n".join(f"    assert candidate({x}) == {3 * x + 1}" for x in range(4))
CALLS = [CallTest([x], 3 * x + 1) for x in range(4)]
MODULES = (
    "array ast bisect collections contextlib copy dataclasses datetime decimal enum fractions functools heapq io "
    "itertools json math operator random re statistics string textwrap threading typing"
).replace(" ", ", ")
PROGRAMS, ROUNDS = 60, 7


def fresh() -> bool:
    """Judge the program in a new interpreter, the assertions beside it."""
    source = f"import {MODULES}\n{PROGRAM}\n{CHECK}\ncheck(f)"
    return subprocess.run([sys.executable, "-I", "-S", "-c", source], check=False).returncode == 0


def human_eval(timeout_s: float = 3.0) -> bool:
    """Judge the program in a fork of this process, which says by a manager's list what became of it."""
    with multiprocessing.Manager() as manager:
        said = manager.list()
        process = multiprocessing.Process(target=in_fork, args=(said, timeout_s))
        process.start()
        process.join(timeout_s + 1)
        if process.is_alive():
            process.kill()
        return list(said) == ["passed"]


def in_fork(said: Any, timeout_s: float) -> None:
    """Run program and assertions in a folder of their own, within an alarm and without dangerous functions."""
    folder = tempfile.mkdtemp()
    kept = {name: getattr(os, name) for name in ("chdir", "rmdir", "unlink")}
    back, remove = Path.cwd(), shutil.rmtree
    os.chdir(folder)
    for module, names in (
        (os, "kill system fork remove rename rmdir chdir chmod chown unlink"),
        (shutil, "rmtree move"),
    ):
        for name in names.split():
            setattr(module, name, None)
    subprocess.Popen = None  # type: ignore[assignment, misc]
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(f"{PROGRAM}\n{CHECK}\ncheck(f)", {})
        said.append("passed")
    except BaseException as error:
        said.append(f"failed: {error}")
    signal.setitimer(signal.ITIMER_REAL, 0)
    for name, function in kept.items():
        setattr(os, name, function)
    os.chdir(back)
    remove(folder)


def rate(run: Callable[[], bool]) -> float:
    """Return programs per second over ``PROGRAMS`` runs, each of which must judge the program right."""
    started = time.perf_counter()
    for _ in range(PROGRAMS):
        if not run():
            raise SystemExit("a right program was judged wrong")
    return PROGRAMS / (time.perf_counter() - started)


def processor_seconds() -> float:
    """Return what this process and its ended children have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def cost(jobs: Sequence[Job], workers: int = 1) -> str:
    """Return what right programs cost: processor time of each, programs per second, and the slowest percent.

    The start of the workers is left out: it is measured by judging one program with workers of its own.
    """
    with Judge(workers) as judge:
        judge.judge_many(jobs[:workers])
    before = processor_seconds()
    with Judge(workers) as judge:
        judge.judge_many(jobs[:workers])
    start = processor_seconds() - before
    with Judge(workers) as judge, ThreadPoolExecutor(workers) as threads:
        judge.judge_many(jobs[:workers])
        begun = time.perf_counter()
        seconds = list(threads.map(lambda job: timed(judge, job), jobs))
        wall = time.perf_counter() - begun
    each = (processor_seconds() - before - 2 * start) / len(jobs)
    slow = statistics.quantiles(seconds, n=100)[-1]
    return (
        f"{each * 1e3:.1f} ms processor time each, {len(jobs)} in {wall:.2f} s with {workers}, p99 {slow * 1e3:.0f} ms"
    )


def timed(judge: Judge, job: Job) -> float:
    """Return the seconds that a right program takes."""
    begun = time.perf_counter()
    if judge.judge(job).reward != 1:
        raise SystemExit("a right program was judged wrong")
    return time.perf_counter() - begun


def human_eval_jobs(file: str) -> list[Job]:
    """Return the reference solutions of HumanEval's rows with their checks."""
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    return [
        Job(row["prompt"] + row["canonical_solution"], [AssertTest(row["test"], row["prompt"])], row["entry_point"])
        for row in rows
    ]


def main() -> None:
    """Measure in rounds, one after the other, and print the ratios and the costs."""
    checked, called = Job(PROGRAM, [AssertTest(CHECK)], "f"), Job(PROGRAM, CALLS, "f")
    with Judge(workers=1) as judge:
        for name, peer, job in (
            ("fresh", fresh, called),
            ("fresh_assert", fresh, checked),
            ("human_eval", human_eval, called),
            ("human_eval_assert", human_eval, checked),
        ):
            ratios = [rate(lambda job=job: judge.judge(job).reward == 1) / rate(peer) for _ in range(ROUNDS)]
            print(f"code_judge_{name} {statistics.median(ratios):.2f} {min(ratios):.2f} {max(ratios):.2f} {ROUNDS}")
    print(f"code_judge_cost four calls: {cost([called] * 400)}")
    print(f"code_judge_cost four assertions: {cost([checked] * 400)}")
    for file in sys.argv[1:]:
        print(f"code_judge_cost {Path(file).name}: {cost(human_eval_jobs(file), workers=2)}")


if __name__ == "__main__":
    main()
