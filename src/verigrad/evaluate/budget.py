"""A budget for thinking: past it the closing tag is forced and the answer asked for (s1, arXiv 2501.19393)."""

from collections.abc import Callable, Sequence

from verigrad.models.prompt import Prompter
from verigrad_rewards.structure import Tags


def words(text: str, tags: Tags) -> str:
    """Return what must be written to end the thinking of ``text`` and ask for its answer, nothing where it has ended.

    A tag that ``text`` ends in the middle of is completed.
    """
    opening, closing, answer = f"<{tags.think}>", f"</{tags.think}>", f"<{tags.answer}>"
    thinks = opening in text and closing not in text
    if closing in text or (answer in text and not thinks) or f"</{tags.answer}>" in text:
        return ""
    wanted = closing + answer if thinks else answer if text.strip() else opening + closing + answer
    begun = next(n for n in range(len(wanted), -1, -1) if text.endswith(wanted[:n]))
    return wanted[begun:]


def ending(prompter: Prompter) -> Callable[[Sequence[int]], list[int]]:
    """Return the function that says which token ids end the thinking of a response, given its own so far."""
    prefill = prompter.prefill()

    def end(ids: Sequence[int]) -> list[int]:
        text = prefill + prompter.tokenizer.decode(ids, skip_special_tokens=False)
        forced = words(text, prompter.tags)
        return prompter.tokenizer(forced, add_special_tokens=False)["input_ids"] if forced else []

    return end
