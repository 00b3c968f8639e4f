"""Bars with whiskers as a table: a line for each task and difficulty, a bar for each measurement."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from verigrad.evaluate.stats import Estimate
from verigrad.report.html import Row, table, tag
from verigrad.report.text import NONE, amount, share

BAR, GAP = 11, 4  # pixels; the numbers beside the bars have lines of this height


@dataclass(frozen=True, slots=True)
class Group:
    """The bars of one task, or of one difficulty of it.

    Attributes:
        name: heads them.
        bars: name, CSS classes and the share with its interval; None where it was not measured.
        problems: how many they are over.
        kind: CSS class of the line.
    """

    name: object
    bars: Sequence[tuple[str, str, Estimate | None]]
    problems: int
    kind: str | None = None


def bar_table(caption: str, groups: Sequence[Group]) -> Markup:
    """Return the table."""
    rows = [Row(g.name, [amount(g.problems), picture(g), numbers(g)], g.kind) for g in groups]
    scale = tag("span", *(tag("span", text) for text in ("0", "50", "100 %")), class_="scale")
    return tag("div", table(caption, ["problems of", "n", scale, "accuracy, %"], rows), class_="bars")


def picture(group: Group) -> Markup:
    """Return the bars; widths are shares of whatever room there is."""
    marks = [tag("line", x1=f"{at}%", x2=f"{at}%", y1=0, y2="100%", class_="grid") for at in (25, 50, 75, 100)]
    for i, (_, style, found) in enumerate(group.bars):
        if found is not None:
            marks += bar(i * (BAR + GAP) + GAP, style, found)
    height = len(group.bars) * (BAR + GAP) + GAP
    return tag("svg", *marks, class_="bar", width="100%", height=height, aria_hidden="true")


def bar(y: int, style: str, found: Estimate) -> list[Markup]:
    """Return one bar and its whisker."""
    low, high, middle = f"{100 * found.low:.2f}%", f"{100 * found.high:.2f}%", y + BAR / 2
    return [
        tag("rect", x=0, y=y, width=f"{100 * found.mean:.2f}%", height=BAR, class_=f"fill {style}"),
        tag("line", x1=low, x2=high, y1=middle, y2=middle, class_="whisker"),
        *(tag("line", x1=end, x2=end, y1=middle - 3, y2=middle + 3, class_="whisker") for end in (low, high)),
    ]


def numbers(group: Group) -> Markup:
    """Return the accuracies, one after the other."""
    parts = [tag("span", NONE if found is None else share(found.mean), title=name) for name, _, found in group.bars]
    return tag("span", *parts, class_="steps")
