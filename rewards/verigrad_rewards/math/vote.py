"""The canonical form of an answer, so that answers that are the same can be counted as one vote (maj@k)."""

from fractions import Fraction

from verigrad_rewards.math.compare.equal import measured
from verigrad_rewards.math.compare.exact import exact
from verigrad_rewards.math.compare.functions import UndefinedError
from verigrad_rewards.math.compare.numeric import Evaluator
from verigrad_rewards.math.compare.plain import plain
from verigrad_rewards.math.parse.read import readings
from verigrad_rewards.math.parse.tokens import MAX_LENGTH
from verigrad_rewards.math.parse.tree import Node, ReadError, canonical, size, symbols
from verigrad_rewards.math.parse.units import PERCENT

DIGITS = 12  # to which numbers that are no fractions are told apart
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
    if node.op == "rel" and node.value == ("=",) and node.args[0].op == "sym":
        return form(node.args[1])
    if node.op == "quantity":
        inner, unit = measured(node)
        value = exact(inner)
        return str(value / 100) if unit == PERCENT and value is not None else form(inner)
    value = exact(node) if size(node) <= MAX_NODES else None
    if value is not None:
        return as_text(value)
    if node.op in ("set", "list"):  # written with or without braces
        parts = sorted(set(map(form, node.args)))
        return parts[0] if len(parts) == 1 else f"set {'; '.join(parts)}"
    if node.op in ("bracket", "matrix", "union", "ratio", "rel"):
        return f"{node.op} {node.value} {'; '.join(map(form, node.args))}"
    if node.op == "text":
        return f"text {node.value}"[:MAX_SHOWN]
    return number(node) or repr(canonical(node))


def as_text(value: Fraction) -> str:
    """Return a number as text; one too long to show by its hash."""
    small = max(value.numerator.bit_length(), value.denominator.bit_length()) < 4 * MAX_SHOWN
    return str(value) if small else f"number {hash(value)}"


def number(node: Node) -> str | None:
    """Return the value of an expression without variables to some digits, None where it has none."""
    if symbols(node) or size(node) > MAX_NODES:
        return None
    evaluator = Evaluator(2 * DIGITS, {}, False)
    try:
        return evaluator.mp.nstr(evaluator.value(node), DIGITS)
    except UndefinedError:
        return None
