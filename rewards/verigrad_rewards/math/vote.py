"""The canonical form of an answer, so that answers that are the same can be counted as one vote (maj@k)."""

import hashlib
import re
from fractions import Fraction

from verigrad_rewards.math.compare.equal import measured
from verigrad_rewards.math.compare.exact import exact
from verigrad_rewards.math.compare.functions import UndefinedError
from verigrad_rewards.math.compare.numeric import Evaluator
from verigrad_rewards.math.compare.plain import plain
from verigrad_rewards.math.parse.read import readings
from verigrad_rewards.math.parse.tokens import MAX_LENGTH
from verigrad_rewards.math.parse.tree import Node, ReadError, canonical, div, size, symbols
from verigrad_rewards.math.parse.units import PERCENT

DIGITS = 12  # to which numbers that are no fractions are told apart
MORE_DIGITS = 50  # to which they are computed, and twice as many
DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]*)?")
MAX_NODES = 200  # of an expression that is evaluated
MAX_SHOWN = 100


def vote(answer: str | None) -> str | None:
    r"""Return the canonical form of a bare answer, None where it cannot be read.

    Equal numbers have the same form whatever their notation: ``1/2``, ``0.5``, ``\frac12`` and ``50%``; ``\sqrt8`` and
    ``2\sqrt2``. A unit and ``x =`` are dropped, the order of a sum, a product or a set does not count. Two forms of
    other expressions may differ although the expressions are equal; an answer that is judged correct is better given
    the form of the gold answer.
    """
    if not answer or len(answer) > MAX_LENGTH:
        return None
    try:
        return form(readings(answer)[0])
    except ReadError:
        return None


def form(node: Node) -> str:
    """Return the canonical form of a tree."""
    node = plain(node)
    if node.op == "rel" and set(node.value) == {"="}:  # what is stated at the end: x = 3*8 = 24
        return form(node.args[-1])
    if node.op == "ratio" and len(node.args) == 2 and exact(node.args[1]):
        return form(div(*node.args))
    if node.op == "quantity":
        inner, unit = measured(node)
        value = exact(inner)
        return str(value / 100) if unit == PERCENT and value is not None else form(inner)
    value = exact(node) if size(node) <= MAX_NODES else None
    if value is not None:
        return as_text(value)
    if node.op in ("set", "list"):  # written with or without braces
        parts = sorted(set(map(member, node.args)))
        return parts[0] if len(parts) == 1 else f"set {'; '.join(parts)}"
    if node.op in ("bracket", "matrix", "union", "ratio", "rel"):
        return f"{node.op} {node.value} {'; '.join(map(form, node.args))}"
    if node.op == "text":
        return short(f"text {node.value}")
    return number(node) or short(repr(canonical(node)))


def member(node: Node) -> str:
    """Return the canonical form of one of several answers, which keeps the name it is given."""
    if node.op == "rel" and node.value == ("=",) and node.args[0].op == "sym":
        return f"{node.args[0].value} = {form(node.args[1])}"
    return form(node)


def short(text: str) -> str:
    """Return a text, a long one by its beginning and its hash."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]} {hashlib.sha256(text.encode()).hexdigest()[:12]}"


def as_text(value: Fraction) -> str:
    """Return a number as text; one too long to show by its hash."""
    small = max(value.numerator.bit_length(), value.denominator.bit_length()) < 4 * MAX_SHOWN
    return str(value) if small else f"number {hash(value)}"


def number(node: Node) -> str | None:
    """Return the value of an expression without variables to some digits, None where it has none."""
    if symbols(node) or size(node) > MAX_NODES:
        return None
    values = []
    for digits in (MORE_DIGITS, 2 * MORE_DIGITS):
        evaluator = Evaluator(digits, {}, False)
        try:
            value = evaluator.value(node)
        except UndefinedError:
            return None
        near_zero = abs(value) < evaluator.mp.mpf(10) ** -(digits // 2)
        values.append("0" if near_zero else evaluator.mp.nstr(value, DIGITS))
    if values[0] != values[1]:  # its digits are not to be trusted
        return None
    return as_text(Fraction(values[0])) if DECIMAL.fullmatch(values[0]) else values[0]
