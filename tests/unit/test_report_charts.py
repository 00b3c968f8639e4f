import re

import pytest
from report_runs import archive, make_run, rollout, statuses, write_records

from verigrad.evaluate.records import Records, read_records
from verigrad.report.charts import Curve, chart
from verigrad.report.parts import means, reward_parts, spread_out
from verigrad.report.scale import label, limits, spacing, thinned, ticks
from verigrad.report.text import big, clean, cut, duration, name, p_value
from verigrad.report.tradeoff import bin_points


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [(0, 1, 5, 0.2), (0, 45, 5, 10), (0, 0.05, 4, 0.02), (-0.6, 0.2, 4, 0.2), (0, 20_000, 4, 5000)],
)
def test_marks_stand_at_round_distances(low, high, count, expected):
    assert spacing(low, high, count) == pytest.approx(expected)
    marks = ticks(low, high, expected)
    assert all(low - 1e-9 <= mark <= high + 1e-9 for mark in marks)
    assert 2 <= len(marks) <= count + 2


def test_axis_has_zero_and_shares_keep_their_scale():
    assert limits([3.0, 7.0], shares=False) == (0.0, 8.0)
    assert limits([-0.41, 0.02], shares=False) == (pytest.approx(-0.6), pytest.approx(0.2))
    assert limits([0.0], shares=False) == (0.0, 1.0)
    assert limits([0.9], shares=True) == (0.0, 1.0)
    assert limits([0.03], shares=True) == (0.0, 0.05)


@pytest.mark.parametrize(
    ("value", "step", "shares", "expected"),
    [(0.2, 0.2, True, "20 %"), (0.025, 0.005, True, "2.5 %"), (-0.4, 0.2, False, "-0.4"), (0, 10, False, "0"),
     (20_000, 5000, False, "20k"), (2_500_000, 500_000, False, "2.5M")],
)  # fmt: skip
def test_labels_tell_marks_apart(value, step, shares, expected):
    assert label(value, step, shares=shares) == expected


def test_many_points_become_means_with_their_range():
    points, spread, size = thinned([(float(i), float(i % 2)) for i in range(400)])
    assert size == 3
    assert len(points) == 134
    assert points[0] == (1.0, pytest.approx(1 / 3))
    assert spread[0] == (1.0, 0.0, 1.0)
    assert thinned([(0.0, 1.0)]) == ([(0.0, 1.0)], [], 1)


def test_chart_draws_points_in_place_and_says_what_it_shows():
    svg = str(chart("Loss", [Curve("loss", "c0", [(0, 0.0), (10, 1.0)])], y="loss"))
    assert re.search(r'<polyline points="50.0,164.0 326.0,28.0" class="curve c0"/>', svg)
    assert "<title>Loss</title><desc>loss: 0 at 0 to 1 at 10 (optimizer step)</desc>" in svg
    assert 'class="keys"' not in svg
    assert chart("Nothing", [Curve("x", "c0", [])]) == ""


def test_single_point_and_single_value_are_drawn():
    svg = str(chart("One", [Curve("x", "c0", [(5, 0.5)], [(5, 0.4, 0.6)])], y="% right"))
    assert svg.count("<circle") == 1
    assert "nan" not in svg


def test_texts_at_points_do_not_run_into_each_other():
    points = [(0, 0.5), (1, 0.5), (100, 0.5)]
    svg = str(chart("x", [Curve("x", "c0", points, notes=["n=10", "n=20", "n=30"])], y="% right"))
    assert re.findall(r"n=\d+", svg) == ["n=30", "n=20"]


def test_parts_are_weighted_and_leave_out_what_was_replaced(tmp_path):
    run = make_run(tmp_path / "run", steps=2)
    archive(run, 2, [rollout(1.0), rollout(0.0), rollout(1.0, kept=False)])
    found = reward_parts(run, {"shaping": [{"name": "think_answer", "weight": 0.1}]})
    assert found.points == {"correctness": [(1, 0.25), (2, 0.5)], "think_answer": [(1, 0.1), (2, 0.1)]}
    assert (found.read, found.steps, found.damaged) == (2, 2, 0)


def test_parts_of_odd_rows_are_left_out():
    assert means([{}, {"correctness": None, "shaping": []}, {"correctness": {"reward": None}}, rollout(0.5)]) == {
        "correctness": 0.5, "think_answer": 1.0,
    }  # fmt: skip


def test_steps_that_are_read_are_few_and_spread(tmp_path, monkeypatch):
    run = make_run(tmp_path / "run", steps=9)
    assert spread_out(run, range(1, 10)) == list(range(1, 10))
    monkeypatch.setattr("verigrad.report.parts.MOST_STEPS", 3)
    assert spread_out(run, range(1, 10)) == [1, 5, 9]
    monkeypatch.setattr("verigrad.report.parts.MOST_BYTES", 1)
    assert spread_out(run, range(1, 10)) == [1]


def test_bins_hold_every_scored_response_once(tmp_path):
    rows = [row for n, word in enumerate("wwwrr") for row in statuses(word * 4, think=n, task=f"t{n}")]
    write_records(tmp_path / "eval" / "x.jsonl", rows)
    records: Records = read_records(tmp_path / "eval" / "x.jsonl")
    points = bin_points(records)
    assert [(x, found.mean, note) for x, found, note in points] == [
        (0, 0.0, "n=4"), (1, 0.0, "n=4"), (2, 0.0, "n=4"), (3, 1.0, "n=4"), (4, 1.0, "n=4"),
    ]  # fmt: skip


def test_numbers_read_well():
    assert [p_value(p) for p in (None, 1e-9, 0.0123, 0.5)] == ["–", "< 0.001", "0.012", "0.50"]
    assert [big(n) for n in (None, 12, 44_300_000, 2.5e12)] == ["–", "12", "44.3 M", "2.5 T"]
    assert [duration(s) for s in (None, 0.011, 16, 130, 7300)] == ["–", "0.011 s", "16 s", "2 min 10 s", "2 h 1 min"]


def test_text_is_bounded_visible_and_isolated():
    assert cut("abcdefghij", 6) == "abcd … 4 characters left out … ij"
    assert clean("a\u202eb\x1b\u200b\ud800\u3000é") == "a⟨202e⟩b⟨1b⟩⟨200b⟩⟨d800⟩\u3000é"
    assert name("<b>\n") == "<bdi>&lt;b&gt;⏎</bdi>"
