"""Curves as inline SVG, coloured by the page's own CSS so that they follow light and dark."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from verigrad.report.html import joined, paragraph, tag
from verigrad.report.scale import Point, Range, Scale, label, limits, spacing, thinned, ticks
from verigrad.report.text import amount, clean, name

LETTER = 10  # width of a letter at most, in units of the picture
Note = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart.

    Attributes:
        name: in the legend; may be untrusted.
        style: CSS classes, such as ``before`` or ``c1 d1``.
        points: (x, y) in the order of x.
        band: (x, low, high) of an interval around it.
        notes: texts beside the points, none or one each.
        dots: whether each point gets a dot.
    """

    name: str
    style: str
    points: Sequence[Point]
    band: Sequence[Range] = ()
    notes: Sequence[str] = ()
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """The room of a chart: its size and the margins around the plot, in units of the picture."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int


WIDE, SMALL = Frame(560, 340, 62, 16, 34, 52), Frame(340, 204, 50, 14, 28, 40)


def chart(
    title: str, curves: Sequence[Curve], *, x: str = "optimizer step", y: str = "", wide: bool = False, note: str = ""
) -> Markup:
    """Return one chart, nothing where no curve has a point.

    Args:
        title: above it.
        curves: drawn in order.
        x: name and unit of the horizontal axis.
        y: name and unit of the vertical axis; one that begins with ``%`` is of shares.
        wide: whether it is one of the large ones.
        note: said below it.
    """
    drawn = [curve for curve in curves if curve.points]
    if not drawn:
        return Markup("")
    parts = [thinned(curve.points) for curve in drawn]
    size = max(count for _, _, count in parts)
    if size > 1:
        note = f"{note} Each point is the mean of up to {size} steps, the band around it their range.".strip()
    ready = [
        Curve(c.name, c.style, points, c.band or spread, c.notes, c.dots)
        for c, (points, spread, _) in zip(drawn, parts, strict=True)
    ]
    frame = WIDE if wide else SMALL
    inner = picture(ready, frame, x, y)
    says = "; ".join(f"{clean(c.name, 60)}: {brief(c.points[0], y)} to {brief(c.points[-1], y)}" for c in drawn)
    svg = tag(
        "svg",
        tag("title", title),
        tag("desc", f"{says} ({x})"),
        inner,
        viewBox=f"0 0 {frame.width} {frame.height}",
        role="img",
        class_="wide" if wide else "small",
    )
    legend = tag("span", *map(key, drawn), class_="keys") if len(drawn) > 1 else ""
    return tag("figure", tag("figcaption", tag("b", title), legend), svg, paragraph(note, "dim") if note else "")


def brief(point: Point, y: str) -> str:
    """Return a point in words."""
    value = f"{100 * point[1]:.1f} %" if y.startswith("%") else amount(point[1], 3)
    return f"{value} at {amount(point[0])}"


def key(curve: Curve) -> Markup:
    """Return one entry of the legend."""
    swatch = tag("line", x1=0, x2=26, y1=5, y2=5, class_=f"curve {curve.style}")
    return tag("span", tag("svg", swatch, viewBox="0 0 26 10", aria_hidden="true"), name(curve.name, 40), class_="key")


def picture(curves: Sequence[Curve], frame: Frame, x: str, y: str) -> Markup:
    """Return axes and curves."""
    shares = y.startswith("%")
    steps = [at for curve in curves for at, _ in curve.points]
    values = [v for curve in curves for _, v in curve.points]
    values += [v for curve in curves for _, *ends in curve.band for v in ends]
    low, high = limits(values, shares=shares)
    first, last = min(steps), max(steps)
    if first == last:
        first, last = first - 1, last + 1
    across = Scale(first, last, frame.left, frame.width - frame.right)
    up = Scale(low, high, frame.height - frame.bottom, frame.top)
    bands = [band(curve, across, up) for curve in curves if curve.band]
    return joined([axes(across, up, frame, shares), names(frame, x, y), *bands, *lines(curves, across, up)])


def axes(across: Scale, up: Scale, frame: Frame, shares: bool) -> Markup:
    """Return grid lines and marks with their values."""
    parts = []
    step = spacing(up.low, up.high, 5 if frame is WIDE else 4)
    for value in ticks(up.low, up.high, step):
        at = up(value)
        parts.append(tag("line", x1=frame.left, x2=frame.width - frame.right, y1=at, y2=at, class_="grid"))
        text = label(value, step, shares=shares)
        parts.append(tag("text", text, x=frame.left - 7, y=at + 4, class_="end"))
    step = spacing(across.low, across.high, 5, least=1.0 if across.high - across.low >= 2 else 0.0)
    for value in ticks(across.low, across.high, step):
        text = label(value, step, shares=False)
        parts.append(tag("text", text, x=across(value), y=up.start + 17, class_="middle"))
    return joined(parts)


def names(frame: Frame, x: str, y: str) -> Markup:
    """Return the names of the axes."""
    middle = (frame.left + frame.width - frame.right) / 2
    below = tag("text", x, x=middle, y=frame.height - 6, class_="middle axis")
    return joined([below, tag("text", y, x=4, y=13, class_="axis")])


def band(curve: Curve, across: Scale, up: Scale) -> Markup:
    """Return the interval around a curve; a single one is a whisker."""
    if len(curve.band) == 1:
        at, low, high = curve.band[0]
        return tag("line", x1=across(at), x2=across(at), y1=up(low), y2=up(high), class_=f"curve {curve.style}")
    upper = [(across(at), up(high)) for at, _, high in curve.band]
    lower = [(across(at), up(low)) for at, low, _ in reversed(curve.band)]
    return tag("polygon", points=path([*upper, *lower]), class_=f"band {curve.style}")


def lines(curves: Sequence[Curve], across: Scale, up: Scale) -> list[Markup]:
    """Return lines, dots and the texts beside them."""
    parts: list[Markup] = []
    noted: list[Note] = []
    for curve in curves:
        places = [(across(x), up(y)) for x, y in curve.points]
        parts.append(tag("polyline", points=path(places), class_=f"curve {curve.style}"))
        if curve.dots or len(places) == 1:
            parts += [tag("circle", cx=x, cy=y, r=3.5, class_=f"dot {curve.style}") for x, y in places]
        noted += [(x, y - 9, note) for (x, y), note in zip(places, curve.notes, strict=False)]
    return parts + beside(noted, across)


def beside(noted: Sequence[Note], across: Scale) -> list[Markup]:
    """Return texts at their places, moved into the picture; one that would run into another is left out."""
    taken: list[Note] = []
    for x, y, text in reversed(noted):  # those of the curve on top first
        half = LETTER * len(text) / 2
        middle = min(max(x, across.start + half), across.end + 12 - half)
        if all(abs(middle - a) > half + LETTER * (len(b) + 1) / 2 or abs(y - c) > 20 for a, c, b in taken):
            taken.append((middle, y, text))
    return [tag("text", text, x=x, y=y, class_="middle note") for x, y, text in taken]


def path(places: Sequence[Point]) -> str:
    """Return places as SVG writes them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
