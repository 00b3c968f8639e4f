"""Find the boxed answer: the last one, or those beside each other as one list."""

import re

from verigrad_rewards.math.parse.tokens import MAX_LENGTH, closing
from verigrad_rewards.math.prose import denied, or_else

MAX_TAIL = 200_000  # characters from the end in which boxes are looked for
MAX_BOXES = 20  # boxes beside each other that form one list
MAX_CUT = 200  # characters of a box that the token limit cut
_BOX = re.compile(r"\\f?box(?:ed)?\s*(?:(\{)|(?=[0-9A-Za-z\\]))")
_UNBRACED = re.compile(r"\s*(?:[0-9][0-9,.]*[0-9]|[0-9A-Za-z]|\\[a-zA-Z]+(?:\{[^{}]*\})*)")
_END_OF_CUT = re.compile(r"(?:\\[\])]|[$.\s])+$")
_JOINED = re.compile(
    r"(?:[\s$.,;&()\[\]]|\\[\[\]()]|\\[,;: ]|\\q?quad|\\text\{\s*(?:and|or)\s*\}|\band\b|\bor\b){0,20}"
    r"(?:[a-zA-Z](?:_\{?\w\}?)?\s?=\s?)?"
)
_WITHDRAWN = re.compile(
    r"\b(?:that|this|it|which|box|above|answer)\b[^.\n]{0,40}\b(?:is|was)\s+"
    r"(?:wrong|incorrect|false|a\s+mistake|not\s+(?:right|correct|true))\b|\bignore\s",
    re.IGNORECASE,
)
_BEFORE_BOX = re.compile(
    r"(?:[0-9)](?=$)|[$({0-9a-z=]-|[+/<>^]|\\(?:frac|cdot|times|sqrt|le|ge|leq|geq|ne|neq|pm) ?\{?|\}\{) ?$"
)
_AFTER_BOX = re.compile(
    r"[a-zA-Z0-9]|\.[0-9]| (?:million|billion|thousand|hundred)\b| ?(?:[\^+/_]|\*(?!\*)|\\(?:cdot|times)\b|-[0-9a-z])"
)
_ASKED = re.compile(r"[\s$)\]\\]{0,4}\?")
_GUESS = re.compile(r"\b(?:or|maybe|perhaps|possibly)\b")
MAX_BETWEEN = 40
MAX_AFTER = 1_000  # characters behind a box that can take it back
Box = tuple[int, int, bool]  # where it starts, where its content begins, whether it has braces


def read_box(said: str) -> tuple[str, str, str] | None:
    r"""Return what the last ``\boxed{}`` holds, why it cannot count, and what is said after it; None without a box.

    Boxes beside each other are one list.
    """
    said = said[-MAX_TAIL:]
    boxes: list[Box] = [(found.start(), found.end(), bool(found[1])) for found in _BOX.finditer(said)]
    if not boxes:
        return None
    start, begin, braced = boxes[-1]
    end = closing(said, begin, MAX_LENGTH) if braced else unbraced(said, begin)
    if end is None:
        return (*cut_box(said[begin:].strip()), "")
    text, end = said[begin:end].strip(), end + braced
    rest = said[end : end + MAX_AFTER]
    problem = denied(said, start, end) or within(said, start, end)
    if _WITHDRAWN.search(said, end, end + MAX_AFTER):
        problem = "the box is taken back"
    return (text[:200], problem, rest) if problem else (" ".join(listed(said, boxes, text)), "", rest)


def within(said: str, start: int, end: int) -> str:
    r"""Return whether the box is only part of what is written, as in ``x > \boxed{5}``, or is asked."""
    if _BEFORE_BOX.search(said[max(0, start - 8) : start]) or _AFTER_BOX.match(said, end):
        return "the box is part of a larger expression"
    if _ASKED.match(said, end):
        return "the box is a question"
    return "the box is one of several guesses" if or_else(said, end) else ""


def cut_box(rest: str) -> tuple[str, str]:
    """Return the content of a box that never closes: its one line where the response ends in it."""
    if len(rest) > MAX_CUT or "\n" in rest:
        return rest[:MAX_CUT], "the box is never closed"
    return _END_OF_CUT.sub("", rest), ""


def listed(said: str, boxes: list[Box], text: str) -> list[str]:
    """Return the content of the last box, after the boxes that stand right before it with what joins them."""
    parts = [text]
    start = boxes[-1][0]
    for before_start, begin, braced in reversed(boxes[-MAX_BOXES:-1]):
        closed = closing(said[:start], begin, MAX_LENGTH) if braced else None
        between = said[closed + 1 : start] if closed is not None else ""
        guess = len(between) < MAX_BETWEEN and _GUESS.search(between) is not None
        if closed is None or not (guess or _JOINED.fullmatch(between)):
            break
        joint = "or" if guess else ","
        parts += [joint, said[begin:closed].strip()]
        start = before_start
    return parts[:1] if len(set(parts[::2])) == 1 else parts[::-1]


def unbraced(text: str, begin: int) -> int:
    r"""Return the end of a box without braces: ``\boxed 5``, ``\boxed\frac12``."""
    found = _UNBRACED.match(text, begin)
    return found.end() if found else begin
