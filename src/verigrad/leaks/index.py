"""Find the pairs of train and held-out problems that are the same; the memory grows with the held-out ones alone."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from verigrad.leaks.minhash import Table, Texts, as_texts, band_hashes, table
from verigrad.leaks.sameness import NEAR, RUN, SHORTEST, Wording, asked, longest_shared, same_rule, says_something
from verigrad.leaks.words import continues, words
from verigrad_rewards.types import Problem

BATCH = 4096  # train problems looked at together
COMMON = 10  # held-out problems that may share a run of 8 words; what more share is an instruction (GPT-3's limit)
SLACK = 0.2  # by which a signature of 64 may underestimate a similarity of 0.8: four standard errors

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Leak:
    """A train problem and a held-out problem that are the same.

    Attributes:
        rule: by which they are.
        train_id: of the problem trained on.
        held_out_id: of the problem measured on.
        shared: the words, or the canonical form, in common.
    """

    rule: str
    train_id: str
    held_out_id: str
    shared: str

    def __str__(self) -> str:
        """Return the pair in a line."""
        shown = self.shared if len(self.shared) <= 60 else self.shared[:57] + "…"
        return f"{self.train_id} is {self.held_out_id} ({self.rule}: {shown!r})"


def find_leaks(train: Sequence[Problem], held_out: Sequence[Problem]) -> list[Leak]:
    """Return the pairs that are the same problem, in the order of ``train``."""
    index = Index(held_out)
    starts = range(0, len(train), BATCH) if held_out else ()
    return [leak for start in starts for leak in index.leaks(train[start : start + BATCH])]


def canonical(problem: Problem) -> str | None:
    """Return the canonical form of a generated problem, None for any other."""
    return problem.info.get("canonical")


def keys(problem: Problem, tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what is equal for problems that are plainly the same: (rule, form or text)."""
    if form := canonical(problem):
        yield "canonical", form
    yield "exact", " ".join(tokens) or " ".join(problem.question.split())  # a question may be made of signs alone


class Index:
    """The held-out problems, arranged to be found.

    Attributes:
        problems: all of them.
        natural: the places of those that are not generated; ``cores`` and all below are in their order.
        cores: their words without instructions.
        wordings: both.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems
        tokens = [words(problem.question) for problem in problems]
        self.known: dict[tuple[str, str], list[int]] = defaultdict(list)
        for i, problem in enumerate(problems):
            for key in keys(problem, tokens[i]):
                self.known[key].append(i)
        self.natural = [i for i, problem in enumerate(problems) if not canonical(problem)]
        natural = [tokens[i] for i in self.natural]
        # an instruction of few problems is one that most of them have
        self.instructions = table(as_texts(natural), RUN).common(min(COMMON, max(2, len(natural) // 2)))
        self.cores = self.core(natural)
        self.wordings = list(map(Wording, natural, self.cores))
        self.texts = as_texts(self.cores)
        self.runs = table(self.texts, RUN)
        self.short = {n: self.whole(n) for n in {len(core) for core in self.cores} if SHORTEST <= n < RUN}
        self.parts: dict[int, Table] = {}
        self.phrases: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for i, core in enumerate(self.cores):
            for key in {tuple(asked(core)), tuple(sorted(core))}:
                self.phrases[key].append(i)
        self.signatures, self.signed = self.texts.signatures()
        bands = band_hashes(self.signatures)
        self.bands = Table(bands.ravel(), np.repeat(np.arange(len(bands)), bands.shape[1]))

    def core(self, tokens: Sequence[list[str]]) -> list[list[str]]:
        """Return the words of texts without those of instructions; numbers and operators stay, for they decide."""
        texts = as_texts(tokens)
        hashes, places, _ = texts.grams(RUN)
        common = places[np.isin(hashes, self.instructions)]
        if not len(common):
            return list(tokens)
        dropped = np.zeros(len(texts.hashes) + 1, np.int64)
        np.add.at(dropped, common, 1)
        np.add.at(dropped, common + RUN, -1)
        marks = iter((np.cumsum(dropped) > 0).tolist())
        return [[word for word in text if not next(marks) or word[0].isdigit() or continues(word)] for text in tokens]

    def whole(self, n: int) -> Table:
        """Return a table of the texts that have ``n`` words."""
        return table(as_texts([core if len(core) == n else [] for core in self.cores]), n)

    def part(self, n: int) -> Table:
        """Return a table of all runs of ``n`` words."""
        if n not in self.parts:
            self.parts[n] = table(self.texts, n)
        return self.parts[n]

    def leaks(self, train: Sequence[Problem]) -> list[Leak]:
        """Return the pairs that are the same problem, in the order of ``train``."""
        tokens = [words(problem.question) for problem in train]
        found: dict[Pair, tuple[str, str]] = {}
        for i, problem in enumerate(train):
            for rule, key in keys(problem, tokens[i]):
                for j in self.known.get((rule, key), ()):
                    if rule == "canonical" or not (canonical(problem) and canonical(self.problems[j])):
                        found.setdefault((i, j), (rule, key))
        natural = [i for i, problem in enumerate(train) if not canonical(problem)]
        cores = self.core([tokens[i] for i in natural])
        wordings = [Wording(tokens[i], core) for i, core in zip(natural, cores, strict=True)]
        for i, j in self.candidates(cores):
            pair = natural[i], self.natural[j]
            rule = None if pair in found else same_rule(wordings[i], self.wordings[j])
            if rule:
                found[pair] = rule, longest_shared(cores[i], self.cores[j])
        return [
            Leak(rule, train[i].id, self.problems[j].id, shared) for (i, j), (rule, shared) in sorted(found.items())
        ]

    def candidates(self, cores: Sequence[list[str]]) -> set[Pair]:
        """Return the pairs of texts that have something in common, as (place in ``cores``, place in ``self.cores``)."""
        texts = as_texts(cores)
        pairs = {*self.alike(texts), *hits(self.runs, texts, RUN)}
        for n, short in self.short.items():
            pairs.update(hits(short, texts, n))
        for n in {len(core) for core in cores if SHORTEST <= len(core) < RUN}:
            telling = [core if len(core) == n and says_something(core) else [] for core in cores]
            pairs.update(hits(self.part(n), as_texts(telling), n))
        for i, core in enumerate(cores):
            for key in (tuple(asked(core)), tuple(sorted(core))):
                pairs.update((i, j) for j in self.phrases.get(key, ()))
        return pairs

    def alike(self, texts: Texts) -> set[Pair]:
        """Return the pairs whose MinHash signatures say that they are near duplicates."""
        signatures, owners = texts.signatures()
        bands = band_hashes(signatures)
        places, held_out = self.bands.find(bands.ravel())
        pairs = np.unique(np.stack([places // max(1, bands.shape[1]), held_out]), axis=1)
        estimates = (signatures[pairs[0]] == self.signatures[pairs[1]]).mean(axis=1)
        near = pairs[:, estimates >= NEAR - SLACK]
        return set(zip(owners[near[0]].tolist(), self.signed[near[1]].tolist(), strict=True))


def hits(known: Table, texts: Texts, n: int) -> set[Pair]:
    """Return the pairs of a text and an owner in ``known`` of one of its runs of ``n`` words."""
    hashes, _, owners = texts.grams(n)
    places, held_out = known.find(hashes)
    return set(zip(owners[places].tolist(), held_out.tolist(), strict=True))
