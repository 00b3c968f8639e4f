"""The exact rational value of a tree, bounded: nothing larger than ``MAX_BITS`` is ever computed."""

import math
from collections.abc import Callable
from fractions import Fraction

from verigrad_rewards.math.parse.tree import Node, contains, num, replace, size, sym

MAX_BITS = 16_000
MAX_FACTORIAL = 800
MAX_CHOOSE = 3_000
MAX_TERMS = 1_000  # of a sum
MAX_SUM_WORK = 20_000  # terms of a sum times the nodes of each; a sum inside a sum is not worked out


def exact(node: Node) -> Fraction | None:
    """Return the value of ``node`` if it is rational and small enough to write down, else None."""
    if node.op == "num":
        return node.value
    if node.op == "dec":
        return node.value[0]
    compute = _COMPUTE.get(node.op)
    return compute(node) if compute is not None else None


def values(nodes: tuple[Node, ...]) -> list[Fraction] | None:
    """Return the values of all ``nodes``, None where one has none."""
    found = []
    for node in nodes:
        value = exact(node)
        if value is None:
            return None
        found.append(value)
    return found


def bits(value: Fraction) -> int:
    """Return the size of a number: bits of its numerator and denominator together."""
    return value.numerator.bit_length() + value.denominator.bit_length()


def total(node: Node) -> Fraction | None:
    """Return a sum."""
    result = Fraction(0)
    for term in node.args:
        value = exact(term)
        if value is None or bits(result) + bits(value) > MAX_BITS:
            return None
        result += value
    return result


def product(node: Node) -> Fraction | None:
    """Return a product."""
    result = Fraction(1)
    for factor in node.args:
        value = exact(factor)
        if value is None or bits(result) + bits(value) > MAX_BITS:
            return None
        result *= value
    return result


def power(node: Node) -> Fraction | None:
    """Return a power with a whole exponent, or a root that comes out even."""
    base, exponent = (exact(arg) for arg in node.args)
    if base is None or exponent is None:
        return None
    if exponent.denominator != 1:
        base = even_root(base, exponent.denominator)
        if base is None:
            return None
    times = exponent.numerator
    if base == 0:
        return Fraction(0) if times > 0 else None
    if abs(times) * (bits(base) - 2) > MAX_BITS:
        return None
    return base**times


def even_root(base: Fraction, degree: int) -> Fraction | None:
    """Return the rational root of a number that is no negative one, None where it is irrational."""
    if base < 0 or degree > 64 or bits(base) > MAX_BITS:
        return None
    parts = []
    for whole in (base.numerator, base.denominator):
        root = math.isqrt(whole) if degree == 2 else round(whole ** (1 / degree)) if whole < 10**15 else 0
        if root**degree != whole:
            return None
        parts.append(root)
    return Fraction(*parts)


def apply(node: Node) -> Fraction | None:
    """Return the value of a function whose value is rational for rational arguments."""
    function = _FUNCTIONS.get(node.value)
    args = values(node.args) if function is not None else None
    return function(*args) if function is not None and args is not None else None


def whole(value: Fraction, most: int) -> int | None:
    """Return a value as a whole number from 0 to ``most``."""
    return value.numerator if value.denominator == 1 and 0 <= value <= most else None


def factorial(x: Fraction) -> Fraction | None:
    """Return x!."""
    n = whole(x, MAX_FACTORIAL)
    return None if n is None else Fraction(math.factorial(n))


def double_factorial(x: Fraction) -> Fraction | None:
    """Return x!! = x (x-2) (x-4) ….."""
    n = whole(x, MAX_FACTORIAL)
    return None if n is None else Fraction(math.prod(range(n, 0, -2)))


def choose(n: Fraction, k: Fraction) -> Fraction | None:
    """Return the binomial coefficient."""
    top, below = whole(n, MAX_CHOOSE), whole(k, MAX_CHOOSE)
    return None if top is None or below is None else Fraction(math.comb(top, below))


def arrange(n: Fraction, k: Fraction) -> Fraction | None:
    """Return n! / (n-k)!."""
    top, below = whole(n, MAX_FACTORIAL), whole(k, MAX_FACTORIAL)
    return None if top is None or below is None else Fraction(math.perm(top, below))


def integers(function: Callable[..., int]) -> Callable[..., Fraction | None]:
    """Return a function of whole numbers as one of rational numbers."""

    def of(*args: Fraction) -> Fraction | None:
        if any(a.denominator != 1 for a in args):
            return None
        if sum(map(bits, args)) > MAX_BITS:
            return None
        return Fraction(function(*(a.numerator for a in args)))

    return of


def root(x: Fraction, n: Fraction) -> Fraction | None:
    """Return the rational n-th root; of a negative number the real one where n is odd."""
    degree = whole(n, 64)
    if not degree:
        return None
    if x < 0 and degree % 2:
        found = even_root(-x, degree)
        return None if found is None else -found
    return even_root(x, degree)


_FUNCTIONS: dict[str, Callable[..., Fraction | None]] = {
    "sqrt": lambda x: even_root(x, 2),
    "cbrt": lambda x: root(x, Fraction(3)),
    "root": root,
    "abs": lambda x: x if x > 0 else -x,
    "floor": lambda x: Fraction(math.floor(x)),
    "ceil": lambda x: Fraction(math.ceil(x)),
    "percent": lambda x: x / 100,
    "factorial": factorial,
    "double_factorial": double_factorial,
    "binom": choose,
    "perm": arrange,
    "max": lambda *xs: max(xs),
    "min": lambda *xs: min(xs),
    "gcd": integers(math.gcd),
    "lcm": integers(math.lcm),
    "mod": lambda a, b: a % b if b else None,
    "sgn": lambda x: Fraction((x > 0) - (x < 0)),
}


def series(node: Node) -> Fraction | None:
    """Return a finite sum or product over whole numbers."""
    body, first, last = node.args
    ends = values((first, last))
    if ends is None or any(end.denominator != 1 for end in ends) or ends[1] - ends[0] >= MAX_TERMS:
        return None
    count = ends[1] - ends[0] + 1
    if contains(body, "sum") or count * size(body) > MAX_SUM_WORK:
        return None
    kind, variable = node.value
    result = Fraction(0 if kind == "sum" else 1)
    for k in range(ends[0].numerator, ends[1].numerator + 1):
        term = exact(substitute(body, variable, k))
        if term is None or bits(result) + bits(term) > MAX_BITS:
            return None
        result = result + term if kind == "sum" else result * term
    return result


def substitute(node: Node, variable: str, value: int) -> Node:
    """Return ``node`` with a variable replaced by a whole number."""
    return replace(node, sym(variable), num(value))


_COMPUTE: dict[str, Callable[[Node], Fraction | None]] = {
    "add": total,
    "mul": product,
    "pow": power,
    "call": apply,
    "sum": series,
}
