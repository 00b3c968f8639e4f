"""What a leak leads to: an error that names the pairs, or train problems left out."""

from collections.abc import Callable, Sequence

from verigrad.errors import RecipeError
from verigrad.leaks.index import Leak, find_leaks
from verigrad.recipe.schema import Recipe
from verigrad.tasks.mix import held_out_problems
from verigrad_rewards.types import Problem

NAMED, LISTED = 3, 50  # pairs in an error of one line, in a list


def require_disjoint(train: Sequence[Problem], held_out: Sequence[Problem]) -> None:
    """Refuse train problems that are held out as well.

    Raises:
        RecipeError: in one line, with the first pairs.
    """
    if leaks := find_leaks(train, held_out):
        more = f" and {len(leaks) - NAMED} more ('verigrad check' lists them)" if len(leaks) > NAMED else ""
        raise RecipeError(f"{headline(leaks)}: {', '.join(map(str, leaks[:NAMED]))}{more}")


def headline(leaks: Sequence[Leak]) -> str:
    """Return how many pairs there are, and what to do about them."""
    pairs = "1 pair" if len(leaks) == 1 else f"{len(leaks)} pairs"
    return (
        f"tasks: found {pairs} of a train and a held-out problem that are the same; take them out of one side, or "
        "leave them out of training with 'leaks: drop'"
    )


def listing(leaks: Sequence[Leak]) -> list[str]:
    """Return a line for each pair, up to ``LISTED``."""
    more = [f"  and {len(leaks) - LISTED} more"] if len(leaks) > LISTED else []
    return [*(f"  {leak}" for leak in leaks[:LISTED]), *more]


def without(train: Sequence[Problem], leaks: Sequence[Leak]) -> list[Problem]:
    """Return the train problems that are in no pair of ``leaks``.

    Raises:
        RecipeError: none is left.
    """
    leaking = {leak.train_id for leak in leaks}
    kept = [problem for problem in train if problem.id not in leaking]
    if train and not kept:
        raise RecipeError(f"leaks: drop leaves no train problem: all {len(train)} are held out as well; bring others")
    return kept


def drop_or_refuse(recipe: Recipe, train: Sequence[Problem], say: Callable[[str], None]) -> list[Problem]:
    """Return the train problems without those that ``recipe`` measures on, if it wants them dropped.

    Raises:
        RecipeError: there are some, and it does not.
    """
    held_out = held_out_problems(recipe)
    if recipe.leaks == "refuse":
        require_disjoint(train, held_out)
        return list(train)
    leaks = find_leaks(train, held_out)
    kept = without(train, leaks)
    if leaks:
        say(f"leaks: {len(train) - len(kept)} of {len(train)} train problems are held out as well and left out")
    return kept
