"""Read exact numbers from the text a model wrote: bounded, never evaluated, never rounded."""

import re
from fractions import Fraction

from verigrad_rewards.math.units import scale

MAX_LENGTH = 200  # characters of an answer; no exact number a person checks is longer
MAX_EXPONENT = 100

_UNIT_WORD = r"[a-zA-Z°µ]+(?:[²³]|\^\{?[23]\}?)?"
_UNIT = rf"{_UNIT_WORD}(?:[ /.\-]{_UNIT_WORD}){{0,3}}\.?"
_DIGITS = r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)"
_DECIMAL = rf"(?:{_DIGITS}(?:\.\d*)?|\.\d+)"
_NUMBER = re.compile(
    rf"(?P<sign>[+-]?)\s*(?P<money>[$€£¥₹]?)\s*(?P<inner>[+-]?)"
    rf"(?:(?P<whole>\d+)\s+(?P<part>\d+)/(?P<of>\d+)"
    rf"|(?P<top>{_DECIMAL})\s*/\s*(?P<bottom>{_DECIMAL})"
    rf"|(?P<plain>{_DECIMAL})(?:\s*(?:[eE]|[x*]\s*10\s*\^)\s*\{{?(?P<exponent>[+-]?\d{{1,4}})\}}?)?)"
    rf"(?:\s*(?P<after>%|[$€£¥₹]))?(?:(?P<gap>\s*)(?P<unit>{_UNIT}))?",
    re.ASCII,
)
_FRACTION = re.compile(
    r"(-?)\s*\\[dtc]?frac\s*(?:\{\s*([+-]?)\s*([0-9]{1,60})\s*\}|([0-9]))\s*(?:\{\s*([0-9]{1,60})\s*\}|([0-9]))"
)
_LATEX = [
    ("\\left", ""), ("\\right", ""), ("\\$", "$"), ("\\%", "%"), ("^{\\circ}", "°"), ("^\\circ", "°"), ("{,}", ","),
    ("\\!", ""), ("\\,", " "), ("\\;", " "), ("\\:", " "), ("\\ ", " "), ("\\times", "x"), ("\\cdot", "x"), ("−", "-"),
    ("–", "-"), ("﹣", "-"), ("×", "x"), ("·", "x"), ("\u2044", "/"), ("÷", "/"), ("\u2009", " "), ("\u202f", " "),
    ("½", " 1/2"), ("¼", " 1/4"), ("¾", " 3/4"), ("⅓", " 1/3"), ("⅔", " 2/3"),
]  # fmt: skip
_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20}
_TEXT = re.compile(r"\\(?:text|mathrm|mathbf|textbf|mbox)\s*\{([^{}]*)\}")
_GROUPS = re.compile(r"(?<![0-9.,\\!])([0-9]{1,3})((?:\\,[0-9]{3})+)(?![0-9])")
_LEAD = re.compile(r"(?:the\s+)?(?:final\s+)?answer(?:\s+is|\s*[:=])+\s*", re.IGNORECASE)
_NAME = re.compile(r"([A-Za-z]{1,20})(?:_\{?[A-Za-z0-9]{1,5}\}?)?\s*=\s*(?=[^=]*$)")
_WRAPS = (("\\boxed{", "}"), ("\\fbox{", "}"), ("**", "**"), ("\\(", "\\)"), ("\\[", "\\]"), ("$", "$"))


def unwrap(text: str) -> str:
    """Return ``text`` without boxes, bold marks and math delimiters that enclose it as a whole."""
    before = None
    while before != text:
        before = text = text.strip()
        for opened, closed in _WRAPS:
            if text.startswith(opened) and text.endswith(closed) and len(text) >= len(opened) + len(closed):
                inside = text[len(opened) : -len(closed)]
                if closed not in inside or (closed == "}" and balanced(inside)):
                    text = inside.strip()
    return text


def balanced(text: str) -> bool:
    """Whether every brace in ``text`` has its partner in it."""
    depth = 0
    for c in text:
        depth += (c == "{") - (c == "}")
        if depth < 0:
            return False
    return not depth


def plain_text(text: str) -> str:
    """Return ``text`` with full-width forms, LaTeX spacing and fractions turned into plain ASCII notation."""
    text = unwrap(text.translate(_FULL_WIDTH))
    text = _GROUPS.sub(lambda m: m[1] + m[2].replace("\\", ""), text)
    text = _TEXT.sub(r" \1 ", text)
    for latex, plain in _LATEX:
        text = text.replace(latex, plain)
    text = _FRACTION.sub(fraction_text, text)
    return " ".join(text.split())


def fraction_text(match: re.Match[str]) -> str:
    r"""Return ``\frac{-3}{4}`` as ``-3/4``; two signs stay two, which is no number."""
    sign, inner, top, short_top, bottom, short_bottom = match.groups("")
    return f"{sign} {inner}{top or short_top}/{bottom or short_bottom}"


def bare(text: str) -> str:
    """Return plain text without what may stand before a number: ``the answer is``, ``x =``; and its full stop."""
    text = plain_text(text)
    lead = _LEAD.match(text)
    text = unwrap(text[lead.end() :] if lead else text).removesuffix(".").strip()
    name = _NAME.match(text)
    if name and scale(name[1], attached=False) is None and len(name[1]) > 1:
        return text  # "not = 5", "pi = 5"
    return text[name.end() :].strip() if name else text


def read_number(text: str) -> Fraction | None:
    r"""Return the number that ``text`` is, or None where it is no single number.

    Read are integers, decimals, ``3/4``, ``1 1/2``, ``\frac{3}{4}``, ``1,234,567``, ``1.5e3``, ``$18.00``,
    ``18 dollars``, ``1.5 million``. A percentage is its fraction: ``50%`` is ``1/2``, never 50. ``1,23`` is not a
    number, nor is ``5 or six``, ``5x`` or ``5 squared``.
    """
    if len(text) > MAX_LENGTH:
        return None
    match = _NUMBER.fullmatch(bare(text))
    if match is None or (match["sign"] and match["inner"]):
        return None
    unit, value = match["unit"] or "", magnitude(match)
    factor = scale(unit, attached=bool(unit) and not match["gap"] and not match["after"])
    if value is None or factor is None:
        return None
    value *= factor
    if match["after"] == "%":
        value /= 100
    return -value if "-" in (match["sign"], match["inner"]) else value


def magnitude(match: re.Match[str]) -> Fraction | None:
    """Return the unsigned value of a match, None for a division by zero, ``1 5/2`` or an exponent out of bounds."""
    if match["whole"]:
        part, of = int(match["part"]), int(match["of"])
        return int(match["whole"]) + Fraction(part, of) if part < of else None
    if match["top"]:
        bottom = decimal(match["bottom"])
        return decimal(match["top"]) / bottom if bottom else None
    value = decimal(match["plain"])
    if match["exponent"] is None:
        return value
    exponent = int(match["exponent"])
    return value * Fraction(10) ** exponent if abs(exponent) <= MAX_EXPONENT else None


def decimal(text: str) -> Fraction:
    """Return the exact value of digits with an optional point and thousands separators."""
    return Fraction(text.replace(",", "").rstrip(".") or "0")


def write_number(value: Fraction) -> str:
    """Return the canonical text of a number: ``7``, ``-3/4``."""
    return str(value)
