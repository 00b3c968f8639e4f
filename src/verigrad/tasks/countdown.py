"""Countdown: reach the target with each of the given numbers used exactly once (the TinyZero task)."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from verigrad.tasks.generate import Dial, Draft, generate, read_dial
from verigrad.tasks.types import Split
from verigrad_rewards.structure import Structure
from verigrad_rewards.types import Problem, ProblemError

LEVELS = Dial(2, 5)  # a level is how many numbers are given
LARGEST_NUMBER = 20
LARGEST_TARGET = 99


@dataclass(frozen=True, slots=True)
class Term:
    """A number reached so far: its value, the expression that gives it, and whether that is a sum."""

    value: int
    text: str
    loose: bool = False

    def grouped(self) -> str:
        """Return the text as it must stand beside ``*`` or ``/``."""
        return f"({self.text})" if self.loose else self.text


def combine(a: Term, b: Term) -> Iterator[Term]:
    """Yield what one operation makes of two terms, in whole numbers of 0 and more."""
    big, small = (a, b) if a.value >= b.value else (b, a)
    yield Term(a.value + b.value, f"{a.text}+{b.text}", True)
    right = f"({small.text})" if small.loose else small.text
    yield Term(big.value - small.value, f"{big.text}-{right}", True)
    yield Term(a.value * b.value, f"{a.grouped()}*{b.grouped()}")
    if small.value and big.value % small.value == 0:
        # a product below the line needs brackets: 12/2*3 is not 12/(2*3)
        below = f"({small.text})" if not small.text.isdigit() else small.text
        yield Term(big.value // small.value, f"{big.grouped()}/{below}")


def reach(terms: list[Term]) -> Iterator[Term]:
    """Yield every term that uses all of ``terms``, in a fixed order."""
    if len(terms) == 1:
        yield terms[0]
        return
    for i, j in itertools.combinations(range(len(terms)), 2):
        rest = [term for k, term in enumerate(terms) if k not in (i, j)]
        for made in combine(terms[i], terms[j]):
            yield from reach([made, *rest])


def draw(rng: random.Random, level: int) -> Draft:
    """Return ``level`` numbers and a target that they can reach."""
    while True:
        terms = [Term(n, str(n)) for n in (rng.randint(1, LARGEST_NUMBER) for _ in range(level))]
        rng.shuffle(terms)
        numbers = [term.value for term in terms]
        while len(terms) > 1:  # one random way through the tree instead of all of them
            a = terms.pop(rng.randrange(len(terms)))
            b = terms.pop(rng.randrange(len(terms)))
            terms.append(rng.choice(list(combine(a, b))))
        target = terms[0].value
        if 1 <= target <= LARGEST_TARGET and target not in numbers:
            question = f"Make {target} from {' '.join(map(str, numbers))}"
            info = {"numbers": numbers, "target": target, "level": level}
            return Draft(f"countdown {sorted(numbers)} {target}", question, info=info)


def load(
    split: Split, seed: int, limit: int | None, *, difficulty: Any = (3, 3), ood_difficulty: Any = (4, 4)
) -> list[Problem]:
    """Return problems with ``difficulty`` numbers; the out-of-distribution split has ``ood_difficulty`` numbers."""
    dial = read_dial("countdown", ood_difficulty if split is Split.OOD else difficulty, LEVELS)
    return generate("countdown", draw, split, seed, limit, dial)


def solve(problem: Problem, tries: int = 4) -> Structure:
    """Return a search: up to ``tries`` expressions with their values, the last one being the answer.

    Traces that contain failed tries teach search better than straight solutions do (arXiv 2404.03683).
    """
    target = problem.info["target"]
    rng = random.Random(problem.id)
    ways = list(reach([Term(n, str(n)) for n in problem.info["numbers"]]))
    hits = [way for way in ways if way.value == target]
    if not hits:
        raise ProblemError(f"{problem.id}: {problem.info['numbers']} cannot reach {target}")
    near = sorted({w.text: w for w in ways if w.value != target}.values(), key=lambda w: abs(w.value - target))
    failed = rng.sample(near[: 4 * tries], min(rng.randint(0, tries - 1), len(near)))
    answer = min(hits, key=lambda way: (len(way.text), way.text))
    return Structure(",".join(f"{way.text}={way.value}" for way in [*failed, answer]), answer.text)
