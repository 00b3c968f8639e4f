"""Judge programs against hidden tests; expected values never enter the process that runs the program."""

import os
import queue
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from verigrad_rewards.code.tests import CallTest, StdioTest, Test
from verigrad_rewards.code.wire import WireError, same, unpack
from verigrad_rewards.code.worker import Run, SandboxUnavailableError, Worker, WorkerDiedError
from verigrad_rewards.types import ProblemError, Status, Verdict

MAX_PROGRAM = 200_000


@dataclass(frozen=True, slots=True)
class Job:
    """One program to judge.

    Attributes:
        program: Python source.
        tests: at least one, all of one kind.
        entry_point: the function that call tests call.
        timeout_s: wall-clock seconds for the program with all its call tests, or for each stdin test.
        memory_mb: address space of the program.
    """

    program: str
    tests: Sequence[Test]
    entry_point: str | None = None
    timeout_s: float = 2.0
    memory_mb: int = 256


class Judge:
    """A pool of workers; safe for threads. Use as a context manager, or ``close`` it.

    Args:
        workers: programs judged at once.
        sandbox: ``auto`` or ``jail`` locks programs in or refuses; ``none`` runs them with limits only.
    """

    def __init__(self, workers: int = 2, sandbox: str = "auto") -> None:
        if sandbox not in ("auto", "jail", "none"):
            raise ValueError(f"sandbox: found {sandbox!r}; allowed is auto, jail or none")
        self.locked = sandbox != "none"
        self.size = workers
        self.idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for _ in range(workers):
            self.idle.put(Worker(locked=self.locked))

    def __enter__(self) -> "Judge":
        """Return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pool."""
        self.close()

    def close(self) -> None:
        """End all workers."""
        for _ in range(self.size):
            self.idle.get().close()
        self.size = 0

    def judge(self, job: Job) -> Verdict:
        """Return the verdict on one program; a worker that died is replaced and the program judged once more."""
        worker = self.idle.get()
        try:
            try:
                return judge_with(worker, job)
            except WorkerDiedError:
                worker.close()
                worker = Worker(locked=self.locked)
                return judge_with(worker, job)
        except WorkerDiedError:
            worker.close()
            worker = Worker(locked=self.locked)
            raise SandboxUnavailableError("the bare interpreter died twice on the same program") from None
        finally:
            self.idle.put(worker)

    def judge_many(self, jobs: Sequence[Job]) -> list[Verdict]:
        """Return the verdicts on ``jobs``, in order."""
        with ThreadPoolExecutor(max(self.size, 1)) as threads:
            return list(threads.map(self.judge, jobs))


def judge_with(worker: Worker, job: Job) -> Verdict:
    """Return the verdict of one worker on one program."""
    if not job.tests:
        raise ProblemError("a program was to be judged without tests; nothing it does could fail")
    if len(job.program) > MAX_PROGRAM or "\0" in job.program:
        return wrong("the program is too long or holds a NUL character")
    if isinstance(job.tests[0], StdioTest):
        return judge_printed(worker, job)
    return judge_calls(worker, job)


def wrong(detail: str, status: Status = Status.WRONG) -> Verdict:
    """Return a verdict without reward."""
    return Verdict(0.0, status, detail=detail)


def judge_calls(worker: Worker, job: Job) -> Verdict:
    """Return the verdict on a program whose entry point is called once per test, in one child."""
    failed = None
    if not job.entry_point:
        raise ProblemError("call tests need an entry point: the name of the function to call")
    with start(worker, job, "call") as run:
        for number, test in enumerate(job.tests, 1):
            if not isinstance(test, CallTest):
                raise ProblemError("calls and stdin tests are mixed; allowed is one kind per problem")
            failed = fault(run.ask(test.args, test.kwargs), test)
            if failed:
                failed = f"test {number} of {len(job.tests)}: {failed}"
                break
    if failed is None:
        return Verdict(1.0, Status.CORRECT, detail=f"all {len(job.tests)} tests pass")
    return ended(run, failed)


def start(worker: Worker, job: Job, mode: str) -> Run:
    """Start the program of ``job``."""
    return worker.start(job.program, job.entry_point or "", timeout_s=job.timeout_s, memory_mb=job.memory_mb, mode=mode)


def fault(answer: dict | None, test: CallTest) -> str | None:
    """Return what is wrong with an answer, None if it equals the expected value."""
    if answer is None:
        return "no result"
    if "value" not in answer:
        return str(answer.get("error", "no result"))[:300]
    try:
        value = unpack(answer["value"])
    except (WireError, RecursionError):
        return "the result is not plain data"
    try:
        equal = same(value, test.expected)
    except RecursionError:
        equal = False
    return None if equal else f"called with {shown(test.args)} it returns {shown(value)}, not {shown(test.expected)}"


def shown(value: object) -> str:
    """Return ``value`` in at most 80 characters; huge integers are not spelled out."""
    if isinstance(value, int) and value.bit_length() > 300:
        return f"an integer of {value.bit_length()} bits"
    try:
        text = repr(value)
    except ValueError:  # an integer inside it is too long to print
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


def ended(run: Run, failed: str) -> Verdict:
    """Return the verdict on a failed program, with how its process ended where that says more."""
    if run.timed_out:
        return wrong(f"{failed} (time ran out)", Status.TIMEOUT)
    code = os.waitstatus_to_exitcode(run.status or 0)
    if code == -signal.SIGXCPU:
        return wrong(f"{failed} (processor time ran out)", Status.TIMEOUT)
    if code < 0 and code != -signal.SIGKILL:
        return wrong(f"{failed} (the program was ended by {signal.Signals(-code).name})")
    return wrong(failed)


def judge_printed(worker: Worker, job: Job) -> Verdict:
    """Return the verdict on a program that reads and prints, in one child per test."""
    for number, test in enumerate(job.tests, 1):
        if not isinstance(test, StdioTest):
            raise ProblemError("calls and stdin tests are mixed; allowed is one kind per problem")
        with start(worker, job, "stdio") as run:
            printed = run.communicate(test.stdin)
            if printed is not None:
                run.finish()
        place = f"test {number} of {len(job.tests)}"
        if printed is None:
            return ended(run, f"{place}: too much output" if not run.timed_out else f"{place}: no end")
        if run.status:
            return ended(run, f"{place}: the program fails")
        if lines(printed.decode("utf-8", "replace")) != lines(test.stdout):
            got = shown(printed[:200].decode("utf-8", "replace"))
            return wrong(f"{place}: it prints {got}, not {shown(test.stdout)}")
    return Verdict(1.0, Status.CORRECT, detail=f"all {len(job.tests)} tests pass")


def lines(text: str) -> list[str]:
    """Return the lines of ``text`` without trailing spaces and without empty lines at the end."""
    return [line.rstrip() for line in text.rstrip().split("\n")]


_shared: dict[tuple[int, str], Judge] = {}
_lock = threading.Lock()


def shared_judge(sandbox: str) -> Judge:
    """Return this process's judge, started on first use; a forked child starts its own."""
    with _lock:
        key = (os.getpid(), sandbox)
        if key not in _shared:
            _shared[key] = Judge(workers=min(4, os.cpu_count() or 1), sandbox=sandbox)
        return _shared[key]


os.register_at_fork(after_in_child=lambda: globals().update(_lock=threading.Lock()))


def judge(
    program: str,
    tests: Sequence[Test],
    *,
    entry_point: str | None = None,
    timeout_s: float = 2.0,
    memory_mb: int = 256,
    sandbox: str = "auto",
) -> Verdict:
    """Return whether ``program`` passes all ``tests``, run apart from this process.

    Raises:
        ProblemError: there are no tests, or call tests without an entry point.
        SandboxUnavailableError: programs cannot be locked in here.
    """
    return shared_judge(sandbox).judge(Job(program, tests, entry_point, timeout_s, memory_mb))
