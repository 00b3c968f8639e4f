"""Decide identities of rational functions by evaluating them in a large prime field.

Two rational functions that agree at random points of a field with 10^37 elements are equal up to a chance of about
degree / 10^37 (Schwartz 1980, Zippel 1979). Numbers stay small whatever the exponents, so ``(x+1)^500`` costs
microseconds. π and e count as independent variables, which no rational answer can tell from what they are.
"""

import hashlib
import math

from verigrad_rewards.math.compare.exact import exact
from verigrad_rewards.math.compare.functions import UndefinedError
from verigrad_rewards.math.parse.tree import Node

PRIME = 48303167980650619331400783316663667353  # the first after sha256("verigrad") that is 1 modulo 4
ROOT_OF_MINUS_ONE = 7518120991978036565593678576232025293
MAX_EXPONENT = 10**6
MAX_FACTORIAL = 3_000


class NotRationalError(ArithmeticError):
    """The tree is no rational function of its variables."""


def point(seed: bytes, name: str) -> int:
    """Return the coordinate of a variable, which only a hash of both answers decides."""
    return int.from_bytes(hashlib.sha256(seed + name.encode()).digest(), "big") % PRIME


def evaluate(node: Node, seed: bytes) -> int:
    """Return the value of ``node`` in the field.

    Raises:
        NotRationalError, UndefinedError: it has none.
    """
    match node.op:
        case "num":
            return quotient(node.value.numerator, node.value.denominator)
        case "dec":
            return quotient(node.value[0].numerator, node.value[0].denominator)
        case "sym":
            return point(seed, node.value)
        case "const":
            if node.value == "inf":
                raise NotRationalError
            return ROOT_OF_MINUS_ONE if node.value == "i" else point(seed, "\0" + node.value)
        case "add":
            return sum(evaluate(arg, seed) for arg in node.args) % PRIME
        case "mul":
            return multiply(node.args, seed)
        case "pow":
            return raise_to(node.args[0], node.args[1], seed)
    return apply(node, seed)


def quotient(top: int, bottom: int) -> int:
    """Return a fraction in the field."""
    if bottom == 1:
        return top % PRIME
    if not bottom % PRIME:
        raise UndefinedError
    return top * pow(bottom, -1, PRIME) % PRIME


def multiply(factors: tuple[Node, ...], seed: bytes) -> int:
    """Return a product."""
    result = 1
    for factor in factors:
        result = result * evaluate(factor, seed) % PRIME
    return result


def raise_to(base: Node, exponent: Node, seed: bytes) -> int:
    """Return a power with a whole exponent."""
    times = exact(exponent)
    if times is None or times.denominator != 1 or abs(times) > MAX_EXPONENT:
        raise NotRationalError
    value = evaluate(base, seed)
    if value == 0 and times <= 0:
        raise UndefinedError
    return pow(value, times.numerator, PRIME)


def apply(node: Node, seed: bytes) -> int:
    """Return the value of the few functions that are rational."""
    if node.op == "apply":  # unknown: the same for the same argument, otherwise any
        inner = ",".join(str(evaluate(arg, seed)) for arg in node.args[1:])
        return point(seed, f"\0{node.args[0].value}({inner})")
    if node.value == "percent":
        return evaluate(node.args[0], seed) * pow(100, -1, PRIME) % PRIME
    if node.value == "factorial":
        argument = node.args[0]
        if argument.op == "num" and argument.value.denominator == 1 and 0 <= argument.value <= MAX_FACTORIAL:
            return math.factorial(argument.value.numerator) % PRIME
    raise NotRationalError
