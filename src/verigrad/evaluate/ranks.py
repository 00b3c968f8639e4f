"""The processes of ``accelerate launch``, or the only one: they measure together, and end together."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import gather_object

from verigrad.errors import STATED, RunStoppedError
from verigrad.evaluate.together import Alone
from verigrad.processes.signals import StopRequest
from verigrad.processes.supervision import make_watchdog, workers_for
from verigrad.processes.together import first_said, on_main
from verigrad.recipe.schema import Recipe

T = TypeVar("T")
PEER_GONE = re.compile(r"gloo|nccl|connection|peer|socket|timed out", re.IGNORECASE)
PATIENCE_S = 1800.0  # for loading, hashing, and what the main process does alone


class Ranks(Alone):
    """This process among those that measure one model.

    Attributes:
        state: of accelerate.
        watchdog: ends all processes when one hangs.
    """

    def __init__(self, recipe: Recipe, stack: contextlib.ExitStack) -> None:
        self.state = PartialState(cpu=not torch.cuda.is_available())
        self.main, self.count = self.state.is_main_process, self.state.num_processes
        super().__init__(workers_for(recipe, self.state), stack.enter_context(StopRequest(main=self.main)))
        self.watchdog = stack.enter_context(make_watchdog(recipe, self.request, self.state))

    def on_main(self, action: Callable[[], T]) -> T:
        """Return what ``action`` returns on the main process; every process gets it, or fails with its error."""
        with self.watchdog.patient(PATIENCE_S), self.end_together():
            return on_main(self.state, action)

    def gather(self, rows: list[Any]) -> list[Any]:
        """Return the rows of every process."""
        self.tick()
        with self.end_together():
            return gather_object(rows) if self.count > 1 else rows

    def asked_to_stop(self) -> str | None:
        """Return who asked any process to stop, the same on every process."""
        with self.end_together():
            return first_said(self.state, self.request.reason)

    @contextlib.contextmanager
    def end_together(self) -> Iterator[None]:
        """Say in one line that another process has ended, of which torch makes a traceback.

        Raises:
            RunStoppedError: one has.
        """
        try:
            yield
        except STATED:
            raise
        except RuntimeError as error:
            if self.count == 1 or not PEER_GONE.search(str(error)):
                raise
            raise RunStoppedError(
                "another process of this evaluation ended; what is recorded is kept, the same command goes on"
            ) from None

    def tick(self) -> None:
        """Tell of progress."""
        self.watchdog.tick()
