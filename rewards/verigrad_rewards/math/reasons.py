"""Say why an answer cannot count: no single number, or the question given back."""

import re
from math import gcd

from verigrad_rewards.math.numbers import MAX_LENGTH, bare, plain_text

_RELATION = re.compile(r"[<>≤≥≠≈±~]|!=|\\(?:leq?|geq?|neq?|lt|gt|pm|mp|approx|sim)(?![a-zA-Z])")
_NEGATION = re.compile(r"\b(?:not|no|never|isn|isnt|wrong|incorrect|false|untrue|invalid|cannot|cant)\b")
_HEDGE = re.compile(r"\b(?:or|either|maybe|perhaps|possibly|probably|likely|about|approximately|roughly|around|if)\b")
_AROUND_SLASH = re.compile(r" ?/ ?")
_TO_WORK_OUT = re.compile(r"[+-]?(?:[0-9]+ )?[0-9.,]+(?: ?/ ?[0-9.,]+|%|[eE][+-]?[0-9]+| ?[x*] ?10\^\{?[+-]?[0-9]+\}?)")


def why_unread(text: str) -> str:
    """Return one sentence that says why ``text`` is not one exact number."""
    if len(text) > MAX_LENGTH:
        return f"the answer has {len(text)} characters; a number has at most {MAX_LENGTH}"
    if _RELATION.search(text):
        return "the answer is an inequality or an estimate, not one exact number"
    plain = bare(text)
    if _NEGATION.search(plain.lower()):
        return "the answer is negated; it must be one exact number"
    if _HEDGE.search(plain.lower()):
        return "the answer is a hedge; it must be one exact number"
    if any(c.isnumeric() and not c.isascii() for c in plain):
        return "the answer has digits other than 0 to 9"
    numbers = re.findall(r"[0-9][0-9.]*", plain)
    if numbers and re.search(r"[-+*/^=!(]|[0-9] ?x ?[0-9]", plain.lstrip("+-")):
        return "the answer is an expression that is not worked out; it must be one exact number"
    if len(numbers) > 1:
        return "the answer has several numbers; it must be one exact number"
    return "the answer is not one exact number"


def restates(text: str, gold: str, question: str) -> bool:
    """Whether an answer that is right in value only gives back what the question says, not worked out.

    ``84/2`` for 42, ``6/8`` for ``3/4``, ``50%`` for ``0.5`` where the question has them. A plain integer or decimal
    never restates, nor does a fraction in lowest terms, nor what is written like the gold answer.
    """
    said = bare(text)
    if not question or said == bare(gold) or not _TO_WORK_OUT.fullmatch(said) or lowest_terms(said):
        return False
    asked = _AROUND_SLASH.sub("/", plain_text(question))
    return re.search(rf"(?<![\w./]){re.escape(_AROUND_SLASH.sub('/', said))}(?![\w/])", asked) is not None


def lowest_terms(text: str) -> bool:
    """Whether ``text`` is a fraction such as ``3/4`` that cannot be reduced."""
    match = re.fullmatch(r"[+-]?([0-9]+) ?/ ?([0-9]+)", text)
    return match is not None and int(match[2]) > 1 and gcd(int(match[1]), int(match[2])) == 1
