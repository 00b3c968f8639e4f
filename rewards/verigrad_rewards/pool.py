"""Score responses in worker processes with a hard deadline each: a worker that overruns is killed and replaced.

Works in any thread, in daemonic processes and after a fork: workers are plain child processes spoken to over pipes.
"""

import contextlib
import os
import pickle
import queue
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from verigrad_rewards.types import Problem, ProblemError, Response, Status, Verdict

_LENGTH = struct.Struct("!Q")
_START_S = 60.0  # for a worker to import the rewards
_TRIES = 2  # workers that may die on one response
_COMMAND = "from verigrad_rewards.pool import work; work()"


class PoolError(RuntimeError):
    """Our own failure: a worker cannot start, or died twice on the same response."""


@dataclass(frozen=True, slots=True)
class Job:
    """One response to score.

    Attributes:
        reward: a key of ``REWARDS`` or ``package.module:name``.
        problem: what was asked.
        response: what was written.
        options: the reward's keyword options.
    """

    reward: str
    problem: Problem
    response: Response
    options: Mapping[str, Any] = field(default_factory=dict)


class Worker:
    """One child process that scores one job at a time.

    Raises:
        PoolError: it does not start.
    """

    def __init__(self) -> None:
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        self.process = subprocess.Popen(  # noqa: S603  # our own interpreter and command
            [sys.executable, "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for the caller, which then closes its workers
        )
        try:
            self.ask(None, _START_S)
        except (TimeoutError, EOFError):
            self.stop()
            raise PoolError(
                f"a scoring worker did not start within {_START_S:g} s, or ended first; see its message above"
            ) from None

    def ask(self, job: Job | None, timeout_s: float) -> Any:
        """Return the worker's reply.

        Raises:
            TimeoutError: none within ``timeout_s`` seconds.
            EOFError: the worker is dead.
        """
        if self.process.stdin is None or self.process.stdout is None:
            raise EOFError
        end = time.monotonic() + timeout_s
        try:
            send(self.process.stdin, job)
        except BrokenPipeError:
            raise EOFError from None
        return receive(self.process.stdout, end)

    def stop(self) -> None:
        """Kill the process and wait until it is gone."""
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self.process.wait()


class Pool:
    """Workers that score jobs; close it, or use it as a context manager.

    Attributes:
        deadline_s: seconds that one response may take.
    """

    def __init__(self, workers: int = 1, deadline_s: float = 5.0) -> None:
        if workers < 1 or deadline_s <= 0:
            raise ValueError(f"Pool: workers {workers}, deadline_s {deadline_s}; allowed are 1 or more, and above 0")
        self.deadline_s = deadline_s
        self._owner = os.getpid()
        self._idle: queue.SimpleQueue[Worker | None] = queue.SimpleQueue()
        for _ in range(workers):
            self._idle.put(None)  # started when first needed
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="verigrad-pool")

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers."""
        self.close()

    def close(self) -> None:
        """Stop every worker."""
        self._threads.shutdown(cancel_futures=True)
        while not self._idle.empty():
            worker = self._idle.get()
            if worker is not None:
                worker.stop()

    def score(self, jobs: Sequence[Job]) -> list[Verdict]:
        """Return one verdict per job, in order; a response that overruns the deadline is a wrong one.

        Raises:
            ProblemError: a problem that no response could be scored against in time, or that its reward refuses.
            PoolError: a worker cannot start, or died twice on the same response.
        """
        if os.getpid() != self._owner:
            raise PoolError("this Pool belongs to the process that made it; make a new one after a fork")
        return list(self._threads.map(self.score_one, jobs))

    def score_one(self, job: Job) -> Verdict:
        """Return the verdict on one job, in the calling thread."""
        try:
            return self._ask(job)
        except TimeoutError:
            pass
        try:
            self._ask(Job(job.reward, job.problem, Response(""), job.options))
        except TimeoutError:
            raise ProblemError(
                f"{job.problem.id}: {job.reward} takes more than {self.deadline_s:g} s even for an empty response"
            ) from None
        return Verdict(0.0, Status.TIMEOUT, detail=f"judging the response took more than {self.deadline_s:g} s")

    def _ask(self, job: Job) -> Verdict:
        """Return a worker's verdict; a job whose worker died is tried once more."""
        for _ in range(_TRIES):
            try:
                reply = self._reply(job)
            except EOFError:
                continue
            if isinstance(reply, BaseException):
                raise reply
            return reply
        raise PoolError(f"{job.problem.id}: the worker died twice while {job.reward} judged a response")

    def _reply(self, job: Job) -> Any:
        """Return what a worker replies; one that overruns or is dead is stopped, and replaced when next needed."""
        worker = self._idle.get()
        try:
            worker = worker or Worker()
            return worker.ask(job, self.deadline_s)
        except (TimeoutError, EOFError):
            if worker is not None:
                worker.stop()
            worker = None
            raise
        finally:
            self._idle.put(worker)


def send(stream: IO[bytes], value: object) -> None:
    """Write one value with its length before it."""
    data = pickle.dumps(value)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: IO[bytes], end: float) -> Any:
    """Return the next value, read before ``end`` on the monotonic clock.

    Raises:
        TimeoutError: it did not come in time.
        EOFError: the other side is closed.
    """
    (length,) = _LENGTH.unpack(read_exactly(stream, _LENGTH.size, end))
    return pickle.loads(read_exactly(stream, length, end))  # noqa: S301  # from our own worker, which runs our rewards


def read_exactly(stream: IO[bytes], size: int, end: float) -> bytes:
    """Return ``size`` bytes."""
    found = b""
    while len(found) < size:
        ready, _, _ = select.select([stream], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise TimeoutError
        piece = os.read(stream.fileno(), size - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


def work() -> None:
    """Score jobs from standard input until it closes; what rewards print goes to standard error."""
    from verigrad_rewards.combine import make_part
    from verigrad_rewards.registry import REWARDS

    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    threading.Thread(target=watch_parent, args=(os.getppid(),), daemon=True).start()
    while True:
        header = requests.read(_LENGTH.size)
        if len(header) < _LENGTH.size:
            return
        job: Job | None = pickle.loads(requests.read(_LENGTH.unpack(header)[0]))  # noqa: S301  # from our own parent
        if job is None:
            send(replies, "ready")
            continue
        try:
            reply: object = make_part(job.reward, job.options, REWARDS).score(job.problem, job.response)
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RuntimeError) as error:
            reply = error  # raised again in the caller
        send(replies, reply)


def watch_parent(parent: int) -> None:
    """End this process when its parent is gone, also while a reward hangs."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
