"""Write a short Python function from a description or from examples; hidden tests in the sandbox decide."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from verigrad.tasks.generate import Dial, Draft, generate, read_dial
from verigrad.tasks.types import Split
from verigrad_rewards.structure import Structure
from verigrad_rewards.types import Problem

LEVELS = Dial(1, 6)
NUM_TESTS = 6
PROBE_NUMBERS = (-7, -2, 0, 1, 3, 10, 25)
PROBE_LISTS = ([], [1], [2], [-4, 3, 8, 9], [0, 5, 5, 6, 7, 2], [12, -1, 4, 10, 3, 1], list(range(-3, 13)))


@dataclass(frozen=True, slots=True)
class Spec:
    """A function to be written: what is asked, how to think of it, the code and what the code does."""

    question: str
    think: str
    expression: str
    run: Callable[[Any], Any]
    on_lists: bool = False


def signed(value: int) -> str:
    """Return ``+3``, ``-3``, or nothing for 0."""
    return f"{value:+d}" if value else ""


def steps(rng: random.Random, count: int) -> Spec:
    """Return ``count`` arithmetic steps in words: ``add 3, multiply by 2``."""
    words, stages, expression, sum_last = [], [], "x", False
    plan: list[tuple[str, int]] = []
    for _ in range(count):
        name = rng.choice([n for n in ("add", "subtract", "multiply by") if not plan or n != plan[-1][0]])
        plan.append((name, rng.randint(2, 9)))
    for name, k in plan:
        if name == "multiply by":
            expression, sum_last = (f"({expression})*{k}" if sum_last else f"{expression}*{k}"), False
        else:
            expression, sum_last = f"{expression}{'+' if name == 'add' else '-'}{k}", True
        words.append(f"{name} {k}")
        stages.append(expression)

    def run(x: int) -> int:
        for name, k in plan:
            x = {"add": x + k, "subtract": x - k, "multiply by": x * k}[name]
        return x

    return Spec("Write f(x): " + ", ".join(words), ",".join(stages), expression, run)


KEEPS: dict[str, tuple[str, Callable[[int, int], bool]]] = {
    "even": ("v%2==0", lambda v, k: v % 2 == 0),
    "odd": ("v%2==1", lambda v, k: v % 2 == 1),
    "above": ("v>{k}", lambda v, k: v > k),
    "below": ("v<{k}", lambda v, k: v < k),
}
FOLDS: dict[str, tuple[str, Callable[[list[int]], int]]] = {
    "sum": ("sum({each} for v in x if {keep})", sum),
    "count": ("len([{each} for v in x if {keep}])", len),
    "max": ("max([{each} for v in x if {keep}],default=0)", lambda items: max(items, default=0)),
}


def fold(rng: random.Random, mapped: bool) -> Spec:
    """Return a sum, count or maximum over the items of a list that pass a test: ``sum of even v in x``."""
    how, keep, k = rng.choice(list(FOLDS)), rng.choice(list(KEEPS)), rng.randint(0, 9)
    factor = rng.randint(2, 9) if mapped and how != "count" else 1
    each = f"v*{factor}" if factor > 1 else "v"
    test_text, test = KEEPS[keep]
    test_text = test_text.format(k=k)
    code, total = FOLDS[how]
    asked = f"{keep} {k}" if "k" in KEEPS[keep][0] else keep
    return Spec(
        f"Write f(x): {how} of {each} in x if v is {asked}" + (", or 0" if how == "max" else ""),
        f"{each},{test_text}",
        code.format(each=each, keep=test_text),
        lambda x: total([v * factor for v in x if test(v, k)]),
        on_lists=True,
    )


def line(rng: random.Random, largest_slope: int, inputs: list[int]) -> Spec:
    """Return a line to be found from its values at ``inputs``."""
    a, b = rng.randint(2, largest_slope), rng.randint(-largest_slope, 2 * largest_slope)
    p, q = inputs[:2]
    at_p, at_q = a * p + b, a * q + b
    shown = " ".join(f"f({x})={a * x + b}" for x in inputs)
    think = f"{at_q}-{at_p}={at_q - at_p}," if at_p >= 0 else f"{at_q}+{-at_p}={at_q - at_p},"
    if q - p > 1:
        think += f"{q}-{p}={q - p},{at_q - at_p}/{q - p}={a},"
    think += f"{a}*{p}={a * p},{at_p}-{a * p}={b}"
    return Spec(f"Find f(x): {shown}", think, f"{a}*x{signed(b)}", lambda x: a * x + b)


def draw_spec(rng: random.Random, level: int) -> Spec:
    """Return a function of ``level``: 1-2 from words, 3-4 also from examples, 5-6 longer and larger than those."""
    first = rng.randint(1, 4)
    near = [first, first + 1, first + 2]
    far = sorted(rng.sample(range(1, 10), 3))
    kinds: dict[int, list[Callable[[], Spec]]] = {
        1: [lambda: steps(rng, 2)],
        2: [lambda: steps(rng, 3), lambda: fold(rng, mapped=False)],
        3: [lambda: fold(rng, mapped=True), lambda: line(rng, 9, near)],
        4: [lambda: line(rng, 9, near), lambda: line(rng, 9, far)],
        5: [lambda: steps(rng, 4), lambda: line(rng, 12, far)],
        6: [lambda: steps(rng, 5), lambda: line(rng, 15, far)],
    }
    return rng.choice(kinds[level])()


def draw(rng: random.Random, level: int) -> Draft:
    """Return a function of ``level`` with hidden tests; its key is what it does, not how it is worded."""
    spec = draw_spec(rng, level)
    probes = PROBE_LISTS if spec.on_lists else PROBE_NUMBERS
    behaviour = [spec.run(probe) for probe in probes]
    if spec.on_lists:
        inputs: list[Any] = [[rng.randint(-9, 20) for _ in range(rng.randint(2, 7))] for _ in range(NUM_TESTS - 1)]
        inputs.append([])
    else:
        inputs = rng.sample(range(-40, 100), NUM_TESTS)
    info = {
        "entry_point": "f",
        "tests": [{"args": [x], "expected": spec.run(x)} for x in inputs],
        "level": level,
        "think": spec.think,
        "expression": spec.expression,
    }
    return Draft(f"functions {spec.on_lists} {behaviour}", spec.question, info=info)


def load(
    split: Split, seed: int, limit: int | None, *, difficulty: Any = (1, 4), ood_difficulty: Any = (5, 6)
) -> list[Problem]:
    """Return functions of levels ``difficulty``; the out-of-distribution split has levels ``ood_difficulty``."""
    dial = read_dial("functions", ood_difficulty if split is Split.OOD else difficulty, LEVELS)
    return generate("functions", draw, split, seed, limit, dial)


def program(expression: str) -> str:
    """Return the function whose body is ``expression``."""
    return f"def f(x):\n    return {expression}"


def solve(problem: Problem) -> Structure:
    """Return the worked solution and the program."""
    return Structure(problem.info["think"], program(problem.info["expression"]))
