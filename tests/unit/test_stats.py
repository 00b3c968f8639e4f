import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verigrad.evaluate.stats import (
    Z,
    clustered_error,
    clustered_interval,
    incomplete_beta,
    mean_interval,
    share_interval,
    standard_error,
    t_quantile,
    t_two_sided_p,
    wilson,
)

SHARES = st.integers(1, 8).flatmap(lambda k: st.lists(st.integers(0, k).map(lambda c: c / k), min_size=1, max_size=40))
FIVE_TIMES_FOUR = [1.0] * 4 + [0.0] * 4 + [1.0] * 8 + [0.0] * 4


@pytest.mark.parametrize(
    ("df", "t"),
    [
        (1, math.tan(0.475 * math.pi)), (2, 0.95 / math.sqrt(2 * 0.975 * 0.025)), (3, 3.1824463), (4, 2.7764451),
        (5, 2.5705818), (7, 2.3646243), (9, 2.2621572), (29, 2.0452296), (100, 1.9839715), (999, 1.9623415),
        (10**5, 1.9599877), (10**9, 1.9599640),
    ],
)  # fmt: skip
def test_t_quantiles(df, t):
    assert t_quantile(df) == pytest.approx(t, abs=1e-6)
    assert t_two_sided_p(t, df) == pytest.approx(0.05, abs=1e-6)


def test_p_of_student_t():
    assert t_two_sided_p(3.861741, 7) == pytest.approx(0.0061975, abs=1e-7)
    assert t_two_sided_p(-3.861741, 7) == t_two_sided_p(3.861741, 7)
    assert t_two_sided_p(0, 7) == 1
    assert t_two_sided_p(math.inf, 7) == 0
    assert t_two_sided_p(1, 1) == pytest.approx(0.5)  # Cauchy's quartile
    with pytest.raises(ValueError, match="at least 1 degree of freedom, not 0"):
        t_two_sided_p(1, 0)


def test_incomplete_beta_of_hand_computed_values():
    assert incomplete_beta(0.3, 2, 1) == pytest.approx(0.09)
    assert incomplete_beta(0.9, 1, 3) == pytest.approx(1 - 0.1**3)
    assert incomplete_beta(0.5, 10, 3) == pytest.approx((1 + 12 + 66) / 2**12)  # at most 2 of 12 tosses
    assert (incomplete_beta(0, 2, 3), incomplete_beta(1, 2, 3)) == (0, 1)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [  # the first four and 0/20 are cases of Newcombe 1998, Statistics in Medicine 17:857
        (81, 263, 0.255289, 0.366210), (15, 148, 0.062386, 0.160487), (0, 20, 0, 0.161125), (1, 29, 0.006113, 0.171755),
        (5, 30, 0.073365, 0.335644), (24, 30, 0.626943, 0.904949), (30, 30, 0.886487, 1),
    ],
)  # fmt: skip
def test_wilson_agrees_with_published_intervals(right, n, low, high):
    estimate = wilson(right, n)
    assert (estimate.low, estimate.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))
    assert (estimate.mean, estimate.n) == (right / n, n)


def test_normal_interval_is_no_interval_at_the_ends():
    assert standard_error([1.0] * 30) == 0
    assert wilson(30, 30).high == 1
    assert wilson(0, 20).low == 0


@pytest.mark.parametrize(("right", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_wilson_refuses_what_is_no_share(right, n):
    with pytest.raises(ValueError, match=f"^{right} right of {n} is no share$"):
        wilson(right, n)


def test_error_of_seven_right_in_ten():
    values = [1.0] * 7 + [0.0] * 3
    bernoulli = math.sqrt(0.7 * 0.3 / 10)
    assert standard_error(values) == pytest.approx(0.1527525, abs=1e-7)
    assert bernoulli == pytest.approx(0.1449138, abs=1e-7)
    interval = mean_interval(values)
    assert (interval.high - interval.low) / 2 == pytest.approx(2.2621572 * 0.1527525, abs=1e-7)
    assert (interval.mean, interval.n) == (0.7, 10)


def test_one_problem_says_nothing_about_the_others():
    assert (mean_interval([1.0]).low, mean_interval([1.0]).high) == (-math.inf, math.inf)
    assert standard_error([0.3]) == math.inf
    assert clustered_error([0.3, 0.4], ["a", "a"]) == math.inf


def test_clustered_error_of_reference_cases():
    values, clusters = [float(i) for i in range(20)], [i % 4 for i in range(20)]
    assert clustered_error(values, clusters) == pytest.approx(0.6454972, abs=1e-7)
    assert clustered_error(values, clusters) * math.sqrt(3 / 4) == pytest.approx(0.5590170, abs=1e-7)
    clusters = [i // 4 for i in range(20)]
    assert standard_error(FIVE_TIMES_FOUR) == pytest.approx(0.1123903, abs=1e-7)
    assert clustered_error(FIVE_TIMES_FOUR, clusters) == pytest.approx(0.2449490, abs=1e-7)
    interval = clustered_interval(FIVE_TIMES_FOUR, clusters)
    assert (interval.high - interval.low) / 2 == pytest.approx(2.7764451 * 0.2449490, abs=1e-6)
    assert interval.n == 20


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_every_value_its_own_cluster_changes_nothing(values):
    assert clustered_interval(values, list("abcdefghijklmnopqrstuvwxyz1234"[: len(values)])) == mean_interval(values)


def test_samples_of_a_problem_are_not_independent():
    """One AIME run of 30 problems at 0.3, and 64 samples of each that all agree."""
    problems = [1.0] * 9 + [0.0] * 21
    samples = [value for value in problems for _ in range(64)]
    assert math.sqrt(0.3 * 0.7 / 30) == pytest.approx(0.0837, abs=5e-5)
    too_sure = standard_error(samples)
    assert too_sure == pytest.approx(0.0105, abs=5e-5)
    ours = clustered_error(samples, [i // 64 for i in range(len(samples))])
    assert ours == pytest.approx(standard_error(problems))
    assert ours / too_sure > 8


def test_resampling_takes_away_a_third_half_and_two_thirds_of_the_variance():
    """Chances spread evenly over (0, 1): variance of a problem's mean is 1/12 + 1/6/K, against 1/4 for one sample."""
    rng = random.Random(0)
    chances = [(i + 0.5) / 20_000 for i in range(20_000)]
    one, two, four = ([sum(rng.random() < p for _ in range(k)) / k for p in chances] for k in (1, 2, 4))
    start = standard_error(one) ** 2
    falls = [1 - standard_error(values) ** 2 / start for values in (two, four, chances)]
    assert falls == [pytest.approx(fall, abs=0.02) for fall in (1 / 3, 1 / 2, 2 / 3)]


def test_error_of_a_bootstrap_is_not_divided_by_its_draws():
    """The lighteval rule sd / sqrt(draws) shrinks with the patience of whoever draws."""
    rng = random.Random(0)
    values = [float(rng.random() < 0.4) for _ in range(200)]
    draws = [sum(rng.choices(values, k=200)) / 200 for _ in range(1000)]
    deviation = standard_error(draws) * math.sqrt(len(draws))
    defective = deviation / math.sqrt(len(draws))
    assert standard_error(values) == pytest.approx(deviation, rel=0.06)
    assert standard_error(values) / defective == pytest.approx(31.6, rel=0.06)


def test_error_of_a_suite_is_not_the_mean_of_its_parts():
    """The lighteval rule for a group of tasks; problems of all tasks together are the sample."""
    small, large = [1.0, 0.0] * 5, [1.0, 0.0] * 200
    defective = (standard_error(small) + standard_error(large)) / 2
    assert standard_error(small + large) == pytest.approx(0.5 / math.sqrt(409))
    assert defective > 3 * standard_error(small + large)


def test_share_of_single_samples_is_wilsons():
    assert share_interval([1.0] * 24 + [0.0] * 6) == wilson(24, 30)
    assert share_interval([1.0] * 24 + [0.0] * 6, clusters=range(30)) == wilson(24, 30)
    assert share_interval([1.0]) == wilson(1, 1)


def test_share_of_several_samples_is_wilsons_for_as_many_as_its_error_is_worth():
    values = [0.25, 0.5, 1.0, 0.75] * 50
    shares, plain = share_interval(values), mean_interval(values)
    assert (shares.low, shares.high) == (pytest.approx(plain.low, abs=2e-3), pytest.approx(plain.high, abs=2e-3))
    few = [1.0] * 7 + [0.875]
    assert mean_interval(few).high > 1 > share_interval(few).high > share_interval(few).mean


def test_share_in_clusters_is_clustered():
    clusters = [i // 4 for i in range(20)]
    interval = share_interval(FIVE_TIMES_FOUR, clusters)
    assert (interval.low, interval.high, interval.n) == (
        pytest.approx(0.131, abs=1e-3),
        pytest.approx(0.937, abs=1e-3),
        20,
    )
    assert clustered_interval(FIVE_TIMES_FOUR, clusters).low < 0  # what is avoided
    values, clusters = [*FIVE_TIMES_FOUR, 0.0, 1.0, 0.5, 0.5] * 4, [i // 4 for i in range(96)]
    found, plain = share_interval(values, clusters), clustered_interval(values, clusters)
    assert (found.low, found.high) == (pytest.approx(plain.low, abs=0.03), pytest.approx(plain.high, abs=0.03))
    assert share_interval(values, clusters).high > mean_interval(values).high


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_samples_alike_is_wilsons_over_problems(value):
    """8 of 8 on each of 30 problems is 30 problems, not 240 samples and not certainty."""
    clusters = [i // 2 for i in range(60)]
    alike, expected = share_interval([value] * 60, clusters), wilson(round(30 * value), 30)
    assert (alike.low, alike.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert (alike.mean, alike.n) == (value, 60)


def test_equal_means_are_not_certain():
    interval = share_interval([0.5] * 30)
    bound = wilson(0, 30).high
    assert mean_interval([0.5] * 30).high == 0.5  # what is avoided
    assert (interval.low, interval.high) == (pytest.approx(0.5 - bound / 2), pytest.approx(0.5 + bound / 2))
    balanced = share_interval([0.0, 1.0] * 30, [i // 2 for i in range(60)])  # every cluster has the mean 0.5
    assert (balanced.low, balanced.high) == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert share_interval([0.1 + 0.2, 0.3, 0.3]).high > 0.5  # the same but for rounding


def test_one_problem_or_one_cluster_leaves_all_open():
    for interval in (share_interval([0.375]), share_interval([0.0, 1.0, 1.0], "aaa")):
        assert (interval.low, interval.high) == (0, 1)


@pytest.mark.parametrize(
    ("values", "clusters", "message"),
    [
        ([], None, "no values to take a mean of"),
        ([0.5, 1.5], None, "value 1 is 1.5, not between 0 and 1"),
        ([math.nan], None, "value 0 is nan, not between 0 and 1"),
        ([0.5, 0.6], ["a"], "shorter than"),
    ],
)
def test_share_interval_refuses_bad_input(values, clusters, message):
    with pytest.raises(ValueError, match=message):
        share_interval(values, clusters)


@given(SHARES, st.integers(1, 5))
def test_a_share_stays_in_its_interval_and_that_in_0_to_1(values, size):
    for clusters in (None, [i // size for i in range(len(values))]):
        estimate = share_interval(values, clusters)
        assert 0 <= estimate.low <= estimate.mean + 1e-12
        assert estimate.mean <= estimate.high + 1e-12 <= 1 + 1e-12
        assert estimate.high - estimate.low > 1e-3


@given(st.integers(1, 10**6), st.data())
def test_wilson_is_the_same_for_wrong_answers(n, data):
    right = data.draw(st.integers(0, n))
    one, other = wilson(right, n), wilson(n - right, n)
    assert (one.low, one.high) == (pytest.approx(1 - other.high, abs=1e-9), pytest.approx(1 - other.low, abs=1e-9))
    assert 0 <= one.low <= one.mean <= one.high <= 1


@given(st.integers(1, 10**5))
def test_t_is_wider_than_normal_and_narrows(df):
    assert t_quantile(df) > t_quantile(df + 10 * df) > Z
