"""Before and after on problems that training never saw: every number with its interval, and the paired change."""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from verigrad.evaluate.compare import Change, Comparison
from verigrad.evaluate.metrics import Summary
from verigrad.report.gather import Run
from verigrad.report.html import Row, Section, paragraph, table
from verigrad.report.text import NONE, amount, average, big, change, duration, interval, name, p_value, quantiles, share
from verigrad.tasks.types import SPLIT_NAMES

Show = Callable[[Summary], object]
PLAIN = ("sampled", "greedy")


def held_out(run: Run) -> Section | None:
    """Return the tables of all measurements, None where there are none."""
    parts = dict.fromkeys((s.split, s.decode) for found in run.numbers.values() for s in found)
    if not parts:
        return None
    tables = [numbers(run, split, [d for s, d in parts if s == split and d in PLAIN]) for split, _ in parts]
    found, reason = run.compared
    pairs = paired_table(found) if found else paragraph(f"No paired change. {reason}", "dim")
    note = (
        "In brackets are 95 % intervals over problems. The change is paired: each problem is compared with itself, "
        "so its interval is narrower than the two beside it would suggest."
    )
    return Section("held-out", "Before and after", [paragraph(note, "dim"), *dict.fromkeys(tables), pairs])


def numbers(run: Run, split: str, decodings: Sequence[str]) -> Markup:
    """Return the table of one split, a pair of columns per decoding."""
    if not decodings:
        return Markup("")
    columns = [run.summary(side, split, decode) for decode in decodings for side in ("before", "after")]
    there = [column for column in columns if column]
    rows = [Row(title, [NONE if c is None else show(c) for c in columns], kind) for title, show, kind in shown(there)]
    heads = ["all tasks", *("before", "after") * len(decodings)]
    return table(f"Problems {SPLIT_NAMES[split]}", heads, rows, [name(decode) for decode in decodings])


def shown(columns: Sequence[Summary]) -> list[tuple[str, Show, str | None]]:
    """Return the lines of the table: a name, how it is read from the numbers, and a CSS class."""
    most = max(column.samples for column in columns)
    return [
        ("accuracy, % (avg@n)", lambda s: interval(s.accuracy), "all"),
        *at_k(columns, most),
        ("format kept, % of responses", lambda s: share(s.format_rate), None),
        ("cut at the token limit, %", lambda s: share(s.truncation_rate), None),
        ("tokens per response", lambda s: average(s.tokens), None),
        ("thinking tokens per response", lambda s: average(s.think_tokens), None),
        ("… of right ones, 10 / 50 / 90 % quantile", lambda s: quantiles(s.think_right), "sub"),
        ("… of wrong ones", lambda s: quantiles(s.think_wrong), "sub"),
        ("tokens per solved problem", lambda s: average(s.cost.tokens), None),
        ("FLOPs per solved problem", lambda s: big(s.cost.flops), None),
        ("seconds per solved problem", lambda s: duration(s.cost.seconds), None),
        ("problems", lambda s: amount(s.problems), None),
        ("responses", lambda s: amount(s.responses), None),
        ("not scored (in no line above)", lambda s: amount(s.unscored), None),
    ]


def at_k(columns: Sequence[Summary], most: int) -> list[tuple[str, Show, str | None]]:
    """Return the lines on several samples of a problem, none where each has one."""
    ks = sorted({k for column in columns for k in column.pass_at if k > 1})
    lines: list[tuple[str, Show, str | None]] = []
    for k in ks:
        lines.append((f"pass@{k}, %: one of {k} right", lambda s, k=k: interval(s.pass_at.get(k)), None))
    for k in ks:
        lines.append((f"pass^{k}, %: all {k} right", lambda s, k=k: interval(s.pass_all.get(k)), None))
    if any(column.majority for column in columns):
        lines.append((f"maj@{most}, %: the vote right", lambda s: interval(s.majority), None))
    return lines


def paired_table(found: Sequence[Comparison]) -> Markup:
    """Return the paired change on every split and decoding, all tasks first."""
    rows = [row for part in found for row in part_rows(part)]
    heads = (
        *("problems, decoding, task", "n", "before, %", "after, %", "change, points", "p (Holm)", "McNemar p"),
        *("better / worse / same", "detectable, points", "n to show it"),
    )
    return table("Paired change", heads, rows)


def part_rows(part: Comparison) -> list[Row]:
    """Return the lines of one split and decoding."""
    left = f"; {part.excluded} problems left out, not scored" if part.excluded else ""
    title = name(f"{SPLIT_NAMES[part.split]}, {part.decode}{left}")
    needed = NONE if part.needed is None else amount(part.needed)
    whole = Row(title, [*cells(part.all), f"{100 * part.detectable:.1f}", needed], "all")
    return [whole, *(Row(name(task.task), [*cells(task), "", ""], "sub") for task in part.tasks)]


def cells(found: Change) -> list[object]:
    """Return the numbers of one paired change."""
    pair = found.paired
    moved = f"{pair.wins} / {pair.losses} / {pair.ties}"
    accuracy = [interval(found.before), interval(found.after)]
    return [amount(pair.n), *accuracy, change(pair), p_value(found.p), p_value(found.mcnemar), moved]
