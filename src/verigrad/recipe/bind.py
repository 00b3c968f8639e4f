"""Bind plain YAML values to frozen dataclasses, strictly: no unknown key, no wrong type, no value out of range."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from verigrad.errors import RecipeError
from verigrad.recipe.source import KeyPath, Source


def ranged(default: Any = dataclasses.MISSING, *, low: float | None = None, high: float | None = None) -> Any:
    """Return a dataclass field whose number must lie in [low, high]."""
    return dataclasses.field(default=default, metadata={"low": low, "high": high})


T = TypeVar("T")


def bind(cls: type[T], source: Source) -> T:
    """Return ``source`` as an instance of the dataclass ``cls``.

    Raises:
        RecipeError: the first key that does not fit; one line with place, key, what was found and what is allowed.
    """
    return bind_dataclass(cls, source.values, (), source)


def fail(source: Source, path: KeyPath, message: str) -> typing.NoReturn:
    """Raise a RecipeError that names the place and the key."""
    raise RecipeError(f"{source.where(path)}: {'.'.join(path) or 'recipe'}: {message}")


def nearest(word: str, words: typing.Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest of ``words``, or nothing when none is near."""
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""


def bind_dataclass(cls: Any, value: Any, path: KeyPath, source: Source) -> Any:
    """Return ``value``, a mapping, as an instance of ``cls``."""
    if not isinstance(value, dict):
        fail(source, path, f"found {value!r}; allowed is a mapping with the keys {names(cls)}")
    fields = {f.name: f for f in dataclasses.fields(cls)}
    for key in value:
        if key not in fields:
            raise RecipeError(
                f"{source.where((*path, key))}: unknown key '{'.'.join((*path, key))}'."
                f"{nearest(key, fields) or ' Allowed: ' + names(cls)}"
            )
    hints = typing.get_type_hints(cls)
    bound = {}
    for name, field in fields.items():
        below = (*path, name)
        if name in value:
            bound[name] = bind_value(hints[name], value[name], below, source)
            check_range(field, bound[name], below, source)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            fail(source, below, f"is missing; allowed is {describe(hints[name])}")
    try:
        return cls(**bound)
    except ValueError as error:  # the dataclass's own checks, which span several keys
        fail(source, path, str(error))


def names(cls: Any) -> str:
    """Return the keys of ``cls`` as a list to read."""
    return ", ".join(f.name for f in dataclasses.fields(cls))


def check_range(field: Any, value: Any, path: KeyPath, source: Source) -> None:
    """Refuse a number outside the range its field declares."""
    low, high = field.metadata.get("low"), field.metadata.get("high")
    if value is None or isinstance(value, str):
        return
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        allowed = (
            f"{low} to {high}" if None not in (low, high) else f"{low} or more" if high is None else f"up to {high}"
        )
        fail(source, path, f"found {value!r}; allowed is {allowed}")


def describe(hint: Any) -> str:
    """Return what a value of type ``hint`` looks like, for an error message."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return " or ".join(repr(a) for a in args)
    if origin in (types.UnionType, typing.Union):
        return " or ".join("nothing" if a is type(None) else describe(a) for a in args)
    if origin is tuple:
        return f"a list of {describe(args[0])}" if args[-1] is ... else f"[{', '.join(describe(a) for a in args)}]"
    if dataclasses.is_dataclass(hint):
        return f"a mapping with the keys {names(hint)}"
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}.get(hint, "a mapping")


def bind_value(hint: Any, value: Any, path: KeyPath, source: Source) -> Any:
    """Return ``value`` as the type ``hint``; numbers written as YAML 1.1 text (``1e-5``) are read as numbers."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return bind_dataclass(hint, value, path, source)
    if origin in (types.UnionType, typing.Union):
        inner = [a for a in args if a is not type(None)]
        return None if value is None else bind_value(inner[0], value, path, source)
    if origin is tuple and isinstance(value, list):
        kinds = [args[0]] * len(value) if args[-1] is ... else list(args)
        if len(kinds) == len(value):
            return tuple(
                bind_value(k, v, (*path, str(i)), source) for i, (k, v) in enumerate(zip(kinds, value, strict=True))
            )
    if origin is Literal and value in args:
        return value
    if (origin or hint) in (dict, Mapping) and isinstance(value, dict):
        return value
    scalar = bind_scalar(hint, value)
    if scalar is None:
        near = nearest(str(value), [str(a) for a in args]) if origin is Literal else ""
        fail(source, path, f"found {value!r}; allowed is {describe(hint)}.{near}" if near else
             f"found {value!r}; allowed is {describe(hint)}")  # fmt: skip
    return scalar


def bind_scalar(hint: Any, value: Any) -> Any:
    """Return ``value`` as a bool, int, float or str, or None where it is not one."""
    if hint is bool or isinstance(value, bool):
        return value if hint is bool and isinstance(value, bool) else None
    if hint is str:
        return value if isinstance(value, str) else None
    if hint not in (int, float) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if hint is float:
        return number
    return int(number) if number.is_integer() else None
