"""Intervals for means and differences. The problem is the unit of error (arXiv 2411.00640)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval over ``n`` problems."""

    mean: float
    low: float
    high: float
    n: int


def t_quantile(df: int) -> float:
    """Return the 97.5 % quantile of Student's t, to 1e-3 (Cornish-Fisher; Abramowitz and Stegun 26.7.5)."""
    z = NormalDist().inv_cdf(0.975)
    exact = {1: 12.7062, 2: 4.30265, 3: 3.18245, 4: 2.77645}
    if df in exact:
        return exact[df]
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / df**power for power, term in enumerate(terms, 1))


def wilson(right: int, n: int) -> Estimate:
    """Return the share ``right``/``n`` with Wilson's interval, which keeps its width at 0 and at ``n``."""
    z = NormalDist().inv_cdf(0.975)
    share = right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half), n)


def mean_interval(values: Sequence[float]) -> Estimate:
    """Return the mean of per-problem values with Student's t interval; infinitely wide for a single problem."""
    n = len(values)
    middle = math.fsum(values) / n
    if n < 2:
        return Estimate(middle, -math.inf, math.inf, n)
    error = math.sqrt(math.fsum((v - middle) ** 2 for v in values) / (n - 1) / n)
    half = t_quantile(n - 1) * error
    return Estimate(middle, middle - half, middle + half, n)
