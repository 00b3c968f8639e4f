"""Sample the responses of an evaluation from a model on this machine, on one process or several."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from accelerate import PartialState

from verigrad.evaluate.budget import ending
from verigrad.evaluate.plan import Ask, Settings
from verigrad.evaluate.sampler import Written
from verigrad.fingerprint import fingerprint
from verigrad.models.load import check_context, load_for, weights_hash
from verigrad.models.prompt import chat_messages, check_lengths, instructions
from verigrad.models.sample import Budget, Decoding, sample_ids
from verigrad.processes.supervision import tick_with
from verigrad.processes.watchdog import Watchdog
from verigrad.recipe.schema import Recipe
from verigrad.tasks.mix import task_of
from verigrad.thinking import split_thinking
from verigrad_rewards.types import Problem


class Local:
    """The model of a recipe, loaded.

    Every response is a function of the weights, its prompt and its seed. The batches are those of the whole plan,
    whatever is already there, so that an interrupted evaluation goes on with the same ones.

    Raises:
        RunError: the model or its tokenizer cannot be loaded, or do not belong together.
    """

    ahead = 1

    def __init__(self, recipe: Recipe, state: PartialState, watchdog: Watchdog) -> None:
        self.recipe, self.state = recipe, state
        self.model, self.prompter = load_for(recipe, state.device)
        tokenizer = self.prompter.tokenizer
        self.instructions = instructions(recipe)
        self.facts: Mapping[str, Any] = {
            "sampler": "transformers",
            "model": recipe.model,
            "weights": weights_hash(self.model),
            "parameters": sum(p.numel() for p in self.model.parameters()),
            "template": fingerprint([tokenizer.chat_template, dict(self.prompter.template_options)]),
            "tokenizer": fingerprint([tokenizer.get_vocab(), tokenizer.all_special_tokens]),
        }
        self.device = f"{state.num_processes} × {str(state.device).partition(':')[0]}"
        tick_with(self.model, watchdog)

    def check(self, problems: Sequence[Problem]) -> None:
        """Refuse problems that are too long for the model.

        Raises:
            RunError: with the first.
        """
        longest = check_lengths(
            self.prompter, problems, lambda p: self.instructions[task_of(p)], self.recipe.max_prompt_tokens
        )
        check_context(self.model, self.recipe, longest)

    def render(self, problem: Problem) -> str:
        """Return the prompt as the chat template writes it."""
        return self.prompter.render(chat_messages(problem, self.instructions[task_of(problem)]))

    def respond(self, asks: Sequence[Ask], wanted: Mapping[str, Settings], done: set[str]) -> Iterator[list[Written]]:
        """Yield this process's part of every batch."""
        ids = cache(lambda text: tuple(self.prompter.tokenizer(text, add_special_tokens=False)["input_ids"]))
        size = self.recipe.eval.batch_size * self.state.num_processes
        for name, group in groupby(asks, key=lambda ask: ask.decode):
            of_name = list(group)
            for start in range(0, len(of_name), size):
                batch = of_name[start : start + size]
                if all(ask.key in done for ask in batch):
                    continue
                mine = batch[self.state.process_index :: self.state.num_processes]
                written = self.write(mine, [ids(ask.prompt) for ask in mine], self.decoding(wanted[name]))
                yield [w for w in written if w.ask.key not in done]

    def decoding(self, settings: Settings) -> Decoding:
        """Return how the responses of ``settings`` are written."""
        limit = settings.max_think_tokens
        budget = Budget(limit, ending(self.prompter)) if limit is not None else None
        return Decoding(
            self.prompter.end_ids,
            settings.max_tokens,
            settings.temperature,
            self.recipe.eval.batch_size,
            settings.top_p,
            budget,
        )

    def write(self, asks: Sequence[Ask], prompts: Sequence[Sequence[int]], decoding: Decoding) -> list[Written]:
        """Return one response per ask, in order."""
        ids = sample_ids(self.model, prompts, [ask.seed for ask in asks], decoding)
        responses = self.prompter.responses(ids)
        thoughts = [split_thinking(r.text, self.prompter.tags.think)[0] for r in responses]
        lengths = self.lengths(thoughts)
        forced = [was_forced(row, decoding.budget) for row in ids]
        return [Written(*each) for each in zip(asks, responses, lengths, forced, strict=True)]

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has."""
        if not texts:
            return []
        return [len(ids) for ids in self.prompter.tokenizer(list(texts), add_special_tokens=False)["input_ids"]]


def was_forced(ids: Sequence[int], budget: Budget | None) -> bool:
    """Whether the thinking of a response was ended by its budget."""
    return budget is not None and len(ids) > budget.tokens and bool(budget.ending(list(ids[: budget.tokens])))
