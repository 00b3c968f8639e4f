"""Several runs on one page, such as a run, its random-reward control, and supervised training of equal compute."""

from collections.abc import Sequence
from itertools import accumulate

from markupsafe import Markup

from verigrad.evaluate.compare import Comparison, part_of, verdict
from verigrad.evaluate.metrics import ALL
from verigrad.evaluate.paired import holm
from verigrad.evaluate.plan import SAMPLED
from verigrad.report.bars import Group, bar_table
from verigrad.report.charts import Curve, chart
from verigrad.report.charts import key as legend
from verigrad.report.gather import Run, compared, is_number
from verigrad.report.html import Row, Section, folded, joined, paragraph, table, tag
from verigrad.report.reproduce import made
from verigrad.report.scale import Point
from verigrad.report.text import NONE, amount, arrow, big, change, clean, duration, interval, listed, name, p_value
from verigrad.report.training import held_out_curve, series
from verigrad.report.verdict import aside, coloured, not_measured, unfinished
from verigrad.tasks.types import SPLIT_NAMES, Split

STYLES = 6


def style(i: int) -> str:
    """Return the CSS classes of the i-th run: a colour, and a dash that sets apart those with the same colour."""
    return f"c{i % STYLES} d{(i + i // STYLES) % STYLES}"


def names(runs: Sequence[Run]) -> list[str]:
    """Return a short name of each run; folders of the same name have their parents' before it."""
    short = [run.name for run in runs]
    whole = ["/".join(run.folder.resolve().parts[-2:]) for run in runs]
    return [clean(w if short.count(s) > 1 else s, 60) for s, w in zip(short, whole, strict=True)]


def against_first(runs: Sequence[Run], called: Sequence[str]) -> list[tuple[Comparison | None, str]]:
    """Return every other run's end against the first one's, paired, or why it cannot be compared."""
    first, found = runs[0].after, []
    for run, other in zip(runs[1:], called[1:], strict=True):
        if first is None or run.after is None:
            who = called[0] if first is None else other
            found.append((None, f"{who} was not measured after training."))
        else:
            parts, reason = compared(first, run.after, (called[0], other))
            part = part_of(parts, Split.HELD_OUT, SAMPLED)
            found.append((part, reason or ("" if part else "No sampled responses to held-out problems to compare.")))
    return found


def opening(runs: Sequence[Run]) -> Markup:
    """Return the verdicts, the tables of runs, and what is missing."""
    called = names(runs)
    found = against_first(runs, called)
    own = part_of(runs[0].compared[0], Split.HELD_OUT, SAMPLED)
    said = [said_of(called[0], own, verdict(own) if own else runs[0].compared[1])]
    for other, (part, reason) in zip(called[1:], found, strict=True):
        said.append(said_of(f"{other} against {called[0]}", part, verdict(part, called[0], other) if part else reason))
    return joined([*said, run_table(runs, called), first_table(called, found), aside(missing(runs, called))])


def said_of(who: str, part: Comparison | None, text: str) -> Markup:
    """Return a verdict on ``who``, or why there is none."""
    whole = f"{who}: {text or 'not measured.'}"
    return coloured(part, whole) if part else paragraph(clean(whole, 600), "verdict open")


def missing(runs: Sequence[Run], called: Sequence[str]) -> list[str]:
    """Return sentences on what is not measured or not read, each with the runs it holds for."""
    found: dict[str, list[str]] = {}
    for run, who in zip(runs, called, strict=True):
        for text in [*not_measured(run), *unfinished(run), *run.damage]:
            found.setdefault(clean(text, 600), []).append(who)
    starts = {str(run.before.measured.get("weights")) for run in runs if run.before is not None}
    other = ["The runs did not start from the same weights."] if len(starts) > 1 else []
    return [*other, *(f"{listed(those)}: {text}" for text, those in found.items())]


def run_table(runs: Sequence[Run], called: Sequence[str]) -> Markup:
    """Return one line per run: what it changed, what it was, and what it took."""
    rows = [Row(key(i, called[i]), run_cells(run)) for i, run in enumerate(runs)]
    heads = (
        *("run", "held out before → after, %", "change to its own start, points", "training", "steps"),
        *("trained on", "tokens sampled", "time"),
    )
    return table("The runs", heads, rows)


def key(i: int, called: str) -> Markup:
    """Return the name of a run beside its line in the charts."""
    return legend(Curve(called, style(i), ()))


def run_cells(run: Run) -> list[object]:
    """Return the numbers of one run."""
    found, reason = run.compared
    part = part_of(found, Split.HELD_OUT, SAMPLED)
    sides = [run.summary(side, Split.HELD_OUT, SAMPLED) for side in ("before", "after")]
    spent = tokens(run)
    return [
        arrow(*(interval(s.accuracy) if s else "not measured" for s in sides)),
        change(part.all.paired) if part else tag("span", clean(reason, 300), class_="why"),
        training(run),
        amount(run.steps),
        trained_on(run),
        big(spent[-1][1]) if spent else NONE,
        duration(sum(v for _, v in series(run.metrics, "seconds")) or None),
    ]


def training(run: Run) -> str:
    """Return the stage, and the reward where it is a control."""
    return clean(run.stage, 20) + (", random reward (control)" if run.recipe.get("control") == "random" else "")


def trained_on(run: Run) -> str:
    """Return how many sequences the training took."""
    responses = sum(v for _, v in series(run.metrics, "responses"))
    if responses:
        return f"{amount(responses)} responses"
    each = run.recipe.get("sequences_per_step", 64)
    return f"{amount(run.steps * each)} solutions" if run.stage == "sft" and is_number(each) else NONE


def tokens(run: Run) -> list[Point]:
    """Return how many tokens were sampled up to each step."""
    written = dict(series(run.metrics, "tokens"))
    counts = [(step, n * written[step]) for step, n in series(run.metrics, "responses") if step in written]
    totals = accumulate(count for _, count in counts)
    return [(step, total) for (step, _), total in zip(counts, totals, strict=True)]


def first_table(called: Sequence[str], found: Sequence[tuple[Comparison | None, str]]) -> Markup:
    """Return the paired comparison of each run with the first, p adjusted over the runs."""
    adjusted = iter(holm([part.all.p for part, _ in found if part]))
    rows = []
    for i, (part, reason) in enumerate(found, 1):
        if part is None:
            rows.append(Row(key(i, called[i]), note=clean(reason, 400)))
            continue
        pair = part.all.paired
        moved = f"{pair.wins} / {pair.losses} / {pair.ties}"
        accuracy = [interval(part.all.before), interval(part.all.after)]
        numbers = [*accuracy, change(pair), p_value(next(adjusted)), moved, f"{100 * part.detectable:.1f}"]
        rows.append(Row(key(i, called[i]), [amount(pair.n), *numbers]))
    heads = ("run", "n", f"{called[0]}, %", "this run, %", "difference, points", "p (Holm)")
    caption = f"Each run against {called[0]}, after training"
    note = "Intervals are those of each comparison alone; p is adjusted for there being several (Holm)."
    return joined(
        [
            table(caption, (*heads, "better / worse / same", "detectable, points"), rows),
            paragraph(note, "dim") if len(found) > 1 else "",
        ]
    )


def curves(runs: Sequence[Run]) -> Section:
    """Return the curves of all runs on the same axes."""
    called = names(runs)
    checks = [held_out_curve(run, called[i], style(i)) for i, run in enumerate(runs)]
    none = [called[i] for i, curve in enumerate(checks) if not curve.points]
    note = "Quick checks on held-out problems; the bands are 95 % intervals (Wilson)."
    if none:
        note += f" Without such checks during training: {', '.join(none)}."
    spent = [by_tokens(run, curve) for run, curve in zip(runs, checks, strict=True)]
    lead = [
        chart("Held-out accuracy", checks, y="% right", wide=True, note=note),
        chart("The same, against what was sampled", spent, x="tokens sampled in training", y="% right", wide=True),
    ]
    small = [
        overlaid(runs, called, "accuracy", "Training accuracy", "% right"),
        overlaid(runs, called, "think_length", "Thinking per response", "characters"),
        overlaid(runs, called, "no_signal", "Groups without signal", "% of groups"),
    ]
    grids = [tag("div", *filter(None, part), class_=kind) for part, kind in ((lead, "two"), (small, "three"))]
    empty = [] if any(lead) else [paragraph("No run has held-out checks during its training.", "dim")]
    return Section("curves", "How they went", [*empty, *grids])


def by_tokens(run: Run, curve: Curve) -> Curve:
    """Return the held-out checks over tokens sampled."""
    spent = {0: 0.0, **dict(tokens(run))}

    def at(points: Sequence[tuple]) -> list[tuple]:
        return [(spent[step], *rest) for step, *rest in points if step in spent]

    return Curve(curve.name, curve.style, at(curve.points), at(curve.band), dots=curve.dots)


def overlaid(runs: Sequence[Run], called: Sequence[str], what: str, title: str, unit: str) -> Markup:
    """Return one number of all runs."""
    lines = [Curve(called[i], style(i), series(run.metrics, what)) for i, run in enumerate(runs)]
    return chart(title, lines, y=unit)


def tasks(runs: Sequence[Run]) -> Section | None:
    """Return the accuracy of every run's end per task."""
    called = names(runs)
    measured = [s for run in runs for s in run.numbers.get("after", ()) if s.decode == SAMPLED and s.level is None]
    places = list(dict.fromkeys((s.split, s.task) for s in measured))
    if not places:
        return None
    bars = [(f"{called[0]} before training", "before"), *((text, style(i)) for i, text in enumerate(called))]
    chips = [tag("span", tag("bdi", text), class_=f"key chip {classes}") for text, classes in bars]
    text = "After training, sampled responses; whiskers are 95 % intervals over problems. The bars, from above:"
    blocks = [paragraph(text, "dim"), tag("p", *chips, class_="keys")]
    for split in dict.fromkeys(split for split, _ in places):
        of_split = [task for s, task in places if s == split]
        shown = of_split if len(of_split) != 2 else of_split[1:]  # all, and the only task
        groups = [group(runs, called, split, task) for task in shown]
        blocks.append(bar_table(f"Problems {SPLIT_NAMES[split]}", groups))
    return Section("tasks", "By task", blocks)


def group(runs: Sequence[Run], called: Sequence[str], split: str, task: str) -> Group:
    """Return the bars of one task: where the first run started, then where each ended."""
    ends = [run.summary("after", split, SAMPLED, task) for run in runs]
    start = runs[0].summary("before", split, SAMPLED, task)
    bars = [(f"{called[0]} before training", "before", start.accuracy)] if start else []
    bars += [(called[i], style(i), end.accuracy if end else None) for i, end in enumerate(ends)]
    problems = max(end.problems for end in ends if end)
    return Group("all tasks" if task == ALL else name(task), bars, problems, "all" if task == ALL else None)


def how(runs: Sequence[Run]) -> Section:
    """Return how each run was made."""
    called = names(runs)
    blocks = [folded(tag("bdi", called[i]), *made(run)) for i, run in enumerate(runs)]
    return Section("reproduce", "How each was made", blocks)
