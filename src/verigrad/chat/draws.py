"""Draw held-out problems one after the other."""

import random
from collections.abc import Iterator
from itertools import cycle

from verigrad.errors import RecipeError
from verigrad.recipe import Recipe
from verigrad.recipe.bind import nearest
from verigrad.tasks.mix import find_task, load_mix, load_task
from verigrad.tasks.types import Split
from verigrad_rewards.types import Problem

MOST = 100  # problems that are loaded of a mix or a task


class Draws:
    """Held-out problems of a recipe, in an order that a seed decides; from the first again after the last."""

    def __init__(self, recipe: Recipe, seed: int) -> None:
        self.recipe, self.seed = recipe, seed
        self.uses = {find_task(use.name).name: use for use in recipe.tasks}
        self.orders: dict[str, Iterator[Problem]] = {}

    def next(self, task: str) -> Problem:
        """Return the next problem of ``task``, or of the whole mix where it is empty.

        Raises:
            RecipeError: the recipe has no such task, or no held-out problems.
            ProblemError: its problems cannot be loaded.
        """
        if task not in self.orders:
            self.orders[task] = cycle(self.shuffled(task))
        return next(self.orders[task])

    def shuffled(self, task: str) -> list[Problem]:
        """Return problems of ``task``, or of the mix, in a seeded order; no more than the evaluation loads."""
        count = min(MOST, self.recipe.eval.problems)
        if not task:
            problems = load_mix(self.recipe.tasks, Split.HELD_OUT, self.recipe.seed, count)
        elif task in self.uses:
            problems = load_task(self.uses[task], Split.HELD_OUT, self.recipe.seed, count)
        else:
            hint = nearest(task, self.uses) or f" Allowed: {', '.join(self.uses)}"
            raise RecipeError(f"/task {task!r}: the recipe has no such task.{hint}")
        random.Random(f"{self.seed}/{task}").shuffle(problems)
        return problems
