"""Stop on SIGTERM or Ctrl-C where a checkpoint can be saved; at once when asked twice."""

import contextlib
import os
import signal
import sys
import time
from types import FrameType
from typing import Any

from verigrad.errors import EXIT_INTERRUPTED

ECHO_S = 0.5  # Ctrl-C can reach a rank twice: from the terminal, and passed on by the launcher
STOPPING = "stopping at the next point that can be saved; a second signal ends at once"
ENDED = "ended at once by a second signal; what was saved before is kept"


class StopRequest:
    """Remembers that this process was asked to stop; use as a context manager in the main thread.

    The first signal sets ``reason``. Another one, more than ``ECHO_S`` later, ends the process with exit code 75.

    Args:
        main: whether this process is the one that speaks; the others stop without a word.

    Raises:
        ValueError: entered outside the main thread, where Python takes no signals.
    """

    def __init__(self, *, main: bool) -> None:
        self.reason: str | None = None
        self._main = main
        self._first: float | None = None
        self._replaced: dict[signal.Signals, Any] = {}
        self._terminal = False

    @property
    def requested(self) -> bool:
        """Whether someone asked to stop."""
        return self.reason is not None

    def request(self, reason: str) -> None:
        """Ask to stop, from any thread; the first reason stays."""
        if self.reason is None:
            self.reason = reason

    def __enter__(self) -> "StopRequest":
        """Take SIGTERM and SIGINT."""
        self._terminal = os.isatty(0) or os.isatty(2)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._replaced[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        """Give both signals back to whoever had them."""
        for number, handler in self._replaced.items():
            # None stands for a handler that C installed, which Python cannot put back
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._replaced.clear()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        """Note the first signal, end on a later one. It interrupts any line of code, so it takes no lock."""
        if self._first is None:
            self._first = time.monotonic()
            self.request(self._name(number))
            self._say(STOPPING)
        elif time.monotonic() - self._first > ECHO_S:
            self._say(ENDED)
            flush()
            os._exit(EXIT_INTERRUPTED)

    def _name(self, number: int) -> str:
        typed = number == signal.SIGINT and self._terminal
        return "Ctrl-C" if typed else signal.Signals(number).name

    def _say(self, text: str) -> None:
        if self._main:
            say(text)


def say(text: str) -> None:
    """Write one line to stderr past Python's buffers, whose lock the interrupted code may hold."""
    with contextlib.suppress(OSError):  # a closed stderr must not keep the process from stopping
        os.write(2, f"{text}\n".encode())


def flush() -> None:
    """Write out what stdout and stderr still hold, where that is possible inside a signal handler."""
    for stream in (sys.stdout, sys.stderr):
        # RuntimeError: the signal came in the middle of a write; ValueError: closed; AttributeError: none (pythonw)
        with contextlib.suppress(RuntimeError, ValueError, OSError, AttributeError):
            stream.flush()
