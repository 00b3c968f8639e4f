import json
import re

import pytest
from report_runs import Page, make_run, measure, require_inert, sample, statuses, write_records

from verigrad.errors import RunError
from verigrad.lines import append_lines
from verigrad.report.write import write_report

HOSTILE = (
    "</pre></title></style></bdi><script>alert(1)</script><img src=\"http://x/y\" onerror=alert(2)>' onload='x' "
    '" onclick="x" {{ 7 * 7 }} {% raw %} <a href="javascript:x">\x1b[2J\u202e\u2066\x00\ud800&lt;b&gt;'
)


def text_of(run):
    """Return the text of the run's report, white space as one."""
    return " ".join(require_inert(write_report(run).read_text(encoding="utf-8")).text.split())


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "run")


def test_page_begins_with_the_verdict_and_has_every_part_in_order(run):
    samples = [sample(i, "wrong" if i % 3 else "correct", k=k) for i in range(30) for k in range(4)]
    better = [sample(i, "correct", k=k, think=20) for i in range(30) for k in range(4)]
    extra = [sample(i, "correct", decode=d) for d in ("greedy", "think-4", "think-8") for i in range(30)]
    extra += [sample(i, "correct", split="ood") for i in range(9)]
    measure(run, [*samples, *extra], [*better, *extra])
    file = write_report(run)
    assert file == run / "report.html"
    text = text_of(run)
    parts = (
        *("Better: 33.3% before, 100.0% after: +66.7 points", "model tiny", "held-out problems 30"),
        *("samples per problem 4", "seed 1.0, 7", "Before and after", "pass@4", "pass^4", "maj@4", "format kept"),
        *("10 / 50 / 90 % quantile", "FLOPs per solved problem", "Problems out of distribution", "Paired change"),
        *("20 / 0 / 10", "Accuracy against thinking tokens", "Accuracy under a thinking budget", "4 tokens"),
        *("How the training went", "Accuracy in training and on held-out problems", "Reward and its parts"),
        *("think_answer × 0.1", "Groups without signal", "Thinking per response", "Entropy", "Loss", "Time per step"),
        *("By task and difficulty", "level 3", "What it wrote, before and after", "reason 1", "How to reproduce"),
        *("verigrad train r.yaml", "verigrad eval RUN eval.samples=2", f"verigrad report {run}", "c0ffee", "1.16.0"),
        *("stage: grpo", "How to read this", "groups without signal"),
    )
    places = [text.find(part) for part in parts]
    assert not [part for part, place in zip(parts, places, strict=True) if place < 0]
    assert text.index("Better") < text.index("Before and after") < text.index("How to reproduce")
    anchors = [a["href"] for a in Page(file.read_text()).of("a")]
    names = ["held-out", "thinking", "training", "tasks", "transcripts", "reproduce", "reading"]
    assert anchors == [f"#{name}" for name in names]


def test_hostile_text_stays_text(tmp_path):
    run = make_run(
        tmp_path / 'a<script>alert(1)</script>&"onx=\u202e'.replace("/", "∕"),
        recipe=f"instruction: {json.dumps(HOSTILE)}\n",
        command=HOSTILE, commit=HOSTILE, device=HOSTILE, packages={HOSTILE: HOSTILE}, sandbox={HOSTILE: HOSTILE},
        identity={"dataset": HOSTILE}, seed=HOSTILE, started=HOSTILE,
    )  # fmt: skip
    (run / "preflight.json").write_text(json.dumps({HOSTILE: HOSTILE, "format": HOSTILE}))
    append_lines(
        run / "metrics.jsonl",
        [{"step": 9, "loss": HOSTILE, "reward": 10**400, "accuracy_by_task": {HOSTILE: 0.5, "b": 0.2}}],
    )
    texts = {
        "question": HOSTILE, "answer": HOSTILE, "read": HOSTILE, "detail": HOSTILE, "task": HOSTILE, "level": HOSTILE,
        "gold": HOSTILE, "response": f"<think>{HOSTILE}</think>{HOSTILE}",
    }  # fmt: skip
    rows = [sample(i, status, **texts) for i, status in enumerate(("correct", "wrong", "no_answer", "timeout") * 3)]
    odd = [{**row, "decode": d, "key": f"{d}{row['key']}"} for row in rows for d in (HOSTILE, f"think-{HOSTILE}")]
    hashes = {"dataset": {HOSTILE: HOSTILE}, "sampler": HOSTILE, "model": HOSTILE, "format": {"think_tag": HOSTILE}}
    measure(run, [*rows, *odd], [*rows, *odd], **hashes)
    page = write_report(run).read_text(encoding="utf-8")
    parsed = require_inert(page)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)
    assert parsed.text.count("<script>alert(1)</script>") > 30
    assert "{{ 7 * 7 }}" in parsed.text
    assert "⟨1b⟩[2J⟨202e⟩⟨2066⟩⟨0⟩⟨d800⟩&lt;b&gt;" in parsed.text


def test_page_of_a_run_that_was_not_measured_says_so(run):
    text = text_of(run)
    assert f"Not measured on held-out problems yet: 'verigrad eval {run}' does it." in text
    assert "How the training went" in text
    assert "What it wrote" not in text


def test_page_of_one_measured_side_says_which_is_missing(run):
    write_records(run / "eval" / "before.jsonl", statuses("rw"))
    text = text_of(run)
    assert "Not measured on held-out problems after training yet" in text
    assert "50.0 [" in text


def test_page_of_half_an_evaluation_shows_it_and_says_how_much_is_missing(run):
    measure(run, statuses("wwwwwwww"), statuses("rrrrrrrr"))
    lines = (run / "eval" / "after.jsonl").read_bytes().splitlines(keepends=True)
    (run / "eval" / "after.jsonl").write_bytes(b"".join(lines[:4]) + b'{"torn')
    text = text_of(run)
    assert "Cannot be compared: after training: 5 of 8 samples are missing" in text
    assert "The measurement after training is not complete: 5 of 8 responses are missing" in text
    assert "What it wrote, before and after" in text


def test_sides_that_cannot_be_compared_are_shown_apart(run):
    measure(run, statuses("wwww"), [{**row, "prompt": "other"} for row in statuses("rrrr")])
    text = text_of(run)
    assert "Cannot be compared: the prompts of 4 problems are rendered differently" in text
    assert "No paired change." in text


def test_records_changed_by_hand_are_refused(run):
    measure(run, statuses("ww"), statuses("rw"))
    file = run / "eval" / "after.jsonl"
    file.write_text(file.read_text().replace('"status": "wrong"', '"status": "correct"'))
    with pytest.raises(RunError, match="was changed after it was recorded"):
        write_report(run)
    assert not (run / "report.html").exists()


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="is no run folder"):
        write_report(tmp_path)


def test_what_was_not_asked_for_is_said(run):
    measure(run, statuses("wwru"), statuses("rrru"))
    text = text_of(run)
    assert "Not measured: out-of-distribution problems, greedy decoding and thinking budgets" in text
    assert "One sample per problem, so pass@k, pass^k and majority voting" in text
    assert "could not be scored, and are in no accuracy: 1 before training and 1 after training" in text
    assert "1 problems left out, not scored" in text
    assert "No thinking budgets were measured. Instead" in text


def test_unfinished_training_and_damaged_files_are_said(run):
    (run / "model").rmdir()
    (run / "run.json").write_text("{")
    (run / "recipe.yaml").write_text("model: [")
    (run / "rollouts" / "step-000003.jsonl.gz").write_bytes(b"no gzip")
    with (run / "metrics.jsonl").open("ab") as stream:
        stream.write(b'{"step": "x"}\n[]\nnull\n{"step": 9, "reward": NaN, "accuracy": "x"}\n{"step": 10, "torn')
    text = text_of(run)
    assert "Training has not finished: the folder has 9 steps and no model yet." in text
    assert "run.json is damaged and left out" in text
    assert "The recipe cannot be read" in text
    assert "3 of 13 lines of metrics.jsonl are damaged and left out." in text
    assert "1 rollouts are damaged and left out." in text
    assert "versions and commit of the training are not known" in text


def test_a_folder_with_a_recipe_alone_has_a_page(tmp_path):
    (tmp_path / "recipe.yaml").write_bytes(b"model: tiny\n# \xff\n")
    assert "How to reproduce" in text_of(tmp_path)


def test_random_control_is_named(tmp_path):
    text = text_of(make_run(tmp_path / "r", recipe="control: random\n"))
    assert "a random-reward control" in text
    assert "the reward is a coin flip; its parts are shown, but paid nothing" in text


def test_whether_sources_were_changed_is_said(run):
    measure(run, statuses("w"), statuses("r"))
    assert "c0ffee, dirty: with changes that are in no commit" in text_of(run)


def test_page_of_a_large_run_is_small(tmp_path):
    run = make_run(tmp_path / "run", steps=500)
    long = {"response": f"<think>{'<&>' * 9000}</think><answer>{'<&>' * 4000}</answer>", "question": "<&>" * 4000}
    words = "wwrr" * 325, "rwrw" * 325
    measure(run, *(statuses(w, **long) for w in words))
    file = write_report(run)
    assert file.stat().st_size < 1_000_000
    text = require_inert(file.read_text()).text
    assert "Each point is the mean of up to 4 steps" in text
    assert "The parts are from 200 of 500 rollouts, evenly spread." in text
    assert "characters left out" in text


def test_same_run_gives_the_same_bytes(run):
    measure(run, statuses("wrwr"), statuses("rrww"))
    first = write_report(run).read_bytes()
    assert write_report(run).read_bytes() == first
