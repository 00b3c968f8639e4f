"""Read exact numbers from the text a model wrote: bounded, never evaluated, never rounded."""

import re
from fractions import Fraction

MAX_LENGTH = 200  # characters of an answer; no exact number a person checks is longer
MAX_EXPONENT = 100

_UNIT = r"[a-zA-Z°µ²³]+(?:[ /.\-][a-zA-Z°²³]+){0,3}\.?"
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_DECIMAL = rf"(?:{_DIGITS}(?:\.\d*)?|\.\d+)"
_NUMBER = re.compile(
    rf"(?P<sign>[+-]?)\s*(?P<money>[$€£¥]?)\s*(?P<inner>[+-]?)"
    rf"(?:(?P<whole>\d+)\s+(?P<part>\d+)/(?P<of>\d+)"
    rf"|(?P<top>{_DECIMAL})\s*/\s*(?P<bottom>{_DECIMAL})"
    rf"|(?P<plain>{_DECIMAL})(?:\s*(?:[eE]|[x*]\s*10\s*\^)\s*\{{?(?P<exponent>[+-]?\d{{1,4}})\}}?)?)"
    rf"\s*(?P<after>%|[$€£¥]|percent)?(?:\s*(?P<unit>{_UNIT}))?",
    re.ASCII,
)
_FRACTION = re.compile(r"\\[dt]?frac\s*(?:\{\s*(\d{1,60})\s*\}|(\d))\s*(?:\{\s*(\d{1,60})\s*\}|(\d))")
_LATEX = [
    ("\\left", ""), ("\\right", ""), ("\\$", "$"), ("\\%", "%"), ("{,}", ","), ("\\,", " "), ("\\!", ""),
    ("\\;", " "), ("\\:", " "), ("\\ ", " "), ("~", " "), ("\\times", "x"), ("\\cdot", "x"), ("−", "-"),
    ("–", "-"), ("﹣", "-"), ("×", "x"), ("·", "x"), ("\u2044", "/"), ("÷", "/"),
]  # fmt: skip
_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20}
_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mbox)\s*\{([^{}]*)\}")


def plain_text(text: str) -> str:
    """Return ``text`` with full-width forms, LaTeX spacing and fractions turned into plain ASCII notation."""
    text = text.translate(_FULL_WIDTH)
    text = _TEXT.sub(r" \1 ", text.replace("\\[", "").replace("\\]", "").replace("\\(", "").replace("\\)", ""))
    for latex, plain in _LATEX:
        text = text.replace(latex, plain)
    text = _FRACTION.sub(lambda m: f" {m[1] or m[2]}/{m[3] or m[4]}", text)
    return " ".join(text.strip().strip("$").strip().split())


def read_number(text: str) -> Fraction | None:
    r"""Return the number that ``text`` is, or None where it is no single number.

    Read are integers, decimals, ``3/4``, ``1 1/2``, ``\frac{3}{4}``, ``1,234,567``, ``1.5e3``, ``$18.00``,
    ``18 dollars``. A percentage is its fraction: ``50%`` is ``1/2``, never 50. ``1,23`` is not a number.
    """
    if len(text) > MAX_LENGTH:
        return None
    text = re.sub(r"^[a-zA-Z]\s*=\s*(?=[^=]*$)", "", plain_text(text).rstrip(".").strip())
    match = _NUMBER.fullmatch(text)
    if match is None or (not text.isascii() and not match["unit"] and not match["money"] and not match["after"]):
        return None
    if match["sign"] and match["inner"]:
        return None
    value = magnitude(match)
    if value is None:
        return None
    if match["after"] in ("%", "percent") or (match["unit"] or "").lower() == "percent":
        value /= 100
    return -value if "-" in (match["sign"], match["inner"]) else value


def magnitude(match: re.Match[str]) -> Fraction | None:
    """Return the unsigned value of a match, None for a division by zero or an exponent out of bounds."""
    if match["whole"]:
        if not int(match["of"]):
            return None
        return int(match["whole"]) + Fraction(int(match["part"]), int(match["of"]))
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
