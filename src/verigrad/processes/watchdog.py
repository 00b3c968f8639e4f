"""End every rank, with its stack shown, when one hangs; end this rank when its launcher has died."""

import contextlib
import ctypes
import faulthandler
import math
import mmap
import os
import signal
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from verigrad.errors import EXIT_INTERRUPTED, EXIT_STOPPED
from verigrad.processes.signals import say

POLL_S = 0.5
TURN_POLLS = 6  # the first rank of a host acts, so that stacks are shown once; the others only if it cannot
DUMP_S = 1.0
PR_SET_PDEATHSIG = 1  # linux/prctl.h
SLOT = struct.Struct("=Qd")


class Board:
    """The ticks and the limits of all ranks of a host, in memory that they share.

    Args:
        file: made by one of them with ``new_board``; it may be deleted once all have opened it.
        slot: this rank's place in it.
    """

    def __init__(self, file: Path, slot: int) -> None:
        with file.open("r+b") as stream:
            self._memory = mmap.mmap(stream.fileno(), 0)
        self._slot = slot

    def show(self, ticks: int, limit_s: float) -> tuple[tuple[int, ...], float]:
        """Show this rank's ticks and limit; returns the ticks of all, and the most patient limit."""
        SLOT.pack_into(self._memory, self._slot * SLOT.size, ticks, limit_s)
        slots = list(SLOT.iter_unpack(self._memory[:]))
        return tuple(slot[0] for slot in slots), max(slot[1] for slot in slots)


def new_board(slots: int) -> Path:
    """Return a new file for the boards of ``slots`` ranks."""
    handle, name = tempfile.mkstemp(prefix="verigrad-")
    os.write(handle, bytes(SLOT.size * slots))
    os.close(handle)
    return Path(name)


class Watchdog:
    """Watches the progress of a host's ranks and the life of the launcher from a thread; use as a context manager.

    A rank that waits for a slower one makes no progress itself, so none is taken for hung while another still ticks.

    Time is counted in polls, not read from a clock: a process that was stopped and continued (a debugger, a laptop that
    slept) has not hung. A rank that hangs with Python's lock held cannot watch itself; its peers, waiting for it, do.

    Args:
        rank: of this process, for messages.
        peers: rank → process id of the other ranks on this host (``local_peers``).
        board: where the ranks of this host show their ticks to one another; None without others.
        limit_s: end all ranks after so long without a ``tick``; 0 never does.
        on_orphan: called once, from the thread, when the parent process has died; returns whether to end soon. None
            where the parent is no launcher but a shell, which may go (``nohup``).
        grace_s: end with exit code 75 so long after the launcher's death, saved or not, if it is to be soon.
    """

    def __init__(
        self,
        *,
        rank: int,
        peers: Mapping[int, int],
        limit_s: float,
        on_orphan: Callable[[], bool] | None,
        grace_s: float = 25.0,
        board: Board | None = None,
    ) -> None:
        self._rank = rank
        self._board = board
        self._peers = {r: pid for r, pid in dict(peers).items() if pid > 1 and pid != os.getpid()}
        self._limit_s = limit_s
        self._on_orphan = on_orphan
        self._grace_s = grace_s
        self._launcher = os.getppid()
        self._orphan_s: float | None = None
        self._ticks = 0
        self._seen: tuple[int, ...] = ()
        self._silent_s = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def tick(self) -> None:
        """Say that this rank has made progress; costs one addition."""
        self._ticks += 1

    @contextlib.contextmanager
    def patient(self, seconds: float) -> Iterator[None]:
        """Allow ``seconds`` without a tick, if that is more than the limit, to this rank and those that wait for it."""
        before, self._limit_s = self._limit_s, max(self._limit_s, seconds) if self._limit_s else 0
        self.tick()
        try:
            yield
        finally:
            self.tick()
            self._limit_s = before

    def __enter__(self) -> "Watchdog":
        """Begin to watch; from here on the launcher's death is noticed by the thread."""
        end_with_launcher(None)
        # answered in C, so also by a rank whose interpreter is stuck
        faulthandler.register(signal.SIGUSR1, file=2, all_threads=True, chain=False)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no longer."""
        self.close()

    def close(self) -> None:
        """Watch no longer; may be called twice."""
        self._done.set()
        self._thread.join()
        faulthandler.unregister(signal.SIGUSR1)

    def _watch(self) -> None:
        while not self._done.wait(POLL_S):
            self._check_launcher()
            self._check_progress()

    def _check_launcher(self) -> None:
        if self._on_orphan is None:
            return
        if self._orphan_s is not None:
            self._orphan_s += POLL_S
            if self._orphan_s >= self._grace_s:
                say(
                    f"rank {self._rank}: no checkpoint within {self._grace_s:g} s of the launcher's death; ends unsaved"
                )
                os._exit(EXIT_INTERRUPTED)
        elif os.getppid() != self._launcher:
            self._orphan_s = 0.0 if self._on_orphan() else -math.inf

    def _check_progress(self) -> None:
        limit_s = self._limit_s  # before the ticks: the end of ``patient`` ticks first, then lowers it
        seen, limit_s = self._board.show(self._ticks, limit_s) if self._board else ((self._ticks,), limit_s)
        self._silent_s = self._silent_s + POLL_S if seen == self._seen else 0.0
        self._seen = seen
        turn_s = TURN_POLLS * POLL_S if self._rank > min(self._peers, default=self._rank) else 0.0
        if limit_s and self._silent_s >= limit_s + turn_s:
            self._end_all(limit_s)

    def _end_all(self, limit_s: float) -> NoReturn:
        """Show the stacks of all ranks of this host, then end them and this one with exit code 1."""
        pids = {self._rank: os.getpid(), **self._peers}
        listed = ", ".join(f"rank {rank} is pid {pid}" for rank, pid in sorted(pids.items()))
        say(f"rank {self._rank}: no progress for {limit_s:g} s; all ranks end. Stacks of every rank follow ({listed})")
        say(f"rank {self._rank}:")
        faulthandler.dump_traceback(file=2, all_threads=True)
        for rank, pid in self._peers.items():
            say(f"rank {rank}:")
            send(pid, signal.SIGUSR1)
            time.sleep(DUMP_S / len(self._peers))
        for pid in self._peers.values():
            send(pid, signal.SIGKILL)
        os._exit(EXIT_STOPPED)


def local_peers(gathered: Sequence[tuple[str, int]], rank: int) -> dict[int, int]:
    """Return rank → process id of the other ranks on the host of ``rank``.

    Args:
        gathered: (host name, process id) of every rank, in the order of ranks.
        rank: the rank that asks.
    """
    host = gathered[rank][0]
    return {r: pid for r, (name, pid) in enumerate(gathered) if name == host and r != rank}


def launched(environment: Mapping[str, str]) -> bool:
    """Return whether ``accelerate launch`` or torchrun started this process, so that its parent is a launcher."""
    return "TORCHELASTIC_RUN_ID" in environment or "ACCELERATE_MIXED_PRECISION" in environment


def end_with_launcher(number: signal.Signals | None) -> None:
    """Ask the kernel to send ``number`` when the launcher dies, None to ask no longer; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number or 0), 0, 0, 0)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a peer that may have ended, its process id now nobody's or a stranger's."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
