"""The table of a card: accuracy before and after with intervals, and the paired difference."""

from collections.abc import Sequence

from markupsafe import Markup

from verigrad.card.markdown import words
from verigrad.evaluate.compare import Change, Comparison
from verigrad.evaluate.metrics import ALL, Summary
from verigrad.evaluate.table import difference, place, shown
from verigrad.tasks.types import SPLIT_NAMES

COLUMNS = ("problems", "decoding", "task", "n", "responses each", "before", "after", "difference")


def make_table(before: Sequence[Summary], after: Sequence[Summary], found: Sequence[Comparison]) -> Markup:
    """Return one line per split, decoding and task; where there is one task, all problems are its."""
    old = {place(line): line for line in before if line.level is None}
    parts = {(part.split, part.decode): part for part in found}
    rows = [COLUMNS, ("---", "---", "---", *["---:"] * 5)]
    for line in (line for line in after if line.level is None):
        part = parts[line.split, line.decode]
        if part.tasks or line.task != ALL:
            rows.append(row(line, old.get(place(line)), change_of(part, line.task)))
    return Markup("\n".join(f"| {' | '.join(cells)} |" for cells in rows))  # noqa: S704  # row() escapes


def change_of(part: Comparison, task: str) -> Change | None:
    """Return the difference on a task, None where nothing of it was scored on both sides."""
    if task == ALL or not part.tasks:
        return part.all
    return next((change for change in part.tasks if change.task == task), None)


def row(line: Summary, old: Summary | None, change: Change | None) -> tuple[str, ...]:
    """Return the cells of one line."""
    names = (words(SPLIT_NAMES[line.split]), words(line.decode), words(line.task))
    sides = (shown(old.accuracy if old else None), shown(line.accuracy))
    if change is None:
        return (*names, str(line.problems), str(line.samples), *sides, "–")
    return (*names, str(line.problems), str(line.samples), *sides, difference(change.paired))
