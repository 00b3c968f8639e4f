"""The supervised stage: learn from the tasks' worked solutions, in phases of long and short thinking."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import SFTTrainer

from verigrad.errors import RecipeError
from verigrad.models.prompt import Prompter
from verigrad.recipe.schema import Recipe
from verigrad.tasks.mix import find_task, task_of, train_problems
from verigrad.train.config import refused, sft_config
from verigrad.train.reliable import Reliable
from verigrad.train.setup import Setup
from verigrad_rewards.structure import Structure
from verigrad_rewards.types import Problem


def traces(recipe: Recipe, problems: Sequence[Problem]) -> Iterator[tuple[Problem, Structure]]:
    """Yield one worked solution per training row, in training order."""
    solvers = {find_task(use.name).name: find_task(use.name).solve for use in recipe.tasks}
    rng = random.Random(recipe.seed)
    order = list(problems)
    rng.shuffle(order)
    row = 0
    for phase in recipe.phases:
        for _ in range(phase.steps * recipe.sequences_per_step):
            problem = order[row % len(order)]
            solve = solvers[task_of(problem)]
            solution = solve(problem) if solve else Structure("", problem.answer)
            keep = rng.random() < phase.think_share
            yield problem, solution if keep else Structure("", solution.answer)
            row += 1


def encode(prompter: Prompter, instruction: str | None, problem: Problem, solution: Structure) -> dict[str, list[int]]:
    """Return one training row: the loss counts the response and its end token, not the prompt."""
    tags = prompter.tags
    text = f"<{tags.think}>{solution.think}</{tags.think}><{tags.answer}>{solution.answer}</{tags.answer}>"
    prompt = prompter.token_ids(problem, instruction)
    written = text.removeprefix(prompter.prefill())
    response = prompter.tokenizer(written, add_special_tokens=False)["input_ids"] + [prompter.tokenizer.eos_token_id]
    return {"input_ids": prompt + response, "labels": [-100] * len(prompt) + response}


class Trainer(Reliable, SFTTrainer):
    """trl's supervised trainer, with exact resume and whole checkpoints."""


def plan(recipe: Recipe, world_size: int) -> dict[str, Any]:
    """Return what the trainer is made from, as far as it is known without data and model.

    Raises:
        RecipeError: the settings do not fit together.
    """
    return {"args": sft_config(recipe, str(Path(recipe.output_dir).expanduser() / "checkpoints"), world_size)}


def load_problems(recipe: Recipe, _planned: dict[str, Any]) -> list[Problem]:
    """Return the problems whose worked solutions are learned from.

    Raises:
        RecipeError: a task of the mix has no worked solutions.
    """
    for use in recipe.tasks:
        if find_task(use.name).solve is None:
            raise RecipeError(f"task {use.name}: has no worked solutions to learn from; use it with stage: grpo")
    return train_problems(recipe)


def make_trainer(recipe: Recipe, setup: Setup, problems: Sequence[Problem], planned: dict[str, Any]) -> Trainer:
    """Return trl's trainer over the worked solutions of the recipe's tasks."""
    rows = [encode(setup.prompter, setup.instruction(p), p, solution) for p, solution in traces(recipe, problems)]
    dataset = Dataset.from_list(rows)
    with refused("sft"):
        trainer = Trainer(model=setup.model, processing_class=setup.tokenizer, train_dataset=dataset, **planned)
    trainer.arm(setup, recipe.keep_checkpoints)
    return trainer
