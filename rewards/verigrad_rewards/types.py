"""The values that every reward takes and returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What became of one response."""

    CORRECT = "correct"
    WRONG = "wrong"
    NO_ANSWER = "no_answer"
    TIMEOUT = "timeout"  # the response caused it, so it counts as wrong
    UNSCORED = "unscored"  # our own failure, never the model's


class ProblemError(ValueError):
    """A problem that no response could be scored against: our data is wrong, not the model."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One item with its checked answer.

    Attributes:
        id: unique and stable, like ``gsm8k/test/17``.
        question: what the model is asked, before instruction and chat template.
        answer: the gold answer as text; empty where ``info`` holds all that decides (unit tests).
        info: what the reward needs beyond the answer, as plain JSON-like values.
    """

    id: str
    question: str
    answer: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """Text a model wrote for one prompt.

    Attributes:
        text: everything after the assistant header: what the template prefilled, then what the model wrote.
        num_tokens: tokens the model wrote, the end-of-turn token included.
        finished: whether the model ended its turn; False when the token limit cut it.
    """

    text: str
    num_tokens: int = 0
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reward says of one response.

    Attributes:
        reward: finite; correctness lies in [0, 1].
        status: what became of the response.
        answer: what was read as the answer, None if nothing was.
        detail: why, in one sentence a person understands.
    """

    reward: float
    status: Status
    answer: str | None = None
    detail: str = ""


# a pure, importable, picklable function: ``reward(problem, response, **options)``, options keyword-only
Reward = Callable[..., Verdict]
