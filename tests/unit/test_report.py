import json
import math
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from verigrad.errors import RunError
from verigrad.report.charts import number, ticks
from verigrad.report.curves import curves
from verigrad.report.text import clean
from verigrad.report.transcripts import split, transcripts
from verigrad.report.write import write_report
from verigrad.train.archive import append_lines

HOSTILE = (
    '</pre></details><script>alert(1)</script>"><img src="http://x/y" onerror=alert(2)>\x1b[2J\u202e\ud800{{ 7*7 }}'
)
TASK = '"><svg onload=alert(3)>'


class Page(HTMLParser):
    """Collects tags, attributes and the text of the body."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        if "body" in self.tags and data.strip():
            self.text.append(data.strip())


def record(i, status, text="<think>1+1</think><answer>2</answer>", **more):
    return {
        "kind": "sample", "key": str(i), "problem": f"t/{i}", "task": "t", "split": "held_out", "decode": "sampled",
        "sample": 0, "question": HOSTILE, "answer": HOSTILE, "response": text, "num_tokens": 3, "finished": True,
        "format": True, "think_length": 2, "status": status, "read": "1", "detail": HOSTILE, **more,
    }  # fmt: skip


@pytest.fixture
def run(tmp_path):
    (tmp_path / "recipe.yaml").write_text("model: x\n# <script>\x07\n".replace("\x07", ""))
    (tmp_path / "run.json").write_text(json.dumps({"command": HOSTILE, "seed": 0, "packages": {"trl": "1.16"}}))
    steps = [{"step": i, "reward": i / 9, "accuracy": i / 9, "accuracy_by_task": {TASK: 0.5}} for i in range(1, 9)]
    append_lines(tmp_path / "metrics.jsonl", steps)
    return tmp_path


def measure(run, **sides):
    (run / "eval").mkdir()
    for name, rows in sides.items():
        append_lines(run / "eval" / f"{name}.jsonl", [{"kind": "header", "model": HOSTILE}, *rows])


def page_of(run):
    return write_report(run).read_text(encoding="utf-8")


def test_report_is_inert(run):
    text = f"<think>{HOSTILE}</think><answer>{HOSTILE}</answer>"
    measure(
        run,
        **{
            n: [record(i, s, text, task=TASK) for i in range(8)] for n, s in (("before", "wrong"), ("after", "correct"))
        },
    )
    html = page_of(run)
    page = Page(html)
    assert not {"script", "img", "iframe", "link", "object", "base", "a", "form"} & set(page.tags)
    assert not [
        name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href", "xlink:href", "style")
    ]
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes
    assert not [value for _, value in page.attributes if value and "http" in value]
    assert "<script>alert(1)</script>" in "".join(page.text)  # the text itself is still to be read
    assert all(code in html for code in ("U+001B", "U+202E", "U+D800", "{{ 7*7 }}"))
    assert not [c for c in html if not c.isprintable() and c not in "\n\t"]
    assert "@import" not in html
    assert "url(" not in html
    assert html.count("<details>") == html.count("</details>") == 2 * 8 + 1


def test_every_page_element_is_closed(run):
    measure(run, before=[record(0, "wrong"), record(1, "wrong")], after=[record(0, "wrong"), record(1, "correct")])
    html = page_of(run)
    for tag in ("div", "p", "table", "article", "figure", "svg", "span", "td", "tr", "tbody", "pre", "label", "main"):
        assert html.count(f"<{tag}>") + html.count(f"<{tag} ") == html.count(f"</{tag}>"), tag


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("wrong", "correct", "Training raised held-out accuracy from 0.0% to 100.0%"),
        ("correct", "wrong", "Training lowered held-out accuracy from 100.0% to 0.0%"),
        ("wrong", "wrong", "No change in held-out accuracy can be shown"),
    ],
)
def test_report_begins_with_the_verdict(run, before, after, sentence):
    measure(run, before=[record(i, before) for i in range(8)], after=[record(i, after) for i in range(8)])
    page = Page(page_of(run))
    assert page.text[0] == run.name
    assert page.text[1].startswith(sentence)


def test_the_table_shows_paired_change_and_counts(run):
    before = [record(i, "correct" if i < 1 else "wrong") for i in range(4)]
    after = [record(i, "correct" if i < 3 else "wrong", finished=i > 0, format=i > 1) for i in range(4)]
    measure(run, before=before, after=after)
    text = Page(page_of(run)).text
    # 1 of 4 before, 3 of 4 after; differences 0, 1, 1, 0: mean .5, sd .577, t(3) 3.182 / sqrt(4)
    row = text[text.index("held out, sampled", text.index("unscored")) :]
    assert row[:9] == [
        "held out, sampled",
        "all",
        "25.0",
        "[4.6, 69.9]",
        "75.0",
        "[30.1, 95.4]",
        "+50.0",
        "[-41.9, +141.9]",
        "4",
    ]
    assert "100.0 → 50.0 %" in row
    assert "0.0 → 25.0 %" in row


@pytest.mark.parametrize(
    ("sides", "sentence"),
    [
        ({}, "Not measured on held-out problems yet: 'verigrad eval RUN' does it."),
        ({"before": [record(0, "wrong")]}, "Measured before training only, so what training changed is unknown"),
        (
            {"before": [record(0, "wrong")], "after": []},
            "Measured before training only, so what training changed is unknown",
        ),
        (
            {"before": [record(0, "wrong"), record(1, "wrong")], "after": [record(0, "wrong")]},
            "What training changed cannot be said",
        ),
        ({"before": [record(0, "wrong")], "after": [record(0, "unscored")]}, "What training changed cannot be said"),
    ],
)
def test_report_says_what_is_not_measured(run, sides, sentence):
    measure(run, **sides)
    assert Page(page_of(run)).text[1].startswith(sentence)


def test_report_of_a_recipe_alone_says_what_is_missing(tmp_path):
    (tmp_path / "recipe.yaml").write_text("model: x\n")
    text = Page(page_of(tmp_path)).text
    assert "There is no run.json, so command, versions and commit of the training are unknown." in text
    assert "metrics.jsonl holds no step, so there are no training curves." in text


def test_a_control_run_is_named_as_one(run):
    (run / "recipe.yaml").write_text("control: random\n")
    assert "control: random" in Page(page_of(run)).text


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("recipe.yaml", "a: [", "recipe.yaml: cannot be read: not YAML"),
        ("recipe.yaml", "- 1", "recipe.yaml: holds no keys with values"),
        ("run.json", "{", "run.json: cannot be read"),
        ("metrics.jsonl", "{\n", "metrics.jsonl: cannot be read"),
    ],
)
def test_a_damaged_file_is_named(run, file, content, message):
    (run / file).write_text(content)
    with pytest.raises(RunError, match=message):
        write_report(run)
    assert not (run / "report.html").exists()


def test_report_refuses_what_is_no_run(tmp_path):
    with pytest.raises(RunError, match="is no run folder"):
        write_report(tmp_path)


@pytest.mark.parametrize(
    ("response", "parts"),
    [
        ("<think>a</think><answer>b</answer>", ("a", True, "<answer>b</answer>")),
        ("a</think><answer>b</answer>", ("a", True, "<answer>b</answer>")),  # the template opened the tag
        ("<answer>5</answer>", ("", True, "<answer>5</answer>")),
        ("<think>never ends", ("never ends", False, "")),
        ("<think></think>5", ("", True, "5")),
        ("", ("", True, "")),
    ],
)
def test_thinking_is_split_off(response, parts):
    assert split(response, "think") == parts


def test_transcripts_take_turns_over_tasks_and_leave_out_the_unscored():
    before = [record(i, "wrong", task="a" if i < 30 else "b") for i in range(60)]
    after = [{**r, "status": "correct"} for r in before[:-1]] + [{**before[-1], "status": "unscored"}]
    kinds = transcripts(before, after, "think")
    assert [(kind.words, kind.total, len(kind.shown)) for kind in kinds] == [
        ("wrong → right", 59, 15), ("right → wrong", 0, 0), ("both right", 0, 0), ("both wrong", 0, 0),
    ]  # fmt: skip
    assert [item.task for item in kinds[0].shown[:4]] == ["a", "b", "a", "b"]


def test_curves_leave_out_what_cannot_be_drawn():
    metrics = [
        {"step": 1, "reward": 0.5, "accuracy": None, "accuracy_by_task": None, "loss": math.nan},
        {"step": 2, "reward": math.inf, "accuracy_by_task": {"t": None, "u": 1.0}},
        {"step": None, "reward": 1.0},
    ]
    charts = curves(metrics)
    assert ["Reward" in charts[0], "by task" in charts[1], len(charts)] == [True, True, 2]
    assert "nan" not in "".join(charts)
    assert "inf" not in "".join(charts)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 1.1, ["0", "0.5", "1", "1.5"]),
        (-0.37, 0.01, ["-0.4", "-0.3", "-0.2", "-0.1", "0", "0.1"]),
        (0, 0, ["0", "0.5", "1"]),
    ],
)
def test_axis_labels_are_round(low, high, labels):
    found = [number(round(tick, 9)) for tick in ticks(low, high)]
    assert found[0] == labels[0]
    assert found[-1] in labels[-2:]
    assert 2 <= len(found) <= 7


def test_clean_keeps_letters_of_every_script():
    assert clean("é 数 ≤\r") == 'é 数 ≤<span class="code">U+000D</span>'


def test_report_needs_no_torch():
    code = "import sys, verigrad.report.write; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0
