"""The way to an HTTP service: one order, one reply, several tries, an end in every case."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from verigrad_rewards.code.process import MAX_OUTPUT
from verigrad_rewards.code.sandbox import SandboxUnavailableError

PAUSES = (0.5, 1.0)  # seconds between tries
GRACE_S = 10.0  # for the way and for a place in the service's queue, beyond what the program may take
NO_REPLY = 0
PASSING = {NO_REPLY, 429, 502, 503, 504}  # may be gone at the next try
MAX_REPLY = 4 * MAX_OUTPUT  # bytes; JSON doubles what it must escape, and Piston sends the output twice
TOO_LARGE = b"PayloadTooLarge"  # Piston takes 100 kB, and says so with another HTTP status than the one for it
T = TypeVar("T")


class OrderTooLargeError(SandboxUnavailableError):
    """The service does not read an order of this size."""


@dataclass(frozen=True, slots=True)
class Link:
    """The way to a service.

    Attributes:
        name: of the software.
        url: where orders go.
        pauses: seconds to wait before each further try.
        grace_s: how long a reply may take beyond the program's time.
    """

    name: str
    url: str
    pauses: tuple[float, ...] = PAUSES
    grace_s: float = GRACE_S

    def longest(self, timeout_s: float) -> float:
        """Return after how many seconds ``exchange`` has come to an end."""
        return (len(self.pauses) + 1) * (timeout_s + self.grace_s) + sum(self.pauses)

    def exchange(self, order: Mapping[str, Any], timeout_s: float) -> dict[str, Any] | None:
        """Return the reply to ``order``, None where it is longer than any program's output may make it.

        Raises:
            OrderTooLargeError: the service does not read as much.
            SandboxUnavailableError: there is no reply after several tries, or it is none.
        """
        body, pauses = json.dumps(order).encode(), iter(self.pauses)
        while True:
            code, data = self.attempt(body, timeout_s + self.grace_s)
            if code // 100 == 2:
                return self.read(data)
            if code == 413 or TOO_LARGE in data:
                raise OrderTooLargeError(self.says(f"that an order of {len(body)} bytes is too large"))
            pause = next(pauses, None) if code in PASSING else None
            if pause is None:
                tries = f" in {len(self.pauses) + 1} tries" if code in PASSING else ""
                raise self.error(f"{f'HTTP {code}' if code else 'no reply'}{tries} ({one_line(data)})")
            time.sleep(pause)

    def attempt(self, body: bytes, seconds: float) -> tuple[int, bytes]:
        """Return the HTTP status and content of a reply, or ``NO_REPLY`` and the reason.

        Raises:
            SandboxUnavailableError: what answers does not speak HTTP.
        """
        try:
            return within(seconds, lambda: post(self.url, body, seconds))
        except TimeoutError:
            return NO_REPLY, f"nothing within {seconds:g} s".encode()
        except (OSError, IncompleteRead) as error:
            return NO_REPLY, str(getattr(error, "reason", error)).encode()
        except HTTPException as error:
            raise self.error(f"no HTTP: {error!r:.200}") from None

    def read(self, data: bytes) -> dict[str, Any] | None:
        """Return a parsed reply, None where it is too long.

        Raises:
            SandboxUnavailableError: it is no JSON object.
        """
        if len(data) > MAX_REPLY:
            return None
        try:
            reply = json.loads(data)
        except (ValueError, RecursionError):
            reply = None
        if not isinstance(reply, dict):
            raise self.unlike(data)
        return reply

    def unlike(self, data: object) -> SandboxUnavailableError:
        """Return the error for a reply that the software does not give."""
        text = data if isinstance(data, bytes) else json.dumps(data).encode()
        return self.error(f"a reply that {self.name} does not give ({one_line(text)})")

    def error(self, found: str) -> SandboxUnavailableError:
        """Return the error that says where, what was found and what to do."""
        return SandboxUnavailableError(self.says(found))

    def says(self, found: str) -> str:
        """Return the text of an error."""
        return (
            f"{self.url}: found {found}; see that {self.name} runs there and what its log says, or use another sandbox"
        )


def one_line(data: bytes) -> str:
    """Return the beginning and the end of a text in one line of at most 200 characters."""
    text = " ".join(data.decode(errors="replace").split())
    return text if len(text) <= 200 else f"{text[:80]} ... {text[-115:]}"


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what ``work`` returns; past the time, which no timeout of a socket limits as a whole, leave it behind.

    Raises:
        TimeoutError: it takes longer.
    """
    done: Future[T] = Future()
    threading.Thread(target=settle, args=(done, work), daemon=True).start()
    return done.result(seconds)


def settle(done: Future[T], work: Callable[[], T]) -> None:
    """Do ``work`` and hand on what it returns or raises."""
    try:
        done.set_result(work())
    except Exception as error:
        done.set_exception(error)


def post(url: str, body: bytes, seconds: float) -> tuple[int, bytes]:
    """Return the HTTP status and content of a reply, its content at most one byte beyond ``MAX_REPLY``.

    Raises:
        OSError: there is no connection.
        HTTPException: what comes is no HTTP, or breaks off.
    """
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - see ``ADDRESS``
    try:
        with urlopen(request, timeout=seconds) as reply:  # noqa: S310
            data = reply.read(MAX_REPLY + 1)
            if reply.length and len(data) <= MAX_REPLY:
                raise IncompleteRead(data, reply.length)
            return reply.status, data
    except HTTPError as error:
        with error:
            return error.code, error.read(4096)
