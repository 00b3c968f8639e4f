"""Tell the thinking of a response from the rest; it may be cut, or opened by the template."""

from verigrad_rewards.structure import Tags


def think_span(text: str, tag: str) -> tuple[int, int]:
    """Return where the thinking begins and ends, its tags included; ``(0, 0)`` where there is none."""
    opening, closing = f"<{tag}>", f"</{tag}>"
    start = text.find(opening)
    end = text.find(closing, max(start, 0))
    if start < 0 and end < 0:
        return 0, 0
    return max(start, 0), end + len(closing) if end >= 0 else len(text)


def split_thinking(text: str, tag: str) -> tuple[str, str]:
    """Return the thinking without its tags, and all else; both stripped."""
    start, end = think_span(text, tag)
    thinking = text[start:end].removeprefix(f"<{tag}>").removesuffix(f"</{tag}>")
    return thinking.strip(), (text[:start] + text[end:]).strip()


def think_length(text: str, tags: Tags) -> int:
    """Return how many characters of ``text`` are thinking, which needs no tokenizer."""
    return len(split_thinking(text, tags.think)[0])
