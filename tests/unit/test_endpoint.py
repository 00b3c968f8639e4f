import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from asking import BUSY, answers, ask, at, echo, failure, running, until
from http_server import Reply, chat, serving

from verigrad.errors import RunError, RunStoppedError
from verigrad.evaluate.endpoint import complete
from verigrad.evaluate.wire import read_response
from verigrad_rewards.types import Response


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


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")  # where nobody listens
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(echo) as server:
        assert len(answers(at(server.url))) == 1


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
    assert until(lambda: not running())


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
        assert until(lambda: not running())


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
    assert until(lambda: not running())


def test_the_interpreter_ends_while_requests_are_in_flight():
    script = (
        "import sys; from asking import *\n"
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
