"""When a result equals what a test expects. Both are packed data (``wire.pack``); nothing of the program's is run."""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from verigrad_rewards.code.wire import unpack

TOLERANCE = 1e-9  # relative, where the expected number is a float
NUMBERS = ("int", "float")


def same(found: object, expected: object, tolerance: float = TOLERANCE) -> bool:
    """Whether a returned value equals the expected one, both packed.

    Types must agree: True is not 1, a tuple is not a list, "1" is not 1. Numbers are the exception: 1 equals 1.0, and
    where a float is expected the result may differ by ``tolerance`` relative to the larger (or absolutely, below 1e-12
    of that). NaN equals nothing, an infinity only itself. Members of sets and keys of dictionaries are compared
    exactly.
    """
    mine, theirs = kind(found), kind(expected)
    if mine in NUMBERS and theirs in NUMBERS:
        return same_number(unpack(found), unpack(expected), tolerance)
    if mine != theirs:
        return False
    if mine in ("list", "tuple", "complex"):
        return same_items(items(found), items(expected), tolerance)
    if mine in ("set", "frozenset"):
        return sorted(map(key, items(found))) == sorted(map(key, items(expected)))
    if mine == "dict":
        return same_entries(items(found), items(expected), tolerance)
    if mine in ("Fraction", "Decimal"):
        return unpack(found) == unpack(expected)
    return found == expected


def kind(data: object) -> str:
    """Return the name of the type that packed ``data`` stands for."""
    return next(iter(data)) if isinstance(data, dict) else type(data).__name__


def items(data: Any) -> list:
    """Return what a packed container holds."""
    return next(iter(data.values())) if isinstance(data, dict) else data


def same_number(found: int | float, expected: int | float, tolerance: float) -> bool:
    """Whether two numbers are equal; within ``tolerance`` where a float is expected."""
    if isinstance(expected, int):
        return found == expected
    if math.isinf(expected) or (isinstance(found, float) and math.isinf(found)):
        return found == expected
    try:
        return math.isclose(found, expected, rel_tol=tolerance, abs_tol=tolerance * 1e-3)
    except OverflowError:
        return False


def same_items(found: Sequence, expected: Sequence, tolerance: float) -> bool:
    """Whether two sequences have the same length and equal items."""
    return len(found) == len(expected) and all(same(f, e, tolerance) for f, e in zip(found, expected, strict=True))


def same_entries(found: Sequence, expected: Sequence, tolerance: float) -> bool:
    """Whether two packed dictionaries have the same keys, of the same types, with equal values."""
    mine, theirs = {key(k): v for k, v in found}, {key(k): v for k, v in expected}
    return (
        len(found) == len(expected)
        and mine.keys() == theirs.keys()
        and all(same(value, theirs[name], tolerance) for name, value in mine.items())
    )


def key(data: object) -> str:
    """Return a text that is the same for equal members of a set and no others; 1.0 is written as 1.

    A text and not the value itself: values that a program chose could all have one hash, and a set of them take for
    ever. Of bounded length, or values within values would double it each time.
    """
    name = kind(data)
    if name in NUMBERS:
        value = unpack(data)
        if isinstance(value, float) and math.isnan(value):
            return f"nan {id(data)}"  # equal to nothing
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = f"number {value:x}" if isinstance(value, int) else f"number {value!r}"
    elif name in ("set", "frozenset"):
        text = f"{name} {sorted(map(key, items(data)))}"
    elif name in ("list", "tuple", "complex"):
        text = f"{name} {[key(item) for item in items(data)]}"
    else:
        text = f"{name} {json.dumps(data)}"
    return text if len(text) < 64 else hashlib.sha256(text.encode()).hexdigest()


def same_output(found: str, expected: str, tolerance: float | None = None) -> bool:
    """Whether printed text equals the expected one, line by line; spaces at line ends and final newlines do not count.

    With a tolerance, tokens of a line may differ as numbers where the expected token is written as a decimal.
    """
    mine, theirs = lines(found), lines(expected)
    if mine == theirs:
        return True
    return (
        tolerance is not None
        and len(mine) == len(theirs)
        and all(same_line(m.split(), t.split(), tolerance) for m, t in zip(mine, theirs, strict=True))
    )


def lines(text: str) -> list[str]:
    """Return the lines of ``text`` without spaces at their ends and without empty lines at its end."""
    return [line.rstrip(" \t\r") for line in text.rstrip(" \t\r\n").split("\n")]


def same_line(found: Sequence[str], expected: Sequence[str], tolerance: float) -> bool:
    """Whether two lines have as many tokens, equal but for the tolerance of decimals."""
    return len(found) == len(expected) and all(
        f == e or (is_decimal(e) and is_decimal(f, whole=True) and same_number(float(f), float(e), tolerance))
        for f, e in zip(found, expected, strict=True)
    )


def is_decimal(token: str, whole: bool = False) -> bool:
    """Whether ``token`` is a plain finite decimal such as 0.5 or 1e-3; with ``whole`` also 5."""
    written = token.isascii() and not set(token) - set("0123456789+-.eE")
    try:
        return (
            written and len(token) < 400 and Decimal(token).is_finite() and (whole or not token.lstrip("+-").isdigit())
        )
    except InvalidOperation:
        return False


def show(data: object, limit: int = 80) -> str:
    """Return packed data as Python would write it, in at most ``limit`` characters."""
    text = ""
    for piece in pieces(data):
        text += piece
        if len(text) > limit:
            return text[: limit - 3] + "..."
    return text


def pieces(data: Any) -> Iterator[str]:
    """Yield the text of packed data piece by piece, so that huge data is never spelled out."""
    name = kind(data)
    if name == "int":
        value = unpack(data)
        yield str(value) if abs(value) < 10**40 else f"an integer of {int(value).bit_length()} bits"
    elif name == "str":
        yield repr(data[:200])  # type: ignore[index]
    elif name in ("list", "tuple", "set", "frozenset", "dict"):
        yield {"list": "[", "tuple": "(", "dict": "{", "set": "{", "frozenset": "frozenset({"}[name]
        for at, item in enumerate(items(data)):
            yield ", " if at else ""
            yield from pieces(item if name != "dict" else item[0])
            if name == "dict":
                yield ": "
                yield from pieces(item[1])
        yield {"list": "]", "tuple": ")", "dict": "}", "set": "}", "frozenset": "})"}[name]
    else:
        yield str(data if not isinstance(data, dict) else next(iter(data.values())))[:200]
