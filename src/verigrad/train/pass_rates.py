"""Measure how often the start model solves each train problem, and keep the problems worth their rollouts.

Rates are kept in a file per model and sampler settings, appended batch by batch, so measuring goes on where it stopped
and a second run with the same model and problems measures nothing.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from accelerate import PartialState
from accelerate.utils import gather_object

from verigrad.errors import RecipeError, RunError, RunStoppedError
from verigrad.fingerprint import fingerprint
from verigrad.lines import append_lines, read_lines
from verigrad.processes.together import on_main
from verigrad.recipe.schema import Recipe
from verigrad.sources import sources
from verigrad.train.config import temperature
from verigrad.train.measure import sample_scored
from verigrad.train.rollouts import mean
from verigrad.train.setup import Setup
from verigrad_rewards.types import Problem, Status

BATCH = 64  # problems measured between two writes


def problem_key(problem: Problem, prompt: Sequence[int]) -> str:
    """Return the key of a problem's pass rate: what is asked, and what decides."""
    return fingerprint([list(prompt), problem.answer, problem.info])


def rates_file(recipe: Recipe, setup: Setup, weights: str) -> Path:
    """Return the file of pass rates of a model with hash ``weights`` under the recipe's sampling and rewards."""
    rewards = [sources(setup.scorer), {name: part.options for name, part in setup.scorer.correctness.items()}]
    sampling = [recipe.pass_rates.samples, temperature(recipe), recipe.max_response_tokens, recipe.seed]
    return Path(recipe.pass_rates.cache).expanduser() / f"{fingerprint([weights, sampling, rewards])}.jsonl"


def read_rates(file: Path) -> dict[str, float]:
    """Return the known pass rates by problem key.

    Raises:
        RunError: the file is damaged.
    """
    try:
        return {row["key"]: float(row["rate"]) for row in (read_lines(file) if file.is_file() else [])}
    except (ValueError, KeyError, TypeError):
        raise RunError(f"{file}: is no file of pass rates; delete it to measure anew") from None


def keep_rates(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Append measured pass rates."""
    file.parent.mkdir(parents=True, exist_ok=True)
    append_lines(file, sorted(rows, key=lambda row: row["place"]))


def pass_rates(
    recipe: Recipe, setup: Setup, problems: Sequence[Problem], weights: str, heed: Callable[[], None]
) -> list[float]:
    """Return the pass rate of every problem, from the cache where it holds it; every process measures its share.

    Raises:
        RunStoppedError: too many responses could not be scored; nothing of them is kept.
    """
    state, file = PartialState(), rates_file(recipe, setup, weights)
    keys = [problem_key(p, setup.prompter.token_ids(p, setup.instruction(p))) for p in problems]
    known = on_main(state, lambda: read_rates(file))  # from one process, for another run may be adding to the file
    todo = [i for i, key in enumerate(keys) if key not in known]
    for start in range(0, len(todo), BATCH):
        heed()
        batch = todo[start : start + BATCH]
        mine = batch[state.process_index :: state.num_processes]
        rows: list[dict[str, Any]] = gather_object(measure(recipe, setup, problems, keys, mine))
        unscored = sum(row["unscored"] for row in rows) / (len(rows) * recipe.pass_rates.samples)
        if unscored > recipe.scoring.max_unscored:
            raise RunStoppedError(
                f"pass rates: {100 * unscored:.0f} % of the responses could not be scored; allowed is a share of "
                f"{recipe.scoring.max_unscored:g} (scoring.max_unscored); mend the reward"
            )
        known.update({row["key"]: row["rate"] for row in rows})
        on_main(state, lambda rows=rows: keep_rates(file, [row for row in rows if not row["unscored"]]))
    return [known[key] for key in keys]


def measure(
    recipe: Recipe, setup: Setup, problems: Sequence[Problem], keys: Sequence[str], places: Sequence[int]
) -> list[dict[str, Any]]:
    """Return one row per problem at ``places``; seeds follow from the problem, not from its neighbours."""
    samples = recipe.pass_rates.samples
    asked = [problems[i] for i in places for _ in range(samples)]
    seeds = [int(keys[i][:12], 16) * 1_000 + k + recipe.seed for i in places for k in range(samples)]
    scored = sample_scored(setup, setup.model, asked, seeds, temperature(recipe))
    statuses = [s.score.correctness.status for s in scored]
    groups = [statuses[n * samples : (n + 1) * samples] for n in range(len(places))]
    return [
        {
            "key": keys[i],
            "place": i,
            "problem": problems[i].id,
            "samples": samples,
            "rate": rate(group),
            "unscored": group.count(Status.UNSCORED),
        }
        for i, group in zip(places, groups, strict=True)
    ]


def rate(statuses: Sequence[Status]) -> float:
    """Return the share of correct ones among the scored, 0 where none could be scored."""
    return mean([s is Status.CORRECT for s in statuses if s is not Status.UNSCORED]) or 0.0


def worthwhile(
    recipe: Recipe,
    setup: Setup,
    problems: Sequence[Problem],
    weights: str,
    say: Callable[[str], None],
    heed: Callable[[], None],
) -> list[Problem]:
    """Return the problems whose pass rate lies in the recipe's bounds.

    Raises:
        RecipeError: none does.
    """
    wanted = recipe.pass_rates
    rates = pass_rates(recipe, setup, problems, weights, heed)
    kept = [p for p, r in zip(problems, rates, strict=True) if wanted.low <= r <= wanted.high]
    below, above = sum(r < wanted.low for r in rates), sum(r > wanted.high for r in rates)
    asked = f"{len(problems)} train problems at {wanted.samples} samples each"
    found = f"{asked}: {below} below {wanted.low:g}, {above} above {wanted.high:g}"
    say(f"pass rates: {found}; {len(kept)} kept")
    if not kept:
        raise RecipeError(f"pass_rates: of {found}, so none is left; widen pass_rates.low and .high")
    return kept
