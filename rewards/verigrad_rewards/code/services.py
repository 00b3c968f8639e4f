"""HTTP services that run a program: how each is asked, and what its replies mean. No expected value comes near them."""

import re
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from verigrad_rewards.code.link import GRACE_S, PAUSES, Link, one_line
from verigrad_rewards.code.process import MAX_OUTPUT

HOST = r"[\w-]{1,63}(\.[\w-]{1,63})*|\[[0-9a-f:.]+\]"
ADDRESS = re.compile(rf"(piston|fusion)\+(https?://({HOST})(:\d+)?(/[!-~]*)?)", re.ASCII)
FUSION_KEEPS = 1 << 20  # bytes of output, whatever comes after is dropped
SIGNALS = {each.value for each in signal.Signals}


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a program.

    Attributes:
        stdout: what it printed.
        status: exit status, negative for a signal.
        timed_out: whether the service ended it since its time was over.
        cut: how many characters came through where it printed more than that, None where they are all.
        stderr: what it wrote there.
    """

    stdout: str
    status: int
    timed_out: bool = False
    cut: int | None = None
    stderr: str = ""


TOO_LONG = Ran("", 0, cut=MAX_OUTPUT)


class Service(Protocol):
    """A service that runs programs, each in a place of its own.

    Attributes:
        name: of the software.
        link: the way to it.
    """

    name: str
    link: Link

    def run(self, source: str, stdin: str, timeout_s: float, memory_mb: int) -> Ran:
        """Run Python source on ``stdin``.

        Raises:
            SandboxUnavailableError: the service does not answer, or not as it should.
        """
        ...


def exit_status(code: int) -> int:
    """Return an exit status, negative for a signal; a shell reports a signal as 128 more than its number."""
    if -code in SIGNALS:
        return code
    return 128 - code if code - 128 in SIGNALS else min(abs(code), 255)


class SandboxFusion:
    """SandboxFusion, https://github.com/bytedance/SandboxFusion: ``POST /run_code``."""

    name = "SandboxFusion"

    def __init__(self, link: Link) -> None:
        self.link = link

    def run(self, source: str, stdin: str, timeout_s: float, memory_mb: int) -> Ran:
        """Run Python source on ``stdin``."""
        order = {"language": "python", "code": source, "stdin": stdin}
        limits = {"run_timeout": timeout_s, "memory_limit_MB": memory_mb}
        reply = self.link.exchange(order | limits, timeout_s)
        return TOO_LONG if reply is None else self.read(reply)

    def read(self, reply: Mapping[str, Any]) -> Ran:
        """Return what a reply means.

        Raises:
            SandboxUnavailableError: the service's own sandbox failed, or it is no such reply.
        """
        match reply:
            case {"status": "SandboxError"}:
                raise self.link.error(f"SandboxError ({one_line(str(reply.get('message', '')).encode())})")
            case {"status": "Failed", "run_result": {"status": "TimeLimitExceeded"}}:
                return Ran("", 0, timed_out=True)
            case {
                "status": "Success" | "Failed",
                "run_result": {"status": "Finished", "return_code": int(code), "stdout": str(out), "stderr": str(err)},
            }:
                full = len(out.encode("utf-8", "replace")) >= FUSION_KEEPS
                return Ran(out, exit_status(code), cut=len(out) if full else None, stderr=err)
        raise self.link.unlike(reply)


class Piston:
    """Piston, https://github.com/engineer-man/piston: ``POST /api/v2/execute``."""

    name = "Piston"

    def __init__(self, link: Link) -> None:
        self.link = link

    def run(self, source: str, stdin: str, timeout_s: float, memory_mb: int) -> Ran:
        """Run Python source on ``stdin``."""
        order = {"language": "python", "version": ">=3.10", "files": [{"name": "judge.py", "content": source}]}
        limits = dict.fromkeys(("run_timeout", "run_cpu_time"), max(1, round(timeout_s * 1000)))
        began = time.monotonic()
        reply = self.link.exchange({**order, "stdin": stdin, **limits, "run_memory_limit": memory_mb << 20}, timeout_s)
        return TOO_LONG if reply is None else self.read(reply, time.monotonic() - began >= timeout_s)

    def read(self, reply: Mapping[str, Any], late: bool) -> Ran:
        """Return what a reply means; versions that give no status kill a program whose time is over.

        Args:
            reply: parsed.
            late: whether it took as long as the program may take.

        Raises:
            SandboxUnavailableError: the service's own sandbox failed, or it is no such reply.
        """
        match reply:
            case {"run": {"status": "XX", **run}}:
                raise self.link.error(f"an error of its sandbox ({one_line(str(run.get('message', '')).encode())})")
            case {"run": {"status": "TO"}}:
                return Ran("", 0, timed_out=True)
            case {"run": {"signal": "SIGKILL", **run}} if late and "status" not in run:
                return Ran("", 0, timed_out=True)
            case {"run": {"stdout": str(out), "stderr": str(err), **run}}:
                cut = len(out) if run.get("status") in ("OL", "EL") else None
                name, code = str(run.get("signal")), run.get("code")
                if name in signal.Signals.__members__:
                    return Ran(out, -signal.Signals[name], cut=cut, stderr=err)
                if isinstance(code, int):
                    return Ran(out, exit_status(code), cut=cut, stderr=err)
        raise self.link.unlike(reply)


SERVICES: dict[str, tuple[Callable[[Link], Service], str, str]] = {
    "piston": (Piston, Piston.name, "/api/v2/execute"),
    "fusion": (SandboxFusion, SandboxFusion.name, "/run_code"),
}


def is_address(sandbox: str) -> bool:
    """Whether ``sandbox`` is the address of a service, such as ``piston+http://host:2000``."""
    try:
        return ADDRESS.fullmatch(sandbox) is not None and urlsplit(sandbox).port != 0
    except ValueError:
        return False


def find_service(address: str, pauses: tuple[float, ...] = PAUSES, grace_s: float = GRACE_S) -> Service:
    """Return the service at ``address``, for which ``is_address`` holds."""
    kind, _, url = address.partition("+")
    make, name, path = SERVICES[kind]
    return make(Link(name, url.rstrip("/") + path, pauses, grace_s))
