"""The words of a question as the leak gate compares them: what a look-alike copy changes is taken out.

Letter case, spacing, punctuation, Unicode forms and LaTeX mark-up are taken out. Numbers, operators and brackets of
expressions stay: 17*23 is not 17+23.
"""

import re
import unicodedata

# Cyrillic and Greek letters that look like Latin ones (a part of the confusables of Unicode TR 39); in a text of that
# script both sides change alike
LOOK_ALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаесѕіјорухԁһқΑΒΕΖΗΙΚΜΝΟΡΤΥΧοιν",
    "ABESIJKMHOPCTYXaecsijopyxdhkABEZHIKMNOPTYXoiv",
)
SIGNS = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–−﹣－", "-"),
        **dict.fromkeys("—―", " "),
        **dict.fromkeys("×·∙⋅∗✕", "*"),
        **dict.fromkeys("÷∕⁄", "/"),
        **{c: f"^{unicodedata.digit(c)}" for c in "⁰¹²³⁴⁵⁶⁷⁸⁹"},
    }
)
FRACTIONS = {c: f" {unicodedata.normalize('NFKC', c).replace('⁄', '/')} " for c in "¼½¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
NUMERALS = "zero one two three four five six seven eight nine ten eleven twelve".split()
COMMANDS = {r"\times": "*", r"\cdot": "*", r"\div": "/", r"\dfrac": r"\frac", r"\tfrac": r"\frac", "**": "^"}
SAME: dict[str, str] = COMMANDS | {word: str(i) for i, word in enumerate(NUMERALS)}

ACCENTS = re.compile("[\u0300-\u0337\u0339-\u036f]")  # without U+0338, which makes ≠ of =
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]")
THIN_SPACES = re.compile("(?<=\\d)[\u00a0\u2009\u202f](?=\\d{3}(?!\\d))")
REPAIRS = (
    (re.compile(r"\\(?:left|right|big|text|mathrm|mathbf|displaystyle|quad|qquad|boxed)(?![a-z])"), " "),
    (re.compile(r"['’ʼ`]|\\[,;:! ()\[\]]"), ""),  # apostrophes; LaTeX spaces and brackets around formulas
    (re.compile(r"(?<=\d)(?:,|\{,\})(?=\d{3}(?!\d))"), ""),  # 1,000
    (re.compile(r"(?<=\d)\.0+(?![\d.])"), ""),  # 5.00
    (re.compile(r"(?<=\d)\s*x\s*(?=\d)"), "*"),  # 17 x 23
    (re.compile(r"([^\W\d_]{2})\s*-+\s*(?=[^\W\d_]{2})"), r"\1 "),  # a hyphen, a dash
    (re.compile(r"(?<!\w)(\*\*|__)(?=\S)(.+?)(?<=\S)\1(?!\w)"), r"\2"),  # Markdown
    (re.compile(r"=\s*(?:[?_]+|\.*\s*$)"), " "),  # 3+5=?
    (re.compile(r"\s+(?=\))"), ""),
)
TOKEN = re.compile(
    r"\\[a-z]+|\d+(?:\.\d+)?|[\u3040-\u30ff\u3400-\u9fff]|[^\W\d_]+"  # Chinese and Japanese have no spaces
    r"|\*\*|(?<=[\d)])!|[-+*/^=<>%|≠≤≥±√∑∏∫∞]"
    # brackets beside a number, one letter or another bracket belong to an expression, others to prose
    r"|\((?=\s*(?:[-(\d\\√]|[a-z]\b))|(?<=[\d)!])\)|(?<=\b[a-z])\)"
)
OPERATOR_WORDS = frozenset("plus minus times divided multiplied over squared cubed mod modulo".split())


def words(text: str) -> list[str]:
    """Return the words, numbers and operators of ``text``, as they are compared."""
    if not text.isascii():
        text = plain_letters(text)
    text = text.lower()
    for pattern, put in REPAIRS:
        text = pattern.sub(put, text)
    found: list[str] = TOKEN.findall(text)
    return [SAME.get(token, token) for token in found]


def plain_letters(text: str) -> str:
    """Return ``text`` with look-alikes, full-width forms, accents and invisible characters made plain."""
    text = THIN_SPACES.sub("", text).translate(SIGNS)
    text = "".join(FRACTIONS.get(c, c) for c in text)
    text = INVISIBLE.sub("", unicodedata.normalize("NFKD", text.translate(LOOK_ALIKES)))
    return unicodedata.normalize("NFKC", ACCENTS.sub("", text)).translate(SIGNS)


def is_math(token: str) -> bool:
    """Whether a word belongs to an expression: a number, an operator, a bracket, one letter or a LaTeX command."""
    return len(token) == 1 or not token.isalpha()


def continues(token: str) -> bool:
    """Whether ``token``, standing beside an expression, makes it a part of a larger one."""
    return token in OPERATOR_WORDS or not (token[0].isalnum() or token in "|")
