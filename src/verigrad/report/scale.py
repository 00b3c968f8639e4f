"""From values to places in a picture: round marks on an axis, and fewer points where there are very many."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]
Range = tuple[float, float, float]  # x, low, high
MOST = 160  # points drawn of one curve


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear axis.

    Attributes:
        low: value at ``start``.
        high: value at ``end``.
        start: place in the picture.
        end: place in the picture.
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of ``value``, within the picture."""
        part = (value - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, part)) * (self.end - self.start)


def spacing(low: float, high: float, count: int, least: float = 0.0) -> float:
    """Return a round distance between about ``count`` marks: 1, 2 or 5 times a power of ten."""
    rough = max((high - low) / count, least, 1e-12)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * (1 - 1e-9))


def ticks(low: float, high: float, step: float) -> list[float]:
    """Return the multiples of ``step`` from ``low`` to ``high``."""
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def limits(values: Sequence[float], *, shares: bool) -> tuple[float, float]:
    """Return the ends of the vertical axis, which has 0 on it; shares end at 100 % or at something round below."""
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    if shares:
        return 0.0, next(top for top in (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, max(1.0, high)) if high <= top)
    if high - low < 1e-9:
        high = low + 1.0
    step = spacing(low, high, 4)
    return step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9)


def label(value: float, step: float, *, shares: bool) -> str:
    """Return the text at a mark; ``step`` says how many digits tell marks apart."""
    value, step = (100 * value, 100 * step) if shares else (value, step)
    if abs(value) >= 10_000:
        return (
            f"{value / 1000:,.{digits(step / 1000)}f}k"
            if abs(value) < 1e6
            else f"{value / 1e6:,.{digits(step / 1e6)}f}M"
        )
    return f"{value or 0.0:,.{digits(step)}f}" + (" %" if shares else "")


def digits(step: float) -> int:
    """Return how many decimals a distance has."""
    return min(6, max(0, -math.floor(math.log10(step) + 1e-9)))


def thinned(points: Sequence[Point]) -> tuple[Sequence[Point], Sequence[Range], int]:
    """Return at most ``MOST`` points: means of neighbours, the range of each, and how many are in one."""
    size = math.ceil(len(points) / MOST)
    if size <= 1:
        return points, [], 1
    groups = [points[i : i + size] for i in range(0, len(points), size)]
    middles = [(sum(x for x, _ in g) / len(g), sum(y for _, y in g) / len(g)) for g in groups]
    ranges = [(x, min(y for _, y in g), max(y for _, y in g)) for (x, _), g in zip(middles, groups, strict=True)]
    return middles, ranges, size
