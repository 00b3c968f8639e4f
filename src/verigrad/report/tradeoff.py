"""Accuracy against the thinking that it took."""

from collections.abc import Sequence

from markupsafe import Markup

from verigrad.evaluate.metrics import ALL, Summary
from verigrad.evaluate.plan import SAMPLED
from verigrad.evaluate.records import Records, Sample
from verigrad.evaluate.stats import Estimate, share_interval
from verigrad.report.charts import Curve, chart
from verigrad.report.gather import Run
from verigrad.report.html import Row, Section, paragraph, table
from verigrad.report.text import NONE, average, interval, name
from verigrad.tasks.types import Split
from verigrad_rewards.types import Status

BUDGET = "think-"
BINS = 5
SIDES = {"before": "before", "after": "after"}
AXES = {"x": "thinking tokens per response, mean", "y": "% of responses right"}


def tradeoff(run: Run) -> Section | None:
    """Return accuracy under thinking budgets, or by how much each response thought; None where neither is known."""
    budgets = {side: budget_points(run, side) for side in SIDES}
    if any(budgets.values()):
        blocks = by_budget(budgets)
    else:
        bins = {side: bin_points(found) for side in SIDES if (found := getattr(run, side)) is not None}
        if not any(bins.values()):
            return None
        blocks = by_length(bins)
    return Section("thinking", "Accuracy against thinking tokens", blocks)


def budget_points(run: Run, side: str) -> list[Summary]:
    """Return the numbers on held-out problems under each budget, the free decoding last; none without budgets."""
    of_side = [s for s in run.numbers.get(side, ()) if (s.split, s.task, s.level) == (Split.HELD_OUT, ALL, None)]
    limited = sorted((s for s in of_side if s.decode.startswith(BUDGET)), key=budget)
    return [*limited, *(s for s in of_side if s.decode == SAMPLED)] if limited else []


def budget(found: Summary) -> int:
    """Return the budget in tokens that a decoding is named after."""
    digits = found.decode.removeprefix(BUDGET)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0


def by_budget(points: dict[str, list[Summary]]) -> list[Markup]:
    """Return the chart and the table under budgets."""
    curves = [curve(side, [(s.think_tokens, s.accuracy, title(s)) for s in found]) for side, found in points.items()]
    text = (
        "The same held-out problems with the thinking ended by force after so many tokens (the number at each point), "
        "and without a budget (“free”: the sampled decoding). The bands are 95 % intervals over problems."
    )
    decodings = dict.fromkeys(s.decode for found in points.values() for s in found)
    rows = [Row(label(decode), budget_cells(points, decode)) for decode in decodings]
    heads = ["budget", *("thinking tokens", "accuracy, %") * 2, "before", "after"]
    return [
        paragraph(text, "dim"),
        chart("Accuracy under a thinking budget", curves, wide=True, **AXES),
        table("Thinking budgets", heads, rows, ["before", "after", "ended by force, %"]),
    ]


def budget_cells(points: dict[str, list[Summary]], decode: str) -> list[object]:
    """Return the numbers of one budget, before and after."""
    sides = [next((s for s in found if s.decode == decode), None) for found in points.values()]
    values = [v for s in sides for v in ((average(s.think_tokens), interval(s.accuracy)) if s else (NONE, NONE))]
    return [*values, *(f"{100 * s.forced_rate:.1f}" if s else NONE for s in sides)]


def title(found: Summary) -> str:
    """Return the text at a point."""
    return str(budget(found)) if found.decode.startswith(BUDGET) else "free"


def label(decode: str) -> object:
    """Return what a line of the table is of."""
    if not decode.startswith(BUDGET):
        return "free (sampled)"
    return Markup("{} tokens").format(name(decode.removeprefix(BUDGET)))


def curve(side: str, points: Sequence[tuple[float, Estimate | None, str]]) -> Curve:
    """Return the curve of one side, in the order of thinking."""
    known = sorted(((x, found, note) for x, found, note in points if found is not None), key=lambda point: point[0])
    return Curve(
        side,
        SIDES[side],
        [(x, found.mean) for x, found, _ in known],
        [(x, found.low, found.high) for x, found, _ in known],
        [note for _, _, note in known],
        dots=True,
    )


def bin_points(records: Records) -> list[tuple[float, Estimate, str]]:
    """Return accuracy in bins of about as many sampled responses each, by how much they thought."""
    scored = [s for s in records.part(Split.HELD_OUT, SAMPLED) if s.status != Status.UNSCORED]
    ordered = sorted(scored, key=lambda s: s.think_tokens)
    bins = [b for b in split_bins(ordered) if b]
    return [bin_point(part) for part in bins]


def split_bins(ordered: Sequence[Sample]) -> list[list[Sample]]:
    """Return the samples in bins; those that thought as much as one another are in one."""
    bins: list[list[Sample]] = [[] for _ in range(BINS)]
    place: dict[int, int] = {}
    for i, sample in enumerate(ordered):
        bins[place.setdefault(sample.think_tokens, i * BINS // len(ordered))].append(sample)
    return bins


def bin_point(part: Sequence[Sample]) -> tuple[float, Estimate, str]:
    """Return mean thinking, accuracy and the number of responses; those to one problem are not independent."""
    found = share_interval([float(s.status == Status.CORRECT) for s in part], [s.cluster for s in part])
    return sum(s.think_tokens for s in part) / len(part), found, f"n={len(part)}"


def by_length(bins: dict[str, list[tuple[float, Estimate, str]]]) -> list[Markup]:
    """Return the chart without budgets."""
    text = (
        "No thinking budgets were measured. Instead: sampled responses to held-out problems in bins by how much they "
        "thought. This shows what went together, not what more thinking would do: harder problems may get more of it. "
        "n is the number of responses; the bands are 95 % intervals."
    )
    curves = [curve(side, points) for side, points in bins.items()]
    return [paragraph(text, "dim"), chart("Accuracy by length of the thinking", curves, wide=True, **AXES)]
