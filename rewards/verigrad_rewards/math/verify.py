"""Judge a response against the gold answer."""

import re
from dataclasses import dataclass
from functools import lru_cache

from verigrad_rewards.math.compare.equal import Rules, equal
from verigrad_rewards.math.extract import SOURCES, Extracted, beside, extract, last_sentence, stated_in
from verigrad_rewards.math.numbers import restates
from verigrad_rewards.math.parse.read import readings, unwrap
from verigrad_rewards.math.parse.tokens import MAX_LENGTH
from verigrad_rewards.math.parse.tree import Node, ReadError
from verigrad_rewards.math.parse.units import OTHER_NUMBERS
from verigrad_rewards.math.parse.words import read_choice, read_text, without_fonts
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import ProblemError, Status, Verdict

_NEGATED = re.compile(
    r"\b(?:not|no|never|isn't|isnt|wrong|incorrect|false|untrue|invalid|cannot|can't|neither|except)\b"
)
_HEDGED = re.compile(
    r"\b(?:about|approximately|roughly|around|nearly|almost|or|either|maybe|perhaps|possibly|probably|likely|unless|between|guess|unsure|any|anything|could|might)\b|\?"
)
_BREAK = re.compile(r"[,;:.](?:\s|$)|\s(?:is|are|was|has|because|since|as|with|so)\s")
_DENIES = re.compile(r"\s(?:is|are|was)\s+(?:not|never|wrong|incorrect|false)\b")
_OTHER_LETTER = re.compile(r"[,;:.]\s*(?:(?:or|and)\b|\(?[A-J]\b)")
_SHORT_FORM = re.compile(r"\s*\([A-Za-z. ]+\)[.\s]*$")
_ASIDE = re.compile(r"\(\s*not\b[^()]*\)")
_IN_OTHER_WORDS = re.compile(
    r"([^()]+?)\s*(?:\(\s*(?:i\.?e\.?,?|that is,?|or|=|which is)|,?\s(?:i\.e\.|that is),?|,?\sor equivalently,?)\s*([^()]+?)\)?"
)
_NOT_BUT = re.compile(r"\bnot\b.{1,60}?\bbut(?:\s+rather|\s+instead)?\s+(.+)", re.DOTALL)
# words around a value, which stands as \0; a bracket holds words alone
_PLAIN_PROSE = re.compile(
    r"(?:[^\W\d_]|[\0\s,.;:!'\"*、。，：]|(?<=[A-Za-z])-(?=[A-Za-z])|\([A-Za-z ,.]*[A-Za-z][A-Za-z ,.]*\))*"
)
_REASON = re.compile(r"\b(?:because|since|as)\b")
_SENTENCE = re.compile(r"[.!?]\s+|\n+")
_LINKS = frozenset("is are was were be has have on at by a an the becomes called named limit function".split())
MAX_SENTENCE_WORDS = 40
_REFUSED = re.compile(
    r"\b(?:do not know|don't know|cannot (?:determine|solve|answer)|can't (?:determine|solve|answer)|no idea|sorry)\b"
)
_FORMULA = r"\$\$(.+?)\$\$|(?<!\\)\$((?:[^$\\]|\\.)+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?:\s?[ap]\.?m\b\.?)?"
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:/[0-9]+)?\s?%?"
_SCALE = r"(?:\s(?:hundred|thousand|million|billion|trillion)\b)?"
_VALUE = re.compile(rf"{_FORMULA}|({_CLOCK}|(?<![A-Za-z0-9_.])[-−]?[$€£]?{_DIGITS}{_SCALE})")


Value = tuple[int, int, str]  # where it starts, where it ends, what it says


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold answer, read once.

    Attributes:
        text: as written.
        readings: the trees it can be read as, the likeliest first.
        letter: the choice it names, empty where it names none.
        worded: whether it is words.
    """

    text: str
    readings: tuple[Node, ...]
    letter: str
    worded: bool


@lru_cache(maxsize=65_536)
def read_gold(gold: str) -> Gold:
    r"""Return a gold answer, read; ``#### 18`` and ``\boxed{18}`` are read as 18.

    Raises:
        ProblemError: it cannot be read.
    """
    found = extract(gold, sources=("boxed", "mark"))
    text = found.text if found is not None and found.text else gold
    choice = read_choice(text)
    try:
        if text.count("{") - text.count("\\{") != text.count("}") - text.count("\\}"):
            raise ReadError("has braces without a partner")
        trees = readings(text)
        return Gold(text, trees, choice[0] if choice else "", read_text(text) == trees[0])
    except ReadError as error:
        raise ProblemError(f"gold answer {gold[:80]!r} {error}; correct it or remove the problem") from None


def verify(
    response: str,
    gold: str,
    *,
    sources: tuple[str, ...] = SOURCES,
    tags: Tags | None = None,
    question: str = "",
    rounded: bool = False,
) -> Verdict:
    """Return the verdict on a response to a problem whose answer is ``gold``.

    Args:
        response: all that the model wrote, its thinking included.
        gold: the checked answer, in LaTeX or plain notation, or words.
        sources: which places count; always tried in the order of ``SOURCES``.
        tags: names of the thinking and the answer tag.
        question: where it is known, an answer that only gives back a part of it (``84/2`` for 42) is wrong, and a
            question for a percentage makes ``60`` and ``60%`` the same.
        rounded: whether a decimal may answer any number it is the rounding of (``0.33`` for ``1/3``).

    Raises:
        ProblemError: ``gold`` cannot be read.
    """
    expected = read_gold(gold)
    found = extract(response, sources=sources, tags=tags)
    if found is not None and found.problem:
        return Verdict(0.0, Status.WRONG, found.text[:200], found.problem)
    if found is None or not found.text:
        return Verdict(0.0, Status.NO_ANSWER, detail=f"no answer found in: {', '.join(sources)}")
    if expected.worded and found.source in ("math", "number"):
        found = Extracted(last_sentence(response), "bare")  # words are asked for, not the number in them
    said = judge(found, expected, Rules(rounded, asks_percent(question)))
    if said.status is Status.CORRECT and restates(found.text, expected.text, question):
        return Verdict(0.0, Status.WRONG, said.answer, "the answer only restates the question; it must be worked out")
    return said


def asks_percent(question: str) -> bool:
    """Whether a question asks for a percentage."""
    return bool(re.search(r"percent|%", question, re.IGNORECASE))


def judge(found: Extracted, gold: Gold, rules: Rules) -> Verdict:
    """Return the verdict on an extracted answer."""
    text = found.text
    if len(text) > MAX_LENGTH:
        return Verdict(
            0.0, Status.WRONG, text[:200], f"the answer has {len(text)} characters; {MAX_LENGTH} are allowed"
        )
    if gold.letter and (choice := read_choice(text) or read_choice(leading(text))) is not None:
        return verdict(choice[0] == gold.letter, choice[0], f"choice {choice[0]}, the right one is {gold.letter}")
    try:
        read = readings(text)
    except ReadError as error:
        status = Status.WRONG if any(c.isalnum() for c in text) else Status.NO_ANSWER
        return Verdict(0.0, status, text[:200], f"the answer {error}")
    if any(equal(a, b, rules) for a in read for b in gold.readings):
        return verdict(True, text, "")
    if (choice := read_choice(text)) is not None and choice[1]:
        return judge(Extracted(choice[1], found.source), gold, rules)
    if read[0].op != "text":
        return verdict(False, text, reason(read[0], gold))
    plain = Extracted(without_fonts(text), found.source)
    if gold.worded:
        return judge_text(plain, gold)
    return judge_prose(plain, gold, rules)


def leading(text: str) -> str:
    """Return what stands before the first comma, reason or verb of a sentence, empty where that verb denies it."""
    match = _BREAK.search(text)
    if match is None or _DENIES.match(text, match.start()) or _OTHER_LETTER.match(text, match.start()):
        return ""
    return text[: match.start()]


def judge_text(found: Extracted, gold: Gold) -> Verdict:
    """Return the verdict on words where the gold answer is words: right if a sentence begins or ends with them."""
    lower = found.text.lower()
    text = _SHORT_FORM.sub("", found.text)
    if read_text(leading(found.text)) in gold.readings and not _HEDGED.search(lower):
        return verdict(True, found.text, "")
    if ends_with(text, gold):
        return verdict(True, found.text, "")
    if _REFUSED.search(lower):
        return Verdict(0.0, Status.NO_ANSWER, detail="the response gives no answer")
    return verdict(False, found.text, f"the text is not {gold.text[:60]!r}")


def ends_with(text: str, gold: Gold) -> bool:
    """Whether a sentence ends with the words of the gold answer after a verb or preposition, undoubted and undenied."""
    words = text.strip(" .!\n").split()
    for i in range(1, min(len(words), MAX_SENTENCE_WORDS)):
        before = " ".join(words[:i]).lower()
        if words[i - 1].lower() in _LINKS and read_text(" ".join(words[i:])) in gold.readings:
            return not _NEGATED.search(before) and not _HEDGED.search(before)
    return False


def judge_prose(found: Extracted, gold: Gold, rules: Rules) -> Verdict:
    """Return the verdict on words where the gold answer is a value.

    Right if their last sentence holds one value, no doubt and no denial, and the value is the gold answer.
    """
    text = _ASIDE.sub("", unwrap(found.text))
    if (same := _IN_OTHER_WORDS.fullmatch(text)) is not None and equivalent(same[1], same[2]):
        return judge(Extracted(same[1], found.source), gold, rules)
    if (turned := _NOT_BUT.search(text)) is not None:
        return judge(Extracted(turned[1], found.source), gold, rules)
    values = values_in(text)
    if len({value for _, _, value in values}) > 1:
        text = _SENTENCE.split(text.strip(" .\n"))[-1]
        values = values_in(text)
    if not values and not gold.letter and (found.source == "bare" or _REFUSED.search(text.lower())):
        return Verdict(0.0, Status.NO_ANSWER, detail="the response gives no answer")
    if (said := stated_in(text)) is not None and not (_NEGATED.search(text.lower()) or _HEDGED.search(text.lower())):
        return judge(Extracted(said, found.source), gold, rules)
    if problem := doubt(text, values):
        return verdict(False, text, problem)
    value = values[0][2]
    if value.strip() == found.text.strip():
        return verdict(False, text, f"it is not equal to {gold.text[:60]}")
    return judge(Extracted(value, found.source), gold, rules)


def doubt(text: str, values: list[Value]) -> str:
    """Return why a sentence does not state its one value plainly, empty where it does."""
    lower = text.lower()
    if _NEGATED.search(lower):
        return "the answer is negated; it must be stated"
    if _HEDGED.search(lower):
        return "the answer is a hedge; it must be one answer"
    if len({value for _, _, value in values}) != 1:
        return "the answer has several values" if values else "the answer is no value"
    if other := OTHER_NUMBERS.intersection(re.findall(r"[a-z]+", _REASON.split(lower)[0])):
        return f"the word {min(other)!r} makes another value of the answer"
    if not _PLAIN_PROSE.fullmatch(_VALUE.sub("\0", text)):
        return "the answer is neither a value nor a plain sentence with one"
    return beside(text, values[0][0], values[0][1])


def values_in(text: str) -> list[Value]:
    """Return the formulas and numbers in a text with their places."""
    return [(m.start(), m.end(), next(g for g in m.groups() if g)) for m in _VALUE.finditer(text)]


def verdict(right: bool, text: str, detail: str) -> Verdict:
    """Return a verdict of right or wrong."""
    status = Status.CORRECT if right else Status.WRONG
    return Verdict(float(right), status, text[:200], "equal to the gold answer" if right else detail)


def reason(read: Node, gold: Gold) -> str:
    """Return one sentence that says why an answer that was read is not the gold answer."""
    expected = gold.readings[0]
    if read.op == "list" and expected.op not in ("list", "set", "bracket", "union"):
        return "the answer is a hedge with several values; it must be one"
    if read.op == "rel" and read.args[0].value == "" and expected.op != "rel":
        return "the answer is an inequality, a negation or an estimate; it must be one value"
    return f"it is not equal to {gold.text[:60]}"


def equivalent(a: str, b: str, *, rounded: bool = False) -> bool:
    """Whether two bare answers are the same; symmetric, and False where one cannot be read."""
    try:
        return any(equal(x, y, Rules(rounded)) for x in readings(a) for y in readings(b))
    except ReadError:
        return False
