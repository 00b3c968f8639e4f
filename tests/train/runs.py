"""Small runs, what two equal ones share, and what a refused one says."""

import hashlib
import json
import shutil

from processes import finish, start
from safetensors.torch import load_file, save_file

from verigrad.archive import read_rollouts
from verigrad.lines import read_lines
from verigrad.models.names import TINY_FOLDER
from verigrad.train.command import main

STEPS = 12

REFERENCE = {
    "none": [],
    "fixed": ["grpo.beta=0.05"],
    "moving": ["grpo.beta=0.05", "grpo.sync_ref_model=true", "grpo.ref_model_sync_steps=2", "grpo.ref_model_mixup_alpha=0.5"],
}  # fmt: skip

SMALL = ["max_steps=4", "eval.every=0", "save_every=1", "keep_checkpoints=9"]

EMBEDDING = "model.embed_tokens.weight"
UNSOLVED = [{"question": f"{i}+1=?", "answer": str(98765432 + i)} for i in range(12)]


def recipe(problems, folder, *more):
    options = f"{{path: {problems}/train.jsonl, held_out: {problems}/held_out.jsonl}}"
    return [
        "recipes/tiny/grpo.yaml", f"output_dir={folder}", f"tasks=[{{name: jsonl, options: {options}}}]",
        f"max_steps={STEPS}", "prompts_per_step=2", "group_size=4", "max_response_tokens=20", "eval.every=4",
        "eval.every_problems=8", "preflight.problems=0", "guard.no_signal_rollouts=0", "scoring.workers=1",
        "grpo.learning_rate=2e-4", *more,
    ]  # fmt: skip


def outcome(folder):
    """Return everything that two equal runs share."""
    weights = hashlib.sha256((folder / "model" / "model.safetensors").read_bytes()).hexdigest()
    metrics = [{k: v for k, v in line.items() if k != "seconds"} for line in read_lines(folder / "metrics.jsonl")]
    return weights, metrics, list(read_rollouts(folder))


def assert_same(one, other):
    assert [r["problem"] for r in one[2]] == [r["problem"] for r in other[2]]
    assert [r["response"] for r in one[2]] == [r["response"] for r in other[2]]
    assert one == other


def lines(folder):
    file = folder / "metrics.jsonl"
    return file.read_bytes().count(b"\n") - 1 if file.is_file() else 0  # the first is the start model's


def settings(generation, iterations, reference):
    each = generation * iterations
    return [f"grpo.steps_per_generation={generation}", f"grpo.num_iterations={iterations}", f"save_every={each}",
            *REFERENCE[reference]]  # fmt: skip


def write_rows(file, rows):
    file.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))


def write_problems(folder):
    for name, start_at in (("train", 3), ("held_out", 40)):
        rows = [{"question": f"{a}+{a + 2}=?", "answer": str(2 * a + 2)} for a in range(start_at, start_at + 8)]
        write_rows(folder / f"{name}.jsonl", rows)


def tasks(train, held_out=None):
    if held_out is None:
        held_out = train.with_name("never_trained_on.jsonl")
        write_rows(held_out, [{"question": f"{a}+{a + 2}=?", "answer": str(2 * a + 2)} for a in range(40, 48)])
    return f"tasks=[{{name: jsonl, options: {{path: {train}, held_out: {held_out}}}}}]"


def trained(problems, folder, *more, env=None):
    """Return exit code and output of a training process."""
    log = folder.with_name(f"{folder.name}.log")
    log.unlink(missing_ok=True)
    (code,) = finish(start(recipe(problems, folder, *SMALL, *more), log, env=env))
    return code, log.read_text()


def assert_error(said, *parts):
    assert "Traceback" not in said
    (error,) = [line for line in said.splitlines() if line.startswith("error: ")]
    for part in parts:
        assert part in error
    return error


def refused(capsys, problems, folder, *more):
    """Return the one line of what is refused before the first step, in this process."""
    code = main(recipe(problems, folder, *SMALL, *more))
    said = capsys.readouterr().err
    assert code == 2, said
    assert not (folder / "metrics.jsonl").exists()
    return assert_error(said)


def broken_model(folder, change=None, **config):
    """Return a copy of the tiny model with its tensors and its config changed."""
    model = folder / "model"
    shutil.copytree(TINY_FOLDER, model)
    tensors = load_file(model / "model.safetensors")
    if change:
        change(tensors)
        save_file(tensors, model / "model.safetensors", metadata={"format": "pt"})
    known = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**known, **config}))
    return model


def ends_at_once(tensors):
    tensors[EMBEDDING][:, 0] = 1000.0  # outweighs what the layers add, so the head sees nothing else
    tensors["model.norm.weight"][0] = 1.0
    tensors["lm_head.weight"] = tensors[EMBEDDING] * 0
    tensors["lm_head.weight"][4, 0] = 100.0
