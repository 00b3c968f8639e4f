"""Compare two measurements of the same problems, paired: the difference, how sure it is, and what it means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from verigrad.errors import RunError
from verigrad.evaluate.metrics import ALL, Tally, tallies
from verigrad.evaluate.paired import Paired, detectable_difference, holm, mcnemar, paired, problems_for
from verigrad.evaluate.plan import SAMPLED
from verigrad.evaluate.records import SPLITS, Records, Sample
from verigrad.evaluate.stats import Estimate, share_interval
from verigrad.tasks.types import SPLIT_NAMES, Split

SIGNIFICANT = 0.05
BUDGETS = ("max_tokens", "max_think_tokens", "samples")


@dataclass(frozen=True, slots=True)
class Change:
    """The paired difference on one task, or all.

    Attributes:
        task: name, or ``all``.
        before: accuracy of the first measurement.
        after: accuracy of the second.
        paired: difference per problem, ``after - before``.
        mcnemar: exact p of McNemar's test where both sides have one sample per problem, None otherwise.
        p: of the task's difference; adjusted over the tasks by Holm's method, but for ``all``.
    """

    task: str
    before: Estimate
    after: Estimate
    paired: Paired
    mcnemar: float | None
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two measurements of the same problems on one split, decoded one way.

    Attributes:
        split: ``held_out`` or ``ood``.
        decode: name of the decoding.
        all: the difference over all problems.
        tasks: the difference per task, where there are several.
        detectable: smallest true difference that this set finds with 80 % power, two-sided at 5 %.
        needed: problems of this kind that would show the observed difference with 80 % power; None for none.
        excluded: problems left out because one side could not score them.
    """

    split: str
    decode: str
    all: Change
    tasks: Sequence[Change]
    detectable: float
    needed: int | None
    excluded: int


def compare(before: Records, after: Records) -> list[Comparison]:
    """Return the paired comparison of every split and decoding that both sides have.

    Raises:
        RunError: they differ in problems, rendered prompts, budget or samples, or one is not complete.
    """
    require_complete(before, after)
    require_comparable(before, after)
    there = {(s.split, s.decode) for s in before.samples}
    pairs = [(split, decode) for decode in shared(before, after) for split in SPLITS if (split, decode) in there]
    return [compare_part(before, after, split, decode) for split, decode in pairs]


def shared(before: Records, after: Records) -> list[str]:
    """Return the decodings that both sides have."""
    return [name for name in before.measured["decodings"] if name in after.measured["decodings"]]


def require_complete(*sides: Records) -> None:
    """Refuse a measurement that was interrupted.

    Raises:
        RunError: with what is missing.
    """
    for side in sides:
        if side.missing < 0:
            raise RunError(f"{side.file}: has {-side.missing} samples more than planned; measure anew")
        if side.missing or not side.samples:
            raise RunError(
                f"{side.file}: {side.missing} of {side.measured['samples']} samples are missing; the same "
                "'verigrad eval' goes on"
            )


def require_comparable(before: Records, after: Records) -> None:
    """Refuse two measurements of different things.

    Raises:
        RunError: with what differs.
    """
    names = f"{before.file} and {after.file}: cannot be compared: "
    decodings = [side.measured["decodings"] for side in (before, after)]
    if not shared(before, after):
        raise RunError(f"{names}decodings are {', '.join(decodings[0])} and {', '.join(decodings[1])}")
    for name in shared(before, after):
        for key in BUDGETS:
            a, b = (side[name].get(key) for side in decodings)
            if a != b:
                raise RunError(f"{names}{key} of {name} is {a} and {b}; measure both with the same")
    refuse_other_problems(names, *(prompts(side.samples) for side in (before, after)))
    data = [side.measured.get("dataset") or {} for side in (before, after)]
    if odd := [task for task in data[0] if data[0][task] != data[1].get(task)]:
        raise RunError(f"{names}the answers or tests of task {odd[0]} are not the same; measure both on the same")


def notes(before: Records, after: Records) -> list[str]:
    """Return what else differs between two measurements and may explain a difference, a sentence each."""
    said = []
    first, second = (side.measured["decodings"] for side in (before, after))
    if alone := sorted(first.keys() ^ second.keys()):
        said.append(f"note: {', '.join(alone)} is on one side only and left out")
    for name in shared(before, after):
        for key in ("temperature", "top_p", "seed"):
            if first[name].get(key) != second[name].get(key):
                said.append(f"note: {key} of {name} is {first[name].get(key)} and {second[name].get(key)}")
    if before.measured.get("rewards") != after.measured.get("rewards"):
        said.append("note: the rewards that judged the two differ, in their options or their source")
    return said


def headline(found: Sequence[Comparison]) -> Comparison:
    """Return the comparison that sums up the others: sampled, on held-out problems, where there is one."""
    return part_of(found, Split.HELD_OUT, SAMPLED) or found[0]


def part_of(found: Sequence[Comparison], split: str, decode: str) -> Comparison | None:
    """Return the comparison on one split, decoded one way."""
    return next((part for part in found if (part.split, part.decode) == (split, decode)), None)


def prompts(samples: Sequence[Sample]) -> dict[tuple[str, str], str]:
    """Return the hash of every problem's rendered prompt, by split and problem."""
    return {(s.split, s.problem): s.prompt for s in samples}


def refuse_other_problems(
    names: str, before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str]
) -> None:
    """Refuse sides that do not have the same problems, rendered alike.

    Raises:
        RunError: with the first that differs and how many do.
    """
    alone = sorted(before.keys() ^ after.keys())
    if alone:
        side = "first" if alone[0] in before else "second"
        raise RunError(
            f"{names}{len(alone)} problems are in one of them only, such as {alone[0][1]} in the {side}; measure both "
            "on the same"
        )
    other = sorted(key for key in before if before[key] != after[key])
    if other:
        raise RunError(
            f"{names}the prompts of {len(other)} problems are rendered differently, such as that of {other[0][1]} "
            "(chat template or instruction); measure both with the same"
        )


def compare_part(before: Records, after: Records, split: str, decode: str) -> Comparison:
    """Return the comparison on one split, decoded one way."""
    a, b = (tallies(side.part(split, decode)) for side in (before, after))
    both = [problem for problem in a if problem in b]
    if not both:
        raise RunError(f"{after.file}: no problem of {split} was scored on both sides; see the 'unscored' of each")
    task = {s.problem: s.task for s in before.part(split, decode)}
    names = sorted(set(task.values()))
    of_task = {name: [p for p in both if task[p] == name] for name in names}
    changes = [change(name, a, b, of_task[name]) for name in names if of_task[name]] if len(names) > 1 else []
    adjusted = holm([c.p for c in changes])
    whole = change(ALL, a, b, both)
    return Comparison(
        split,
        decode,
        whole,
        [Change(c.task, c.before, c.after, c.paired, c.mcnemar, p) for c, p in zip(changes, adjusted, strict=True)],
        detectable_difference(whole.paired.error),
        problems_for(whole.paired.mean, whole.paired) if whole.paired.mean else None,
        len(task) - len(both),
    )


def change(task: str, before: Mapping[str, Tally], after: Mapping[str, Tally], problems: Sequence[str]) -> Change:
    """Return the difference on ``problems``, paired."""
    a, b = ([side[p] for p in problems] for side in (before, after))
    clusters = [t.cluster for t in a]
    found = paired([y.share - x.share for x, y in zip(a, b, strict=True)], clusters)
    single = all(t.n == 1 for t in [*a, *b])
    exact = mcnemar(found.wins, found.losses) if single and len(set(clusters)) == len(clusters) else None
    return Change(
        task,
        share_interval([t.share for t in a], clusters),
        share_interval([t.share for t in b], clusters),
        found,
        exact,
        found.p if exact is None else exact,
    )


def direction(found: Comparison) -> str:
    """Return ``better`` or ``worse`` where a difference is shown, else ``open``.

    Its interval must leave out 0, and the test agree: with one sample each, McNemar's is the more cautious.
    """
    pairs = found.all.paired
    if found.all.p >= SIGNIFICANT:
        return "open"
    return "better" if pairs.low > 0 else "worse" if pairs.high < 0 else "open"


def verdict(found: Comparison, before: str = "before", after: str = "after") -> str:
    """Return what a comparison means, in one plain sentence."""
    whole = found.all
    place = SPLIT_NAMES[found.split].replace(" ", "-")
    low, high = 100 * whole.paired.low, 100 * whole.paired.high
    numbers = (
        f"{whole.before.mean:.1%} {before}, {whole.after.mean:.1%} {after}: {100 * whole.paired.mean:+.1f} points, "
        f"95 % interval {low:+.1f} to {high:+.1f}, on {whole.paired.n} {place} problems"
    )
    if (shown := direction(found)) != "open":
        return f"{shown.capitalize()}: {numbers}."
    return (
        f"No difference can be shown: {numbers}; a true difference below {100 * found.detectable:.1f} points would "
        "mostly go unseen here."
    )
