"""Write files so that a crash or a full disk leaves what was there before, whole; lock them."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from verigrad.errors import RunError, RunStoppedError

UNFINISHED = ".unfinished-"


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
def whole_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder that becomes ``target``, synced, when the block ends, and nothing when it fails.

    The block moves away what stands at ``target``. A crash leaves a folder whose name begins with ``UNFINISHED``.
    """
    partial = target.with_name(f"{UNFINISHED}{target.name}")
    discard(partial)  # of a crash
    partial.mkdir(parents=True)
    try:
        yield partial
        for path in [*partial.rglob("*"), partial]:
            sync(path)
        partial.rename(target)
        sync(target.parent)
    except Exception:  # raised again: only the room is given back
        discard(partial)
        raise


def locked(file: Path, name: str, busy: str) -> IO[str]:
    """Return ``file``, open; while it is, no other process can lock it.

    Args:
        file: made where it is not there, with its folder.
        name: of what it stands for, in messages.
        busy: what is wrong where another process holds it, and what to do.

    Raises:
        RunError: another process holds it, or it cannot be made.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        stream = file.open("a+", encoding="ascii")
    except OSError as error:
        raise RunError(f"{name}: cannot be made: {error.strerror}") from None
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        raise RunError(f"{name}: {busy}") from None
    return stream


def discard(folder: Path) -> None:
    """Delete a folder that nothing reads, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def unused(folder: Path) -> Path:
    """Return the name of ``folder`` with the first number behind it that nothing has."""
    names = (folder.with_name(f"{folder.name}-{i}") for i in range(1, 10_000))
    return next(name for name in names if not name.exists())


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
