import json
import os

import pytest

from verigrad import disk
from verigrad.disk import save_json
from verigrad.errors import RunStoppedError
from verigrad.train.checkpoint import (
    MANIFEST,
    best_step,
    checkpoints,
    fault,
    folder_of,
    last_whole,
    rotate,
    step_of,
    write_checkpoint,
)

FILES = {"model.safetensors": b"w" * 1000, "trainer_state.json": b"{}", "adapter/config.json": b'{"r": 8}'}


def fill(folder):
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)


def write(root, step):
    return write_checkpoint(root, step, fill, 2000)


def newest(root):
    said = []
    found = last_whole(root, said.append)
    return (step_of(found) if found else None), said


def test_a_checkpoint_is_whole_and_says_what_it_holds(tmp_path):
    folder = write(tmp_path, 40)
    assert (folder.name, fault(folder), newest(tmp_path)) == ("checkpoint-000040", None, (40, []))
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["step"] == 40
    assert {name: f["bytes"] for name, f in manifest["files"].items()} == {n: len(c) for n, c in FILES.items()}
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint-000040"]


def flip(folder):
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[500] ^= 1
    (folder / "model.safetensors").write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: (f / MANIFEST).unlink(), "it has no manifest.json"),
        (lambda f: (f / MANIFEST).write_text('{"files": {"mod'), "its manifest.json cannot be read"),
        (lambda f: (f / MANIFEST).write_text('{"files": {"a": 3}}'), "its manifest.json cannot be read"),
        (lambda f: (f / "trainer_state.json").unlink(), "trainer_state.json is missing"),
        (lambda f: (f / "model.safetensors").write_bytes(b"w" * 999), "has 999 bytes, the manifest says 1,000"),
        (flip, "model.safetensors has changed since it was written (SHA-256)"),
        (lambda f: (f / "optimizer.pt").write_bytes(b"pickle"), "optimizer.pt is not in its manifest"),
    ],
)
def test_a_broken_one_is_named_and_passed_over_and_nothing_is_deleted(tmp_path, damage, said):
    write(tmp_path, 10)
    bad = write(tmp_path, 20)
    damage(bad)
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    step, lines = newest(tmp_path)
    assert step == 10
    assert len(lines) == 1
    assert lines[0].startswith(f"{bad}: broken, passed over: ")
    assert said in lines[0]
    assert sorted(str(p) for p in tmp_path.rglob("*")) == before


def test_no_checkpoint_is_whole_before_the_last_moment_of_its_writing(tmp_path, monkeypatch):
    """Die at every step of the writing that can be seen from outside: each file, each sync, each rename."""
    write(tmp_path, 10)
    deaths = 0

    class Died(BaseException):
        pass

    for name in ("sync",):
        real = getattr(disk, name)
        for countdown in range(8):
            left = [countdown]

            def dying(*arguments, real=real, left=left):
                if left[0] == 0:
                    raise Died
                left[0] -= 1
                return real(*arguments)

            monkeypatch.setattr(disk, name, dying)
            try:
                write(tmp_path, 20)
            except Died:
                deaths += 1
            monkeypatch.setattr(disk, name, real)
            step, lines = newest(tmp_path)
            assert step in (10, 20)
            assert lines == []
            if step == 20:
                rotate(tmp_path, 20, 1, [10])
                for path in checkpoints(tmp_path):
                    assert fault(path) is None
                (tmp_path / "checkpoint-000020").rename(tmp_path / f"whole-{name}-{countdown}")
    assert deaths == 7  # three files, the manifest, two folders and the root are synced
    write(tmp_path, 20)
    assert newest(tmp_path) == (20, [])


def test_a_writer_killed_between_two_files_leaves_the_one_before(tmp_path):
    write(tmp_path, 10)

    def dying(folder):
        (folder / "model.safetensors").write_bytes(b"w" * 400)
        os._exit(9)

    child = os.fork()
    if child == 0:
        write_checkpoint(tmp_path, 20, dying, 2000)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert newest(tmp_path) == (10, [])
    write(tmp_path, 20)
    assert newest(tmp_path) == (20, [])
    assert not list(tmp_path.glob(".unfinished*"))


def test_writing_again_over_a_broken_one_keeps_it_aside(tmp_path):
    flip(write(tmp_path, 20))
    write(tmp_path, 20)
    assert newest(tmp_path) == (20, [])
    assert (tmp_path / "broken-checkpoint-000020-1" / "model.safetensors").is_file()


def test_only_the_newest_and_the_best_stay(tmp_path):
    for step in (10, 20, 30, 40):
        write(tmp_path, step)
    save_json(tmp_path / "best.json", {"step": 20})
    rotate(tmp_path, 30, 1, [best_step(tmp_path)])
    assert [step_of(c) for c in checkpoints(tmp_path)] == [40, 30, 20]  # 40 is of before the run went on from 20
    assert best_step(tmp_path / "other") is None


def test_too_little_space_is_refused_before_anything_is_written(tmp_path):
    write(tmp_path, 10)
    with pytest.raises(RunStoppedError, match=r"MB free, the next checkpoint needs .* MB \(twice its size\)"):
        write_checkpoint(tmp_path, 20, fill, 10**18)
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint-000010"]


def test_a_disk_that_fills_while_writing_is_one_line_and_leaves_the_one_before(tmp_path):
    write(tmp_path, 10)

    def full(folder):
        (folder / "model.safetensors").write_bytes(b"w" * 400)
        raise OSError(28, "No space left on device")

    with pytest.raises(RunStoppedError, match="cannot be written: No space left on device; earlier checkpoints are"):
        write_checkpoint(tmp_path, 20, full, 2000)
    assert newest(tmp_path) == (10, [])
    assert folder_of(tmp_path, 10).is_dir()
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint-000010"]
