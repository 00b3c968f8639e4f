"""Sample the responses of an evaluation from an OpenAI-compatible endpoint."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from verigrad.errors import RecipeError
from verigrad.evaluate.endpoint import Endpoint, Request, check_endpoint, complete, describe
from verigrad.evaluate.plan import Ask, Settings
from verigrad.evaluate.sampler import Written
from verigrad.models.prompt import chat_messages, instructions
from verigrad.recipe.schema import Recipe
from verigrad.tasks.mix import task_of
from verigrad.thinking import split_thinking
from verigrad_rewards.types import Problem, Response


class Remote:
    """A model behind an endpoint, which renders the chat messages and counts the tokens itself.

    Raises:
        RecipeError: the recipe wants thinking budgets, which end a response in the middle.
        RunError: the endpoint's address is wrong.
    """

    def __init__(self, recipe: Recipe, endpoint: Endpoint) -> None:
        if recipe.eval.think_budgets:
            raise RecipeError(
                "eval.think_budgets: an endpoint cannot be made to end its thinking; measure them with the model on "
                "this machine, or set eval.think_budgets=[]"
            )
        check_endpoint(endpoint)
        self.endpoint, self.instructions, self.tag = endpoint, instructions(recipe), recipe.format.think_tag
        self.ahead, self.device = endpoint.concurrency, "endpoint"
        where = describe(endpoint)
        self.facts: Mapping[str, Any] = {
            "sampler": where,
            "model": endpoint.model,
            "weights": None,
            "parameters": None,
            "template": None,
            "tokenizer": None,
        }

    def check(self, problems: Sequence[Problem]) -> None:
        """Look at nothing: only the endpoint knows how long is too long."""

    def render(self, problem: Problem) -> str:
        """Return the chat messages as JSON."""
        return json.dumps(chat_messages(problem, self.instructions[task_of(problem)]))

    def respond(self, asks: Sequence[Ask], wanted: Mapping[str, Settings], done: set[str]) -> Iterator[list[Written]]:
        """Yield responses one by one, as they come, and empty batches while none does."""
        todo = [ask for ask in asks if ask.key not in done]
        with closing(complete(self.endpoint, [as_request(ask, wanted[ask.decode]) for ask in todo])) as coming:
            for found in coming:
                yield [self.written(todo, *found)] if found else []

    def written(self, todo: Sequence[Ask], place: int, response: Response) -> Written:
        """Return a response with what it answers."""
        return Written(todo[place], response, think_tokens(response, self.tag))


def as_request(ask: Ask, settings: Settings) -> Request:
    """Return what the endpoint is sent."""
    seed = ask.seed % 2**31  # which servers take
    return Request(json.loads(ask.prompt), seed, settings.temperature, settings.top_p, settings.max_tokens)


def think_tokens(response: Response, tag: str) -> int:
    """Return how many tokens are thinking, estimated by its share of the characters."""
    thinking = len(split_thinking(response.text, tag)[0])
    return round(response.num_tokens * thinking / len(response.text)) if thinking else 0
