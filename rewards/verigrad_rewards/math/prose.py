"""Read the sentences that models put around an answer: what they state, what they doubt, what they deny."""

import re
from collections.abc import Sequence

from verigrad_rewards.math.parse.read import read_answer
from verigrad_rewards.math.parse.tree import Node, ReadError
from verigrad_rewards.math.parse.units import OTHER_NUMBERS
from verigrad_rewards.math.parse.words import read_text

MAX_SENTENCE = 300  # characters of a sentence that are looked at
MAX_SENTENCE_WORDS = 40
MAX_LINKS = 8  # verbs and signs in a sentence behind which a value is looked for
_NEGATED = re.compile(
    r"\b(?:not|no|never|isn't|isnt|wrong|incorrect|false|untrue|invalid|cannot|can't|neither|except)\b"
)
_HEDGED = re.compile(
    r"\b(?:about|approximately|roughly|around|nearly|almost|or|either|maybe|perhaps|possibly|probably|likely|unless|between"
    r"|guess|unsure|any|anything|could|might)\b|\?"
)
_BREAK = re.compile(r"[,;:.](?:\s|$)|\s(?:is|are|was|has|because|since|as|with|so)\s")
_DENIES = re.compile(r"\s(?:is|are|was)\s+(?:not|never|wrong|incorrect|false)\b")
_OTHER_LETTER = re.compile(r"[,;:.]\s*(?:(?:or|and)\b|\(?[A-J]\b)")
# words around a value, which stands as \0; a bracket holds words alone
_PLAIN_PROSE = re.compile(
    r"(?:[^\W\d_]|[\0\s,.;:!'\"*、。，：]|(?<=[A-Za-z])-(?=[A-Za-z])|\([A-Za-z ,.]*[A-Za-z][A-Za-z ,.]*\))*"
)
_REASON = re.compile(r"\b(?:because|since|as)\b")
_LINKS = frozenset("is are was were be has have on at by a an the becomes called named limit function".split())
_FORMULA = r"\$\$(.+?)\$\$|(?<!\\)\$((?:[^$\\]|\\.)+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?:\s?[ap]\.?m\b\.?)?"
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:/[0-9]+)?\s?%?"
_SCALE = r"(?:\s(?:hundred|thousand|million|billion|trillion)\b)?"
_VALUE = re.compile(rf"{_FORMULA}|({_CLOCK}|(?<![A-Za-z0-9_.])[-−]?[$€£]?{_DIGITS}{_SCALE})")

_TAKEN_BACK = re.compile(
    r"[\s$*.}]{0,20}(?:\\\)|\\\])?\s{0,3}"
    r"(?:(?:is|was|would be|seems|looks)\s+(?:not|wrong|incorrect|false)|isn't|cannot be)\b"
)
_OR_ELSE = re.compile(
    r"[\s$*.,}(]{0,20}(?:or|or maybe|or perhaps)\s+(?:maybe |perhaps |possibly )?[\s$\\]*(?:\d|\\boxed|\\frac|-\d)"
)
_DENIED = re.compile(
    r"(?:\bnot|\bcannot|n't|n't\s+be|\bnever|≠|!=|\\neq?|\b(?:greater|less|more|fewer|larger|smaller|other)\s+than"
    r"|\bat\s+(?:least|most))(?:\s+(?:equal\s+to|be))?[\s$*(\\}]{0,6}$",
    re.IGNORECASE,
)
_OR_BEFORE = re.compile(r"(?:\d|\})[\s$]*\s+or\s+[\s$]*$")
_STATES = re.compile(r"\b(?:is|are|be|equals|to|at|point|of|get|gives|obtain|becomes)\s+|[=:]\s*")
_EXPRESSION = re.compile(r"[√π∞°²³^{}()\[\]\\+*]|[a-zA-Z0-9]\s?=|\d:\d")

Value = tuple[int, int, str]  # where it starts, where it ends, what it says


def leading(text: str) -> str:
    """Return what stands before the first comma, reason or verb of a sentence, empty where that verb denies it."""
    match = _BREAK.search(text)
    if match is None or _DENIES.match(text, match.start()) or _OTHER_LETTER.match(text, match.start()):
        return ""
    return text[: match.start()]


def ends_with(text: str, trees: Sequence[Node]) -> bool:
    """Whether a sentence ends with words that read as one of ``trees``, after a verb or so, undoubted and undenied."""
    words = text.strip(" .!\n").split()
    for i in range(1, min(len(words), MAX_SENTENCE_WORDS)):
        if words[i - 1].lower() in _LINKS and read_text(" ".join(words[i:])) in trees:
            return not doubtful(" ".join(words[:i]))
    return False


def doubtful(text: str) -> str:
    """Return how a text denies or hedges, empty where it does not."""
    lower = text.lower()
    if _NEGATED.search(lower):
        return "the answer is negated; it must be stated"
    return "the answer is a hedge; it must be one answer" if hedged(lower) else ""


def hedged(text: str) -> bool:
    """Whether a text doubts what it says."""
    return _HEDGED.search(text.lower()) is not None


def doubt(text: str, values: list[Value]) -> str:
    """Return why a sentence does not state its one value plainly, empty where it does."""
    if problem := doubtful(text):
        return problem
    if len({value for _, _, value in values}) != 1:
        return "the answer has several values" if values else "the answer is no value"
    if other := OTHER_NUMBERS.intersection(re.findall(r"[a-z]+", _REASON.split(text.lower())[0])):
        return f"the word {min(other)!r} makes another value of the answer"
    if not _PLAIN_PROSE.fullmatch(_VALUE.sub("\0", text)):
        return "the answer is neither a value nor a plain sentence with one"
    return beside(text, values[0][0], values[0][1])


def values_in(text: str) -> list[Value]:
    """Return the formulas and numbers in a text with their places."""
    return [(m.start(), m.end(), next(g for g in m.groups() if g)) for m in _VALUE.finditer(text)]


def last_sentence(said: str) -> str:
    """Return the end of the last line."""
    return said.rstrip(" .\n\t*").rpartition("\n")[2][-MAX_SENTENCE:]


def stated_in(sentence: str) -> str | None:
    """Return what stands behind a verb such as "is" up to the end of a sentence if it is an expression, else None.

    Plain numbers are left to a simpler search, which knows their units and scales.
    """
    sentence = sentence[-MAX_SENTENCE:]
    for link in list(_STATES.finditer(sentence))[-MAX_LINKS:]:
        value = sentence[link.end() :].strip()
        if _EXPRESSION.search(value) and is_mathematics(value):
            return value
    return None


def is_mathematics(text: str) -> bool:
    """Whether a text reads as mathematics, not as words."""
    try:
        node = read_answer(text)
    except ReadError:
        return False
    return node.op != "text"


def beside(said: str, start: int, end: int) -> str:
    """Return why the words beside an answer keep it from counting, empty where they do not."""
    before = said[max(0, start - 30) : start]
    if _DENIED.search(before) or _TAKEN_BACK.match(said, end):
        return "the words beside the answer deny it"
    if said.startswith(("...", "…"), end):
        return "the answer is cut off"
    if _OR_ELSE.match(said, end) or _OR_BEFORE.search(before):
        return "the answer is one of several guesses"
    return ""
