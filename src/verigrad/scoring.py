"""Score responses as the recipe says: each problem by its task's correctness, plus the shaping of the recipe."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from verigrad.errors import RecipeError
from verigrad.recipe.schema import Recipe
from verigrad.tasks.mix import find_task, task_of
from verigrad_rewards.code import check_limits, check_sandbox, shared_judge
from verigrad_rewards.code.process import MEMORY_MB, TIMEOUT_S
from verigrad_rewards.combine import Part, Score, make_part, total, with_format
from verigrad_rewards.format import think_answer
from verigrad_rewards.overlong import check_lengths
from verigrad_rewards.pool import Job, Pool
from verigrad_rewards.registry import REWARDS
from verigrad_rewards.types import Problem, ProblemError, Response, Status, Verdict

GOLD_DEADLINE_S = 30.0  # for the gold answer of one problem, its tests included


@dataclass(frozen=True)
class Scorer:
    """The rewards of a recipe, ready to score.

    Attributes:
        correctness: by task name.
        shaping: rewards for form, the same for every task.
        form: the recipe's format, which evaluation reports as format rate.
        chance: replaces every total when the recipe is a random control.
    """

    correctness: dict[str, Part]
    shaping: tuple[Part, ...]
    form: Part
    chance: Part | None

    def parts(self, problem: Problem) -> list[Part]:
        """Return what scores a response to ``problem``: its correctness, then the shaping."""
        return [self.correctness[task_of(problem)], *self.shaping]

    def score(self, problem: Problem, response: Response) -> Score:
        """Return what ``response`` earns, scored in this process: an error of a reward is raised."""
        return self.total(problem, response, [part.score(problem, response) for part in self.parts(problem)])

    def total(self, problem: Problem, response: Response, verdicts: Sequence[Verdict]) -> Score:
        """Return what ``response`` earns; under the random control the verdicts stay true, only the total is random.

        Args:
            problem: what was asked.
            response: what was written.
            verdicts: one for each of ``parts``.
        """
        score = total(self.parts(problem), verdicts)
        if self.chance is None or score.total is None:
            return score
        return replace(score, total=self.chance.score(problem, response).reward)

    def submit(self, pool: Pool, problem: Problem, response: Response) -> "Pending":
        """Return the score to come from ``pool``; a part whose reward fails leaves it without a total."""
        futures = tuple(pool.submit(job_of(part, problem, response)) for part in self.parts(problem))
        return Pending(self, problem, response, futures)

    def verdict(self, problem: Problem, response: Response) -> Verdict:
        """Return correctness alone, which is all that evaluation reports."""
        return self.correctness[task_of(problem)].score(problem, response)

    def keeps_format(self, problem: Problem, response: Response) -> bool:
        """Whether the response keeps the recipe's think/answer structure."""
        return self.form.score(problem, response).status is Status.CORRECT


@dataclass(frozen=True)
class Pending:
    """The score of one response while a pool works on it.

    Attributes:
        scorer: the rewards.
        problem: what was asked.
        response: what was written.
        futures: the verdicts on its parts, correctness first.
    """

    scorer: Scorer
    problem: Problem
    response: Response
    futures: tuple[Future[Verdict], ...]

    def result(self) -> Score:
        """Wait for the verdicts and return the score.

        Raises:
            CancelledError: the pool was closed first.
        """
        return self.scorer.total(self.problem, self.response, [future.result() for future in self.futures])


def job_of(part: Part, problem: Problem, response: Response) -> Job:
    """Return the job of scoring ``response`` by ``part``."""
    return Job(part.name, problem, response, part.options)


def make_scorer(recipe: Recipe) -> Scorer:
    """Return the rewards of ``recipe``, every name and option checked.

    Raises:
        RecipeError: an unknown reward or option.
    """
    form = {
        "think_tag": recipe.format.think_tag,
        "answer_tag": recipe.format.answer_tag,
        "allow_empty_think": recipe.format.allow_empty_think,
    }
    try:
        correctness = {}
        for use in recipe.tasks:
            task = find_task(use.name)
            part = make_part(task.reward, {**task.reward_options, **use.reward_options}, REWARDS)
            check_sandbox(part.options.get("sandbox", "auto"))
            check_limits(part.options.get("timeout_s", TIMEOUT_S), part.options.get("memory_mb", MEMORY_MB))
            correctness[task.name] = with_format(part, form)
        shaping = tuple(with_format(make_part(s.name, s.options, REWARDS, s.weight), form) for s in recipe.shaping)
        check_overlong(recipe)
        chance = make_part("coin_flip", {"seed": recipe.seed}, REWARDS) if recipe.control == "random" else None
    except RecipeError:
        raise
    except ValueError as error:
        raise RecipeError(str(error)) from None
    return Scorer(correctness, shaping, Part("think_answer", think_answer, form), chance)


def check_overlong(recipe: Recipe) -> None:
    """Refuse an overlong penalty that can never be paid, or with limits that are none.

    Raises:
        ValueError: with the limits.
    """
    for use in recipe.shaping:
        if use.name == "overlong":
            check_lengths(**use.options)
            if use.options["limit"] > recipe.max_response_tokens:
                raise ValueError(
                    f"shaping overlong: limit is {use.options['limit']}; allowed is up to max_response_tokens "
                    f"({recipe.max_response_tokens}), where responses are cut"
                )


def sandboxes(scorer: Scorer, problems: Sequence[Problem]) -> dict[str, str]:
    """Return, by task, the layers that lock in the programs which ``problems`` ask for; empty where they ask for none.

    Raises:
        SandboxUnavailableError: programs cannot be locked in here.
    """
    tasks = sorted({task_of(problem) for problem in problems if "tests" in problem.info})
    chosen = {task: scorer.correctness[task].options.get("sandbox", "auto") for task in tasks}
    return {task: shared_judge(sandbox).layers() for task, sandbox in chosen.items()}


def gold_response(recipe: Recipe, problem: Problem) -> Response | None:
    """Return the response a perfect model would give, None where the task cannot say."""
    solve = find_task(use_of(recipe, problem)).solve
    answer = solve(problem).answer if solve else problem.answer
    if not answer:
        return None
    think, wrap = recipe.format.think_tag, recipe.format.answer_tag
    return Response(f"<{think}>worked out</{think}><{wrap}>{answer}</{wrap}>")


def use_of(recipe: Recipe, problem: Problem) -> str:
    """Return the name under which the recipe uses the task of ``problem``."""
    return next(use.name for use in recipe.tasks if find_task(use.name).name == task_of(problem))


def gold_jobs(recipe: Recipe, scorer: Scorer, problems: Sequence[Problem], limit: int) -> list[Job]:
    """Return the gold answers of ``problems`` as responses to score, at most ``limit`` of those decided by tests."""
    jobs, tested = [], 0
    for problem in problems:
        gold = gold_response(recipe, problem)
        tested += "tests" in problem.info
        if gold is not None and ("tests" not in problem.info or tested <= limit):
            jobs.append(job_of(scorer.correctness[task_of(problem)], problem, gold))
    return jobs


def check_gold(recipe: Recipe, scorer: Scorer, problems: Sequence[Problem], limit: int = 200) -> None:
    """Refuse problems whose own gold answer is not worth 1; looks at up to ``limit`` of those decided by tests.

    Raises:
        ProblemError: the first such problem.
        SandboxUnavailableError: programs cannot be locked in here.
    """
    sandboxes(scorer, problems)  # refuses before the first program, and its caller says what holds
    jobs = gold_jobs(recipe, scorer, problems, limit)
    with Pool(workers=1, deadline_s=GOLD_DEADLINE_S) as pool:
        verdicts = pool.score(jobs)
    for job, verdict in zip(jobs, verdicts, strict=True):
        problem, gold = job.problem, job.response
        if verdict.status is not Status.CORRECT:
            raise ProblemError(
                f"{problem.id}: its own gold answer {problem.answer or gold.text!r} is judged {verdict.status} "
                f"({verdict.detail}); correct the problem, or remove it"
            )
