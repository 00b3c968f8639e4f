import re

from report_runs import Page, make_run, measure, sample, statuses

from verigrad.evaluate.records import read_records
from verigrad.report.transcripts import PER_KIND, pair
from verigrad.report.write import write_report


def page_of(tmp_path, before, after):
    run = make_run(tmp_path / "run")
    measure(run, before, after)
    text = write_report(run).read_text()
    return text, Page(text)


def test_filters_name_the_whole_set_and_what_is_shown(tmp_path):
    text, page = page_of(tmp_path, statuses("w" * 20 + "rrrw"), statuses("r" * 20 + "wwrw"))
    labels = re.findall(r"<label>.*?</label>", text)
    said = [" ".join(re.sub("<[^>]*>", " ", label).split()) for label in labels]
    assert said == [
        "all 24, 20 shown",
        f"wrong → right 20, {PER_KIND} shown",
        "right → wrong 2",
        "both right 1",
        "both wrong 1",
    ]
    radios = page.of("input")
    assert [r["id"] for r in radios] == [
        f"show-{k}" for k in ("all", "wrong-right", "right-wrong", "right-right", "wrong-wrong")
    ]
    assert [r["name"] for r in radios] == ["show"] * 5
    assert "checked" in radios[0]
    for radio in radios[1:]:
        kind = radio["id"].removeprefix("show-")
        assert f"main:has(#{radio['id']}:checked) .pair:not(.{kind})" in text
        assert any(f"pair {kind}" == attrs.get("class") for attrs in page.of("details"))


def test_thinking_is_folded_and_the_rest_is_shown(tmp_path):
    response = "<think>two and two</think><answer>4</answer>"
    rows = [sample(0, "correct", response=response, detail="equal to the gold answer", read="4", finished=False)]
    text, _ = page_of(tmp_path, rows, rows)
    folded = re.findall(r"<details><summary>thinking.*?</details>", text)
    assert len(folded) == 2
    assert "two and two" in folded[0]
    assert "&lt;answer&gt;" not in folded[0]
    assert "&lt;answer&gt;4&lt;/answer&gt;" in text
    assert "correct: equal to the gold answer" in text
    assert "cut at the limit" in text


def test_another_tag_is_followed(tmp_path):
    run = make_run(tmp_path / "run")
    rows = [sample(0, "correct", response="<muse>hm</muse>4")]
    measure(run, rows, rows, format={"think_tag": "muse"})
    assert re.search(
        r"<summary>thinking, 2 characters</summary><pre dir=\"auto\">hm</pre>", write_report(run).read_text()
    )


def test_an_answer_without_thinking_or_gold_is_shown_as_it_is(tmp_path):
    rows = [sample(0, "wrong", think=0, answer="", gold=None, vote=None, read=None, detail="")]
    _, page = page_of(tmp_path, rows, rows)
    assert "no thinking" in page.text
    assert "decided by hidden tests" in page.text


def test_tasks_take_turns_and_unscored_problems_are_counted_apart(tmp_path):
    first = [*statuses("www"), *statuses("ww", task="words"), sample(9, "unscored")]
    run = make_run(tmp_path / "run")
    measure(run, first, first)
    records = read_records(run / "eval" / "before.jsonl")
    found = pair(records, records)
    assert found.kinds["wrong-wrong"] == ["sums/0", "words/0", "sums/1", "words/1", "sums/2"]
    assert found.unscored == 1
    assert "1 problems were left out: a side could not be scored" in Page(write_report(run).read_text()).text


def test_greedy_responses_stand_in_where_nothing_was_sampled(tmp_path):
    _, page = page_of(tmp_path, statuses("w", decode="greedy"), statuses("r", decode="greedy"))
    assert "The first greedy response" in page.text
    assert "Not measured on held-out problems with sampling." in page.text
