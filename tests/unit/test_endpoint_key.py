import logging
from dataclasses import replace

import pytest
from asking import KEY, answers, ask, at, echo, failure
from http_server import Reply, as_json, serving

from verigrad.errors import RunError
from verigrad.evaluate.endpoint import check_endpoint, complete, describe

# the key


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return {"key_variable": "OPENAI_API_KEY"}


def test_the_key_is_sent_and_stands_nowhere_else(key, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with serving(echo) as server:
        endpoint = at(server.url, **key)
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
        message = failure(at(server.url, **key), RunError)
    assert "'Incorrect API key provided: ***'; the key in the environment variable OPENAI_API_KEY is not" in message


@pytest.mark.parametrize("before", [0, 150, 190])
def test_a_message_is_not_cut_within_the_key(key, before):
    with serving(as_json({"error": "x" * before + KEY}, 400)) as server:
        assert KEY[:5] not in failure(at(server.url, **key), RunError)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(key, status):
    with serving(echo) as other:
        to = other.url.replace("http://", "http://user:password@") + "/chat/completions?token=abc"
        with serving(Reply(status, headers={"Location": to})) as server:
            message = failure(at(server.url, **key), RunError)
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
        complete(at("http://127.0.0.1:1", key_variable="OPENAI_API_KEY"), ask(1))
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


def test_a_secret_within_the_address_is_masked(monkeypatch):
    monkeypatch.setenv("GATEWAY_TOKEN", "0123-4567")
    with serving(Reply(400)) as server:
        endpoint = at(f"{server.url}/0123-4567")
        assert "/v1/***/chat/completions: answered 400" in failure(endpoint, RunError)
    assert describe(endpoint)["url"].endswith("/v1/***/chat/completions")


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
