"""The math verifier against math-verify on the same pairs of gold answer and response: pairs per CPU second, paired.

The pairs are those of the repository's own tests without the huge numbers, each answer once in a box. Prints two lines:
``name ratio (ours / theirs) low high n`` over paired rounds, and how many verdicts each gets right.
"""

import importlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import math_verify

from verigrad_rewards.math import verify

TESTS = Path(__file__).parents[1] / "tests" / "rewards" / "math"
MODULES = ("test_numbers", "test_expressions", "test_relations", "test_collections", "test_words")
LEFT_OUT = ("LARGE",)  # towers of powers, on which math-verify runs to its five-second alarm
ROUNDS = 5
Pair = tuple[str, str, bool]


def load_pairs() -> list[Pair]:
    """Return ``(gold, response, right)`` of every table row that the tests hold."""
    sys.path.insert(0, str(TESTS))
    table = importlib.import_module("table")
    pairs = []
    for name in MODULES:
        for title, value in vars(importlib.import_module(name)).items():
            if title.isupper() and title not in LEFT_OUT and isinstance(value, list):
                pairs += [(g, f"So it is $\\boxed{{{a}}}$.", right) for g, a, right in table.cases(value)]
    return pairs


def ours(gold: str, response: str) -> bool:
    """Return our verdict."""
    return verify(response, gold).reward == 1


def theirs(gold: str, response: str) -> bool:
    """Return math-verify's verdict, as its README calls it."""
    return bool(math_verify.verify(math_verify.parse(f"${gold}$"), math_verify.parse(response)))


def measure(judge: Callable[[str, str], bool], pairs: list[Pair], passes: int = 1) -> tuple[float, int]:
    """Return pairs per CPU second over ``passes``, our caches emptied before each, and how many verdicts are right."""
    spent, right = 0.0, 0
    for _ in range(passes):
        empty_caches()
        started = time.process_time()
        right = sum(judge(gold, response) is expected for gold, response, expected in pairs)
        spent += time.process_time() - started
    return passes * len(pairs) / spent, right


def empty_caches() -> None:
    """Forget every answer read before."""
    for name in ("parse.read", "verify"):
        for function in vars(importlib.import_module(f"verigrad_rewards.math.{name}")).values():
            if hasattr(function, "cache_clear"):
                function.cache_clear()


def main() -> None:
    """Measure both in turn; ours takes several passes, since one lasts a fraction of a second."""
    pairs = load_pairs()
    ratios, rates = [], []
    our_right = their_right = 0
    for _ in range(ROUNDS):
        our_rate, our_right = measure(ours, pairs, passes=10)
        their_rate, their_right = measure(theirs, pairs)
        ratios.append(our_rate / their_rate)
        rates.append(our_rate)
    print(f"math_verifier {statistics.median(ratios):.1f} {min(ratios):.1f} {max(ratios):.1f} {ROUNDS}")
    right = f"{our_right}/{len(pairs)}, math-verify {their_right}/{len(pairs)}"
    print(f"math_verifier_right {right}; ours {statistics.median(rates):.0f} pairs per CPU second")


if __name__ == "__main__":
    main()
