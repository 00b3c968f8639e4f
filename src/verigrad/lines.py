"""JSON lines that a crash at any moment leaves readable: appended, synced, a torn last line left out."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from verigrad.disk import stop_at_fault, sync
from verigrad.secrets import masked

Row = dict[str, Any]


def append_lines(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Append ``rows`` to ``file`` as JSON lines and wait until the disk has them.

    A last line that a crash tore is cut off first, or it would swallow the first of ``rows``.

    Raises:
        RunStoppedError: the file cannot be written, such as on a full disk.
    """
    append(file, b"".join(as_line(row) for row in rows))


def read_lines(file: Path) -> list[Row]:
    """Return the rows of ``file``; a last line that a crash tore is left out."""
    return [json.loads(line) for line in whole_lines(file)]


def as_line(row: Mapping[str, Any]) -> bytes:
    """Return ``row`` as a line without secrets; in ASCII, so that half a surrogate pair is kept as well."""
    return masked(json.dumps(row, ensure_ascii=True)).encode("ascii") + b"\n"


def whole_lines(file: Path) -> list[bytes]:
    """Return the lines of ``file`` that end, each with its line end."""
    *lines, _ = file.read_bytes().split(b"\n")
    return [line + b"\n" for line in lines]


def append(file: Path, data: bytes) -> None:
    """Append whole lines to ``file`` in the place of a torn one, and wait until the disk has them."""
    with stop_at_fault(file):
        begun = not file.exists()
        with file.open("a+b") as stream:
            stream.truncate(end_of_lines(stream))
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if begun:
            sync(file.parent)


def end_of_lines(stream: BinaryIO, block: int = 1 << 16) -> int:
    """Return where the last whole line ends, looking back from the end of ``stream``."""
    end = stream.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - block)
        stream.seek(start)
        found = stream.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
