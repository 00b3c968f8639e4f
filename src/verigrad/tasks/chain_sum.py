"""Running sums and differences: reliable step by step, unreliable at a glance."""

import random
from itertools import accumulate
from typing import Any

from verigrad.tasks.generate import Dial, Draft, generate, read_dial
from verigrad.tasks.types import Split
from verigrad_rewards.structure import Structure
from verigrad_rewards.types import Problem

LEVELS = Dial(2, 12)  # a level is the number of terms
LARGEST_TERM = 20


def draw(rng: random.Random, level: int) -> Draft:
    """Return a sum of ``level`` signed terms whose running value never falls below 0."""
    terms = [rng.randint(1, LARGEST_TERM)]
    while len(terms) < level:
        size = rng.randint(1, LARGEST_TERM)
        terms.append(-size if rng.random() < 0.5 and sum(terms) >= size else size)
    question = "".join(f"{term:+d}" for term in terms).removeprefix("+") + "=?"
    key = f"chain_sum {sorted(terms)}"  # the order of terms does not change the sum
    return Draft(key, question, str(sum(terms)), {"terms": terms, "level": level})


def load(
    split: Split, seed: int, limit: int | None, *, difficulty: Any = (3, 6), ood_difficulty: Any = (7, 8)
) -> list[Problem]:
    """Return sums of ``difficulty`` terms; the out-of-distribution split has ``ood_difficulty`` terms."""
    dial = read_dial("chain_sum", ood_difficulty if split is Split.OOD else difficulty, LEVELS)
    return generate("chain_sum", draw, split, seed, limit, dial)


def solve(problem: Problem) -> Structure:
    """Return the worked solution: one addition or subtraction a step, ``7+5=12,12-3=9``."""
    terms = problem.info["terms"]
    totals = list(accumulate(terms))
    steps = [
        f"{before}{term:+d}={after}" for before, term, after in zip(totals[:-1], terms[1:], totals[1:], strict=True)
    ]
    return Structure(",".join(steps), problem.answer)
