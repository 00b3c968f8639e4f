"""Read rows from a local file; every row knows its line."""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from verigrad_rewards.math import read_gold
from verigrad_rewards.types import ProblemError

KINDS = ".jsonl, .jsonl.gz, .json or .csv"


def read_rows(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``(file:line, row)`` for every row of a file.

    Raises:
        ProblemError: the file is missing, of another kind, or a line is not a JSON object.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise ProblemError(f"{path}: no such file; allowed is a {KINDS} file with one problem per row")
    try:
        if file.name.endswith((".jsonl", ".jsonl.gz")):
            yield from json_lines(file)
        elif file.suffix == ".json":
            rows = json.loads(file.read_text(encoding="utf-8"))
            yield from ((f"{path}: row {i}", as_object(row, f"{path}: row {i}")) for i, row in enumerate(rows))
        elif file.suffix == ".csv":
            with file.open(encoding="utf-8", newline="") as stream:
                yield from ((f"{path}:{i}", dict(row)) for i, row in enumerate(csv.DictReader(stream), 2))
        else:
            raise ProblemError(f"{path}: unknown kind of file; allowed is {KINDS}")
    except (UnicodeDecodeError, gzip.BadGzipFile, json.JSONDecodeError) as error:
        raise ProblemError(f"{path}: cannot be read: {error}") from None


def json_lines(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a JSON lines file, compressed or not; empty lines are passed over."""
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                place = f"{file}:{number}"
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    raise ProblemError(f"{place}: not JSON: {error.msg} at column {error.colno}") from None
                yield place, as_object(row, place)


def as_object(row: Any, place: str) -> dict[str, Any]:
    """Return ``row`` if it is an object.

    Raises:
        ProblemError: it is not.
    """
    if not isinstance(row, dict):
        raise ProblemError(f"{place}: found {str(row)[:40]!r}; allowed is an object such as {{'question': …}}")
    return row


def text_field(row: dict[str, Any], key: str, place: str) -> str:
    """Return a field that must hold text or a number.

    Raises:
        ProblemError: it is missing or empty.
    """
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
        raise ProblemError(
            f"{place}: field {key!r} is {value!r}; allowed is text. The row has the fields {', '.join(row) or 'none'}"
        )
    return str(value)


def answer_field(row: dict[str, Any], key: str, place: str) -> str:
    """Return a field that must hold a gold answer that the math verifier can read.

    Raises:
        ProblemError: it is missing, empty or unreadable.
    """
    answer = text_field(row, key, place)
    try:
        read_gold(answer)
    except ProblemError as error:
        raise ProblemError(f"{place}: {error}") from None
    return answer


def label_field(row: dict[str, Any], key: str, place: str) -> str | int | float | None:
    """Return a field that may hold text or a number, None where it is missing or empty.

    Raises:
        ProblemError: it holds something else.
    """
    value = row.get(key)
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ProblemError(f"{place}: field {key!r} is {str(value)[:40]!r}; allowed is text or a number")
    return value
