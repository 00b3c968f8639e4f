"""A scoring worker, seen from the process that asks it."""

import contextlib
import json
import os
import pickle
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from verigrad_rewards.job import LENGTH, Job, PoolError, RewardError, describe
from verigrad_rewards.types import ProblemError, Status, Verdict

MAX_REPLY = 1 << 20  # bytes; two texts escaped as JSON are shorter
START_S = 60.0  # for a worker to start, and to import a reward that it meets first
KILLED_S = 1.0  # for a process to be gone once killed
COMMAND = "from verigrad_rewards.child import work; work()"


class LostError(Exception):
    """A worker is gone; says how."""


class ClosedError(Exception):
    """The pool is being closed."""


class Worker:
    """One child process that scores one job after the other; it belongs to one thread.

    Args:
        wake: a descriptor that can be read once the pool is being closed, which every wait here heeds.

    Raises:
        PoolError: it does not start.
    """

    def __init__(self, wake: int) -> None:
        self.wake, self.number = wake, secrets.randbits(48)  # no junk begins with it
        self.loaded: set[str] = set()
        self.unsent, self.unread = bytearray(), bytearray()
        try:
            self.link, self.process = start_process(self.number)
        except OSError as error:
            raise PoolError(f"a scoring worker cannot start: {error}") from None
        try:
            self.receive(START_S)
        except (TimeoutError, LostError):
            raise PoolError(
                f"a scoring worker did not start within {START_S:g} s, or ended first; see its message above"
            ) from None

    @property
    def stopped(self) -> bool:
        """Whether the process is gone and another must take its place."""
        return self.link.fileno() < 0

    def send(self, job: Job) -> None:
        """Queue one job; what cannot be sent comes back as an error."""
        try:
            data = pickle.dumps(job)
        except Exception as error:  # whatever the objects in a problem raise
            data = pickle.dumps(f"cannot be sent to a worker: {describe(error)}")
        self.unsent += LENGTH.pack(len(data)) + data

    def outcome(self, job: Job, deadline_s: float) -> Verdict | Exception:
        """Return the verdict on the first job that has none, or what its reward did wrong.

        Raises:
            TimeoutError: none within ``deadline_s`` seconds of work on it; the worker is stopped.
            LostError: the worker died, and is stopped.
        """
        self.number += 1
        try:
            reply = self.receive(deadline_s if job.reward in self.loaded else START_S)
        except TimeoutError:
            if job.reward in self.loaded:
                raise
            raise LostError(f"took more than {START_S:g} s to import it") from None
        if reply == ["loaded"]:
            self.loaded.add(job.reward)
            reply = self.receive(deadline_s)
        match reply:
            case ["verdict", float(reward), str(status), str() | None as answer, str(detail)] if status in [*Status]:
                return Verdict(reward, Status(status), answer, detail)
            case ["problem", str(said)]:
                return ProblemError(said)
            case ["error", str(said)]:
                return RewardError(f"{job}: {said}")
        raise LostError(self.stop("sent what is no reply"))

    def receive(self, timeout_s: float) -> list[Any]:
        """Return the next reply; the worker is stopped where there is none."""
        end = time.monotonic() + timeout_s
        try:
            while (cut := self.unread.find(b"\n")) < 0 and len(self.unread) < MAX_REPLY:
                self.move(end)
        except BaseException:
            self.stop()
            raise
        line, self.unread = self.unread[: cut + 1], self.unread[cut + 1 :]
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            number, *reply = json.loads(line)
            if number == self.number:
                return reply
        raise LostError(self.stop("sent what is no reply"))

    def move(self, end: float) -> None:
        """Move bytes in or out once some can be."""
        link, poll = self.link.fileno(), select.poll()  # select.select ends at descriptor 1023
        poll.register(self.wake, select.POLLIN)
        poll.register(link, select.POLLIN | (select.POLLOUT if self.unsent else 0))
        ready = dict(poll.poll(max(0.0, end - time.monotonic()) * 1000))
        if self.wake in ready:
            raise ClosedError
        if not ready and self.process.poll() is None:
            raise TimeoutError
        try:
            if ready.get(link, 0) & select.POLLOUT:
                del self.unsent[: self.link.send(self.unsent)]
            if ready.get(link, 0) & ~select.POLLOUT:
                piece = self.link.recv(1 << 16)
                self.unread += piece
                ready = {} if not piece else ready
        except OSError:
            ready = {}
        if not ready:  # it is dead, or has closed its end; its children may keep the link open
            raise LostError(self.stop(patience_s=0.5))

    def stop(self, why: str = "", patience_s: float = 0.0) -> str:
        """Kill the process and its children, and return how it ended: ``why``, else by itself in ``patience_s``."""
        if self.stopped:
            return why
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience_s)
        code = self.process.returncode
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()  # where it has left its group
        self.link.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(KILLED_S)
        return why or ended(code)


def start_process(number: int) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start a worker whose replies count on from ``number``; returns our end of the link to it, and the process."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    with theirs:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and command
            [sys.executable, "-c", COMMAND, str(number)],
            stdin=theirs.fileno(),
            stdout=2,  # what a reward prints must not mix with what a command prints
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for the caller; and the whole group can be killed
        )
    return ours, process


def ended(code: int | None) -> str:
    """Return in words how a process ended that left ``code``."""
    if code is None:
        return "closed its link"
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-code).name}"
    return f"was killed by signal {-code}"
