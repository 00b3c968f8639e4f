"""Score responses in worker processes with a hard deadline each: a worker that overruns is killed and replaced.

Works in any thread, in daemonic processes and after a fork: workers are plain child processes spoken to over sockets.
Requests are pickled; replies are lines of JSON, so nothing that a reward makes or prints is ever unpickled here.
"""

import contextlib
import os
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field, replace
from typing import Self

from verigrad_rewards.job import MAX_TEXT, Job, PoolError, RewardError
from verigrad_rewards.types import ProblemError, Response, Status, Verdict
from verigrad_rewards.worker import ClosedError, LostError, Worker

__all__ = ["Job", "Pool", "PoolError", "RewardError"]

CLOSE_S = 2.0
AHEAD = 64  # jobs that a worker holds at most, so that it need not wait for a busy caller


@dataclass(frozen=True, slots=True)
class Ticket:
    """A job with its place for the verdict.

    Attributes:
        strict: whether a failure of the reward is raised; otherwise it leaves the response unscored.
    """

    job: Job
    strict: bool
    future: Future[Verdict] = field(default_factory=Future)

    def settle(self, outcome: Verdict | Exception) -> None:
        """Give the verdict to whoever waits."""
        if not self.future.set_running_or_notify_cancel():
            return
        if isinstance(outcome, Verdict):
            self.future.set_result(outcome)
        elif self.strict or not isinstance(outcome, ProblemError | PoolError | RewardError):
            self.future.set_exception(outcome)
        else:
            said = str(outcome) if str(outcome).startswith(str(self.job)) else f"{self.job}: {outcome}"
            self.future.set_result(Verdict(0.0, Status.UNSCORED, detail=said[:MAX_TEXT]))

    def cancel(self) -> None:
        """Tell whoever waits that there will be no verdict."""
        self.future.cancel()
        self.future.set_running_or_notify_cancel()


class Lane(threading.Thread):
    """One thread with its worker; a daemon, so that a pool that nobody closed keeps no interpreter from exiting."""

    def __init__(self, pool: "Pool") -> None:
        super().__init__(name="verigrad-pool", daemon=True)
        self.pool = pool  # which must not be collected, its bell with it, while work goes on
        self.tickets, self.lanes, self.deadline_s = pool.tickets, pool.workers, pool.deadline_s
        self.worker: Worker | None = None

    def run(self) -> None:
        """Settle tickets until the pool is closed."""
        while batch := self.take():
            try:
                self.serve(batch)
            except ClosedError:
                break
            except Exception as error:  # ours, not a reward's: whoever waits must hear of it
                self.give_up(error, batch)
        for ticket in batch:
            ticket.cancel()
        if self.worker:
            self.worker.stop()

    def take(self) -> deque[Ticket]:
        """Return the next tickets, none once the pool is closed: more than one only where every thread has plenty."""
        batch: deque[Ticket] = deque()
        wanted = 1
        while len(batch) < wanted:
            try:
                ticket = self.tickets.get(block=not batch)
            except queue.Empty:  # the others were faster
                break
            if ticket is None:
                self.tickets.put(None)
                break
            if ticket.future.cancelled():
                ticket.cancel()
                continue
            batch.append(ticket)
            wanted = min(AHEAD, max(wanted, self.tickets.qsize() // (2 * self.lanes)))
        return batch

    def serve(self, batch: deque[Ticket]) -> None:
        """Settle every ticket; one that takes its worker with it is looked at alone, and the rest sent again."""
        while batch:
            try:
                worker = self.start_worker()
            except PoolError as error:
                batch.extend(drained(self.tickets))  # nobody need wait for the same failure again and again
                self.give_up(error, batch)
                return
            for ticket in batch:
                worker.send(ticket.job)
            while batch and not worker.stopped:
                try:
                    found = worker.outcome(batch[0].job, self.deadline_s)
                except (TimeoutError, LostError) as error:
                    found = self.look_again(batch[0].job, error)
                batch.popleft().settle(found)

    def look_again(self, job: Job, error: Exception) -> Verdict | Exception:
        """Return the outcome of a job that overran, or whose worker died, from workers that do nothing else."""
        try:
            if isinstance(error, LostError):
                with contextlib.suppress(TimeoutError):
                    return self.alone(job)
            found = self.alone(replace(job, response=Response("")))
        except TimeoutError:
            return ProblemError(f"{job}: takes more than {self.deadline_s:g} s even for an empty response")
        except LostError as again:
            return PoolError(f"{job}: its worker failed twice; the last one {again}")
        except PoolError as unstarted:
            return unstarted
        late = f"judging the response took more than {self.deadline_s:g} s"
        return Verdict(0.0, Status.TIMEOUT, detail=late) if isinstance(found, Verdict) else found

    def alone(self, job: Job) -> Verdict | Exception:
        """Return the outcome of one job."""
        worker = self.start_worker()
        worker.send(job)
        return worker.outcome(job, self.deadline_s)

    def start_worker(self) -> Worker:
        """Return the worker, another one where it is gone."""
        if self.worker is None or self.worker.stopped:
            try:
                self.worker = Worker(self.pool.wake.fileno())
            except PoolError:
                time.sleep(0.2)  # memory or processes may be short for a moment
                self.worker = Worker(self.pool.wake.fileno())
        return self.worker

    def give_up(self, error: Exception, batch: deque[Ticket]) -> None:
        """Settle every ticket with an error."""
        if self.worker:
            self.worker.stop()
        while batch:
            batch.popleft().settle(error)


def drained(tickets: "queue.SimpleQueue[Ticket | None]") -> Iterable[Ticket]:
    """Yield the tickets that wait; what ends a thread stays."""
    with contextlib.suppress(queue.Empty):
        while ticket := tickets.get_nowait():
            yield ticket
        tickets.put(None)


class Pool:
    """Workers that score jobs, for any thread of one process; close it, or use it as a context manager.

    Whatever a reward starts is killed with its worker, except what moved to a session of its own.

    Attributes:
        workers: how many.
        deadline_s: seconds that one response may take.
        tickets: what waits; None ends a thread.
        wake: can be read once the pool is being closed.
    """

    def __init__(self, workers: int = 1, deadline_s: float = 5.0) -> None:
        if workers < 1 or deadline_s <= 0:
            raise ValueError(f"Pool: workers {workers}, deadline_s {deadline_s}; allowed are 1 or more, and above 0")
        self.workers, self.deadline_s = workers, deadline_s
        self.tickets: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._bell, self.wake = socket.socketpair()
        self._owner, self._closed, self._lock = os.getpid(), False, threading.Lock()
        self._lanes: list[Lane] = []

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the workers."""
        self.close()

    def close(self) -> None:
        """Stop every worker within two seconds, whatever it does; verdicts that are not there yet are cancelled."""
        if os.getpid() != self._owner:
            return
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._bell.send(b"x")
        for ticket in drained(self.tickets):
            ticket.cancel()
        self.tickets.put(None)
        end = time.monotonic() + CLOSE_S
        for lane in self._lanes:
            lane.join(max(0.0, end - time.monotonic()))
        if not any(lane.is_alive() for lane in self._lanes):
            self._bell.close()
            self.wake.close()

    def submit(self, job: Job) -> Future[Verdict]:
        """Return the verdict to come; what its reward does wrong leaves the response unscored, and says so in detail.

        Raises:
            PoolError: the pool is closed, or belongs to another process.
        """
        return self._put(Ticket(job, strict=False))

    def verdicts(self, jobs: Sequence[Job]) -> list[Verdict]:
        """Return one verdict per job, in order, unscored where the reward failed.

        Raises:
            PoolError: the pool is closed, or belongs to another process.
        """
        return results([self.submit(job) for job in jobs])

    def score(self, jobs: Sequence[Job]) -> list[Verdict]:
        """Return one verdict per job, in order; a response that overruns the deadline is a wrong one.

        Raises:
            ProblemError: a problem that no response could be scored against in time, or that its reward refuses.
            RewardError: the reward raised, or returned something other than a finite Verdict.
            PoolError: a worker cannot start, or died twice on the same response; or as in ``submit``.
        """
        return results([self._put(Ticket(job, strict=True)) for job in jobs])

    def _put(self, ticket: Ticket) -> Future[Verdict]:
        if os.getpid() != self._owner:
            raise PoolError("this Pool belongs to the process that made it; make a new one after a fork")
        with self._lock:
            if self._closed:
                raise PoolError("this Pool is closed; make a new one")
            if len(self._lanes) < self.workers:
                lane = Lane(self)
                lane.start()
                self._lanes.append(lane)
            self.tickets.put(ticket)
        return ticket.future


def results(futures: Sequence[Future[Verdict]]) -> list[Verdict]:
    """Return the verdicts; the first error is raised and cancels the rest."""
    try:
        return [future.result() for future in futures]
    except CancelledError:
        raise PoolError("the pool was closed while it scored") from None
    finally:
        for future in futures:
            future.cancel()
