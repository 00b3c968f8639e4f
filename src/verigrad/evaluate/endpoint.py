"""Ask an OpenAI-compatible endpoint for responses: several at once, again after trouble that passes.

The key comes from the environment and goes to the host of the URL alone: connections are direct, past any proxy of the
environment, and no redirect is followed.
"""

import os
import queue
import random
import re
import threading
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any
from urllib.parse import SplitResult, urlsplit

from verigrad import __version__, secrets
from verigrad.errors import RunError, RunStoppedError
from verigrad.evaluate.wire import (
    RefusedError,
    Reply,
    Sockets,
    TransientError,
    post,
    read_response,
    retry_after,
    said,
    shown,
)
from verigrad.secrets import masked
from verigrad_rewards.types import Response

PASSING = (408, 409, 425, 429)  # and every 5xx
BEAT_S = 0.5  # how long a caller may be without a word
KEPT = "finished responses are kept; the same command goes on"
LIMITS = {
    "concurrency": (1, 256),
    "timeout_s": (0.001, 86_400),
    "retries": (0, 100),
    "backoff_s": (0, 3_600),
    "longest_wait_s": (0, 3_600),
}


@dataclass(frozen=True)
class Endpoint:
    """Where and how responses are asked for.

    Attributes:
        url: such as ``http://localhost:8000/v1``; ``/chat/completions`` is added unless it is there.
        model: the name under which the server knows the model.
        concurrency: most requests in flight.
        timeout_s: of one attempt, from its first byte to its last.
        retries: attempts after the first.
        key_variable: the environment variable that holds the key; without one, none is sent.
        think_tag: written around thinking that the server splits off.
        backoff_s: longest wait before the first retry; it doubles with every retry, and a random part of it is waited.
        longest_wait_s: most that is waited between attempts, whatever the server asks for.
    """

    url: str
    model: str
    concurrency: int = 8
    timeout_s: float = 120.0
    retries: int = 6
    key_variable: str = "OPENAI_API_KEY"
    think_tag: str = "think"
    backoff_s: float = 0.5
    longest_wait_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt as chat messages, and how its response is sampled."""

    messages: list[dict[str, str]]
    seed: int
    temperature: float
    top_p: float
    max_tokens: int


def complete(endpoint: Endpoint, requests: Sequence[Request]) -> Generator[tuple[int, Response] | None, None, None]:
    """Yield the place of every request with its response, as they come, and None now and then while none does.

    At most twice ``concurrency`` requests are in flight or wait to be taken. After a failure nothing more is asked,
    what is in flight is yielded, and then the failure is raised. Closing the generator cuts what is in flight.

    Raises:
        RunError: the endpoint, its model or its key is wrong.
        RunStoppedError: the server's trouble did not pass.
    """
    check_endpoint(endpoint)
    return gather(endpoint, requests)


def check_endpoint(endpoint: Endpoint) -> None:
    """Refuse an endpoint that nothing could be asked of, without asking it.

    Raises:
        RunError: with what is wrong.
    """
    name = endpoint.key_variable
    # a value is masked, in messages and records, by the name of its variable
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) or not secrets.NAME.search(name):
        raise RunError(
            "endpoint: key_variable is the name of an environment variable that ends in KEY or TOKEN, such as "
            "OPENAI_API_KEY; never the key itself"
        )
    if not re.fullmatch(r"([!-.0-~][!-~]*)?", key_of(endpoint)):
        raise RunError(f"endpoint: {name} in the environment holds white space, say, or begins with /; set it anew")
    address(endpoint)
    if not endpoint.model.strip():
        raise RunError("endpoint: no model is named; give the name under which the server knows it")
    for setting, (low, high) in LIMITS.items():
        if not low <= (value := getattr(endpoint, setting)) <= high:
            raise RunError(f"endpoint: {setting} is {value}; allowed is {low} to {high}")


def address(endpoint: Endpoint) -> SplitResult:
    """Return where requests go; it holds no secret.

    Raises:
        RunError: the URL is not one, or holds more than scheme, host, port and path.
    """
    url = endpoint.url
    if not re.fullmatch(r"[!-~]+", url):
        raise RunError("endpoint: the URL is empty or holds characters that no URL has, such as white space")
    if found := re.search("[@?#]", url):  # what stands beside it may be a password: not shown
        raise RunError(
            f"endpoint: the URL holds {found[0]!r}; allowed are scheme, host, port and path, as in "
            f"http://localhost:8000/v1; a key goes into the environment variable {endpoint.key_variable}"
        )
    parts = split(url)
    if parts is None:
        raise RunError(f"endpoint: no URL of a server: {shown(url)!r}; allowed is http:// or https:// and a host")
    path = parts.path.rstrip("/")
    return parts._replace(path=path if path.endswith("/chat/completions") else f"{path}/chat/completions")


def split(url: str) -> SplitResult | None:
    """Return the parts of a URL that a connection can be made to, None if it is none."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.port != 0 and (parts.hostname or "").encode("idna")
    except ValueError:
        return None
    return parts if valid else None


def describe(endpoint: Endpoint) -> dict[str, str]:
    """Return what a record says of the endpoint; no secret is in it."""
    return {"url": masked(address(endpoint).geturl()), "model": masked(endpoint.model)}


def gather(endpoint: Endpoint, requests: Sequence[Request]) -> Generator[tuple[int, Response] | None, None, None]:
    """Yield the responses of ``complete``."""
    calls, places, failure = Calls(endpoint, requests), iter(range(len(requests))), None
    waiting = calls.submit(islice(places, 2 * endpoint.concurrency))
    try:
        calls.start(min(endpoint.concurrency, waiting))
        while waiting:
            try:
                place, result = calls.results.get(timeout=BEAT_S)
            except queue.Empty:
                yield None
                continue
            if isinstance(result, BaseException):
                calls.halted.set()
                failure, places = failure or result, iter(())
            waiting += calls.submit(islice(places, 1)) - 1
            if isinstance(result, Response):
                yield place, result
    finally:
        calls.abandon()
    if failure is not None:
        raise failure


class Calls:
    """The threads that ask, and what they share.

    Attributes:
        results: of every submitted place; None where it was not asked, as others were halted.
        halted: no further attempt is made; those in flight may end.
        sockets: of those in flight.
    """

    def __init__(self, endpoint: Endpoint, requests: Sequence[Request]) -> None:
        self.endpoint, self.requests = endpoint, requests
        self.results: queue.SimpleQueue[tuple[int, Response | BaseException | None]] = queue.SimpleQueue()
        self.halted = threading.Event()
        self.sockets = Sockets()
        self._places: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, places: Iterable[int]) -> int:
        """Have the requests at ``places`` asked; returns how many they are."""
        listed = list(places)
        for place in listed:
            self._places.put(place)
        return len(listed)

    def start(self, number: int) -> None:
        """Start threads that ask; none of them keeps the interpreter from its end."""
        for i in range(number):
            self._threads.append(threading.Thread(target=self._work, name=f"endpoint-{i}", daemon=True))
            self._threads[-1].start()

    def abandon(self) -> None:
        """Cut what is in flight and let the threads end."""
        self.halted.set()
        self.sockets.close()
        for _ in self._threads:
            self._places.put(None)

    def _work(self) -> None:
        while (place := self._places.get()) is not None:
            try:
                result = None if self.halted.is_set() else ask(self, self.requests[place])
            except BaseException as error:  # raised again by gather
                result = error
            self.results.put((place, result))


def ask(calls: Calls, request: Request) -> Response | None:
    """Return the response to ``request``, None if the calls were halted before it came."""
    endpoint = calls.endpoint
    payload = {"model": endpoint.model, "messages": request.messages, "n": 1, "stream": False}
    payload |= {"temperature": request.temperature, "top_p": request.top_p, "seed": request.seed}
    payload |= {"max_tokens": request.max_tokens}
    for tried in count():
        try:
            return attempt(calls, payload)
        except RefusedError as error:
            raise RunError(line(endpoint, str(error))) from None
        except TransientError as error:
            if tried >= min(endpoint.retries, error.retries):
                again = f" ({tried + 1} attempts)" if tried else ""
                raise RunStoppedError(line(endpoint, f"{error}{again}; {KEPT}")) from None
            if calls.halted.wait(pause(endpoint, tried, error.wait_s)):
                break
    return None


def pause(endpoint: Endpoint, tried: int, asked_s: float) -> float:
    """Return the seconds to wait before the next attempt: what the server asks for, and full jitter."""
    most = min(endpoint.backoff_s * 2**tried, endpoint.longest_wait_s)
    jitter = random.SystemRandom().uniform(0, most)  # the seeded generators stay as they are
    return min(asked_s + jitter, endpoint.longest_wait_s)


def attempt(calls: Calls, payload: dict[str, Any]) -> Response:
    """Return the response of one attempt, or raise what became of it."""
    endpoint = calls.endpoint
    reply = post(address(endpoint), payload, headers(endpoint), endpoint.timeout_s, calls.sockets)
    if 200 <= reply.status < 300:
        return read_response(reply.body, endpoint.think_tag)
    if reply.status == 400 and "max_tokens" in payload and b"max_completion_tokens" in reply.body:
        # later models of OpenAI know the limit by this name only
        renamed = {"max_completion_tokens" if key == "max_tokens" else key: value for key, value in payload.items()}
        return attempt(calls, renamed)
    found = f"answered {reply.status}{said(reply.body)}"
    if reply.status in PASSING or reply.status >= 500:
        raise TransientError(found, wait_s=retry_after(reply.headers.get("Retry-After")))
    raise RefusedError(f"{found}; {advice(endpoint, reply)}")


def headers(endpoint: Endpoint) -> dict[str, str]:
    """Return the headers of a request; one holds the key, so they are never shown."""
    key = key_of(endpoint)
    plain = {"Content-Type": "application/json", "User-Agent": f"verigrad/{__version__}", "Connection": "close"}
    return plain | ({"Authorization": f"Bearer {key}"} if key else {})


def key_of(endpoint: Endpoint) -> str:
    """Return the key, empty if the environment has none."""
    return os.environ.get(endpoint.key_variable, "")


def advice(endpoint: Endpoint, reply: Reply) -> str:
    """Return what to do about a refusal."""
    if reply.status in (401, 403):
        if key_of(endpoint):
            return f"the key in the environment variable {endpoint.key_variable} is not accepted there"
        return f"set the environment variable {endpoint.key_variable} to a key of this server"
    if reply.status == 404:
        return f"is the URL right, /v1 included, and is there a model {endpoint.model!r}?"
    if 300 <= reply.status < 400:
        place = shown(re.split("[?#]", reply.headers.get("Location", ""))[0].rpartition("@")[2])
        return f"redirects are not followed, as the key is for this host; it points to {place!r}"
    return "the server does not accept the request; do the model and max_tokens fit?"


def line(endpoint: Endpoint, text: str) -> str:
    """Return a message in one line that names the endpoint and holds no secret."""
    return masked(f"endpoint {address(endpoint).geturl()}: {text}")
