"""The processes of ``accelerate launch``, or the only one: they measure together, and end together."""

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import gather_object

from verigrad.recipe.schema import Recipe
from verigrad.signals import StopRequest
from verigrad.train.supervision import make_watchdog, workers_for
from verigrad.train.together import first_said, on_main

T = TypeVar("T")
PATIENCE_S = 1800.0  # for loading, hashing, and what the main process does alone


class Ranks:
    """This process among those that measure one model.

    Attributes:
        state: of accelerate.
        request: remembers that someone asked to stop.
        workers: that score for this process.
    """

    def __init__(self, recipe: Recipe, stack: contextlib.ExitStack) -> None:
        self.state = PartialState(cpu=not torch.cuda.is_available())
        self.main, self.count = self.state.is_main_process, self.state.num_processes
        self.request = stack.enter_context(StopRequest(main=self.main))
        self.watchdog = stack.enter_context(make_watchdog(recipe, self.request, self.state))
        self.workers = workers_for(recipe, self.state)

    def on_main(self, action: Callable[[], T]) -> T:
        """Return what ``action`` returns on the main process; every process gets it, or fails with its error."""
        with self.watchdog.patient(PATIENCE_S):
            return on_main(self.state, action)

    def gather(self, rows: list[Any]) -> list[Any]:
        """Return the rows of every process."""
        self.tick()
        return gather_object(rows) if self.count > 1 else rows

    def first_said(self, said: str | None) -> str | None:
        """Return the first text that any process says, the same on every process."""
        return first_said(self.state, said)

    def tick(self) -> None:
        """Tell of progress."""
        self.watchdog.tick()
