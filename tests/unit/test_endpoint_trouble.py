import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from asking import BUSY, FINE, KEPT, answers, at, echo, failure
from http_server import Reply, as_json, chat, serving

from verigrad.errors import RunError, RunStoppedError
from verigrad.evaluate.endpoint import pause
from verigrad.evaluate.wire import retry_after, said
from verigrad_rewards.types import Response

# trouble that passes


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_a_passing_status_is_asked_again(status):
    with serving(Reply(status), Reply(status), Reply(status), echo) as server:
        assert answers(at(server.url)) == [(0, Response("echo 0", 3, True))]
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    "broken",
    [
        Reply(raw=b""),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Le"),
        Reply(body=b'{"choices"', missing=100),
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{}"),
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
        Reply(raw=b"HTTP/1.1 200 OK\r\n\r\n" + chat().body[:-5]),
    ],
)
def test_a_connection_that_breaks_is_asked_again(broken):
    with serving(broken, chat()) as server:
        assert answers(at(server.url)) == [(0, FINE)]


def test_an_answer_that_always_breaks_off():
    with serving(replace(chat(), missing=1)) as server:  # whole as JSON, not as HTTP
        assert f"its answer broke off (4 attempts); {KEPT}" in failure(at(server.url), RunStoppedError)


def test_a_reset_connection_is_asked_again():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=reset_once_then_answer, args=(listener,), daemon=True).start()
        assert answers(at(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")) == [(0, FINE)]


def reset_once_then_answer(listener: socket.socket) -> None:
    first, _ = listener.accept()
    first.recv(10)
    first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    first.close()
    second, _ = listener.accept()
    with second:
        asked = b""
        while not asked.endswith(b"}"):  # closing before all is read would reset this one as well
            asked += second.recv(1 << 16)
        second.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + chat().body)


def test_the_wait_that_a_server_asks_for_is_kept():
    with serving(Reply(429, headers={"Retry-After": "1"}), chat()) as server:
        start = time.monotonic()
        assert answers(at(server.url)) == [(0, FINE)]
    assert time.monotonic() - start >= 1


def test_the_wait_that_a_server_asks_for_is_bounded():
    with serving(Reply(429, headers={"Retry-After": "86400"}), chat()) as server:
        assert answers(at(server.url, longest_wait_s=0.02)) == [(0, FINE)]


def test_retry_after_is_read_in_both_forms():
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < retry_after(date) <= 100
    assert retry_after("7") == 7
    assert retry_after("0.5") == 0.5
    nothing = [None, "", "soon", "-5", "nan", "inf", "1e9", "9" * 50, "Thu, 01 Jan 1970 00:00:00 GMT", "1 Jan 0001"]
    assert [retry_after(value) for value in nothing] == [0] * len(nothing)


def test_waits_double_with_full_jitter_up_to_the_longest():
    endpoint = at("http://h", backoff_s=1.0, longest_wait_s=10.0)
    for tried, most in enumerate([1, 2, 4, 8, 10, 10]):
        waits = [pause(endpoint, tried, 0.0) for _ in range(200)]
        assert 0 <= min(waits) < most / 2 < max(waits) <= most
    assert 3 <= pause(endpoint, 0, 3.0) <= 4
    assert pause(endpoint, 99, 3600.0) == 10


# trouble that does not pass


def test_a_server_that_stays_busy():
    with serving(BUSY) as server:
        message = failure(at(server.url), RunStoppedError)
    assert message == f"endpoint {server.url}/chat/completions: answered 503: 'overloaded' (4 attempts); {KEPT}"
    assert len(server.asked) == 4


def test_a_server_that_is_too_slow():
    with serving(Reply(wait_s=60)) as server:
        message = failure(at(server.url, timeout_s=0.1, retries=1), RunStoppedError)
    assert f"no whole answer within 0.1 s (2 attempts); {KEPT}" in message


@pytest.mark.parametrize(
    "dripping",
    [
        Reply(body=b" " * 10_000, drip_s=0.02),
        Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000, drip_s=0.02),
        Reply(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 10_000, drip_s=0.02),
    ],
)
def test_a_server_that_drips_is_cut(dripping):
    with serving(dripping) as server:
        start = time.monotonic()
        message = failure(at(server.url, timeout_s=0.2, retries=0), RunStoppedError)
    assert "no whole answer within 0.2 s" in message
    assert time.monotonic() - start < 5


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    message = failure(at(f"http://127.0.0.1:{port}/v1"), RunStoppedError, 20)
    assert "refuses connections; does the server run, and at this port? (4 attempts)" in message


def test_a_host_that_does_not_exist(monkeypatch):
    def unknown(*_args, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "there is no host of this name" in failure(at("http://nowhere.invalid/v1"), RunError)


def test_tls_is_asked_of_a_server_that_has_none():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=speak_no_tls, args=(listener,), daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        assert "speaks no TLS; give the URL with http://" in failure(at(url), RunError)


def speak_no_tls(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


NONSENSE = [
    (Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), "answered with something other than HTTP"),
    (Reply(body=b"<html><title>Welcome</title> to <b>nginx</b></html>"), "other than JSON: 'Welcome to nginx'"),
    (Reply(), "other than JSON"),
    (Reply(204), "other than JSON"),
    (Reply(body=b"\xff\xfe\x00"), "other than JSON"),
    (Reply(body=b"[" * 100_000), "other than JSON"),
    (Reply(body=b"[" + b"9" * 10_000 + b"]"), "other than JSON"),
    (as_json([1, 2]), "without a text at choices[0].message.content: '[1, 2]'"),
    (as_json("text"), "without a text"),
    (as_json(None), "without a text"),
    (as_json({"object": "list"}), "without a text"),
    (as_json({"choices": []}), "without a text"),
    (as_json({"choices": {"0": 1}}), "without a text"),
    (as_json({"choices": "text"}), "without a text"),
    (as_json({"choices": [{"text": "of another protocol", "finish_reason": "stop"}]}), "without a text"),
    (
        as_json({"error": {"message": "no provider", "code": 502}}),
        "without a text at choices[0].message.content: 'no p",
    ),
    (chat(None), "without a text"),
    (chat(17), "without a text"),
    (chat([{"type": "text", "text": "a part"}]), "without a text"),
    (chat(reason=None), "answered with finish_reason null"),
    (chat(reason="abort"), 'answered with finish_reason "abort"'),
    (chat(reason={"type": "stop"}), 'answered with finish_reason {"type": "stop"}'),
    (Reply(body=b" " * (17 << 20), missing=1 << 40), "answered 200 with more than 16 MiB"),
]


@pytest.mark.parametrize(("reply", "said_of_it"), NONSENSE, ids=range(len(NONSENSE)))
def test_nonsense_is_asked_again_twice_and_then_stops(reply, said_of_it):
    with serving(reply) as server:
        message = failure(at(server.url, retries=6), RunStoppedError)
    assert said_of_it in message
    assert f"(3 attempts); {KEPT}" in message


def test_nonsense_may_pass():
    with serving(Reply(body=b"{"), chat()) as server:
        assert answers(at(server.url)) == [(0, FINE)]


REFUSED = [
    (as_json({"error": {"message": "no such model"}}, 404), "answered 404: 'no such model'; is the URL right, /v1"),
    (as_json({"message": "too long", "object": "error"}, 400), "answered 400: 'too long'; the server does not accept"),
    (as_json({"detail": [{"loc": ["body", "n"]}]}, 422), """answered 422: '{"detail": [{"loc": ["body", "n"]}]}'; """),
    (as_json({"error": "Method Not Allowed"}, 405), "answered 405: 'Method Not Allowed'; "),
    (as_json({"error": {"message": "Insufficient Balance"}}, 402), "answered 402: 'Insufficient Balance'; "),
    (Reply(403), "answered 403; set the environment variable VERIGRAD_UNSET_KEY to a key of this server"),
]


@pytest.mark.parametrize(("reply", "said_of_it"), REFUSED, ids=range(len(REFUSED)))
def test_a_refusal_is_not_asked_again(reply, said_of_it):
    with serving(reply) as server:
        message = failure(at(server.url), RunError)
    assert said_of_it in message
    assert len(server.asked) == 1


def test_a_server_that_wants_the_later_name_of_the_limit():
    wanted = as_json({"error": {"message": "Use 'max_completion_tokens' instead."}}, 400)
    with serving(lambda asked: wanted if "max_tokens" in asked else echo(asked)) as server:
        assert len(answers(at(server.url))) == 1
    assert server.asked[1]["max_completion_tokens"] == 64
    with serving(wanted) as server:
        assert "Use 'max_completion_tokens' instead." in failure(at(server.url), RunError)
    assert len(server.asked) == 2


def test_the_message_of_a_server_is_short_and_cannot_drive_the_terminal():
    hostile = "\x1b[2J\x1b]0;title\x07\u202e" + "long " * 100_000
    with serving(as_json({"error": {"message": hostile}}, 400)) as server:
        assert "…" in failure(at(server.url), RunError)
    assert len(said(b"<" * 1_000_000)) < 300
