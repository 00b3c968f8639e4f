"""Everything a stage needs, loaded and checked before the first step."""

from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import PartialState
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from verigrad.models.load import check_context, load_for
from verigrad.models.prompt import Prompter, check_lengths, instructions
from verigrad.processes.watchdog import Watchdog
from verigrad.recipe.schema import Recipe
from verigrad.scoring import Pending, Scorer, check_gold, make_scorer
from verigrad.tasks.mix import quick_check_problems, task_of
from verigrad_rewards.combine import Score
from verigrad_rewards.pool import Pool
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
        stage: of the recipe.
        world_size: processes that train together.
        max_tokens: where responses are cut.
        batch_size: responses decoded at once.
        pool: worker processes that score.
        watchdog: is told of progress.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    prompter: Prompter
    scorer: Scorer
    instructions: Mapping[str, str | None]
    held_out: Sequence[Problem]
    folder: Path
    stage: str
    world_size: int
    max_tokens: int
    batch_size: int
    pool: Pool
    watchdog: Watchdog

    def finish(self, pending: Pending) -> Score:
        """Return a score that workers were asked for; their own deadlines bound the wait."""
        while wait(pending.futures, timeout=1.0).not_done:
            self.watchdog.tick()
        return pending.result()

    def instruction(self, problem: Problem) -> str | None:
        """Return the text that stands before the question of ``problem``."""
        return self.instructions[task_of(problem)]


def make_setup(recipe: Recipe, problems: Sequence[Problem], world_size: int, pool: Pool, watchdog: Watchdog) -> Setup:
    """Return the loaded run; data and rewards are checked before the weights are loaded.

    Raises:
        RecipeError, RunError, ProblemError: the first thing that is wrong, in one line.
    """
    scorer = make_scorer(recipe)
    held_out = quick_check_problems(recipe)
    check_gold(recipe, scorer, held_out)
    if recipe.stage == "grpo":
        check_gold(recipe, scorer, problems)
    model, prompter = load_for(recipe, PartialState().device)
    setup = Setup(
        model,
        prompter.tokenizer,
        prompter,
        scorer,
        instructions(recipe),
        held_out,
        Path(recipe.output_dir).expanduser(),
        recipe.stage,
        world_size,
        recipe.max_response_tokens,
        recipe.eval.batch_size,
        pool,
        watchdog,
    )
    asked = [*problems, *held_out] if recipe.stage == "grpo" else []
    longest = check_lengths(setup.prompter, asked, setup.instruction, recipe.max_prompt_tokens)
    check_context(model, recipe, longest)
    return setup


def describe(setup: Setup) -> dict[str, Any]:
    """Return what the run folder says of the model."""
    return {"parameters": sum(p.numel() for p in setup.model.parameters()), "world_size": setup.world_size}
