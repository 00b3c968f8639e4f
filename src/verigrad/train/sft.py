"""The supervised stage: learn from the tasks' worked solutions, in phases of long and short thinking."""

import random
from collections.abc import Iterator
from typing import Any

from datasets import Dataset
from transformers import TrainerCallback
from trl import SFTTrainer

from verigrad.errors import RecipeError
from verigrad.models.prompt import Prompter
from verigrad.recipe.schema import Recipe
from verigrad.tasks.mix import find_task, load_mix
from verigrad.tasks.types import Split
from verigrad.train.config import sft_config
from verigrad.train.setup import Setup
from verigrad_rewards.structure import Structure
from verigrad_rewards.types import Problem

DISTINCT = 30_000  # problems drawn per run; longer runs see them again, in the same order


def traces(recipe: Recipe) -> Iterator[tuple[Problem, Structure]]:
    """Yield one worked solution per training row, in training order.

    Raises:
        RecipeError: a task of the mix has no worked solutions.
    """
    solvers = {}
    for use in recipe.tasks:
        task = find_task(use.name)
        if task.solve is None:
            raise RecipeError(f"task {use.name}: has no worked solutions to learn from; use it with stage: grpo")
        solvers[task.name] = task.solve
    total = sum(phase.steps for phase in recipe.phases) * recipe.sequences_per_step
    problems = load_mix(recipe.tasks, Split.TRAIN, recipe.seed, min(total, DISTINCT))
    rng = random.Random(recipe.seed)
    rng.shuffle(problems)
    row = 0
    for phase in recipe.phases:
        for _ in range(phase.steps * recipe.sequences_per_step):
            problem = problems[row % len(problems)]
            solution = solvers[problem.id.split("/", 1)[0]](problem)
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


def plan(recipe: Recipe, setup: Setup) -> dict[str, Any]:
    """Return what the trainer is made from, with problems and settings checked.

    Raises:
        RecipeError, ProblemError: the first thing that is wrong.
    """
    rows = [
        encode(setup.prompter, setup.instruction(problem), problem, solution) for problem, solution in traces(recipe)
    ]
    return {
        "args": sft_config(recipe, str(setup.folder / "checkpoints"), setup.world_size),
        "train_dataset": Dataset.from_list(rows),
    }


def make_trainer(setup: Setup, callbacks: list[TrainerCallback], planned: dict[str, Any]) -> SFTTrainer:
    """Return trl's trainer over the worked solutions of the recipe's tasks."""
    return SFTTrainer(model=setup.model, processing_class=setup.tokenizer, callbacks=callbacks, **planned)
