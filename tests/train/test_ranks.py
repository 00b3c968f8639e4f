"""Whatever happens to one process of a run, all of them end within 30 s, and starting again goes on.

The processes are those of a user: `accelerate launch`, the ranks it starts, their scoring workers, their code judges.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from processes import finish, free_port, start, wait_until
from runs import STEPS, assert_same, outcome, recipe, settings
from test_resume import unkilled

from verigrad.archive import read_rollouts
from verigrad.lines import read_lines
from verigrad.processes.watchdog import DUMP_S, POLL_S, TURN_POLLS
from verigrad.recipe.schema import Recipe
from verigrad.train.checkpoint import checkpoints, fault, step_of

ROOT = Path(__file__).parents[2]
PROMISE_S = 30  # of shared/reference/reliability.md, promise 9
MARK = "VERIGRAD_TEST_RUN"
ENDLESS = [
    "recipes/tiny/grpo.yaml", "max_steps=40", "prompts_per_step=2", "group_size=4", "max_response_tokens=20",
    "preflight.problems=0", "eval.every=0", "guard.no_signal_rollouts=0", "scoring.workers=1",
    "tasks=[{name: functions, options: {difficulty: [1, 2]}}]",
]  # fmt: skip


class Started:
    """A run that a launcher, or plain python where ``config`` is None, has been asked for.

    Everything it starts is known by a mark in its environment, or by its ancestors: judges have an environment of their
    own, so `look` must be called while their ancestors live.
    """

    def __init__(self, arguments, folder, config="cpu2", path=None):
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder, self.log = folder, folder.parent / "log"
        self.mark = f"{MARK}={folder}-{time.monotonic_ns()}".encode()
        self.known = {}
        launcher = ["-m", "accelerate.commands.launch", "--main_process_port", str(free_port()), "--config_file",
                    f"recipes/accelerate/{config}.yaml"]  # fmt: skip
        command = [sys.executable, *(launcher if config else []), "-m", "verigrad.train", *arguments,
                   f"output_dir={folder}"]  # fmt: skip
        name, _, value = self.mark.decode().partition("=")
        env = {**os.environ, name: value, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
        if config is None:
            env["PYTHONPATH"] = f"{ROOT}/src:{ROOT}/rewards"
        if path:
            env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(path), env.get("PYTHONPATH")]))
        with self.log.open("a") as stream:
            self.main = subprocess.Popen(
                command,
                cwd=ROOT,
                env=env,
                stdout=stream,
                stderr=stream,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.look():
            os.kill(process.pid, signal.SIGKILL)
        self.main.wait()

    def look(self):
        """Return every living process of the run."""
        marked = [p for p in psutil.process_iter() if self.is_marked(p)]
        for process in [*marked, *self.known.values()]:
            try:
                family = [process, *process.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue
            self.known.update({p.pid: p for p in family if p.pid not in self.known or p != self.known[p.pid]})
        return [p for p in self.known.values() if is_alive(p)]

    def is_marked(self, process):
        try:
            return self.mark in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False

    def ranks(self):
        """Return the ranks, by number."""
        children = psutil.Process(self.main.pid).children()
        return [p for _, p in sorted((int(p.environ()["RANK"]), p) for p in children if "RANK" in p.environ())]

    def wait_for_step(self, count, timeout=90):
        """Return once the numbers of ``count`` steps are written."""
        self.wait_until(lambda: step_of_run(self.folder) >= count, timeout)

    def wait_until(self, ready, timeout=90):
        end = time.monotonic() + timeout
        while not ready():
            assert self.main.poll() is None, f"ended early, exit code {self.main.returncode}:\n{self.said()[-4000:]}"
            assert time.monotonic() < end, f"nothing after {timeout} s:\n{self.said()[-4000:]}"
            time.sleep(0.02)

    def seconds_to_end(self):
        """Return how long it took until no process of the run was left, and the exit code of the first one."""
        began = time.monotonic()
        while alive := self.look():
            self.main.poll()  # reaps it
            took = time.monotonic() - began
            assert took < PROMISE_S, (
                f"{took:.0f} s on, these live: {[describe(p) for p in alive]}\n{self.said()[-4000:]}"
            )
            time.sleep(0.05)
        return time.monotonic() - began, self.main.wait()

    def said(self):
        return self.log.read_text(errors="replace")


def is_alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def describe(process):
    try:
        return process.pid, process.status(), " ".join(process.cmdline())[:100]
    except psutil.NoSuchProcess:
        return process.pid, "ended"


def step_of_run(folder):
    """Return the last step whose numbers are written."""
    file = folder / "metrics.jsonl"
    return max((line["step"] for line in read_lines(file)), default=0) if file.is_file() else 0


def steps_saved(folder):
    """Return the steps of all checkpoints, which must be whole, the newest first."""
    found = checkpoints(folder / "checkpoints")
    assert {c.name: fault(c) for c in found} == {c.name: None for c in found}
    return [step_of(c) for c in found]


def a_run_in_full_swing(folder, *more, path=None):
    """Return a run on two ranks that has saved and goes on, with its scoring workers and code judges at work."""
    run = Started([*ENDLESS, "save_every=2", *more], folder, path=path)
    run.wait_until(lambda: step_of_run(folder) >= 3 and step_of_run(folder) % 2)  # no checkpoint is being written
    kinds = [" ".join(p.cmdline()) for p in run.look() if is_alive(p)]
    assert len(run.ranks()) == 2
    assert sum("verigrad_rewards.child" in kind for kind in kinds) == 2, kinds
    assert any("verigrad_rewards/code/" in kind for kind in kinds), f"no code judge: {kinds}"
    return run


def goes_on(folder):
    """Start again, on two ranks, for two steps or more; returns the step of the checkpoint that it went on from."""
    saved, log = steps_saved(folder)[0], folder.parent / "again"
    processes = start([*ENDLESS, "save_every=0", f"output_dir={folder}"], log, ranks=2)
    wait_until(processes, lambda: step_of_run(folder) >= saved + 2)
    os.kill(processes[0].pid, signal.SIGTERM)
    assert finish(processes) == [75, 75], log.read_text()[-4000:]
    assert f"goes on from {folder}/checkpoints/checkpoint-{saved:06d}\n" in log.read_text()
    steps = [line["step"] for line in read_lines(folder / "metrics.jsonl") if line["step"]]
    assert steps == list(range(1, steps_saved(folder)[0] + 1))
    return saved


def test_two_ranks_fill_every_place_also_of_a_group_that_they_share(tmp_path):
    folder = tmp_path / "run"
    more = [a for a in ENDLESS if not a.startswith(("max_steps", "prompts_per_step"))]
    with Started([*more, "max_steps=2", "prompts_per_step=1"], folder) as run:
        assert run.main.wait(120) == 0, run.said()[-4000:]
        assert not run.look()
    assert json.loads((folder / "run.json").read_text())["world_size"] == 2
    rollouts = list(read_rollouts(folder))
    assert [(r["step"], r["place"]) for r in rollouts] == [(step, place) for step in (1, 2) for place in range(4)]
    for step in (1, 2):
        assert len({r["problem"] for r in rollouts if r["step"] == step}) == 1
        assert sum(r["advantage"] for r in rollouts if r["step"] == step) == pytest.approx(0, abs=1e-3)


def test_when_a_rank_is_killed_all_end_and_the_checkpoint_before_is_whole(tmp_path):
    with a_run_in_full_swing(tmp_path / "run") as run:
        run.ranks()[1].kill()
        took, code = run.seconds_to_end()
    assert code == 1
    assert took < PROMISE_S
    assert steps_saved(tmp_path / "run")
    assert not (tmp_path / "run" / "model").exists()


def stacks(said):
    """Return the dump of each rank: the text between its heading and the next."""
    parts = re.split(r"^rank (\d+):\n", said, flags=re.MULTILINE)
    return {int(rank): dump for rank, dump in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize("hung", [1, pytest.param(0, marks=pytest.mark.slow)])
def test_when_a_rank_is_stopped_all_end_and_the_stack_of_the_one_that_waits_is_shown(tmp_path, hung):
    with a_run_in_full_swing(tmp_path / "run", "hang_timeout_s=6") as run:
        run.ranks()[hung].suspend()
        took, code = run.seconds_to_end()
    assert code == 1
    assert 5 < took < 6 + 3 * hung + 12
    said = run.said()
    assert f"rank {1 - hung}: no progress for 6 s; all ranks end" in said
    waiting = stacks(said)[1 - hung]
    assert "most recent call first" in waiting
    assert re.search(
        r"torch/distributed/distributed_c10d.py.* in (all_gather|broadcast|all_reduce|barrier)", waiting
    ) or (
        "in backward" in waiting  # where DistributedDataParallel sums gradients
    ), waiting
    assert "verigrad/train/run.py" in waiting  # from the main thread, to the last frame
    assert steps_saved(tmp_path / "run")


def test_the_default_limit_keeps_the_promise():
    """By arithmetic: the limit, a poll that was just missed, the turn of another rank, the dump, torch's own poll."""
    default = Recipe.__dataclass_fields__["hang_timeout_s"].default
    assert default + POLL_S + TURN_POLLS * POLL_S + DUMP_S + 1 < PROMISE_S


@pytest.mark.slow
def test_when_a_rank_hangs_while_another_saves_all_end(tmp_path):
    folder = tmp_path / "run"
    with Started([*ENDLESS, "save_every=1", "hang_timeout_s=6"], folder) as run:
        run.wait_for_step(2)
        run.wait_until(lambda: any((folder / "checkpoints").glob(".unfinished-*")))
        run.ranks()[1].suspend()
        took, code = run.seconds_to_end()
    assert code == 1
    assert took < PROMISE_S


@pytest.mark.slow
def test_when_a_rank_hangs_in_python_the_stacks_of_both_are_shown(tmp_path):
    hook = tmp_path / "hook" / "sitecustomize.py"
    hook.parent.mkdir()
    hook.write_text(
        "import os, signal, time\n"
        "def never_returns(*_):\n"
        "    while True: time.sleep(1)\n"
        "if os.environ.get('RANK') == '1': signal.signal(signal.SIGUSR2, never_returns)\n"
    )
    with a_run_in_full_swing(tmp_path / "run", "hang_timeout_s=6", path=hook.parent) as run:
        run.ranks()[1].send_signal(signal.SIGUSR2)
        took, code = run.seconds_to_end()
    assert code == 1
    assert 5 < took < 18
    shown = stacks(run.said())
    assert "in never_returns" in shown[1]
    assert "verigrad/train/run.py" in shown[0]


def test_when_the_launcher_is_killed_the_ranks_save_and_end_and_the_run_goes_on(tmp_path):
    folder = tmp_path / "run"
    # nothing is saved but what the launcher's death asks for
    with Started([*ENDLESS, "save_every=0"], folder) as run:
        run.wait_for_step(2)
        run.look()
        run.main.kill()
        seconds_to_end, _ = run.seconds_to_end()
    assert seconds_to_end < PROMISE_S
    said = run.said()
    assert "stopped by the launcher's death after step" in said, said[-3000:]
    assert said.count("error:") == 1
    saved = steps_saved(folder)
    assert saved == [step_of_run(folder)]
    assert goes_on(folder) == saved[0]


@pytest.mark.slow
def test_when_the_launcher_is_killed_while_the_ranks_import_all_end(tmp_path):
    with Started(ENDLESS, tmp_path / "run") as run:
        run.wait_until(lambda: len(psutil.Process(run.main.pid).children()) == 2)
        time.sleep(1)
        run.look()
        run.main.kill()
        run.seconds_to_end()


@pytest.mark.slow
def test_a_launcher_that_is_asked_to_stop_lets_its_ranks_save_and_the_run_goes_on_exactly(
    problems, tmp_path, tmp_path_factory
):
    """The ranks end with 75; torch's launcher says 1 whatever its ranks say (torch 2.13, SignalException)."""
    folder, more = tmp_path / "run", settings(2, 1, "fixed")
    with Started(recipe(problems, folder, *more), folder) as run:
        run.wait_for_step(3)
        run.main.terminate()
        _, code = run.seconds_to_end()
    said = run.said()
    assert code == 1, said[-3000:]
    assert f"of {STEPS}, which is saved; start the same command again" in said
    assert 0 < steps_saved(folder)[0] < STEPS
    with Started(recipe(problems, folder, *more), folder) as run:
        assert run.main.wait(120) == 0, run.said()[-3000:]
    assert_same(outcome(folder), unkilled(problems, tmp_path_factory, 2, *more))


@pytest.mark.slow
def test_two_signals_end_a_single_process_at_once(tmp_path):
    folder = tmp_path / "run"
    slow = [a for a in ENDLESS if not a.startswith(("prompts", "group"))]
    with Started([*slow, "prompts_per_step=64", "group_size=16"], folder, config=None) as run:
        run.wait_until((folder / "run.json").is_file)
        run.main.send_signal(signal.SIGINT)
        time.sleep(0.7)
        run.main.send_signal(signal.SIGINT)
        took, code = run.seconds_to_end()
    assert code == 75, run.said()[-3000:]
    assert took < 3
    assert "stopping at the next point that can be saved" in run.said()
    assert "ended at once by a second signal" in run.said()
    assert step_of_run(folder) == 0


@pytest.mark.slow
@pytest.mark.parametrize("config", [None, "cpu"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_to_a_single_process_saves(tmp_path, config, number):
    """Exit code 75 of the process itself; accelerate's launcher turns every exit code but 0 into 1."""
    folder = tmp_path / "run"
    with Started([*ENDLESS, "save_every=0"], folder, config=config) as run:
        run.wait_for_step(2)
        target = psutil.Process(run.main.pid) if config is None else psutil.Process(run.main.pid).children()[0]
        target.send_signal(number)
        _, code = run.seconds_to_end()
    assert code == (75 if config is None else 1), run.said()[-3000:]
    assert f"stopped by {number.name} after step" in run.said()
    assert steps_saved(folder)[0] == step_of_run(folder)
