"""Run the tests of one program on a service elsewhere. Programs and inputs go there, expected values stay here.

A call is one run: a driver made of our own text runs the program, makes the call, and prints the packed answer after a
random token. A program could find the token; all it gains is to answer in its function's stead. A test's own code runs
on this machine, and each call it makes is one run that makes the earlier ones again first.
"""

import contextlib
import json
import os
import select
from collections.abc import Generator, Sequence
from functools import cache
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO

from verigrad_rewards.code.link import GRACE_S, PAUSES, OrderTooLargeError
from verigrad_rewards.code.process import MAX_OUTPUT, MEMORY_MB, TIMEOUT_S, Ended, Run
from verigrad_rewards.code.run import (
    UNFINISHED,
    Fault,
    Target,
    check_limits,
    check_request,
    conclusion,
    explained,
    how_it_ended,
    misprinted,
    packed,
    with_reason,
    wrong,
)
from verigrad_rewards.code.sandbox import SandboxUnavailableError
from verigrad_rewards.code.services import Ran, Service, find_service
from verigrad_rewards.code.tests import AssertTest, CallTest, StdioTest, Test
from verigrad_rewards.code.wire import ERROR_MARK, WireError, load, read_reply
from verigrad_rewards.code.worker import Worker, open_worker
from verigrad_rewards.types import Status

HERE = Path(__file__).parent
MAX_CALLS = 2000
PROOF = 1 << 16  # characters of output that a service must let through
ROOM = 1 << 15  # characters that an order must have room for beside our own text
PROBE = f"def f(n): return 'x' * n  # {'x' * ROOM}"
PROBE_LIMITS = TIMEOUT_S, MEMORY_MB
BOOT = """
import sys, types
for name, text in TEXTS.items():
    sys.modules[name] = module = types.ModuleType(name)
    exec(compile(text, name, "exec"), vars(module))
"""

NOT_RUN = Ran("", 0)


class Remote:
    """A service that proved to run programs, and a local worker for tests with code of their own.

    Attributes:
        service: where programs run.
        layers: what holds them.
        max_calls: how many calls an assert test may make; each is a run.
    """

    def __init__(self, service: Service, layers: str) -> None:
        self.service, self.layers = service, layers
        self.max_calls = MAX_CALLS
        self.worker: Worker | None = None

    def tester(self) -> Worker:
        """Return the worker for a test's own code, which is no model's: without a sandbox where none holds here."""
        if self.worker is None:
            try:
                self.worker = open_worker("auto")
            except SandboxUnavailableError:
                self.worker = open_worker("none")
        return self.worker

    def run(
        self, source: str, stdin: str, target: Target, wanted: int = 0, answered: int = 0
    ) -> tuple[Ran, Fault | None]:
        """Run ``source``, and say how it ended if not well.

        Args:
            source: Python source.
            stdin: what it reads.
            target: the program in it.
            wanted: characters that a right program prints, as far as that is known.
            answered: characters of the program's answers, which may be part of ``stdin``.

        Raises:
            SandboxUnavailableError: the service is at fault.
        """
        try:
            ran = self.service.run(source, stdin, target.timeout_s, target.memory_mb)
        except OrderTooLargeError:
            if len(json.dumps([source, stdin])) - nested(target.program) - answered > len(call_source()) + ROOM:
                raise
            return NOT_RUN, Fault("the program or what it returns is too long for the service")
        if ran.cut is not None and wanted > max(PROOF, ran.cut):
            raise self.service.link.error(f"output cut after {ran.cut} of {wanted} characters that a test expects")
        if ran.cut is not None or len(ran.stdout) > MAX_OUTPUT:
            return ran, Fault("output: more than is allowed")
        status = ran.status << 8 if ran.status >= 0 else -ran.status
        return ran, how_it_ended(Ended(status, "time" if ran.timed_out else ""), target)

    def close(self) -> None:
        """End the local worker."""
        if self.worker is not None:
            self.worker.close()
            self.worker = None


def open_remote(address: str, pauses: tuple[float, ...] = PAUSES, grace_s: float = GRACE_S) -> Remote:
    """Return the judge at ``address`` after a test program went through it.

    Args:
        address: one for which ``is_address`` holds.
        pauses: seconds to wait before each further try where the service is away or busy.
        grace_s: how long it may take to reply, beyond the program's time.

    Raises:
        SandboxUnavailableError: the service does not answer, or does not run programs as it must.
    """
    service = find_service(address, pauses, grace_s)
    order, token = order_calls(Target(PROBE, "f", *PROBE_LIMITS), [request("f", [PROOF], {"dict": []})])
    ran = service.run(call_source(), order, *PROBE_LIMITS)
    if read_answer(ran.stdout, token) != {"value": "x" * PROOF}:
        raise service.link.error(f"{misfit(ran)} from a test program where Python 3.10 prints {PROOF} characters")
    return Remote(service, f"remote: {address.partition('+')[2]} ({service.name})")


def misfit(ran: Ran) -> str:
    """Return what a test program got instead of its answer."""
    if ran.timed_out:
        return f"no answer in {PROBE_LIMITS[0]:g} s"
    if ran.cut is not None:
        return "output cut short (its limit is too low; Piston's is PISTON_OUTPUT_MAX_SIZE)"
    said = ran.stderr.strip().splitlines()
    return f"status {ran.status} and {said[-1][:200] if said else 'no answer'!r}"


def run_remote(remote: Remote, target: Target, tests: Sequence[Test]) -> Generator[Fault | None]:
    """Yield, test by test, why it fails, None where it passes. Each starts from a clean state.

    Raises:
        ProblemError: a test cannot be run, whatever the program.
        SandboxUnavailableError: the service is at fault.
        WorkerDiedError: the local worker for a test's own code is gone.
    """
    for number, test in enumerate(tests, 1):
        if isinstance(test, CallTest):
            yield run_call(remote, target, test)
        elif isinstance(test, StdioTest):
            yield run_stdio(remote, target, test)
        else:
            yield run_assertions(remote, target, test, number)


# ---- what is sent, and what comes back


@cache
def texts() -> str:
    """Return source that loads our own modules where they are not installed; it is ASCII."""
    ours = {name: (HERE / f"{name}.py").read_text("utf-8") for name in ("wire", "program", "driver")}
    loaded = {"state": "", **ours}  # nothing is asked twice there
    return f"TEXTS = {loaded!a}{BOOT}"


def call_source() -> str:
    """Return the source that makes calls; the program comes with them."""
    return f"{texts()}sys.modules['driver'].answer_last()\n"


def script_source(target: Target) -> str:
    """Return the source that runs a program whose input is its own."""
    order = {"sources": target.sources(), "memory_mb": target.memory_mb}
    return f"{texts()}sys.modules['driver'].run_script({order!a})\n"


def request(name: str, args: Any, kwargs: Any) -> dict[str, Any]:
    """Return one call for the driver, from packed arguments."""
    return {"name": name, "args": args, "kwargs": kwargs, "back": False}


def order_calls(target: Target, calls: Sequence[Any]) -> tuple[str, str]:
    """Return the line that asks for ``calls``, and the token after which the last one is answered."""
    token = os.urandom(16).hex()
    order = {"token": token, "sources": target.sources(), "memory_mb": target.memory_mb, "calls": calls}
    return json.dumps(order) + "\n", token


def read_answer(printed: str, token: str) -> dict[str, Any] | None:
    """Return the answer in the last line that begins with ``token``, None if there is none."""
    _, found, after = f"\n{printed}".rpartition(f"\n{token} ")
    try:
        return read_reply(after.partition("\n")[0]) if found else None
    except WireError:
        return None


def nested(value: Any) -> int:
    """Return the length of JSON within JSON, which a value is in an order."""
    return len(json.dumps(json.dumps(value)))


def ask(
    remote: Remote, target: Target, calls: Sequence[Any], wanted: int = 0, answered: int = 0
) -> tuple[dict[str, Any] | None, Fault | None]:
    """Return the answer to the last of ``calls``, and how the program ended if not well; see ``Remote.run``."""
    order, token = order_calls(target, calls)
    ran, fault = remote.run(call_source(), order, target, wanted, answered)
    return read_answer(ran.stdout, token), fault


# ---- the kinds of test


def run_call(remote: Remote, target: Target, test: CallTest) -> Fault | None:
    """Return why one call fails."""
    call = packed(target.entry_point, test)
    wanted = len(json.dumps(call.expected))
    reply, fault = ask(remote, target, [request(call.name, call.args, call.kwargs)], wanted)
    return fault or wrong(call, reply)


def run_stdio(remote: Remote, target: Target, test: StdioTest) -> Fault | None:
    """Return why a program that reads and prints fails."""
    ran, fault = remote.run(script_source(target), test.stdin, target, len(test.stdout))
    if fault is None:
        return misprinted(ran.stdout, test)
    return fault if ran.cut is not None else with_reason(fault, ran.stderr.partition(ERROR_MARK)[2])


def run_assertions(remote: Remote, target: Target, test: AssertTest, number: int) -> Fault | None:
    """Return why a test's own code finds the program wrong; the code runs here.

    Raises:
        ProblemError: the test's code cannot be run.
    """
    worker, limits = remote.tester(), check_limits(target, remote.service.link.longest(target.timeout_s))
    (asking, asked), (answered, answering) = os.pipe(), os.pipe()
    with (
        os.fdopen(asking, "rb") as questions,
        os.fdopen(answering, "wb", buffering=0) as answers,
        Run(worker, "check", check_request(target, test), limits, [asked, answered]) as check,
    ):
        with answers:
            fault = serve(remote, target, check, questions, answers)
        said = load(check.line() or b"{}")
    return conclusion(said, number, fault, explained(UNFINISHED, check, target))


def serve(remote: Remote, target: Target, check: Run, questions: BinaryIO, answers: FileIO) -> Fault | None:
    """Answer the calls of a test's own code until it makes no more; returns why the program cannot."""
    calls: list[Any] = []
    answered = 0
    while questions.fileno() in check.ready({check.results: select.POLLIN, questions.fileno(): select.POLLIN}):
        token, _, data = questions.readline().partition(b" ")
        if not data.endswith(b"\n"):
            return None
        calls.append(load(data))
        if len(calls) > remote.max_calls:
            return Fault(f"timeout: more than {remote.max_calls} calls", Status.TIMEOUT)
        reply, fault = ask(remote, target, calls, answered=answered)
        if fault is not None or reply is None:
            return fault or Fault("no answer")
        answered += nested(reply)
        check.restart_clock()
        tell(answers, token + b" " + json.dumps(reply).encode() + b"\n")
    return None


def tell(pipe: FileIO, data: bytes) -> None:
    """Write ``data`` while there is someone to read it."""
    with contextlib.suppress(BrokenPipeError):
        while data:
            data = data[pipe.write(data) :]
