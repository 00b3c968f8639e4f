"""Every reported number of one measurement, as a pure function of its records."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from verigrad.errors import RunError
from verigrad.evaluate.pass_at_k import majority_at_k, pass_all_k, pass_at_k
from verigrad.evaluate.records import Records, Sample
from verigrad.evaluate.stats import Estimate, share_interval
from verigrad_rewards.types import Status

ALL = "all"
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Tally:
    """The responses to one problem, decoded one way.

    Attributes:
        cluster: problems that share a stem have the same one.
        n: scored responses.
        c: correct ones among them.
        votes: canonical answers of the scored responses, None where none was read.
        gold: canonical gold answer; None where tests decide, so that nothing can be voted on.
    """

    cluster: str
    n: int
    c: int
    votes: tuple[str | None, ...]
    gold: str | None

    @property
    def share(self) -> float:
        """Share of correct ones among the scored responses."""
        return self.c / self.n


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers of one task (or ``all``) on one split, decoded one way, at one difficulty (or all).

    Attributes:
        split: ``held_out`` or ``ood``.
        decode: name of the decoding.
        task: name, or ``all``.
        level: difficulty, None for all.
        problems: with a scored response.
        responses: recorded.
        samples: fewest scored responses of a problem, the largest k of what follows.
        accuracy: avg@n, which is pass@1; None where nothing was scored.
        pass_at: at least one of k right, by k.
        pass_all: all of k right (pass^k), by k.
        majority: the vote of all samples is right (maj@n); None where there is nothing to vote on.
        format_rate: share of responses that keep the think/answer structure.
        truncation_rate: share of responses that the token limit cut.
        forced_rate: share of responses whose thinking the budget ended.
        unscored: responses that our side failed to score; they are in no other number.
        tokens: per response, mean.
        think_tokens: per response, mean.
        think_right: 10, 50 and 90 % quantiles of the thinking tokens of right responses; None without any.
        think_wrong: the same for wrong ones.
        cost: of one solved problem.
    """

    split: str
    decode: str
    task: str
    level: int | float | str | None
    problems: int
    responses: int
    samples: int
    accuracy: Estimate | None
    pass_at: Mapping[int, Estimate]
    pass_all: Mapping[int, Estimate]
    majority: Estimate | None
    format_rate: float
    truncation_rate: float
    forced_rate: float
    unscored: int
    tokens: float
    think_tokens: float
    think_right: tuple[float, ...] | None
    think_wrong: tuple[float, ...] | None
    cost: "Cost" = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one correct response costs, wrong ones included; None without a correct one, or where not known.

    Attributes:
        tokens: written.
        flops: of writing them, 2 per parameter and token; reading the prompt and attention are left out.
        seconds: on the machine that measured, its share by tokens.
    """

    tokens: float | None
    flops: float | None
    seconds: float | None


def tallies(samples: Iterable[Sample]) -> dict[str, Tally]:
    """Return the scored responses by problem; one that has none is left out."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.status != Status.UNSCORED:
            groups.setdefault(sample.problem, []).append(sample)
    return {problem: tally(group) for problem, group in groups.items()}


def tally(group: Sequence[Sample]) -> Tally:
    """Return the responses to one problem, counted."""
    right = sum(sample.status == Status.CORRECT for sample in group)
    return Tally(group[0].cluster, len(group), right, tuple(sample.vote for sample in group), group[0].gold)


def estimate(counted: Sequence[Tally], value: Callable[[Tally], float]) -> Estimate:
    """Return the mean of a number per problem, with its interval over problems or clusters of them."""
    return share_interval([value(t) for t in counted], [t.cluster for t in counted])


def powers(n: int) -> list[int]:
    """Return 2, 4, 8, … up to ``n``, and ``n``; k = 1 is accuracy itself."""
    ks = [2**i for i in range(1, n.bit_length()) if 2**i <= n]
    return [*ks, n] if n > 1 and n not in ks else ks


def summarize(records: Records) -> list[Summary]:
    """Return a line per split, decoding and task (``all`` first), and one per difficulty of each task.

    Raises:
        RunError: there are no samples.
    """
    if not records.samples:
        raise RunError(f"{records.file}: no sample is recorded yet; the same 'verigrad eval' goes on")
    per_token = rates(records)
    lines = []
    for (split, decode), part in grouped(records.samples, lambda s: (s.split, s.decode)).items():
        lines.append(summary(part, (split, decode, ALL, None), per_token))
        for task, of_task in grouped(part, lambda s: s.task).items():
            lines.append(summary(of_task, (split, decode, task, None), per_token))
            levels = grouped((s for s in of_task if s.level is not None), lambda s: s.level)
            for level in sorted(levels, key=lambda v: (isinstance(v, str), v)):
                lines.append(summary(levels[level], (split, decode, task, level), per_token))
    return lines


def grouped(samples: Iterable[Sample], key: Callable[[Sample], Any]) -> dict[Any, list[Sample]]:
    """Return samples by what ``key`` says of them, in the order of their first."""
    groups: dict[Any, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(key(sample), []).append(sample)
    return groups


def rates(records: Records) -> tuple[float | None, float | None]:
    """Return FLOPs and seconds per written token, None where not known."""
    parameters = records.measured.get("parameters")
    tokens = sum(sample.num_tokens for sample in records.samples)
    return (
        2 * parameters if parameters else None,
        records.seconds / tokens if records.seconds is not None and tokens else None,
    )


def summary(
    samples: Sequence[Sample],
    place: tuple[str, str, str, int | float | str | None],
    per_token: tuple[float | None, float | None],
) -> Summary:
    """Return the numbers of ``samples``, which are all of one kind."""
    counted = list(tallies(samples).values())
    n = min((t.n for t in counted), default=0)
    votable = [t for t in counted if t.gold is not None]
    scored = [s for s in samples if s.status != Status.UNSCORED]
    right = [s for s in scored if s.status == Status.CORRECT]
    wrong = [s for s in scored if s.status != Status.CORRECT]
    return Summary(
        *place,
        problems=len(counted),
        responses=len(samples),
        samples=n,
        accuracy=estimate(counted, lambda t: t.share) if counted else None,
        pass_at={k: estimate(counted, lambda t, k=k: pass_at_k(t.n, t.c, k)) for k in powers(n)},
        pass_all={k: estimate(counted, lambda t, k=k: pass_all_k(t.n, t.c, k)) for k in powers(n)},
        majority=estimate(votable, lambda t: majority_at_k(t.votes, str(t.gold), t.n)) if votable and n > 1 else None,
        format_rate=mean([s.format for s in scored]),
        truncation_rate=mean([not s.finished for s in scored]),
        forced_rate=mean([s.forced for s in scored]),
        unscored=len(samples) - len(scored),
        tokens=mean([s.num_tokens for s in scored]),
        think_tokens=mean([s.think_tokens for s in scored]),
        think_right=quantiles([s.think_tokens for s in right]),
        think_wrong=quantiles([s.think_tokens for s in wrong]),
        cost=cost(sum(s.num_tokens for s in scored), len(right), per_token),
    )


def cost(tokens: int, solved: int, per_token: tuple[float | None, float | None]) -> Cost:
    """Return what one correct response costs; an endpoint that does not count tokens leaves them at 0."""
    if not solved or not tokens:
        return Cost(None, None, None)
    flops, seconds = (None if rate is None else rate * tokens / solved for rate in per_token)
    return Cost(tokens / solved, flops, seconds)


def mean(values: Sequence[float]) -> float:
    """Return the mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def quantiles(values: Sequence[float]) -> tuple[float, ...] | None:
    """Return the quantiles, interpolated linearly; None of nothing."""
    if not values:
        return None
    return tuple(map(float, np.quantile(values, QUANTILES)))
