import json
import math
from pathlib import Path

import pytest

from verigrad.errors import RunError
from verigrad.evaluate.metrics import compare, summarize, verdict
from verigrad.evaluate.records import open_records, read_records
from verigrad.evaluate.stats import mean_interval, t_quantile, wilson
from verigrad.grade import grade_file
from verigrad.lines import append_lines
from verigrad.thinking import think_length
from verigrad.train.rollouts import step_metrics
from verigrad_rewards.structure import Tags

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17:857
        (81, 263, 0.255289, 0.366210), (15, 148, 0.062386, 0.160487), (0, 20, 0, 0.161125),
        (1, 29, 0.006113, 0.171755), (30, 30, 0.886487, 1),
    ],
)  # fmt: skip
def test_wilson_agrees_with_published_intervals(right, n, low, high):
    estimate = wilson(right, n)
    assert (estimate.low, estimate.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))


@pytest.mark.parametrize(("df", "t"), [(3, 3.182446), (9, 2.262157), (29, 2.045230), (999, 1.962341)])
def test_t_quantiles(df, t):
    assert t_quantile(df) == pytest.approx(t, abs=1e-3)


def test_interval_of_seven_right_in_ten():
    estimate = mean_interval([1.0] * 7 + [0.0] * 3)
    assert (estimate.high - estimate.low) / 2 == pytest.approx(2.262157 * 0.1527525, abs=1e-3)
    assert mean_interval([1.0]).high == math.inf


def sample(problem, status, **more):
    return {
        "kind": "sample", "key": problem, "problem": problem, "task": problem.split("/")[0], "split": "held_out",
        "decode": "sampled", "sample": 0, "status": status, "format": True, "finished": True, "think_length": 3,
    } | more  # fmt: skip


def test_paired_change_from_reference_numbers():
    a, b = [0.2, 0.5, 0.7, 0.9, 0.1, 0.4, 0.6, 0.8], [0.3, 0.55, 0.8, 0.85, 0.25, 0.5, 0.75, 0.9]

    def spread(shares):
        return [
            sample(f"t/{i}", "correct" if k < round(20 * share) else "wrong", sample=k)
            for i, share in enumerate(shares)
            for k in range(20)
        ]

    change = compare(spread(a), spread(b), "held_out", "sampled")
    assert change.delta == pytest.approx(0.0875)
    assert (change.high - change.low) / 2 == pytest.approx(2.364624 * 0.0226582, abs=1e-3)
    assert (change.wins, change.losses, change.ties) == (7, 1, 0)


def test_verdict_says_what_can_be_shown():
    before = [sample(f"t/{i}", "wrong") for i in range(50)]
    after = [sample(f"t/{i}", "correct" if i < 25 else "wrong") for i in range(50)]
    assert verdict(compare(before, after, "held_out", "sampled")).startswith("Training raised held-out accuracy from 0")
    assert verdict(compare(after, before, "held_out", "sampled")).startswith("Training lowered")
    assert verdict(compare(after, after, "held_out", "sampled")).startswith("No change")


def test_compare_refuses_other_problems():
    with pytest.raises(RunError, match="different problems"):
        compare([sample("t/1", "wrong")], [sample("t/2", "wrong")], "held_out", "sampled")


def test_unscored_counts_neither_way():
    (row, _) = summarize([sample("t/1", "correct"), sample("t/2", "unscored")])
    assert (row.accuracy, row.problems, row.unscored) == (1.0, 1, 1)


def test_records_survive_a_torn_line_and_refuse_another_measurement(tmp_path):
    file = tmp_path / "eval" / "a.jsonl"
    assert open_records(file, {"identity": "x"}) == set()
    append_lines(file, [sample("t/1", "correct")])
    with file.open("a") as stream:
        stream.write('{"kind": "sam')
    assert open_records(file, {"identity": "x"}) == {"t/1"}
    assert [r["key"] for r in read_records(file)] == ["t/1"]
    with pytest.raises(RunError, match="holds samples of another model"):
        open_records(file, {"identity": "y"})


def test_foreign_files_are_no_records(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(RunError, match="its first line is not their header"):
        read_records(tmp_path / "a.jsonl")
    with pytest.raises(RunError, match="no such records"):
        read_records(tmp_path / "b.jsonl")


def rollout(status, reward, text="<think>ab</think><answer>1</answer>", finished=True):
    return {
        "task": "t", "reward": reward, "correctness": {"status": status}, "response": text, "num_tokens": 4,
        "format": True, "finished": finished, "advantage": reward - 0.35,
    }  # fmt: skip


def test_step_metrics_are_a_function_of_the_rollouts():
    rollouts = [rollout("correct", 1.1), rollout("wrong", 0.1), rollout("wrong", 0.1), rollout("wrong", 0.1, "", False)]
    numbers = step_metrics(rollouts, 2, Tags())
    assert numbers["accuracy"] == 0.25
    assert numbers["no_signal"] == 0.5
    assert numbers["truncated"] == 0.25
    assert numbers["think_length"] == pytest.approx(1.5)
    assert numbers["reward"] == pytest.approx(0.35)
    assert think_length("no thinking", Tags()) == 0


@pytest.mark.skipif(
    not (DATA / "gsm8k_responses.jsonl").is_file(), reason="the shared data is not beside this checkout"
)
def test_grading_real_responses_agrees_with_people():
    summary = grade_file(DATA / "gsm8k_responses.jsonl", "gsm8k", ("answer", "boxed", "mark"))
    assert (summary.agreed, summary.labelled) == (600, 600)


def test_grade_refuses_bad_input(tmp_path):
    file = tmp_path / "r.jsonl"
    file.write_text(json.dumps({"response": "A: 1", "gold": "1"}) + "\n" + json.dumps({"gold": "1"}) + "\n")
    with pytest.raises(RunError, match="r.jsonl:2: field 'response' is None"):
        grade_file(file, "gsm8k", ("mark",))
    with pytest.raises(RunError, match="'guess' is unknown"):
        grade_file(file, "gsm8k", ("guess",))
    with pytest.raises(RunError, match="task functions: is not scored by its answer alone"):
        grade_file(file, "functions", ("mark",))
