"""Read intervals, unions, sets and inequalities of one variable as one thing: a set of real numbers."""

from dataclasses import dataclass, replace
from fractions import Fraction

from verigrad_rewards.math.compare.exact import exact, substitute
from verigrad_rewards.math.compare.functions import UndefinedError
from verigrad_rewards.math.compare.numeric import Evaluator
from verigrad_rewards.math.compare.same import same
from verigrad_rewards.math.parse.names import MIRRORED
from verigrad_rewards.math.parse.tree import INF, Node, add, div, neg, num, symbols

LOWEST = neg(INF)
ZERO = num(0)
MAX_PARTS = 40  # inequalities joined by words
REALS = Node("sym", (), "ℝ")


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers between two ends; a single number is closed at both of its equal ends."""

    low: Node
    high: Node
    has_low: bool
    has_high: bool


EVERYTHING = (Interval(LOWEST, INF, False, False),)
Region = tuple[Interval, ...]


def region(node: Node) -> Region | None:
    """Return the set of real numbers that ``node`` describes, in ascending order; None where it describes none."""
    match node.op:
        case "bracket" if len(node.args) == 2 and node.value != "<>":
            low, high = node.args
            return (Interval(low, high, node.value[0] == "[", node.value[1] == "]"),)
        case "set":
            return ordered(tuple(Interval(a, a, True, True) for a in node.args))
        case "sym" if node == REALS:
            return EVERYTHING
        case "union":
            return joined(node)
        case "rel":
            return solutions(node)
        case "list":
            return listed(node)
    return None


def joined(node: Node) -> Region | None:
    """Return a union, intersection or difference."""
    parts = [region(arg) for arg in node.args]
    if any(part is None for part in parts):
        return None
    found = parts[0] or ()
    for part in parts[1:]:
        other = part or ()
        if node.value == "∪":
            found = ordered(found + other)
        elif node.value == "∩":
            found = common(found, other)
        else:
            found = common(found, complement(other))
    return found


def listed(node: Node) -> Region | None:
    """Return what inequalities joined by words describe: "or" joins them, "and" and a comma keep what is in all."""
    if len(node.args) > MAX_PARTS:
        return None
    parts = [region(arg) if arg.op in ("rel", "bracket", "union") else None for arg in node.args]
    if any(part is None for part in parts) or not any(arg.op == "rel" for arg in node.args):
        return None
    if len(frozenset().union(*map(symbols, node.args))) > 1:
        return None
    found = parts[0] or ()
    apart = all(arg.value and arg.value[0] not in ("≠",) for arg in node.args if arg.op == "rel")
    for part in parts[1:]:
        shared = common(found, part or ())
        either = node.value == "or" or (node.value != "and" and apart and not shared)
        found = ordered(found + (part or ())) if either else shared
    return found


def solutions(node: Node) -> Region | None:
    """Return the numbers for which an inequality in one bare variable holds: ``2 < x ≤ 3``, ``|x| > 1``, ``x ≠ 0``."""
    sides, relations = node.args, node.value
    if relations == ("∈",) and sides[0].op == "sym":
        return region(sides[1])
    places = [i for i, side in enumerate(sides) if symbols(side)]
    if len(places) != 1 or any(r not in ("<", ">", "≤", "≥", "≠") for r in relations):
        return None
    place = places[0]
    distance = sides[place].op == "call" and sides[place].value == "abs"
    line = linear(sides[place].args[0] if distance else sides[place])
    if line is None:
        return None
    found = EVERYTHING
    for i, relation in enumerate(relations):
        if place not in (i, i + 1):
            return None
        bound = half_line(relation, sides[i + 1]) if i == place else half_line(MIRRORED.get(relation, "≠"), sides[i])
        found = common(found, bound)
    return unfolded(found, *line) if distance else stretched(found, *line)


def linear(side: Node) -> tuple[Node, Node] | None:
    """Return a and b of ``a x + b`` in one variable, None where a side is something else."""
    (name, *others) = symbols(side)
    if others:
        return None
    zero, one, two = (exact(substitute(side, name, x)) for x in (0, 1, 2))
    if zero is not None and one is not None and two is not None:
        return (num(one - zero), num(zero)) if two - one == one - zero != 0 else None
    if side.op == "add" and len(side.args) == 2 and side.args[0].op == "sym" and not symbols(side.args[1]):
        return num(1), side.args[1]
    return None


def stretched(region: Region, slope: Node, shift: Node) -> Region:
    """Return the x for which ``slope x + shift`` lies in a region."""
    if slope == num(1) and shift == ZERO:
        return region
    ends = [(solved(part.low, slope, shift), solved(part.high, slope, shift)) for part in region]
    if slope.value > 0:
        return tuple(replace(part, low=low, high=high) for part, (low, high) in zip(region, ends, strict=True))
    flipped = zip(region, ends, strict=True)
    return tuple(Interval(high, low, part.has_high, part.has_low) for part, (low, high) in flipped)[::-1]


def solved(end: Node, slope: Node, shift: Node) -> Node:
    """Return the x for which ``slope x + shift`` is an end of an interval."""
    if end in (INF, LOWEST):
        return end if slope.value > 0 else neg(end)
    return div(add(end, neg(shift)), slope)


def unfolded(distance: Region, slope: Node, shift: Node) -> Region:
    """Return the x for which ``|slope x + shift|`` lies in a region."""
    found = []
    for part in common(distance, (Interval(ZERO, INF, True, False),)):
        found.append(Interval(neg(part.high), neg(part.low), part.has_high, part.has_low))
        found.append(part)
    return ordered(stretched(tuple(found), slope, shift))


def half_line(relation: str, bound: Node) -> Region:
    """Return the numbers that stand in ``relation`` to ``bound``."""
    below = Interval(LOWEST, bound, False, relation == "≤")
    above = Interval(bound, INF, relation == "≥", False)
    return {"<": (below,), "≤": (below,), ">": (above,), "≥": (above,)}.get(relation, (below, above))


def place_of(node: Node) -> float | None:
    """Return where an end of an interval lies, None where it has a variable."""
    if node == INF:
        return float("inf")
    if node == LOWEST:
        return float("-inf")
    value = exact(node)
    try:
        number = value if value is not None else Fraction(float(Evaluator(20, {}, True).value(node)))
        return float(number)
    except (UndefinedError, OverflowError):
        return None


def ordered(region: Region) -> Region:
    """Return intervals in ascending order, those that touch joined into one."""
    keyed = [(place_of(part.low), part) for part in region]
    if any(key is None for key, _ in keyed):
        return region
    found: list[Interval] = []
    for _, part in sorted(keyed, key=lambda pair: (pair[0] or 0.0, not pair[1].has_low)):
        last = found[-1] if found else None
        if last is not None and touches(last, part):
            wider = before(last.high, part.high)
            same_end = not wider and not before(part.high, last.high)
            high, has_high = (part.high, part.has_high) if wider else (last.high, last.has_high)
            found[-1] = replace(last, high=high, has_high=has_high or (same_end and part.has_high))
        else:
            found.append(part)
    return tuple(found)


def touches(left: Interval, right: Interval) -> bool:
    """Whether two intervals, the left one beginning no later, leave no number between them."""
    if before(left.high, right.low):
        return False
    return before(right.low, left.high) or left.has_high or right.has_low


def before(a: Node, b: Node) -> bool:
    """Whether one end lies below another."""
    x, y = place_of(a), place_of(b)
    return x is not None and y is not None and x < y


def common(a: Region, b: Region) -> Region:
    """Return the numbers in both regions."""
    found = []
    for one in a:
        for other in b:
            low, has_low = (
                (other.low, other.has_low)
                if before(one.low, other.low) or one.low == LOWEST
                else (one.low, one.has_low)
            )
            high, has_high = (
                (other.high, other.has_high)
                if before(other.high, one.high) or one.high == INF
                else (one.high, one.has_high)
            )
            if one.low == other.low:
                has_low = one.has_low and other.has_low
            if one.high == other.high:
                has_high = one.has_high and other.has_high
            if before(high, low) or (
                not before(low, high) and place_of(low) is not None and not (has_low and has_high)
            ):
                continue
            found.append(Interval(low, high, has_low, has_high))
    return tuple(found)


def complement(region: Region) -> Region:
    """Return the real numbers outside a region."""
    found, low, has_low = [], LOWEST, False
    for part in ordered(region):
        if part.low != LOWEST:
            found.append(Interval(low, part.low, has_low, not part.has_low))
        low, has_low = part.high, not part.has_high
    return (*found, Interval(low, INF, has_low, False)) if low != INF else tuple(found)


def same_region(a: Region, b: Region, *, rounded: bool = False) -> bool:
    """Whether two regions have the same ends, each belonging to it or not."""
    return len(a) == len(b) and all(
        x.has_low == y.has_low
        and x.has_high == y.has_high
        and same(x.low, y.low, rounded=rounded)
        and same(x.high, y.high, rounded=rounded)
        for x, y in zip(a, b, strict=True)
    )
