"""Recorded samples: a header line, then one JSON line per response, appended as they come."""

import json
from pathlib import Path
from typing import Any

from verigrad.errors import RunError
from verigrad.fingerprint import fingerprint
from verigrad.lines import append_lines, read_lines


def sample_key(*parts: Any) -> str:
    """Return the key of a sample: a hash of the problem, prompt, sampler settings, weights and sample index."""
    return fingerprint(parts)


def read_records(file: Path) -> list[dict[str, Any]]:
    """Return the samples recorded in ``file``.

    Raises:
        RunError: the file is missing or holds something else.
    """
    if not file.is_file():
        raise RunError(f"{file}: no such records; 'verigrad eval RUN' writes them")
    try:
        rows = read_lines(file)
    except ValueError as error:
        raise RunError(f"{file}: not a file of records: {error}") from None
    if not rows or rows[0].get("kind") != "header":
        raise RunError(f"{file}: not a file of records: its first line is not their header")
    return [row for row in rows[1:] if row.get("kind") == "sample"]


def open_records(file: Path, header: dict[str, Any]) -> set[str]:
    """Begin ``file`` or go on with it; returns the keys of the samples it already holds.

    Raises:
        RunError: it was begun by another measurement.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        append_lines(file, [{"kind": "header", **header}])
        return set()
    rows = read_lines(file)
    if rows and rows[0].get("identity") != header["identity"]:
        raise RunError(f"{file}: holds samples of another model, recipe or version; move it away to measure anew")
    whole = "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows)
    if len(whole) != file.stat().st_size:  # a crash tore the last line
        file.write_text(whole, encoding="ascii")
    return {row["key"] for row in rows[1:]}
