"""One bare interpreter (zygote) and the pipes to the programs that it runs."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
import weakref
from collections.abc import Mapping
from typing import Any

from verigrad_rewards.code.process import RUNS, Ended, Limits, Run, WorkerDiedError, wait_for
from verigrad_rewards.code.sandbox import KINDS, Layers, SandboxUnavailableError, launch, refuse, words

START_S = 30.0
PROBE = """
import ctypes, os, socket
def f(parent):
    doors = []
    def tries(name, action):
        try:
            action()
        except OSError:
            return
        doors.append(name)
    tries("reading files", lambda: open("/etc/passwd").close())
    tries("writing files", lambda: open("/var/verigrad-probe", "w").close())
    tries("the network", socket.socket)
    tries("new processes", lambda: os.fork() or os._exit(0))
    tries("signals to others", lambda: os.kill(parent, 0))
    try:
        bytearray(4 << 30)
        doors.append("memory")
    except MemoryError:
        pass
    return doors
"""
WORKERS: "weakref.WeakSet[Worker]" = weakref.WeakSet()


class Worker:
    """Runs one program at a time; not safe for threads by itself.

    Args:
        kind: the layers, one of ``KINDS`` or ``none``.

    Raises:
        SandboxUnavailableError: the layers do not hold here; the message says which part.
    """

    def __init__(self, kind: str) -> None:
        self.buffer = b""
        self.ends: dict[str, Ended] = {}
        self.process, self.link = launch(kind)
        WORKERS.add(self)
        try:
            ready = self.message(START_S)["ready"]
        except WorkerDiedError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
            self.process.kill()  # silent, perhaps, and still there
            said = words(self.process)[-1]
            self.kill()
            raise SandboxUnavailableError(f"the bare interpreter did not start: {said}") from None
        self.layers = Layers(kind, ready["landlock"], tuple(ready["namespaces"]))
        if kind == "jail" and not self.layers.landlock:
            self.close()
            raise SandboxUnavailableError(f"this kernel lacks landlock ({ready['missing']})")
        if kind != "none":
            self.test_locks()

    def test_locks(self) -> None:
        """Run a program that tries the doors; refuse to work if one is open."""
        try:
            with Run(self, "call", {"sources": [PROBE], "announce": False}, Limits(10, 256)) as run:
                answer = run.ask("f", [os.getpid()], {"dict": []})
        except WorkerDiedError:
            answer = None
        if answer != {"value": []}:
            self.close()
            raise SandboxUnavailableError(f"the jail does not hold: a test program got {answer or 'no answer'}")

    def message(self, timeout_s: float) -> dict[str, Any]:
        """Return the next message of the zygote.

        Raises:
            WorkerDiedError: it is gone, or silent for ``timeout_s`` seconds.
        """
        end = time.monotonic() + timeout_s
        while b"\n" not in self.buffer:
            if not wait_for({self.link.fileno(): select.POLLIN}, end):
                raise WorkerDiedError
            try:
                piece = self.link.recv(1 << 16)
            except OSError:
                piece = b""
            if not piece:
                raise WorkerDiedError
            self.buffer += piece
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def note(self, timeout_s: float) -> None:
        """Take the zygote's next word on a child that ended.

        Raises:
            WorkerDiedError: the zygote is gone or silent, or could not start the child.
        """
        said = self.message(timeout_s)
        if said["status"] is None:
            raise WorkerDiedError
        self.ends[said["ended"]] = Ended(said["status"], said["why"])

    def tell(self, order: Mapping[str, Any], handles: list[int] | None = None) -> None:
        """Give the zygote an order.

        Raises:
            WorkerDiedError: it is gone.
        """
        try:
            socket.send_fds(self.link, [json.dumps(order).encode() + b"\n"], handles or [])
        except OSError:
            raise WorkerDiedError from None

    def close(self) -> None:
        """Let the zygote clear up and end; it is killed when it does not."""
        self.link.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        self.kill()

    def kill(self) -> None:
        """End the zygote and whatever it runs."""
        self.link.close()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()


def forget_workers() -> None:
    """Close in a forked child what belongs to the parent's workers and programs, so that they see the parent's end."""
    for worker in list(WORKERS):
        worker.link.close()
    for run in list(RUNS):
        run.close_pipes()


os.register_at_fork(after_in_child=forget_workers)


def open_worker(sandbox: str) -> Worker:
    """Return a worker behind the strongest layers that ``sandbox`` allows and that hold here.

    Raises:
        SandboxUnavailableError: none do; the message says why each one fails.
    """
    reasons = []
    for kind in KINDS if sandbox == "auto" else (sandbox,):
        try:
            return Worker(kind)
        except SandboxUnavailableError as error:
            reasons.append(f"{kind}: {error}")
    raise refuse(reasons)
