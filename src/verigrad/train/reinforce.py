"""The reinforcement stage: what its trainer is made from, checked before data and model are loaded where it can be."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset
from peft import LoraConfig
from trl import GRPOConfig

from verigrad.disk import whole_folder
from verigrad.errors import RecipeError
from verigrad.processes.together import on_main
from verigrad.recipe.schema import Recipe
from verigrad.tasks.mix import load_mix
from verigrad.tasks.types import Split
from verigrad.train.config import Schedule, grpo_config, refused, schedule
from verigrad.train.grpo import Trainer
from verigrad.train.setup import Setup
from verigrad.train.state import on_disk
from verigrad_rewards.types import Problem


def plan(recipe: Recipe, world_size: int) -> dict[str, Any]:
    """Return what the trainer is made from, as far as it is known without data and model.

    Raises:
        RecipeError: settings that do not fit together.
    """
    args = grpo_config(recipe, str(Path(recipe.output_dir).expanduser() / "checkpoints"), world_size)
    planned = schedule(recipe, args)
    if recipe.guard.max_kl and not args.beta:
        raise RecipeError("guard.max_kl: needs a reference model to measure against; set grpo.beta above 0")
    slots = Dataset.from_dict({"prompt": list(range(planned.rollouts * planned.prompts))})
    return {"plan": planned, "args": args, "train_dataset": slots, "peft_config": adapter(recipe)}


def load_problems(recipe: Recipe, planned: dict[str, Any]) -> list[Problem]:
    """Return the problems to train on: as many as the run can ask, or all there are.

    Raises:
        RecipeError: fewer than one rollout needs.
    """
    schedule: Schedule = planned["plan"]
    problems = load_mix(recipe.tasks, Split.TRAIN, recipe.seed, schedule.prompts * schedule.rollouts)
    require_enough(problems, schedule)
    return problems


def require_enough(problems: Sequence[Problem], planned: Schedule) -> None:
    """Refuse fewer problems than one rollout needs.

    Raises:
        RecipeError: with both numbers.
    """
    if len(problems) < planned.prompts:
        raise RecipeError(
            f"tasks: found {len(problems)} train problems; one rollout needs {planned.prompts} (prompts_per_step × "
            "grpo.steps_per_generation / gradient_accumulation_steps): lower them, or bring more problems"
        )


def adapter(recipe: Recipe) -> LoraConfig | None:
    """Return peft's settings for the recipe's adapter, None where every weight is trained."""
    lora = recipe.lora
    if lora is None:
        return None
    targets = lora.targets[0] if lora.targets == ("all-linear",) else list(lora.targets)
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,  # pyright: ignore[reportArgumentType]  # peft divides it by the rank, whole or not
        lora_dropout=lora.dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )


def make_trainer(
    recipe: Recipe,
    setup: Setup,
    problems: Sequence[Problem],
    planned: dict[str, Any],
    on_rollout: Callable[[dict[str, Any]], None],
) -> Trainer:
    """Return the trainer of ``recipe``; a reference model is the start weights, kept in the run folder."""
    args: GRPOConfig = planned["args"]
    origin = setup.model.config._name_or_path
    if args.beta and recipe.lora is None:
        setup.model.config._name_or_path = str(keep_start(setup))
    torch.manual_seed(recipe.seed)
    with refused("grpo"):
        trainer = Trainer(
            setup=setup,
            recipe=recipe,
            problems=problems,
            on_rollout=on_rollout,
            model=setup.model,
            processing_class=setup.tokenizer,
            **planned,
        )
    setup.model.config._name_or_path = origin
    return trainer


def keep_start(setup: Setup) -> Path:
    """Return the folder of the start weights, written once, from which trl reads its reference model.

    By itself trl reads the reference from where the model was loaded, which after training in the same process, or for
    a model that was never saved, is another model or none.
    """
    start = setup.folder / "start"

    def write() -> None:
        if not start.is_dir():
            with on_disk(start), whole_folder(start) as partial:
                setup.model.save_pretrained(partial)

    on_main(PartialState(), write)
    return start
