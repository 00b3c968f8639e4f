"""One child of a bare interpreter, seen from the judge: its pipes, its time, its end."""

import json
import os
import select
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from verigrad_rewards.code.wire import HELLO, WireError, read_reply

if TYPE_CHECKING:
    from verigrad_rewards.code.worker import Worker

GRACE_S = 10.0  # beyond what the interpreter allows a program, before it counts as dead
PATIENCE = 12  # the interpreter lets a program take ten times its limit where others hold the processors
MAX_OUTPUT = 8 << 20
TIMEOUT_S, MEMORY_MB = 2.0, 256  # what a program may use unless a job says otherwise
RUNS: "weakref.WeakSet[Run]" = weakref.WeakSet()


class WorkerDiedError(RuntimeError):
    """The zygote is gone; a new worker may be tried once."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended.

    Attributes:
        status: wait status.
        why: the reason for which the zygote killed it, empty when it ended by itself.
    """

    status: int
    why: str

    @property
    def code(self) -> int:
        """The exit code, negative for a signal."""
        return os.waitstatus_to_exitcode(self.status)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use.

    Attributes:
        timeout_s: seconds for each test, waiting for a processor aside.
        memory_mb: address space.
        tests: how many tests one child may be asked.
    """

    timeout_s: float
    memory_mb: int
    tests: int = 1

    def order(self) -> dict[str, Any]:
        """Return the limits as the zygote takes them."""
        return {"timeout_s": self.timeout_s, "memory_mb": self.memory_mb, "tests": self.tests}


def wait_for(events: Mapping[int, int], end: float) -> set[int]:
    """Return the descriptors that are ready, none where ``end`` on the monotonic clock comes first."""
    poll = select.poll()
    for handle, event in events.items():
        poll.register(handle, event)
    return {handle for handle, _ in poll.poll(max(0.0, end - time.monotonic()) * 1000)}


class Run:
    """A child at work: ask it for calls, let it read and print, or wait for a line of it.

    Use as a context manager; a child that is not finished at its end is killed.

    Args:
        worker: the interpreter that starts it.
        mode: ``call``, ``stdio`` or ``check``.
        request: what it is to do.
        limits: what it may use.
        peer: for ``check``, the descriptors on which the program is asked and answers; closed here.

    Attributes:
        ended: how the child ended, None while it runs.
    """

    def __init__(
        self, worker: "Worker", mode: str, request: Mapping[str, Any], limits: "Limits", peer: Sequence[int] = ()
    ) -> None:
        self.worker, self.mode, self.limits = worker, mode, limits
        self.ended: Ended | None = None
        self.buffer = b""
        self.stdin = self.stdout = -1
        RUNS.add(self)
        control, self.control = os.pipe()
        self.results, results = os.pipe()
        theirs = [control, results]
        if mode == "stdio":
            stdin, self.stdin = os.pipe()
            self.stdout, stdout = os.pipe()
            theirs += [stdin, stdout]
        theirs += peer
        for handle in self.pipes():
            os.set_blocking(handle, False)
        try:
            worker.tell({"start": mode, **limits.order()}, theirs)
        except WorkerDiedError:
            self.close_pipes()
            raise
        finally:
            for handle in theirs:
                os.close(handle)
        self.clock = time.monotonic()
        self.send(json.dumps(request).encode() + b"\n")
        if self.line() != HELLO and self.wait().why != "time":
            self.close_pipes()
            raise WorkerDiedError

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Kill the child if it still runs, and learn how it ended."""
        self.close_pipes()
        if self.ended is None and kind is not WorkerDiedError:
            self.worker.tell({"kill": self.mode})
            self.wait()

    def pipes(self) -> list[int]:
        """Return the open descriptors on this side."""
        return [handle for handle in (self.control, self.results, self.stdin, self.stdout) if handle >= 0]

    def close_pipes(self) -> None:
        """Close this side of the pipes."""
        for handle in self.pipes():
            os.close(handle)
        self.control = self.results = self.stdin = self.stdout = -1

    def give_away(self) -> list[int]:
        """Return this side of the control and results pipes, for another child to use in place of the judge."""
        given = [self.control, self.results]
        for handle in given:
            os.set_blocking(handle, True)
        self.control = self.results = -1
        return given

    @property
    def backstop(self) -> float:
        """When the zygote must have ended the child, on the monotonic clock."""
        return self.clock + PATIENCE * self.limits.timeout_s + GRACE_S

    def wait(self) -> Ended:
        """Wait until the child has ended.

        Raises:
            WorkerDiedError: the zygote is gone or silent.
        """
        while self.mode not in self.worker.ends:
            self.worker.note(max(self.backstop - time.monotonic(), GRACE_S))
        self.ended = self.worker.ends.pop(self.mode)
        return self.ended

    def finish(self) -> Ended:
        """Close the control pipe, which ends an idle child, and wait until it has ended.

        Whatever it still writes is kept in ``buffer``.
        """
        os.close(self.control)
        self.control = -1
        while len(self.buffer) < MAX_OUTPUT and (piece := self.read(self.results)):
            self.buffer += piece
        return self.wait()

    def ready(self, events: Mapping[int, int]) -> set[int]:
        """Return which of the child's descriptors are ready; none once the child has ended and nothing is left.

        Raises:
            WorkerDiedError: nothing happens until the backstop.
        """
        link = self.worker.link.fileno()
        while True:
            gone = self.mode in self.worker.ends
            found = wait_for(events if gone else {**events, link: select.POLLIN}, 0 if gone else self.backstop)
            if found - {link} or gone:
                return found
            if not found:
                raise WorkerDiedError
            self.worker.note(GRACE_S)

    def read(self, handle: int) -> bytes:
        """Return what comes next on ``handle``, nothing at its end."""
        return os.read(handle, 1 << 16) if self.ready({handle: select.POLLIN}) else b""

    def send(self, data: bytes) -> None:
        """Write ``data`` to the control pipe while the child reads it; stops when the child no longer does."""
        while data and self.ready({self.control: select.POLLOUT}):
            try:
                data = data[os.write(self.control, data) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                return

    def line(self) -> bytes | None:
        """Return the next line on the results pipe, None if there is none or it is too long."""
        while b"\n" not in self.buffer:
            piece = self.read(self.results)
            self.buffer += piece
            if not piece or len(self.buffer) > MAX_OUTPUT:
                return None
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line

    def restart_clock(self) -> None:
        """Give the child its full time for what comes next, unless it has used next to nothing of it."""
        if time.monotonic() - self.clock > self.limits.timeout_s / 10:
            self.worker.tell({"clock": self.mode})
            self.clock = time.monotonic()

    def ask(self, name: str, args: object, kwargs: object) -> dict[str, Any] | None:
        """Return the child's answer to one call, its values packed; None if it gave none, or not in its turn."""
        token = os.urandom(8).hex()
        self.send(f"{token} {json.dumps({'name': name, 'args': args, 'kwargs': kwargs, 'back': False})}\n".encode())
        line = self.line() or b""
        echoed, _, reply = line.partition(b" ")
        try:
            return read_reply(reply) if echoed == token.encode() and not self.buffer else None
        except (WireError, RecursionError):  # the caller's own stack may be deep already
            return None

    def communicate(self, text: str) -> bytes | None:
        """Return what the program prints when it reads ``text``, None past the output limit."""
        left = memoryview(text.encode("utf-8", "surrogatepass"))
        printed = bytearray()
        while True:
            writes = {self.stdin: select.POLLOUT} if self.stdin >= 0 else {}
            ready = self.ready({self.stdout: select.POLLIN, **writes})
            if self.stdin in ready:
                left = self.feed(left)
            if self.stdout in ready or not ready:
                piece = os.read(self.stdout, 1 << 16) if ready else b""
                printed += piece
                if not piece:
                    return bytes(printed)
            if len(printed) > MAX_OUTPUT:
                return None

    def feed(self, left: memoryview) -> memoryview:
        """Write a piece of standard input and return the rest; close it at its end."""
        try:
            left = left[os.write(self.stdin, left[: 1 << 16]) :] if left else left
        except BlockingIOError:
            return left
        except BrokenPipeError:
            left = left[:0]
        if not left:
            os.close(self.stdin)
            self.stdin = -1
        return left
