"""The leak gate in front of training."""

import json

from runs import assert_error, recipe, refused, trained, write_rows

from verigrad.archive import read_rollouts
from verigrad.tasks import Split, chain_sum
from verigrad.train.command import main

TRAIN = [{"question": f"{a}+{a + 2}=?", "answer": str(2 * a + 2)} for a in range(3, 11)]
HELD_OUT = [{"question": f"{a}+{a + 2}=?", "answer": str(2 * a + 2)} for a in range(40, 48)]


def leaky(folder):
    write_rows(folder / "train.jsonl", TRAIN)
    write_rows(folder / "held_out.jsonl", [*HELD_OUT, {"question": "Compute: 5 + 7 = ?", "answer": "12"}])
    return folder


def test_a_leak_is_refused_before_the_weights_are_loaded(tmp_path, capsys):
    said = refused(capsys, leaky(tmp_path), tmp_path / "run", "model=/nonexistent")
    assert said.endswith("'leaks: drop': jsonl/train/2 is jsonl/held_out/8 (short: '5 + 7')")
    assert not (tmp_path / "run").exists()


def test_a_supervised_run_is_refused_as_well(tmp_path, capsys):
    (problem,) = chain_sum.load(Split.TRAIN, 0, 1)
    write_rows(tmp_path / "held_out.jsonl", [{"question": problem.question, "answer": problem.answer}])
    options = f"{{path: {tmp_path}/held_out.jsonl, held_out: {tmp_path}/held_out.jsonl}}"
    arguments = ["recipes/tiny/pretrain.yaml", f"output_dir={tmp_path / 'run'}", "model=/nonexistent",
                 "tasks=[{name: chain_sum}]", "phases=[{steps: 1}]", f"eval.tasks=[{{name: jsonl, options: {options}}}]"]  # fmt: skip
    assert main(arguments) == 2
    assert_error(capsys.readouterr().err, f"'leaks: drop': {problem.id} is jsonl/held_out/0 (exact: ")


def test_dropped_problems_are_never_asked(tmp_path):
    code, said = trained(leaky(tmp_path), tmp_path / "run", "leaks=drop")
    assert code == 0, said
    assert said.count("leaks: 1 of 8 train problems are held out as well and left out\n") == 1
    assert json.loads((tmp_path / "run" / "run.json").read_text())["dropped_leaks"] == 1
    asked = {row["problem"] for row in read_rollouts(tmp_path / "run")}
    assert asked == {f"jsonl/train/{i}" for i in range(8) if i != 2}


def test_too_few_are_left(tmp_path, capsys):
    write_rows(tmp_path / "train.jsonl", TRAIN[:2])
    write_rows(tmp_path / "held_out.jsonl", TRAIN[1:])
    assert main(recipe(tmp_path, tmp_path / "run", "leaks=drop")) == 2
    assert_error(capsys.readouterr().err, "tasks: found 1 train problems; one rollout needs 2")
