"""One rollout of one process: sample, score, and sample groups without signal anew from other problems."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from verigrad.train.advantages import has_signal
from verigrad.train.measure import Scored
from verigrad.train.prompts import Prompts
from verigrad_rewards.types import Problem

# (problems, seeds) -> one scored response per problem
Sampler = Callable[[Sequence[Problem], Sequence[int]], list[Scored]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sampled response in its place.

    Attributes:
        place: row of the rollout, over all processes; groups are neighbours.
        round: 0 for the first try of the group, then one more per refill.
        row: of the problem among the train problems.
        scored: what was written and earned.
    """

    place: int
    round: int
    row: int
    scored: Scored


@dataclass(frozen=True, slots=True)
class Collected:
    """A finished rollout.

    Attributes:
        kept: this process's responses that enter the update, by place.
        replaced: this process's responses of groups that were refilled.
        rewards: (P, G) over all processes; NaN where unscored.
        refilled: groups that were sampled anew, over all rounds and processes.
    """

    kept: list[Attempt]
    replaced: list[Attempt]
    rewards: Tensor
    refilled: int


@dataclass(frozen=True)
class Collector:
    """Fills rollouts.

    Attributes:
        problems: the train problems.
        prompts: decides which of them come next.
        sampler: samples and scores.
        accelerator: joins the processes.
        groups: prompts of one rollout, P.
        group_size: responses per prompt, G.
        max_refills: rounds of dynamic sampling.
        seed: of the run.
    """

    problems: Sequence[Problem]
    prompts: Prompts
    sampler: Sampler
    accelerator: Accelerator
    groups: int
    group_size: int
    max_refills: int
    seed: int

    def collect(self, rollout: int) -> Collected:
        """Return the rollout number ``rollout``.

        Groups in which every response earns the same teach nothing; up to ``max_refills`` times they are replaced by
        groups of other problems (dynamic sampling, DAPO, arXiv 2503.14476, section 3.2). Those that still carry no
        signal stay, with advantage 0.
        """
        chosen = self.prompts.draw(self.groups)
        kept: dict[int, Attempt] = {}
        replaced: list[Attempt] = []
        rewards = torch.full((self.groups, self.group_size), torch.nan)
        todo, refilled, asked = list(range(self.groups)), 0, set(chosen)
        for round_ in range(self.max_refills + 1):
            if round_:
                refilled += len(todo)
                replaced += [kept[place] for place in sorted(kept) if place // self.group_size in todo]
                for group, row in zip(todo, self.prompts.draw(len(todo), asked), strict=True):
                    chosen[group] = row
                asked |= set(chosen)
            kept.update({attempt.place: attempt for attempt in self.fill(todo, chosen, rollout, round_)})
            rewards = self.gather(kept)
            signal = has_signal(rewards).tolist()
            todo = [group for group in todo if not signal[group]]
            if not todo:
                break
        return Collected([kept[place] for place in sorted(kept)], replaced, rewards, refilled)

    def fill(self, groups: Sequence[int], chosen: Sequence[int], rollout: int, round_: int) -> list[Attempt]:
        """Return this process's responses of ``groups``."""
        share = self.groups * self.group_size // self.accelerator.num_processes
        first = share * self.accelerator.process_index
        places = [place for place in range(first, first + share) if place // self.group_size in set(groups)]
        rows = [chosen[place // self.group_size] for place in places]
        seeds = rollout_seeds(self.seed, rollout, [self.groups * self.group_size * round_ + p for p in places])
        scored = self.sampler([self.problems[row] for row in rows], seeds)
        return [Attempt(p, round_, row, s) for p, row, s in zip(places, rows, scored, strict=True)]

    def gather(self, kept: dict[int, Attempt]) -> Tensor:
        """Return the rewards of every process, (P, G)."""
        totals = [kept[place].scored.score.total for place in sorted(kept)]
        mine = torch.tensor([torch.nan if t is None else t for t in totals], dtype=torch.float32)
        everyone: Any = self.accelerator.gather(mine.to(self.accelerator.device))
        return everyone.cpu().view(self.groups, self.group_size)


def rollout_seeds(seed: int, rollout: int, places: Sequence[int]) -> list[int]:
    """Return the sampling seeds of places in a rollout, derived so that none has to be stored."""
    return [(seed * 1_000_003 + rollout) * 1_000_003 + place for place in places]
