"""Judge programs against hidden tests; expected values never enter the process that runs the program."""

import atexit
import contextlib
import os
import queue
import sys
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from verigrad_rewards.code.process import MEMORY_MB, TIMEOUT_S, WorkerDiedError
from verigrad_rewards.code.remote import Remote, open_remote, run_remote
from verigrad_rewards.code.run import Fault, Target, run_tests
from verigrad_rewards.code.sandbox import CHOICES, KINDS
from verigrad_rewards.code.services import is_address
from verigrad_rewards.code.tests import StdioTest, Test, read_tests
from verigrad_rewards.code.worker import Worker, open_worker
from verigrad_rewards.types import ProblemError, Status, Verdict

MAX_PROGRAM = 200_000
MAX_TIMEOUT_S, MIN_MEMORY_MB = 3600, 32
SAID = "VERIGRAD_SANDBOX_SAID"  # set once a process has said which layers hold, for it and its children


@dataclass(frozen=True, slots=True)
class Job:
    """One program to judge.

    Attributes:
        program: Python source.
        tests: at least one, all of one kind; mappings with their fields will do.
        entry_point: the function that call tests and assertions call.
        timeout_s: seconds for each test, loading the program included and waiting for a processor aside.
        memory_mb: address space of the program.
        partial: the reward is the fraction of tests passed, and every test is run.
        prelude: source that runs before the program in the same module: what the problem gives.
    """

    program: str
    tests: Sequence[Test]
    entry_point: str | None = None
    timeout_s: float = TIMEOUT_S
    memory_mb: int = MEMORY_MB
    partial: bool = False
    prelude: str = ""


def check_sandbox(sandbox: object) -> None:
    """Raise ``ValueError`` where ``sandbox`` is no choice."""
    known = isinstance(sandbox, str) and (sandbox in ("auto", "none", *KINDS) or is_address(sandbox))
    if not known:
        raise ValueError(f"sandbox: found {sandbox!r}; allowed is {CHOICES}")


def check_limits(timeout_s: object, memory_mb: object) -> None:
    """Raise ``ValueError`` where a limit is none, or too small for any program."""
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, int | float) or not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise ValueError(f"timeout_s: found {timeout_s!r}; allowed is a number above 0, at most {MAX_TIMEOUT_S}")
    if isinstance(memory_mb, bool) or not isinstance(memory_mb, int) or memory_mb < MIN_MEMORY_MB:
        raise ValueError(f"memory_mb: found {memory_mb!r}; allowed is a whole number, {MIN_MEMORY_MB} or more")


class Judge:
    """A pool of workers; safe for threads and usable after a fork. Use as a context manager, or ``close`` it.

    Args:
        workers: programs judged at once; each is started when it is first needed.
        sandbox: ``auto`` takes the strongest layers that hold here, a kind insists on it, ``none`` sets limits only, an
            address such as ``piston+http://host:2000`` sends programs to a service; see ``services``.
    """

    def __init__(self, workers: int = 2, sandbox: str = "auto") -> None:
        check_sandbox(sandbox)
        if workers < 1:
            raise ValueError(f"workers: found {workers}; allowed is 1 or more")
        self.sandbox, self.size = sandbox, workers
        self.renew()
        JUDGES.add(self)

    def renew(self) -> None:
        """Start without workers; in a forked child those of the parent are not ours."""
        self.idle: queue.SimpleQueue[Worker | Remote | None] = queue.SimpleQueue()
        for _ in range(self.size):
            self.idle.put(None)

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers."""
        self.close()

    def close(self) -> None:
        """End all workers, each when its program is judged; more are started for the next program."""
        workers = [self.idle.get() for _ in range(self.size)]
        for worker in workers:
            if worker is not None:
                worker.close()
            self.idle.put(None)

    def layers(self) -> str:
        """Return which layers hold programs; the caller says so, the judge then does not.

        Raises:
            SandboxUnavailableError: none do.
        """
        worker = self.idle.get()
        try:
            worker = worker or open_judge(self.sandbox)
            os.environ[SAID] = "1"
            return str(worker.layers)
        finally:
            self.idle.put(worker)

    def judge(self, job: Job) -> Verdict:
        """Return the verdict on one program; a worker that died is replaced and the program judged once more.

        Raises:
            ProblemError: the tests are wrong, whatever the program.
            SandboxUnavailableError: programs cannot be locked in here.
            ValueError: a limit is none.
        """
        check_limits(job.timeout_s, job.memory_mb)
        tests = read_tests(job.tests, "judge")
        if not job.entry_point and not isinstance(tests[0], StdioTest):
            raise ProblemError("judge: tests that call need an entry point: the name of the function to call")
        if len(job.program) > MAX_PROGRAM or "\0" in job.program:
            return Verdict(0.0, Status.WRONG, detail=f"the program holds a NUL or more than {MAX_PROGRAM} characters")
        worker = self.idle.get()
        try:
            for _ in range(2):
                worker = worker or first_words(open_judge(self.sandbox))
                try:
                    return verdict(worker, job, tests)
                except WorkerDiedError:
                    worker.close()
                    worker = None
                except BaseException:
                    worker.close()  # it may be in the middle of a program
                    worker = None
                    raise
            worker = open_judge(self.sandbox)  # which runs a program of ours first: so it is not the judge that fails
            return Verdict(0.0, Status.WRONG, detail="crash: the interpreter that ran it died, twice")
        finally:
            self.idle.put(worker)

    def judge_many(self, jobs: Sequence[Job]) -> list[Verdict]:
        """Return the verdicts on ``jobs``, in order."""
        with ThreadPoolExecutor(self.size) as threads:
            return list(threads.map(self.judge, jobs))


JUDGES: "weakref.WeakSet[Judge]" = weakref.WeakSet()
_shared: dict[str, Judge] = {}
_lock = threading.Lock()


def after_fork() -> None:
    """Leave the parent's workers to the parent."""
    globals().update(_lock=threading.Lock())
    for judge in JUDGES:
        judge.renew()


os.register_at_fork(after_in_child=after_fork)


def open_judge(sandbox: str) -> Worker | Remote:
    """Return what runs programs: a worker of this machine, or a service at an address.

    Raises:
        SandboxUnavailableError: neither can.
    """
    return open_remote(sandbox) if is_address(sandbox) else open_worker(sandbox)


def first_words(worker: Worker | Remote) -> Worker | Remote:
    """Say once, on standard error, which layers hold."""
    if SAID not in os.environ:
        os.environ[SAID] = "1"
        if os.environ.get("LOCAL_RANK", "0") == "0":
            print(f"verigrad: programs run in {worker.layers}", file=sys.stderr)
    return worker


def verdict(worker: Worker | Remote, job: Job, tests: Sequence[Test]) -> Verdict:
    """Return the verdict of one worker on one program."""
    target = Target(job.program, job.entry_point or "", job.timeout_s, job.memory_mb, job.prelude)
    passed, first = 0, None
    outcomes = run_remote(worker, target, tests) if isinstance(worker, Remote) else run_tests(worker, target, tests)
    with contextlib.closing(outcomes) as faults:
        for number, fault in enumerate(faults, 1):
            passed += fault is None
            if fault is not None:
                first = first or Fault(f"test {number} of {len(tests)}: {fault.detail}", fault.status)
                if not job.partial:
                    break
    if first is None:
        return Verdict(1.0, Status.CORRECT, detail=f"all {len(tests)} tests pass")
    return Verdict(passed / len(tests) if job.partial else 0.0, first.status, detail=first.detail)


def shared_judge(sandbox: str) -> Judge:
    """Return this process's judge, made on first use and closed when the process ends."""
    with _lock:
        if sandbox not in _shared:
            _shared[sandbox] = Judge(workers=min(4, os.cpu_count() or 1), sandbox=sandbox)
            atexit.register(_shared[sandbox].close)
        return _shared[sandbox]


def judge(
    program: str,
    tests: Sequence[Test],
    *,
    entry_point: str | None = None,
    timeout_s: float = TIMEOUT_S,
    memory_mb: int = MEMORY_MB,
    sandbox: str = "auto",
    partial: bool = False,
    prelude: str = "",
) -> Verdict:
    """Return whether ``program`` passes all ``tests``, run apart from this process.

    Args:
        program: Python source.
        tests: at least one, all of one kind; mappings with their fields will do.
        entry_point: the function that call tests and assertions call.
        timeout_s: seconds for each test, waiting for a processor aside.
        memory_mb: address space of the program.
        sandbox: ``auto`` takes the strongest layers that hold here, a kind insists on it, ``none`` sets limits only, an
            address such as ``piston+http://host:2000`` sends programs to a service; see ``services``.
        partial: the reward is the fraction of tests passed.
        prelude: source that runs before the program in the same module.

    Raises:
        ProblemError: there are no tests, or they cannot be run whatever the program.
        SandboxUnavailableError: programs cannot be locked in here.
    """
    return shared_judge(sandbox).judge(Job(program, tests, entry_point, timeout_s, memory_mb, partial, prelude))
