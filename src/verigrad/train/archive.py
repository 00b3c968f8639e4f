"""Keep every rollout and every step: JSON lines, appended and flushed, readable while the run goes on."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def append_lines(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Append ``rows`` to ``file`` as JSON lines and wait until the disk has them."""
    text = "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows)
    with file.open("a", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def read_lines(file: Path) -> list[dict[str, Any]]:
    """Return the rows of ``file``; a last line that a crash tore is left out."""
    rows = []
    with file.open(encoding="ascii") as stream:
        for line in stream:
            if not line.endswith("\n"):
                break
            rows.append(json.loads(line))
    return rows
