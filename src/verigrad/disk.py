"""Write files so that a crash or a full disk leaves what was there before, whole."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from verigrad.errors import RunStoppedError


def save_json(file: Path, values: Any) -> None:
    """Write ``values`` to ``file``, whole or not at all.

    Raises:
        RunStoppedError: the file cannot be written.
    """
    with replacing(file) as stream:
        stream.write((json.dumps(values, indent=1) + "\n").encode())


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """Give a stream whose bytes become ``file`` when the block ends, and nothing when it fails."""
    partial = file.with_name(f".{file.name}.unfinished")
    with stop_at_fault(file):
        try:
            with partial.open("wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(file)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync(file.parent)


@contextmanager
def stop_at_fault(file: Path) -> Iterator[None]:
    """Turn what the system says about writing ``file`` into one line.

    Raises:
        RunStoppedError: the disk is full, say.
    """
    try:
        yield
    except OSError as error:
        raise RunStoppedError(
            f"{file}: cannot be written: {error.strerror or error}; what was kept before is whole"
        ) from None


def sync(path: Path) -> None:
    """Wait until the disk holds a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
