"""The tree that every answer is read into: plain data, never code, bounded before anything is evaluated.

Operations of an expression (``args`` are nodes):

========== ===================== =======================================================================
``num``    value Fraction        an exact number
``dec``    value (Fraction, int) a number written with a point, and the exponent of its last digit
``cut``    value (Fraction, int) a decimal that goes on, ``0.333…``, as far as it is written
``sym``    value str             a variable, subscript and accent included
``const``  value str             ``pi``, ``e``, ``i``, ``inf``
``add``    a, b, …               sum
``mul``    a, b, …               product
``pow``    base, exponent
``call``   value str; a, …       a function of ``FUNCTIONS``
``apply``  f, a                  a function of unknown meaning
``sum``    value (kind, var)     body, first, last: a finite sum or product
``pm``     a                     plus or minus a
``mp``     a                     minus or plus a
========== ===================== =======================================================================

Answers that are no single expression:

============ ======================= ===================================================================
``quantity`` value Unit; a           a number with a unit, currency, percent or degree sign
``rel``      value ("=", "<", …)     two or more sides
``bracket``  value "()" "[)" "<>"    ordered: tuple, vector, point or interval
``set``      a, …                    unordered, without repetition
``list``     value "," "and" "or"    several answers beside each other
``union``    value "∪" "∩" "∖"       two or more sets
``matrix``   value columns           entries row by row
``ratio``    a, b, …                 3:2
``base``     value (digits, base)    4130_5
``text``     value str               words, compared as words
============ ======================= ===================================================================
"""

from fractions import Fraction
from typing import Any, NamedTuple

from verigrad_rewards.math.parse.names import CONSTANTS


class ReadError(ValueError):
    """The text is no answer that can be read; the message says why in words that follow "the answer"."""


class Node(NamedTuple):
    """One operation with its arguments; equal nodes are equal trees."""

    op: str
    args: "tuple[Node, ...]" = ()
    value: Any = None


def num(value: int | Fraction) -> Node:
    """Return an exact number."""
    return Node("num", (), Fraction(value))


def sym(name: str) -> Node:
    """Return a variable."""
    return Node("sym", (), name)


def letter(name: str) -> Node:
    """Return a letter or name as the constant or variable it is."""
    return Node("const", (), CONSTANTS[name]) if name in CONSTANTS else sym(name)


def call(name: str, *args: Node) -> Node:
    """Return a function of ``args``."""
    return Node("call", args, name)


MINUS_ONE = num(-1)
INF = Node("const", (), "inf")
BLANK = Node("sym", (), "")  # the missing left side of "> 42"


def add(*terms: Node) -> Node:
    """Return a flat sum."""
    flat = tuple(part for term in terms for part in (term.args if term.op == "add" else (term,)))
    return flat[0] if len(flat) == 1 else Node("add", flat)


def mul(*factors: Node) -> Node:
    """Return a flat product."""
    flat = tuple(part for factor in factors for part in (factor.args if factor.op == "mul" else (factor,)))
    return flat[0] if len(flat) == 1 else Node("mul", flat)


def neg(node: Node) -> Node:
    """Return the negative; that of a written number is a written number."""
    if node.op == "num":
        return num(-node.value)
    if node.op == "dec":
        return Node("dec", (), (-node.value[0], node.value[1]))
    if node.op in ("pm", "mp"):
        return Node("mp" if node.op == "pm" else "pm", node.args)
    if node.op == "mul" and node.args[0] == MINUS_ONE:
        return mul(*node.args[1:])
    if node.op == "call" and node.value in ("percent", "degrees"):
        return Node("call", (neg(node.args[0]),), node.value)
    return mul(MINUS_ONE, node)


def div(top: Node, bottom: Node) -> Node:
    """Return a quotient; one of two written whole numbers is an exact number."""
    if top.op == bottom.op == "num" and bottom.value and top.value.denominator == bottom.value.denominator == 1:
        return num(top.value / bottom.value)
    return mul(top, Node("pow", (bottom, MINUS_ONE)))


def symbols(node: Node) -> frozenset[str]:
    """Return the names of all variables in ``node``."""
    if node.op == "sym":
        return frozenset((node.value,))
    return frozenset().union(*map(symbols, node.args))


def contains(node: Node, op: str) -> bool:
    """Whether an operation stands anywhere in ``node``."""
    return node.op == op or any(contains(arg, op) for arg in node.args)


def replace(node: Node, old: Node, new: Node) -> Node:
    """Return ``node`` with every ``old`` in it replaced."""
    if node == old:
        return new
    return Node(node.op, tuple(replace(arg, old, new) for arg in node.args), node.value)


def canonical(node: Node) -> Node:
    """Return ``node`` with the terms of sums and the factors of products in one fixed order."""
    args = tuple(map(canonical, node.args))
    if node.op in ("add", "mul") and not any(arg.op == "matrix" for arg in args):
        args = tuple(sorted(args, key=repr))
    return Node(node.op, args, node.value)


def size(node: Node) -> int:
    """Return how many nodes a tree has."""
    return 1 + sum(map(size, node.args))
