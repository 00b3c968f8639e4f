"""The before/after table for the terminal."""

from collections.abc import Sequence

from rich.table import Table

from verigrad.evaluate.metrics import Row

NAMES = {"held_out": "held out", "ood": "out of distribution"}


def interval(row: Row | None) -> str:
    """Return accuracy with its 95 % interval."""
    return "–" if row is None else f"{100 * row.accuracy:.1f} [{100 * row.low:.1f}, {100 * row.high:.1f}]"


def make_table(before: Sequence[Row], after: Sequence[Row]) -> Table:
    """Return accuracy, format rate and thinking, before and after, one line per split, decoding and task."""
    table = Table(title="Accuracy in %, with 95 % intervals", title_justify="left")
    for name in ("problems", "decoding", "task"):
        table.add_column(name)
    for name in ("n", "before", "after", "format", "thinking, characters"):
        table.add_column(name, justify="right")
    old = {(row.split, row.decode, row.task): row for row in before}
    for row in after:
        start = old.get((row.split, row.decode, row.task))
        table.add_row(
            NAMES[row.split],
            row.decode,
            row.task,
            str(row.problems),
            interval(start),
            interval(row),
            f"{start.format_rate:.1%} → {row.format_rate:.1%}" if start else f"{row.format_rate:.1%}",
            f"{start.think_length:.1f} → {row.think_length:.1f}" if start else f"{row.think_length:.1f}",
            end_section=row.task != "all" and row is not after[-1] and after[after.index(row) + 1].task == "all",
        )
    return table
