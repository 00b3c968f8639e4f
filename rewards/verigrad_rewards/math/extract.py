"""Find the answer in a response, in a stated order of trust; text inside the thinking never counts."""

import re
from dataclasses import dataclass

from verigrad_rewards.structure import Tags

SOURCES = ("answer", "boxed", "phrase", "mark", "number")  # the order of trust
_PHRASE = re.compile(r"(?:final answer|answer)\s*(?:is|:|=)\s*([^\n]{1,200})", re.IGNORECASE)
_MARK = re.compile(r"^[ \t]*(?:####|A:)[ \t]*([^\n]*)$", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])[-−]?[$€£]?\d[\d,]*(?:\.\d+)?(?:/\d+)?%?")
_TAIL = 20_000  # characters from the end that loose sources look at; an answer stands at the end


@dataclass(frozen=True, slots=True)
class Extracted:
    """An answer as written.

    Attributes:
        text: the answer, stripped.
        source: where it stood, one of ``SOURCES``.
        problem: why it cannot count although it was found; empty when it can.
    """

    text: str
    source: str
    problem: str = ""


def after_thinking(text: str, tags: Tags) -> str:
    """Return what stands after the thinking; nothing when the thinking never ends."""
    opened, closed = f"<{tags.think}>", f"</{tags.think}>"
    if closed in text:
        return text.rpartition(closed)[2]
    return text.partition(opened)[0]


def extract(text: str, *, sources: tuple[str, ...] = SOURCES, tags: Tags | None = None) -> Extracted | None:
    """Return the answer from the most trusted of ``sources`` that has one, None where none has.

    Raises:
        ValueError: an unknown source.
    """
    for source in sources:
        if source not in SOURCES:
            raise ValueError(f"source {source!r} is unknown; allowed are {', '.join(SOURCES)}")
    tags = tags or Tags()
    said = after_thinking(text, tags)
    for source in SOURCES:
        found = FIND[source](said, tags) if source in sources else None
        if found is not None:
            return found
    return None


def tagged(said: str, tags: Tags) -> Extracted | None:
    """Return what stands in the one answer tag."""
    opened, closed = f"<{tags.answer}>", f"</{tags.answer}>"
    if opened not in said:
        return None
    inside = said.partition(opened)[2].partition(closed)[0].strip()
    if said.count(opened) != 1 or said.count(closed) != 1:
        return Extracted(inside[:200], "answer", f"{opened} must stand exactly once and be closed once")
    if said.index(closed) < said.index(opened):
        return Extracted(inside[:200], "answer", f"{closed} stands before {opened}")
    return Extracted(inside, "answer")


def boxed(said: str, tags: Tags) -> Extracted | None:
    r"""Return what stands in the last ``\boxed{}`` with balanced braces."""
    del tags
    said = said[-_TAIL:]
    start = max(said.rfind("\\boxed{"), said.rfind("\\fbox{"))
    if start < 0:
        return None
    begin = said.index("{", start) + 1
    depth = 1
    for place in range(begin, len(said)):
        depth += {"{": 1, "}": -1}.get(said[place], 0)
        if not depth:
            return Extracted(said[begin:place].strip(), "boxed")
    return Extracted(said[begin : begin + 200], "boxed", "the box is never closed")


def phrase(said: str, tags: Tags) -> Extracted | None:
    """Return what follows the last "the (final) answer is"."""
    del tags
    found = _PHRASE.findall(said[-_TAIL:])
    return Extracted(found[-1].strip().rstrip(".").strip(), "phrase") if found else None


def mark(said: str, tags: Tags) -> Extracted | None:
    """Return what follows the last ``####`` or ``A:`` at the beginning of a line."""
    del tags
    found = _MARK.findall(said[-_TAIL:])
    return Extracted(found[-1].strip(), "mark") if found else None


def number(said: str, tags: Tags) -> Extracted | None:
    """Return the last number."""
    del tags
    found = _NUMBER.findall(said[-_TAIL:])
    return Extracted(found[-1], "number") if found else None


FIND = {"answer": tagged, "boxed": boxed, "phrase": phrase, "mark": mark, "number": number}
