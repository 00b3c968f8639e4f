"""The process that measures, where it is the only one; ``ranks`` is the same for those of ``accelerate launch``."""

from collections.abc import Callable
from typing import Any, TypeVar

from verigrad.processes.signals import StopRequest

T = TypeVar("T")


class Alone:
    """What an evaluation asks of the processes that measure together.

    Attributes:
        main: whether this one writes the records and speaks.
        count: how many there are.
        workers: that score for this one.
        request: remembers that someone asked to stop.
    """

    main, count = True, 1

    def __init__(self, workers: int, request: StopRequest) -> None:
        self.workers, self.request = workers, request

    def on_main(self, action: Callable[[], T]) -> T:
        """Return what ``action`` returns on the main process; every process gets it, or fails with its error."""
        return action()

    def gather(self, rows: list[Any]) -> list[Any]:
        """Return the rows of every process."""
        return rows

    def asked_to_stop(self) -> str | None:
        """Return who asked any process to stop, the same on every process."""
        return self.request.reason

    def tick(self) -> None:
        """Tell of progress."""
