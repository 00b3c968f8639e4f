"""Render problems as prompts, and responses as rewards read them: from the assistant header on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from verigrad.errors import RunError
from verigrad.recipe.schema import Recipe
from verigrad.tasks.mix import find_task
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import Problem, Response


def format_instruction(tags: Tags) -> str:
    """Return the sentence that asks for the think/answer structure."""
    return (
        f"Think step by step inside <{tags.think}> and </{tags.think}>, then give only the final answer inside "
        f"<{tags.answer}> and </{tags.answer}>."
    )


def chat_messages(problem: Problem, instruction: str | None) -> list[dict[str, str]]:
    """Return the one user message: the instruction, if any, and the question."""
    content = f"{instruction}\n\n{problem.question}" if instruction else problem.question
    return [{"role": "user", "content": content}]


@dataclass(frozen=True)
class Prompter:
    """Turns a problem into chat messages and token ids back into a response.

    Attributes:
        tokenizer: with a chat template.
        tags: of the think/answer structure.
        end_ids: token ids that end a turn.
        template_options: for the chat template, such as ``enable_thinking``.
    """

    tokenizer: Any
    tags: Tags
    end_ids: tuple[int, ...]
    template_options: Mapping[str, Any] = field(default_factory=dict)

    def render(self, messages: list[dict[str, str]]) -> str:
        """Return the prompt text up to where the model begins to write."""
        return self.apply(messages, add_generation_prompt=True)

    def apply(self, messages: list[dict[str, str]], *, add_generation_prompt: bool) -> str:
        """Return ``messages`` as the chat template writes them."""
        options = {**self.template_options, "add_generation_prompt": add_generation_prompt}
        return self.tokenizer.apply_chat_template(messages, tokenize=False, **options)

    def prefill(self) -> str:
        """Return what the template writes for the model after the assistant header, such as ``<think>``."""
        messages = [{"role": "user", "content": "?"}]
        whole = self.render(messages)
        before = self.apply(messages, add_generation_prompt=False)
        header = whole[len(before) :] if whole.startswith(before) else whole
        start = header.find(f"<{self.tags.think}>")
        return header[start:] if start >= 0 else ""

    def token_ids(self, problem: Problem, instruction: str | None) -> list[int]:
        """Return the prompt as token ids; the template writes every special token itself."""
        text = self.render(chat_messages(problem, instruction))
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def responses(self, completions: Sequence[Sequence[int]]) -> list[Response]:
        """Return what was written as responses, with the prefill in front and tags that are special tokens kept."""
        cut = [self.until_end(ids) for ids in completions]
        texts = [
            self.tokenizer.decode(ids[:-1] if finished else ids, skip_special_tokens=False) for ids, finished in cut
        ]
        prefill = self.prefill()
        return [Response(prefill + text, len(ids), finished) for text, (ids, finished) in zip(texts, cut, strict=True)]

    def until_end(self, ids: Sequence[int]) -> tuple[list[int], bool]:
        """Return the ids up to and including the first end token, and whether there is one."""
        for place, token in enumerate(ids):
            if token in self.end_ids:
                return list(ids[: place + 1]), True
        return list(ids), False


def check_lengths(prompter: Prompter, problems: Sequence[Problem], instruct: Any, limit: int) -> int:
    """Return the tokens of the longest prompt, refusing problems whose prompt is longer than ``limit`` tokens.

    Raises:
        RunError: with the first such problem and how many there are.
    """
    lengths = [(len(prompter.token_ids(p, instruct(p))), p.id) for p in problems]
    long = [(n, name) for n, name in lengths if n > limit]
    if long:
        raise RunError(
            f"{long[0][1]}: its prompt has {long[0][0]} tokens, and {len(long) - 1} others are too long; allowed is "
            f"max_prompt_tokens: {limit}; raise it with max_prompt_tokens=…"
        )
    return max((n for n, _ in lengths), default=0)


def instructions(recipe: Recipe) -> dict[str, str | None]:
    """Return the text before a question for every task: the recipe's, or the task's own with the format spelled out."""
    if recipe.instruction is not None:
        return {find_task(use.name).name: recipe.instruction or None for use in recipe.tasks}
    asked = format_instruction(recipe.format.tags())
    return {task.name: f"{task.instruction} {asked}".strip() for task in (find_task(use.name) for use in recipe.tasks)}
