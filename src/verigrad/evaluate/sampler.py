"""What writes the responses of an evaluation: a model on this machine, or one behind an endpoint."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from verigrad.evaluate.plan import Ask, Settings
from verigrad_rewards.types import Problem, Response


@dataclass(frozen=True, slots=True)
class Written:
    """One response.

    Attributes:
        ask: what it answers.
        response: as rewards read it.
        think_tokens: how many of its tokens are thinking.
        forced: whether the budget ended its thinking.
    """

    ask: Ask
    response: Response
    think_tokens: int
    forced: bool = False


class Sampler(Protocol):
    """Writes responses.

    Attributes:
        facts: what the records say was measured: model, weights, tokenizer and so on.
        device: what it runs on.
        ahead: batches that may wait for their verdicts while the next ones are written.
    """

    facts: Mapping[str, Any]
    device: str
    ahead: int

    def check(self, problems: Sequence[Problem]) -> None:
        """Refuse problems that the model cannot be asked."""
        ...

    def render(self, problem: Problem) -> str:
        """Return the prompt of a problem as the model is given it."""
        ...

    def respond(self, asks: Sequence[Ask], wanted: Mapping[str, Settings], done: set[str]) -> Iterator[list[Written]]:
        """Yield the responses to ``asks``, in batches; those whose keys are ``done`` are there already."""
        ...
