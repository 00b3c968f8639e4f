"""Means and shares with 95 % intervals. The problem is the unit of error (Miller, arXiv:2411.00640)."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)
ROUNDING = 1e-12  # a spread below this is the rounding error of equal values


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval over ``n`` problems."""

    mean: float
    low: float
    high: float
    n: int


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast only below this point
        return 1 - incomplete_beta(1 - x, b, a)
    fraction = 1.0
    for m in range(100 + 4 * math.isqrt(int(max(a, b))), 0, -1):
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        fraction = 1 + even / (1 + odd / fraction)
    fraction = 1 - (a + b) * x / (a + 1) / fraction
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    return math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta) / (a * fraction)


def t_two_sided_p(t: float, df: float) -> float:
    """Return the chance that Student's t is at least as far from 0 as ``t`` (Abramowitz and Stegun 26.5.27).

    Beyond 10^7 degrees of freedom it is the one for 10^7, which differs from the normal one in the seventh digit.

    Raises:
        ValueError: ``df`` is below 1.
    """
    if not df >= 1:
        raise ValueError(f"Student's t needs at least 1 degree of freedom, not {df}")
    df = min(df, 1e7)
    return incomplete_beta(df / (df + t * t), df / 2, 0.5)


def t_density(t: float, df: float) -> float:
    """Return the density of Student's t."""
    df = min(df, 1e7)
    scale = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(df * math.pi)
    return scale * math.exp(-(df + 1) / 2 * math.log1p(t * t / df))


@lru_cache(maxsize=4096)
def t_quantile(df: float) -> float:
    """Return the 97.5 % quantile of Student's t, to 1e-6 or better.

    Newton's method from the normal quantile: p is convex in t and that start lies left of the root, so it cannot
    overshoot.
    """
    t, step = Z, 1.0
    while step > 1e-9:
        step = (t_two_sided_p(t, df) - 0.05) / (2 * t_density(t, df))
        t += step
    return t


def wilson(right: int, n: int) -> Estimate:
    """Return the share ``right``/``n`` with Wilson's score interval, which keeps its width at 0 and at ``n``.

    Wilson, JASA 22:209 (1927); method 3 of Newcombe, Statistics in Medicine 17:857 (1998).

    Raises:
        ValueError: ``n`` is below 1, or ``right`` is not in 0 to ``n``.
    """
    if not 0 <= right <= n or n < 1:
        raise ValueError(f"{right} right of {n} is no share")
    low, high = wilson_bounds(right / n, n)
    return Estimate(right / n, low, high, n)


def wilson_bounds(share: float, n: float) -> tuple[float, float]:
    """Return Wilson's interval for a share of ``n`` independent responses, of which there may be a fraction."""
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return middle - half if share > 0 else 0.0, middle + half if share < 1 else 1.0


def mean_of(values: Sequence[float]) -> float:
    """Return the mean of ``values``.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("no values to take a mean of")
    return math.fsum(values) / len(values)


def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of the mean of independent values; infinite for a single one."""
    return clustered_error(values, range(len(values)))


def clustered_error(values: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """Return the standard error of the mean of values that may agree within a cluster.

    Miller (arXiv:2411.00640) appendix A, times sqrt(C / (C - 1)) for C clusters; infinite for a single cluster.

    Raises:
        ValueError: there are no values, or not one cluster for each.
    """
    middle = mean_of(values)
    sums: dict[Hashable, float] = {}
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + value - middle
    if len(sums) < 2:
        return math.inf
    squares = math.fsum(total * total for total in sums.values())
    return math.sqrt(squares * len(sums) / (len(sums) - 1)) / len(values)


def mean_interval(values: Sequence[float]) -> Estimate:
    """Return the mean of per-problem values with Student's t interval; infinitely wide for a single problem."""
    return clustered_interval(values, range(len(values)))


def clustered_interval(values: Sequence[float], clusters: Sequence[Hashable]) -> Estimate:
    """Return the mean with Student's t interval from the clustered error; infinitely wide for a single cluster.

    C clusters give C - 1 degrees of freedom. Where every value is its own cluster this is ``mean_interval``.
    """
    middle = mean_of(values)
    half = half_width(clustered_error(values, clusters), len(set(clusters)))
    return Estimate(middle, middle - half, middle + half, len(values))


def half_width(error: float, units: int) -> float:
    """Return half the width of Student's t interval over ``units`` independent problems or clusters."""
    return t_quantile(units - 1) * error if units > 1 else math.inf


def share_interval(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Estimate:
    """Return the mean of per-problem shares with the interval to report for it, which lies in [0, 1].

    - Every value 0 or 1, no two in one cluster: Wilson's interval.
    - All C clusters with the same mean m: a t interval would have width 0. At most a share u of clusters lies
      elsewhere in [0, 1], where u is Wilson's upper bound for 0 of C: [m - u m, m + u (1 - m)]. For m = 0 or 1 this
      is Wilson's interval for 0 or C of C, however many samples each problem has.
    - Else Wilson's interval for so many independent responses as would have the clustered error, with Student's t
      in the place of the normal quantile; near 0 and 1 a plain t interval is too narrow.

    Args:
        values: share of right samples of each problem.
        clusters: what may make problems agree (a shared text, a family); without it every problem stands alone.

    Raises:
        ValueError: no values, a value outside [0, 1], or not one cluster for each value.
    """
    check_range(values, 0.0)
    middle = mean_of(values)
    labels = range(len(values)) if clusters is None else clusters
    units = len(set(labels))
    if units == len(values) and all(value in (0, 1) for value in values):
        return wilson(round(math.fsum(values)), units)
    error = clustered_error(values, labels)
    if error < ROUNDING:
        elsewhere = wilson(0, units).high
        return Estimate(middle, middle - elsewhere * middle, middle + elsewhere * (1 - middle), len(values))
    if units < 2:
        return Estimate(middle, 0.0, 1.0, len(values))
    low, high = wilson_bounds(middle, middle * (1 - middle) * (Z / half_width(error, units)) ** 2)
    return Estimate(middle, low, high, len(values))


def check_range(values: Sequence[float], least: float) -> None:
    """Refuse a value outside [``least``, 1], which no share (or difference of shares) can be."""
    for position, value in enumerate(values):
        if not least <= value <= 1:
            raise ValueError(f"value {position} is {value}, not between {least:g} and 1")
