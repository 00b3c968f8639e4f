"""Nothing that is not finite is ever stepped on or saved; the batch that caused it is kept."""

import json
import math
from pathlib import Path

import pytest
import torch
from runs import recipe
from safetensors.torch import load_file

from verigrad.lines import read_lines
from verigrad.train import run as run_module
from verigrad.train.checkpoint import fault
from verigrad.train.command import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def train(problems, tmp_path, monkeypatch, capsys):
    """Run training in this process, with ``spoil(trainer)`` called before the first step."""

    def go(spoil, *more):
        real = run_module.reinforce.make_trainer

        def make(*arguments):
            trainer = real(*arguments)
            spoil(trainer)
            return trainer

        monkeypatch.setattr(run_module.reinforce, "make_trainer", make)
        monkeypatch.chdir(ROOT)
        code = main(recipe(problems, tmp_path / "run", "max_steps=4", "eval.every=0", "save_every=1", *more))
        return code, capsys.readouterr().err, tmp_path / "run"

    return go


def spoil_gradient(call, value):
    """Return what makes one gradient ``value`` in the backward pass number ``call``."""
    seen = []

    def hook(gradient):
        seen.append(1)
        return gradient * value if len(seen) == call else gradient

    return lambda trainer: next(trainer.model.parameters()).register_hook(hook)


@pytest.mark.parametrize(("value", "clip"), [(math.nan, "grpo.max_grad_norm=1"), (math.inf, "grpo.max_grad_norm=0")])
def test_a_gradient_that_is_not_finite_stops_before_the_step(train, value, clip):
    code, said, run = train(spoil_gradient(3, value), clip)
    assert code == 1
    kept = run / "stopped" / "step-000003-rank-0.safetensors"
    assert (
        f"step 3: the gradient norm is not finite; the weights were not updated, and the checkpoint before is untouched. The batch is in {kept.parent}"
        in said
    )
    assert "--accept-change grpo.learning_rate" in said
    assert load_file(kept)["completion_ids"].shape[0] == 8
    assert json.loads(kept.with_suffix(".json").read_text())["step"] == 3
    assert [line["step"] for line in read_lines(run / "metrics.jsonl")] == [1, 2]
    assert fault(run / "checkpoints" / "checkpoint-000002") is None
    assert not (run / "checkpoints" / "checkpoint-000003").exists()
    assert not (run / "model").exists()


def spoil_weights(value, step):
    """Return what multiplies one weight by ``value`` after the optimizer step number ``step``."""

    def spoil(trainer):
        def hook(*_):
            if trainer.state.global_step == step - 1:
                with torch.no_grad():
                    next(trainer.model.parameters()).view(-1)[7] = value

        trainer.create_optimizer()
        trainer.optimizer.register_step_post_hook(hook)

    return spoil


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (math.nan, "step 2: the parameter model.embed_tokens.weight is not finite, so nothing is saved"),
        (1e30, "to 1e+30 in one step, so nothing is saved"),
    ],
)
def test_weights_that_are_not_sane_are_not_saved(train, value, said):
    code, errors, run = train(spoil_weights(value, 2))
    assert code == 1
    assert said in errors
    assert fault(run / "checkpoints" / "checkpoint-000001") is None
    assert not (run / "checkpoints" / "checkpoint-000002").exists()


def test_a_loss_that_is_not_finite_stops_with_its_own_batch(train):
    def spoil(trainer):
        real = trainer._compute_loss

        def compute(model, inputs):
            loss = real(model, inputs)
            return loss * math.nan if trainer._step == 2 else loss

        trainer._compute_loss = compute

    code, said, run = train(spoil, "grpo.gradient_accumulation_steps=2")
    assert code == 1
    assert "step 2: the loss is not finite; the weights were not updated" in said
    assert json.loads((run / "stopped/step-000002-rank-0.json").read_text())["loss"] == "nan"
    assert load_file(run / "stopped/step-000002-rank-0.safetensors")["completion_ids"].shape[0] == 4
