"""Decide whether two answers are the same, by what they are: numbers, relations, tuples, sets, quantities, text."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from verigrad_rewards.math.compare.exact import exact
from verigrad_rewards.math.compare.named import named
from verigrad_rewards.math.compare.plain import SEVERAL, label_of, plain, ranged, without_ranges
from verigrad_rewards.math.compare.regions import region, same_region
from verigrad_rewards.math.compare.relations import same_relation
from verigrad_rewards.math.compare.same import same, shown
from verigrad_rewards.math.parse.tree import Node, canonical, div, mul, num, size, symbols
from verigrad_rewards.math.parse.units import PERCENT, same_unit

MAX_SEARCHED = 12  # members of a collection that are compared with each other one by one
MAX_SEARCHED_NODES = 120  # nodes of all those members together


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as equal where sensible graders differ.

    Attributes:
        rounded: a decimal may answer any number it is the rounding of, ``0.33`` for ``1/3``.
        percent: the question asks for a percentage, so that ``60`` and ``60%`` are the same.
    """

    rounded: bool = False
    percent: bool = False


def equal(a: Node, b: Node, rules: Rules) -> bool:
    """Whether two answers are the same; symmetric."""
    both_range = bool(ranged(a)) and bool(ranged(b))
    a, b = plain(without_ranges(a, both_range)), plain(without_ranges(b, both_range))
    if a == b:
        return True
    if "text" in (a.op, b.op):
        return False
    for one, other in ((a, b), (b, a)):
        value = without_name(one, other)
        if value is not None:
            return equal(value, other, rules)
    return by_kind(a, b, rules)


def without_name(one: Node, other: Node) -> Node | None:
    """Return the value of ``x = 5`` or of the point ``P(1, 2)`` where ``other`` comes without a name; else None."""
    if label_of(one) is not None and label_of(other) is None:
        return one.args[1]
    return stated(one, other) if one.op == "rel" and other.op != "rel" else None


def by_kind(a: Node, b: Node, rules: Rules) -> bool:
    """Whether two different trees are the same, as their kinds decide it."""
    kinds = {a.op, b.op}
    if kinds == {"rel"}:
        return same_relation(a, b) or same_definition(a, b, rules) or same_regions(a, b, rules)
    if "quantity" in kinds and not SEVERAL & kinds:
        return same_quantity(a, b, rules)
    if SEVERAL & kinds:
        return same_collection(a, b, rules) or same_regions(a, b, rules)
    if "rel" in kinds:
        return same_regions(a, b, rules)
    if "ratio" in kinds:
        return same_ratio(a, b)
    if a.value == b.value == "residue" or (label_of(a) is not None and label_of(b) is not None):
        return all(equal(x, y, rules) for x, y in zip(a.args, b.args, strict=True))
    return same(a, b, rounded=rules.rounded)


def stated(relation: Node, other: Node) -> Node | None:
    """Return the value that an equation states of a name, ``x = 10/2 = 5``; None where it states none.

    Of an estimate, ``√2 ≈ 1.414``, the exact side counts, or the decimal if ``other`` is one.
    """
    *before, last = relation.args
    if set(relation.value) == {"="}:
        values = before[1:] if named(before[0]) else before
        consistent = all(equal(value, last, Rules()) for value in values)
        return last if consistent and (named(before[0]) or values) else None
    if relation.value[-1] == "≈" and set(relation.value[:-1]) <= {"="}:
        if shown(other) is not None or before[0].value == "" or all(map(named, before)):
            agrees = all(named(side) or symbols(side) or same(side, last, rounded=True) for side in before)
            return last if shown(last) is not None and agrees else None
        if not all(named(side) or symbols(side) or same(side, last, rounded=True) for side in before):
            return None
        rest = Node("rel", tuple(before), relation.value[:-1])
        return stated(rest, other) if len(before) > 1 else before[0]
    return None


def same_definition(a: Node, b: Node, rules: Rules) -> bool:
    """Whether ``f(x) = …`` and ``y = …`` define the same; two different plain names do not."""
    if a.value != ("=",) or b.value != ("=",) or not named(a.args[0]) or not named(b.args[0]):
        return False
    if a.args[0] != b.args[0] and {a.args[0].op, b.args[0].op} != {"sym", "apply"}:
        return False
    return equal(a.args[1], b.args[1], rules)


def same_regions(a: Node, b: Node, rules: Rules) -> bool:
    """Whether both describe the same set of real numbers."""
    left = region(a)
    right = region(b) if left is not None else None
    return left is not None and right is not None and same_region(left, right, rounded=rules.rounded)


def same_quantity(a: Node, b: Node, rules: Rules) -> bool:
    """Whether two quantities are the same: a unit may be dropped but not changed, a percentage is its fraction."""
    (x, unit), (y, other) = measured(a), measured(b)
    if unit and other:
        return same_unit(unit, other) and equal(x, y, rules)
    if PERCENT in (unit, other):
        if rules.percent and equal(x, y, rules):
            return True
        x, y = (div(v, num(100)) if u == PERCENT else v for v, u in ((x, unit), (y, other)))
        return equal(x, y, rules)
    return equal(x, y, rules)


def measured(node: Node) -> tuple[Node, object]:
    """Return the value and the unit of an answer."""
    return (node.args[0], node.value) if node.op == "quantity" else (node, None)


def same_ratio(a: Node, b: Node) -> bool:
    """Whether two ratios are proportional, or a ratio is a quotient; what looks like a time is compared as written."""
    if a.op == b.op == "ratio":
        if len(a.args) != len(b.args):
            return False
        if all(same(x, y) for x, y in zip(a.args, b.args, strict=True)):
            return True
        if clock(a) or clock(b) or num(0) in a.args + b.args:
            return False
        return all(same(mul(x, b.args[0]), mul(y, a.args[0])) for x, y in zip(a.args, b.args, strict=True))
    ratio, other = (a, b) if a.op == "ratio" else (b, a)
    return len(ratio.args) == 2 and same(div(*ratio.args), other)


def clock(ratio: Node) -> bool:
    """Whether a ratio such as 10:20 could be a time of day."""
    values = [exact(part) for part in ratio.args]
    if len(values) != 2 or any(value is None for value in values):
        return False
    hours, minutes = (value or 0 for value in values)
    return hours <= 24 and 10 <= minutes < 60


def same_collection(a: Node, b: Node, rules: Rules) -> bool:
    """Whether two collections have equal members: in order for tuples, vectors and matrices, in any order otherwise."""
    kinds = {a.op, b.op}
    if "matrix" in kinds or "bracket" in kinds:
        return same_ordered(a, b, rules)
    if "union" in kinds:
        if a.op != b.op or a.value != b.value or len(a.args) != len(b.args):
            return False
        if a.value == "∖":
            return all(equal(x, y, rules) for x, y in zip(a.args, b.args, strict=True))
        return same_members(a.args, b.args, rules)
    if "set" in kinds:
        return same_members(distinct(members(a)), distinct(members(b)), rules)
    left, right = members(a), members(b)
    if (len(names_of(left)) > 1 and not names_of(right)) or (len(names_of(right)) > 1 and not names_of(left)):
        return len(left) == len(right) and all(equal(x, y, rules) for x, y in zip(left, right, strict=True))
    return same_members(left, right, rules)


def members(node: Node) -> tuple[Node, ...]:
    """Return the members of a collection; a single value is its own only member."""
    return node.args if node.op in ("list", "set") else (node,)


def names_of(items: Sequence[Node]) -> set[str]:
    """Return the names on the left sides of items such as ``x = 1``."""
    return {item.args[0].value for item in items if item.op == "rel" and item.args[0].op == "sym"}


def key(item: Node) -> object:
    """Return what two members share that are certainly the same: the exact value, or the ordered tree."""
    value = exact(item)
    return canonical(item) if value is None else value


def distinct(items: Sequence[Node]) -> list[Node]:
    """Return members without those that repeat an earlier one."""
    found = list({key(item): item for item in items}.values())
    if len(found) > MAX_SEARCHED or sum(map(size, found)) > MAX_SEARCHED_NODES:
        return found
    return [item for i, item in enumerate(found) if not any(equal(item, other, Rules()) for other in found[:i])]


def same_members(a: Sequence[Node], b: Sequence[Node], rules: Rules) -> bool:
    """Whether every member of one has a partner in the other; a few are searched for, the rest must match by key."""
    if len(a) != len(b):
        return False
    keys_a, keys_b = [key(item) for item in a], [key(item) for item in b]
    shared = Counter(keys_a) & Counter(keys_b)
    left, right = unshared(a, keys_a, shared), unshared(b, keys_b, shared)
    if len(left) > MAX_SEARCHED or sum(map(size, left)) * len(left) > MAX_SEARCHED_NODES * MAX_SEARCHED:
        return False
    for item in left:
        partner = next((i for i, other in enumerate(right) if equal(item, other, rules)), None)
        if partner is None:
            return False
        del right[partner]
    return True


def unshared(items: Sequence[Node], keys: Sequence[object], shared: Counter[object]) -> list[Node]:
    """Return the items that are left when as many of each key as ``shared`` says are taken out."""
    due, left = Counter(shared), []
    for item, item_key in zip(items, keys, strict=True):
        if due[item_key] > 0:
            due[item_key] -= 1
        else:
            left.append(item)
    return left


def same_ordered(a: Node, b: Node, rules: Rules) -> bool:
    """Whether two tuples, vectors, intervals or matrices have the same shape and entries."""
    if shape(a) != shape(b):
        return False
    return all(equal(x, y, rules) for x, y in zip(a.args, b.args, strict=True))


def shape(node: Node) -> tuple[object, ...]:
    """Return what two ordered collections must share: kind of brackets and size."""
    size = len(node.args)
    if node.op == "matrix":
        return ("tuple", size) if node.value in (1, size) else ("matrix", size, node.value)
    if node.op == "list":
        named_in_order = sorted(names_of(node.args)) == [i.args[0].value for i in node.args if i.op == "rel"]
        return ("tuple", size) if named_in_order else ("list", size)
    if node.op == "bracket":
        return ("tuple", size) if node.value in ("()", "<>") or size > 2 else (node.value, size)
    return (node.op, size)
