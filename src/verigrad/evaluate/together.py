"""The processes that measure together: one, or those of ``accelerate launch``."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Processes(Protocol):
    """What an evaluation asks of its processes.

    Attributes:
        main: whether this one writes the records and speaks.
        count: how many there are.
    """

    main: bool
    count: int

    def on_main(self, action: Callable[[], T]) -> T:
        """Return what ``action`` returns on the main process."""
        ...

    def gather(self, rows: list[Any]) -> list[Any]:
        """Return the rows of every process."""
        ...

    def first_said(self, said: str | None) -> str | None:
        """Return the first text that any process says."""
        ...

    def tick(self) -> None:
        """Tell of progress."""
        ...


class Alone:
    """One process."""

    main, count = True, 1

    def on_main(self, action: Callable[[], T]) -> T:
        """Return what ``action`` returns."""
        return action()

    def gather(self, rows: list[Any]) -> list[Any]:
        """Return ``rows``."""
        return rows

    def first_said(self, said: str | None) -> str | None:
        """Return ``said``."""
        return said

    def tick(self) -> None:
        """Do nothing: nobody watches."""
