"""Numbers that are written out, as opposed to sums and powers still to be worked out; answers that only restate."""

import re
from fractions import Fraction
from math import gcd

from verigrad_rewards.math.compare.exact import exact
from verigrad_rewards.math.parse.notation import to_latex
from verigrad_rewards.math.parse.read import read_answer, unwrap
from verigrad_rewards.math.parse.tree import MINUS_ONE, Node, ReadError
from verigrad_rewards.math.parse.units import PERCENT

_NOISE = re.compile(r"\\(?:left|right|displaystyle|[,;:! ])|[\s$]|(?<=\\)[dt](?=frac)")
_LITERAL = re.compile(r"[+-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[A-Za-z€£°]+)?")
_RATIO = re.compile(r"[+-]?(?:\\frac\{(\d+)\}\{(\d+)\}|(\d+)/(\d+))")


def read_number(text: str) -> Fraction | None:
    r"""Return the number that ``text`` writes out, or None where it is no single number.

    Read are integers, decimals, ``3/4``, ``1 1/2``, ``\frac{3}{4}``, ``1,234,567``, ``1.5e3``, ``$18.00``,
    ``18 dollars``, ``1.5 million``, ``x = 5``, ``seven``. A percentage is its fraction: ``50%`` is ``1/2``, never 50.
    Not a number are ``3+4``, ``2^5``, ``7 or 5``, ``5x``, ``> 5``.
    """
    try:
        node = read_answer(text)
    except ReadError:
        return None
    if node.op == "rel" and node.value == ("=",) and node.args[0].op == "sym":
        node = node.args[1]
    factor = Fraction(1, 100) if node.op == "quantity" and node.value == PERCENT else 1
    if node.op == "quantity":
        node = node.args[0]
    value = exact(node) if written(node) else None
    return None if value is None else value * factor


def written(node: Node) -> bool:
    """Whether a tree is a number written out: digits, a fraction of them, or scientific notation."""
    if node.op in ("num", "dec"):
        return True
    if node.op == "mul":
        digits = [arg for arg in node.args if arg.op in ("num", "dec") and arg != MINUS_ONE and not scale(arg)]
        return len(digits) <= 1 and all(arg == MINUS_ONE or arg in digits or scale(arg) for arg in node.args)
    return scale(node)


def scale(node: Node) -> bool:
    """Whether a tree is ``10^n``, or a word such as "million"."""
    if node.op == "num":
        return node.value > 1 and not str(node.value)[1:].strip("0")
    return node.op == "pow" and node.args[0] == Node("num", (), Fraction(10)) and node.args[1].op == "num"


def restates(text: str, gold: str, question: str) -> bool:
    """Whether an answer of the right value only gives back the question, not worked out.

    ``84/2`` for 42 and ``(x+1)^2 - 2x`` for ``x^2 + 1`` where the question has them; ``40 + 2`` for 42 wherever a
    number was asked for. A plain number, a fraction in lowest terms and what is written like the gold answer never do.
    """
    said, expected = bare(text), bare(gold)
    if not question or said == expected or _LITERAL.fullmatch(said) or lowest_terms(said):
        return False
    return said in bare(question) or (read_number(gold) is not None and unworked(text))


def bare(text: str) -> str:
    """Return ``text`` without spaces, dollar signs and what encloses it."""
    return _NOISE.sub("", unwrap(to_latex(text)))


def lowest_terms(text: str) -> bool:
    """Whether ``text`` is a fraction such as ``3/4`` that cannot be reduced."""
    match = _RATIO.fullmatch(text)
    if match is None:
        return False
    top, bottom = (int(part) for part in match.groups() if part)
    return bottom > 1 and gcd(top, bottom) == 1


def unworked(text: str) -> bool:
    """Whether an answer leaves a sum of plain numbers to be worked out; the last side of an equation decides."""
    node = read_answer(text)
    return has_sum(node.args[-1] if node.op == "rel" else node)


def has_sum(node: Node) -> bool:
    """Whether a sum of two or more rational numbers stands anywhere in a tree."""
    parts = [arg for arg in node.args if node.op == "add" and exact(arg) is not None]
    return len(parts) > 1 or any(map(has_sum, node.args))
