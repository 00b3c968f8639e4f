"""Measure a run before and after training, or one model, on held-out problems: sample, score, record."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from verigrad.disk import locked
from verigrad.errors import InterruptedRunError, RunError, RunStoppedError
from verigrad.evaluate.endpoint import Endpoint
from verigrad.evaluate.plan import Ask, asks, decodings, identity
from verigrad.evaluate.recording import Recorder
from verigrad.evaluate.records import Records, read_rows
from verigrad.evaluate.remote import Remote
from verigrad.evaluate.resume import begin, finish
from verigrad.evaluate.sampler import Sampler
from verigrad.evaluate.together import Alone
from verigrad.fingerprint import fingerprint
from verigrad.leaks import drop_or_refuse, require_disjoint
from verigrad.processes.signals import StopRequest
from verigrad.provenance import surroundings
from verigrad.recipe import Recipe, load_recipe
from verigrad.recipe.load import plain
from verigrad.run_folder import records_files, require_run, trained
from verigrad.scoring import Scorer, check_gold, make_scorer, sandboxes
from verigrad.sources import sources
from verigrad.tasks.mix import measured, measured_problems, task_of, train_problems
from verigrad.tasks.types import Split
from verigrad_rewards.pool import Pool
from verigrad_rewards.types import Problem, ProblemError, Status

Say = Callable[[str, str], None]  # title, line
GOLD_TESTED = 50  # problems decided by tests whose own solutions are run first


@dataclass(frozen=True)
class Measurement:
    """One model to be measured.

    Attributes:
        recipe: with the tasks that are measured; its ``model`` is the one.
        problems: each with its split.
        file: of the records.
        title: of its lines of progress.
        command: that measures it.
    """

    recipe: Recipe
    problems: Sequence[tuple[Split, Problem]]
    file: Path
    title: str
    command: str


def measurements(run: Path, overrides: list[str], folder: Path | None, command: str) -> list[Measurement]:
    """Return the start model and the trained model of a run.

    Raises:
        RunError: the run is not there or not finished.
    """
    require_run(run)
    recipe = measured(load_recipe(run / "recipe.yaml", overrides))
    problems = measured_problems(recipe)
    require_held_out(load_recipe(run / "recipe.yaml"), [problem for _, problem in problems])
    before, after = records_files(folder or run / "eval")
    return [
        Measurement(recipe, problems, before, "before training", command),
        Measurement(trained(recipe, run), problems, after, "after training", command),
    ]


def require_held_out(own: Recipe, problems: Sequence[Problem]) -> None:
    """Refuse to measure a run on what it trained on.

    Args:
        own: recipe of the run, as it trained.
        problems: that are measured.

    Raises:
        RecipeError: with the pairs.
    """
    train = train_problems(own)
    if own.leaks == "drop":
        train = drop_or_refuse(own, train, lambda _: None)
    require_disjoint(train, problems)


def measure_local(each: Measurement, say: Say) -> Records | None:
    """Measure a model on this machine, by all processes of ``accelerate launch`` where there are several.

    The main process gets the records, the others None.

    Raises:
        RunError, RecipeError, ProblemError: wrong input.
        RunStoppedError: too many responses could not be scored.
        InterruptedRunError: it was asked to stop, and can go on.
    """
    from verigrad.evaluate.local import Local
    from verigrad.evaluate.ranks import PATIENCE_S, Ranks

    with contextlib.ExitStack() as stack:
        ranks = Ranks(each.recipe, stack)
        with ranks.watchdog.patient(PATIENCE_S):
            sampler = Local(each.recipe, ranks.state, ranks.watchdog)
        return measure(each, sampler, ranks, say)


def measure_remote(each: Measurement, endpoint: Endpoint, say: Say) -> Records | None:
    """Measure a model behind an endpoint; needs no torch.

    Raises:
        as ``measure_local``; RunStoppedError also for an endpoint in trouble.
    """
    with StopRequest(main=True) as request:
        return measure(each, Remote(each.recipe, endpoint), Alone(each.recipe.scoring.workers or 1, request), say)


def measure(each: Measurement, sampler: Sampler, processes: Alone, say: Say) -> Records | None:
    """Sample, score and record what is not there yet; what was recorded survives whatever ends it."""
    recipe = each.recipe
    scorer = make_scorer(recipe)
    problems = [problem for _, problem in each.problems]
    require_distinct(each.problems)
    sampler.check(problems)
    processes.on_main(lambda: check_gold(recipe, scorer, problems, limit=GOLD_TESTED))
    plan = list(asks(decodings(recipe), each.problems, sampler.render, identity_of(sampler)))
    order = {ask.key: i for i, ask in enumerate(plan)}
    found: list[Records] = []
    with contextlib.ExitStack() as stack:
        done = processes.on_main(
            lambda: open_records(each.file, make_header(each, sampler, scorer, problems, plan), order, stack)
        )
        pool = stack.enter_context(Pool(processes.workers, recipe.scoring.deadline_s))
        recorder = Recorder(each.file, scorer, pool, order, processes, partial(say, each.title), len(done))
        sample(plan, done, sampler, recorder, each)
        processes.on_main(lambda: found.append(conclude(each, order)))
    return found[0] if found else None


def identity_of(sampler: Sampler) -> str:
    """Return what makes the model the same: its weights, wherever they lie; an endpoint and a name otherwise."""
    facts = dict(sampler.facts)
    if facts["weights"] is not None:
        del facts["model"]
    return fingerprint(facts)


def require_distinct(problems: Sequence[tuple[Split, Problem]]) -> None:
    """Refuse problems that records could not tell apart.

    Raises:
        ProblemError: one id stands twice.
    """
    seen: set[str] = set()
    for split, problem in problems:
        if problem.id in seen:
            raise ProblemError(f"{problem.id}: this id stands twice among the problems ({split}); ids must be unique")
        seen.add(problem.id)


def open_records(file: Path, header: dict[str, Any], order: Mapping[str, int], stack: contextlib.ExitStack) -> set[str]:
    """Lock the records until ``stack`` closes, and return the keys of those that need not be measured again."""
    busy = "another process is measuring into it; wait for it, or choose another with --out"
    stack.enter_context(locked(file.with_name(f".{file.name}.lock"), str(file), busy))
    return begin(file, header, order)


def sample(plan: list[Ask], done: set[str], sampler: Sampler, recorder: Recorder, each: Measurement) -> None:
    """Record every response of ``plan`` that is not there yet.

    Raises:
        InterruptedRunError: someone asked to stop.
    """
    reason = None
    try:
        for batch in sampler.respond(plan, decodings(each.recipe), done):
            recorder.add(batch, sampler.ahead)
            if reason := recorder.processes.asked_to_stop():
                break
    except (RunStoppedError, RunError):
        if recorder.processes.count == 1:  # others would wait for this one's part for ever
            recorder.finish()
        raise
    recorder.finish()
    if reason:
        raise InterruptedRunError(
            f"{each.file}: stopped by {reason}; {recorder.recorded} of {len(plan)} responses are recorded, start the "
            "same command again to go on"
        )


def conclude(each: Measurement, order: Mapping[str, int]) -> Records:
    """Put the records in order and return them.

    Raises:
        RunStoppedError: more responses could not be scored than the recipe allows.
    """
    records = finish(each.file, order)
    unscored = sum(s.status == Status.UNSCORED for s in records.samples)
    if unscored > each.recipe.scoring.max_unscored * len(records.samples):
        first = next(row["detail"] for row in read_rows(each.file) if row.get("status") == Status.UNSCORED)
        raise RunStoppedError(
            f"{each.file}: {unscored} of {len(records.samples)} responses could not be scored (the first: {first}); "
            "mend it, and the same command measures them again"
        )
    return records


def make_header(
    each: Measurement, sampler: Sampler, scorer: Scorer, problems: list[Problem], plan: list[Ask]
) -> dict[str, Any]:
    """Return the header: ``measured`` decides every number, ``made_by`` says what made them."""
    recipe = each.recipe
    tasks = dict.fromkeys(map(task_of, problems))
    made_by = surroundings()
    made_by.pop("started")  # no line holds a clock
    return {
        "measured": {
            **sampler.facts,
            "decodings": {name: asdict(settings) for name, settings in decodings(recipe).items()},
            "format": plain(recipe.format),
            "dataset": {t: fingerprint([identity(p) for p in problems if task_of(p) == t]) for t in tasks},
            "rewards": fingerprint(
                [sources(scorer), {name: [p.name, p.options] for name, p in scorer.correctness.items()}]
            ),
            "verigrad": made_by.pop("verigrad"),
            "prompts": fingerprint({ask.problem.id: ask.prompt for ask in plan}),
            "samples": len(plan),
        },
        "made_by": {
            "command": each.command,
            "recipe": plain(recipe),
            "recipe_hash": fingerprint(plain(recipe)),
            "device": sampler.device,
            "sandbox": sandboxes(scorer, problems),
            **made_by,
        },
    }
