import json
from html.parser import HTMLParser

import pytest

from verigrad.errors import RunError
from verigrad.lines import append_lines
from verigrad.report.write import write_report

HOSTILE = '</pre><script>alert(1)</script><img src="http://x/y" onerror=alert(2)>\x1b[2J\ud800'


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def record(i, status, text):
    return {
        "kind": "sample", "key": str(i), "problem": f"t/{i}", "task": "t", "split": "held_out", "decode": "sampled",
        "sample": 0, "question": HOSTILE, "answer": "1", "response": text, "num_tokens": 3, "finished": True,
        "format": True, "think_length": 2, "status": status, "read": "1", "detail": HOSTILE,
    }  # fmt: skip


@pytest.fixture
def run(tmp_path):
    (tmp_path / "recipe.yaml").write_text("model: x\n# " + "<script>\n")
    (tmp_path / "run.json").write_text(json.dumps({"command": HOSTILE, "packages": {"trl": "1.16"}}))
    steps = [{"step": i, "reward": i / 9, "accuracy": i / 9, "accuracy_by_task": {"t": None}} for i in range(1, 9)]
    append_lines(tmp_path / "metrics.jsonl", steps)
    return tmp_path


def measure(run):
    (run / "eval").mkdir()
    for name, status in (("before", "wrong"), ("after", "correct")):
        rows = [record(i, status, f"<think>{HOSTILE}</think><answer>{HOSTILE}</answer>") for i in range(8)]
        append_lines(run / "eval" / f"{name}.jsonl", [{"kind": "header"}, *rows])


def test_report_is_inert_and_begins_with_the_verdict(run):
    measure(run)
    page = write_report(run).read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert not [tag for tag, _ in tags.seen if tag in ("script", "img", "iframe", "link", "object")]
    assert not [a for _, attrs in tags.seen for a in attrs if a.startswith("on") or a in ("src", "href")]
    assert "\x1b" not in page
    body = page[page.index("<body>") :]
    assert body.index("Training raised held-out accuracy from 0.0% to 100.0%") < body.index("<svg")
    assert len(page) < 1_000_000


def test_report_says_what_is_missing(run):
    assert "Not measured on held-out problems yet" in write_report(run).read_text()


def test_report_of_half_an_evaluation_says_so(run):
    measure(run)
    lines = (run / "eval" / "after.jsonl").read_text().splitlines(keepends=True)
    (run / "eval" / "after.jsonl").write_text("".join(lines[:4]))
    append_lines(run / "metrics.jsonl", [{"step": 9, "accuracy_by_task": None}])
    page = write_report(run).read_text()
    assert "Before and after cannot be compared yet: held_out sampled: the two sides were measured on different" in page


def test_an_answer_without_thinking_is_shown_as_an_answer(run):
    measure(run)
    text = (run / "eval" / "before.jsonl").read_text()
    assert "details" in write_report(run).read_text()
    rows = [json.loads(line) for line in text.splitlines()]
    (run / "eval" / "before.jsonl").unlink()
    append_lines(run / "eval" / "before.jsonl", [{**r, "response": "<answer>5</answer>"} for r in rows])
    assert "&lt;answer&gt;5&lt;/answer&gt;" in write_report(run).read_text()


def test_report_refuses_what_is_no_run(tmp_path):
    with pytest.raises(RunError, match="is no run folder"):
        write_report(tmp_path)
