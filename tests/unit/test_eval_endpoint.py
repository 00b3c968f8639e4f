"""``verigrad eval MODEL --recipe FILE --endpoint URL``, torch-free, against a real server that can add."""

import io
import re
import threading

import pytest
from http_server import Reply, chat, serving
from rich.console import Console

from verigrad.errors import RecipeError, RunError, RunStoppedError
from verigrad.evaluate import remote
from verigrad.evaluate.command import Target, compare_files, evaluate_target
from verigrad.evaluate.endpoint import Endpoint
from verigrad.evaluate.records import read_records, read_rows

RECIPE = """
model: unused
tasks: [{name: chain_sum}]
output_dir: runs/x
instruction: ""
max_response_tokens: 64
eval: {problems: 12, ood_problems: 4, samples: 2, temperature: 0.6, top_p: 0.95}
"""


def add(asked):
    """Adds, but only at temperature 0."""
    terms = re.findall(r"[+-]?\d+", asked["messages"][0]["content"])
    right = sum(map(int, terms))
    said = right if asked["temperature"] == 0 else right + 1
    return chat(f"<think>all terms added are {right}</think><answer>{said}</answer>", tokens=9)


@pytest.fixture
def quick(monkeypatch):
    """Short waits between attempts."""
    made = remote.complete
    fields = {"retries": 1, "backoff_s": 0.001, "timeout_s": 5.0}
    monkeypatch.setattr(
        remote, "complete", lambda endpoint, requests: made(Endpoint(**{**vars(endpoint), **fields}), requests)
    )


def evaluate(folder, url, *overrides, name="r.jsonl", **more):
    (folder / "recipe.yaml").write_text(RECIPE)
    out = io.StringIO()
    settings = {"concurrency": 3, "key_variable": "VERIGRAD_UNSET_KEY", "recipe": str(folder / "recipe.yaml"), **more}
    target = Target(name="adder", overrides=list(overrides), out=folder / name, endpoint=url, **settings)
    evaluate_target(target, Console(file=out, width=200))
    return out.getvalue()


def test_a_model_behind_an_endpoint_is_measured(tmp_path):
    with serving(add) as server:
        said = evaluate(tmp_path, server.url)
    records = read_records(tmp_path / "r.jsonl")
    assert (records.missing, len(records.samples)) == (0, 12 * 3 + 4 * 3)
    assert {s.status for s in records.part("held_out", "greedy")} == {"correct"}
    assert {s.status for s in records.part("held_out", "sampled")} == {"wrong"}
    assert records.measured["decodings"]["sampled"]["temperature"] == 0.6
    assert records.measured["sampler"]["url"] == f"{server.url}/chat/completions"
    assert "held out, greedy" in said
    assert len({asked["seed"] for asked in server.asked}) == 32  # two samples of 16 problems; greedy shares the first
    first = next(row for row in read_rows(tmp_path / "r.jsonl") if row["kind"] == "sample")
    assert (first["num_tokens"], first["think_tokens"] > 0) == (9, True)


def test_trouble_in_the_middle_loses_nothing_and_the_same_command_goes_on(tmp_path, quick):
    with serving(add) as server:
        evaluate(tmp_path, server.url, name="whole.jsonl")
        port = server.server_address[1]
        count, lock = iter(range(1000)), threading.Lock()

        def breaks(asked):
            with lock:
                number = next(count)
            return add(asked) if number < 20 else Reply(500, b"out of memory")

        server.answer = breaks
        with pytest.raises(RunStoppedError) as stopped:
            evaluate(tmp_path, server.url)
        assert f"127.0.0.1:{port}" in str(stopped.value)
        assert "\n" not in str(stopped.value)
        assert read_records(tmp_path / "r.jsonl").missing == 48 - 20
        server.answer, before = add, len(server.asked)
        evaluate(tmp_path, server.url)
        assert len(server.asked) - before == 28
    whole, resumed = ((tmp_path / name).read_bytes().split(b"\n", 1) for name in ("whole.jsonl", "r.jsonl"))
    assert whole[1] == resumed[1]


@pytest.mark.parametrize(
    ("reply", "kind", "message"),
    [
        (Reply(429, b'{"error": {"message": "slow down"}}'), RunStoppedError, "slow down"),
        (Reply(200, b"<html>hello</html>"), RunStoppedError, "finished responses are kept"),
        (Reply(401, b'{"error": {"message": "no key"}}'), RunError, "VERIGRAD_UNSET_KEY"),
        (Reply(404, b'{"error": {"message": "no such model"}}'), RunError, "no such model"),
    ],
)
def test_trouble_is_one_line(tmp_path, quick, reply, kind, message):
    with serving(lambda _: reply) as server, pytest.raises(kind) as stopped:
        evaluate(tmp_path, server.url)
    assert message in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_a_refusal_in_the_middle_loses_nothing(tmp_path, quick):
    count, lock = iter(range(1000)), threading.Lock()

    def refuses(asked):
        with lock:
            number = next(count)
        return add(asked) if number < 5 else Reply(401, b'{"error": {"message": "expired"}}')

    with serving(refuses) as server, pytest.raises(RunError, match="expired"):
        evaluate(tmp_path, server.url, concurrency=1)
    assert len(read_records(tmp_path / "r.jsonl").samples) == 5


def test_what_an_endpoint_cannot_do_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="eval.think_budgets: an endpoint cannot be made to end its thinking"):
        evaluate(tmp_path, "http://127.0.0.1:1/v1", "eval.think_budgets=[4]")
    with pytest.raises(RecipeError, match="--endpoint: needs --recipe"):
        evaluate(tmp_path, "http://127.0.0.1:1/v1", recipe=None)
    with pytest.raises(RunError, match="ftp"):
        evaluate(tmp_path, "ftp://127.0.0.1/v1")


def test_two_endpoints_are_compared(tmp_path):
    out = io.StringIO()
    with serving(add) as server:
        evaluate(tmp_path, server.url, name="a.jsonl")
        server.answer = lambda asked: add({**asked, "temperature": 0})
        evaluate(tmp_path, server.url, name="b.jsonl")
    compare_files(tmp_path / "a.jsonl", tmp_path / "b.jsonl", Console(file=out, width=200))
    assert "Better: 0.0% a, 100.0% b: +100.0 points" in out.getvalue()
