"""Cut a response that is still being written into pieces that are safe to show, each known to be thinking or not."""

from itertools import pairwise

from verigrad.thinking import think_span

UNDECODED = "\ufffd"  # what a decoder writes in the place of bytes that are no character, or none yet


def grown(text: str, decoded: str) -> str:
    """Return what is sure of a response that decodes to ``decoded`` so far, and to ``text`` before its last token.

    Bytes that are no whole character yet are left out, and spaces at the end, which some decoders take back.
    """
    stable = decoded.rstrip(UNDECODED + " ")
    return stable if stable.startswith(text) else text


def held(text: str, tag: str) -> int:
    """Return how many of the last characters of ``text`` may be the beginning of a think tag."""
    marks = (f"<{tag}>", f"</{tag}>")
    longest = min(len(marks[1]) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if any(m != text[-n:] and m.startswith(text[-n:]) for m in marks)), 0)


def pieces(text: str, shown: int, tag: str, *, ended: bool) -> list[tuple[str, bool]]:
    """Return what can be shown of ``text`` after its first ``shown`` characters, with whether it is thinking.

    Half a tag is held back until it is whole, or the text has ended.
    """
    safe = len(text) if ended else len(text) - held(text, tag)
    start, end = think_span(text, tag)
    edges = sorted({shown, max(safe, shown), *(edge for edge in (start, end) if shown < edge < safe)})
    return [(text[a:b], start <= a < end) for a, b in pairwise(edges)]


def thinks(text: str, tag: str) -> bool:
    """Whether a response that has come to the end of ``text`` is still thinking."""
    start, end = think_span(text, tag)
    return start < end == len(text) and not text.endswith(f"</{tag}>")


def rest(whole: str, shown: str) -> int:
    """Return from where on ``whole`` differs from what was shown of it."""
    shorter = min(len(whole), len(shown))
    return next((i for i in range(shorter) if whole[i] != shown[i]), shorter)
