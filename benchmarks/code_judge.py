"""The jailed judge against a fresh ``python -I -S`` process per program, without a jail: programs per second, paired.

Prints one line: name, ratio (ours / theirs), lowest and highest of the pairs, number of pairs.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from verigrad_rewards.code import CallTest, Job, Judge

PROGRAM = "import math, re, collections\ndef f(x):\n    return 3*x+1"
TESTS = [CallTest([x], 3 * x + 1) for x in range(4)]
PROGRAMS, PAIRS = 100, 5


def rate(run: Callable[[], bool]) -> float:
    """Return programs per second over ``PROGRAMS`` runs, each of which must judge the program right."""
    started = time.perf_counter()
    for _ in range(PROGRAMS):
        if not run():
            raise SystemExit("a right program was judged wrong")
    return PROGRAMS / (time.perf_counter() - started)


def fresh() -> bool:
    """Judge the program in a new interpreter, the tests beside it."""
    checks = "\n".join(f"assert f({t.args[0]}) == {t.expected}" for t in TESTS)
    return subprocess.run([sys.executable, "-I", "-S", "-c", f"{PROGRAM}\n{checks}"], check=False).returncode == 0


def main() -> None:
    """Measure pairs, one after the other, and print their ratio."""
    with Judge(workers=1) as judge:
        ratios = [rate(lambda: judge.judge(Job(PROGRAM, TESTS, "f")).reward == 1) / rate(fresh) for _ in range(PAIRS)]
    print(f"code_judge {statistics.median(ratios):.2f} {min(ratios):.2f} {max(ratios):.2f} {PAIRS}")


if __name__ == "__main__":
    main()
