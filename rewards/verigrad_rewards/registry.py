"""``REWARDS``: every reward of the kit by name. Others are given as ``package.module:name``."""

from collections.abc import Callable

from verigrad_rewards.chance import coin_flip
from verigrad_rewards.code import code_tests
from verigrad_rewards.code.process import MEMORY_MB, TIMEOUT_S
from verigrad_rewards.format import think_answer
from verigrad_rewards.math import countdown, math_answer, multiple_choice
from verigrad_rewards.overlong import overlong
from verigrad_rewards.types import Problem, Response, Verdict


def answer_or_tests(
    problem: Problem,
    response: Response,
    *,
    timeout_s: float = TIMEOUT_S,
    memory_mb: int = MEMORY_MB,
    sandbox: str = "auto",
    partial: bool = False,
    think_tag: str = "think",
    answer_tag: str = "answer",
) -> Verdict:
    """Return ``code_tests`` with its options where the problem has tests, else ``math_answer``."""
    if "tests" not in problem.info:
        return math_answer(problem, response, think_tag=think_tag, answer_tag=answer_tag)
    limits = {"timeout_s": timeout_s, "memory_mb": memory_mb, "sandbox": sandbox, "partial": partial}
    return code_tests(problem, response, think_tag=think_tag, answer_tag=answer_tag, **limits)


REWARDS: dict[str, Callable[..., Verdict]] = {
    "math_answer": math_answer,
    "countdown": countdown,
    "multiple_choice": multiple_choice,
    "code_tests": code_tests,
    "answer_or_tests": answer_or_tests,
    "think_answer": think_answer,
    "overlong": overlong,
    "coin_flip": coin_flip,
}
