import pytest
from report_runs import header, sample, write_records

from verigrad.errors import RunError
from verigrad.evaluate.metrics import powers, quantiles, summarize
from verigrad.evaluate.pass_at_k import pass_at_k
from verigrad.evaluate.records import read_records
from verigrad.evaluate.stats import wilson


def records(tmp_path, rows, seconds=None, **measured):
    write_records(tmp_path / "r.jsonl", rows, **measured)
    if seconds:
        (tmp_path / "r.seconds.jsonl").write_text(f'{{"seconds": {seconds}}}\n')
    return read_records(tmp_path / "r.jsonl")


def responses(i, right, n, **more):
    return [sample(i, "correct" if k < right else "wrong", k=k, **more) for k in range(n)]


def only(lines, **wanted):
    (found,) = [line for line in lines if all(getattr(line, name) == value for name, value in wanted.items())]
    return found


def test_one_sample_each_is_wilsons_interval(tmp_path):
    lines = summarize(records(tmp_path, [sample(i, "correct" if i < 24 else "wrong") for i in range(30)]))
    assert only(lines, task="all").accuracy == wilson(24, 30)


def test_avg_pass_and_vote_over_problems(tmp_path):
    """avg@16 is the mean over problems; treating missing samples as wrong would divide it (lighteval #771)."""
    rows = [row for i, right in enumerate((4, 4, 16, 0)) for row in responses(i, right, 16)]
    line = only(summarize(records(tmp_path, rows)), task="all")
    assert (line.problems, line.responses, line.samples) == (4, 64, 16)
    assert line.accuracy.mean == pytest.approx((0.25 + 0.25 + 1 + 0) / 4)
    assert line.pass_at[4].mean == pytest.approx((2 * 265 / 364 + 1 + 0) / 4)
    assert line.pass_all[4].mean == pytest.approx((2 * 1 / 1820 + 1 + 0) / 4)
    assert sorted(line.pass_at) == [2, 4, 8, 16]
    assert line.majority.mean == pytest.approx(1 / 4)


def test_k_beyond_the_samples_is_never_reported(tmp_path):
    line = only(summarize(records(tmp_path, [r for i in range(3) for r in responses(i, 1, 8)])), task="all")
    assert max(line.pass_at) == 8
    with pytest.raises(ValueError, match="8"):
        pass_at_k(8, 1, 16)


def test_one_problem_with_fewer_scored_samples_limits_k_and_stays_in_the_set(tmp_path):
    rows = [r for i in range(3) for r in responses(i, 4, 8)]
    rows[-1] = {**rows[-1], "status": "unscored"}
    line = only(summarize(records(tmp_path, rows)), task="all")
    assert (line.samples, sorted(line.pass_at), line.problems, line.unscored) == (7, [2, 4, 7], 3, 1)
    assert line.accuracy.mean == pytest.approx((0.5 + 0.5 + 4 / 7) / 3)


def test_unscored_is_apart_and_never_0(tmp_path):
    rows = [sample(0, "correct"), sample(1, "unscored")]
    line = only(summarize(records(tmp_path, rows)), task="all")
    assert (line.accuracy.mean, line.problems, line.unscored) == (1.0, 1, 1)
    nothing = only(summarize(records(tmp_path, [sample(1, "unscored")])), task="all")
    assert (nothing.accuracy, nothing.problems, nothing.unscored, nothing.cost.tokens) == (None, 0, 1, None)


def test_groups_go_by_problem_not_by_place(tmp_path):
    """Samples that lie round by round are still those of their own problems (verifiers 2025-10 mixed them)."""
    rows = [sample(i, "correct" if i == 0 else "wrong", k=k) for k in range(4) for i in range(4)]
    line = only(summarize(records(tmp_path, rows)), task="all")
    assert line.pass_all[4].mean == pytest.approx(1 / 4)
    mixed = sum(pass_at_k(4, sum(r["status"] == "correct" for r in rows[i : i + 4]), 4) for i in range(0, 16, 4)) / 4
    assert mixed == 1.0  # what consecutive rows would give
    assert line.pass_at[4].mean == pytest.approx(1 / 4)


def test_the_interval_of_all_tasks_is_over_problems_not_a_mean_of_means(tmp_path):
    """lighteval averages the errors of subtasks."""
    rows = [sample(i, "correct" if i % 2 else "wrong", task="a") for i in range(90)]
    rows += [sample(i, "correct", task="b") for i in range(10)]
    lines = summarize(records(tmp_path, rows))
    assert only(lines, task="all").accuracy == wilson(55, 100)
    assert only(lines, task="b", level=None).accuracy == wilson(10, 10)


def test_ties_are_fair_and_what_was_not_read_does_not_vote(tmp_path):
    votes = ["9", "2", None, None]  # gold is 2: a tie of two, two say nothing
    rows = [sample(0, "correct" if v == "2" else "wrong", k=k, vote=v) for k, v in enumerate(votes)]
    assert only(summarize(records(tmp_path, rows)), task="all").majority.mean == 0.5
    silent = [sample(0, "no_answer", k=k, vote=None) for k in range(4)]
    assert only(summarize(records(tmp_path, silent)), task="all").majority.mean == 0


def test_programs_are_not_voted_on(tmp_path):
    rows = [sample(0, "correct", k=k, vote=None, gold=None, task="code") for k in range(4)]
    rows += responses(1, 3, 4, task="sums")
    lines = summarize(records(tmp_path, rows))
    assert only(lines, task="code", level=None).majority is None
    assert only(lines, task="all").majority.mean == 1.0  # of the sums alone


def test_problems_of_one_stem_are_one_cluster(tmp_path):
    rows = [sample(i, "correct" if i // 4 in (0, 2, 3) else "wrong", cluster=f"c{i // 4}") for i in range(20)]
    apart = [{**row, "cluster": row["problem"]} for row in rows]
    together, single = (only(summarize(records(tmp_path, r)), task="all").accuracy for r in (rows, apart))
    assert together.high - together.low > 1.5 * (single.high - single.low)


def test_per_split_task_and_level(tmp_path):
    rows = [sample(i, "correct", level=2) for i in range(3)] + [sample(i, "wrong", level=10) for i in range(3, 6)]
    rows += [sample(i, "wrong", split="ood", level=None) for i in range(2)]
    lines = summarize(records(tmp_path, rows))
    assert [(x.split, x.task, x.level) for x in lines] == [
        ("held_out", "all", None), ("held_out", "sums", None), ("held_out", "sums", 2), ("held_out", "sums", 10),
        ("ood", "all", None), ("ood", "sums", None),
    ]  # fmt: skip
    assert only(lines, level=2).accuracy.mean == 1.0


def test_form_length_and_cost(tmp_path):
    rows = [
        sample(0, "correct", num_tokens=10, think_tokens=4),
        sample(1, "correct", num_tokens=20, think_tokens=8, finished=False),
        sample(2, "wrong", num_tokens=70, think_tokens=60, format=False, forced=True),
        sample(3, "unscored", num_tokens=500, think_tokens=1),
    ]
    line = only(summarize(records(tmp_path, rows, seconds=60, parameters=1000)), task="all")
    assert (line.truncation_rate, line.format_rate, line.forced_rate) == (1 / 3, 2 / 3, 1 / 3)
    assert line.cost.tokens == 50
    assert line.cost.flops == 2 * 1000 * 50
    assert line.cost.seconds == pytest.approx(60 / 600 * 50)
    assert line.think_right == (pytest.approx(4.4), 6, pytest.approx(7.6))
    assert line.think_wrong == (60, 60, 60)
    unsolved = only(summarize(records(tmp_path, [sample(0, "wrong")], parameters=None)), task="all")
    assert (unsolved.cost.tokens, unsolved.cost.flops, unsolved.think_right) == (None, None, None)


def test_no_samples_yet_is_said(tmp_path):
    write_records(tmp_path / "r.jsonl", [])
    with pytest.raises(RunError, match="no sample is recorded yet"):
        summarize(read_records(tmp_path / "r.jsonl"))


def test_powers_and_quantiles():
    assert [powers(n) for n in (0, 1, 2, 3, 8, 10)] == [[], [], [2], [2, 3], [2, 4, 8], [2, 4, 8, 10]]
    assert quantiles([]) is None
    assert quantiles([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) == (2, 6, 10)


def test_the_same_file_gives_the_same_numbers(tmp_path):
    rows = [r for i in range(10) for r in responses(i, i % 5, 4)]
    assert summarize(records(tmp_path, rows)) == summarize(records(tmp_path, rows))
    assert header(rows)["measured"]["samples"] == 40
