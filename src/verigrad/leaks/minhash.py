"""Hashes of word runs, a table to find their owners, and MinHash signatures (Broder 1997), in numpy.

All hashes are the same in every process. They only propose pairs, which are then compared word by word.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

SHINGLE = 3  # words
BANDS, ROWS = 16, 4  # a pair of Jaccard similarity 0.8 meets in one band at least with probability 0.9998
FACTOR = np.uint64(0x9E3779B97F4A7C15)
MIXER = np.uint64(0xFF51AFD7ED558CCD)
PERMUTATIONS = np.random.default_rng(0).integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def mix(hashes: Hashes) -> Hashes:
    """Return hashes whose upper bits depend on all the bits given (murmur3's finalizer)."""
    hashes = (hashes ^ (hashes >> np.uint64(33))) * MIXER
    return hashes ^ (hashes >> np.uint64(33))


@dataclass(frozen=True)
class Texts:
    """Texts as one array of word hashes.

    Attributes:
        hashes: of every word, one text after the other.
        owners: the number of the text that a word belongs to.
        count: of the texts.
    """

    hashes: Hashes
    owners: Places
    count: int

    def grams(self, n: int) -> tuple[Hashes, Places, Places]:
        """Return the hash, the first place and the owner of every run of ``n`` words."""
        total = len(self.hashes) - n + 1
        if total <= 0:
            return np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.int64)
        hashes = np.zeros(total, np.uint64)
        for k in range(n):
            hashes = hashes * FACTOR + self.hashes[k : k + total]
        places = np.flatnonzero(self.owners[:total] == self.owners[n - 1 :])
        return mix(hashes[places]), places, self.owners[places]

    def signatures(self) -> tuple[NDArray[np.uint32], Places]:
        """Return the MinHash signatures of the texts that have a shingle, (texts, BANDS * ROWS), and their owners."""
        hashes, _, owners = self.grams(SHINGLE)
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        least = np.empty((BANDS * ROWS, len(starts)), np.uint32)
        for k, factor in enumerate(PERMUTATIONS if len(starts) else ()):
            least[k] = np.minimum.reduceat(((hashes * factor) >> np.uint64(32)).astype(np.uint32), starts)
        return least.T, owners[starts]


def as_texts(tokens: Sequence[Sequence[str]]) -> Texts:
    """Return tokenized texts as arrays."""
    flat = [zlib.crc32(token.encode("utf-8", "replace")) for text in tokens for token in text]
    owners = np.repeat(np.arange(len(tokens)), np.array([len(text) for text in tokens], np.int64))
    return Texts(mix(np.array(flat, np.uint64)), owners, len(tokens))


def table(texts: Texts, n: int) -> "Table":
    """Return the owners of every run of ``n`` words."""
    hashes, _, owners = texts.grams(n)
    return Table(hashes, owners)


def band_hashes(signatures: NDArray[np.uint32]) -> Hashes:
    """Return one hash for each band of each signature, (texts, BANDS)."""
    parts = signatures.reshape(len(signatures), BANDS, ROWS).astype(np.uint64)
    hashes = np.broadcast_to(np.arange(BANDS, dtype=np.uint64), parts.shape[:2])
    for k in range(ROWS):
        hashes = hashes * FACTOR + parts[:, :, k]
    return mix(hashes)


class Table:
    """Finds who owns a hash."""

    def __init__(self, hashes: Hashes, owners: Places) -> None:
        order = np.lexsort((owners, hashes))
        hashes, owners = hashes[order], owners[order]
        first = np.ones(len(hashes), bool)
        first[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
        self.hashes, self.owners = hashes[first], owners[first]

    def find(self, wanted: Hashes) -> tuple[Places, Places]:
        """Return, for every hit, the place in ``wanted`` and the owner."""
        low, high = (np.searchsorted(self.hashes, wanted, side) for side in ("left", "right"))
        count = high - low
        places = np.repeat(np.arange(len(wanted)), count)
        within = np.arange(len(places)) - np.repeat(np.cumsum(count) - count, count)
        return places, self.owners[np.repeat(low, count) + within]

    def common(self, limit: int) -> Hashes:
        """Return the hashes that more than ``limit`` own."""
        found, count = np.unique(self.hashes, return_counts=True)
        return found[count > limit]
