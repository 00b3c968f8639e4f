"""The tables of an evaluation for the terminal: one measurement, or two side by side."""

from collections.abc import Sequence

from rich import box
from rich.markup import escape
from rich.table import Table

from verigrad.evaluate.compare import Change, Comparison
from verigrad.evaluate.metrics import ALL, Summary
from verigrad.evaluate.paired import Paired
from verigrad.evaluate.stats import Estimate
from verigrad.tasks.types import SPLIT_NAMES

PAIRED = ("difference", "bootstrap", "p", "better/worse/same", "detectable", "needed")
Place = tuple[str, str, str]


def shown(estimate: Estimate | None) -> str:
    """Return a share in % with its 95 % interval."""
    if estimate is None:
        return "–"
    return f"{100 * estimate.mean:.1f} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


def difference(found: Paired) -> str:
    """Return a paired difference in points with its 95 % interval."""
    return f"{100 * found.mean:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"


def pair(before: str | None, after: str) -> str:
    """Return two values with an arrow, or one."""
    return after if before is None else f"{before}→{after}"


def make_table(after: Sequence[Summary], before: Sequence[Summary] = (), *, narrow: bool = False) -> Table:
    """Return accuracy, pass@k, vote, form and cost by split, decoding and task; difficulties are for the report.

    A narrow one has accuracy alone.
    """
    repeated = any(line.samples > 1 for line in after)
    names = columns(bool(before), repeated)
    kept = (3 if before else 2) if narrow else len(names)
    table = wide_table("Shares in %, accuracy with 95 % intervals", names[:kept])
    old = {place(line): line for line in before if line.level is None}
    for line in after:
        if line.level is None:
            cells = numbers(line, old.get(place(line)), bool(before), repeated)
            style = "" if line.task == ALL else "dim"
            table.add_row(about(line.split, line.decode, line.task), *cells[:kept], style=style)
    unscored = sum(line.unscored for line in [*after, *before] if line.task == ALL)
    if unscored:
        table.caption = f"{unscored} responses could not be scored and are in no number"
    return table


def wide_table(title: str, numbers: Sequence[str]) -> Table:
    """Return a table whose first column says what a line is about."""
    table = Table(title=title, title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("problems")
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def about(split: str, decode: str, task: str) -> str:
    """Return what a line is about: all tasks, or one of those named above it."""
    return escape(f"{SPLIT_NAMES[split]}, {decode}" if task == ALL else f"  {task}")


def columns(compared: bool, repeated: bool) -> list[str]:
    """Return the names of the columns of numbers."""
    sides = ["before", "after"] if compared else ["accuracy"]
    return ["n", *sides, *(["pass@k", "maj@k"] if repeated else []), "format", "cut", "thinking", "tokens/solved"]


def place(line: Summary) -> Place:
    """Return what a line is about."""
    return line.split, line.decode, line.task


def numbers(line: Summary, old: Summary | None, compared: bool, repeated: bool) -> list[str]:
    """Return the cells of one line."""
    sides = [shown(old.accuracy if old else None)] if compared else []
    extra = [best_of(line), vote_of(line)] if repeated else []
    return [
        f"{line.problems} × {line.samples}" if line.samples > 1 else str(line.problems),
        *sides,
        shown(line.accuracy),
        *extra,
        pair(percent(old.format_rate) if old else None, percent(line.format_rate)),
        pair(percent(old.truncation_rate) if old else None, percent(line.truncation_rate)),
        pair(f"{old.think_tokens:.1f}" if old else None, f"{line.think_tokens:.1f}"),
        pair(rounded(old.cost.tokens) if old else None, rounded(line.cost.tokens)),
    ]


def best_of(line: Summary) -> str:
    """Return pass@k for the largest k."""
    if not line.pass_at:
        return "–"
    k = max(line.pass_at)
    return f"{shown(line.pass_at[k])} @{k}"


def vote_of(line: Summary) -> str:
    """Return maj@n, with the problems that can be voted on where those are not all."""
    if line.majority is None or line.majority.n == line.problems:
        return shown(line.majority)
    return f"{shown(line.majority)} of {line.majority.n}"


def percent(share: float) -> str:
    """Return a share in %."""
    return f"{100 * share:.1f}"


def rounded(value: float | None) -> str:
    """Return a count, a dash where there is none."""
    return "–" if value is None else f"{value:.0f}"


def comparison_table(found: Sequence[Comparison], names: tuple[str, str], *, narrow: bool = False) -> Table:
    """Return the paired differences: intervals by Student's t and by bootstrap, tests, who moved.

    A narrow one has the interval by Student's t alone.
    """
    titles = ["n", *map(escape, names), *PAIRED]
    kept = 4 if narrow else len(titles)
    table = wide_table("Paired differences in points, with 95 % intervals", titles[:kept])
    for part in found:
        whole = [f"{100 * part.detectable:.1f}", "–" if part.needed is None else str(part.needed)]
        cells = [*differences(part.all), *whole]
        table.add_row(about(part.split, part.decode, ALL), *cells[:kept])
        for change in part.tasks:
            cells = differences(change)
            table.add_row(about(part.split, part.decode, change.task), *cells[:kept], style="dim")
    if narrow:
        table.caption = "A wider terminal shows more."
        return table
    table.caption = (
        "p: McNemar's exact test where every problem has one response, else Student's t; over the tasks adjusted by "
        "Holm's method. Detectable, needed: the true difference, and the problems for the observed one, that 80 % of "
        "such comparisons find."
    )
    return table


def differences(change: Change) -> list[str]:
    """Return the cells of one paired difference."""
    pairs = change.paired
    return [
        str(pairs.n),
        f"{100 * change.before.mean:.1f}",
        f"{100 * change.after.mean:.1f}",
        difference(pairs),
        f"[{100 * pairs.boot_low:+.1f}, {100 * pairs.boot_high:+.1f}]",
        f"{change.p:.2g}",
        f"{pairs.wins}/{pairs.losses}/{pairs.ties}",
    ]
