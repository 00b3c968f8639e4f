"""The reinforcement stage: group-relative policy optimisation (arXiv 2402.03300) on trl's trainer."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from accelerate.utils import DistributedType, gather_object
from datasets import Dataset
from transformers import TrainerCallback
from trl import GRPOTrainer

from verigrad.evaluate.sample import sample, sample_ids
from verigrad.recipe.schema import Recipe
from verigrad.train.archive import append_lines
from verigrad.train.config import grpo_config
from verigrad.train.rollouts import Rollout, accuracy, rollout, step_metrics
from verigrad.train.setup import Setup, training_problems
from verigrad_rewards.types import Problem

# other kinds of distribution shard the weights; trl gathers them for its own generation
PLAIN = (DistributedType.NO, DistributedType.MULTI_CPU, DistributedType.MULTI_GPU)


def rollout_seeds(seed: int, step: int, first: int, count: int) -> list[int]:
    """Return the sampling seeds of one process's rollouts of a step, derived so that none has to be stored."""
    return [(seed * 1_000_003 + step) * 1_000_003 + first + i for i in range(count)]


class Reward:
    """The one function that trl calls: scores this process's responses and keeps what it saw for the archive."""

    __name__ = "verigrad"

    def __init__(self, setup: Setup, problems: Sequence[Problem]) -> None:
        self.setup = setup
        self.problems = problems
        self.latest: list[Rollout] = []

    def __call__(self, completion_ids: list[list[int]], row: list[int], **_: Any) -> list[float | None]:
        """Return one total per response, None where it could not be scored."""
        problems = [self.problems[i] for i in row]
        responses = self.setup.prompter.responses(completion_ids)
        scorer = self.setup.scorer
        self.latest = [
            rollout(problem, response, scorer.score(problem, response), scorer.keeps_format(problem, response))
            for problem, response in zip(problems, responses, strict=True)
        ]
        return [r["reward"] for r in self.latest]


class Trainer(GRPOTrainer):
    """trl's trainer, sampling with the kit's sampler (no dropout, seeds derived) and archiving every rollout.

    Overrides two private hooks of trl 1.16: ``_generate_single_turn`` and ``_generate_and_score_completions``.
    """

    def __init__(self, *, setup: Setup, recipe: Recipe, reward: Reward, on_step: Callable[[dict], None], **kwargs: Any):
        super().__init__(reward_funcs=reward, **kwargs)
        self.setup = setup
        self.recipe = recipe
        self.reward = reward
        self.on_step = on_step
        self.started = time.monotonic()

    def _generate_single_turn(self, prompt_ids: list[list[int]], *args: Any, **kwargs: Any) -> Any:
        plain = self.accelerator.distributed_type in PLAIN
        if self.use_vllm or self.use_transformers_continuous_batching or not plain:
            return super()._generate_single_turn(prompt_ids, *args, **kwargs)
        first = len(prompt_ids) * self.accelerator.process_index
        written = sample_ids(
            self.accelerator.unwrap_model(self.model),
            prompt_ids,
            rollout_seeds(self.args.seed, self.state.global_step, first, len(prompt_ids)),
            end_ids=self.setup.prompter.end_ids,
            max_tokens=self.recipe.max_response_tokens,
            temperature=self.temperature,
            batch_size=self.recipe.eval.batch_size,
        )
        return written, None

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        output = super()._generate_and_score_completions(inputs)
        for kept, advantage in zip(self.reward.latest, output["advantages"].tolist(), strict=True):
            kept["advantage"] = advantage
        rollouts = gather_object(self.reward.latest)
        step = self.state.global_step + 1
        if self.accelerator.is_main_process:
            append_lines(self.setup.folder / "rollouts.jsonl", ({"step": step, **r} for r in rollouts))
            self.on_step(
                {
                    "step": step,
                    **step_metrics(rollouts, self.recipe.group_size, self.setup.prompter.tags),
                    "sample": rollouts,
                }
            )
        return output

    def held_out_accuracy(self) -> tuple[float | None, int]:
        """Return accuracy over the quick-check problems, one sample each; every process measures its share."""
        rank, world = self.accelerator.process_index, self.accelerator.num_processes
        mine = list(self.setup.held_out[rank::world])
        responses = sample(
            self.accelerator.unwrap_model(self.model),
            self.setup.prompter,
            [self.setup.prompter.token_ids(p, self.setup.instruction(p)) for p in mine],
            max_tokens=self.recipe.max_response_tokens,
            temperature=self.recipe.eval.temperature,
            seeds=[self.recipe.eval.seed * 1_000_003 + i for i in range(rank, len(self.setup.held_out), world)],
            batch_size=self.recipe.eval.batch_size,
        )
        verdicts = [
            {"correctness": {"status": str(self.setup.scorer.verdict(p, r).status)}}
            for p, r in zip(mine, responses, strict=True)
        ]
        everyone = gather_object(verdicts)
        return accuracy(everyone), len(everyone)


def plan(recipe: Recipe, setup: Setup) -> dict[str, Any]:
    """Return what the trainer is made from, with problems and settings checked.

    Raises:
        RecipeError, RunError, ProblemError: the first thing that is wrong.
    """
    problems = training_problems(recipe, setup)
    rows = [
        {"prompt": setup.prompter.messages(problem, setup.instruction(problem)), "row": i}
        for i, problem in enumerate(problems)
    ]
    return {
        "reward": Reward(setup, problems),
        "args": grpo_config(recipe, str(setup.folder / "checkpoints"), setup.world_size),
        "train_dataset": Dataset.from_list(rows),
    }


def make_trainer(
    recipe: Recipe,
    setup: Setup,
    callbacks: list[TrainerCallback],
    on_step: Callable[[dict], None],
    planned: dict,
) -> Trainer:
    """Return the trainer of ``recipe``."""
    torch.manual_seed(recipe.seed)
    return Trainer(
        setup=setup,
        recipe=recipe,
        on_step=on_step,
        model=setup.model,
        processing_class=setup.tokenizer,
        callbacks=callbacks,
        **planned,
    )
