"""Every reported number, as a pure function of the recorded samples."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verigrad.errors import RunError
from verigrad.evaluate.stats import Estimate, mean_interval, wilson

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """Accuracy of one task (or ``all``) on one split, decoded one way."""

    split: str
    decode: str
    task: str
    problems: int
    samples: int
    accuracy: float
    low: float
    high: float
    format_rate: float
    truncation_rate: float
    think_length: float
    unscored: int


@dataclass(frozen=True, slots=True)
class Change:
    """What training changed on the same problems: accuracies, the paired difference with its interval, who moved."""

    problems: int
    before: float
    after: float
    delta: float
    low: float
    high: float
    wins: int
    losses: int
    ties: int


def by_problem(records: Iterable[Record]) -> dict[str, float]:
    """Return the share of correct samples per problem; unscored samples count neither way."""
    sums: dict[str, list[int]] = {}
    for record in records:
        if record["status"] != "unscored":
            sums.setdefault(record["problem"], []).append(record["status"] == "correct")
    return {problem: sum(right) / len(right) for problem, right in sums.items()}


def accuracy(records: Sequence[Record]) -> Estimate:
    """Return accuracy with its interval: Wilson's for one sample a problem, Student's over problem means for more."""
    means = list(by_problem(records).values())
    if not means:
        raise RunError("no scored sample to compute an accuracy from")
    if all(mean in (0, 1) for mean in means):
        return wilson(round(sum(means)), len(means))
    return mean_interval(means)


def summarize(records: Sequence[Record]) -> list[Row]:
    """Return one row per split, decoding and task, ``all`` tasks first."""
    rows = []
    for split in ("held_out", "ood"):
        for decode in ("sampled", "greedy"):
            part = [r for r in records if r["split"] == split and r["decode"] == decode]
            if part:
                tasks = sorted({r["task"] for r in part})
                rows.append(summary_row(part, split, decode, "all"))
                rows += [summary_row([r for r in part if r["task"] == t], split, decode, t) for t in tasks]
    return rows


def summary_row(records: Sequence[Record], split: str, decode: str, task: str) -> Row:
    """Return the row of ``records``, which are all of one kind."""
    estimate = accuracy(records)
    n = len(records)
    return Row(
        split,
        decode,
        task,
        estimate.n,
        n,
        estimate.mean,
        estimate.low,
        estimate.high,
        sum(r["format"] for r in records) / n,
        sum(not r["finished"] for r in records) / n,
        sum(r["think_length"] for r in records) / n,
        sum(r["status"] == "unscored" for r in records),
    )


def compare(before: Sequence[Record], after: Sequence[Record], split: str, decode: str) -> Change:
    """Return the paired change from ``before`` to ``after`` on the same problems.

    Raises:
        RunError: the two were not measured on the same problems.
    """
    a, b = (by_problem(r for r in side if r["split"] == split and r["decode"] == decode) for side in (before, after))
    if a.keys() != b.keys() or not a:
        raise RunError(f"{split} {decode}: the two sides were measured on different problems ({len(a)} and {len(b)})")
    differences = [b[problem] - a[problem] for problem in a]
    delta = mean_interval(differences)
    return Change(
        len(a),
        sum(a.values()) / len(a),
        sum(b.values()) / len(b),
        delta.mean,
        delta.low,
        delta.high,
        sum(d > 0 for d in differences),
        sum(d < 0 for d in differences),
        sum(d == 0 for d in differences),
    )


def verdict(change: Change) -> str:
    """Return what the change means, in one plain sentence."""
    numbers = (
        f"from {change.before:.1%} to {change.after:.1%} ({100 * change.delta:+.1f} points, 95 % interval "
        f"{100 * change.low:+.1f} to {100 * change.high:+.1f}, {change.problems} held-out problems)"
    )
    if change.low > 0:
        return f"Training raised held-out accuracy {numbers}."
    if change.high < 0:
        return f"Training lowered held-out accuracy {numbers}."
    return f"No change in held-out accuracy can be shown: it went {numbers}."
