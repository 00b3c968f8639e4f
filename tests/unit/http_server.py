"""A real HTTP server on 127.0.0.1 that answers with a script: one reply per request, the last one again and again."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0  # before anything is sent
    drip_s: float = 0.0  # between single bytes of the body
    missing: int = 0  # bytes that Content-Length promises beyond the body
    raw: bytes | None = None  # instead of all this


def chat(text: Any = "fine", *, reason: Any = "stop", tokens: Any = 3, more: dict[str, Any] | None = None) -> Reply:
    message = {"role": "assistant", "content": text, **(more or {})}
    usage = {} if tokens is None else {"usage": {"completion_tokens": tokens}}
    return as_json({"choices": [{"index": 0, "message": message, "finish_reason": reason}], **usage})


def as_json(values: Any, status: int = 200, **more: Any) -> Reply:
    return Reply(status, json.dumps(values).encode(), **more)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, answer: Callable[[dict[str, Any]], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.now = self.most = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that went away are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    wbufsize = 0

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        with server.lock:
            server.asked.append(asked)
            server.headers.append(dict(self.headers))
            server.paths.append(self.path)
            server.now += 1
            server.most = max(server.most, server.now)
        reply = server.answer(asked)
        server.over.wait(reply.wait_s)
        with server.lock:  # before the answer, after which the client may ask again
            server.now -= 1
        self.send(reply)

    def send(self, reply: Reply) -> None:
        if reply.raw is not None:
            self.drip(reply.raw, reply.drip_s)
            return
        self.send_response(reply.status)
        for name, value in ({"Content-Length": str(len(reply.body) + reply.missing)} | reply.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.drip(reply.body, reply.drip_s)

    def drip(self, data: bytes, pause_s: float) -> None:
        for piece in [data[i : i + 1] for i in range(len(data))] if pause_s else [data]:
            self.wfile.write(piece)
            if self.server.over.wait(pause_s):
                return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def serving(*script: Reply | Callable[[dict[str, Any]], Reply]) -> Iterator[Server]:
    """Give a server; a function in the script makes the reply from the request."""
    steps = iter(script)
    last = [script[-1]]
    lock = threading.Lock()

    def answer(asked: dict[str, Any]) -> Reply:
        with lock:
            step = next(steps, last[0])
        return step if isinstance(step, Reply) else step(asked)

    with Server(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
