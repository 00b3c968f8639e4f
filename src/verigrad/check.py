"""``verigrad check``: everything about a recipe that can be known without weights."""

from rich.markup import escape

from verigrad.errors import RecipeError
from verigrad.leaks import find_leaks
from verigrad.leaks.gate import headline, listing, without
from verigrad.recipe import Recipe, load_recipe
from verigrad.scoring import check_gold, make_scorer, sandboxes
from verigrad.tasks.mix import DISTINCT, held_out_problems, load_mix
from verigrad.tasks.types import Split
from verigrad_rewards.types import Response


def check_recipe(file: str, overrides: list[str]) -> list[str]:
    """Return what was checked, one line each.

    Raises:
        RecipeError, ProblemError: the first thing that is wrong.
        SandboxUnavailableError: programs cannot be locked in here.
    """
    recipe = load_recipe(file, overrides)
    scorer = make_scorer(recipe)
    said = [f"{file}: every key and reward is known"]
    for split, count in (
        (Split.TRAIN, recipe.prompts_per_step * min(recipe.max_steps, 50)),
        (Split.HELD_OUT, 200),
    ):
        problems = load_mix(recipe.tasks, split, recipe.seed, count)
        if split is Split.TRAIN:
            said += [f"{task}: programs run in {layers}" for task, layers in sandboxes(scorer, problems).items()]
        check_gold(recipe, scorer, problems, limit=50)
        said.append(f"{split}: {len(problems)} problems loaded, every gold answer looked at earns 1")
        for problem in problems[:50]:
            for cheat in ("", problem.question, f"<answer>{problem.question}</answer>"):
                if scorer.verdict(problem, Response(cheat)).reward > 0:
                    raise RecipeError(f"{problem.id}: its reward pays for {cheat[:40]!r}, which answers nothing")
    said.append("empty responses and echoed questions earn 0")
    return [*said, *check_leaks(recipe)]


def check_leaks(recipe: Recipe) -> list[str]:
    """Return how many problems were compared, and the pairs that ``leaks: drop`` leaves out of training.

    Raises:
        RecipeError: train problems are held out as well; it lists the pairs.
    """
    steps = sum(phase.steps for phase in recipe.phases)
    asked = min(steps * recipe.sequences_per_step, DISTINCT)
    count = asked if recipe.stage == "sft" else recipe.prompts_per_step * recipe.max_steps
    train, held_out = load_mix(recipe.tasks, Split.TRAIN, recipe.seed, count), held_out_problems(recipe)
    leaks = find_leaks(train, held_out)
    if leaks and recipe.leaks == "refuse":
        raise RecipeError("\n".join([headline(leaks), *listing(leaks)]))
    dropped = len(train) - len(without(train, leaks))
    what = f"{dropped} train problems are left out (leaks: drop)" if leaks else "none is the same"
    return [
        f"leaks: {len(train)} train and {len(held_out)} held-out problems compared, {what}",
        *map(escape, listing(leaks)),
    ]
