"""Read an answer as written into a tree: wrappers off, then words, then mathematics, then plain text."""

import re
import unicodedata
from functools import lru_cache

from verigrad_rewards.math.parse.answers import read_grammar
from verigrad_rewards.math.parse.atoms import readable_word
from verigrad_rewards.math.parse.names import GREEK
from verigrad_rewards.math.parse.notation import to_latex
from verigrad_rewards.math.parse.tokens import MAX_LENGTH
from verigrad_rewards.math.parse.tree import Node, ReadError, num
from verigrad_rewards.math.parse.units import CHANGING, is_unit
from verigrad_rewards.math.parse.words import (
    read_date,
    read_number_words,
    read_text,
    read_time,
    without_fonts,
)

_WRAPS = (
    ("\\boxed{", "}"), ("\\fbox{", "}"), ("```", "```"), ("**", "**"), ("\\(", "\\)"), ("\\[", "\\]"), ("$$", "$$"),
    ("$", "$"), ("__", "__"), ("`", "`"), ('"', '"'), ("“", "”"), ("*", "*"), ("\\displaystyle", ""),
    ("\\text{", "}"), ("\\textbf{", "}"), ("\\mathbf{", "}"), ("\\mathrm{", "}"), ("\\mathit{", "}"),
    ("\\boldsymbol{", "}"), ("\\bm{", "}"), ("Matrix(", ")"), ("array(", ")"),
)  # fmt: skip
_FIRST = frozenset(opened[0] for opened, _ in _WRAPS)
_LEAD = re.compile(
    r"(?:\\text\{\s*)?(?:so|thus|hence|therefore)[,:]?\s+\}?|\\therefore\s*|=\s*|US(?=\s?[$\\])|(?:USD|EUR|GBP)\s?(?=[0-9$])"
    r"|(?:the\s+)?(?:final\s+|correct\s+)?(?:answer|result|solution|value)(?:\s+is|\s+are|\s*[:=])+\s*",
    re.IGNORECASE,
)
_DECORATION = ("So", "Cf", "Mn")  # emoji, zero-width signs
_HEAD = re.compile(r"(?:\\[,;:! ]|\s)+")
_ALIGNED = re.compile(
    r"\\begin\{(align|aligned|gather|gathered|split|equation|cases)\*?\}(.*)\\end\{\1\*?\}", re.DOTALL
)
_BASED = re.compile(r"([0-9A-F]+)\s*(?:,?\s*in\s+|\(\s*)?base[\s-]*(\w+)\s*\)?", re.IGNORECASE)
_NAMED_BASES = {"binary": 2, "octal": 8, "decimal": 10, "hexadecimal": 16, "hex": 16}
_IN_BASE = re.compile(rf"([0-9A-F]+),?\s*(?:in\s+|\(\s*)?({'|'.join(_NAMED_BASES)})\)?", re.IGNORECASE)
_LABEL = re.compile(r"([A-Za-z]+(?: [A-Za-z]+){0,5})\s*=\s*(?=[^=]+$)")
_ORDINAL = re.compile(
    r"([0-9])\s?(?:\^\s?)?(?:\{\s?)?(?:\\(?:text|mathrm|textsuperscript)\{\s?)?(?:st|nd|rd|th)\}{0,2}$"
)
_TWO_UNITS = re.compile(r"([0-9]+ [a-z]+),? (?:and )?([0-9]+ [a-z]+)")
_NAME = re.compile(r"(\\?[a-zA-Z]+(?:_\{?\w+\}?)?)\s*=")
_ONLY = re.compile(r"(?<!\s)\s*(?:\\text\s*\{\s*)?\bonly\s*\}?$")
_UNREAD = ("\\lim", "\\int", "\\iint", "\\oint")
MAX_WRAPS = 20
MAX_MISSING = 2  # closing braces that are put in where an answer lacks them
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_BRACKETED = re.compile(r"[(\[{][^()\[\]{}]*\d,\d{3}")
_COUNTED = re.compile(r"([A-Za-z-]+(?: [A-Za-z-]+){0,3}) ([A-Za-z]+)")
_LETTER = re.compile(r"[A-Za-z]")
_WORDS_ONLY = re.compile(r"[A-Za-z]+(?:(?:[ ,.]+|-|')[A-Za-z]+)*")
_INNER_DOLLARS = re.compile(r"\$([^$]*)\$")


def unwrap(text: str) -> str:
    """Return ``text`` without the delimiters, fonts and phrases that enclose an answer as a whole."""
    before, passes = None, 0
    while text and text[-1] != "°" and unicodedata.category(text[-1]) in _DECORATION:
        text = text[:-1].rstrip()
    while text and unicodedata.category(text[0]) in _DECORATION:
        text = text[1:].lstrip()
    while before != text and passes < MAX_WRAPS:
        before, passes = text, passes + 1
        text = trimmed(text[head.end() :] if (head := _HEAD.match(text)) else text)
        if rows := _ALIGNED.fullmatch(text):
            text = joined_rows(rows[2])
        for opened, closed in _WRAPS if text[:1] in _FIRST else ():
            if text.startswith(opened) and text.endswith(closed) and len(text) >= len(opened) + len(closed):
                inside = text[len(opened) : len(text) - len(closed)]
                if whole(inside, closed):
                    text = inside.strip()
        lead = _LEAD.match(text)
        text = text[lead.end() :] if lead else text
    return text


def trimmed(text: str) -> str:
    """Return ``text`` without spaces, commas and the full stop at its end; an ellipsis stays."""
    end = len(text)
    while end:
        spacing = text[end - 2] == "\\" if end > 1 else False
        if text[end - 1] in ",;:! " and spacing:
            end -= 2
        elif text[end - 1] in ",; \t\r\n\f\v\\" or (text[end - 1] == "." and text[max(0, end - 2)] not in ".,"):
            end -= 1
        else:
            break
    return text[:end]


def joined_rows(text: str) -> str:
    """Return the rows of an aligned environment as a list if each states something of its own, else the last row."""
    rows = [row.replace("&", " ").strip().rstrip(",") for row in text.rstrip("\\ \n").split("\\\\")]
    names = {found[1] for row in rows if (found := _NAME.match(row))}
    return ", ".join(rows) if len(names) == len(rows) else rows[-1]


def whole(inside: str, closed: str) -> bool:
    """Whether what stands between two delimiters belongs to one pair of them."""
    if closed == "}":
        depth = 0
        for i, c in enumerate(inside):
            if c in "{}" and inside[i - 1 : i] != "\\":
                depth += 1 if c == "{" else -1
            if depth < 0:
                return False
        return depth == 0
    return not closed or closed not in inside


def as_product(text: str) -> Node | None:
    """Return ``5 mg`` read as a product of variables, None where it is none."""
    try:
        node = read_grammar(unwrap(to_latex(text)), units=False)
    except ReadError:
        return None
    return None if node.op == "quantity" else node


def readable(word: str) -> bool:
    """Whether a word can stand in a mathematical answer."""
    return readable_word(word) or word in ("and", "or")


@lru_cache(maxsize=20_000)
def read_answer(text: str) -> Node:
    """Return the tree of an answer.

    Raises:
        ReadError: it is empty, too long, or neither mathematics nor words.
    """
    if _WHOLE.fullmatch(text):
        return num(int(text))
    if len(text) > MAX_LENGTH:
        raise ReadError(f"has {len(text)} characters; {MAX_LENGTH} are allowed")
    bare = respelled(text)
    said = " ".join(without_fonts(bare).replace("$", " ").replace("\\ ", " ").split())
    node = read_words(bare, said)
    if node is not None:
        return node
    if numeral := _BASED.fullmatch(said):
        bare = f"{numeral[1]}_{{{numeral[2]}}}" if numeral[2].isdecimal() else f"{numeral[1]}_\\text{{{numeral[2]}}}"
    elif numeral := _IN_BASE.fullmatch(said):
        bare = f"{numeral[1]}_{{{_NAMED_BASES[numeral[2].lower()]}}}"
    try:
        return read_grammar(_INNER_DOLLARS.sub(r" \1 ", bare))
    except ReadError as error:
        node = read_text(bare) if bare.count("{") == bare.count("}") else None
        if node is None:
            raise error from None
        return node


def respelled(text: str) -> str:
    """Return an answer without what encloses, introduces or decorates it.

    Raises:
        ReadError: nothing is left.
    """
    bare = _ORDINAL.sub(r"\1", unwrap(to_latex(text).replace("\\$", "\\textdollar ")))
    if not bare:
        raise ReadError("is empty")
    if bare[0] == "~" and bare[-1] != "~" and "\\" not in bare and "$" not in text:  # elsewhere ~ is a space
        bare = f"\\approx {bare[1:]}"
    bare = _ONLY.sub("", bare)
    bare += "}" * min(max(0, bare.count("{") - bare.count("}")), MAX_MISSING)  # cut off at its end
    if bare.startswith(_UNREAD) and "=" in bare:  # a limit or an integral and what it equals
        bare = bare.rpartition("=")[2].strip()
    label = _LABEL.match(bare)
    if label and not any(readable_word(word) or word in CHANGING for word in label[1].lower().split()):
        bare = bare[label.end() :]
    return bare


def read_words(bare: str, said: str) -> Node | None:
    """Return the tree of an answer that is words or a time; None where it is for the grammar to read."""
    if not _LETTER.search(said):
        return None
    node = read_time(bare) or read_number_words(said) or read_date(said)
    if node is None and (counted := _COUNTED.fullmatch(said)) and is_unit(counted[2]):  # eight hours
        number = read_number_words(counted[1])
        node = read_grammar(f"{number.value} {counted[2]}") if number is not None else None
    if node is None and said.isascii() and said.isalpha() and said.isupper() and len(said) > 1 and said not in GREEK:
        return read_text(bare)  # HHT is not HTH
    if node is None and _WORDS_ONLY.fullmatch(said) and not all(map(readable, re.findall(r"[A-Za-z]+", said))):
        return read_text(bare)
    if node is None and (parts := _TWO_UNITS.fullmatch(said)):  # 2 hours 30 minutes
        return read_text(f"{parts[1]} {parts[2]}")
    return node


@lru_cache(maxsize=20_000)
def readings(text: str) -> tuple[Node, ...]:
    """Return every way to read an answer: commas can separate thousands or values, ``mg`` can be a unit or a product.

    Raises:
        ReadError: there is none.
    """
    first = read_answer(text)
    if first.op == "quantity" and (product := as_product(text)) is not None:
        return first, product
    if not _BRACKETED.search(text) or re.search(r",0\d\d", text):
        return (first,)
    other = read_answer(re.sub(r"(?<=\d),(?=\d{3})", ", ", text))
    if other == first or other.op == "text":
        return (first,)
    return (first, other) if first.op in ("bracket", "set", "list", "union") else (other,)  # (1,200) is a pair
