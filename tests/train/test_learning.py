"""What decides which rollouts are made and what they teach: refills, pass rates, curriculum, preflight, guard."""

import json
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from processes import finish, start

from verigrad.archive import read_rollouts
from verigrad.lines import read_lines
from verigrad.train.checkpoint import best_step, checkpoints, fault, step_of
from verigrad.train.collect import Collector, rollout_seeds
from verigrad.train.measure import Scored
from verigrad.train.prompts import Prompts
from verigrad_rewards.combine import Score
from verigrad_rewards.types import Problem, Response, Status, Verdict

ROOT = Path(__file__).parents[2]
SMALL = [
    "max_steps=4", "prompts_per_step=4", "group_size=4", "max_response_tokens=40", "eval.every=0", "preflight.problems=0",
    "scoring.workers=1", "tasks=[{name: chain_sum, options: {difficulty: [3, 6]}}]",
]  # fmt: skip


def train(folder, *overrides, ranks=1, code=0):
    """Return what a run printed."""
    log = folder.parent / f"{folder.name}.log"
    arguments = ["recipes/tiny/grpo.yaml", f"output_dir={folder}", *SMALL, *overrides]
    assert finish(start(arguments, log, ranks)) == [code] * ranks, log.read_text()[-3000:]
    return log.read_text()


def collector(solved, max_refills):
    """Return a collector over 20 problems; those in ``solved`` are always right, the others every other time."""
    problems = [Problem(f"t/train/{i}", "q", "1") for i in range(20)]

    def sampler(asked, seeds):
        rewards = [1.0 if int(p.id[8:]) in solved else float(seed % 2) for p, seed in zip(asked, seeds, strict=True)]
        return [Scored([1], Response("x", 1), Score(r, Verdict(r, Status.CORRECT), {})) for r in rewards]

    return Collector(problems, Prompts(problems, 0, None), sampler, Accelerator(cpu=True), 4, 4, max_refills, 0)


def test_groups_without_signal_are_refilled_from_the_next_problems():
    first = set(Prompts([Problem(str(i), "q") for i in range(20)], 0, None).draw(4)[:2])
    collected = collector(first, max_refills=2).collect(0)
    assert (collected.refilled, len(collected.replaced), len(collected.kept)) == (2, 8, 16)
    assert {a.row for a in collected.replaced} == first
    assert not first & {a.row for a in collected.kept}
    assert [a.place for a in collected.kept] == list(range(16))
    assert collected.rewards.tolist() == [[0.0, 1.0, 0.0, 1.0]] * 4
    for group in range(4):
        assert len({a.row for a in collected.kept[group * 4 : group * 4 + 4]}) == 1


def test_refills_end_at_the_bound_and_what_has_no_signal_stays():
    collected = collector(set(range(20)), max_refills=3).collect(0)
    assert (collected.refilled, len(collected.kept)) == (12, 16)
    assert collected.rewards.eq(1).all()
    assert collector(set(range(20)), max_refills=0).collect(0).refilled == 0


def test_seeds_differ_by_rollout_place_and_run():
    seeds = [s for seed in range(3) for rollout in range(50) for s in rollout_seeds(seed, rollout, range(128))]
    assert len(set(seeds)) == len(seeds)


def test_a_run_with_refills_logs_its_effective_batch(tmp_path):
    train(tmp_path / "run", "max_refills=2")
    metrics = read_lines(tmp_path / "run" / "metrics.jsonl")
    rows = list(read_rollouts(tmp_path / "run"))
    assert sum(m["refilled"] for m in metrics) > 0
    for line in metrics:
        mine = [r for r in rows if r["step"] == line["step"]]
        assert sum(r["kept"] for r in mine) == line["responses"] == 16
        assert sum(not r["kept"] for r in mine) == 4 * line["refilled"]
        assert line["effective_responses"] == sum(bool(r["advantage"]) for r in mine)
    places = [r["place"] for r in rows if r["step"] == 1 and r["kept"]]
    assert places == list(range(16))


def test_pass_rates_are_measured_once_and_filter_the_problems(tmp_path):
    wanted = [f"pass_rates={{samples: 4, low: 0.0, high: 0.6, cache: {tmp_path}/cache}}", "max_steps=2"]
    said = train(tmp_path / "a", *wanted)
    assert "pass rates: 8 train problems at 4 samples each: " in said
    (file,) = (tmp_path / "cache").iterdir()
    rates = {r["problem"]: r["rate"] for r in read_lines(file)}
    assert len(rates) == 8
    assert all(rates[r["problem"]] <= 0.6 for r in read_rollouts(tmp_path / "a"))
    before = file.read_bytes()
    file.write_bytes(before[:-30])  # killed while it was written: only the last is measured again, to the same rate
    train(tmp_path / "b", *wanted)
    assert {r["problem"]: r["rate"] for r in read_lines(file)} == rates
    assert list(read_rollouts(tmp_path / "a")) == list(read_rollouts(tmp_path / "b"))


def test_a_filter_that_leaves_nothing_is_refused(tmp_path):
    said = train(tmp_path / "a", f"pass_rates={{samples: 2, low: 0.9, high: 0.95, cache: {tmp_path}/cache}}", code=2)
    assert "so none is left; widen pass_rates.low and .high" in said


def test_a_curriculum_begins_easy_and_follows_accuracy(tmp_path):
    train(tmp_path / "run", "curriculum={window: 1, up: 0.1, down: 0.0}", "max_steps=6", "group_size=8",
          "tasks=[{name: chain_sum, options: {difficulty: [2, 6]}}]")  # fmt: skip
    terms = {}
    for row in read_rollouts(tmp_path / "run"):
        terms.setdefault(row["step"], set()).add(row["question"].count("+") + row["question"].count("-") + 1)
    assert terms[1] == {2}
    assert all(len(levels) == 1 for levels in terms.values())
    assert max(max(levels) for levels in terms.values()) > 2
    dials = [m["dial"] for m in read_lines(tmp_path / "run" / "metrics.jsonl")]
    assert [min(terms[step]) - 2 for step in sorted(terms)] == dials


def test_truncated_responses_can_be_masked_from_the_loss(tmp_path):
    train(tmp_path / "run", "max_response_tokens=12", "grpo.mask_truncated_completions=true", "max_steps=2",
          "guard.truncated_rollouts=0")  # fmt: skip
    metrics = read_lines(tmp_path / "run" / "metrics.jsonl")
    assert all(0 < m["truncated"] < 1 for m in metrics)
    assert all(isinstance(m["loss"], float) for m in metrics)


@pytest.mark.parametrize("advantage", ["dr_grpo", "rloo"])
def test_other_advantages_reach_the_update(tmp_path, advantage):
    train(tmp_path / "run", f"advantage={advantage}", "max_steps=1")
    rows = list(read_rollouts(tmp_path / "run"))
    rewards = torch.tensor([r["reward"] for r in rows]).view(4, 4)
    expected = rewards - rewards.mean(1, keepdim=True)
    expected = expected * 4 / 3 if advantage == "rloo" else expected
    assert torch.tensor([r["advantage"] for r in rows]).view(4, 4) == pytest.approx(expected, abs=1e-5)


def test_the_preflight_tells_what_it_saw_and_refuses_a_dead_run(tmp_path):
    said = train(tmp_path / "a", "max_steps=1", "preflight.problems=4")
    assert "preflight: 4 train problems × 4 responses: format " in said
    assert "think tag: the model opens it" in said
    found = json.loads((tmp_path / "a" / "preflight.json").read_text())
    assert {"format", "pass@1", "pass@4", "groups_without_signal", "truncated", "ended", "think_prefilled"} <= set(
        found
    )
    dead = ["preflight.problems=4", "tasks=[{name: chain_sum, options: {difficulty: [12, 12]}}]", "shaping=[]",
            "max_steps=1", "max_response_tokens=90"]  # fmt: skip
    said = train(tmp_path / "b", *dead, code=1)
    assert "of the groups earn the same for every response; there is nothing to learn from: pass@1 is 0 %" in said
    assert "preflight.allow_dead=true trains all the same" in said
    train(tmp_path / "b", *dead, "preflight.allow_dead=true")


def test_a_collapsing_run_stops_and_keeps_its_best_checkpoint(tmp_path):
    run = tmp_path / "run"
    said = train(run, "grpo.learning_rate=1e-3", "max_steps=40", "eval.every=1", "eval.every_problems=64",
                 "guard={max_drop: 0.1, no_signal_rollouts: 0, truncated_rollouts: 0, max_repetition: 0}",
                 "save_every=1", "keep_checkpoints=1", "tasks=[{name: functions, options: {difficulty: [1, 4]}}]", code=1)  # fmt: skip
    assert "held-out accuracy" in said
    start, *metrics = read_lines(run / "metrics.jsonl")
    best = max(metrics, key=lambda m: m["held_out_accuracy"])
    assert start["step"] == 0
    assert f"The best held-out checkpoint is {run}/checkpoints/checkpoint-{best['step']:06d}" in said
    assert best_step(run / "checkpoints") == best["step"]
    assert {step_of(c) for c in checkpoints(run / "checkpoints")} == {best["step"], len(metrics)}
    assert all(fault(c) is None for c in checkpoints(run / "checkpoints"))
    assert not (run / "model").exists()


def test_a_random_control_runs_to_its_end(tmp_path):
    train(tmp_path / "run", "control=random", "grpo.learning_rate=3e-3", "max_steps=6", "eval.every=1",
          "guard={max_drop: 0.01, no_signal_rollouts: 1, truncated_rollouts: 1, patience: 1}")  # fmt: skip
    assert len(read_lines(tmp_path / "run" / "metrics.jsonl")) == 1 + 6
