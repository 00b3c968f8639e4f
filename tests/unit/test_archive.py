import gzip
import json
from pathlib import Path

import pytest

from verigrad import archive
from verigrad.archive import (
    cut_after,
    read_rollout,
    read_rollouts,
    rollout_steps,
    write_rollout,
)
from verigrad.errors import RunError, RunStoppedError
from verigrad.lines import append_lines, read_lines

HOSTILE = [
    "\x1b[2J\x1b]0;title\x07",
    "half a pair \ud800",
    "\udfff",
    "\u202eright to left",
    "a\nb\r\x0b\x1c\u2028c",
    "𝔘ñ",
    "\x00",
]
ROWS = [{"problem": f"t/{i}", "response": text, "reward": 0.1 * i, "kept": True} for i, text in enumerate(HOSTILE)]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_rollouts_come_back_as_they_were_written(tmp_path):
    assert rollout_steps(tmp_path) == []
    file = write_rollout(tmp_path, 41, iter(ROWS))
    assert file == tmp_path / "rollouts" / "step-000041.jsonl.gz"
    assert read_rollout(tmp_path, 41) == [{"step": 41, **row} for row in ROWS]
    assert gzip.decompress(file.read_bytes()).isascii()
    assert names(file.parent) == [file.name]


def test_the_same_rows_give_the_same_bytes(tmp_path, monkeypatch):
    first = write_rollout(tmp_path, 1, ROWS).read_bytes()
    monkeypatch.setattr("time.time", lambda: 2e9)
    (tmp_path / "other").mkdir()
    assert write_rollout(tmp_path / "other", 1, ROWS).read_bytes() == first
    assert first[3:8] == bytes(5)  # no flags such as a name, no time


def test_steps_are_in_order_and_unfinished_files_do_not_count(tmp_path):
    for step in (1_000_000, 9, 10):
        write_rollout(tmp_path, step, [{"problem": "t/1"}])
    for name in (".step-000011.jsonl.gz.unfinished", "step-000012.jsonl.gz.unfinished", "step-13.jsonl.gz", "notes"):
        (tmp_path / "rollouts" / name).write_bytes(b"x")
    assert rollout_steps(tmp_path) == [9, 10, 1_000_000]
    assert [row["step"] for row in read_rollouts(tmp_path)] == [9, 10, 1_000_000]


def test_a_step_is_replaced_whole_or_stays(tmp_path, monkeypatch):
    write_rollout(tmp_path, 1, [{"problem": "old"}])

    def torn():
        yield {"problem": "new"}
        raise OSError(28, "No space left on device")

    with pytest.raises(RunStoppedError, match=r"step-000001.jsonl.gz: cannot be written: No space left on device"):
        write_rollout(tmp_path, 1, torn())
    assert read_rollout(tmp_path, 1) == [{"step": 1, "problem": "old"}]
    write_rollout(tmp_path, 1, [{"problem": "new"}])
    assert read_rollout(tmp_path, 1) == [{"step": 1, "problem": "new"}]
    assert names(tmp_path / "rollouts") == ["step-000001.jsonl.gz"]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "has no rollouts of step 7; it has none at all yet"),
        ([1, 5], "has no rollouts of step 7; there are 1, 5"),
        ([*range(10, 30)], "has no rollouts of step 7; there are 20: 10, 11, 12, … 29"),
    ],
)
def test_a_step_without_rollouts_is_one_line(tmp_path, steps, said):
    for step in steps:
        write_rollout(tmp_path, step, [])
    with pytest.raises(RunError, match=said):
        read_rollout(tmp_path, 7)


def test_damage_names_the_file(tmp_path):
    file = write_rollout(tmp_path, 1, ROWS[:2])
    whole = file.read_bytes()
    for data in [*(whole[:i] for i in range(len(whole))), b"no gzip", gzip.compress(b"{torn\n")]:
        file.write_bytes(data)
        with pytest.raises(RunError, match=r"^[^\n]*step-000001.jsonl.gz: damaged: [^\n]+$"):
            read_rollout(tmp_path, 1)


def test_no_flipped_bit_changes_a_rollout(tmp_path):
    file = write_rollout(tmp_path, 1, ROWS[:2])
    whole, rows = file.read_bytes(), read_rollout(tmp_path, 1)
    silent = 0
    for place in range(8 * len(whole)):
        data = bytearray(whole)
        data[place // 8] ^= 1 << place % 8
        file.write_bytes(data)
        try:
            assert read_rollout(tmp_path, 1) == rows
            silent += 1
        except RunError as error:
            assert str(error).startswith(f"{file}: damaged: ")  # noqa: PT017 - not every flip has to raise
    assert silent < 8 * 10 + 8  # the header, and the bits between the last code and its byte's end


@pytest.mark.parametrize(
    "left", ["", '{"a": 1}\n', '{"a": 1}\n{"b": "x', '{"b": ', "\x00" * 9, '{"a": 1}\n' + "x" * 200_000]
)
def test_a_torn_line_does_not_swallow_the_next(tmp_path, left):
    file = tmp_path / "m.jsonl"
    file.write_text(left)
    whole = [{"a": 1}] if "\n" in left else []
    assert read_lines(file) == whole
    append_lines(file, [{"c": 3}, {"d": "\ud800"}])
    append_lines(file, [{"e": 5}])
    assert read_lines(file) == [*whole, {"c": 3}, {"d": "\ud800"}, {"e": 5}]


def test_what_cannot_be_appended_is_one_line(tmp_path):
    with pytest.raises(RunStoppedError, match="none/m.jsonl: cannot be written: No such file or directory"):
        append_lines(tmp_path / "none" / "m.jsonl", [{}])


def steps_in(file: Path) -> list[int]:
    return [row["step"] for row in read_lines(file)]


@pytest.fixture
def run(tmp_path):
    append_lines(tmp_path / "metrics.jsonl", [{"step": i, "loss": i / 7} for i in range(1, 9)])
    return tmp_path


@pytest.mark.parametrize(("step", "kept", "moved"), [(5, 5, 3), (0, 0, 8), (8, 8, 0), (99, 8, 0)])
def test_later_metrics_are_moved_and_not_lost(run, step, kept, moved):
    lines = (run / "metrics.jsonl").read_bytes()
    assert cut_after(run, step) == moved
    assert steps_in(run / "metrics.jsonl") == [*range(1, kept + 1)]
    discarded = run / "metrics.discarded.jsonl"
    assert discarded.exists() == bool(moved)
    assert (run / "metrics.jsonl").read_bytes() + (discarded.read_bytes() if moved else b"") == lines
    assert cut_after(run, step) == 0


def test_cut_drops_a_torn_line_and_adds_to_what_was_discarded(run):
    with (run / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 9, "lo')
    assert cut_after(run, 8) == 0
    assert steps_in(run / "metrics.jsonl") == [*range(1, 9)]
    assert cut_after(run, 6) == 2
    append_lines(run / "metrics.jsonl", [{"step": 7, "loss": 0.5}])
    assert cut_after(run, 6) == 1
    assert steps_in(run / "metrics.discarded.jsonl") == [7, 8, 7]


@pytest.mark.parametrize("written", range(0, 3 * 40, 7))
def test_a_cut_that_crashed_is_completed_by_cutting_again(run, monkeypatch, written):
    whole = (run / "metrics.jsonl").read_bytes()

    def crash(_file):
        raise KeyboardInterrupt

    monkeypatch.setattr(archive, "replacing", crash)
    with pytest.raises(KeyboardInterrupt):
        cut_after(run, 5)
    discarded = run / "metrics.discarded.jsonl"
    assert (run / "metrics.jsonl").read_bytes() == whole
    assert steps_in(discarded) == [6, 7, 8]
    discarded.write_bytes(discarded.read_bytes()[:written])  # the crash came while it was written
    monkeypatch.undo()
    assert cut_after(run, 5) == 3
    assert (run / "metrics.jsonl").read_bytes() + discarded.read_bytes() == whole


def test_cut_of_a_run_without_metrics(tmp_path):
    assert cut_after(tmp_path, 3) == 0


@pytest.mark.parametrize("line", ["{torn", "{}", "[]", json.dumps({"step": None})])
def test_cut_refuses_what_is_no_row_of_metrics(run, line):
    with (run / "metrics.jsonl").open("a") as stream:
        stream.write(line + "\n")
    before = (run / "metrics.jsonl").read_bytes()
    with pytest.raises(RunError, match=r"metrics.jsonl:9: is no row of metrics"):
        cut_after(run, 3)
    assert (run / "metrics.jsonl").read_bytes() == before
