"""A run that was killed and started again is the run that was never killed, byte for byte."""

import itertools
import json
import os
import signal

import pytest
from processes import finish, kill_when, start, wait_until
from runs import REFERENCE, STEPS, assert_same, lines, outcome, recipe, settings

UNKILLED = {}


def unkilled(problems, tmp_path_factory, ranks, *more):
    """Return the outcome of the run that was never killed, made once per kind."""
    if (ranks, more) not in UNKILLED:
        folder = tmp_path_factory.mktemp("unkilled") / "run"
        log = folder.parent / "log"
        assert finish(start(recipe(problems, folder, *more), log, ranks)) == [0] * ranks, log.read_text()[-3000:]
        assert json.loads((folder / "run.json").read_text())["world_size"] == ranks
        UNKILLED[ranks, more] = outcome(folder)
    return UNKILLED[ranks, more]


def check(problems, tmp_path_factory, kills, ranks, *more):
    """Kill a run after each of ``kills`` lines of metrics, start it again, and compare it with the one never killed."""
    whole = unkilled(problems, tmp_path_factory, ranks, *more)
    folder = tmp_path_factory.mktemp("killed") / "run"
    log = folder.parent / "log"
    arguments = recipe(problems, folder, *more)
    killed = [kill_when(start(arguments, log, ranks), lambda k=k: lines(folder) >= k) for k in kills]
    assert all(killed), log.read_text()[-3000:]
    assert finish(start(arguments, log, ranks)) == [0] * ranks, log.read_text()[-3000:]
    assert_same(outcome(folder), whole)
    assert not list((folder / "checkpoints").glob("broken*"))


@pytest.mark.parametrize(
    ("kills", "ranks", "more"),
    [
        ([5], 1, settings(1, 1, "none")),
        ([3, 10], 1, settings(2, 2, "moving")),
        ([6], 2, settings(2, 1, "fixed")),
    ],
)
def test_a_killed_run_goes_on_exactly(problems, tmp_path_factory, kills, ranks, more):
    check(problems, tmp_path_factory, kills, ranks, *more)


LORA = ["lora={rank: 4, dropout: 0.1}", "grpo.learning_rate=3e-3", "grpo.beta=0.02", "save_every=1"]
CHANGING = ["max_refills=2", "curriculum={window: 1, up: 0.3}", "grpo.gradient_accumulation_steps=2", "save_every=2",
            "tasks=[{name: chain_sum, options: {difficulty: [2, 4]}}]"]  # fmt: skip


@pytest.mark.parametrize(("kill", "more"), [(5, LORA), (7, CHANGING)], ids=["adapter", "refills and curriculum"])
def test_what_training_changes_beside_the_weights_is_resumed(problems, tmp_path_factory, kill, more):
    check(problems, tmp_path_factory, [kill], 1, *more)


@pytest.mark.slow
def test_three_ranks_add_in_the_same_order_again(problems, tmp_path_factory):
    check(problems, tmp_path_factory, [5], 3, "prompts_per_step=3", "grpo.beta=0.05", "save_every=1")


@pytest.mark.slow
@pytest.mark.parametrize("kill", [2, 6, 9])
@pytest.mark.parametrize("more", [LORA, CHANGING], ids=["adapter", "refills and curriculum"])
def test_the_same_on_two_ranks(problems, tmp_path_factory, kill, more):
    check(problems, tmp_path_factory, [kill], 2, *more)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_killed_supervised_run_goes_on_exactly(tmp_path, ranks):
    weights = []
    for name, kill in (("whole", None), ("killed", 5)):
        folder = tmp_path / name
        arguments = ["recipes/tiny/pretrain.yaml", f"output_dir={folder}", "phases=[{steps: 9}, {steps: 3, think_share: 0.2}]",
                     "sequences_per_step=8", "save_every=2"]  # fmt: skip
        if kill is not None:
            assert kill_when(start(arguments, tmp_path / "log", ranks), lambda f=folder, k=kill: lines(f) + 1 >= k)
        assert finish(start(arguments, tmp_path / "log", ranks)) == [0] * ranks, (tmp_path / "log").read_text()[-3000:]
        weights.append(outcome(folder)[:2])
    assert weights[0] == weights[1]
    assert len(weights[0][1]) == 12


@pytest.mark.parametrize(("number", "ranks"), [(signal.SIGTERM, 1), (signal.SIGINT, 2)])
def test_a_run_that_is_asked_to_stop_saves_and_goes_on_exactly(problems, tmp_path_factory, number, ranks):
    more = settings(2, 1, "fixed")
    folder = tmp_path_factory.mktemp("asked") / "run"
    log = folder.parent / "log"
    processes = start(recipe(problems, folder, *more), log, ranks)
    wait_until(processes, lambda: lines(folder) >= 3)
    os.kill(processes[-1].pid, number)  # one rank is enough
    assert finish(processes) == [75] * ranks, log.read_text()[-3000:]
    said = log.read_text()
    assert f"stopped by {number.name} after step 4 of 12, which is saved; start the same command again" in said
    assert said.count("error:") == 1
    assert not (folder / "model").exists()
    assert finish(start(recipe(problems, folder, *more), log, ranks)) == [0] * ranks, log.read_text()[-3000:]
    assert_same(outcome(folder), unkilled(problems, tmp_path_factory, ranks, *more))


@pytest.mark.slow
@pytest.mark.parametrize("kill", range(STEPS))
@pytest.mark.parametrize(
    ("generation", "iterations", "reference", "ranks"),
    list(itertools.product((1, 2), (1, 2), REFERENCE, (1, 2))),
)
def test_the_kill_matrix(problems, tmp_path_factory, kill, generation, iterations, reference, ranks):
    check(problems, tmp_path_factory, [kill], ranks, *settings(generation, iterations, reference))
