"""Sample the start model on its real prompts before training: a run without a signal is found in seconds, not hours."""

from collections.abc import Sequence
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import gather_object

from verigrad.errors import RunStoppedError
from verigrad.models.prompt import Prompter
from verigrad.recipe.schema import Recipe
from verigrad.train.advantages import has_signal
from verigrad.train.collect import rollout_seeds
from verigrad.train.config import temperature
from verigrad.train.measure import sample_scored
from verigrad.train.rollouts import Rollout, mean, rollout_row
from verigrad.train.setup import Setup
from verigrad_rewards.types import Problem, Status

DEAD = 0.9  # share of groups without signal from which a run is refused
ROUND = 2**31  # of the seeds, far from those of any rollout


def preflight(recipe: Recipe, setup: Setup, problems: Sequence[Problem]) -> dict[str, Any]:
    """Return what ``group_size`` responses to each of ``problems`` look like; every process samples its share."""
    state = PartialState()
    mine = range(state.process_index, len(problems), state.num_processes)
    asked = [problems[i] for i in mine for _ in range(recipe.group_size)]
    places = [i * recipe.group_size + k for i in mine for k in range(recipe.group_size)]
    seeds = rollout_seeds(recipe.seed, ROUND, places)
    scored = sample_scored(setup, setup.model, asked, seeds, temperature(recipe))
    keeps = setup.scorer.keeps_format
    rows = [
        {"place": place, **rollout_row(p, s, formed=keeps(p, s.response))}
        for place, p, s in zip(places, asked, scored, strict=True)
    ]
    everyone = sorted(gather_object(rows), key=lambda row: row["place"])
    return {**summary(everyone, recipe.group_size), **template_facts(setup.prompter)}


def summary(rows: Sequence[Rollout], group_size: int) -> dict[str, Any]:
    """Return the rates over ``rows``, which stand in groups; each counts responses, or groups where it says so."""
    groups = [rows[i : i + group_size] for i in range(0, len(rows), group_size)]
    right = [[row["correctness"]["status"] == Status.CORRECT for row in group] for group in groups]
    rewards = torch.tensor([[torch.nan if r["reward"] is None else r["reward"] for r in g] for g in groups])
    ended = mean([row["finished"] for row in rows]) or 0.0
    return {
        "problems": len(groups),
        "samples": group_size,
        "format": mean([row["format"] for row in rows]),
        "pass@1": mean([mean(group) or 0.0 for group in right]),
        f"pass@{group_size}": mean([any(group) for group in right]),
        "groups_without_signal": 1 - float(has_signal(rewards).float().mean()),
        "truncated": 1 - ended,
        "ended": ended,
        "unscored": sum(row["reward"] is None for row in rows),
        "tokens": mean([row["num_tokens"] for row in rows]),
    }


def template_facts(prompter: Prompter) -> dict[str, Any]:
    """Return what the template and the tokenizer do with the think tag."""
    tag = f"<{prompter.tags.think}>"
    ids = prompter.tokenizer(tag, add_special_tokens=False)["input_ids"]
    turn = [{"role": "user", "content": "?"}, {"role": "assistant", "content": f"{tag}x-x-x</{prompter.tags.think}>y"}]
    again = prompter.apply(turn, add_generation_prompt=False)
    return {
        "think_prefilled": bool(prompter.prefill()),
        "think_vanishes": tag not in prompter.tokenizer.decode(ids, skip_special_tokens=True),
        "think_stripped": "x-x-x" not in again,
    }


def lines(found: dict[str, Any]) -> list[str]:
    """Return the preflight as a person reads it."""
    shown = ["format", "pass@1", f"pass@{found['samples']}", "groups_without_signal", "truncated", "ended"]
    rates = ", ".join(f"{name.replace('_', ' ')} {100 * found[name]:.0f} %" for name in shown)
    opens = "the template opens it" if found["think_prefilled"] else "the model opens it"
    vanishes = "; it is a special token, which the kit keeps when it decodes" if found["think_vanishes"] else ""
    strips = "; the template drops it from earlier turns" if found["think_stripped"] else ""
    asked = f"{found['problems']} train problems × {found['samples']} responses"
    return [
        f"preflight: {asked}: {rates}, {found['tokens']:.0f} tokens on average",
        f"think tag: {opens}{vanishes}{strips}",
    ]


def require_life(recipe: Recipe, found: dict[str, Any]) -> None:
    """Refuse a run that cannot learn, unless the recipe allows it.

    Raises:
        RunStoppedError: with what was found and what to change.
    """
    if recipe.preflight.allow_dead:
        return
    unscored = found["unscored"] / max(found["problems"] * found["samples"], 1)
    if unscored > recipe.scoring.max_unscored:
        why, change = f"{100 * unscored:.0f} % of the responses could not be scored", "mend the reward"
    elif found["truncated"] == 1:
        why = f"every response was cut at {recipe.max_response_tokens} tokens (max_response_tokens)"
        change = "raise it, or start from a model that ends its turn"
    elif found["groups_without_signal"] >= DEAD:
        why = f"{100 * found['groups_without_signal']:.0f} % of the groups earn the same for every response"
        level = "harder" if found["pass@1"] > 0.5 else "easier"
        change = (
            f"pass@1 is {100 * found['pass@1']:.0f} %: choose {level} problems, a larger group_size, or another start "
            "model"
        )
    else:
        return
    raise RunStoppedError(
        f"preflight: {why}; there is nothing to learn from: {change}; preflight.allow_dead=true trains all the same"
    )
