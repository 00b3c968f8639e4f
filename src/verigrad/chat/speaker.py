"""What answers in a chat: a model with the recipe that it is asked by."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from verigrad.errors import RunError
from verigrad.models.names import TINY
from verigrad.models.prompt import Prompter, format_instruction, instructions
from verigrad.recipe import Recipe, load_recipe
from verigrad.recipe.bind import bind
from verigrad.recipe.source import Source, apply_override
from verigrad.run_folder import is_run, trained
from verigrad.tasks.mix import task_of
from verigrad_rewards.types import Problem

TYPED = "typed"  # id of a prompt that no task asks
TINY_FORMAT = {"instruction": "", "format": {"allow_empty_think": True}}  # of the recipe that made it
GENERATED = [{"name": "chain_sum"}, {"name": "functions"}]  # need no file and no network


@dataclass(frozen=True)
class Speaker:
    """A loaded model, and how it is asked.

    Attributes:
        recipe: tasks, format and limits.
        model: a causal language model of transformers, in evaluation mode.
        prompter: renders prompts for it.
        instructions: text before a question, by task; that of ``TYPED`` stands before what a person types.
        context: tokens that prompt and response may have together; None where the model does not say.
    """

    recipe: Recipe
    model: Any
    prompter: Prompter
    instructions: Mapping[str, str | None]
    context: int | None

    def prompt(self, problem: Problem) -> list[int]:
        """Return the prompt as token ids, rendered as in training."""
        return self.prompter.token_ids(problem, self.instructions[task_of(problem)])

    def room(self, prompt: list[int]) -> int:
        """Return how many tokens a response may have.

        Raises:
            RunError: the prompt leaves none.
        """
        left = self.recipe.max_response_tokens if self.context is None else self.context - len(prompt)
        if left < 1:
            raise RunError(
                f"the prompt has {len(prompt)} tokens; the context of {self.recipe.model} has {self.context}, and the "
                "answer needs some of them"
            )
        return min(left, self.recipe.max_response_tokens)


def open_speaker(target: str, file: str | None, overrides: list[str]) -> Speaker:
    """Return the model of a run, or a model, ready to answer.

    Args:
        target: a run folder, ``verigrad/tiny``, a folder with a model, or a hub id.
        file: the recipe with tasks and format; the default is the run's own.
        overrides: laid over it.

    Raises:
        RecipeError, RunError: the first thing that is wrong.
    """
    import torch

    from verigrad.models.load import context_of, load_for

    recipe, bare = find_recipe(target, file, overrides)
    model, prompter = load_for(recipe, "cuda" if torch.cuda.is_available() else "cpu")
    asked = {TYPED: typed_instruction(recipe, bare=bare), **instructions(recipe)}
    return Speaker(recipe, model, prompter, asked, context_of(model))


def find_recipe(target: str, file: str | None, overrides: list[str]) -> tuple[Recipe, bool]:
    """Return the recipe that ``target`` is asked by, with its model in it, and whether it is only our default.

    Raises:
        RecipeError: the recipe is wrong.
        RunError: ``target`` is a run without a model.
    """
    run = Path(target).expanduser()
    if not is_run(run):
        recipe = load_recipe(file, overrides) if file else default_recipe(target, overrides)
        return replace(recipe, model=target, from_scratch=False), file is None
    return trained(load_recipe(file or run / "recipe.yaml", overrides), run), False


def default_recipe(model: str, overrides: list[str]) -> Recipe:
    """Return the recipe of a model that none is given for: the kit's tags, and tasks that need no file."""
    values = {"model": model, "tasks": [dict(use) for use in GENERATED], "output_dir": "chat"}
    values |= TINY_FORMAT if model == TINY else {}
    source = Source(values, {}, "chat")
    for override in overrides:
        apply_override(source.values, override, source.places)
    return bind(Recipe, source)


def typed_instruction(recipe: Recipe, *, bare: bool) -> str | None:
    """Return the text before what a person types: as in training, and none where no recipe says how."""
    if recipe.instruction is not None or bare:
        return recipe.instruction or None
    known = set(instructions(recipe).values())
    return known.pop() if len(known) == 1 else format_instruction(recipe.format.tags())
