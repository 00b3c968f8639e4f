"""What a pool and its workers say to each other."""

import struct
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from verigrad_rewards.types import Problem, ProblemError, Response, Verdict

MAX_TEXT = 10_000  # characters of an answer or a detail that leave a worker
LENGTH = struct.Struct("!Q")  # before each request


class PoolError(RuntimeError):
    """A worker cannot start, or died twice on the same response; or the pool is closed."""


class RewardError(ValueError):
    """A reward raised, or returned something other than a finite Verdict: its own bug, not the response."""


@dataclass(frozen=True, slots=True)
class Job:
    """One response to score.

    Attributes:
        reward: a key of ``REWARDS`` or ``package.module:name``.
        problem: what was asked.
        response: what was written.
        options: the reward's keyword options.
    """

    reward: str
    problem: Problem
    response: Response
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"reward {self.reward} on {self.problem.id}"


def describe(error: BaseException, reward: Callable[..., Verdict] | None = None) -> str:
    """Return what was raised and where, in one line; a ProblemError speaks for itself."""
    try:
        said = str(error)[:MAX_TEXT]
        if isinstance(error, ProblemError):
            return said
        file = getattr(getattr(reward, "__code__", None), "co_filename", None)
        trace = traceback.walk_tb(error.__traceback__)
        lines = [line for frame, line in trace if frame.f_code.co_filename == file]
        where = f" ({Path(str(file)).name}:{lines[-1]})" if lines else ""
        return f"raised {type(error).__name__}{': ' if said else ''}{' '.join(said.split())[:500]}{where}"
    except BaseException:  # its own __str__ fails
        return f"raised {type(error).__name__}"
