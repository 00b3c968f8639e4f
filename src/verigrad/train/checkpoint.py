"""Checkpoints that are whole or not there: written under another name, synced, listed in a manifest, then renamed.

A checkpoint is read only when every file is there with the size and SHA-256 that its manifest lists, so a crash, a
full disk or a flipped bit costs the work since the checkpoint before it and nothing else.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from verigrad.disk import UNFINISHED, discard, unused, whole_folder
from verigrad.errors import RunError, RunStoppedError

MANIFEST = "manifest.json"
BEST = "best.json"
PREFIX = "checkpoint-"
SPARE = 2  # free space asked for, in checkpoints: one is written while the one before it stays


def write_checkpoint(root: Path, step: int, fill: Callable[[Path], None], size: int) -> Path:
    """Write the checkpoint of ``step`` with ``fill``, which puts its files into the folder it is given.

    Args:
        root: folder of all checkpoints of a run.
        step: optimizer steps taken.
        fill: writes the files.
        size: bytes that the files are expected to take.

    Raises:
        RunStoppedError: not enough space; what was saved before is untouched.
    """
    target = folder_of(root, step)
    discard(target.with_name(f"{UNFINISHED}{target.name}"))  # its room counts
    need_space(root, size * SPARE)
    try:
        with whole_folder(target) as partial:
            fill(partial)
            files = {name: {"bytes": (partial / name).stat().st_size, "sha256": digest(partial / name)}
                     for name in listed(partial)}  # fmt: skip
            manifest = json.dumps({"step": step, "files": files}, indent=1)
            (partial / MANIFEST).write_text(manifest + "\n", encoding="utf-8")
            if target.exists():  # a broken one that resuming passed over
                target.rename(unused(target.with_name(f"broken-{target.name}")))
    except OSError as error:
        raise RunStoppedError(
            f"{target}: cannot be written: {error.strerror or error}; earlier checkpoints are whole. Make room, and "
            "start the same command again to go on"
        ) from None
    return target


def folder_of(root: Path, step: int) -> Path:
    """Return where the checkpoint of ``step`` belongs."""
    return root / f"{PREFIX}{step:06d}"


def step_of(checkpoint: Path) -> int:
    """Return the optimizer steps that had been taken at ``checkpoint``."""
    return int(checkpoint.name.removeprefix(PREFIX))


def listed(folder: Path) -> list[str]:
    """Return every file below ``folder`` but the manifest, by its path in it."""
    return sorted(
        str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST
    )


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def need_space(root: Path, size: int) -> None:
    """Refuse to begin a checkpoint that the disk has no room for.

    Raises:
        RunStoppedError: with what is free and what is needed.
    """
    free = shutil.disk_usage(next(p for p in (root, *root.parents) if p.exists())).free
    if free < size:
        raise RunStoppedError(
            f"{root}: {free / 1e6:,.1f} MB free, the next checkpoint needs {size / 1e6:,.1f} MB (twice its size); "
            "earlier checkpoints are whole. Make room, and start the same command again to go on"
        )


def fault(checkpoint: Path) -> str | None:
    """Return what is wrong with a checkpoint, None if it is whole."""
    try:
        manifest = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
        files = {str(name): (int(f["bytes"]), str(f["sha256"])) for name, f in manifest["files"].items()}
    except FileNotFoundError:
        return f"it has no {MANIFEST}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"its {MANIFEST} cannot be read"
    stray = sorted(set(listed(checkpoint)) - set(files))
    if stray:
        return f"{stray[0]} is not in its manifest"
    for name, (size, sha256) in files.items():
        file = checkpoint / name
        if not file.is_file():
            return f"{name} is missing"
        if file.stat().st_size != size:
            return f"{name} has {file.stat().st_size:,} bytes, the manifest says {size:,}"
        if digest(file) != sha256:
            return f"{name} has changed since it was written (SHA-256)"
    return None


def checkpoints(root: Path) -> list[Path]:
    """Return the checkpoints below ``root``, the newest first; they may be broken."""
    found = [p for p in root.glob(f"{PREFIX}*") if p.is_dir() and p.name.removeprefix(PREFIX).isdigit()]
    return sorted(found, key=step_of, reverse=True)


def last_whole(root: Path, say: Callable[[str], None]) -> Path | None:
    """Return the newest checkpoint that is whole, telling ``say`` of each broken one before it; deletes nothing."""
    for checkpoint in checkpoints(root):
        wrong = fault(checkpoint)
        if wrong is None:
            return checkpoint
        say(f"{checkpoint}: broken, passed over: {wrong}")
    return None


def rotate(root: Path, step: int, keep: int, also: Collection[int]) -> None:
    """Delete all but the ``keep`` newest checkpoints up to ``step`` and those of the steps ``also``.

    Later ones are broken, for the run went on from an earlier one, and stay as they are.
    """
    for old in [checkpoint for checkpoint in checkpoints(root) if step_of(checkpoint) <= step][keep:]:
        if step_of(old) not in also:
            doomed = root / f"{UNFINISHED}{old.name}"  # a crash while deleting leaves nothing that looks whole
            discard(doomed)
            old.rename(doomed)
            discard(doomed)


def best_step(root: Path) -> int | None:
    """Return the step of the checkpoint with the best held-out accuracy, None before there is one.

    Raises:
        RunError: the file that names it cannot be read.
    """
    if not (root / BEST).is_file():
        return None
    try:
        return int(json.loads((root / BEST).read_text(encoding="utf-8"))["step"])
    except (ValueError, KeyError, TypeError):
        raise RunError(
            f"{root / BEST}: cannot be read; delete it, and the next best checkpoint is named anew"
        ) from None
