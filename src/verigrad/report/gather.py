"""Read a run folder as a report needs it; what is missing or damaged becomes a sentence of the page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from verigrad.errors import RecipeError, RunError
from verigrad.evaluate.compare import Comparison, compare
from verigrad.evaluate.metrics import ALL, Summary, summarize
from verigrad.evaluate.records import Records, read_records
from verigrad.lines import Row, whole_lines
from verigrad.recipe.source import read_source
from verigrad.run_folder import records_files, require_run

DRAWN = 1e18


@dataclass(frozen=True)
class Run:
    """What a run folder holds.

    Attributes:
        folder: where it lies.
        recipe_text: the resolved recipe as it stands there.
        recipe: its values; empty where it cannot be read.
        facts: ``run.json``; empty where there is none.
        preflight: what the start model did before the first step, None where nothing was sampled.
        metrics: the line of each step, all with a step.
        before: records of the start model, None where it was not measured.
        after: records of the trained model.
        damage: sentences on what could not be read.
    """

    folder: Path
    recipe_text: str
    recipe: Mapping[str, Any]
    facts: Mapping[str, Any]
    preflight: Mapping[str, Any] | None
    metrics: Sequence[Row]
    before: Records | None
    after: Records | None
    damage: Sequence[str]

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.resolve().name or "run"

    @property
    def finished(self) -> bool:
        """Whether training went to its end, which leaves a model."""
        return (self.folder / "model").is_dir()

    @property
    def stage(self) -> str:
        """The recipe's stage."""
        return str(self.recipe.get("stage", "grpo"))

    @property
    def steps(self) -> float:
        """Optimizer steps that the metrics reach."""
        return max((row["step"] for row in self.metrics), default=0)

    @property
    def think_tag(self) -> str:
        """Name of the tag around the thinking."""
        return str(section(self.recipe, "format").get("think_tag") or "think")

    @cached_property
    def compared(self) -> tuple[Sequence[Comparison], str]:
        """Before against after, paired, and why there is nothing to compare."""
        missing = [side for side in ("before", "after") if getattr(self, side) is None]
        if self.before is None or self.after is None:
            what = "held-out problems yet" if len(missing) == 2 else f"held-out problems {missing[0]} training yet"
            return [], f"Not measured on {what}: 'verigrad eval {self.folder}' does it."
        return compared(self.before, self.after, ("before training", "after training"))

    @cached_property
    def numbers(self) -> Mapping[str, Sequence[Summary]]:
        """The numbers of each side that was measured."""
        sides = {"before": self.before, "after": self.after}
        return {side: summarize(found) for side, found in sides.items() if found is not None and found.samples}

    def summary(
        self, side: str, split: str, decode: str, task: str = ALL, level: int | float | str | None = None
    ) -> Summary | None:
        """Return one of the numbers of a side, None where that was not measured."""
        place = (split, decode, task, level)
        return next((s for s in self.numbers.get(side, ()) if (s.split, s.decode, s.task, s.level) == place), None)


def read_run_folder(folder: Path) -> Run:
    """Return what the run folder holds.

    Raises:
        RunError: it is no run folder, or its records are none or were changed by hand.
    """
    require_run(folder)
    damage: list[str] = []
    before, after = map(records, records_files(folder / "eval"))
    return Run(
        folder,
        (folder / "recipe.yaml").read_text(encoding="utf-8", errors="backslashreplace"),
        recipe_values(folder / "recipe.yaml", damage),
        values(folder / "run.json", damage) or {},
        values(folder / "preflight.json", damage),
        metrics(folder / "metrics.jsonl", damage),
        before,
        after,
        damage,
    )


def records(file: Path) -> Records | None:
    """Return the records in ``file``, None where it is missing."""
    return read_records(file) if file.is_file() else None


def compared(first: Records, second: Records, names: tuple[str, str]) -> tuple[Sequence[Comparison], str]:
    """Return the paired comparison of two measurements, or why there is none; ``names`` stand there for their files."""
    try:
        return compare(first, second), ""
    except RunError as error:
        reason = str(error).rpartition(": cannot be compared: ")[2]
        for side, name in zip((first, second), names, strict=True):
            reason = reason.replace(str(side.file), name)
        return [], f"Cannot be compared: {reason}."


def recipe_values(file: Path, damage: list[str]) -> Mapping[str, Any]:
    """Return the values of a recipe, empty where it is damaged."""
    try:
        return read_source(file, []).values
    except RecipeError as error:
        damage.append(f"The recipe cannot be read: {error}.")
        return {}


def values(file: Path, damage: list[str]) -> Mapping[str, Any] | None:
    """Return what a JSON file holds, None where it is missing or damaged."""
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_bytes())
        return dict(found)
    except (ValueError, TypeError) as error:
        damage.append(f"{file.name} is damaged and left out: {error}.")
        return None


def metrics(file: Path, damage: list[str]) -> Sequence[Row]:
    """Return the lines of ``metrics.jsonl`` that are whole and have a step, in the order of steps."""
    lines = whole_lines(file) if file.is_file() else []
    rows = [row for row in map(metric_row, lines) if row]
    if len(rows) < len(lines):
        damage.append(f"{len(lines) - len(rows)} of {len(lines)} lines of {file.name} are damaged and left out.")
    return sorted(rows, key=lambda row: row["step"])


def metric_row(line: bytes) -> Row | None:
    """Return a line of metrics, None where it is damaged."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and is_number(row.get("step")) else None


def is_number(value: object) -> bool:
    """Whether a value can be drawn: finite, and not of a size that only damage has."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < DRAWN


def section(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a mapping within ``values``, an empty one where there is none."""
    found = values.get(key)
    return found if isinstance(found, Mapping) else {}
