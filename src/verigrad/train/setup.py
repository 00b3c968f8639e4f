"""Everything a stage needs, loaded and checked before the first step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from verigrad.errors import RecipeError
from verigrad.models.load import check_sizes, end_tokens, load_model, load_tokenizer
from verigrad.models.prompt import Prompter, check_lengths, format_instruction
from verigrad.recipe.schema import Recipe
from verigrad.scoring import Scorer, check_gold, make_scorer
from verigrad.tasks.mix import find_task, load_mix, task_of
from verigrad.tasks.types import Split
from verigrad_rewards.types import Problem


@dataclass(frozen=True)
class Setup:
    """A run about to start.

    Attributes:
        model: with the weights it starts from.
        tokenizer: of the model.
        prompter: renders prompts and reads responses.
        scorer: the rewards.
        instructions: text before a question, by task.
        held_out: problems of the quick checks during training.
        folder: of the run.
        world_size: processes that train together.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    prompter: Prompter
    scorer: Scorer
    instructions: Mapping[str, str | None]
    held_out: Sequence[Problem]
    folder: Path
    world_size: int

    def instruction(self, problem: Problem) -> str | None:
        """Return the text that stands before the question of ``problem``."""
        return self.instructions[task_of(problem)]


def make_prompter(recipe: Recipe, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Prompter:
    """Return what renders prompts for ``model``."""
    return Prompter(tokenizer, recipe.format.tags(), tuple(end_tokens(model, tokenizer)))


def instructions(recipe: Recipe) -> dict[str, str | None]:
    """Return the text before a question for every task: the recipe's, or the task's own with the format spelled out."""
    if recipe.instruction is not None:
        return {find_task(use.name).name: recipe.instruction or None for use in recipe.tasks}
    asked = format_instruction(recipe.format.tags())
    return {task.name: f"{task.instruction} {asked}".strip() for task in (find_task(use.name) for use in recipe.tasks)}


def make_setup(recipe: Recipe, folder: Path, world_size: int) -> Setup:
    """Return the loaded run.

    Raises:
        RecipeError, RunError, ProblemError: the first thing that is wrong, in one line.
    """
    scorer = make_scorer(recipe)
    tokenizer = load_tokenizer(recipe.model)
    model = load_model(recipe.model, seed=recipe.seed, from_scratch=recipe.from_scratch)
    check_sizes(model, tokenizer, recipe.model)
    checks = recipe.eval.every_problems if recipe.eval.every else 0
    held_out = load_mix(recipe.tasks, Split.HELD_OUT, recipe.seed, checks) if checks else []
    check_gold(recipe, scorer, held_out)
    return Setup(
        model,
        tokenizer,
        make_prompter(recipe, model, tokenizer),
        scorer,
        instructions(recipe),
        held_out,
        folder,
        world_size,
    )


def training_problems(recipe: Recipe, setup: Setup) -> list[Problem]:
    """Return the problems that ``stage: grpo`` trains on, checked: enough for a step, readable gold, short prompts.

    Raises:
        RecipeError: fewer problems than one step needs.
    """
    wanted = recipe.prompts_per_step * recipe.max_steps
    problems = load_mix(recipe.tasks, Split.TRAIN, recipe.seed, wanted)
    if len(problems) < recipe.prompts_per_step:
        raise RecipeError(
            f"tasks: found {len(problems)} train problems; one step needs {recipe.prompts_per_step} "
            "(prompts_per_step): lower it, or bring more problems"
        )
    check_gold(recipe, setup.scorer, problems)
    check_lengths(setup.prompter, problems, setup.instruction, recipe.max_prompt_tokens)
    return problems


def describe(setup: Setup) -> dict[str, Any]:
    """Return what the run folder says of the model."""
    return {"parameters": sum(p.numel() for p in setup.model.parameters()), "world_size": setup.world_size}
