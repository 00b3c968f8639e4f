"""``REWARDS``: every reward of the kit by name. Others are given as ``package.module:name``."""

from collections.abc import Callable

from verigrad_rewards.chance import coin_flip
from verigrad_rewards.code import code_tests
from verigrad_rewards.format import think_answer
from verigrad_rewards.math import countdown, math_answer, multiple_choice
from verigrad_rewards.types import Problem, Response, Verdict


def answer_or_tests(
    problem: Problem, response: Response, *, think_tag: str = "think", answer_tag: str = "answer"
) -> Verdict:
    """Return ``code_tests`` where the problem has tests, else ``math_answer``."""
    reward = code_tests if "tests" in problem.info else math_answer
    return reward(problem, response, think_tag=think_tag, answer_tag=answer_tag)


REWARDS: dict[str, Callable[..., Verdict]] = {
    "math_answer": math_answer,
    "countdown": countdown,
    "multiple_choice": multiple_choice,
    "code_tests": code_tests,
    "answer_or_tests": answer_or_tests,
    "think_answer": think_answer,
    "coin_flip": coin_flip,
}
