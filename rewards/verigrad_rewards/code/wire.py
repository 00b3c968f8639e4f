"""Plain values as JSON with their exact types: the only thing that leaves the jail. Imported on both sides."""

import math

MAX_DEPTH = 40


class WireError(ValueError):
    """A value that is not plain, or too deep."""


def pack(value: object, depth: int = 0) -> object:
    """Return ``value`` as JSON-ready data; exact types only, so a subclass with its own ``__eq__`` is refused."""
    if depth > MAX_DEPTH:
        raise WireError("the value is nested too deeply")
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return {"int": hex(value)}  # type: ignore[arg-type]
    if kind is float:
        return {"float": repr(value)}
    if kind is dict:
        return {"dict": [[pack(k, depth + 1), pack(v, depth + 1)] for k, v in value.items()]}  # type: ignore[attr-defined]
    if kind in (list, tuple, set, frozenset):
        return {kind.__name__: [pack(item, depth + 1) for item in value]}  # type: ignore[attr-defined]
    raise WireError(f"a {kind.__name__} is not plain data")


def unpack(data: object, depth: int = 0) -> object:
    """Return the value that ``pack`` made ``data`` from.

    Raises:
        WireError: it is not such data.
    """
    if depth > MAX_DEPTH + 1:
        raise WireError("the value is nested too deeply")
    if data is None or isinstance(data, bool | str):
        return data
    if not isinstance(data, dict) or len(data) != 1:
        raise WireError("not packed data")
    ((kind, inside),) = data.items()
    try:
        if kind == "int":
            return int(inside, 16)
        if kind == "float":
            return float(inside)
        items = [unpack(item, depth + 1) for item in inside] if kind != "dict" else []
        if kind == "dict":
            return {unpack(k, depth + 1): unpack(v, depth + 1) for k, v in inside}
        return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind](items)
    except (TypeError, KeyError, ValueError) as error:
        raise WireError(f"not packed data: {error}") from None


def same(found: object, expected: object) -> bool:
    """Whether a returned value equals the expected one.

    Types must agree: True is not 1, a tuple is not a list, "1" is not 1. Numbers are the exception: 1 equals 1.0,
    and where either is a float they may differ by 1e-9 of the larger. NaN equals nothing.
    """
    numbers = (int, float)
    if type(found) in numbers and type(expected) in numbers:
        if type(found) is int and type(expected) is int:
            return found == expected
        try:
            return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)  # type: ignore[arg-type]
        except OverflowError:
            return False
    if type(found) is not type(expected):
        return False
    if isinstance(found, list | tuple):
        return len(found) == len(expected) and all(map(same, found, expected))  # type: ignore[arg-type]
    if isinstance(found, dict):
        return found.keys() == expected.keys() and all(same(v, expected[k]) for k, v in found.items())  # type: ignore[attr-defined, index]
    return found == expected
