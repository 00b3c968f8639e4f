"""Read the sentences that models put around an answer: what they state, what they doubt, what they deny."""

import re
from collections.abc import Sequence

from verigrad_rewards.math.parse.read import read_answer
from verigrad_rewards.math.parse.tree import Node, ReadError
from verigrad_rewards.math.parse.units import CHANGING, OTHER_NUMBERS, read_unit
from verigrad_rewards.math.parse.words import read_text

MAX_SENTENCE = 300  # characters of a sentence that are looked at
MAX_SENTENCE_WORDS = 40
MAX_LINKS = 8  # verbs and signs in a sentence behind which a value is looked for
_NEGATED = re.compile(
    r"\b(?:not|no|never|isn't|isnt|wrong|incorrect|false|untrue|invalid|cannot|can't|neither|except)\b"
)
_HEDGED = re.compile(
    r"\b(?:about|approximately|roughly|around|nearly|almost|or|either|maybe|perhaps|possibly|probably|likely|unless"
    r"|between|guess|unsure|any|anything|could|might)\b|\?"
)
_BREAK = re.compile(r"[,;.](?:\s|$)|\s(?:is|are|was|has|because|since|as|with|so)\s")
_DENIES = re.compile(
    r"\s(?:is|are|was)\s+(?:not|never|wrong|incorrect|false|ruled|eliminated|rejected|out|impossible)\b"
)
_OTHER_LETTER = re.compile(r"[,;:.]\s*(?:(?:or|and)\b|\(?[A-J]\b)")
# what may stand right before the value that a sentence states
_STATING = frozenset(
    """
    is are was were be been equals equal becomes gives give get gets got gave has have had makes made costs cost lasts
    takes took needs weighs earns earned pays paid saves saved spends spent sells sold buys bought leaves left walks
    runs drives travels covers requires contains holds measures receives scored won ate eats used uses reads read
    produces drank collected choose choose answer result number value total totals altogether exactly only just simply
    clearly definitely so thus hence therefore then there year
    """.split()
)
# "equal to 5" and "a total of 5" state a value, "close to 5" and "a multiple of 5" do not
_STATING_PAIRS = frozenset(
    "equal to,comes to,come to,amounts to,adds to,sums to,leads to,simplifies to,reduces to,total of,answer of,"
    "value of,result of,profit of,answer as".split(",")
)
_DOUBTING = frozenset(
    """
    suppose think believe guess sure unsure assume hope if when whenever unless though although however but except
    otherwise provided mistake error contradiction
    """.split()
)
_REMARK = re.compile(r"\([A-Za-z ,.'-]{1,80}\)")
_LEAD_WORDS = re.compile(r"([A-Za-z]*)\s?\b([A-Za-z]+)[\s,:*]*$")
_VERB_AFTER = re.compile(r"\s(?:is|are|was|were|will|remain|remains)\s")
_GLUED = re.compile(r"[A-Za-z0-9!^_(/*+πθ°]|\s?[*/^+π]")
_BAD_LEADS = frozenset(
    """
    ln log sin cos tan sqrt root multiple multiples times twice thrice double triple half negative minus plus far
    unlikely divided under over above below near theorem problem question part step page case exceed exceeds factor
    factors divisor power square cube percent than until before after undefined infinite
    """.split()
)
_REASONS = frozenset(("because", "since", "so"))
_OTHER_ANSWER = re.compile(r"\b[B-HJ]\b|\b(?:otherwise|however)\b")
_REASON = re.compile(r"\b(?:because|since)\b")
_LINKS = frozenset("is are was were be has have on at by a an the becomes called named limit function".split())
_FORMULA = r"\$\$(.+?)\$\$|(?<!\\)\$((?:[^$\\]|\\.)+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?:\s?[ap]\.?m\b\.?)?"
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:/[0-9]+)?(?:\s?%)?"
SCALE = r"(?:\s(?:hundred|thousand|million|billion|trillion)\b)?"
_VALUE = re.compile(rf"{_FORMULA}|({_CLOCK}|(?<![A-Za-z0-9_.])[-−]?[$€£]?{_DIGITS}{SCALE})")

_TAKEN_BACK = re.compile(
    r"[\s$*.}]{0,20}(?:\\\)|\\\])?\s{0,3}"
    r"(?:(?:is|was|would be|seems|looks)\s{1,3}(?:not|wrong|incorrect|false|impossible|rejected|extraneous|ruled\s+out)"
    r"|isn't|cannot be|fails|does(?:n't| not) (?:work|hold)|,? which is (?:a contradiction|impossible|wrong))\b"
)
_OR_ELSE = re.compile(r"[\s$*.,}(]{0,20}or\s{1,3}(?:maybe |perhaps |possibly )?[\s$\\]{0,6}(?:\d|\\boxed|\\frac|-\d)")
_DENIED = re.compile(
    r"(?:\bnot|\bcannot|n't|n't\s+be|\bnever|≠|!=|\\neq?|\b(?:greater|less|more|fewer|larger|smaller|other)\s+than"
    r"|\bat\s+(?:least|most)|\b(?:wrong|incorrect)\s+(?:answer|result|value)\s+(?:is|was|would\s+be))(?:\s+(?:equal(?:\s+to)?|be))?[\s$*(\\}]{0,6}$",
    re.IGNORECASE,
)
_MATH_SIGNS = frozenset("\\^_=<>{}[]|+/()%&#@~")
_DOUBTED = re.compile(
    r"\b(?:might|may|could)\s+be|\bguess|\banything\s+but|\bmistake\s+is|\b(?:do|does|did)(?:\s+not|n't)\s+(?:answer|think)"
    r"|\bnot\s+sure|\bperhaps|\bmaybe|\bpossibly|\bbetween\s+[\d$][^.]*|\babout\s*$|\bproblem\s*$|\berror\s*$",
    re.IGNORECASE,
)
# what makes another value of the number behind it, or in front of it
_LEADS_AWAY = re.compile(
    r"\b(?:multiple|reciprocal|factor|divisor|square|cube|root|power|half|double|third|quarter|twice)s?\s+(?:of\s+)?[\s$]{0,4}$"
    r"|\b(?:sum|product|difference)\s+of\s+\w{1,9}\s+and[\s$]{0,4}$|\bunlikely\s+to\s+be[\s$]{0,4}$|\bto\s+the[\s$]{0,4}$"
    r"|\b(?:twice|half|double|squared|cubed)\b[^.\n]{0,20}=[\s$]{0,4}$",
    re.IGNORECASE,
)
_GOES_AWAY = re.compile(r"[\s$]{1,4}(?:if|when|unless|more|less|fewer|mod|or\s+so|or\s+(?:more|less|fewer))\b")
_OR_BEFORE = re.compile(r"(?:\d|\})[\s$,]{0,6}\sor\s[\s$]{0,6}$")
_STATES = re.compile(r"\b(?:is|are|be|equals|to|at|point|of|get|gives|obtain|becomes)\s+|[=:]\s*")
_EXPRESSION = re.compile(r"[√π∞°²³^{}()\[\]\\+*]|[a-zA-Z0-9]\s?=|\d:\d")

Value = tuple[int, int, str]  # where it starts, where it ends, what it says


def leading(text: str) -> str:
    """Return what stands before the first comma, reason or verb of a sentence, empty where that verb denies it."""
    text = text.replace("*", "")
    match = _BREAK.search(text)
    if match is None or _DENIES.match(text, match.start()) or _OTHER_LETTER.match(text, match.start()):
        return ""
    after = text[match.end() :].split()
    remark = len(after) > 2 or after[:1] == ["not"]
    contradicts = bool(after) and after[0].lower() in ("but", "or", "and", "no", "yes", "unless", "though", "well")
    denies_other = bool(after) and after[0].lower() == "not"
    if match[0].strip() not in _REASONS and not denies_other and _OTHER_ANSWER.search(text, match.end()):
        return ""
    if contradicts or (match[0][0] in ",;." and after and not remark):
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
    start, end, _ = values[0]
    if not stated_plainly(text, start, end):
        return "the answer is neither a value nor a plain sentence with one"
    return beside(text, start, end)


def stated_plainly(text: str, start: int, end: int) -> bool:
    """Whether a sentence states the value between two places: after such a word as "is", and not as part of more."""
    words = frozenset(re.findall(r"[a-z]+", _REASON.split(text.lower())[0]))
    remarks = " ".join(_REMARK.findall(text)).lower()
    if _DOUBTING & words or CHANGING & set(re.findall(r"[a-z]+", remarks)):
        return False
    before, after = _REMARK.sub("", text[:start]), _REMARK.sub("", _REASON.split(text[end:])[0])
    if _GLUED.match(after) or any(c in _MATH_SIGNS for c in before + after):
        return False
    return leads(before) and names_things(after)


def without_reason(text: str) -> str:
    """Return a sentence up to its reason, "because" and on, where its value stands before that."""
    head = _REASON.split(text)[0]
    return head if values_in(head) else text


def leads(before: str) -> bool:
    """Whether the words before a value say that it is the answer."""
    if _BAD_LEADS.intersection(re.findall(r"[a-z]+", before.lower())):
        return False
    last = _LEAD_WORDS.search(before)
    if last is None:
        return not before.strip(" *:,") or not before.isascii() or before.rstrip(" *").endswith(":")
    return last[2].lower() in _STATING or f"{last[1]} {last[2]}".lower() in _STATING_PAIRS


def names_things(after: str) -> bool:
    """Whether the words behind a value only say what it counts."""
    if _VERB_AFTER.match(after) or not after.isascii():
        return True
    try:
        read_unit(after)
    except ValueError:
        return False
    return True


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
    if problem := denied(said, start, end):
        return problem
    if said.startswith(("...", "…"), end):
        return "the answer is cut off"
    if or_else(said, end) or _OR_BEFORE.search(said[max(0, start - 30) : start]):
        return "the answer is one of several guesses"
    return ""


def denied(said: str, start: int, end: int) -> str:
    """Return that the words beside an answer deny it, empty where they do not."""
    before = said[max(0, start - 40) : start].rpartition("\n\n")[2]
    if _LEADS_AWAY.search(before) or _GOES_AWAY.match(said, end):
        return "the words beside the answer make another value of it"
    no = _DENIED.search(before[-30:]) or _DOUBTED.search(before) or _TAKEN_BACK.match(said, end)
    return "the words beside the answer deny it" if no else ""


def or_else(said: str, end: int) -> bool:
    """Whether another guess follows an answer."""
    return _OR_ELSE.match(said, end) is not None
