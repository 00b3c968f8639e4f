"""Which problem every prompt of a run asks: derived from the seed, so that a checkpoint keeps a few counts.

An epoch is one pass over the problems in an order that seed and epoch decide. A rollout takes the next ones and runs
on into the next epoch where one ends, so no problem is left out; none comes twice in a rollout. With a curriculum every
level has its own order; level 0 is the easiest of each task, so that tasks with different dials can be mixed.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from verigrad.errors import RecipeError
from verigrad.recipe.sections import Curriculum
from verigrad.tasks.mix import task_of
from verigrad_rewards.types import Problem


def epoch_order(count: int, seed: int, epoch: int) -> list[int]:
    """Return the numbers below ``count`` in the order of ``epoch``."""
    order = list(range(count))
    random.Random(f"{seed}/{epoch}").shuffle(order)
    return order


class Stream:
    """Rows drawn one after the other, epoch by epoch.

    Attributes:
        drawn: how many came up so far.
        waiting: rows that came up in a rollout that had them already, and go into the next one.
    """

    def __init__(self, rows: Sequence[int], seed: int) -> None:
        self.rows, self.seed = rows, seed
        self.drawn, self.waiting = 0, list[int]()
        self.epoch, self.order = -1, list[int]()

    def draw(self, taken: Collection[int]) -> int:
        """Return the next row that is not ``taken``; where all are, the next one."""
        fresh = next((row for row in self.waiting if row not in taken), None)
        if fresh is not None:
            self.waiting.remove(fresh)
            return fresh
        while (row := self.next()) in taken and len(self.waiting) < len(self.rows):
            self.waiting.append(row)
        return row

    def next(self) -> int:
        """Return the row that comes up next."""
        epoch, place = divmod(self.drawn, len(self.rows))
        if epoch != self.epoch:
            self.epoch, self.order = epoch, epoch_order(len(self.rows), self.seed, epoch)
        self.drawn += 1
        return self.rows[self.order[place]]


class Prompts:
    """Draws the problems of every rollout.

    Attributes:
        dial: the hardest level trained on; None without a curriculum.
    """

    def __init__(self, problems: Sequence[Problem], seed: int, curriculum: Curriculum | None) -> None:
        self.curriculum = curriculum
        self.levels = levels_of(problems) if curriculum else [0] * len(problems)
        rows: dict[int, list[int]] = {}
        for row, level in enumerate(self.levels):
            rows.setdefault(level, []).append(row)
        self.streams = {level: Stream(rows[level], seed) for level in sorted(rows)}
        self.dial = min(self.streams)

    def draw(self, count: int, taken: Collection[int] = ()) -> list[int]:
        """Return the next ``count`` rows that differ from one another and from those ``taken`` in the same rollout.

        They are spread evenly over the levels trained on, the hardest first. A row comes twice only where a level has
        too few.
        """
        levels, rows = self.window(), list[int]()
        for i in range(count):
            rows.append(self.streams[levels[i % len(levels)]].draw({*taken, *rows}))
        return rows

    def window(self) -> list[int]:
        """Return the levels trained on."""
        known = sorted(self.streams)
        top = known.index(self.dial)
        width = self.curriculum.window if self.curriculum else 1
        return known[max(0, top + 1 - width) : top + 1][::-1]

    def learn(self, outcomes: Mapping[int, float]) -> None:
        """Turn the dial by the accuracy that a rollout reached per level, {level: accuracy}."""
        accuracy = outcomes.get(self.dial)
        if self.curriculum is None or accuracy is None:
            return
        known = sorted(self.streams)
        place = known.index(self.dial)
        if accuracy >= self.curriculum.up:
            place = min(place + 1, len(known) - 1)
        elif accuracy < self.curriculum.down:
            place = max(place - 1, 0)
        self.dial = known[place]

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps, as JSON values."""
        streams = {str(level): {"drawn": s.drawn, "waiting": list(s.waiting)} for level, s in self.streams.items()}
        return {"dial": self.dial, "streams": streams}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a kept state."""
        self.dial = max((level for level in self.streams if level <= state["dial"]), default=self.dial)
        for level, stream in self.streams.items():  # a level that the recipe has added since begins at its start
            kept = state["streams"].get(str(level), {"drawn": 0, "waiting": []})
            stream.drawn = kept["drawn"]
            stream.waiting = [row for row in kept["waiting"] if row in stream.rows]


def levels_of(problems: Sequence[Problem]) -> list[int]:
    """Return every problem's place on the dial of its task, 0 for the easiest level that the task has here.

    Raises:
        RecipeError: a task without a difficulty dial.
    """
    dials: dict[str, set[int]] = {}
    for problem in problems:
        level = problem.info.get("level")
        if not isinstance(level, int):
            raise RecipeError(f"curriculum: {problem.id} has no difficulty; allowed are tasks with a difficulty dial")
        dials.setdefault(task_of(problem), set()).add(level)
    places = {task: sorted(levels) for task, levels in dials.items()}
    return [places[task_of(problem)].index(problem.info["level"]) for problem in problems]
