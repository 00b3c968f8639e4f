"""Keep every rollout and every step, readable while the run goes on and after a crash at any moment.

Metrics are JSON lines, appended. Rollouts are one file per rollout phase, ``RUN/rollouts/step-000041.jsonl.gz``: whole
or not there, and replaced when a resumed run comes to that step again.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from verigrad.disk import replacing, stop_at_fault, sync
from verigrad.errors import RunError
from verigrad.lines import Row, append, as_line, whole_lines

LEVEL = 4  # of gzip: level 6 takes two to four times as long and saves 5 % (128 to 2,000 rows measured)
ROLLOUTS = re.compile(r"step-([0-9]{6,})\.jsonl\.gz")


def write_rollout(run: Path, step: int, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write the rollouts of one phase, whole or not at all, and return their file; the same rows give the same bytes.

    Args:
        run: the run folder.
        step: the first optimizer step that trains on them; what was written for it before is replaced.
        rows: one per response; ``step`` is put before their fields.

    Raises:
        RunStoppedError: the file cannot be written, such as on a full disk.
    """
    file = rollout_file(run, step)
    with stop_at_fault(file):
        if not file.parent.is_dir():
            file.parent.mkdir()
            sync(run)
    with replacing(file) as stream, gzip.GzipFile("", "wb", LEVEL, stream, mtime=0) as packed:
        for row in rows:
            packed.write(as_line({"step": step, **row}))
    return file


def rollout_steps(run: Path) -> list[int]:
    """Return the steps that rollouts were written for, in order; files that are not whole do not count."""
    names = (ROLLOUTS.fullmatch(file.name) for file in (run / "rollouts").glob("*"))
    return sorted(int(name[1]) for name in names if name)


def read_rollout(run: Path, step: int) -> list[Row]:
    """Return the rollouts of the phase that begins with ``step``.

    Raises:
        RunError: there are none, or their file is damaged.
    """
    file = rollout_file(run, step)
    try:
        data = file.read_bytes()
        if not data:  # which gzip reads as no rows
            raise EOFError("it is empty")
        return [json.loads(line) for line in gzip.decompress(data).decode("ascii").splitlines()]
    except FileNotFoundError:
        raise RunError(f"{run}: has no rollouts of step {step}; {which(rollout_steps(run))}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error, ValueError) as error:
        raise RunError(f"{file}: damaged: {error}") from None
    except OSError as error:
        raise RunError(f"{file}: cannot be read: {error.strerror or error}") from None


def read_rollouts(run: Path) -> Iterator[Row]:
    """Yield every rollout of a run in order, one phase in memory at a time.

    Raises:
        RunError: a file is damaged.
    """
    for step in rollout_steps(run):
        yield from read_rollout(run, step)


def cut_after(run: Path, step: int) -> int:
    """Move the metrics of the steps after ``step`` to ``metrics.discarded.jsonl`` and return how many there were.

    For going on from the checkpoint of ``step``, which takes these steps again. A crash leaves every line in one file
    or in both; cutting again then completes the move. A last line that a crash tore is dropped.

    Raises:
        RunError: a line is no row of metrics; nothing is touched.
        RunStoppedError: a file cannot be written, such as on a full disk.
    """
    file, discarded = run / "metrics.jsonl", run / "metrics.discarded.jsonl"
    if not file.exists():
        return 0
    lines = whole_lines(file)
    late = [is_after(line, step, f"{file}:{i}") for i, line in enumerate(lines, 1)]
    moved = [line for line, is_late in zip(lines, late, strict=True) if is_late]
    there = set(whole_lines(discarded)) if moved and discarded.exists() else set()  # by a cut that did not end
    if missing := [line for line in moved if line not in there]:
        append(discarded, b"".join(missing))
    left = b"".join(line for line, is_late in zip(lines, late, strict=True) if not is_late)
    if len(left) != file.stat().st_size:
        with replacing(file) as stream:
            stream.write(left)
    return len(moved)


def is_after(line: bytes, step: int, place: str) -> bool:
    """Whether a line of metrics is of a step after ``step``.

    Raises:
        RunError: it has no step.
    """
    try:
        return int(json.loads(line)["step"]) > step
    except (ValueError, KeyError, TypeError):
        raise RunError(f"{place}: is no row of metrics with a step; repair or remove the line") from None


def rollout_file(run: Path, step: int) -> Path:
    """Return where the rollouts of ``step`` belong."""
    return run / "rollouts" / f"step-{step:06d}.jsonl.gz"


def which(steps: list[int]) -> str:
    """Return which steps there are, in words that fit a line."""
    if len(steps) > 6:
        return f"there are {len(steps)}: {', '.join(map(str, steps[:3]))}, … {steps[-1]}"
    return f"there are {', '.join(map(str, steps))}" if steps else "it has none at all yet"
