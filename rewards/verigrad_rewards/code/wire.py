"""Plain values as JSON with their exact types: the only thing that leaves the jail. Imported on both sides."""

import json
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_DEPTH = 100
MAX_RESULT = 4 << 20  # characters
MAX_LINE = MAX_RESULT + 64  # with the token before it
HELLO = b"locked in"  # a child's first line, before it runs anything
ERROR_MARK = "\x1e"  # what follows it on the standard error of a remote run is the program's error
SMALL = 1 << 62
CONTAINERS = {kind.__name__: kind for kind in (list, tuple, set, frozenset)}
SCALARS = {
    "int": re.compile(r"-?0x[0-9a-f]+"),
    "float": re.compile("nan|inf|-inf"),
    "bytes": re.compile("([0-9a-f]{2})*"),
    "text": re.compile("([0-9a-f]{8})*"),  # str with surrogates, which JSON would join to other characters
    "Fraction": re.compile(r"-?[0-9]{1,2000}(/[1-9][0-9]{0,2000})?"),
    "Decimal": re.compile(r"-?([0-9]+(\.[0-9]+)?(E[+-][0-9]{1,9})?|Infinity|NaN)"),
}
BUILD: dict[str, Any] = {
    "float": float,
    "bytes": bytes.fromhex,
    "text": lambda digits: bytes.fromhex(digits).decode("utf-32-le", "surrogatepass"),
    "Fraction": Fraction,
    "Decimal": Decimal,
}
NUMBERS = {"complex": [float, float], "range": [int, int, int]}
ANSWERS = ({"value"}, {"value", "args"}, {"error", "kind", "args"})
TEXTS = {"error", "kind"}
# what equals a plain container for Python too, and is one on the wire
AS_DICT = {"Counter", "defaultdict", "OrderedDict"}


class WireError(ValueError):
    """A value that is not plain, or too deep."""


def pack(value: object, depth: int = 0) -> object:
    """Return ``value`` as JSON-ready data.

    Numbers, text and lists stand for themselves, everything else is ``{type: content}``. Exact types only: a subclass,
    which could bring an ``__eq__`` of its own, is refused, but for the counting, default and ordered dictionaries of
    ``collections`` and named tuples, which go as what they hold.

    Raises:
        WireError: the value is not plain, or deeper than ``MAX_DEPTH``.
    """
    if depth > MAX_DEPTH:
        raise WireError("the value is nested too deeply")
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return pack_text(value)  # type: ignore[arg-type]
    if kind is list:
        return [pack(item, depth + 1) for item in value]  # type: ignore[attr-defined]
    if kind is int:
        return value if -SMALL < value < SMALL else {"int": hex(value)}  # type: ignore[operator, arg-type]
    if kind is float:
        return value if value - value == 0 else {"float": repr(value)}  # type: ignore[operator]
    return {name_of(kind): content(value, kind, depth)}


def pack_text(text: str) -> object:
    """Return a text, spelled out in code points where it holds surrogates."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return {"text": text.encode("utf-32-le", "surrogatepass").hex()}
    return text


def name_of(kind: type) -> str:
    """Return the name under which a value of ``kind`` travels."""
    if kind.__module__ == "collections" and kind.__name__ in AS_DICT:
        return "dict"
    return "tuple" if kind is not tuple and is_named_tuple(kind) else kind.__name__


def is_named_tuple(kind: type) -> bool:
    """Whether ``kind`` is a class that ``namedtuple`` made, which compares as a tuple does."""
    return kind.__bases__ == (tuple,) and hasattr(kind, "_fields") and "__eq__" not in vars(kind)


def content(value: object, kind: type, depth: int) -> object:
    """Return what stands beside the type's name."""
    name = name_of(kind)
    if name == "dict" and issubclass(kind, dict):
        return [[pack(k, depth + 1), pack(v, depth + 1)] for k, v in dict.items(value)]  # type: ignore[arg-type]
    if kind in CONTAINERS.values() or name == "tuple":
        return [pack(item, depth + 1) for item in kind.__iter__(value)]  # type: ignore[attr-defined]
    if kind is bytes:
        return value.hex()  # type: ignore[attr-defined]
    if kind is range:
        return [value.start, value.stop, value.step]  # type: ignore[attr-defined]
    if kind is complex:
        return [pack(value.real), pack(value.imag)]  # type: ignore[attr-defined]
    if kind is Fraction or kind is Decimal:
        return str(value)
    raise WireError(f"a {kind.__name__} is not plain data")


def read_reply(text: str | bytes) -> dict[str, Any]:
    """Return an answer to a call.

    It holds ``value`` and maybe ``args``, or ``error``, ``kind`` and ``args``: texts, or packed data that is validated.

    Raises:
        WireError: it is not such an answer.
    """
    if len(text) > MAX_LINE:
        raise WireError("the answer is too large")
    reply = load(text)
    if not isinstance(reply, dict) or set(reply) not in ANSWERS:
        raise WireError("not an answer")
    if not all(isinstance(reply[name], str) for name in TEXTS & reply.keys()):
        raise WireError("not an answer")
    for name in reply.keys() - TEXTS:
        validate(reply[name])
    return {
        name: said[:300].encode(errors="replace").decode() if name in TEXTS else said for name, said in reply.items()
    }


def load(text: str | bytes) -> Any:
    """Return parsed JSON.

    Raises:
        WireError: it is none, or too deep.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise WireError("not packed data") from None


def validate(data: object, depth: int = 0) -> None:
    """Raise ``WireError`` where ``data`` is not what ``pack`` makes."""
    if depth > 2 * MAX_DEPTH:
        raise WireError("the value is nested too deeply")
    if isinstance(data, list):
        for item in data:
            validate(item, depth + 1)
    elif isinstance(data, dict):
        if len(data) != 1:
            raise WireError("not packed data")
        ((name, inside),) = data.items()
        if name in SCALARS:
            if not isinstance(inside, str) or not SCALARS[name].fullmatch(inside):
                raise WireError("not packed data")
        elif name in CONTAINERS or name in ("dict", "complex", "range"):
            validate_items(name, inside, depth)
        else:
            raise WireError("not packed data")


def validate_items(name: str, inside: object, depth: int) -> None:
    """Raise ``WireError`` where ``inside`` is not what a container, a complex number or a range holds."""
    if not isinstance(inside, list):
        raise WireError("not packed data")
    pairs = name == "dict" and not all(isinstance(item, list) and len(item) == 2 for item in inside)
    if pairs:
        raise WireError("not packed data")
    validate(inside, depth + 1)
    if name in NUMBERS and [type_of(item) for item in inside] != NUMBERS[name]:
        raise WireError("not packed data")
    if name == "range" and inside[2] in (0, {"int": "0x0"}):
        raise WireError("not packed data")


def type_of(data: object) -> type:
    """Return the type of a packed number; another type for what is none."""
    return {"int": int, "float": float}.get(next(iter(data)), dict) if isinstance(data, dict) else type(data)


def unpack(data: Any) -> Any:
    """Return the value that ``pack`` made ``data`` from; ``data`` has been validated.

    Raises:
        WireError: a set member or a key that cannot be one.
    """
    if isinstance(data, list):
        return [unpack(item) for item in data]
    if not isinstance(data, dict):
        return data
    ((name, inside),) = data.items()
    try:
        if name in CONTAINERS:
            return CONTAINERS[name](unpack(item) for item in inside)
        if name == "dict":
            return {unpack(k): unpack(v) for k, v in inside}
    except TypeError as error:
        raise WireError(f"not packed data: {error}") from None
    if name in NUMBERS:
        return {"complex": complex, "range": range}[name](*map(unpack, inside))
    return int(inside, 16) if name == "int" else BUILD[name](inside)
