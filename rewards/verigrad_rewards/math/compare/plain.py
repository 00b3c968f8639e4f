"""Bring an answer into the one form that is compared: signs chosen, vectors and matrices worked out, ranges dropped."""

from verigrad_rewards.math.compare.exact import substitute
from verigrad_rewards.math.parse.names import BASIS
from verigrad_rewards.math.parse.tree import Node, contains, mul, num, sym, symbols

SEVERAL = frozenset(("list", "set", "bracket", "matrix", "union"))
_UNIT_VECTORS = tuple(f"unit{axis}" for axis in BASIS)
_NUMBER_SETS = frozenset("ℝℤℕℚℂ")


def plain(node: Node) -> Node:
    """Return an answer without what only introduces it: ``x ∈``, families' names for whole numbers, ``±``."""
    if node.op == "rel" and node.value == ("∈",) and node.args[0].op == "sym" and node.args[1].op != "sym":
        return plain(node.args[1])
    if node.op == "list":
        items: list[Node] = []
        for item in map(plain, node.args):
            items.extend(item.args if item.op == "list" else (item,))
        return Node("list", tuple(items), node.value)
    if node.op == "set":
        members = (item for arg in map(plain, node.args) for item in (arg.args if arg.op == "list" else (arg,)))
        return Node("set", tuple(members))
    if node.op == "mul" and label_of(node) is None:
        node = scaled(node)
    if node.op in ("add", "mul", "sym") and symbols(node) & set(_UNIT_VECTORS):
        return components(node)
    if node.op not in SEVERAL and (contains(node, "pm") or contains(node, "mp")):
        joint = "and" if node.op == "rel" and "≠" in node.value else "or"
        return Node("list", (choose_sign(node, 1), choose_sign(node, -1)), joint)
    if node.op == "bracket" and node.value == "[]" and node.args[0].op == "bracket":
        return as_matrix(node)
    return node


def ranged(node: Node) -> list[Node]:
    """Return the items of a list that only say what a variable ranges over: ``k ∈ ℤ``."""
    items = node.args if node.op == "list" else ()
    return [i for i in items if i.op == "rel" and i.value == ("∈",) and i.args[1].value in _NUMBER_SETS]


def without_ranges(node: Node, renamed: bool) -> Node:
    """Return a list without items such as ``k ∈ ℤ``; where ``renamed``, what they bind gets one name."""
    ranges = ranged(node)
    rest = tuple(item for item in node.args if item not in ranges)
    if not ranges or not rest:
        return node
    names = {
        item.args[0].value: f"{item.args[1].value}{i}" for i, item in enumerate(ranges) if item.args[0].op == "sym"
    }
    rest = tuple(rename(item, names if renamed else {}) for item in rest)
    return rest[0] if len(rest) == 1 else Node("list", rest, node.value)


def rename(node: Node, names: dict[str, str]) -> Node:
    """Return ``node`` with variables renamed."""
    if node.op == "sym":
        return sym(names.get(str(node.value), str(node.value)))
    return Node(node.op, tuple(rename(arg, names) for arg in node.args), node.value)


def choose_sign(node: Node, sign: int) -> Node:
    """Return ``node`` with the upper (1) or lower (-1) of its ± signs."""
    if node.op in ("pm", "mp"):
        positive = (node.op == "pm") == (sign == 1)
        inner = choose_sign(node.args[0], sign)
        return inner if positive else mul(num(-1), inner)
    return Node(node.op, tuple(choose_sign(arg, sign) for arg in node.args), node.value)


def label_of(node: Node) -> str | None:
    """Return the name of a point that is written with it, ``P`` of ``P(1, 2)``."""
    if node.op != "mul" or len(node.args) != 2 or node.args[1].op != "bracket":
        return None
    name = node.args[0]
    return name.value if name.op == "sym" and name.value[:1].isupper() else None


def scaled(node: Node) -> Node:
    """Return a number times a matrix or vector as the matrix or vector of the products."""
    whole = [arg for arg in node.args if arg.op in ("matrix", "bracket")]
    if len(whole) != 1:
        return node
    factors = [arg for arg in node.args if arg is not whole[0]]
    return Node(whole[0].op, tuple(mul(*factors, entry) for entry in whole[0].args), whole[0].value)


def components(node: Node) -> Node:
    """Return a sum of unit vectors i, j, k as a vector."""
    used = [name for name in _UNIT_VECTORS if name in symbols(node)]
    size = 3 if "unitk" in used else 2
    found = []
    for axis in _UNIT_VECTORS[:size]:
        entry = node
        for name in used:
            entry = substitute(entry, name, int(name == axis))
        found.append(entry)
    return Node("bracket", tuple(found), "<>")


def as_matrix(node: Node) -> Node:
    """Return ``[[1, 2], [3, 4]]`` as a matrix."""
    rows = [arg.args for arg in node.args if arg.op == "bracket" and arg.value == "[]"]
    if len(rows) != len(node.args) or len({len(row) for row in rows}) != 1:
        return node
    return Node("matrix", tuple(entry for row in rows for entry in row), len(rows[0]))
