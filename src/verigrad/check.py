"""``verigrad check``: everything about a recipe that can be known without weights."""

from collections.abc import Sequence

from verigrad.errors import RecipeError
from verigrad.leaks import find_leaks
from verigrad.leaks.gate import headline, listing, without
from verigrad.recipe import Recipe, load_recipe
from verigrad.scoring import Scorer, check_gold, gold_response, job_of, make_scorer, sandboxes
from verigrad.tasks.mix import held_out_problems, measured, measured_problems, train_problems
from verigrad_rewards.pool import Pool
from verigrad_rewards.types import Problem, Response

TESTED = 50  # problems of each side whose tests are run, and that are answered by cheats


def check_recipe(file: str, overrides: list[str]) -> list[str]:
    """Return what was checked, one line each.

    Raises:
        RecipeError, ProblemError: the first thing that is wrong.
        SandboxUnavailableError: programs cannot be locked in here.
    """
    recipe = load_recipe(file, overrides)
    trained, judged = make_scorer(recipe), make_scorer(measured(recipe))
    said = [f"{file}: every key and reward is known"]
    train = train_problems(recipe)
    said += check_problems(recipe, trained, "train", train)
    asked = [problem for _, problem in measured_problems(recipe)]
    said += check_problems(measured(recipe), judged, "measured", asked)
    said.append("empty responses and echoed questions earn 0")
    return [*said, *check_leaks(recipe, train)]


def check_problems(recipe: Recipe, scorer: Scorer, name: str, problems: Sequence[Problem]) -> list[str]:
    """Return what holds programs, and that gold answers earn 1.

    Raises:
        RecipeError: a reward pays for nothing.
        ProblemError: a gold answer does not earn 1.
    """
    said = [f"{task}: programs run in {layers}" for task, layers in sandboxes(scorer, problems).items()]
    check_gold(recipe, scorer, problems, limit=TESTED)
    check_shaping(recipe, scorer, problems[:TESTED])
    for problem in problems[:TESTED]:
        for cheat in ("", problem.question, f"<answer>{problem.question}</answer>"):
            if scorer.verdict(problem, Response(cheat)).reward > 0:
                raise RecipeError(f"{problem.id}: its reward pays for {cheat[:40]!r}, which answers nothing")
    return [*said, f"{name}: {len(problems)} problems loaded, every gold answer looked at earns 1"]


def check_shaping(recipe: Recipe, scorer: Scorer, problems: Sequence[Problem]) -> None:
    """Run the rewards for form on gold answers.

    Raises:
        RewardError, ProblemError: one fails, which would leave responses without a score.
    """
    gold = [(problem, gold_response(recipe, problem)) for problem in problems]
    jobs = [job_of(part, problem, said) for problem, said in gold if said for part in scorer.shaping]
    with Pool(workers=1, deadline_s=recipe.scoring.deadline_s) as pool:
        pool.score(jobs)


def check_leaks(recipe: Recipe, train: Sequence[Problem]) -> list[str]:
    """Return how many problems were compared, and the pairs that ``leaks: drop`` leaves out of training.

    Raises:
        RecipeError: train problems are held out as well; it lists the pairs.
    """
    held_out = held_out_problems(recipe)
    leaks = find_leaks(train, held_out)
    if leaks and recipe.leaks == "refuse":
        raise RecipeError("\n".join([headline(leaks), *listing(leaks)]))
    dropped = len(train) - len(without(train, leaks))
    what = f"{dropped} train problems are left out (leaks: drop)" if leaks else "none is the same"
    return [f"leaks: {len(train)} train and {len(held_out)} held-out problems compared, {what}", *listing(leaks)]
