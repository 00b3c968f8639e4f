"""Mean reward of each part per step, from the archived rollouts; the work is bounded however long the run was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verigrad.archive import read_rollout, rollout_file, rollout_steps
from verigrad.errors import RunError
from verigrad.lines import Row
from verigrad.report.gather import is_number, section
from verigrad.report.scale import Point

MOST_STEPS, MOST_BYTES = 200, 48 << 20  # read of an archive, compressed
CORRECTNESS = "correctness"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the parts of the reward paid.

    Attributes:
        points: (step, mean reward times weight) by the name of the part, correctness first.
        read: steps that were read.
        steps: steps that the archive has.
        damaged: steps whose file cannot be read.
    """

    points: Mapping[str, Sequence[Point]]
    read: int
    steps: int
    damaged: int


def reward_parts(run: Path, recipe: Mapping[str, Any]) -> Parts:
    """Return the parts of the reward over the run, sampled evenly where it is long."""
    steps = rollout_steps(run)
    chosen = spread_out(run, steps)
    weights = part_weights(recipe)
    points: dict[str, list[Point]] = {}
    damaged = 0
    for step in chosen:
        try:
            rows = read_rollout(run, step)
        except RunError:
            damaged += 1
            continue
        for name, value in means(rows).items():
            points.setdefault(name, []).append((step, weights.get(name, 1.0) * value))
    return Parts(points, len(chosen), len(steps), damaged)


def spread_out(run: Path, steps: Sequence[int]) -> list[int]:
    """Return steps to read, evenly over the run, so that neither their number nor their bytes are too many."""
    size = sum(rollout_file(run, step).stat().st_size for step in steps)
    count = min(len(steps), MOST_STEPS)
    if size > MOST_BYTES:
        count = min(count, max(1, len(steps) * MOST_BYTES // size))
    return [steps[i * (len(steps) - 1) // max(1, count - 1)] for i in range(count)]


def part_weights(recipe: Mapping[str, Any]) -> dict[str, float]:
    """Return what each part weighs; shaping as the recipe says."""
    uses = recipe.get("shaping")
    listed = [use for use in uses if isinstance(use, Mapping)] if isinstance(uses, Sequence) else []
    return {str(use.get("name")): float(use["weight"]) for use in listed if is_number(use.get("weight"))}


def means(rows: Sequence[Row]) -> dict[str, float]:
    """Return the mean reward of each part over the rollouts that entered the update."""
    found: dict[str, list[float]] = {CORRECTNESS: []}
    for row in rows:
        if isinstance(row, dict) and row.get("kept", True):
            for name, verdict in {CORRECTNESS: row.get(CORRECTNESS), **section(row, "shaping")}.items():
                if isinstance(verdict, dict) and is_number(verdict.get("reward")):
                    found.setdefault(str(name), []).append(verdict["reward"])
    return {name: sum(values) / len(values) for name, values in found.items() if values}
