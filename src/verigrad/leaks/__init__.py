"""The leak gate: no problem that is measured on may stand among those trained on, copied or disguised.

Two problems are the same if one of these rules says so; a pair is reported under the first of them.

==========  ============================================================================================
canonical   both are generated, and have the same canonical form (no other rule looks at such a pair)
exact       the same words (``words`` says what a word is)
13-gram     13 words in a row in common, and such runs of 8 and more cover half of the shorter problem
8-gram      runs of 8 words and more in common cover three quarters of the shorter problem
short       under 8 words: all of one stands in the other, or both ask for the same in other words
near        0.8 of their runs of three words in common (Jaccard, candidates by MinHash); of reordered words half
==========  ============================================================================================

Bare n-gram rules (13 words: GPT-3, arXiv 2005.14165, appendix C) call every instruction and every common phrase a leak.
Here a run of words counts only where it makes up most of a problem; an instruction that many held-out problems share
is set aside first (``Index.core``); and the numbers must agree, for a question with other numbers has another answer.
Two problems made from one template are so not the same: the gate does not say that a benchmark's style is new.
"""

from verigrad.leaks.gate import drop_or_refuse, require_disjoint
from verigrad.leaks.index import Leak, find_leaks

__all__ = ["Leak", "drop_or_refuse", "find_leaks", "require_disjoint"]
