"""Decide whether two expressions are the same: structure, exact value, identity in a field, then many digits."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verigrad_rewards.math.compare import modular
from verigrad_rewards.math.compare.exact import MAX_BITS, bits, exact
from verigrad_rewards.math.compare.functions import DomainError, UndefinedError
from verigrad_rewards.math.compare.numeric import Evaluator
from verigrad_rewards.math.parse.tree import Node, canonical, contains, size, symbols

DIGITS = 50
SURE_DIGITS = 30  # digits two values must share beyond the smallest number in them
MAX_DIGITS = 2_500
MAX_NODES = 400  # of an expression that is evaluated to many digits
MIN_SHOWN = 4  # significant digits of a decimal that answers a number which no decimal equals
_STEPS = frozenset(("floor", "ceil", "mod", "abs", "max", "min", "sgn"))
FLOAT_DIGITS = 15
HUGE_BITS = 100
# more points for functions that bend: large, of mixed signs, whole numbers (where both ends are the same)
STEP_RANGES = (
    (1, 20, 200),
    (-1, 20, 200),
    (0, 20, 200),
    (0, 5, 50),
    (0, 0.3, 2.5),
    (0, 0.3, 9),
    (1, 2000, 9000),
    (1, 4, 4),
    (-1, 3, 3),
)
LONG = 7  # significant digits from which a decimal counts as cut off rather than exact


@dataclass(frozen=True, slots=True)
class Shown:
    """A number written as a decimal: its value, the worth of its last digit, and its significant digits."""

    value: Fraction
    unit: Fraction
    digits: int


def shown(node: Node) -> Shown | None:
    """Return what a written decimal shows, ``4.50 × 10^3`` included; None for anything else."""
    if node.op in ("dec", "cut"):
        value, exponent = node.value
        unit = Fraction(10) ** exponent
        if node.op == "cut":  # the number lies up to one digit higher
            return Shown(value + unit / 2, unit, len(str(abs(int(value / unit)))))
        return Shown(value, unit, len(str(abs(int(value / unit)))))
    if node.op != "mul":
        return None
    parts = [shown(arg) for arg in node.args]
    decimals = [part for part in parts if part is not None]
    rest = [exact(arg) for arg, part in zip(node.args, parts, strict=True) if part is None]
    if len(decimals) != 1 or any(value is None or not power_of_ten(abs(value)) for value in rest):
        return None
    scale = Fraction(1)
    for value in rest:
        scale *= value or 1
    return Shown(decimals[0].value * scale, decimals[0].unit * abs(scale), decimals[0].digits)


def power_of_ten(value: Fraction) -> bool:
    """Whether ``value`` is 10 to a whole power."""
    if value <= 0 or bits(value) > MAX_BITS:
        return False
    whole = value.numerator if value.denominator == 1 else value.denominator
    return 1 in (value.numerator, value.denominator) and set(str(whole)[1:]) <= {"0"} and str(whole)[0] == "1"


def same(a: Node, b: Node, *, rounded: bool = False) -> bool:
    """Whether two expressions have the same value wherever both have one.

    Args:
        a: an expression.
        b: another.
        rounded: whether a decimal may answer any number it is the rounding of, ``0.33`` for ``1/3``.
    """
    if a == b:
        return True
    left, right = exact(a), exact(b)
    if left is not None and left == right:
        return True
    first, second = shown(a), shown(b)
    if left is not None and right is not None:
        return cut_off(first, second, left, right, rounded)
    if (decimal := first or second) is not None:
        other = b if first is not None else a
        return not symbols(other) and rounds_to(other, decimal, rounded)
    if canonical(a) == canonical(b):
        return True
    return decide(a, b)


def cut_off(a: Shown | None, b: Shown | None, left: Fraction, right: Fraction, rounded: bool) -> bool:
    """Whether one decimal is the rounding of the other, a long one; with ``rounded`` of any number."""
    if rounded:
        return any(s is not None and s.digits >= 2 and abs(left - right) * 2 <= s.unit for s in (a, b))
    if a is None or b is None:
        return False
    short, long = sorted((a, b), key=lambda s: s.digits)
    rounded_off = short.digits >= MIN_SHOWN and long.digits >= LONG and short.unit > long.unit <= Fraction(1, 10_000)
    return rounded_off and (short.value / short.unit) % 10 != 0 and abs(left - right) * 2 <= short.unit


def rounds_to(node: Node, decimal: Shown, rounded: bool) -> bool:
    """Whether ``decimal`` is the value of an irrational number, rounded to the digits it shows."""
    if decimal.digits < (2 if rounded else MIN_SHOWN) or size(node) > MAX_NODES:
        return False
    evaluator = Evaluator(DIGITS + decimal.digits, {}, real=False)
    try:
        value = evaluator.value(node)
    except UndefinedError:
        return False
    if abs(evaluator.mp.im(value)) > abs(value) * evaluator.mp.mpf(10) ** -DIGITS:
        return False
    allowed = max(decimal.unit, abs(decimal.value) / 10**FLOAT_DIGITS)  # a printed float is exact to so many digits
    return bool(abs(evaluator.mp.re(value) - evaluator.number(decimal.value)) * 2 <= evaluator.number(allowed))


def decide(a: Node, b: Node) -> bool:
    """Decide an identity: exactly in a prime field if both sides are rational functions, else by many digits."""
    seed = hashlib.sha256("\0".join(sorted((repr(a), repr(b)))).encode(errors="surrogatepass")).digest()
    verdict = same_in_field(a, b, seed)
    if verdict is not None and not (verdict and (huge(a) or huge(b))):
        return verdict
    if size(a) > MAX_NODES or size(b) > MAX_NODES:
        return False
    return same_in_digits(a, b, seed) if verdict is None else not differ(a, b, seed)


def differ(a: Node, b: Node, seed: bytes) -> bool:
    """Whether the digits of two expressions differ at some point."""
    names = sorted(symbols(a) | symbols(b))
    places = points(names, seed, False) if names else iter([{}])
    return any(same_at(point, a, b, real=False) is False for point in places)


def huge(node: Node) -> bool:
    """Whether a number as large as the field's prime comes out of a part of a tree: the field proves less then."""
    value = exact(node)
    return (value is not None and bits(value) > HUGE_BITS) or any(map(huge, node.args))


def same_in_field(a: Node, b: Node, seed: bytes) -> bool | None:
    """Return whether two rational functions are the same; None where one is no rational function."""
    for trial in (b"1", b"2"):
        try:
            return modular.evaluate(a, seed + trial) == modular.evaluate(b, seed + trial)
        except modular.NotRationalError:
            return None
        except UndefinedError:
            continue
    return False


def same_in_digits(a: Node, b: Node, seed: bytes) -> bool:
    """Whether two expressions agree to many digits at every point where both have a value, and have some."""
    names = sorted(symbols(a) | symbols(b))
    if not names:
        return same_at({}, a, b, real=False) is True
    whole_numbers = contains(a, "sum") or contains(b, "sum")
    real = not any(contains_i(node) for node in (a, b))
    agreed = 0
    steps = any(contains_call(node, _STEPS) for node in (a, b))
    for point in points(names, seed, whole_numbers, steps):
        verdict = same_at(point, a, b, real=real)
        if verdict is False:
            return False
        agreed += verdict is True
    if agreed >= 2:
        return True
    verdicts = [same_at(point, a, b, real=False) for point in complex_points(names, seed)]
    return False not in verdicts and verdicts.count(True) >= 2


def contains_call(node: Node, names: frozenset[str]) -> bool:
    """Whether a function of ``names`` stands in ``node``."""
    return (node.op == "call" and node.value in names) or any(contains_call(arg, names) for arg in node.args)


def contains_i(node: Node) -> bool:
    """Whether the imaginary unit stands in ``node``."""
    return (node.op == "const" and node.value == "i") or any(map(contains_i, node.args))


def points(names: list[str], seed: bytes, whole_numbers: bool, steps: bool = False) -> Iterator[Mapping[str, Fraction]]:
    """Yield points: all positive, all negative, mixed signs, below 1, larger.

    Whole numbers where asked for, and large ones as well for functions that go in ``steps``.
    """
    ranges = ((1, 0.3, 2.5), (-1, 0.3, 2.5), (0, 0.3, 2.5), (1, 0.05, 0.9), (1, 3, 9), (0, 0.1, 1.5))
    for trial, (sign, low, high) in enumerate(ranges + STEP_RANGES if steps else ranges):
        point = {}
        for i, name in enumerate(names):
            draw = hashlib.sha256(seed + bytes([trial]) + name.encode(errors="surrogatepass")).digest()
            share = Fraction(int.from_bytes(draw[:4], "big"), 2**32)
            flip = sign or (1 if draw[4] & 1 else -1)
            if whole_numbers:
                point[name] = Fraction(2 + (draw[5] + i) % 40)
            elif high == low:
                point[name] = Fraction(flip * (low + draw[5] % 9))
            else:
                point[name] = flip * (Fraction(low) + share * (Fraction(high) - Fraction(low)))
        yield point
    for name in names[:4] if len(names) > 1 else ():  # one negative variable among positive ones
        yield {other: Fraction(-3, 2) if other == name else Fraction(5 + i, 4) for i, other in enumerate(names)}


def complex_points(names: list[str], seed: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield points with real and imaginary parts."""
    both = zip(points(names, seed, False), points(names, seed + b"i", False), strict=True)
    for real, imaginary in list(both)[:3]:
        yield {name: (real[name], imaginary[name]) for name in names}


def same_at(point: Mapping[str, Any], a: Node, b: Node, *, real: bool) -> bool | None:
    """Return whether two expressions agree at a point; None where one has no value there or digits cannot tell.

    What differs at 50 digits differs. What agrees is looked at again with as many digits as its smallest and its
    largest number lie apart, so that ``x + e^{-200}`` is not ``x``; both count as zero if they shrink with precision.
    Where all variables are positive, one side without a real value and the other with one differ: ``ln|x|`` is not
    ``ln(-x)``, while ``2 ln x`` is ``ln x^2`` for those who take x for positive.
    """
    digits = DIGITS
    for last in (False, True):
        ev = Evaluator(digits, point, real)
        values = [value_or_reason(ev, node) for node in (a, b)]
        reasons = [value for value in values if isinstance(value, UndefinedError)]
        if reasons:
            one_sided = len(reasons) == 1 and isinstance(reasons[0], DomainError)
            return False if one_sided and all(x > 0 for x in point.values()) else None
        left, right = values
        tiny = ev.mp.mpf(10) ** (10 - digits)
        gap, largest = abs(left - right), max(abs(left), abs(right))
        noise = ev.mp.ldexp(tiny, ev.high)
        needed = int((ev.high - ev.low) * 0.604) + SURE_DIGITS  # twice: what cancels may hide in a root
        close = gap <= largest * tiny
        if close and needed <= digits:
            return True
        if gap > noise and not close:
            return False
        if last:
            return bool(close or largest <= noise)
        if needed > MAX_DIGITS:
            return None
        digits = max(needed, 2 * DIGITS)
    return None


def value_or_reason(ev: Evaluator, node: Node) -> Any:
    """Return the value of ``node``, or why it has none."""
    try:
        return ev.value(node)
    except UndefinedError as error:
        return error
