"""What a run meets when it is started again: broken checkpoints, changed inputs, a full disk, another process, secrets."""

import hashlib
import json
import os
import pickle
import shutil
import subprocess
from pathlib import Path

import pytest
from processes import finish, start, wait_until
from runs import assert_error, assert_same, outcome, recipe, trained, write_problems
from safetensors.torch import save_file
from torch import zeros

from verigrad.errors import RunStoppedError
from verigrad.lines import read_lines
from verigrad.models.names import TINY_FOLDER
from verigrad.train.checkpoint import fault, write_checkpoint
from verigrad.train.command import main

STEPS = 8
MORE = ["max_steps=8", "eval.every=0", "save_every=1", "keep_checkpoints=9"]
REWARD = """from verigrad_rewards.types import Status, Verdict


def form(problem, response):
    return Verdict(len(response.text) % 5 / 5, Status.WRONG)
"""


class Whole:
    """A finished run with everything it was made from, to be copied."""

    def __init__(self, folder):
        self.folder, self.run = folder, folder / "run"
        self.problems, self.model = folder / "problems", folder / "model"
        self.problems.mkdir()
        write_problems(self.problems)
        shutil.copytree(TINY_FOLDER, self.model)
        self.reward = f"own_reward_{os.getpid()}"
        (folder / f"{self.reward}.py").write_text(REWARD)
        self.more = [*MORE, f"model={self.model}", f'shaping=[{{name: "{self.reward}:form", weight: 0.1}}]']


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        made = Whole(tmp_path_factory.mktemp("whole"))
        patch.syspath_prepend(made.folder)
        code, said = trained(made.problems, made.run, *made.more)
        assert code == 0, said
        yield made


@pytest.fixture
def cut(whole, tmp_path):
    """A copy of the run as if it had been killed before its model was written."""
    shutil.copytree(whole.run, tmp_path / "run", ignore=shutil.ignore_patterns("model", ".lock"))
    return tmp_path / "run"


def checkpoint(run, step):
    return run / "checkpoints" / f"checkpoint-{step:06d}"


def remove(name):
    return lambda folder: (folder / name).unlink()


def truncate(name):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-7])


def flip(folder):
    file = folder / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


class Bomb:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def plant(folder):
    (folder / "optimizer.pt").write_bytes(pickle.dumps(Bomb(folder.parent.parent / "exploded")))


REMOVED = {
    8: (remove("optimizer.safetensors"), "optimizer.safetensors is missing"),
    7: (remove("optimizer.json"), "optimizer.json is missing"),
    6: (remove("scheduler.json"), "scheduler.json is missing"),
    5: (remove("trainer_state.json"), "trainer_state.json is missing"),
    4: (remove("model.safetensors"), "model.safetensors is missing"),
    3: (remove("manifest.json"), "it has no manifest.json"),
}
CHANGED = {
    8: (truncate("optimizer.safetensors"), "optimizer.safetensors has 3,952,473 bytes, the manifest says 3,952,480"),
    7: (truncate("scheduler.json"), "scheduler.json has "),
    6: (truncate("trainer_state.json"), "trainer_state.json has "),
    5: (truncate("manifest.json"), "its manifest.json cannot be read"),
    4: (flip, "model.safetensors has changed since it was written (SHA-256)"),
    3: (plant, "optimizer.pt is not in its manifest"),
}


@pytest.mark.parametrize("broken", [REMOVED, CHANGED])
def test_broken_checkpoints_are_named_and_passed_over(whole, cut, broken):
    for step, (breaks, _) in broken.items():
        breaks(checkpoint(cut, step))
    held = {step: sorted(f.name for f in checkpoint(cut, step).iterdir()) for step in broken}
    code, said = trained(whole.problems, cut, *whole.more)
    assert code == 0, said
    for step, (_, why) in broken.items():
        assert f"{checkpoint(cut, step)}: broken, passed over: {why}" in said
        kept = cut / "checkpoints" / f"broken-checkpoint-{step:06d}-1"
        assert sorted(f.name for f in kept.iterdir()) == held[step]
    assert f"goes on from {checkpoint(cut, 2)}" in said
    assert not (cut / "exploded").exists()
    assert_same(outcome(cut), outcome(whole.run))


def test_pickles_that_a_manifest_lists_are_not_loaded(whole, cut):
    last, mark = checkpoint(cut, STEPS), cut / "exploded"
    manifest = json.loads((last / "manifest.json").read_text())
    for name in (
        "optimizer.pt",
        "scheduler.pt",
        "scaler.pt",
        "rng_state.pth",
        "training_args.bin",
        "pytorch_model.bin",
    ):
        data = pickle.dumps(Bomb(mark))
        (last / name).write_bytes(data)
        manifest["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (last / "manifest.json").write_text(json.dumps(manifest))
    code, said = trained(whole.problems, cut, *whole.more)
    assert code == 0, said
    assert f"goes on from {last}" in said
    assert not mark.exists()
    pickle.loads(data)
    assert mark.exists()


def test_with_only_broken_checkpoints_a_run_starts_again_and_says_so(whole, cut):
    for step in range(1, STEPS + 1):
        truncate("model.safetensors")(checkpoint(cut, step))
    code, said = trained(whole.problems, cut, *whole.more)
    assert code == 0, said
    assert said.count("broken, passed over: model.safetensors has") == STEPS
    assert f"{cut}: goes on from the start, as it has no checkpoint" in said
    assert_same(outcome(cut), outcome(whole.run))


def test_a_broken_later_checkpoint_does_not_cost_a_whole_one(tmp_path):
    from verigrad.train.checkpoint import rotate

    for step in (3, 4):
        write_checkpoint(tmp_path, step, lambda folder: (folder / "a").touch(), 0)
    remove("a")(tmp_path / "checkpoint-000004")
    rotate(tmp_path, 3, 1, [])
    assert (tmp_path / "checkpoint-000003").is_dir()


def test_what_is_written_on_a_full_disk_stops_in_one_line(small_disk):
    root = small_disk(3)
    write_checkpoint(root, 1, lambda folder: save_file({"a": zeros(1000)}, folder / "a.safetensors"), 0)
    with pytest.raises(RunStoppedError, match=r"checkpoint-000002: cannot be written: No space left on device"):
        write_checkpoint(root, 2, lambda folder: (folder / "a").write_bytes(bytes(4_000_000)), 0)
    assert [p.name for p in root.iterdir()] == ["checkpoint-000001"]


@pytest.fixture
def small_disk(tmp_path):
    """Return a function that mounts, or grows, a disk of so many megabytes and returns its folder."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(size):
        options = f"{'remount,' if os.path.ismount(folder) else ''}size={size}m"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"a disk of a known size cannot be mounted here: {done.stderr.strip()}")
        return folder

    yield mount
    if os.path.ismount(folder):
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_stops_the_run_which_goes_on_once_there_is_space(whole, small_disk):
    run = small_disk(20) / "run"
    code, said = trained(whole.problems, run, *whole.more)
    assert code == 1
    assert_error(said, f"{run}/checkpoints: ", " MB free, the next checkpoint needs 11.8 MB (twice its size)",
                 "earlier checkpoints are whole. Make room, and start the same command again to go on")  # fmt: skip
    kept = sorted((run / "checkpoints").iterdir())
    assert kept
    assert [fault(folder) for folder in kept] == [None] * len(kept)
    small_disk(90)
    code, said = trained(whole.problems, run, *whole.more)
    assert code == 0, said
    assert f"goes on from {kept[-1]}" in said
    assert_same(outcome(run), outcome(whole.run))


@pytest.mark.slow
def test_a_disk_too_full_for_the_model_stops_in_one_line(whole, small_disk):
    code, said = trained(whole.problems, small_disk(1) / "run", *whole.more, "save_every=0", "max_steps=1")
    assert code == 1
    assert_error(said, "cannot be written", "No space left")


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


CHANGES = {  # key → what changes it
    "grpo.learning_rate": lambda whole: whole.more.append("grpo.learning_rate=1e-5"),
    "dataset": lambda whole: edit(whole.problems / "train.jsonl", "3+5=?", "3 + 5 = ?"),
    "template": lambda whole: edit(whole.model / "chat_template.jinja", "<|user|>", "<|user|> "),
    "rewards": lambda whole: edit(whole.folder / f"{whole.reward}.py", "% 5 / 5", "% 7 / 7"),
}


@pytest.fixture
def changeable(whole):
    """The inputs of the run, put back afterwards."""
    files = [whole.problems / "train.jsonl", whole.model / "chat_template.jinja", whole.folder / f"{whole.reward}.py"]
    before, more = [file.read_text() for file in files], list(whole.more)
    yield whole
    for file, text in zip(files, before, strict=True):
        file.write_text(text)
    whole.more = more


@pytest.mark.parametrize("key", CHANGES)
def test_a_change_is_refused_with_its_key(changeable, cut, capsys, key):
    CHANGES[key](changeable)
    before = (cut / "run.json").read_bytes()
    assert main(recipe(changeable.problems, cut, *changeable.more)) == 2
    assert_error(capsys.readouterr().err, f"{cut}: {key} was ", "when this run was started and is ", "restore it",
                 f"or go on with --accept-change {key}")  # fmt: skip
    assert (cut / "run.json").read_bytes() == before


def test_accepted_changes_are_recorded_and_the_run_goes_on(changeable, cut):
    shutil.rmtree(checkpoint(cut, STEPS))
    for change in CHANGES.values():
        change(changeable)
    accepted = [word for key in CHANGES for word in ("--accept-change", key)]
    code, said = trained(changeable.problems, cut, *changeable.more, *accepted)
    assert code == 0, said
    assert f"goes on from {checkpoint(cut, STEPS - 1)}" in said
    (start_,) = json.loads((cut / "run.json").read_text())["resumed"]
    assert set(start_["accepted_changes"]) == set(CHANGES)
    assert start_["accepted_changes"]["grpo.learning_rate"] == {"from": "2e-4", "to": "1e-5"}


def test_an_accepted_learning_rate_is_the_one_that_is_used(changeable, cut):
    shutil.rmtree(checkpoint(cut, STEPS))
    CHANGES["grpo.learning_rate"](changeable)
    code, said = trained(changeable.problems, cut, *changeable.more, "--accept-change", "grpo.learning_rate")
    assert code == 0, said
    assert read_lines(cut / "metrics.jsonl")[-1]["learning_rate"] == pytest.approx(1e-5)


@pytest.mark.parametrize("key", ["grpo.learning_rate", "nope"])
def test_accepting_what_has_not_changed_is_refused(whole, cut, capsys, key):
    assert main([*recipe(whole.problems, cut, *whole.more), "--accept-change", key]) == 2
    assert_error(
        capsys.readouterr().err, f"--accept-change {key}: has not changed since {cut} was started; nothing has"
    )


def test_a_changed_recipe_for_a_finished_run_is_refused(whole, capsys):
    assert main(recipe(whole.problems, whole.run, *whole.more, "grpo.learning_rate=1e-5")) == 2
    assert_error(capsys.readouterr().err, "is a finished run with grpo.learning_rate ")


@pytest.mark.slow
def test_a_finished_run_can_be_made_longer(whole, tmp_path):
    shutil.copytree(whole.run, tmp_path / "run")
    code, said = trained(whole.problems, tmp_path / "run", *whole.more, "max_steps=9", "--accept-change", "max_steps")
    assert code == 0, said
    assert "goes on from" in said
    assert len(read_lines(tmp_path / "run" / "metrics.jsonl")) == 9
    assert {p.name for p in (tmp_path / "run").glob("model*")} == {"model", "model-1"}


def test_a_torn_run_json_is_refused(whole, cut, capsys):
    truncate("run.json")(cut)
    assert main(recipe(whole.problems, cut, *whole.more)) == 2
    assert_error(capsys.readouterr().err, "run.json")


def test_two_processes_in_one_folder(whole, tmp_path, capsys):
    run = tmp_path / "run"
    arguments = recipe(whole.problems, run, *whole.more, "max_steps=1000", "save_every=0")
    first = start(arguments, tmp_path / "log")
    try:
        wait_until(first, (run / "metrics.jsonl").is_file)
        assert main(arguments) == 2
        assert_error(capsys.readouterr().err, f"output_dir {run}: another process is training in it", "choose another")
        assert first[0].is_alive()
    finally:
        first[0].kill()
        finish(first)
