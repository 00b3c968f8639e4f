"""Whether two questions are the same, word by word: the rules of the leak gate that look at one pair."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from verigrad.leaks.minhash import SHINGLE
from verigrad.leaks.words import continues, is_math

Words = Sequence[str]

LONG_RUN, RUN = 13, 8  # words in a row
# share of the shorter problem that shared runs of RUN words cover: with a LONG_RUN, without one, and where the longer
# problem has further numbers
LONG_SHARE, SHARE, NEARLY_ALL = 0.5, 0.75, 0.9
NEAR, REORDERED = 0.8, 0.5  # Jaccard similarity of the shingles; where the words are the same in another order
SHORTEST = 3  # words of a short problem that can stand in another one

# what a question is wrapped in; two short questions that differ in these alone ask for the same
ASKING = frozenset(
    "what is are the value of result s compute calculate evaluate find determine solve simplify work out please "
    "question problem q answer give tell me equals =".split()
)
# a problem made of these alone says nothing: "How many are there in all?"
EMPTY = ASKING | frozenset(
    "a an it this that these they he she him her his its their there them you we i who whom whose which where when "
    "why how many much more was were be been do does did has have had can could will would should in on at to by for "
    "from with and or not as all total altogether left now then so if".split()
)


@dataclass(frozen=True)
class Wording:
    """A question's words.

    Attributes:
        all: every word.
        core: those that belong to no instruction which many problems share.
    """

    all: Words
    core: Words

    @cached_property
    def numbers(self) -> Counter[str]:
        """How often each number stands in it."""
        return Counter(word for word in self.core if word[0].isdigit())


def same_rule(a: Wording, b: Wording) -> str | None:
    """Return the rule by which two questions are the same, None if they are not."""
    if len(a.core) > len(b.core):
        a, b = b, a
    if not a.numbers <= b.numbers:
        return None
    short, long, equal = a.core, b.core, a.numbers == b.numbers
    if says_something(short):
        whole, around = (a.all, b.all) if len(a.all) <= len(b.all) else (b.all, a.all)
        if stands_in(whole, around):
            return by_length(whole)
        # two templates that fill in the same words are two problems
        templates = len(a.core) < len(a.all) and len(b.core) < len(b.all)
        if not templates and (stands_in(short, long) or asked(short) == asked(long)):
            return by_length(short)
    if is_expression(short) and list(filter(is_math, short)) != list(filter(is_math, long)):
        return None
    share = covered(short, long)
    if share >= (LONG_SHARE if equal else NEARLY_ALL) and runs(short, LONG_RUN) & runs(long, LONG_RUN):
        return "13-gram"
    if share >= (SHARE if equal else NEARLY_ALL):
        return "8-gram"
    enough = REORDERED if sorted(short) == sorted(long) else NEAR
    return "near" if equal and jaccard(short, long) >= enough else None


def by_length(words: Words) -> str:
    """Return the rule that finds a problem of so many words where all of it is copied."""
    return "13-gram" if len(words) >= LONG_RUN else "8-gram" if len(words) >= RUN else "short"


def runs(words: Words, n: int) -> set[tuple[str, ...]]:
    """Return all runs of ``n`` words."""
    return {tuple(words[k : k + n]) for k in range(len(words) - n + 1)}


def covered(short: Words, long: Words) -> float:
    """Return the share of ``short`` that lies in runs of ``RUN`` words which ``long`` has too."""
    shared, end, count = runs(long, RUN), 0, 0
    for k in range(len(short) - RUN + 1):
        if tuple(short[k : k + RUN]) in shared:
            count += k + RUN - max(end, k)
            end = k + RUN
    return count / max(1, len(short))


def jaccard(a: Words, b: Words) -> float:
    """Return the Jaccard similarity of the shingles, the runs of ``SHINGLE`` words."""
    one, other = runs(a, SHINGLE), runs(b, SHINGLE)
    return len(one & other) / max(1, len(one | other))


def longest_shared(a: Words, b: Words) -> str:
    """Return the longest run of words that both have."""
    found = SequenceMatcher(None, a, b, autojunk=False).find_longest_match()
    return " ".join(a[found.a : found.a + found.size])


def asked(words: Words) -> list[str]:
    """Return ``words`` without what only says that something is asked, at both ends, and brackets around the rest."""
    places = [k for k, word in enumerate(words) if word not in ASKING]
    kept = list(words[places[0] : places[-1] + 1]) if places else []
    while len(kept) > 2 and (kept[0], kept[-1]) == ("(", ")"):
        kept = kept[1:-1]
    return kept


def says_something(words: Words) -> bool:
    """Whether a question says enough to be known again by its words alone."""
    return len(asked(words)) > 1 and sum(word not in EMPTY for word in words) > 1


def is_expression(words: Words) -> bool:
    """Whether more than half of the words are numbers, operators and letters."""
    return 2 * sum(map(is_math, words)) > len(words)


def stands_in(short: Words, long: Words) -> bool:
    """Whether all of ``short`` stands in ``long`` word for word, and not as a part of a larger expression."""
    size, short = len(short), list(short)
    starts = [k for k in range(len(long) - size + 1) if long[k] == short[0] and list(long[k : k + size]) == short]
    return size >= SHORTEST and any(is_whole(long, k, k + size) for k in starts)


def is_whole(words: Words, start: int, end: int) -> bool:
    """Whether the words from ``start`` to ``end`` are no part of a larger expression."""
    while start and end < len(words) and (words[start - 1], words[end]) == ("(", ")"):
        start, end = start - 1, end + 1
    before, after = words[start - 1] if start else "", words[end] if end < len(words) else ""
    if before and is_math(words[start]) and (before == "of" or continues(before)):
        return False
    # 3 hours 20 minutes is not 3 hours
    return not (after and (continues(after) or (after[0].isdigit() and not is_math(words[end - 1]))))
