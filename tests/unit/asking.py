"""What the tests of endpoints share: a quick endpoint, requests, and what asking ends with."""

import threading
import time

import pytest
from http_server import Reply, chat

from verigrad.evaluate.endpoint import Endpoint, Request, complete
from verigrad_rewards.types import Response

UNSET = "VERIGRAD_UNSET_KEY"
KEY = "sk-0123456789abcdef"
FINE = Response("fine", 3, True)
KEPT = "finished responses are kept; the same command goes on"
BUSY = Reply(503, b'{"error": {"message": "overloaded"}}')


def at(url: str, **settings) -> Endpoint:
    quick = {"timeout_s": 10.0, "retries": 3, "backoff_s": 0.002, "key_variable": UNSET}
    return Endpoint(url, "tiny", **(quick | settings))


def ask(number: int) -> list[Request]:
    return [Request([{"role": "user", "content": str(i)}], 100 + i, 0.7, 0.9, 64) for i in range(number)]


def answers(endpoint: Endpoint, number: int = 1) -> list[tuple[int, Response]]:
    return [found for found in complete(endpoint, ask(number)) if found]


def failure(endpoint: Endpoint, kind: type[Exception], number: int = 1) -> str:
    """The one line that asking ends with."""
    with pytest.raises(kind) as caught:
        answers(endpoint, number)
    message = str(caught.value)
    assert message.isprintable(), message
    assert len(message) < 500
    assert KEY not in message
    return message


def until(condition) -> bool:
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def running() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("endpoint-")]


def echo(asked) -> Reply:
    return chat("echo " + asked["messages"][0]["content"])
