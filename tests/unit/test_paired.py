import math
import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verigrad.evaluate.paired import (
    bootstrap_interval,
    cluster_totals,
    detectable_difference,
    holm,
    mcnemar,
    mcnemar_mid,
    paired,
    problems_for,
    problems_needed,
    resampled_means,
)
from verigrad.evaluate.stats import clustered_error, mean_interval, standard_error, t_quantile

BEFORE = [0.2, 0.5, 0.7, 0.9, 0.1, 0.4, 0.6, 0.8]
AFTER = [0.3, 0.55, 0.8, 0.85, 0.25, 0.5, 0.75, 0.9]
CHANGE = [after - before for before, after in zip(BEFORE, AFTER, strict=True)]
DIFFERENCES = st.integers(1, 8).flatmap(
    lambda k: st.lists(st.integers(-k, k).map(lambda d: d / k), min_size=1, max_size=40)
)


def test_paired_reference_example():
    found = paired(CHANGE)
    assert (found.n, found.mean) == (8, pytest.approx(0.0875))
    assert found.error == pytest.approx(0.0226582, abs=1e-7)
    assert found.mean / found.error == pytest.approx(3.861741, abs=1e-6)
    assert found.p == pytest.approx(0.0061975, abs=1e-7)
    assert (found.high - found.low) / 2 == pytest.approx(2.3646243 * 0.0226582, abs=1e-6)
    assert (found.wins, found.losses, found.ties) == (7, 1, 0)
    unpaired = math.hypot(standard_error(BEFORE), standard_error(AFTER))
    assert unpaired == pytest.approx(0.1332, abs=5e-5)
    assert unpaired / found.error == pytest.approx(5.9, abs=0.05)


def test_bootstrap_is_near_t_and_repeats_itself():
    rng = random.Random(1)
    differences = [rng.choice([-0.25, 0, 0, 0.25, 0.5]) for _ in range(400)]
    found = paired(differences)
    assert (found.boot_low, found.boot_high) == (
        pytest.approx(found.low, abs=2e-3),
        pytest.approx(found.high, abs=2e-3),
    )
    assert paired(differences) == found


def test_bootstrap_draws_are_as_spread_as_the_formula_says():
    """One in lighteval divides the deviation of the draws by sqrt(draws): 31.6 times too sure at 1000."""
    rng = random.Random(2)
    differences = [rng.choice([-0.5, 0, 0.5, 1]) for _ in range(300)]
    clusters = [i // 3 for i in range(300)]
    for labels, truth in (
        (range(300), standard_error(differences)),
        (clusters, clustered_error(differences, clusters)),
    ):
        deviation = resampled_means(*cluster_totals(differences, labels), draws=1000).std()
        assert deviation == pytest.approx(truth, rel=0.06)
        assert truth / (deviation / math.sqrt(1000)) == pytest.approx(31.6, rel=0.06)


def test_few_problems_widen_the_percentiles():
    """Plain percentiles of eight problems are a quarter narrower than t; the levels moved out make up for most of it."""
    t = mean_interval(CHANGE)
    low, high = bootstrap_interval(CHANGE, range(8))
    means = np.sort(resampled_means(*cluster_totals(CHANGE, range(8)), draws=10_000))
    assert means[9750] - means[250] < 0.8 * (t.high - t.low)
    assert high - low == pytest.approx(t.high - t.low, rel=0.1)


def test_clusters_that_agree_count_once():
    few = [0.5, -0.25, 0.25, 0.0, 0.75, 0.5, -0.5, 0.25]
    many = [value for value in few for _ in range(4)]
    once, fourfold = paired(few), paired(many, [i // 4 for i in range(32)])
    assert (fourfold.low, fourfold.high, fourfold.p) == pytest.approx((once.low, once.high, once.p))
    assert (fourfold.boot_low, fourfold.boot_high) == pytest.approx((once.boot_low, once.boot_high))
    assert fourfold.wins == 4 * once.wins
    assert paired(many).high < fourfold.high


def test_rounding_makes_no_winner():
    found = paired([0.1 + 0.2 - 0.3, 0.0, 0.3 - 0.1 - 0.2])
    assert (found.wins, found.losses, found.ties, found.mean, found.p) == (0, 0, 3, 0.0, 1.0)


@pytest.mark.parametrize(
    ("value", "n", "low", "high", "p"),
    [  # u = 1 - 0.025^(1/n) of the problems may differ: 0.521824 for 5, 0.071122 for 50
        (0.0, 5, -0.521824, 0.521824, 1.0), (1.0, 5, -0.043648, 1.0, 0.0625), (-1.0, 5, -1.0, 0.043648, 0.0625),
        (1.0, 50, 0.857756, 1.0, 2.0**-49), (0.0, 50, -0.071122, 0.071122, 1.0), (0.5, 50, 0.393317, 0.535561, 2 / 1.5**50),
        (1.0, 1, -0.95, 1.0, 1.0),
    ],
)  # fmt: skip
def test_equal_differences_are_not_certain(value, n, low, high, p):
    assert mean_interval([value] * n).high in (value, math.inf)  # what is avoided
    found = paired([value] * n)
    assert (found.low, found.high, found.p) == pytest.approx((low, high, p), abs=1e-6)
    assert (found.boot_low, found.boot_high) == (found.low, found.high)
    assert found.error > 0
    if abs(value) == 1:
        assert found.p == pytest.approx(mcnemar(n, 0))


def test_equal_clusters_count_as_their_number():
    assert paired([1.0] * 50, ["a"] * 50).p == 1
    by_ten, ten = paired([1.0, 0.0] * 10, [i // 2 for i in range(20)]), paired([0.5] * 10)
    assert (by_ten.low, by_ten.high, by_ten.p) == (ten.low, ten.high, ten.p)


@settings(max_examples=50)  # each draws 10,000 resamples
@given(DIFFERENCES)
def test_p_and_interval_say_the_same(differences):
    found = paired(differences)
    assert -1 <= found.low <= found.mean + 1e-9
    assert found.mean <= found.high + 1e-9 <= 1 + 1e-9
    assert 0 <= found.p <= 1
    assert found.high - found.low > 1e-3
    if abs(found.p - 0.05) > 1e-6:
        assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


@settings(max_examples=50)  # each draws 10,000 resamples
@given(DIFFERENCES)
def test_swapping_the_models_swaps_the_sign(differences):
    one, other = paired(differences), paired([-d for d in differences])
    assert (one.low, one.high, one.p) == pytest.approx((-other.high, -other.low, other.p))
    assert (one.wins, one.losses, one.ties) == (other.losses, other.wins, other.ties)


def test_100_000_problems():
    rng = random.Random(0)
    differences = [rng.randint(-8, 8) / 8 for _ in range(100_000)]
    start = time.perf_counter()
    found = paired(differences)
    assert time.perf_counter() - start < 5
    assert found.boot_high - found.boot_low == pytest.approx(found.high - found.low, rel=0.05)


@pytest.mark.parametrize(
    ("differences", "clusters", "message"),
    [
        ([], None, "no values to take a mean of"),
        ([0.5, -1.5], None, "value 1 is -1.5, not between -1 and 1"),
        ([math.nan], None, "value 0 is nan"),
        ([0.5, 0.6], ["a"], "shorter than"),
    ],
)
def test_paired_refuses_bad_input(differences, clusters, message):
    with pytest.raises(ValueError, match=message):
        paired(differences, clusters)


@pytest.mark.parametrize(
    ("wins", "losses", "p", "digits"),
    [
        (121, 59, 4.434e-6, 5e-10), (6, 16, 0.0524788, 5e-8), (10, 2, 0.0385742, 6e-8), (0, 5, 0.0625, 1e-15),
        (3, 3, 1, 0), (0, 0, 1, 0), (1, 0, 1, 0),
    ],
)  # fmt: skip
def test_exact_mcnemar_of_reference_cases(wins, losses, p, digits):
    assert mcnemar(wins, losses) == mcnemar(losses, wins) == pytest.approx(p, abs=digits)


def test_exact_mcnemar_is_not_the_chi_square_one():
    def chi_square_p(b, c, correction=0):
        return math.erfc(math.sqrt((abs(b - c) - correction) ** 2 / (b + c) / 2))

    assert chi_square_p(121, 59) == pytest.approx(math.erfc(math.sqrt(21.3556 / 2)), rel=1e-4)
    assert chi_square_p(6, 16) == pytest.approx(0.0330, abs=5e-5)
    assert chi_square_p(6, 16, correction=1) == pytest.approx(0.0550, abs=5e-5)
    assert mcnemar(6, 16) > 0.05 > chi_square_p(6, 16)


def test_mid_p_of_reference_case():
    assert mcnemar_mid(6, 16) == mcnemar_mid(16, 6) == pytest.approx(0.0346897, abs=5e-8)
    assert (mcnemar_mid(0, 0), mcnemar_mid(3, 3)) == pytest.approx((1, 1))
    assert mcnemar_mid(0, 5) == pytest.approx(0.03125)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_agrees_with_summing_the_binomial(wins, losses):
    n, least = wins + losses, min(wins, losses)
    tail = sum(math.comb(n, i) for i in range(least + 1))
    assert mcnemar(wins, losses) == pytest.approx(min(1, 2 * tail / 2**n))
    assert mcnemar_mid(wins, losses) == pytest.approx((2 * tail - math.comb(n, least)) / 2**n)


def test_mcnemar_of_large_counts():
    """Near the normal limit: a difference of 1.96 standard deviations with continuity correction."""
    n = 200_000
    gap = 1.959964 * math.sqrt(n) + 1
    assert mcnemar(round((n - gap) / 2), round((n + gap) / 2)) == pytest.approx(0.05, abs=2e-4)
    assert mcnemar(100_000, 100_000) == 1
    assert mcnemar(0, 100_000) == 0


def test_mcnemar_refuses_negative_counts():
    for test in (mcnemar, mcnemar_mid):
        with pytest.raises(ValueError, match="-1 wins and 3 losses: counts cannot be negative"):
            test(-1, 3)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
    with pytest.raises(ValueError, match="value 1 is nan, not between 0 and 1"):
        holm([0.1, math.nan])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_only_raises_and_keeps_the_order(p_values):
    adjusted = holm(p_values)
    assert all(p <= a <= min(1, len(p_values) * p) for p, a in zip(p_values, adjusted, strict=True))
    pairs = sorted(zip(p_values, adjusted, strict=True))
    assert [a for _, a in pairs] == sorted(adjusted)


@pytest.mark.parametrize(("k", "problems"), [(math.inf, 969), (10, 1260), (4, 1696), (1, 3876)])
def test_problems_needed_for_three_points(k, problems):
    assert problems_needed(0.03, 1 / 9, 1 / 6, k, 1 / 6, k) == problems


def test_power_of_what_was_measured():
    assert detectable_difference(1.0) == pytest.approx(1.959964 + 0.841621, abs=1e-6)
    rng = random.Random(0)
    differences = [rng.choice([-0.5, 0, 0, 0.5]) for _ in range(500)]
    least = detectable_difference(paired(differences).error)
    found = paired(differences)
    assert problems_for(least, found) in (500, 501)
    assert problems_for(least / 2, found) == pytest.approx(2000, abs=1)
    assert problems_for(-least, found) == problems_for(least, found)


def test_problems_in_clusters_say_less_and_more_of_them_are_needed():
    differences = [d for d in (0.5, 0.5, 0, 0, -0.25, 0.5) for _ in range(10)]
    clustered = paired(differences, [i // 10 for i in range(60)])
    assert problems_for(clustered.mean, paired(differences)) < 20
    assert problems_for(clustered.mean, clustered) == pytest.approx(200, abs=20)


def test_a_difference_found_with_80_percent_power():
    rng = random.Random(0)
    found = 0
    for _ in range(1000):
        differences = [rng.gauss(0.1, 0.3) for _ in range(problems_needed(0.1, 0.09, 0, 1, 0, 1))]
        error = standard_error(differences)
        found += abs(sum(differences) / len(differences)) > t_quantile(len(differences) - 1) * error
    assert found / 1000 == pytest.approx(0.8, abs=0.03)


def test_no_spread_needs_more_than_no_problems():
    assert detectable_difference(paired([0.0] * 100).error) > 0.05
    assert problems_for(0.05, paired([0.0] * 100)) > 100


def test_a_difference_of_0_cannot_be_shown():
    for ask in (lambda: problems_for(0, paired(CHANGE)), lambda: problems_needed(0, 1, 1, 1, 1, 1)):
        with pytest.raises(ValueError, match="a difference of 0 cannot be shown by any number of problems"):
            ask()
