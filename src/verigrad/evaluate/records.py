"""Recorded samples: a header line, then one JSON line per response. Every reported number is a function of such a file.

No line holds a clock: two measurements of the same thing give the same bytes. Every line ends in a checksum of the
rest, so that a line changed by hand is found. What a response took in seconds stands in a file beside it.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from sys import intern
from typing import Any, get_args, get_type_hints

from verigrad.errors import RunError
from verigrad.lines import Row, whole_lines
from verigrad.secrets import masked
from verigrad.tasks.types import Split
from verigrad_rewards.types import Status

FORMAT = 2
CHECK = "check"  # the last field of a line
TEXTS = ("question", "answer", "response", "read", "detail", "made_by")  # what may hold a secret
LARGEST = 10**15  # of counts
HEAD = b'{"kind": "header"'
SPLITS = (str(Split.HELD_OUT), str(Split.OOD))
STATUSES = {str(status): intern(str(status)) for status in Status}
ANEW = "move it away to measure anew"


@dataclass(frozen=True, slots=True)
class Sample:
    """What the metrics need of one recorded response.

    Attributes:
        problem: id.
        cluster: problems that share a stem have the same one; the problem's own id otherwise.
        task: name.
        split: ``held_out`` or ``ood``.
        decode: name of the decoding, a key of the header's ``decodings``.
        sample: index among the responses to its problem, from 0.
        level: difficulty, where the task knows one.
        prompt: hash of the rendered prompt.
        status: a value of ``Status``.
        vote: canonical form of the answer that was read; None where none was, or where tests decide.
        gold: canonical form of the gold answer; None where tests decide.
        format: whether the think/answer structure was kept.
        finished: whether the model ended its turn.
        forced: whether its thinking was ended by the budget.
        num_tokens: tokens written.
        think_tokens: those of them that are thinking.
    """

    problem: str
    cluster: str
    task: str
    split: str
    decode: str
    sample: int
    level: int | float | str | None
    prompt: str
    status: str
    vote: str | None
    gold: str | None
    format: bool
    finished: bool
    forced: bool
    num_tokens: int
    think_tokens: int


KINDS = {name: get_args(kind) or (kind,) for name, kind in get_type_hints(Sample).items()}
COUNTS = tuple(name for name, kinds in KINDS.items() if kinds == (int,))


@dataclass(frozen=True)
class Records:
    """One measurement.

    Attributes:
        file: where it was read from.
        header: what was measured, and how.
        samples: in the order of the file.
        seconds: that sampling and scoring took, where known.
    """

    file: Path
    header: Mapping[str, Any]
    samples: Sequence[Sample]
    seconds: float | None = None

    def part(self, split: str, decode: str) -> list[Sample]:
        """Return the samples of one split, decoded one way."""
        return [s for s in self.samples if s.split == split and s.decode == decode]

    @property
    def measured(self) -> Mapping[str, Any]:
        """What was measured: model, decodings, prompts, problems."""
        return self.header["measured"]

    @property
    def missing(self) -> int:
        """How many of the planned samples are not there."""
        return self.measured["samples"] - len(self.samples)


def read_records(file: Path) -> Records:
    """Return what is recorded in ``file``; a last line that a crash tore is left out.

    Raises:
        RunError: it is missing, holds something else, or was changed by hand.
    """
    rows = read_rows(file)
    header = next(rows)
    return make_records(file, header, rows)


def make_records(file: Path, header: Row, rows: Iterable[Row]) -> Records:
    """Return the records that rows make.

    Raises:
        RunError: rows contradict one another or the header.
    """
    samples = [as_sample(row) for row in rows]
    require_consistent(file, header["measured"]["decodings"], samples)
    return Records(file, header, samples, read_seconds(file))


def require_consistent(file: Path, decodings: Mapping[str, Any], samples: Iterable[Sample]) -> None:
    """Refuse samples of a decoding that nobody planned, one index twice, and problems that are not the same throughout.

    Raises:
        RunError: with the first such problem.
    """
    known: dict[tuple[str, str], tuple[object, ...]] = {}
    seen: set[tuple[str, str, str, int]] = set()
    for s in samples:
        facts, place = (s.prompt, s.gold, s.cluster, s.task, s.level), (s.split, s.decode, s.problem, s.sample)
        planned = decodings.get(s.decode, {}).get("samples", 0)
        if place in seen or s.sample >= planned or known.setdefault((s.split, s.problem), facts) != facts:
            raise RunError(
                f"{file}: sample {s.sample} of {s.problem} ({s.decode}) does not fit the others or the header; {ANEW}"
            )
        seen.add(place)


def read_rows(file: Path) -> Iterator[Row]:
    """Yield the header, then every recorded sample with all its text.

    Raises:
        RunError: as in ``read_records``.
    """
    seen: set[str] = set()
    for number, line in enumerate(record_lines(file), 1):
        row = check_line(line, f"{file}:{number}")
        if number == 1:
            check_header(row, file)
        elif row.get("key") in seen:
            raise RunError(f"{file}:{number}: repeats a sample that stands above it; remove the line, or {ANEW}")
        elif not fits(row):
            raise RunError(f"{file}:{number}: is no sample; it was written by another program or version; {ANEW}")
        else:
            seen.add(row["key"])
        yield row


def record_lines(file: Path) -> list[bytes]:
    """Return the lines of ``file``, at least the header's.

    Raises:
        RunError: there is none.
    """
    if not file.is_file():
        raise RunError(f"{file}: no such records; 'verigrad eval' writes them")
    try:
        lines = whole_lines(file)
    except OSError as error:
        raise RunError(f"{file}: cannot be read: {error.strerror or error}") from None
    if not lines:
        raise RunError(f"{file}: not a file of records: it has no whole line; {ANEW}")
    return lines


def check_line(line: bytes, place: str) -> Row:
    """Return the row of a line whose checksum is right.

    Raises:
        RunError: it is not JSON, not of this kit, or was changed.
    """
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise RunError(f"{place}: not a file of records: the line is not JSON") from None
    if not isinstance(row, dict) or row.get("kind") not in ("header", "sample") or CHECK not in row:
        raise RunError(f"{place}: not a line of records of this version of the kit; {ANEW}")
    del row[CHECK]
    if not line.endswith(ending(line)):
        raise RunError(f"{place}: was changed after it was recorded (its checksum is wrong); restore it, or {ANEW}")
    return row


def ending(line: bytes) -> bytes:
    """Return how a line must end, or one that is to have a checksum: with that of all that stands before it."""
    mark = f', "{CHECK}": '.encode()
    digest = hashlib.sha256(line.rpartition(mark)[0]).hexdigest()[:16]
    return mark + f'"{digest}"}}\n'.encode()


def checked_line(row: Mapping[str, Any]) -> bytes:
    """Return ``row`` as a line that ends in its checksum; secrets in what is text are masked."""
    texts = {name: masked_text(row[name]) for name in TEXTS if name in row}
    bare = json.dumps({**row, **texts, CHECK: ""}).encode("ascii")
    return bare.rpartition(f', "{CHECK}": '.encode())[0] + ending(bare)


def masked_text(value: Any) -> Any:
    """Return plain values without the secrets of the environment."""
    return json.loads(masked(json.dumps(value)))


def check_header(row: Row, file: Path) -> None:
    """Refuse a first line that is no header of this version.

    Raises:
        RunError: with what was found.
    """
    if row.get("kind") != "header":
        raise RunError(f"{file}: not a file of records: its first line is not their header")
    if row.get("format") != FORMAT:
        raise RunError(f"{file}: records of format {row.get('format')}; this version reads {FORMAT}; {ANEW}")
    found = row["measured"] if isinstance(row.get("measured"), dict) else {}
    modes = found.get("decodings")
    known = isinstance(modes, dict) and all(isinstance(m, dict) and is_count(m.get("samples")) for m in modes.values())
    if not known or not is_count(found.get("samples")) or not is_count(found.get("parameters") or 0):
        raise RunError(f"{file}:1: the header does not say what was measured; {ANEW}")


def is_count(value: Any) -> bool:
    """Whether a value can be a number of things."""
    return type(value) is int and 0 <= value < LARGEST


def fits(row: Row) -> bool:
    """Whether a row is a sample with every field of its type."""
    return (
        all(type(row.get(name)) in kinds for name, kinds in KINDS.items())
        and all(0 <= row[name] < LARGEST for name in COUNTS)
        and row["kind"] == "sample"
        and type(row.get("key")) is str
        and row["status"] in STATUSES
        and row["split"] in SPLITS
    )


def as_sample(row: Row) -> Sample:
    """Return what the metrics need of a row; equal texts are kept once."""
    values = {name: row[name] for name in KINDS}
    for name, value in values.items():
        if isinstance(value, str):
            values[name] = intern(value)
    return Sample(**values)


def seconds_file(file: Path) -> Path:
    """Return where the seconds of the records in ``file`` stand."""
    return file.with_name(f"{file.name.removesuffix('.jsonl')}.seconds.jsonl")


def read_seconds(file: Path) -> float | None:
    """Return the seconds that all samples of ``file`` took, None where that is not known."""
    clock = seconds_file(file)
    if not clock.is_file():
        return None
    try:
        seconds = [float(json.loads(line)["seconds"]) for line in whole_lines(clock)]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        seconds = [math.nan]
    if not all(0 <= each < LARGEST for each in seconds):
        raise RunError(f"{clock}: not seconds of records; remove it")
    return sum(seconds)
