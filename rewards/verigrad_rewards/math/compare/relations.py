"""Decide whether two equations or inequalities say the same."""

import hashlib

from verigrad_rewards.math.compare import modular
from verigrad_rewards.math.compare.functions import UndefinedError
from verigrad_rewards.math.compare.numeric import Evaluator
from verigrad_rewards.math.compare.same import DIGITS, MAX_NODES, huge, points, same
from verigrad_rewards.math.parse.names import MIRRORED
from verigrad_rewards.math.parse.tree import Node, add, canonical, neg, size, symbols

_ORDER = frozenset("<>≤≥")


def rising(node: Node) -> Node:
    """Return a chain of inequalities with its smaller sides first."""
    if node.value and all(r in (">", "≥") for r in node.value):
        return Node("rel", node.args[::-1], tuple(MIRRORED[r] for r in node.value[::-1]))
    return node


def same_relation(a: Node, b: Node) -> bool:
    """Whether two relations have the same solutions, as their form shows.

    Equal sides in the same order, both sides swapped, or (of two sides) a difference that is the other's times a
    constant: ``2x + 2y = 4`` is ``y = 2 - x``; of an inequality the constant is positive. An identity such as
    ``0 = 0`` equals only an identity with the same sides.
    """
    a, b = rising(a), rising(b)
    if a.value == b.value == ("=",) and (same(*a.args) or same(*b.args)):
        return canonical(a) in (canonical(b), canonical(Node("rel", b.args[::-1], b.value)))
    if a.value == b.value and all(same(x, y) for x, y in zip(a.args, b.args, strict=True)):
        return True
    if len(a.value) != 1 or a.value != b.value:
        return False
    left, right = (add(node.args[0], neg(node.args[1])) for node in (a, b))
    if symbols(left) != symbols(right) or not symbols(left):
        return False
    if a.value[0] in ("=", "≠"):
        return proportional(left, right)
    return a.value[0] in _ORDER and proportional(left, right, positive=True)


def proportional(a: Node, b: Node, *, positive: bool = False) -> bool:
    """Whether ``a`` is ``b`` times a constant other than 0, and neither vanishes everywhere."""
    seed = hashlib.sha256(repr((a, b)).encode(errors="surrogatepass")).digest()
    in_field = None if positive or huge(a) or huge(b) else ratio_in_field(a, b, seed)
    if in_field is not None:
        return in_field
    if size(a) > MAX_NODES or size(b) > MAX_NODES:
        return False
    ratios = []
    for point in points(sorted(symbols(a) | symbols(b)), seed, False):
        try:
            ev = Evaluator(DIGITS, point, True)
            top, bottom = ev.value(a), ev.value(b)
        except UndefinedError:
            continue
        if abs(top) < 1e-30 or abs(bottom) < 1e-30:
            return False
        ratios.append(top / bottom)
    if len(ratios) < 2 or (positive and ratios[0] <= 0):
        return False
    return all(abs(ratio - ratios[0]) <= abs(ratios[0]) * 1e-35 for ratio in ratios)


def ratio_in_field(a: Node, b: Node, seed: bytes) -> bool | None:
    """Return whether two rational functions are proportional; None where one is no rational function."""
    ratios = []
    for trial in (b"1", b"2", b"3"):
        try:
            top, bottom = modular.evaluate(a, seed + trial), modular.evaluate(b, seed + trial)
        except modular.NotRationalError:
            return None
        except UndefinedError:
            continue
        if not top or not bottom:
            return False
        ratios.append(modular.quotient(top, bottom))
    return len(ratios) >= 2 and len(set(ratios)) == 1
