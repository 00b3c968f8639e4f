"""Do 95 % intervals hold the truth in 95 % of repeated evaluations? Simulated with new problems and samples each time."""

import numpy as np
import pytest

from verigrad.evaluate.paired import bootstrap_interval, paired, spread_of
from verigrad.evaluate.stats import clustered_interval, mean_interval, share_interval

pytestmark = pytest.mark.slow

REPEATS = 10_000  # leaves a standard error of 0.2 points on the coverage itself
SEED = 0


def shares(rng, problems, samples, a, b):
    """Shares right of problems whose chances follow Beta(a, b); each its own cluster."""
    return (rng.binomial(samples, rng.beta(a, b, problems)) / samples).tolist(), list(range(problems))


def clustered_shares(rng, clusters, samples, a, b):
    """1 to 7 problems share a chance, as questions on one text do."""
    labels = np.repeat(np.arange(clusters), rng.integers(1, 8, clusters))
    return (rng.binomial(samples, rng.beta(a, b, clusters)[labels]) / samples).tolist(), labels.tolist()


def changes(rng, labels, samples, a, b, gain):
    """Differences of two models; the second solves more, by ``gain`` of what was missing on average."""
    clusters = labels.max() + 1
    before = rng.beta(a, b, clusters)
    after = before + gain * (1 - before) * 2 * rng.random(clusters)
    right = rng.binomial(samples, after[labels]) - rng.binomial(samples, before[labels])
    return (right / samples).tolist(), labels.tolist()


def coverage(truth, draw, interval):
    rng = np.random.default_rng(SEED)
    repeats = REPEATS // 4 if interval is resampled else REPEATS
    hits = 0
    for _ in range(repeats):
        low, high = interval(*draw(rng))
        hits += low <= truth <= high
    return hits / repeats


def reported(values, clusters):
    estimate = share_interval(values, clusters)
    return estimate.low, estimate.high


def clustered(values, clusters):
    estimate = clustered_interval(values, clusters)
    return estimate.low, estimate.high


def student(differences, clusters):
    spread = spread_of(differences, clusters)
    return spread.low, spread.high


def resampled(differences, clusters):
    return bootstrap_interval(differences, clusters, draws=2000)


@pytest.mark.parametrize(
    ("problems", "samples", "a", "b"),
    [(200, 1, 2, 3), (200, 1, 0.5, 0.5), (300, 4, 2, 3), (300, 4, 0.5, 4.5), (30, 64, 0.5, 1)],
)
def test_interval_of_a_share_holds_the_truth(problems, samples, a, b):
    found = coverage(a / (a + b), lambda rng: shares(rng, problems, samples, a, b), reported)
    assert 0.94 <= found <= 0.96


def test_interval_of_a_share_near_1_holds_the_truth_more_often_than_students():
    plain = coverage(0.95, lambda rng: shares(rng, 30, 8, 9.5, 0.5), clustered)
    assert plain < 0.92 < 0.935 < coverage(0.95, lambda rng: shares(rng, 30, 8, 9.5, 0.5), reported)


@pytest.mark.parametrize(("clusters", "samples", "a", "b"), [(60, 1, 1, 1), (200, 1, 1, 2)])
def test_interval_of_clustered_problems_holds_the_truth(clusters, samples, a, b):
    found = coverage(a / (a + b), lambda rng: clustered_shares(rng, clusters, samples, a, b), reported)
    assert 0.94 <= found <= 0.96


@pytest.mark.parametrize("interval", [student, resampled])
@pytest.mark.parametrize(
    ("problems", "samples", "a", "b", "gain"), [(200, 1, 2, 3, 0.1), (200, 4, 2, 3, 0.1), (30, 16, 0.5, 1, 0.1)]
)
def test_interval_of_a_paired_difference_holds_the_truth(interval, problems, samples, a, b, gain):
    labels = np.arange(problems)
    found = coverage(gain * b / (a + b), lambda rng: changes(rng, labels, samples, a, b, gain), interval)
    assert 0.94 <= found <= 0.96


@pytest.mark.parametrize("interval", [student, resampled])
def test_interval_of_a_clustered_difference_holds_the_truth(interval):
    labels = np.repeat(np.arange(60), 4)
    found = coverage(0.2 * 3 / 5, lambda rng: changes(rng, labels, 2, 2, 3, 0.2), interval)
    assert 0.94 <= found <= 0.96


def test_paired_reports_what_was_simulated():
    differences, clusters = changes(np.random.default_rng(SEED), np.repeat(np.arange(60), 4), 2, 2, 3, 0.2)
    found = paired(differences, clusters)
    assert (found.low, found.high) == student(differences, clusters)
    assert (found.boot_low, found.boot_high) == bootstrap_interval(differences, clusters)


def test_too_small_a_unit_of_error_holds_the_truth_too_seldom():
    """Samples taken as independent, and clustered problems taken as independent."""

    def by_sample(values, _):
        samples = [float(i < round(64 * value)) for value in values for i in range(64)]
        estimate = mean_interval(samples)
        return estimate.low, estimate.high

    def by_problem(values, _):
        estimate = mean_interval(values)
        return estimate.low, estimate.high

    assert coverage(1 / 3, lambda rng: shares(rng, 30, 64, 0.5, 1), by_sample) < 0.5
    assert coverage(1 / 2, lambda rng: clustered_shares(rng, 60, 4, 1, 1), by_problem) < 0.8
