"""What a run is made of, as values that can be compared: resuming notices what changed and asks before it goes on."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from verigrad.errors import RecipeError, RunError
from verigrad.fingerprint import fingerprint
from verigrad.recipe import Recipe
from verigrad.recipe.load import plain
from verigrad.scoring import Scorer
from verigrad.sources import sources
from verigrad_rewards.types import Problem

# changing these changes neither the weights nor the rollouts that come next
FREE = ("resume", "output_dir", "save_every", "keep_checkpoints", "scoring", "hang_timeout_s", "preflight", "guard")
FREE_EVAL = (
    "tasks",
    "problems",
    "ood_problems",
    "samples",
    "greedy",
    "think_budgets",
    "top_p",
)  # of the evaluation after training

# changing these in the middle of a run would change what its steps are
FIXED = ("model", "stage", "from_scratch", "lora", "phases", "sequences_per_step")
FIXED_GRPO = ("steps_per_generation", "num_iterations", "gradient_accumulation_steps", "optim")
BESIDE_RECIPE = ("dataset", "template", "rewards", "start_weights", "world_size")

Identity = dict[str, Any]


def identify(
    recipe: Recipe, problems: Sequence[Problem], tokenizer: Any, scorer: Scorer, weights: str, world_size: int
) -> Identity:
    """Return the identity of a run.

    Args:
        recipe: every key that decides the run, by its path.
        problems: train problems in their order.
        tokenizer: with its chat template.
        scorer: rewards, whose source is part of the identity.
        weights: hash of the start weights.
        world_size: processes that train together.
    """
    return {
        **recipe_keys(recipe),
        "dataset": fingerprint([[p.id, p.question, p.answer, p.info] for p in problems]),
        "template": fingerprint([tokenizer.chat_template, tokenizer.get_vocab()]),
        "rewards": fingerprint(sources(scorer)),
        "start_weights": weights,
        "world_size": world_size,
    }


def recipe_keys(recipe: Recipe) -> Identity:
    """Return every key of a recipe that decides the run, such as ``tasks.0.name``, with its value."""
    return {key: value for key, value in flatten(plain(recipe)).items() if not is_free(key)}


def is_free(key: str) -> bool:
    """Whether a key of the recipe may change between two starts without a word."""
    first, _, rest = key.partition(".")
    return first in FREE or (first == "eval" and rest.partition(".")[0] in FREE_EVAL)


def is_fixed(key: str) -> bool:
    """Whether a key of the recipe cannot change within a run, accepted or not."""
    first, _, rest = key.partition(".")
    return first in FIXED or (first == "grpo" and rest in FIXED_GRPO)


def flatten(values: Any, path: str = "") -> dict[str, Any]:
    """Return nested mappings and lists as one mapping with keys such as ``tasks.0.name``."""
    if isinstance(values, Mapping) and values:
        pairs = [(str(key), value) for key, value in values.items()]
    elif isinstance(values, list) and values:
        pairs = [(str(i), value) for i, value in enumerate(values)]
    else:
        return {path: values}
    return {k: v for key, value in pairs for k, v in flatten(value, f"{path}.{key}" if path else key).items()}


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what differs, as {key: (before, now)}; a key that one side lacks is None there."""
    keys = sorted({*before, *now})
    return {key: (before.get(key), now.get(key)) for key in keys if before.get(key) != now.get(key)}


def settle(run: Path, before: Mapping[str, Any], now: Mapping[str, Any], accepted: Sequence[str]) -> dict[str, Any]:
    """Return the accepted changes of a run that is resumed.

    Raises:
        RunError: a change that nobody accepted.
        RecipeError: an accepted key that has not changed.
    """
    found = changes(before, now)
    fixed = [key for key in found if is_fixed(key)]
    if fixed:
        old, new = found[fixed[0]]
        raise RunError(
            f"{run}: {fixed[0]} was {shown(old)} when this run was started and is {shown(new)} now, which no run can "
            "go on with; restore it, or choose another output_dir"
        )
    for key in accepted:
        if key not in found:
            what = f"changed are {', '.join(found)}" if found else "nothing has changed"
            raise RecipeError(f"--accept-change {key}: has not changed since {run} was started; {what}")
    if "max_steps" in accepted:  # as many problems are loaded as the steps can ask
        accepted = [*accepted, "dataset"]
    open_keys = [key for key in found if key not in accepted]
    if open_keys:
        key = open_keys[0]
        old, new = found[key]
        more = f" (and {len(open_keys) - 1} more: {', '.join(open_keys[1:])})" if len(open_keys) > 1 else ""
        raise RunError(
            f"{run}: {key} was {shown(old)} when this run was started and is {shown(new)} now{more}; restore it, "
            f"choose another output_dir, or go on with {' '.join(f'--accept-change {k}' for k in open_keys)}"
        )
    return {key: {"from": old, "to": new} for key, (old, new) in found.items()}


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "…"
