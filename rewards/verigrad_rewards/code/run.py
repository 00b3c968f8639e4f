"""Run the tests of one program on a worker, and say why one fails."""

import signal
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verigrad_rewards.code.compare import same, same_output, show
from verigrad_rewards.code.process import Ended, Limits, Run
from verigrad_rewards.code.tests import AssertTest, CallTest, StdioTest, Test, read_assertions
from verigrad_rewards.code.wire import WireError, load, pack
from verigrad_rewards.code.worker import Worker
from verigrad_rewards.types import ProblemError, Status

CHECK_S, CHECK_MB = 5.0, 512  # what a test's own code may use beyond the program's time


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a test fails."""

    detail: str
    status: Status = Status.WRONG


@dataclass(frozen=True, slots=True)
class Target:
    """The program under test, with what it may use."""

    program: str
    entry_point: str
    timeout_s: float
    memory_mb: int
    prelude: str = ""

    def sources(self) -> list[str]:
        """Return the texts that run one after the other in one module."""
        return [self.prelude, self.program] if self.prelude else [self.program]

    def limits(self, tests: int = 1) -> Limits:
        """Return the limits of a process that answers ``tests`` tests."""
        return Limits(self.timeout_s, self.memory_mb, tests)


UNFINISHED = Fault("the test's own code comes to no end")


def run_tests(worker: Worker, target: Target, tests: Sequence[Test]) -> Generator[Fault | None]:
    """Yield, test by test, why it fails, None where it passes. Each starts from a clean state.

    Raises:
        ProblemError: a test cannot be run, whatever the program.
        WorkerDiedError: the worker is gone.
    """
    calls = [test for test in tests if isinstance(test, CallTest)]
    if calls:
        yield from run_calls(worker, target, calls)
    for number, test in enumerate(tests, 1):
        if isinstance(test, StdioTest):
            yield run_stdio(worker, target, test)
        elif isinstance(test, AssertTest):
            yield run_assertions(worker, target, test, number)


def run_calls(worker: Worker, target: Target, tests: Sequence[CallTest]) -> Generator[Fault | None]:
    """Yield the outcome of each call; a program that can remember calls gets a process for each."""
    left = list(tests)
    while left:
        done, fault, several = 0, None, len(left) > 1
        with Run(worker, "call", {"sources": target.sources(), "announce": several}, target.limits(len(left))) as run:
            together = len(left) if several and run.line() == b'{"remembers": false}' else 1
            while done < together and fault is None:
                if done:
                    yield None
                    run.restart_clock()
                fault = ask(run, packed(target.entry_point, left[done]))
                done += 1
            if fault is None:
                fault = at_end(run)
        yield explained(fault, run, target)
        left = left[done:]


@dataclass(frozen=True, slots=True)
class Call:
    """A test that calls, packed."""

    name: str
    args: list[Any]
    kwargs: Any
    expected: Any
    tolerance: float

    def __str__(self) -> str:
        args = [show(arg, 60) for arg in self.args]
        return f"{self.name}({', '.join([*args, *(f'{k}={show(v, 60)}' for k, v in self.kwargs['dict'])])})"


def packed(name: str, test: CallTest) -> Call:
    """Return a test for the wire.

    Raises:
        ProblemError: it holds something else than plain data.
    """
    try:
        args = [pack(arg, 1) for arg in test.args]
        return Call(name, args, pack(dict(test.kwargs)), pack(test.expected), test.tolerance)
    except WireError as error:
        raise ProblemError(f"the call {name}{tuple(test.args)!r:.80}: {error}; allowed is plain data") from None


def ask(run: Run, call: Call) -> Fault | None:
    """Return why one call fails."""
    return wrong(call, run.ask(call.name, call.args, call.kwargs))


def wrong(call: Call, reply: Mapping[str, Any] | None) -> Fault | None:
    """Return why a program's answer to a call, read with ``wire.read_reply``, is not the expected one."""
    if reply is None:
        return Fault("no answer")
    if "error" in reply:
        return raised(reply["error"], reply["kind"])
    try:
        if same(reply["value"], call.expected, call.tolerance):
            return None
    except RecursionError:  # the caller's own stack may be deep already
        return Fault("the result is nested too deeply")
    return Fault(f"{call} gives {show(reply['value'])}, expected {show(call.expected)}")


def raised(error: str, kind: str) -> Fault:
    """Return the fault of a call that raises."""
    if kind == "MemoryError" or error.startswith("MemoryError"):
        return Fault(f"memory: {error}")
    if error.startswith(("PermissionError", "BlockingIOError", "OSError: [Errno 1]", "OSError: [Errno 13]")):
        return Fault(f"forbidden: {error}")
    return Fault(f"it fails with {error}" if kind else error)


def at_end(run: Run) -> Fault | None:
    """Return the fault of a program that answered well and then does not end well."""
    run.finish()
    return Fault("it writes what nobody asked for") if run.buffer else None


def explained(fault: Fault | None, run: Run, target: Target) -> Fault | None:
    """Return ``fault`` with how the process ended, where that says more."""
    end = how_it_ended(run.ended, target) if run.ended else None
    return end or fault


def how_it_ended(end: Ended, target: Target) -> Fault | None:
    """Return the fault of a process that did not end by itself with status 0."""
    if end.why == "judge" and end.code == -signal.SIGKILL:
        return None
    if end.why == "time":
        return Fault(f"timeout: more than {target.timeout_s:g} s", Status.TIMEOUT)
    if end.why in ("threads", "disk"):
        return Fault(f"forbidden: too much of: {end.why}")
    if end.code == -signal.SIGXCPU:
        return Fault(f"timeout: more than {target.timeout_s:g} s of processor time", Status.TIMEOUT)
    if end.code == -signal.SIGSYS:
        return Fault("forbidden: a system call of another architecture")
    if end.code < 0:
        return Fault(f"crash: ended by {signal_name(-end.code)}")
    return Fault(f"crash: it ends with status {end.code}") if end.code else None


def signal_name(number: int) -> str:
    """Return the name of a signal; real-time ones have none."""
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def run_stdio(worker: Worker, target: Target, test: StdioTest) -> Fault | None:
    """Return why a program that reads and prints fails."""
    with Run(worker, "stdio", {"sources": target.sources()}, target.limits()) as run:
        printed = run.communicate(test.stdin)
        if printed is not None:
            run.finish()
    if printed is None:
        return Fault("output: more than is allowed")
    fault = explained(None, run, target)
    if fault is not None:
        return with_reason(fault, run.buffer.decode(errors="replace"))
    try:
        text = printed.decode()
    except UnicodeDecodeError:
        return Fault("it prints bytes that are not UTF-8")
    return misprinted(text, test)


def with_reason(fault: Fault, said: str) -> Fault:
    """Return the fault of a program that ended badly with the error that it raised, if it said one."""
    return raised(said[:300], "call") if said and fault.status is Status.WRONG else fault


def misprinted(text: str, test: StdioTest) -> Fault | None:
    """Return why a program's output is not the expected one."""
    if same_output(text, test.stdout, test.tolerance):
        return None
    return Fault(f"it prints {show(text)}, expected {show(test.stdout)}")


def run_assertions(worker: Worker, target: Target, test: AssertTest, number: int) -> Fault | None:
    """Return why a test's own code finds the program wrong.

    Raises:
        ProblemError: the test's code cannot be run.
    """
    request, limits = check_request(target, test), check_limits(target)
    with Run(worker, "call", {"sources": target.sources(), "announce": False}, target.limits()) as program:
        with Run(worker, "check", request, limits, program.give_away()) as check:
            said = load(check.line() or b"{}")
        if said.get("passed"):
            program.wait()  # its pipe is closed, so it ends
    unfinished = explained(UNFINISHED, check, target)
    return conclusion(said, number, explained(None, program, target), unfinished)


def check_request(target: Target, test: AssertTest) -> dict[str, Any]:
    """Return what the process of a test's own code is asked to do."""
    read = read_assertions(test.code, test.setup)
    return {
        "code": test.code,
        "setup": read.setup,
        "entry_point": target.entry_point,
        "functions": read.functions,
        "check": read.runs_check,
    }


def check_limits(target: Target, waiting_s: float = 0) -> Limits:
    """Return what a test's own code may use, where it waits ``waiting_s`` seconds for an answer."""
    return Limits(2 * target.timeout_s + CHECK_S + waiting_s, max(CHECK_MB, target.memory_mb))


def conclusion(said: Mapping[str, Any], number: int, fault: Fault | None, unfinished: Fault | None) -> Fault | None:
    """Return why an assert test fails.

    Args:
        said: what the process of the test's own code says; empty where it did not come to an end.
        number: of the test.
        fault: why the program's process ended, None if it ended well.
        unfinished: why the test's did.

    Raises:
        ProblemError: the test's code cannot be run.
    """
    if "broken" in said:
        raise ProblemError(f"test {number} cannot be run: {said['broken']}")
    if said.get("passed") or (fault is not None and said.get("gone")):
        return fault
    if not said:
        return unfinished
    if said["gone"]:
        return Fault("no answer")
    last = f" ({said['last']})" if said["last"] else ""
    return Fault(f"{said['detail']}{last}")
