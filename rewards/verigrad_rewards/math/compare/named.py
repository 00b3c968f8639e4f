"""Tell what only names an answer, ``f(x)`` in ``f(x) = 5``, from what says something of it."""

from verigrad_rewards.math.parse.names import GREEK
from verigrad_rewards.math.parse.tree import MINUS_ONE, Node, symbols

_COORDINATES = frozenset("xyzt")
_PREFIXES = frozenset(("d", "angle", "triangle", "Delta"))


def named(side: Node) -> bool:
    """Whether a side only names what is equal to it: ``x``, ``f(x)``, ``|z|``, ``(x, y)``, ``dy/dx``, ``m + n``."""
    match side.op:
        case "sym" | "apply":
            return True
        case "bracket" | "ratio":
            return all(map(named, side.args))
        case "call" if side.value in ("sin", "cos", "tan"):
            return side.args[0].op == "sym" and (side.args[0].value.isupper() or side.args[0].value in GREEK)
        case "call":
            return side.value in ("abs", "norm", "Re", "Im", "arg", "degrees") and all(map(named, side.args))
        case "add":
            return not symbols(side) & _COORDINATES and all(monomial(arg) for arg in side.args)
        case "pow":
            return named(side.args[0]) and side.args[1] == MINUS_ONE
        case "mul":
            first = side.args[0]
            points = all(arg.op == "sym" and arg.value.isupper() for arg in side.args)  # a segment AB
            differential = first.op == "sym" and len(first.value) == 2 and first.value[0] == "d"
            return (
                points
                or differential
                or any(arg.value in _PREFIXES for arg in side.args)
                or (first.op == "pow" and named(first))
            )
    return False


def monomial(term: Node) -> bool:
    """Whether a term is variables and their powers alone: ``r^2``, ``ab``."""
    if term.op == "mul":
        return all(map(monomial, term.args))
    return term.op == "sym" or (term.op == "pow" and term.args[0].op == "sym" and term.args[1].op == "num")
