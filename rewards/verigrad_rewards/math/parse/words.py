"""Read answers that are words: choice letters, number words, times, and text that is compared as text."""

import re
from fractions import Fraction

from verigrad_rewards.math.parse.tree import INF, Node, neg, num

_FONT = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|normal|up)?|[mh]box|math(?:rm|bf|it|sf|tt)|boldsymbol|bm)\s*\{([^{}]*)\}"
)
_CHOICE = re.compile(
    r"(?i:(?:the\s+)?(?:correct\s+)?(?:option|choice|answer|letter)s?\s*(?:is\s*)?:?\s*)?"
    r"(?:\(\s*(?P<round>[A-J])\s*\)|\[(?P<square>[A-J])\]|(?P<open>[A-J])(?P<mark>[.):])|(?P<bare>[A-J])(?=$|\s*[.,]?\s*$))"
    r"[.,:]?\s*(?P<rest>.*)",
    re.DOTALL,
)
_OTHER_CHOICE = re.compile(
    r"\([A-J]\)|\b[A-J](?:[).:]|\s+(?:is|was)\b)|^(?:is|was)\s+(?:not|wrong|incorrect|false|ruled|eliminated|rejected|impossible)\b|\bor\s+\(?[A-J]\b"
)
_MORE = re.compile(r"[,;/&]|(?:or|and)\b|\(?[A-J](?:\)|$|\s*[,;.])")
_UNITS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
""".split()
_UNITS += ["seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9}
_VALUES = {**{w: i for i, w in enumerate(_UNITS)}, **{w: 20 + 10 * i for i, w in enumerate(_TENS)}}
_PARTS = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "fourth": 4,
    "quarter": 4,
    "fifth": 5,
    "sixth": 6,
    "eighth": 8,
    "tenth": 10,
}
_PARTS |= {f"{name}s": value for name, value in _PARTS.items()}
_TIME = re.compile(r"(\d{1,2}):(\d{2})\s*(?:([ap])\.?\s?m\.?)?", re.IGNORECASE)
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
_FORMAL = re.compile(r"\\[a-zA-Z]|[=^_+<>*|!]|(?<![A-Za-z])-|-(?![A-Za-z])")
_LAYOUT = re.compile(r"\\(?:left|right|displaystyle|limits|quad|[,;:! ])")
_STOP = frozenset(
    """
        the a an is are it its of at on in this that answer value final there function number will be was were
    """.split()
)
_DATE = re.compile(r"[A-Za-z]*[ ,0-9]*(?:st|nd|rd|th)?[ ,]*(?:of )?[A-Za-z]*[ ,0-9]*")
MAX_DATE = 60  # characters; the pattern above tries every way to part a longer run of commas
_MONTHS = frozenset(
    """
    january february march april may june july august september october november december
""".split()
)
# different words for the same answer
_SAME = {
    "undefined": "undefined", "dne": "undefined", "does not exist": "undefined", "not defined": "undefined",
    "limit does not exist": "undefined", "indeterminate": "undefined", "doesnt exist": "undefined",
    "no solution": "∅", "no solutions": "∅", "no real solution": "∅", "no real solutions": "∅", "none": "∅",
    "empty set": "∅", "minus infinity": "-∞", "no real roots": "∅", "no solutions exist": "∅", "has no solution": "∅",
    "infinity": "∞",    "positive infinity": "∞", "negative infinity": "-∞", "infinite": "infinite",
    "infinitely many": "infinite",
    "infinitely many solutions": "infinite", "all real numbers": "ℝ", "all reals": "ℝ", "all real": "ℝ", "real": "ℝ",
    "reals": "ℝ", "yes": "yes", "true": "true", "no": "no", "false": "false",
}  # fmt: skip
KNOWN_WORDS = frozenset(_SAME.values())
_SAME_NODE = {"∅": Node("set"), "∞": INF, "-∞": neg(INF), "ℝ": Node("sym", (), "ℝ")}


def without_fonts(text: str) -> str:
    r"""Return ``text`` with ``\text{…}`` and other fonts dropped, what stands in them kept."""
    before = None
    while before != text and "\\" in text:
        before, text = text, _FONT.sub(r" \1 ", text)
    return text


def read_choice(text: str) -> tuple[str, str] | None:
    """Return the letter of a multiple-choice answer and what stands behind it; None where no letter leads.

    ``C``, ``(C)``, ``C.``, ``C) 42``, ``(C) 42``, ``option C``. A letter alone is a choice only to a gold that is one.
    """
    plain = " ".join(without_fonts(text).replace("$", " ").replace("~", " ").replace("\\ ", " ").split())
    plain = plain.removeprefix("\\displaystyle").lstrip()
    match = _CHOICE.fullmatch(plain)
    if match is None or _MORE.match(match["rest"]) or _OTHER_CHOICE.search(match["rest"]):
        return None
    return match["round"] or match["square"] or match["open"] or match["bare"], match["rest"].strip()


def read_number_words(text: str) -> Node | None:
    """Return the number that words such as ``forty-two`` say."""
    words = re.findall(r"[a-z]+|\S", text.lower().replace("-", " "))
    if len(words) == 2 and words[1] in _PARTS and (words[0] in _VALUES or words[0] == "a"):
        return num(Fraction(_VALUES.get(words[0], 1), _PARTS[words[1]]))
    if not words or not all(w in _VALUES or w in _SCALES or w == "and" for w in words) or words[0] not in _VALUES:
        return None
    total = group = 0
    previous = None
    for word in words:
        if word in _SCALES:
            factor = _SCALES[word]
            group = group * factor if factor == 100 else group
            total, group = (total, group) if factor == 100 else (total + group * factor, 0)
        elif word != "and":
            value = _VALUES[word]
            if previous in _VALUES and not (_VALUES[previous] >= 20 and 0 < value < 10):
                return None  # "five six" is two numbers
            group += value
        previous = word
    return num(total + group)


def read_time(text: str) -> Node | None:
    """Return a time of day, ``6:15 p.m.``, as text; a time without am or pm stays a ratio."""
    plain = (
        without_fonts(text)
        .replace("{:}", ":")
        .replace(" : ", ":")
        .replace("\\!", "")
        .replace("~", " ")
        .replace("\\", " ")
    )
    match = _TIME.fullmatch(" ".join(plain.split()))
    if match is None or match[3] is None:
        return None
    return Node("text", (), f"{int(match[1])}:{match[2]} {match[3].lower()}m")


def read_date(text: str) -> Node | None:
    """Return a day such as ``14 March`` or ``March 14, 2015`` as text."""
    words = re.findall(r"[a-z]+|[0-9]+", text.lower())
    whole = (
        len(text) <= MAX_DATE and _DATE.fullmatch(text) is not None and bool(_MONTHS & set(words)) and len(words) <= 4
    )
    return read_text(text) if whole and any(word.isdecimal() for word in words) else None


def read_text(text: str) -> Node | None:
    """Return words as they are compared: lower case, without punctuation and articles; None where no word is."""
    plain = without_fonts(text).replace("\\ ", " ").replace("$", " ").replace("~", " ")
    if _FORMAL.search(plain):  # mathematics that is not read: every sign counts
        return Node("text", (), "".join(_LAYOUT.sub("", plain).split()))
    plain = _ORDINAL.sub("", plain.lower().replace("n't", "nt").replace("'s ", "s "))
    words = re.findall(r"[^\W_]+|[^\s\w.,;:!?'\"()`*\-\\{}]", plain)
    kept = [word for word in words if word not in _STOP] or words
    if not any(c.isalnum() for word in kept for c in word):
        return None
    said = " ".join(sorted(kept) if _MONTHS & set(kept) else kept)
    return _SAME_NODE.get(name := _SAME.get(said) or _SAME.get(" ".join(words)) or said) or Node("text", (), name)
