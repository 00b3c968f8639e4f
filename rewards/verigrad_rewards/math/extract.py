"""Find the answer in a response, in a stated order of trust; text inside the thinking never counts."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from verigrad_rewards.math.boxes import read_box
from verigrad_rewards.math.parse.notation import FULL_WIDTH_DIGITS
from verigrad_rewards.math.parse.read import read_answer
from verigrad_rewards.math.parse.tokens import MAX_LENGTH
from verigrad_rewards.math.parse.tree import ReadError
from verigrad_rewards.math.prose import SCALE, beside, is_mathematics, last_sentence, stated_in
from verigrad_rewards.structure import Tags

# the order of trust
SOURCES = ("answer", "boxed", "phrase", "mark", "bare", "math", "number")
_TAIL = 10_000  # characters from the end that are looked at; an answer stands at the end
_MAX_THOUGHTS = 50  # of a response with more, all that stands after the first counts as spoken
_IS = r"(?:is|are|was|would\s+be|will\s+be|should\s+be|must\s+be|equals|comes\s+(?:out\s+)?to|therefore|thus)"
_PHRASE = re.compile(
    rf"\banswers?\b(?:\s+(?:to|for|of|in)\b[^.:\n]{{0,120}}?\s{_IS}\b|[\s*_]{{0,9}}(?:\s{_IS}\b|[:=]))"
    r"[ :*_]{0,9}"
    r"|答案(?:是|为)?\s?[：:]?|故选\s?[：:]?|应选\s?[：:]?|答え(?:は|：|:)?|\brespuesta\s(?:correcta\s|final\s)?es"
    r"|\bréponse\s(?:finale\s)?est|\bAntwort\s(?:ist|lautet)"
    rf"|\bfinal\s+answer\b[\s*_#]{{0,9}}\n|ANSWER\s{{0,9}}[:=]",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?;]\s+(?=[A-Z\n*#<(])|[.?]?\s*\n\s*\n|\n(?=[A-Z*#-])|[.?]\s*$|。")
_MARK = re.compile(r"^[ \t*]{0,20}(?:####|A:)[ \t*]*([^\n]*)$", re.MULTILINE)
_WHOLE = r"(?:\d{1,3}(?:,\d{3})+(?!,?\d)|\d+)"
_MORE_DIGITS = r"(?:\.\d+)?(?:[eE][+-]?\d+|(?:\s\d+)?/\d+(?:\.\d+)?)?(?:\s?%)?"
_NUMBER = re.compile(rf"(?<![A-Za-z0-9_.^/])(?:[-−]\s?)?[$€£]?{_WHOLE}{_MORE_DIGITS}{SCALE}")
_MATH = re.compile(
    r"\$\$(.+?)\$\$|(?<!\\)\$((?:[^$\\\n]|\\.)+)\$|\\\[(.+?)\\\]|\\\((.+?)\\\)"
    r"|(\\begin\{(?:align|aligned|gather|equation)\*?\}.+?\\end\{(?:align|aligned|gather|equation)\*?\})",
    re.DOTALL,
)
_UNWORKED = re.compile(r"(?:[+/^×·]|(?<!\*)\*)\s?$|[0-9]\s?[-−]\s?$")
_GOES_ON = re.compile(r"(?:pi|[xyzn])\b|π|\s?[!^]|\s?(?:[+×·/]|\*(?!\*))\s?[0-9(]|i\b")
_STOP_TOKENS = re.compile(r"(?:\s*(?:<\|[a-z_]{1,20}\|>|</s>|<end_of_turn>|<eos>))+\s*$")
_NOT_THE = re.compile(r"\b(?:wrong|incorrect|not|not\s+the|isn't\s+the)\s+(?:final\s+|correct\s+)?$", re.IGNORECASE)
_DISPLAY = re.compile(r"\$\$(.+?)\$\$|\\\[(.+?)\\\]", re.DOTALL)
_SHORT = re.compile(r"[\s,.]*[A-Za-z]{1,20}[\s.]*")
_RETRACTED = re.compile(
    r"\bno,|\b(?:(?:that|this) (?:is|was) (?:wrong|incorrect)|hmm|let me re(?:consider|check|think)|wait|actually"
    r"|correction|scratch that|sorry|on second thought|i made (?:a|an) (?:mistake|error)|oops)\b",
    re.IGNORECASE,
)


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
    said = without_stop_tokens(after_thinking(text, tags)).translate(FULL_WIDTH_DIGITS)
    for source in SOURCES:
        found = FIND[source](said, tags) if source in sources else None
        if found is not None:
            return found
    return None


def without_stop_tokens(said: str) -> str:
    """Return ``said`` without the end-of-turn tokens that decoding left behind it."""
    found = _STOP_TOKENS.search(said, max(0, len(said) - 200))
    return said[: found.start()] if found else said


def tagged(said: str, tags: Tags) -> Extracted | None:
    """Return what stands in the one answer tag, or in the box in it."""
    opened, closed = f"<{tags.answer}>", f"</{tags.answer}>"
    if opened not in said:
        return None
    inside = said.partition(opened)[2].partition(closed)[0].strip()
    if said.count(opened) != 1 or said.count(closed) != 1:
        return Extracted(inside[:200], "answer", f"{opened} must stand exactly once and be closed once")
    if said.index(closed) < said.index(opened):
        return Extracted(inside[:200], "answer", f"{closed} stands before {opened}")
    text, problem, _ = read_box(inside) or (inside, "", "")
    return Extracted(text, "answer", problem)


def boxed(said: str, tags: Tags) -> Extracted | None:
    """Return what stands in the last box, or in the boxes beside each other at the end."""
    box = read_box(said)
    if box is None:
        return None
    text, problem, rest = box
    found = Extracted(text, "boxed", problem)
    later = None if problem else phrase(rest, tags)
    if later is not None and is_mathematics(later.text):
        return later
    return found if problem or _RETRACTED.search(rest) is None else retracted(found, rest, tags)


def phrase(said: str, tags: Tags) -> Extracted | None:
    """Return what follows the last "the (final) answer is", up to the end of the sentence, unless it is taken back."""
    said = said[-_TAIL:]
    found = last(_PHRASE, said)
    if found is None:
        return None
    if _NOT_THE.search(said[max(0, found.start() - 30) : found.start()]):
        return Extracted(said[found.end() :][:200].strip(), "phrase", "the words before the answer deny it")
    rest = said[found.end() : found.end() + 1_000].lstrip()
    if shown := _DISPLAY.match(rest):
        return retracted(Extracted(clean(shown[1] or shown[2]), "phrase"), rest[shown.end() :], tags)
    end = _SENTENCE_END.search(rest)
    text = rest[: end.start()] if end else rest
    if end and end[0].startswith("?"):
        return Extracted(clean(text), "phrase", "the answer is a question")
    after = said[said.index(rest, found.end()) + len(text) :] if rest else ""
    return retracted(Extracted(clean(text), "phrase"), after, tags)


def last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the last match in a text."""
    found = None
    for match in pattern.finditer(text):
        found = match
    return found


def clean(text: str) -> str:
    """Return ``text`` without the marks of emphasis and quotation around it."""
    return text.strip().strip("*_` \t\n").strip()


def retracted(found: Extracted, rest: str, tags: Tags) -> Extracted:
    """Return what a response says after taking ``found`` back, ``found`` itself where it does not."""
    back = _RETRACTED.search(rest)
    if back is None:
        return found
    said = rest[back.end() :]
    later = phrase(said, tags) or math(said, tags) or number(said, tags)
    if later is not None or _SHORT.fullmatch(said):
        return later or Extracted(clean(said), found.source)
    return Extracted(found.text, found.source, "the answer is taken back") if "is " in back[0].lower() else found


def mark(said: str, tags: Tags) -> Extracted | None:
    """Return what follows the last ``####`` or ``A:`` at the beginning of a line."""
    del tags
    found = _MARK.findall(said[-_TAIL:])
    return Extracted(clean(found[-1]), "mark") if found else None


def bare(said: str, tags: Tags) -> Extracted | None:
    """Return the whole response if it is one answer and nothing else."""
    del tags
    text = said.strip()
    if not text or len(text) > MAX_LENGTH or ("\n" in text and "\\begin" not in text):
        return None
    try:
        node = read_answer(text)
    except ReadError:
        return None
    wordy = node.op == "text" and (
        len(text.split()) > 8 or (len(text.split()) > 3 and any(c.isdigit() or c == "$" for c in text))
    )
    return None if wordy else Extracted(text, "bare")


def math(said: str, tags: Tags) -> Extracted | None:
    """Return the last formula between math delimiters that is more than the name of a variable."""
    del tags
    said = said[-_TAIL:]
    for found in reversed(list(_MATH.finditer(said))):
        raw = next(group for group in found.groups() if group is not None)
        text = raw.strip()
        if raw[:1].isdigit() and raw[-1:] == " ":
            continue  # between two amounts of dollars
        if len(text) > 1 or not text.isalpha() or text == "e":
            return Extracted(text, "math", beside(said, found.start(), found.end()))
    return None


def number(said: str, tags: Tags) -> Extracted | None:
    """Return what the last sentence states, ``2√3`` in "the diagonal is 2√3", else the last number."""
    del tags
    said = said[-_TAIL:]
    if (value := stated_in(last_sentence(said))) is not None:
        start = said.rindex(value)
        return Extracted(value, "number", beside(said, start, start + len(value)))
    found = last(_NUMBER, said)
    if found is None:
        return None
    problem = beside(said, found.start(), found.end())
    if _UNWORKED.search(said[: found.start()][-4:]) or _GOES_ON.match(said, found.end()):
        problem = "the number is part of an expression"
    return Extracted(found[0].strip(), "number", problem)


FIND: dict[str, Callable[[str, Tags], Extracted | None]] = {
    "answer": tagged,
    "boxed": boxed,
    "phrase": phrase,
    "mark": mark,
    "bare": bare,
    "math": math,
    "number": number,
}
