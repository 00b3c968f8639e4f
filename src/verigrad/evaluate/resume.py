"""Begin a file of records, go on with it after an interruption, and put it in order at the end."""

import json
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from verigrad.disk import replacing
from verigrad.errors import RunError
from verigrad.evaluate.records import ANEW, FORMAT, HEAD, Records, checked_line, make_records, read_rows, seconds_file
from verigrad.lines import append
from verigrad_rewards.types import Status


def begin(file: Path, header: Mapping[str, Any], planned: Container[str]) -> set[str]:
    """Begin ``file``, or go on with it; returns the keys of the samples that need not be measured again.

    A torn last line is dropped, and so are samples that could not be scored.

    Args:
        file: of the records.
        header: ``measured`` is what must be the same to go on; the rest stays as it was at the first start.
        planned: keys of all samples.

    Raises:
        RunError: another measurement began it, or it is damaged.
    """
    if not has_begun(file):
        seconds_file(file).unlink(missing_ok=True)  # of records that were moved away
        append(file, checked_line({"kind": "header", "format": FORMAT, **header}))
        return set()
    first, *rows = read_rows(file)
    refuse_other(file, first["measured"], header["measured"])
    make_records(file, first, rows)
    if odd := next((row["key"] for row in rows if row["key"] not in planned), None):
        raise RunError(f"{file}: holds sample {odd}, which is not part of this measurement; {ANEW}")
    kept = [row for row in rows if row["status"] != Status.UNSCORED]
    if kept != rows:
        write(file, [first, *kept])
    return {row["key"] for row in kept}


def has_begun(file: Path) -> bool:
    """Whether ``file`` holds more than what a crash leaves of writing the header.

    Raises:
        RunError: it is a folder.
    """
    if file.is_dir():
        raise RunError(f"{file}: is a folder; records are a file, such as {file / 'tiny.jsonl'}")
    if not file.exists():
        return False
    with file.open("rb") as stream:
        first = stream.readline()
    return first.endswith(b"\n") or not HEAD.startswith(first[: len(HEAD)])


def refuse_other(file: Path, then: Any, now: Mapping[str, Any]) -> None:
    """Refuse records of another model, recipe or version.

    Raises:
        RunError: with the first difference.
    """
    free = ("model",) if now["weights"] else ()  # a folder may have moved, its weights are the same
    for name, value in json.loads(json.dumps(now)).items():
        if then.get(name) != value and name not in free:
            differs = f"{name} differs ({brief(then.get(name), value)})"
            raise RunError(f"{file}: holds another measurement: {differs}; {ANEW}, or choose another place with --out")


def brief(then: Any, now: Any) -> str:
    """Return two values that differ, by the first key in which they do."""
    while isinstance(then, dict) and isinstance(now, dict):
        key = next(k for k in [*now, *then] if then.get(k) != now.get(k))
        then, now = then.get(key), now.get(key)
        if not isinstance(now, dict):
            return f"{key} {str(then)[:60]!r} then, {str(now)[:60]!r} now"
    return f"{str(then)[:60]!r} then, {str(now)[:60]!r} now"


def finish(file: Path, order: Iterable[str]) -> Records:
    """Put the samples in the order of their keys, so that an interruption leaves no trace, and return them."""
    header, *rows = read_rows(file)
    by_key = {row["key"]: row for row in rows}
    ordered = [by_key[key] for key in order if key in by_key]
    if [row["key"] for row in ordered] != [row["key"] for row in rows]:
        write(file, [header, *ordered])
    return make_records(file, header, ordered)


def write(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write ``file`` anew, whole or not at all."""
    with replacing(file) as stream:
        for row in rows:
            stream.write(checked_line(row))
