"""Draw the recipe's mix of tasks: so many problems of each, interleaved, always in the same order."""

import inspect
from collections.abc import Sequence
from dataclasses import replace

from verigrad.errors import RecipeError
from verigrad.recipe.bind import nearest
from verigrad.recipe.schema import Recipe
from verigrad.recipe.sections import TaskUse
from verigrad.tasks import TASKS
from verigrad.tasks.types import Split, Task
from verigrad_rewards.combine import find_named
from verigrad_rewards.types import Problem, ProblemError

DISTINCT = 30_000  # problems drawn for a supervised run; longer runs see them again, in the same order


def find_task(name: str) -> Task:
    """Return the task called ``name``: a key of ``TASKS`` or ``package.module:name``.

    Raises:
        RecipeError: no such task.
    """
    if ":" not in name:
        if name not in TASKS:
            hint = nearest(name, TASKS) or f" Allowed: {', '.join(TASKS)} or package.module:name"
            raise RecipeError(f"task {name!r} is unknown.{hint}")
        return TASKS[name]
    try:
        found = find_named(name)
    except ValueError as error:
        raise RecipeError(f"task {error}") from None
    if not isinstance(found, Task):
        raise RecipeError(f"task {name!r}: is not a verigrad.tasks.Task")
    return found


def load_task(use: TaskUse, split: Split, seed: int, limit: int | None) -> list[Problem]:
    """Return problems of one task.

    Raises:
        RecipeError: an option that the task does not have, or no problem at all.
        ProblemError: the problems themselves are wrong.
    """
    task = find_task(use.name)
    allowed = [p.name for p in inspect.signature(task.load).parameters.values() if p.kind is p.KEYWORD_ONLY]
    for option in use.options:
        if option not in allowed:
            raise RecipeError(
                f"task {use.name}: unknown option {option!r}.{nearest(option, allowed)} Allowed: {', '.join(allowed)}"
            )
    problems = task.load(split, seed, limit, **use.options)
    odd = next((problem.id for problem in problems if not problem.id.startswith(f"{task.name}/")), None)
    if odd is not None:
        raise ProblemError(f"task {task.name}: its problem {odd!r} has another name; ids begin with '{task.name}/'")
    if not problems and limit != 0 and split is not Split.OOD:
        raise RecipeError(f"task {use.name}: has no {split} problems; check its options {dict(use.options)}")
    return problems


def shares(uses: Sequence[TaskUse], total: int) -> list[int]:
    """Return how many of ``total`` problems each task gets, by weight; the largest remainders get the rest."""
    whole = sum(use.weight for use in uses)
    exact = [total * use.weight / whole for use in uses]
    counts = [int(x) for x in exact]
    order = sorted(range(len(uses)), key=lambda i: counts[i] - exact[i])
    for i in order[: total - sum(counts)]:
        counts[i] += 1
    return counts


def load_mix(uses: Sequence[TaskUse], split: Split, seed: int, total: int) -> list[Problem]:
    """Return ``total`` problems over the tasks, evenly interleaved; fewer where a finite task has no more."""
    columns = [
        load_task(use, split, seed, count) for use, count in zip(uses, shares(uses, total), strict=True) if count
    ]
    ranked = [((i + 0.5) / len(column), problem) for column in columns for i, problem in enumerate(column)]
    return [problem for _, problem in sorted(ranked, key=lambda pair: pair[0])]


def measured(recipe: Recipe) -> Recipe:
    """Return ``recipe`` with the tasks that it is measured on in the place of those that it trains on."""
    return replace(recipe, tasks=recipe.eval.tasks or recipe.tasks)


def measured_problems(recipe: Recipe) -> list[tuple[Split, Problem]]:
    """Return the problems of the evaluation after training, each with its split."""
    tasks = measured(recipe).tasks
    counts = ((Split.HELD_OUT, recipe.eval.problems), (Split.OOD, recipe.eval.ood_problems))
    return [(split, p) for split, count in counts if count for p in load_mix(tasks, split, recipe.seed, count)]


def quick_check_problems(recipe: Recipe) -> list[Problem]:
    """Return the held-out problems of the quick checks during training."""
    count = recipe.eval.every_problems if recipe.eval.every and recipe.stage == "grpo" else 0
    return load_mix(recipe.tasks, Split.HELD_OUT, recipe.seed, count) if count else []


def held_out_problems(recipe: Recipe) -> list[Problem]:
    """Return every problem that ``recipe`` measures on: after training, and in the quick checks during training."""
    found = [*(problem for _, problem in measured_problems(recipe)), *quick_check_problems(recipe)]
    # one id may name a row of each of two files, where a task is used twice
    return list({(problem.id, problem.question): problem for problem in found}.values())


def train_problems(recipe: Recipe) -> list[Problem]:
    """Return the problems that a run of ``recipe`` draws to train on, before any is dropped."""
    count = worked_count(recipe) if recipe.stage == "sft" else recipe.prompts_per_step * recipe.max_steps
    return load_mix(recipe.tasks, Split.TRAIN, recipe.seed, count)


def worked_count(recipe: Recipe) -> int:
    """Return how many distinct problems a supervised run draws worked solutions of."""
    return min(sum(phase.steps for phase in recipe.phases) * recipe.sequences_per_step, DISTINCT)


def task_of(problem: Problem) -> str:
    """Return the name of the task that a problem belongs to: ids begin with it."""
    return problem.id.split("/", 1)[0]
