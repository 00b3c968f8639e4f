"""Two models on the same problems: what differs, how surely, and what this many problems could show at all."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from verigrad.evaluate.stats import (
    ROUNDING,
    Z,
    check_range,
    clustered_error,
    half_width,
    incomplete_beta,
    mean_of,
    t_quantile,
    t_two_sided_p,
)

POWER = Z + NormalDist().inv_cdf(0.8)  # standard errors between 0 and a difference found with 80 % power at 5 %
DRAWS = 10_000
SEED = 20_241_101
CELLS = 4_000_000  # resampled counts held at once: 32 MB


@dataclass(frozen=True, slots=True)
class Paired:
    """The mean difference over ``n`` problems, with 95 % intervals, a two-sided p and who moved.

    ``low``, ``high`` and ``p`` are Student's t, ``boot_low`` and ``boot_high`` a bootstrap over problems or clusters,
    ``error`` the standard error of the mean. ``wins`` counts differences above 0.
    """

    n: int
    mean: float
    low: float
    high: float
    p: float
    boot_low: float
    boot_high: float
    wins: int
    losses: int
    ties: int
    error: float


@dataclass(frozen=True, slots=True)
class Spread:
    """A 95 % interval of a mean difference, its two-sided p and its standard error; flat if no unit differs."""

    low: float
    high: float
    p: float
    error: float
    flat: bool = False


def paired(differences: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Paired:
    """Return what per-problem differences of two shares say about their mean.

    Student's t on the clustered error (Miller, arXiv:2411.00640, appendix A). Where every cluster has the same mean
    difference, see ``no_spread``; a bootstrap has nothing to draw from there and repeats that interval.

    Args:
        differences: second share minus first, of each problem, in [-1, 1].
        clusters: what may make problems agree; without it every problem stands alone.

    Raises:
        ValueError: no differences, one outside [-1, 1], or not one cluster for each.
    """
    check_range(differences, -1.0)
    values = [round(float(value), 12) for value in differences]  # 0.3 - 0.1 and 0.4 - 0.2 are one value
    labels = range(len(values)) if clusters is None else clusters
    spread = spread_of(values, labels)
    resampled = (spread.low, spread.high) if spread.flat else bootstrap_interval(values, labels)
    wins, losses = sum(value > 0 for value in values), sum(value < 0 for value in values)
    return Paired(
        n=len(values),
        mean=mean_of(values),
        low=spread.low,
        high=spread.high,
        p=spread.p,
        boot_low=resampled[0],
        boot_high=resampled[1],
        wins=wins,
        losses=losses,
        ties=len(values) - wins - losses,
        error=spread.error,
    )


def spread_of(differences: Sequence[float], clusters: Sequence[Hashable]) -> Spread:
    """Return Student's t interval of the mean difference, cut to [-1, 1], and its p; ``no_spread`` where t has none."""
    mean = mean_of(differences)
    error = clustered_error(differences, clusters)
    units = len(set(clusters))
    if units < 2 or error < ROUNDING:
        return no_spread(mean, units)
    half = half_width(error, units)
    return Spread(max(-1.0, mean - half), min(1.0, mean + half), t_two_sided_p(mean / error, units - 1), error)


def no_spread(mean: float, units: int) -> Spread:
    """Return the interval and p of a mean difference that is the same in every unit, where t would claim certainty.

    Another value was seen in 0 of ``units``, so at most a share u = 1 - 0.025^(1/units) has one (Clopper and Pearson,
    Biometrika 26:404, 1934), and that one lies in [-1, 1]: [mean - u (1 + mean), mean + u (1 - mean)]. A true mean of 0
    needs a share of at least |mean| / (1 + |mean|) elsewhere, so p = 2 (1 + |mean|)^-units: the exact McNemar p where
    the mean is 1 or -1, 1 where it is 0, and below 0.05 just where the interval leaves out 0. The error is the one
    that makes a normal interval this wide.
    """
    elsewhere = 1 - 0.025 ** (1 / units)
    p = min(1.0, 2 * (1 + abs(mean)) ** -units)
    return Spread(mean - elsewhere * (1 + mean), mean + elsewhere * (1 - mean), p, elsewhere / Z, flat=True)


def bootstrap_interval(
    differences: Sequence[float], clusters: Sequence[Hashable], draws: int = DRAWS
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean over whole clusters, at least two, with a fixed seed.

    The expanded percentile interval (Hesterberg, The American Statistician 69:371, 2015): percentiles alone are too
    narrow by sqrt((C - 1) / C) and by normal over t, so their levels are moved out by both. It cannot leave the range
    of the resampled means, so below about 10 clusters trust Student's t.
    """
    means = resampled_means(*cluster_totals(differences, clusters), draws)
    units = len(set(clusters))
    level = NormalDist().cdf(-t_quantile(units - 1) * math.sqrt(units / (units - 1)))
    low, high = np.quantile(means, [level, 1 - level])
    return float(low), float(high)


def cluster_totals(values: Sequence[float], clusters: Sequence[Hashable]) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct (sum, size) pairs of clusters, (V, 2), and how many clusters have each, (V,)."""
    order = {label: position for position, label in enumerate(dict.fromkeys(clusters))}
    index = np.array([order[label] for label in clusters])
    sums = np.bincount(index, weights=np.asarray(values, dtype=float)).round(12)
    return np.unique(np.stack([sums, np.bincount(index)], axis=1), axis=0, return_counts=True)


def resampled_means(totals: np.ndarray, counts: np.ndarray, draws: int) -> np.ndarray:
    """Return the means of ``draws`` resamples of clusters, (draws,).

    A resample of C clusters is a multinomial draw of how often each distinct (sum, size) occurs, so the work grows with
    the distinct pairs, not with the problems.
    """
    rng = np.random.default_rng(SEED)
    units = int(counts.sum())
    rows = max(1, CELLS // len(counts))
    parts = []
    for start in range(0, draws, rows):
        drawn = rng.multinomial(units, counts / units, size=min(rows, draws - start)) @ totals
        parts.append(drawn[:, 0] / drawn[:, 1])
    return np.concatenate(parts)


def mcnemar(wins: int, losses: int) -> float:
    """Return the exact two-sided p of ``wins`` against ``losses`` among problems that changed; 1 if none did.

    McNemar's test as a fair coin on the discordant pairs: twice the smaller binomial tail, at most 1 (the tail as an
    incomplete beta function, Abramowitz and Stegun 26.5.24).
    """
    return min(1.0, 2 * coin_tail(wins, losses))


def mcnemar_mid(wins: int, losses: int) -> float:
    """Return McNemar's mid-p, which counts half of the observed outcome and so is less cautious than the exact p.

    Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91 (2013).
    """
    tail, tosses = coin_tail(wins, losses), wins + losses
    log_ways = math.lgamma(tosses + 1) - (math.lgamma(wins + 1) + math.lgamma(losses + 1))
    return min(1.0, 2 * tail - math.exp(log_ways - tosses * math.log(2)))


def coin_tail(wins: int, losses: int) -> float:
    """Return the chance that a fair coin tossed ``wins + losses`` times shows the rarer side at most so rarely."""
    if min(wins, losses) < 0:
        raise ValueError(f"{wins} wins and {losses} losses: counts cannot be negative")
    return incomplete_beta(0.5, max(wins, losses), min(wins, losses) + 1) if wins + losses else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Return each p adjusted for having looked at all of them, in the given order.

    Holm, Scandinavian Journal of Statistics 6:65 (1979): the i-th smallest of m (from 0) times m - i, never below the
    one before it, at most 1.

    Raises:
        ValueError: a p outside [0, 1].
    """
    check_range(p_values, 0.0)
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def detectable_difference(error: float) -> float:
    """Return the smallest true difference found with 80 % power at the 5 % level (Miller, arXiv:2411.00640, section 5).

    Args:
        error: standard error of the difference.
    """
    return POWER * error


def problems_needed(delta: float, w2: float, s2_a: float, k_a: float, s2_b: float, k_b: float) -> int:
    """Return how many problems show a true difference ``delta`` with 80 % power at the 5 % level.

    (z_0.975 + z_0.8)^2 (w^2 + s_A^2 / K_A + s_B^2 / K_B) / delta^2 (Miller, arXiv:2411.00640, section 5).

    Args:
        delta: the difference to find, not 0.
        w2: variance over problems of the difference of the two models' chances.
        s2_a: mean over problems of the variance of one sample of model A.
        k_a: samples a problem of model A; may be infinite.
        s2_b: as ``s2_a``, of model B.
        k_b: as ``k_a``, of model B.

    Raises:
        ValueError: ``delta`` is 0.
    """
    return problems_at(delta, w2 + s2_a / k_a + s2_b / k_b)


def problems_for(delta: float, found: Paired) -> int:
    """Return how many problems like those of ``found``, with as many samples each, show ``delta`` with 80 % power.

    Where problems come in clusters, so many of them in clusters of the same kind.

    Raises:
        ValueError: ``delta`` is 0.
    """
    return problems_at(delta, found.n * found.error**2)


def problems_at(delta: float, spread: float) -> int:
    """Return how many problems show ``delta`` when the difference of one problem has the variance ``spread``."""
    if not delta:
        raise ValueError("a difference of 0 cannot be shown by any number of problems")
    return math.ceil(POWER**2 * spread / delta**2)
