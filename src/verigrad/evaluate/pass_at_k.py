"""What k samples of a problem are worth, estimated without bias from n of them: pass@k, pass^k, maj@k."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import comb


def pass_at_k(n: int, c: int, k: int) -> float:
    """Return the chance that at least one of k samples is right, from n samples of which c are right.

    1 - C(n-c, k) / C(n, k) (Chen et al., arXiv:2107.03374, eq. 1), in integers up to the last division.

    Raises:
        ValueError: fewer samples than k (unknown, so neither 0 nor 1), or impossible counts.
    """
    check_counts(n, c, k)
    return (comb(n, k) - comb(n - c, k)) / comb(n, k)


def pass_all_k(n: int, c: int, k: int) -> float:
    """Return the chance that all of k samples are right, pass^k: C(c, k) / C(n, k) (tau-bench, arXiv:2406.12045).

    Raises:
        ValueError: as ``pass_at_k``.
    """
    check_counts(n, c, k)
    return comb(c, k) / comb(n, k)


def majority_at_k(votes: Sequence[str | None], gold: str, k: int) -> float:
    """Return the chance that the most frequent answer of k samples is right, from all the votes of a problem.

    The exact mean over all C(n, k) subsets of the n votes, so that it estimates maj@k without bias as pass@k does; for
    k = n it is the one vote of all samples. Of t answers tied for the lead each wins 1/t, so no order matters.

    Args:
        votes: canonical answer of each sample; None for an unread answer, which fills a place but does not vote.
        gold: the right answer in the same canonical form.
        k: samples that vote together.

    Returns:
        A chance in [0, 1]; a subset in which nobody votes counts 0.

    Raises:
        ValueError: fewer votes than k, or k below 1.
    """
    check_counts(len(votes), 0, k)
    counts = Counter(vote for vote in votes if vote is not None)
    blanks = len(votes) - counts.total()
    right = counts.pop(gold, 0)
    rivals = list(counts.values())
    if len(votes) == k:
        return vote(right, rivals)
    return mean_vote(right, rivals, blanks, k)


def vote(right: int, rivals: Sequence[int]) -> float:
    """Return the share of the lead that an answer with ``right`` votes holds against the ``rivals``' votes."""
    if not right or right < max(rivals, default=0):
        return 0.0
    return 1 / (1 + rivals.count(right))


def mean_vote(right: int, rivals: Sequence[int], blanks: int, k: int) -> float:
    """Return the mean of ``vote`` over all subsets of k votes, counted instead of listed.

    Args:
        right: votes for the right answer.
        rivals: votes for each other answer.
        blanks: samples without a vote.
        k: size of a subset.
    """
    won: Counter[int] = Counter()  # subsets in which the right answer leads, by the number of rivals tied with it
    for lead in range(1, min(right, k) + 1):
        for ties, ways in subsets_below(rivals, blanks, lead, k - lead).items():
            won[ties] += comb(right, lead) * ways
    total = sum(Fraction(ways, ties + 1) for ties, ways in won.items())
    return float(total / comb(sum(rivals) + right + blanks, k))


def subsets_below(rivals: Sequence[int], blanks: int, lead: int, size: int) -> Counter[int]:
    """Return how many subsets of ``size`` votes give no rival more than ``lead``, by the rivals with just ``lead``."""
    free = blanks + sum(votes for votes in rivals if votes < lead)  # these cannot reach the lead
    states = Counter({(0, 0): 1})  # (votes drawn, rivals tied): ways
    for votes in rivals:
        if votes >= lead:
            states = draw_rival(states, votes, lead, size)
    result: Counter[int] = Counter()
    for (drawn, ties), ways in states.items():
        result[ties] += ways * comb(free, size - drawn)
    return result


def draw_rival(states: Counter[tuple[int, int]], votes: int, lead: int, size: int) -> Counter[tuple[int, int]]:
    """Return ``states`` after 0 to ``lead`` of one more rival's ``votes`` are drawn, at most ``size`` in all."""
    result: Counter[tuple[int, int]] = Counter()
    for (drawn, ties), ways in states.items():
        for more in range(min(lead, size - drawn) + 1):
            result[drawn + more, ties + (more == lead)] += ways * comb(votes, more)
    return result


def check_counts(n: int, c: int, k: int) -> None:
    """Refuse counts from which nothing about k samples can be estimated."""
    if k < 1:
        raise ValueError(f"k is {k}; it counts samples, so at least 1")
    if not 0 <= c <= n:
        raise ValueError(f"{c} right of {n} samples: impossible")
    if n < k:
        raise ValueError(f"k is {k} but there are {n} samples of a problem: draw {k - n} more or lower k")
