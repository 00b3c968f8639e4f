"""One exchange with an OpenAI-compatible server: what is sent, what comes back, and what the trouble was."""

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import Any
from urllib.parse import SplitResult

from verigrad.secrets import masked
from verigrad_rewards.types import Response

MOST_BYTES = 16 << 20  # of one reply
CONNECT_S = 15.0
MOST_SAID = 200  # characters of a server's message
NONSENSE_RETRIES = 2  # a server that does not speak the protocol will hardly learn it
MOST_TOKENS = 10**9  # of a response; beyond that the server counts something else
FINISHED = ("stop", "eos", "eos_token")
UNFINISHED = ("length", "max_tokens", "model_length", "content_filter", "tool_calls", "function_call")


class TransientError(Exception):
    """Trouble that may pass: what was found, how many retries it is worth, how long the server asks to wait."""

    def __init__(self, found: str, retries: int = 100, wait_s: float = 0.0) -> None:
        super().__init__(found)
        self.retries, self.wait_s = retries, wait_s


class RefusedError(Exception):
    """Trouble that no retry cures: what was found, and what to do."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back over HTTP.

    Attributes:
        status: of HTTP.
        headers: by name, in any case.
        body: at most ``MOST_BYTES``.
    """

    status: int
    headers: HTTPMessage
    body: bytes


class Sockets:
    """The connections in use, which another thread can cut."""

    def __init__(self) -> None:
        self._used: set[socket.socket] = set()
        self._closed = False

    def close(self) -> None:
        """Cut every connection, and every later one as soon as it is used."""
        self._closed = True
        for sock in list(self._used):
            cut(sock)

    @contextmanager
    def using(self, sock: socket.socket, seconds: float) -> Iterator[None]:
        """Cut ``sock`` after ``seconds``: its own timeout is for one read, which a server that drips never reaches."""
        timer = threading.Timer(seconds, cut, [sock])
        timer.daemon = True
        timer.start()
        self._used.add(sock)
        try:
            if self._closed:  # perhaps before it was among those used
                cut(sock)
            yield
        finally:
            timer.cancel()
            self._used.discard(sock)


def cut(sock: socket.socket) -> None:
    """End a connection under the thread that uses it."""
    with suppress(OSError):  # it has ended by itself
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # SSLSocket's own must not be called from a second thread


def post(
    url: SplitResult, payload: Mapping[str, Any], headers: Mapping[str, str], timeout_s: float, sockets: Sockets
) -> Reply:
    """Return the reply to ``payload``, whatever its status; proxies of the environment are not used.

    Raises:
        TransientError: there is no whole reply, though there might be.
        RefusedError: there will be none at this URL.
    """
    end = time.monotonic() + timeout_s
    connection = connected(url, timeout_s)
    try:
        with sockets.using(connection.sock, end - time.monotonic()):
            connection.request("POST", url.path, json.dumps(payload).encode(), dict(headers))
            with connection.getresponse() as response:
                reply = Reply(response.status, response.headers, read_body(response))
        if time.monotonic() >= end:  # a body without a length looks whole where it is cut
            raise TimeoutError
        return reply
    except (OSError, HTTPException) as error:
        late = time.monotonic() >= end  # it was cut, whatever that looks like
        raise trouble(TimeoutError() if late else error, f"no whole answer within {timeout_s:g} s") from None
    finally:
        connection.close()


def connected(url: SplitResult, timeout_s: float) -> HTTPConnection:
    """Return a connection to the host of ``url``; a host that is not there shows sooner than a slow answer."""
    connect = HTTPSConnection if url.scheme == "https" else HTTPConnection
    limit = min(timeout_s, CONNECT_S)
    connection = connect(url.hostname or "", url.port, timeout=limit)
    try:
        connection.connect()
    except OSError as error:
        connection.close()
        raise trouble(error, f"no connection within {limit:g} s") from None
    connection.sock.settimeout(timeout_s)
    return connection


def read_body(response: HTTPResponse) -> bytes:
    """Return the body, refusing one that is too long or broke off."""
    body = response.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise nonsense(f"answered {response.status} with more than {MOST_BYTES >> 20} MiB")
    if response.length:  # bytes that should have come; read(n) does not complain
        raise IncompleteRead(body)
    return body


def trouble(error: OSError | HTTPException, late: str) -> Exception:
    """Return what it means that there was no whole reply; ``late`` says it of a timeout."""
    match error:
        case TimeoutError():
            return TransientError(late)
        case ConnectionRefusedError():
            return TransientError("refuses connections; does the server run, and at this port?")
        case ssl.SSLCertVerificationError():
            return RefusedError(f"its certificate is not trusted: {shown(error.verify_message)}")
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "HTTP_REQUEST" | "UNKNOWN_PROTOCOL" | "RECORD_LAYER_FAILURE"):
            return RefusedError("speaks no TLS; give the URL with http://")
        case socket.gaierror(errno=socket.EAI_NONAME):
            return RefusedError("there is no host of this name")
        case IncompleteRead():
            return TransientError("its answer broke off")
        case OSError():
            return TransientError(f"the connection failed: {shown(error.strerror or str(error))}")
    return nonsense("answered with something other than HTTP")


def nonsense(found: str) -> TransientError:
    """Return the trouble that a server answers what no such server should."""
    return TransientError(found, NONSENSE_RETRIES)


def read_response(body: bytes, think_tag: str) -> Response:
    """Return the response that a successful reply holds.

    Thinking that the server split off stands in front again, in its tags; the closing tag only where an answer
    follows, as the token limit may have cut the thinking. Text is empty where there is none but a reason is given.
    ``num_tokens`` is 0 where the server counts none. Only a stop of the model's own counts as finished.

    Raises:
        TransientError: it holds something else, or the server ended the response itself (``abort``, ``error``).
    """
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        raise nonsense(f"answered something other than JSON{said(body)}") from None
    reason, message = at(reply, "choices", 0, "finish_reason"), at(reply, "choices", 0, "message")
    content, tokens = at(message, "content"), at(reply, "usage", "completion_tokens")
    # vLLM and DeepSeek call it reasoning_content, OpenRouter and later vLLM reasoning
    thought = next((t for key in ("reasoning_content", "reasoning") if isinstance(t := at(message, key), str)), None)
    if content is None and (thought is not None or reason in UNFINISHED):
        content = ""
    if not isinstance(content, str):
        raise nonsense(f"answered without a text at choices[0].message.content{said(body)}")
    if reason not in (*FINISHED, *UNFINISHED):
        raise nonsense(f"answered with finish_reason {shown(json.dumps(reason))}{said(body, only_message=True)}")
    if thought:
        content = f"<{think_tag}>{thought}" + (f"</{think_tag}>{content}" if content else "")
    return Response(content, tokens if type(tokens) is int and 0 < tokens < MOST_TOKENS else 0, reason in FINISHED)


def at(value: Any, *path: str | int) -> Any:
    """Return what stands at ``path`` in JSON, None where nothing does."""
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return value


def said(body: bytes, *, only_message: bool = False) -> str:
    """Return ``: '…'`` with the server's own message, or else the beginning of its text; empty if it said nothing."""
    text = "" if only_message else body.decode(errors="replace")
    with suppress(ValueError, RecursionError):
        text = message_in(json.loads(body)) or text
    words = shown(re.sub(r"<[^<>]*>", " ", text[: 100 * MOST_SAID]))
    return f": {words!r}" if words else ""


def message_in(found: Any) -> str:
    """Return the message of an error in one of the usual shapes, empty where there is none."""
    while isinstance(found, dict):
        found = found.get("error") or found.get("message") or found.get("detail")
    return found if isinstance(found, str) else ""


def shown(text: str) -> str:
    """Return foreign text fit for a message: in one short line, without control characters and secrets."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    words = masked(words)
    return words if len(words) <= MOST_SAID else f"{words[:MOST_SAID]}…"


def retry_after(value: str | None) -> float:
    """Return the seconds that a Retry-After header asks for, in seconds or as a date; 0 where it asks for nothing."""
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value or ""):
        return float(value or 0)
    try:
        seconds = parsedate_to_datetime(value or "").timestamp() - time.time()
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    return max(0.0, seconds)
