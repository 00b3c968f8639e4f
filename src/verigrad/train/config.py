"""Turn a recipe into trl's configs: what the kit derives, and the recipe's pass-through section laid over it."""

import dataclasses
import math
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from trl import GRPOConfig, SFTConfig

from verigrad.errors import STATED, RecipeError
from verigrad.models.load import first_line
from verigrad.recipe.bind import bind_scalar, describe, nearest
from verigrad.recipe.schema import Recipe

DERIVED = {
    "output_dir": "output_dir",
    "seed": "seed",
    "max_steps": "max_steps or phases",
    "num_train_epochs": "max_steps",
    "per_device_train_batch_size": "prompts_per_step and group_size, or sequences_per_step",
    "num_generations": "group_size",
    "max_completion_length": "max_response_tokens",
    "save_steps": "save_every",
    "save_strategy": "save_every",
    "reward_weights": "shaping",
    "logging_steps": "nothing: every step is logged",
    "logging_strategy": "nothing: every step is logged",
    "logging_first_step": "nothing: every step is logged",
    "logging_nan_inf_filter": "nothing: what is not finite stops the run",
    "eval_strategy": "eval.every",
    "eval_steps": "eval.every",
    "eval_on_start": "nothing: the start model is measured before the first step",
    "load_best_model_at_end": "keep_best",
    "save_total_limit": "keep_checkpoints",
    "save_only_model": "nothing: a checkpoint holds all that a run goes on from",
    "generation_kwargs": "nothing: the gradient only knows temperature",
    "generation_batch_size": "prompts_per_step and grpo.steps_per_generation",
    "shuffle_dataset": "nothing: the order of the problems follows from the seed",
    "scale_rewards": "advantage",
    "multi_objective_aggregation": "shaping",
    "hub_token": "nothing: tokens come from the environment",
    "push_to_hub_token": "nothing: tokens come from the environment",
    "use_transformers_continuous_batching": "nothing: it would cast the training weights to bfloat16",
    "resume_from_checkpoint": "resume",
    "enable_jit_checkpoint": "nothing: SIGTERM and Ctrl-C save at the next boundary",
    "push_to_hub": "nothing: the kit never uploads a run by itself",
}
inf = math.inf
LIMITS = {
    "learning_rate": (1e-30, 0.5),  # above, no update of Adam leaves a model that still says anything
    "gradient_accumulation_steps": (1, inf),
    "steps_per_generation": (1, inf),
    "num_iterations": (1, inf),
    "temperature": (0.01, 10),
    "beta": (0, inf),
    "epsilon": (0, inf),
    "epsilon_high": (0, inf),
    "max_grad_norm": (0, inf),
    "weight_decay": (0, 100),
    "adam_beta1": (0, 1 - 1e-9),
    "adam_beta2": (0, 1 - 1e-9),
    "warmup_steps": (0, inf),
}
CHOICES = {  # trl finds a wrong one at the first loss
    "loss_type": ("grpo", "dr_grpo", "dapo", "bnpo", "cispo", "sapo", "luspo", "vespo"),
    "importance_sampling_level": ("token", "sequence"),
}
UNCORRECTED = {"top_p": 1.0, "top_k": 0, "min_p": None, "repetition_penalty": 1.0}


def pass_through(section: str, given: Mapping[str, Any], config: type) -> dict[str, Any]:
    """Return the recipe's ``grpo`` or ``sft`` section with values converted to the types of trl's fields.

    Raises:
        RecipeError: a key that trl does not have, one that the kit derives, or a value of the wrong type.
    """
    fields = {f.name: f for f in dataclasses.fields(config) if f.init}
    hints = typing.get_type_hints(config)
    values = {}
    for key, value in given.items():
        if key in DERIVED:
            raise RecipeError(f"{section}.{key}: is derived from the recipe; {instead(DERIVED[key])}")
        if key not in fields:
            raise RecipeError(f"{section}.{key}: trl's {config.__name__} has no such field.{nearest(key, fields)}")
        values[key] = convert(f"{section}.{key}", hints[key], value)
        check_limits(f"{section}.{key}", LIMITS.get(key), values[key])
        if section == "grpo" and values[key] not in CHOICES.get(key, (values[key],)):
            raise RecipeError(
                f"grpo.{key}: found {values[key]!r}; allowed is {', '.join(CHOICES[key])}."
                f"{nearest(str(values[key]), CHOICES[key])}"
            )
    return values


def instead(source: str) -> str:
    """Return what to do in place of setting a derived key."""
    return f"set {source} instead" if not source.startswith("nothing") else source.removeprefix("nothing: ")


def check_limits(name: str, limits: tuple[float, float] | None, value: Any) -> None:
    """Refuse a number outside ``limits``; NaN is outside.

    Raises:
        RecipeError: with what is allowed.
    """
    if limits is None or value is None:
        return
    low, high = limits
    if not low <= value <= high:
        raise RecipeError(f"{name}: found {value!r}; allowed is {low:g} {'or more' if high == inf else f'to {high:g}'}")


@contextmanager
def refused(section: str) -> Iterator[None]:
    """Turn what trl, transformers, peft or torch say of settings they do not take into one line.

    Raises:
        RecipeError: with the first line of what they say.
    """
    try:
        yield
    except STATED:
        raise
    except (ValueError, ImportError, NotImplementedError, KeyError) as error:
        raise RecipeError(f"{section}: {first_line(error)}") from None


def convert(name: str, hint: Any, value: Any) -> Any:
    """Return ``value`` as trl's field type takes it; YAML 1.1 reads ``1e-6`` as text, trl would keep the text."""
    kinds = [kind for kind in (bool, int, float, str) if kind in (hint, *typing.get_args(hint))]
    if value is None or not kinds or isinstance(value, dict | list):
        return value
    for kind in kinds:
        bound = bind_scalar(kind, value)
        if bound is not None:
            return bound
    raise RecipeError(f"{name}: found {value!r}; allowed is {' or '.join(describe(kind) for kind in kinds)}")


def shared_settings(recipe: Recipe, output_dir: str, world: int) -> dict[str, Any]:
    """Return what both stages need: full precision off the GPU, no bars, no uploads, no pickled arguments."""
    half = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return {
        "output_dir": output_dir,
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "use_cpu": not torch.cuda.is_available(),
        "bf16": half,
        "gradient_checkpointing": False,
        "disable_tqdm": True,
        "report_to": "none",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",  # the kit decides when, and writes them itself
        "dataloader_pin_memory": torch.cuda.is_available(),
        "lr_scheduler_type": "constant_with_warmup",
        "adam_beta2": 0.98,
        # else DDP regroups its sums after a process's first step, and three ranks that go on add in another order
        "ddp_find_unused_parameters": world > 2,
        "max_grad_norm": 1.0,
    }


def per_device(section: str, total: int, given: Mapping[str, Any], world: int) -> int:
    """Return the rows that one process holds in one micro-batch.

    Raises:
        RecipeError: the step does not divide evenly.
    """
    accumulation = int(given.get("gradient_accumulation_steps", 1))
    if accumulation < 1 or total % (world * accumulation):
        raise RecipeError(
            f"{section}: {total} rows a step do not divide by {world} processes × {accumulation} accumulation steps"
        )
    return total // (world * accumulation)


def temperature(recipe: Recipe) -> float:
    """Return the temperature that training samples at, and all that is measured of the start model before it."""
    return float(recipe.grpo.get("temperature", 1.0))


def grpo_config(recipe: Recipe, output_dir: str, world: int) -> GRPOConfig:
    """Return trl's GRPO config for ``recipe`` on ``world`` processes.

    Raises:
        RecipeError: a pass-through key or value that cannot be, or sampling that trl's gradient does not correct for.
    """
    given = pass_through("grpo", recipe.grpo, GRPOConfig)
    for key, neutral in UNCORRECTED.items():
        if given.get(key, neutral) != neutral:
            raise RecipeError(
                f"grpo.{key}: found {given[key]!r}; allowed is {neutral}: it changes what is sampled, and the gradient "
                "only knows temperature"
            )
    rows = recipe.prompts_per_step * recipe.group_size
    settings = {
        **shared_settings(recipe, output_dir, world),
        "max_steps": recipe.max_steps,
        "per_device_train_batch_size": per_device("prompts_per_step × group_size", rows, given, world),
        "num_generations": recipe.group_size,
        "max_completion_length": recipe.max_response_tokens,
        "temperature": temperature(recipe),
        "top_k": 0,
        "beta": 0.0,
        **given,
        "shuffle_dataset": False,
        "scale_rewards": "none",
    }
    with refused("grpo"):
        return GRPOConfig(**settings)


@dataclass(frozen=True)
class Schedule:
    """How rollouts and optimizer steps follow one another.

    Attributes:
        prompts: prompts (groups) of one rollout.
        passes: forward and backward passes on one rollout, in each process.
        steps: optimizer steps on one rollout; checkpoints lie between rollouts.
        rollouts: of the whole run.
    """

    prompts: int
    passes: int
    steps: int
    rollouts: int


def schedule(recipe: Recipe, args: GRPOConfig) -> Schedule:
    """Return the schedule of ``recipe``.

    Raises:
        RecipeError: rollouts and optimizer steps do not fit, or checkpoints would lie inside a rollout.
    """
    accumulation, generation = args.gradient_accumulation_steps, args.steps_per_generation or 1
    if generation % accumulation:
        raise RecipeError(
            f"grpo.steps_per_generation: found {generation}; allowed is a multiple of "
            f"grpo.gradient_accumulation_steps ({accumulation}), so that every optimizer step learns from one rollout"
        )
    steps = generation * args.num_iterations // accumulation
    prompts = recipe.prompts_per_step * generation // accumulation
    planned = Schedule(prompts, generation * args.num_iterations, steps, -(-recipe.max_steps // steps))
    every = {"save_every": recipe.save_every, "eval.every": recipe.eval.every if recipe.keep_best else 0}
    for key, value in every.items():
        if value % steps:
            raise RecipeError(
                f"{key}: found {value}; allowed is a multiple of {steps}, the optimizer steps on one rollout "
                "(grpo.steps_per_generation × num_iterations / gradient_accumulation_steps): a checkpoint inside a "
                "rollout could not be resumed exactly"
            )
    if args.use_vllm and recipe.max_refills:
        raise RecipeError("max_refills: needs the kit's own sampler; set it to 0 or grpo.use_vllm to false")
    return planned


def sft_config(recipe: Recipe, output_dir: str, world: int) -> SFTConfig:
    """Return trl's SFT config for ``recipe`` on ``world`` processes; rows come tokenized and in their final order."""
    given = pass_through("sft", recipe.sft, SFTConfig)
    settings = {
        **shared_settings(recipe, output_dir, world),
        "max_steps": sum(phase.steps for phase in recipe.phases),
        "per_device_train_batch_size": per_device("sequences_per_step", recipe.sequences_per_step, given, world),
        "train_sampling_strategy": "sequential",
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "lr_scheduler_type": "cosine",
        **given,
    }
    with refused("sft"):
        return SFTConfig(**settings)
