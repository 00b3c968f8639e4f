import logging
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from http_server import Reply, as_json, chat, serving

from verigrad.errors import RunError, RunStoppedError
from verigrad.evaluate.endpoint import Endpoint, Request, check_endpoint, complete, describe, pause
from verigrad.evaluate.wire import read_response, retry_after, said
from verigrad_rewards.types import Response

KEY = "sk-0123456789abcdef"
FINE = Response("fine", 3, True)
KEPT = "finished responses are kept; the same command goes on"
BUSY = Reply(503, b'{"error": {"message": "overloaded"}}')


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")  # where nobody listens


def at(url: str, **settings) -> Endpoint:
    quick = {"timeout_s": 10.0, "retries": 3, "backoff_s": 0.002}
    return Endpoint(url, "tiny", **(quick | settings))


def ask(number: int) -> list[Request]:
    return [Request([{"role": "user", "content": str(i)}], 100 + i, 0.7, 0.9, 64) for i in range(number)]


def answers(endpoint: Endpoint, number: int = 1) -> list[tuple[int, Response]]:
    return list(complete(endpoint, ask(number)))


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


def asking() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("endpoint-")]


def echo(asked) -> Reply:
    return chat("echo " + asked["messages"][0]["content"])


# what is asked, and how many at once


def test_every_request_is_answered_at_its_own_place():
    with serving(echo) as server:
        found = answers(at(server.url), 30)
    assert dict(found) == {i: Response(f"echo {i}", 3, True) for i in range(30)}
    assert len(found) == 30


def test_a_request_says_all_that_decides_the_response():
    with serving(echo) as server:
        answers(at(server.url))
    assert server.paths == ["/v1/chat/completions"]
    assert server.asked == [
        {
            "model": "tiny",
            "messages": [{"role": "user", "content": "0"}],
            "n": 1,
            "stream": False,
            "temperature": 0.7,
            "top_p": 0.9,
            "seed": 100,
            "max_tokens": 64,
        }
    ]
    assert "Authorization" not in server.headers[0]
    assert server.headers[0]["Content-Type"] == "application/json"


def test_no_request_asks_nothing():
    assert answers(at("http://127.0.0.1:1/v1"), 0) == []


def test_as_many_are_in_flight_as_allowed_and_no_more():
    together = threading.Barrier(4)

    def meet(asked) -> Reply:
        together.wait(10)  # breaks, and the server with it, unless four are there at once
        return echo(asked)

    with serving(meet) as server:
        assert len(answers(at(server.url, concurrency=4, retries=0), 12)) == 12
    assert server.most == 4


def test_one_at_a_time():
    with serving(echo) as server:
        assert [place for place, _ in answers(at(server.url, concurrency=1), 5)] == list(range(5))
    assert server.most == 1


def test_responses_come_as_they_finish():
    late = threading.Event()

    def first_last(asked) -> Reply:
        if asked["seed"] == 100:
            late.wait(10)
        return echo(asked)

    with serving(first_last) as server:
        responses = complete(at(server.url, concurrency=2), ask(3))
        assert [next(responses)[0], next(responses)[0]] == [1, 2]
        late.set()
        assert next(responses)[0] == 0


def test_a_slow_consumer_bounds_what_waits_for_it():
    with serving(echo) as server:
        responses = complete(at(server.url, concurrency=2), ask(50))
        next(responses)
        assert until(lambda: len(server.asked) == 5)
        time.sleep(0.05)
        assert len(server.asked) == 5  # one taken, four wait
        assert len(list(responses)) == 49


def test_the_seeded_generators_stay_as_they_are():
    random.seed(0)
    before = random.getstate()
    with serving(BUSY, echo) as server:
        answers(at(server.url))
    assert random.getstate() == before


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
    (Reply(body=b" " * (16 << 20) + b"1"), "answered 200 with more than 16 MiB"),
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
    (Reply(403), "answered 403; set the environment variable OPENAI_API_KEY to a key of this server"),
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


# the response


READ = [
    (chat("a <b>\n"), Response("a <b>\n", 3, True)),
    (chat(""), Response("", 3, True)),
    (chat(reason="length"), Response("fine", 3, False)),
    (chat(reason="eos_token"), Response("fine", 3, True)),
    (chat(None, reason="content_filter"), Response("", 3, False)),
    (chat(None, reason="tool_calls"), Response("", 3, False)),
    (chat(None, reason="length"), Response("", 3, False)),
    (chat("4", more={"reasoning_content": "2+2"}), Response("<think>2+2</think>4", 3, True)),
    (chat("4", more={"reasoning": "2+2"}), Response("<think>2+2</think>4", 3, True)),
    (chat("4", more={"reasoning": "2+2", "reasoning_content": "2+2"}), Response("<think>2+2</think>4", 3, True)),
    (chat("4", more={"reasoning": None, "reasoning_content": ""}), Response("4", 3, True)),
    (chat("4", more={"reasoning": {"of": "another kind"}}), Response("4", 3, True)),
    (chat(None, reason="length", more={"reasoning": "2+"}), Response("<think>2+", 3, False)),
    (chat("", reason="length", more={"reasoning_content": "2+"}), Response("<think>2+", 3, False)),
    (chat(None, more={"reasoning_content": ""}), Response("", 3, True)),
    (chat("half a pair \ud800"), Response("half a pair \ud800", 3, True)),
    *[(chat(tokens=odd), Response("fine", 0, True)) for odd in (None, -1, "3", 3.5, True)],
]


@pytest.mark.parametrize(("reply", "response"), READ, ids=range(len(READ)))
def test_a_response_is_read(reply, response):
    assert read_response(reply.body, "think") == response


def test_split_off_thinking_stands_in_the_tags_of_the_recipe():
    with serving(chat("4", more={"reasoning_content": "2+2"})) as server:
        (_, response), *_ = answers(at(server.url, think_tag="reason"))
    assert response.text == "<reason>2+2</reason>4"


# nothing finished is lost, and nothing is left running


@pytest.mark.parametrize(("trouble", "kind"), [(Reply(401), RunError), (BUSY, RunStoppedError)])
def test_what_finished_or_is_in_flight_is_yielded_before_the_error(trouble, kind):
    failed = threading.Event()

    def some(asked) -> Reply:
        if asked["seed"] == 101:
            failed.set()
            return trouble
        failed.wait(10)
        return replace(echo(asked), wait_s=0.1)

    with serving(some) as server:
        responses, found = complete(at(server.url, concurrency=3, retries=0), ask(40)), []
        with pytest.raises(kind):
            found.extend(responses)
    assert {0, 2} <= {place for place, _ in found}
    assert len(found) == len(server.asked) - 1 < 12
    assert until(lambda: not asking())


def test_a_failure_does_not_wait_for_retries():
    def some(asked) -> Reply:
        return Reply(401) if asked["seed"] == 101 else Reply(429, headers={"Retry-After": "50"})

    with serving(some) as server:
        assert "answered 401" in failure(at(server.url), RunError, 3)


def test_an_abandoned_generator_cuts_what_is_in_flight():
    def some(asked) -> Reply:
        return echo(asked) if asked["seed"] == 100 else Reply(wait_s=60)

    with serving(some) as server:
        responses = complete(at(server.url, timeout_s=60), ask(20))
        assert next(responses)[0] == 0
        assert until(lambda: server.now == 7 + 1)
        responses.close()
        assert until(lambda: not asking())


def test_an_interruption_ends_at_once():
    def interrupt(_asked) -> Reply:
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        return Reply(wait_s=60)

    found = []
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        with serving(echo, echo, interrupt) as server, pytest.raises(KeyboardInterrupt):
            found.extend(complete(at(server.url, concurrency=1, timeout_s=5, retries=0), ask(9)))
    finally:
        signal.signal(signal.SIGINT, usual)
    assert [place for place, _ in found] == [0, 1]
    assert until(lambda: not asking())


def test_the_interpreter_ends_while_requests_are_in_flight():
    script = (
        "import sys; from test_endpoint import *\n"
        "responses = complete(at(sys.argv[1], timeout_s=60), ask(9))\n"
        "print(next(responses)[1].text)"
    )
    with serving(chat(), Reply(wait_s=60)) as server:
        done = subprocess.run(
            [sys.executable, "-c", script, server.url],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert (done.stdout, done.stderr, done.returncode) == ("fine\n", "", 0)


def test_a_bug_of_ours_is_raised_as_it_is():
    with serving(echo) as server, pytest.raises(TypeError, match="not JSON serializable"):
        list(complete(at(server.url), [replace(ask(1)[0], seed=object())]))  # type: ignore[arg-type]


# the key


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def test_the_key_is_sent_and_stands_nowhere_else(key, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with serving(echo) as server:
        endpoint = at(server.url)
        found = answers(endpoint)
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    everything = [
        repr(endpoint),
        describe(endpoint),
        vars(endpoint),
        found,
        server.asked,
        caplog.text,
        capfd.readouterr(),
    ]
    assert KEY not in repr(everything)


def test_another_variable_holds_the_key(key, monkeypatch):
    monkeypatch.setenv("VERIGRAD_EVAL_KEY", "another-key")
    with serving(echo) as server:
        answers(at(server.url, key_variable="VERIGRAD_EVAL_KEY"))
    assert server.headers[0]["Authorization"] == "Bearer another-key"


def test_a_missing_key_is_asked_for():
    with serving(as_json({"error": {"message": "No API key"}}, 401)) as server:
        message = failure(at(server.url, key_variable="SOME_KEY"), RunError)
    assert "answered 401: 'No API key'; set the environment variable SOME_KEY to a key of this server" in message


def test_a_refused_key_is_named_by_its_variable(key):
    with serving(as_json({"error": {"message": f"Incorrect API key provided: {KEY}"}}, 401)) as server:
        message = failure(at(server.url), RunError)
    assert "'Incorrect API key provided: ***'; the key in the environment variable OPENAI_API_KEY is not" in message


@pytest.mark.parametrize("before", [0, 150, 190])
def test_a_message_is_not_cut_within_the_key(key, before):
    with serving(as_json({"error": "x" * before + KEY}, 400)) as server:
        assert KEY[:5] not in failure(at(server.url), RunError)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(key, status):
    with serving(echo) as other:
        to = other.url.replace("http://", "http://user:password@") + "/chat/completions?token=abc"
        with serving(Reply(status, headers={"Location": to})) as server:
            message = failure(at(server.url), RunError)
    assert f"answered {status}; redirects are not followed" in message
    assert f"{other.url.removeprefix('http://')}/chat/completions" in message
    assert "password" not in message
    assert "token" not in message
    assert other.asked == []


@pytest.mark.parametrize(
    "bad", ["sk-1\r\nX-Injected: 1", "sk 12345678", "sk-1234567\n", "sk-ключ-123", "/run/secrets/key"]
)
def test_a_key_that_is_none_is_not_sent_and_not_shown(monkeypatch, bad):
    monkeypatch.setenv("OPENAI_API_KEY", bad)
    with pytest.raises(RunError, match="OPENAI_API_KEY in the environment holds white space") as caught:
        complete(at("http://127.0.0.1:1"), ask(1))
    assert bad not in str(caught.value)


@pytest.mark.parametrize("bad", [KEY, "", "A B", "PATH", "KEY=x"])
def test_the_variable_is_a_name_and_not_the_key(bad):
    with pytest.raises(RunError, match="key_variable is the name of an environment variable") as caught:
        check_endpoint(at("http://127.0.0.1:1", key_variable=bad))
    assert KEY not in str(caught.value)


# the address


ADDRESSES = [
    ("http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions"),
    ("http://localhost:8000/v1/", "http://localhost:8000/v1/chat/completions"),
    ("http://localhost:8000", "http://localhost:8000/chat/completions"),
    ("HTTPS://Example.org/v1/chat/completions", "https://Example.org/v1/chat/completions"),
    ("http://[::1]:8000/v1", "http://[::1]:8000/v1/chat/completions"),
]


@pytest.mark.parametrize(("url", "shown"), ADDRESSES)
def test_an_endpoint_is_described(url, shown):
    check_endpoint(at(url))
    assert describe(at(url)) == {"url": shown, "model": "tiny"}


NO_ADDRESS = [
    ("", "the URL is empty or holds characters that no URL has"),
    ("http://local host", "the URL is empty or holds characters that no URL has"),
    ("http://h/\r\nX: y", "the URL is empty or holds characters that no URL has"),
    ("http://bücher.example", "the URL is empty or holds characters that no URL has"),
    ("http://user:password@h/v1", "the URL holds '@'; allowed are scheme, host, port and path"),
    ("http://h/v1?api_key=password", "the URL holds '?'; allowed are scheme"),
    ("http://h/v1#password", "the URL holds '#'; allowed are scheme"),
    ("localhost:8000/v1", "no URL of a server: 'localhost:8000/v1'; allowed is http:// or https:// and a host"),
    ("file:///etc/passwd", "no URL of a server: 'file:///etc/passwd'"),
    ("ftp://h/v1", "no URL of a server: 'ftp://h/v1'"),
    ("http://", "no URL of a server"),
    ("http:///v1", "no URL of a server"),
    ("http://h:port/v1", "no URL of a server"),
    ("http://h:0/v1", "no URL of a server"),
    ("http://h:99999/v1", "no URL of a server"),
    ("http://[::1/v1", "no URL of a server"),
    ("http://a..b/v1", "no URL of a server"),
    (f"http://{'a' * 70}/v1", "no URL of a server"),
]


@pytest.mark.parametrize(("url", "said_of_it"), NO_ADDRESS)
def test_an_address_that_is_none(url, said_of_it):
    with pytest.raises(RunError) as caught:
        complete(at(url), ask(1))  # before anything is asked
    assert said_of_it in str(caught.value)
    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "said_of_it"),
    [
        ({"model": " "}, "no model is named"),
        ({"concurrency": 0}, "concurrency is 0; allowed is 1 to 256"),
        ({"timeout_s": 0}, "timeout_s is 0; allowed is 0.001 to 86400"),
        ({"timeout_s": float("nan")}, "timeout_s is nan"),
        ({"timeout_s": float("inf")}, "timeout_s is inf"),
        ({"retries": -1}, "retries is -1; allowed is 0 to 100"),
    ],
)
def test_a_setting_out_of_range(setting, said_of_it):
    with pytest.raises(RunError, match=said_of_it):
        check_endpoint(replace(at("http://127.0.0.1:1"), **setting))
