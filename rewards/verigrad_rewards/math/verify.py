"""Judge a response against the gold answer."""

import re
from dataclasses import dataclass
from functools import lru_cache

from verigrad_rewards.math.compare.equal import Rules, equal
from verigrad_rewards.math.extract import SOURCES, Extracted, after_thinking, extract
from verigrad_rewards.math.numbers import restates
from verigrad_rewards.math.parse.read import readings, unwrap
from verigrad_rewards.math.parse.tokens import MAX_LENGTH
from verigrad_rewards.math.parse.tree import Node, ReadError
from verigrad_rewards.math.parse.words import KNOWN_WORDS, read_choice, read_text, without_fonts
from verigrad_rewards.math.prose import (
    doubt,
    doubtful,
    ends_with,
    hedged,
    last_sentence,
    leading,
    stated_in,
    values_in,
    without_reason,
)
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import ProblemError, Status, Verdict

_SHORT_FORM = re.compile(r"\s*\([A-Za-z. ]+\)[.\s]*$")
_ASIDE = re.compile(r"\(\s*not\b[^()0-9]*[0-9][^()]*\)")
_IN_OTHER_WORDS = re.compile(
    r"([^()]+?)\s*(?:\(\s*(?:i\.?e\.?,?|that is,?|or|=|which is)|,?\s(?:i\.e\.|that is|or equivalently),?)"
    r"\s*([^()]+?)\)?"
)
_NOT_BUT = re.compile(r"\bnot\b.{1,60}?\bbut(?:\s+rather|\s+instead)?\s+(.+)", re.DOTALL)
_SENTENCE = re.compile(r"[.!?]\s+|\n+")
_REFUSED = re.compile(
    r"\b(?:do not know|don't know|cannot (?:determine|solve|answer)|can't (?:determine|solve|answer)|no idea|sorry)\b"
)


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
        return verdict(False, found.text, found.problem)
    if found is None or not found.text:
        return Verdict(0.0, Status.NO_ANSWER, detail=f"no answer found in: {', '.join(sources)}")
    if expected.worded and found.source in ("math", "number"):
        spoken = after_thinking(response, tags or Tags())
        found = Extracted(last_sentence(spoken), "bare")  # words are asked for, not the number in them
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
        return verdict(False, text, f"the answer has {len(text)} characters; {MAX_LENGTH} are allowed")
    if gold.letter and (choice := read_choice(text) or read_choice(leading(text))) is not None:
        return verdict(choice[0] == gold.letter, choice[0], f"choice {choice[0]}, the right one is {gold.letter}")
    try:
        read = readings(text)
    except ReadError as error:
        status = Status.WRONG if any(c.isalnum() for c in text) else Status.NO_ANSWER
        return Verdict(0.0, status, text[:200], f"the answer {error}")
    if any(equal(a, b, rules) for a in read for b in gold.readings):
        return verdict(True, text, "")
    return judge_unequal(found, read[0], gold, rules)


def judge_unequal(found: Extracted, read: Node, gold: Gold, rules: Rules) -> Verdict:
    """Return the verdict on an answer that as a whole is not the gold one but may hold it: ``(C) 42``, a sentence."""
    text = found.text
    if (choice := read_choice(text)) is not None and choice[1]:
        return judge(Extracted(choice[1], found.source), gold, rules)
    known = read.value in KNOWN_WORDS and not gold.worded  # "undefined" is an answer, "hmm" is none
    if read.op != "text" or known:
        return verdict(False, text, reason(read, gold))
    plain = Extracted(without_fonts(text), found.source)
    if gold.worded:
        return judge_text(plain, gold)
    return judge_prose(plain, gold, rules)


def judge_text(found: Extracted, gold: Gold) -> Verdict:
    """Return the verdict on words where the gold answer is words: right if a sentence begins or ends with them."""
    lower = found.text.lower()
    text = _SHORT_FORM.sub("", found.text)
    begins = read_text(leading(found.text)) in gold.readings and not hedged(lower)
    if begins or ends_with(text, gold.readings):
        return verdict(True, found.text, "")
    if _REFUSED.search(lower):
        return Verdict(0.0, Status.NO_ANSWER, detail="the response gives no answer")
    return verdict(False, found.text, f"the text is not {gold.text[:60]!r}")


def judge_prose(found: Extracted, gold: Gold, rules: Rules) -> Verdict:
    """Return the verdict on words where the gold answer is a value.

    Right if their last sentence holds one value, no doubt and no denial, and the value is the gold answer.
    """
    text = without_reason(_ASIDE.sub("", unwrap(found.text)))
    if (same := _IN_OTHER_WORDS.fullmatch(" ".join(text.split()))) is not None and equivalent(same[1], same[2]):
        return judge(Extracted(same[1], found.source), gold, rules)
    if (turned := _NOT_BUT.search(text)) is not None:
        return judge(Extracted(turned[1], found.source), gold, rules)
    values = values_in(text)
    if len({value for _, _, value in values}) > 1:
        text = _SENTENCE.split(text.strip(" .\n"))[-1]
        values = values_in(text)
    if not values and not gold.letter and (found.source == "bare" or _REFUSED.search(text.lower())):
        return Verdict(0.0, Status.NO_ANSWER, detail="the response gives no answer")
    if (said := stated_in(text)) is not None and not doubtful(text):
        return judge(Extracted(said, found.source), gold, rules)
    if problem := doubt(text, values):
        return verdict(False, text, problem)
    value = values[0][2]
    if value.strip() == found.text.strip():
        return verdict(False, text, f"it is not equal to {gold.text[:60]}")
    return judge(Extracted(value, found.source), gold, rules)


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
