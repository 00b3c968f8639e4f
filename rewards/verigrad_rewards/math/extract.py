"""Find the answer in a response, in a stated order of trust; text inside the thinking never counts."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from verigrad_rewards.structure import Tags

SOURCES = ("answer", "boxed", "phrase", "mark", "number")  # the order of trust
_PHRASE = re.compile(
    r"[Aa](?i:nswer)\**\s{0,20}(?:is|[:=])[\s:=*]{0,20}([^\n]{1,200})|ANSWER\s{0,20}[:=]([^\n]{1,200})"
)
_SENTENCE_END = re.compile(r"[.!;]\s|\.$")
_MARK = re.compile(r"^[ \t]{0,20}(?:####|A:)[ \t]*([^\n]*)$", re.MULTILINE)
_SCALE = r"(?:\s(?:hundred|thousand|million|billion|trillion)\b)?"
_NUMBER = re.compile(
    rf"(?<![\w.])[-−]?[$€£]?(?:\d{{1,3}}(?:,\d{{3}})+(?!,?\d)|\d+)(?:\.\d+)?(?:/\d+(?:\.\d+)?)?%?{_SCALE}"
)
_BOX = re.compile(r"\\f?box(?:ed)?\s?\{")
_JOINED = re.compile(r"[ $]{0,20}(?:,|;|(?:,[ ]?)?(?:and|or)|&)[ $]{0,20}")
_TAKEN_BACK = re.compile(r"[ $*]{0,20}(?:or|(?:is|was|would be) (?:not|wrong|incorrect|false))\b")
_DENIED = re.compile(r"(?:\bnot|n't be|≠|!=|\\neq?)[ $*]{0,5}$")
_MAX_THOUGHTS = 50  # of a response with more, all that stands after the first counts as spoken
_TAIL = 10_000  # characters from the end that loose sources look at; an answer stands at the end


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
    """Return what stands after the thinking; nothing when the thinking never ends.

    Text before the first ``</think>`` is thinking even if the tag was opened by the template. When an answer tag
    stands there and another one earlier outside the thinking, that text comes too, so that both are seen.
    """
    opened, closed = f"<{tags.think}>", f"</{tags.think}>"
    before, ended, last = text.rpartition(closed)
    last = last.partition(opened)[0]
    answer = f"<{tags.answer}>"
    if not ended or answer not in last or answer not in before:
        return last
    first, _, rest = before.partition(closed)
    spoken = [first.partition(opened)[0]] if opened in first else []
    many = rest.count(closed) > _MAX_THOUGHTS
    spoken += [rest] if many else [piece.partition(opened)[0] for piece in rest.split(closed)]
    return "\n".join([*spoken, last]) if any(answer in piece for piece in spoken) else last


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
    r"""Return what stands in the last ``\boxed{}`` with balanced braces, with the one before it if they form a list."""
    del tags
    said = said[-_TAIL:]
    boxes = [(found.start(), found.end()) for found in _BOX.finditer(said)]
    if not boxes:
        return None
    start, begin = boxes[-1]
    end = closing(said, begin)
    if end is None:
        return Extracted(said[begin : begin + 200], "boxed", "the box is never closed")
    text = said[begin:end].strip()
    if _TAKEN_BACK.match(said, end + 1) or _DENIED.search(said[max(0, start - 20) : start]):
        return Extracted(text[:200], "boxed", "the box is denied or hedged by the words beside it")
    before = closing(said[:start], boxes[-2][1]) if len(boxes) > 1 else None
    if before is not None and _JOINED.fullmatch(said[before + 1 : start]):
        text = f"{said[boxes[-2][1] : before].strip()}{said[before + 1 : start].replace('$', '')}{text}"
    return Extracted(text, "boxed")


def closing(text: str, begin: int) -> int | None:
    """Return the place of the brace that closes one opened before ``begin``, None if none does."""
    depth = 1
    for place in range(begin, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if not depth:
            return place
    return None


def phrase(said: str, tags: Tags) -> Extracted | None:
    """Return what follows the last "the (final) answer is", up to the end of the sentence."""
    del tags
    found = _PHRASE.findall(said[-_TAIL:])
    return Extracted(_SENTENCE_END.split("".join(found[-1]), maxsplit=1)[0].strip(" *"), "phrase") if found else None


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


FIND: dict[str, Callable[[str, Tags], Extracted | None]] = {
    "answer": tagged,
    "boxed": boxed,
    "phrase": phrase,
    "mark": mark,
    "number": number,
}
