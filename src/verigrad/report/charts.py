"""Charts as inline SVG, coloured by the page's own CSS so that they follow light and dark."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 360, 170
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 12, 30


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its name, its CSS class and its points, (step, value) each."""

    name: str
    style: str
    points: Sequence[tuple[float, float]]


def number(value: float) -> str:
    """Return an axis label."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.2g}" if abs(value) < 1 else f"{value:.1f}"


def curve(title: str, lines: Sequence[Line], *, share: bool = False) -> Markup | None:
    """Return one chart of ``lines`` over steps, None without points; ``share`` fixes the axis to 0 to 100 %."""
    lines = [line for line in lines if line.points]
    if not lines:
        return None
    steps = [x for line in lines for x, _ in line.points]
    values = [y for line in lines for _, y in line.points]
    low, high = (0.0, 1.0) if share else (min([0.0, *values]), max([0.0, *values]) or 1.0)
    first, last = min(steps), max([*steps, min(steps) + 1])

    def place(x: float, y: float) -> str:
        across = LEFT + (x - first) / (last - first) * (WIDTH - LEFT - RIGHT)
        down = TOP + (high - y) / ((high - low) or 1) * (HEIGHT - TOP - BOTTOM)
        return f"{across:.1f},{down:.1f}"

    parts = [axes(low, high, first, last, share)]
    for line in lines:
        path = " ".join(place(x, y) for x, y in line.points)
        parts.append(Markup('<polyline class="{}" points="{}"/>').format(line.style, path))
        if len(line.points) < 20:
            parts += [dot(place(x, y), line.style) for x, y in line.points]
    legend = Markup(" ").join(Markup('<span class="key {}">{}</span>').format(x.style, x.name) for x in lines)
    return Markup("<figure><figcaption><b>{}</b> {}</figcaption>{}</figure>").format(
        title, legend if len(lines) > 1 else "", svg(title, parts, HEIGHT)
    )


def dot(at: str, style: str) -> Markup:
    """Return a point."""
    x, y = at.split(",")
    return Markup('<circle class="{}" cx="{}" cy="{}" r="3"/>').format(style, x, y)


def svg(title: str, parts: Sequence[Markup], height: int) -> Markup:
    """Return the picture with its title for screen readers."""
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, height, title, Markup("").join(parts)
    )


def axes(low: float, high: float, first: float, last: float, share: bool) -> Markup:
    """Return grid lines with labels: three values, first and last step."""
    marks = []
    for value in (low, (low + high) / 2, high):
        y = TOP + (high - value) / ((high - low) or 1) * (HEIGHT - TOP - BOTTOM)
        label = f"{100 * value:.0f} %" if share else number(value)
        line = Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>')
        text = Markup('<text x="{}" y="{:.1f}" class="end">{}</text>')
        marks += [line.format(LEFT, WIDTH - RIGHT, y, y), text.format(LEFT - 6, y + 4, label)]
    bottom = HEIGHT - 10
    marks.append(Markup('<text x="{}" y="{}">{}</text>').format(LEFT, bottom, f"step {first:.0f}"))
    marks.append(Markup('<text x="{}" y="{}" class="end">{:.0f}</text>').format(WIDTH - RIGHT, bottom, last))
    return Markup("").join(marks)


def bars(rows: Sequence[tuple[str, str, float, float, float]]) -> Markup:
    """Return horizontal bars with interval whiskers: (label, CSS class, share, low, high) each."""
    step, left = 24, 150
    width = WIDTH - left - 48

    def across(share: float) -> float:
        return left + sorted((0.0, share, 1.0))[1] * width

    parts = []
    for i, (label, style, share, low, high) in enumerate(rows):
        y = i * step + 4
        parts.append(
            Markup(
                '<text x="{}" y="{}" class="end">{}</text>'
                '<rect class="{}" x="{}" y="{}" width="{:.1f}" height="16"/>'
                '<line class="whisker" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>'
                '<text x="{:.1f}" y="{}">{:.1f}</text>'
            ).format(
                left - 6,
                y + 13,
                label,
                style,
                left,
                y,
                across(share) - left,
                across(low),
                across(high),
                y + 8,
                y + 8,
                across(max(high, share)) + 5,
                y + 13,
                100 * share,
            )
        )
    return svg("accuracy before and after", parts, len(rows) * step + 6)


def clean(text: str) -> Markup:
    """Return model text escaped, with control characters made visible."""
    return escape("".join(c if c.isprintable() or c in "\n\t" else f"⟨{ord(c):x}⟩" for c in text))
