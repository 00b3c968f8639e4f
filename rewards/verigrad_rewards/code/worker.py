"""One bare interpreter (zygote) and the pipes to the programs that it runs."""

import contextlib
import json
import math
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ZYGOTE = Path(__file__).with_name("zygote.py")
MAX_OUTPUT = 4 << 20
NO_JAIL = 77
PROBE = """
import ctypes, os, socket
def f(parent):
    open_doors = []
    def tries(name, action):
        try:
            action()
        except OSError:
            return
        open_doors.append(name)
    tries("reading files", lambda: open("/etc/passwd").close())
    tries("writing files", lambda: open("/tmp/verigrad-probe", "w").close())
    tries("the network", socket.socket)
    tries("new processes", lambda: os.fork() or os._exit(0))
    tries("signals to others", lambda: os.kill(parent, 0))
    return open_doors
"""


class SandboxUnavailableError(RuntimeError):
    """Programs cannot be locked in on this machine; nothing was run."""


class WorkerDiedError(RuntimeError):
    """The zygote is gone; a new worker may be tried once."""


class Worker:
    """Runs one program at a time; not safe for threads by itself.

    Raises:
        SandboxUnavailableError: the jail does not hold here; the message says which part.
    """

    def __init__(self, *, locked: bool = True) -> None:
        self.locked = locked
        self.link, theirs = socket.socketpair()
        self.link.settimeout(30)
        python = getattr(sys, "_base_executable", None) or sys.executable
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter on our own file
                [python, "-I", "-S", "-B", str(ZYGOTE), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        if self.line() != "ready":
            complaint = self.process.stderr.read().decode(errors="replace").strip().splitlines()  # type: ignore[union-attr]
            self.close()
            raise SandboxUnavailableError(f"the bare interpreter did not start: {(complaint or ['no word'])[-1]}")
        self.process.stderr.close()  # type: ignore[union-attr]
        if locked:
            self.test_locks()

    def line(self) -> str:
        """Return the next line from the zygote, empty when it is gone."""
        text = b""
        while not text.endswith(b"\n"):
            try:
                piece = self.link.recv(1)
            except OSError:
                return ""
            if not piece:
                return ""
            text += piece
        return text.decode().strip()

    def test_locks(self) -> None:
        """Run a program that tries the doors; refuse to work if one is open."""
        with self.start(PROBE, "f", timeout_s=10, memory_mb=256, mode="call") as run:
            answer = run.ask([os.getpid()], {})
        if run.status is not None and os.waitstatus_to_exitcode(run.status) == NO_JAIL:
            raise SandboxUnavailableError(
                "this kernel lacks landlock or seccomp for ordinary processes (Linux 5.13 and newer have both, some "
                "containers switch them off); use such a kernel, or accept the risk with sandbox: none"
            )
        opened = (answer or {}).get("value", {}).get("list")
        if opened != []:
            self.close()
            raise SandboxUnavailableError(f"the jail does not hold: a test program got {opened or answer}")

    def start(self, program: str, entry_point: str, *, timeout_s: float, memory_mb: int, mode: str) -> "Run":
        """Start ``program`` in a fresh child.

        Raises:
            WorkerDiedError: the zygote is gone.
        """
        return Run(self, program, entry_point, timeout_s=timeout_s, memory_mb=memory_mb, mode=mode)

    def close(self) -> None:
        """End the zygote and whatever it runs."""
        self.link.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stderr and not self.process.stderr.closed:
            self.process.stderr.close()


class Run:
    """A program running in its child: ask it for calls, or let it read and print."""

    def __init__(
        self, worker: Worker, program: str, entry_point: str, *, timeout_s: float, memory_mb: int, mode: str
    ) -> None:
        self.worker = worker
        self.timed_out = False
        self.status: int | None = None
        self.buffer = bytearray()
        settings = {
            "mode": mode,
            "cpu_s": math.ceil(timeout_s) + 1,
            "memory_mb": memory_mb,
            "lock": worker.locked,
        }
        control, self.control = os.pipe()
        self.results, results = os.pipe()
        stdin, self.stdin = os.pipe()
        try:
            socket.send_fds(worker.link, [json.dumps(settings).encode()], [control, results, stdin])
            self.child = int(worker.line() or 0)
        except OSError:
            self.child = 0
        for handle in (control, results, stdin):
            os.close(handle)
        if not self.child:
            self.close_pipes()
            raise WorkerDiedError
        os.set_blocking(self.control, False)
        os.set_blocking(self.stdin, False)
        self.deadline = time.monotonic() + timeout_s
        self.send(self.control, json.dumps({"program": program, "entry_point": entry_point}).encode() + b"\n")

    def __enter__(self) -> "Run":
        """Return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill the child if it still runs, and learn how it ended."""
        self.close_pipes()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGKILL)
        self.finish()

    def finish(self) -> None:
        """Wait for the zygote's word on how the child ended."""
        if self.status is None:
            word = self.worker.line()
            if not word:
                raise WorkerDiedError
            self.status = int(word)

    def close_pipes(self) -> None:
        """Close this side of the pipes."""
        for handle in (self.control, self.results, self.stdin):
            with contextlib.suppress(OSError):
                os.close(handle)
        self.control = self.results = self.stdin = -1

    def remaining(self) -> float:
        """Return the seconds left, noting when there are none."""
        left = self.deadline - time.monotonic()
        self.timed_out |= left <= 0
        return max(left, 0)

    def send(self, handle: int, data: bytes) -> None:
        """Write ``data`` while the child reads it; stops at the deadline or when the child no longer reads."""
        while data:
            _, ready, _ = select.select([], [handle], [], self.remaining())
            if not ready:
                return
            try:
                data = data[os.write(handle, data) :]
            except BrokenPipeError:
                return

    def ask(self, args: Any, kwargs: Any) -> dict[str, Any] | None:
        """Return the child's answer to one call as JSON data, None if it gave none in time."""
        packed = json.dumps({"args": args_json(args), "kwargs": args_json(kwargs)})
        self.send(self.control, packed.encode() + b"\n")
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.results], [], [], self.remaining())
            self.timed_out |= not ready
            piece = os.read(self.results, 1 << 16) if ready else b""
            self.buffer += piece
            if not piece or len(self.buffer) > MAX_OUTPUT:
                return None
        line, _, rest = bytes(self.buffer).partition(b"\n")
        self.buffer = bytearray(rest)
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return answer if isinstance(answer, dict) else None

    def communicate(self, text: str) -> bytes | None:
        """Return what the program prints when it reads ``text``, None past the deadline or the output limit."""
        left = text.encode("utf-8", "surrogatepass")
        while True:
            writes = [self.stdin] if self.stdin >= 0 else []
            readable, writable, _ = select.select([self.results], writes, [], self.remaining())
            self.timed_out |= not readable and not writable
            if writable:
                left = self.feed(left)
            if readable:
                piece = os.read(self.results, 1 << 16)
                self.buffer += piece
                if not piece:
                    return bytes(self.buffer)
            if len(self.buffer) > MAX_OUTPUT or self.timed_out:
                return None

    def feed(self, left: bytes) -> bytes:
        """Write a piece of standard input and return the rest; close it at its end."""
        try:
            left = left[os.write(self.stdin, left[: 1 << 16]) :] if left else left
        except BrokenPipeError:
            left = b""
        if not left:
            os.close(self.stdin)
            self.stdin = -1
        return left


def args_json(value: Any) -> Any:
    """Return arguments packed for the wire."""
    from verigrad_rewards.code.wire import pack

    return pack(list(value) if isinstance(value, tuple) else dict(value) if hasattr(value, "keys") else value)
