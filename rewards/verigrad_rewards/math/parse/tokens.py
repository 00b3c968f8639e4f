"""Cut an answer into tokens: numbers, words, LaTeX commands, text groups and signs."""

import re
from typing import NamedTuple

from verigrad_rewards.math.parse.names import BASIS
from verigrad_rewards.math.parse.notation import to_latex
from verigrad_rewards.math.parse.tree import ReadError

MAX_LENGTH = 4_000  # characters of an answer
MAX_TOKENS = 2_000


class Token(NamedTuple):
    r"""One token.

    Attributes:
        kind: ``num``, ``word``, ``cmd`` (without its backslash), ``text`` (what stands in ``\text{}``), ``roman``
            (in ``\mathrm{}`` and the like), ``begin``, ``end`` (environments), ``base`` (4130_5), ``sign``.
        text: as written.
        spaced: whether white space stands before it.
    """

    kind: str
    text: str
    spaced: bool


_IGNORED = "|".join(
    """
    displaystyle textstyle scriptstyle limits nolimits left right middle [bB]igg?[lrm]? mathopen mathclose mathstrut
    strut     boxed fbox large Large LARGE huge Huge small bf it rm nonumber notag quad qquad underline emph allowbreak
    """.split()
)
_DROPPED_GROUP = r"\\(?:hspace|vspace|h?phantom|color|textcolor)\*?\s*\{[^{}]*\}"
_SPACE = rf"(?P<space>(?:\s|~|\\[,;:!> ]|{_DROPPED_GROUP}|\\(?:{_IGNORED})(?![a-zA-Z])\.?)+)"
_FONTS = r"text(?:bf|it|rm|sf|tt|normal|up)?|[mh]box|math(?:rm|bf|it|sf|tt|cal|bb|scr|frak|normal)"
_GROUP = rf"(?P<group>\\(?P<font>{_FONTS}|boldsymbol|bm|operatorname\*?)\s*\{{)"
_ENVIRONMENT = r"(?P<env>\\(?P<edge>begin|end)\s*\{(?P<name>[a-zA-Z]+)\*?\})"
_DIGITS = r"(?:[0-9]+|\(\s*[0-9]+\s*\)|\{\s*[0-9]+\s*\})"
_LETTERED = r"(?:[0-9A-F]+|\(\s*[0-9A-F]+\s*\)|\{\s*[0-9A-F]+\s*\})"  # digits of a base above ten
_WORD_BASE = r"\\(?:text|mathrm)\{[a-z0-9 ]+\}"
_BASE = (
    rf"(?P<base>(?<![\w.])(?:{_DIGITS}\s?_(?:\{{\s*[2-9]\s*\}}|[2-9](?!\d))"
    rf"|{_LETTERED}\s?_(?:[1-3]\d(?!\d)|\{{\s*[1-3]\d\s*\}}|{_WORD_BASE}|\{{{_WORD_BASE}\}})))"
)
_COMMA = r"(?:(?:\\!)?(?:,|\{,\})(?:\\!\s?)?|\s?\\[,!;: ]\s?)"
_COMMA_GROUPS = rf"[1-9]\d{{0,2}}(?:{_COMMA}\d{{3}})+(?!\d)"
_SPACE_GROUPS = r"(?<![_^])[1-9]\d{0,2}(?:\s\d{3})+(?!\d)"
_NUM = rf"(?P<num>(?:{_COMMA_GROUPS}|{_SPACE_GROUPS}|\d+)(?:\.\d+|\.(?![\d.]))?|\.\d+)"
_COMMAND = r"\\(?P<cmd>[a-zA-Z]+)|\\(?P<escaped>[%$#&_{}|\\*.'-])"
_SIGN = r"(?P<sign><=|>=|!=|==|=>|->|:=|\*\*|\.\.\.|<>|[-+*/^_=<>!|()\[\]{}.,;:'%$&?\"@#€£¥₹°¢])"
_TOKEN = re.compile(
    "|".join((_SPACE, _GROUP, _ENVIRONMENT, _BASE, _NUM, _COMMAND, r"(?P<word>[A-Za-z]+)", _SIGN)), re.ASCII
)
# what must stand in the text for a pattern to be tried, the pattern, and what replaces it
_RESPELLED = (
    ("\\mathbb", re.compile(r"\\mathbb\s?([A-Z])"), r"\\mathbb{\1}"),
    ("{}", re.compile(r"(?<=[a-z])\{\}"), " "),  # \cdot{}
    ("x", re.compile(r"(?<=[0-9}])(?<!\b0)\s*x\s*(?=[0-9])"), r"\\times "),  # 3 x 10^8
    (".\\", re.compile(r"(?<![0-9])\.(?=\\(?:overline|bar|dot)\b)"), "0."),  # .\overline{3}
    ("\\", re.compile(r"\\(?:text|mbox|textbf)\s*\{((?:[^a-zA-Z{}\\]|\\textdollar )*)\}"), r"\1"),  # \text{:}
    ("]", re.compile(r"\\left\s*\]|(?<![0-9a-zA-Z)}\]])\](?=[^\[\]]*,[^\[\]]*\[)"), "("),  # ]0,1[ is (0,1)
    ("\\right", re.compile(r"\\right\s*\["), ")"),
    ("]", re.compile(r"^\s*\](?=[^()\[\]]*,[^()\[\]]*[\])]\s*$)"), "("),
    ("[", re.compile(r"^(\s*[\[(][^()\[\]]*,[^()\[\]]*)\[\s*$"), r"\1)"),
    ("_{(", re.compile(r"_\{\(([0-9]{1,2})\)\}"), r"_{\1}"),  # 1011_{(2)}
    ("_", re.compile(r"\\(?:mathrm|text)\{([0-9A-F]{1,9})\}(?=[0-9A-F]*_\{?1)"), r"\1"),  # 2\mathrm{A}_{16}
    ("I", re.compile(r"(?<=\*)I\b|\bI(?=\*)"), "i"),  # what sympy prints
    ("{,}", re.compile(r"(?<=[0-9])\{,\}(?=[0-9]{1,2}(?![0-9]))"), "."),  # 2{,}75 is 2.75
    ("\\\\", re.compile(r"\\\\\s*\[[0-9. ]*(?:pt|em|ex|mm|cm)\]"), r"\\\\ "),  # \\[2pt]
)
_SIGNS = {
    "colon": ":",
    "lbrack": "[",
    "rbrack": "]",
    "vert": "|",
    "Vert": "|",
    "pounds": "£",
    "euro": "€",
    "yen": "¥",
    "textdollar": "$",
    "cent": "¢",
}
_BOLD = frozenset(("mathbf", "boldsymbol", "bm"))
_MATH_INSIDE = re.compile(r"[\\^_+*/=0-9(-]")
_SHORT_WORDS = frozenset(("at", "as", "an", "it", "me", "us", "am", "to", "so", "by", "if", "he", "on"))
_ESCAPED = {"{": "lbrace", "}": "rbrace", "\\": "newline"}
_EXPONENT = re.compile(r"[eE]([+-]?\d{1,6})(?![\w.])")


def tokenize(text: str) -> list[Token]:
    """Return the tokens of an answer.

    Raises:
        ReadError: it is too long, or has a character that no notation uses.
    """
    if len(text) > MAX_LENGTH:
        raise ReadError(f"has {len(text)} characters; {MAX_LENGTH} are allowed")
    text = respelled(to_latex(text))
    found: list[Token] = []
    place, spaced = 0, False
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ReadError(f"has {text[place]!r} in it, which is no mathematical notation")
        if match["space"]:
            place, spaced = match.end(), True
            continue
        tokens, place = tokens_of(match, spaced, text)
        found += tokens
        spaced = spaced and not tokens
    if len(found) > MAX_TOKENS:
        raise ReadError(f"has {len(found)} parts; {MAX_TOKENS} are allowed")
    return found


def respelled(text: str) -> str:
    """Return ``text`` with rare spellings replaced by the usual ones."""
    for needle, pattern, plain in _RESPELLED:
        if needle in text:
            text = pattern.sub(plain, text)
    return text.replace("{:}", ":")


def tokens_of(match: re.Match[str], spaced: bool, text: str) -> tuple[list[Token], int]:
    """Return the tokens of one match and the place behind them."""
    end = match.end()
    if match["group"]:
        closed = closing(text, end)
        if closed is None:
            raise ReadError("has a brace that is never closed")
        if match["font"] in _BOLD and _MATH_INSIDE.search(text, end, closed):
            return [], end - 1  # bold mathematics: its braces are a group
        return [group_token(match["font"], text[end:closed], spaced)], closed + 1
    token = as_token(match, spaced)
    if match["num"] and (exponent := _EXPONENT.match(text, end)):
        return [Token("num", f"{token.text}e{exponent[1]}", spaced)], exponent.end()
    if token.text == "!=" and not spaced and text[match.start() - 1 : match.start()] in "0123456789)":
        return [Token("sign", "!", spaced)], end - 1  # 5!=120
    if token.text in _SHORT_WORDS and attached(text, match):
        return [Token("word", c, False) for c in token.text], end
    return [token], end


def attached(text: str, match: re.Match[str]) -> bool:
    """Whether a short word touches mathematics on either side: ``at^2`` and ``{at}`` are products."""
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    return (before != "" and before in "{(+*/^_0123456789}") or (after != "" and after in "^_})+*/")


def group_token(font: str, inside: str, spaced: bool) -> Token:
    """Return the token of a font and what stands in its braces."""
    if font in _BOLD and inside.strip() in BASIS:
        inside = f"unit{inside.strip()}"
    return Token("text" if font.startswith("text") or font.endswith("box") else "roman", inside, spaced)


def as_token(match: re.Match[str], spaced: bool) -> Token:
    """Return the token of one match that is no group."""
    if match["env"]:
        return Token(match["edge"], match["name"], spaced)
    if match["escaped"]:
        name = _ESCAPED.get(match["escaped"])
        return Token("cmd", name, spaced) if name else Token("sign", match["escaped"].replace("\\|", "|"), spaced)
    if match["cmd"] in _SIGNS:
        return Token("sign", _SIGNS[match["cmd"]], spaced)
    kind = next(kind for kind in ("base", "num", "cmd", "word", "sign") if match[kind])
    return Token(kind, match[kind], spaced)


def closing(text: str, begin: int, most: int | None = None) -> int | None:
    """Return the place of the brace that closes one opened before ``begin``; None if none of the next ``most`` does."""
    depth = 1
    for place in range(begin, len(text) if most is None else min(len(text), begin + most)):
        if text[place] in "{}" and text[place - 1] != "\\":
            depth += 1 if text[place] == "{" else -1
            if not depth:
                return place
    return None
