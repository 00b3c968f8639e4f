import itertools
import math
import random
import time
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verigrad.evaluate.pass_at_k import majority_at_k, pass_all_k, pass_at_k

VOTES = st.lists(st.sampled_from(["4", "5", "6", None]), min_size=1, max_size=9)
COUNTS = st.integers(1, 200).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))


def plug_in(n, c, k):
    """The biased estimate, which a bootstrap with replacement also gives (verl's best@N)."""
    return 1 - (1 - c / n) ** k


def human_eval(n, c, k):
    """The estimator of openai/human-eval without its caller's guard."""
    return 1.0 if n - c < k else 1.0 - math.prod(1 - k / i for i in range(n - c + 1, n + 1))


@pytest.mark.parametrize(
    ("n", "c", "k", "exact"),
    [
        (10, 3, 1, Fraction(3, 10)), (10, 3, 5, Fraction(11, 12)), (10, 3, 8, Fraction(1)), (200, 1, 100, Fraction(1, 2)),
        (64, 1, 8, Fraction(1, 8)), (64, 2, 8, Fraction(17, 72)), (16, 4, 4, Fraction(265, 364)),
        (64, 0, 8, Fraction(0)), (64, 64, 8, Fraction(1)), (1, 0, 1, Fraction(0)), (1, 1, 1, Fraction(1)),
    ],
)  # fmt: skip
def test_pass_at_k_of_reference_fractions(n, c, k, exact):
    assert pass_at_k(n, c, k) == float(exact)


def test_pass_at_k_of_reference_digits():
    assert pass_at_k(16, 4, 4) == pytest.approx(0.728022, abs=5e-7)
    assert pass_at_k(100, 10, 10) == pytest.approx(0.6695237889, abs=5e-11)
    assert pass_at_k(10**4, 1, 10) == 0.001  # no loss where nearly all are wrong


@pytest.mark.parametrize(("n", "c", "k", "biased"), [(10, 3, 5, 0.83193), (16, 4, 4, 0.683594)])
def test_pass_at_k_is_not_the_biased_plug_in(n, c, k, biased):
    assert plug_in(n, c, k) == pytest.approx(biased, abs=5e-7)
    assert pass_at_k(n, c, k) > biased + 0.04


@pytest.mark.parametrize("k", [1, 2, 7, 16])
def test_pass_at_k_is_unbiased(k):
    n, p = 16, 0.2
    chances = [math.comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)]
    mean = math.fsum(chance * pass_at_k(n, c, k) for c, chance in enumerate(chances))
    assert mean == pytest.approx(1 - (1 - p) ** k)
    assert math.fsum(chance * pass_all_k(n, c, k) for c, chance in enumerate(chances)) == pytest.approx(p**k)
    if k > 1:
        assert math.fsum(chance * plug_in(n, c, k) for c, chance in enumerate(chances)) < mean - 0.005


@given(COUNTS)
def test_pass_at_k_agrees_with_human_eval_where_that_is_defined(counts):
    assert pass_at_k(*counts) == pytest.approx(human_eval(*counts))


@given(COUNTS)
def test_pass_at_k_grows_with_k_and_c_and_pass_all_k_shrinks_with_k(counts):
    n, c, k = counts
    assert 0 <= pass_all_k(n, c, k) <= c / n <= pass_at_k(n, c, k) <= 1
    assert pass_at_k(n, c, 1) == pass_all_k(n, c, 1) == c / n
    if k < n:
        assert pass_at_k(n, c, k) <= pass_at_k(n, c, k + 1)
        assert pass_all_k(n, c, k) >= pass_all_k(n, c, k + 1)
    if c < n:
        assert pass_at_k(n, c, k) <= pass_at_k(n, c + 1, k)
        assert pass_all_k(n, c, k) <= pass_all_k(n, c + 1, k)
    assert pass_at_k(n, c, k) == pytest.approx(1 - pass_all_k(n, n - c, k))


def test_pass_all_k_of_reference_fraction():
    assert pass_all_k(8, 6, 3) == 5 / 14
    assert pass_all_k(8, 2, 3) == 0


@pytest.mark.parametrize("estimate", [pass_at_k, pass_all_k])
@pytest.mark.parametrize(
    ("n", "c", "k", "message"),
    [
        (3, 0, 5, "^k is 5 but there are 3 samples of a problem: draw 2 more or lower k$"),
        (0, 0, 1, "^k is 1 but there are 0 samples"),
        (3, 4, 1, "^4 right of 3 samples: impossible$"),
        (3, -1, 1, "^-1 right of 3 samples: impossible$"),
        (-1, 0, 1, "^0 right of -1 samples: impossible$"),
        (3, 1, 0, "^k is 0; it counts samples, so at least 1$"),
        (3, 1, -2, "^k is -2; "),
    ],
)
def test_refuses_impossible_counts(estimate, n, c, k, message):
    with pytest.raises(ValueError, match=message):
        estimate(n, c, k)


def test_too_few_samples_are_neither_all_right_nor_wrong():
    assert human_eval(3, 0, 5) == 1.0  # nothing right, yet certain
    for asked, printed in ((16, 0.2188), (32, 0.1094), (64, 0.0547)):  # lighteval #771: missing samples counted wrong
        right = (3, 4)  # of 8 drawn, on two problems: 0.4375
        defective = sum(c / asked for c in right) / 2
        assert defective == pytest.approx(printed, abs=5e-5)
        with pytest.raises(ValueError, match=f"k is {asked} but there are 8 samples"):
            pass_at_k(8, 3, asked)
    assert sum(pass_at_k(8, c, 1) for c in right) / 2 == 0.4375


@pytest.mark.parametrize(("k", "chance"), [(1, 0.6), (2, 0.6), (3, 0.648), (4, 0.648), (5, 0.68256)])
@pytest.mark.parametrize("more", [0, 1, 4])
def test_majority_of_two_answers_at_0_6(k, chance, more):
    """The mean over all outcomes of k + more samples, so that drawing more than k is shown to stay unbiased."""
    n, p = k + more, 0.6
    mean = math.fsum(
        math.comb(n, c) * p**c * (1 - p) ** (n - c) * majority_at_k(["r"] * c + ["w"] * (n - c), "r", k)
        for c in range(n + 1)
    )
    assert mean == pytest.approx(chance)


@pytest.mark.parametrize(
    ("votes", "won"),
    [
        (["4", "4", "5"], 1.0), (["4", "5", "5"], 0.0), (["4", "5"], 1 / 2), (["5", "4"], 1 / 2),
        (["4", "5", "6"], 1 / 3), (["4", "4", "5", "5", "6"], 1 / 2), (["5", "5", "6", "6", "4"], 0.0),
        ([None, None, "4"], 1.0), ([None, None, None], 0.0), ([None, "5"], 0.0), (["4", None, "5", None], 1 / 2),
        (["4.0", "4"], 1 / 2),
    ],
)  # fmt: skip
def test_vote_of_all_samples(votes, won):
    assert majority_at_k(votes, "4", len(votes)) == won


def test_ties_do_not_go_to_who_came_first():
    def first_seen(votes):
        return float(Counter(votes).most_common(1)[0][0] == "4")

    orders = list(itertools.permutations(["4", "4", "5", "5", "6"]))
    assert {first_seen(order) for order in orders} == {0.0, 1.0}
    assert {majority_at_k(order, "4", 5) for order in orders} == {0.5}


def by_listing(votes, gold, k):
    subsets = list(itertools.combinations(votes, k))
    return float(sum(Fraction(majority_at_k(s, gold, k)).limit_denominator(100) for s in subsets) / len(subsets))


@given(VOTES, st.data())
def test_mean_over_subsets_agrees_with_listing_them(votes, data):
    k = data.draw(st.integers(1, len(votes)))
    assert majority_at_k(votes, "4", k) == by_listing(votes, "4", k)


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=30))
def test_majority_of_one_or_two_is_pass_at_1(votes):
    for k in range(1, min(2, len(votes)) + 1):
        assert majority_at_k(votes, "a", k) == pytest.approx(votes.count("a") / len(votes))


def test_majority_of_many_samples_is_the_majority_of_a_model():
    votes = ["r"] * 6000 + ["w"] * 4000
    assert majority_at_k(votes, "r", 3) == pytest.approx(0.648, abs=1e-4)
    assert majority_at_k(votes, "r", 5) == pytest.approx(0.68256, abs=1e-4)


def test_majority_refuses_what_was_not_drawn():
    with pytest.raises(ValueError, match="k is 4 but there are 3 samples of a problem: draw 1 more or lower k"):
        majority_at_k(["4"] * 3, "4", 4)
    with pytest.raises(ValueError, match="k is 0; it counts samples"):
        majority_at_k([], "4", 0)


def test_majority_is_fast_enough_for_a_large_evaluation():
    rng = random.Random(0)
    votes = rng.choices(["4", "5", "6", None, *map(str, range(20))], k=64)
    start = time.perf_counter()
    for _ in range(2000):
        majority_at_k(votes, "4", 64)
    assert time.perf_counter() - start < 1  # 10^5 problems within a minute
