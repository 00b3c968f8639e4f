"""Run the stage of a recipe from its first check to its saved model."""

import shlex
import sys
import time
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from transformers import PrinterCallback, TrainerCallback

from verigrad.errors import RecipeError, RunError, RunStoppedError
from verigrad.models.load import quiet
from verigrad.recipe import Recipe, load_recipe
from verigrad.scoring import sandboxes
from verigrad.train import grpo, sft
from verigrad.train.archive import append_lines
from verigrad.train.folder import make_folder, save_json, surroundings
from verigrad.train.progress import Progress
from verigrad.train.setup import describe, make_setup
from verigrad_rewards.code import SandboxUnavailableError
from verigrad_rewards.pool import PoolError
from verigrad_rewards.types import ProblemError

USAGE = "usage: accelerate launch -m verigrad.train RECIPE [key.sub=value …]"
INPUT_ERRORS = (RecipeError, RunError, ProblemError)


class Recorder(TrainerCallback):
    """Joins what the rollouts say with what trl logs, into one line of ``metrics.jsonl`` per step."""

    def __init__(self, folder: Path, every: int) -> None:
        self.file = folder / "metrics.jsonl"
        self.every = every
        self.step: dict[str, Any] = {}
        self.progress: Progress | None = None
        self.trainer: Any = None
        self.clock = time.monotonic()

    def rollouts_done(self, metrics: dict[str, Any]) -> None:
        """Take the numbers of a step whose rollouts are scored."""
        self.step = metrics

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Write and show the numbers of the step that trl has just finished."""
        logs = logs or {}
        if "loss" not in logs:
            return
        held_out = self.check_held_out(state.global_step, state.max_steps)
        if not state.is_world_process_zero:
            return
        rollouts = self.step.pop("sample", [])
        seconds, self.clock = time.monotonic() - self.clock, time.monotonic()
        kept = ("loss", "grad_norm", "learning_rate", "entropy", "kl", "mean_token_accuracy")
        line = {
            **self.step,
            "step": state.global_step,
            **{name: logs[name] for name in kept if name in logs},
            **held_out,
            "seconds": round(seconds, 3),
        }
        append_lines(self.file, [line])
        if self.progress:
            self.progress.update(state.global_step, line, rollouts)

    def check_held_out(self, step: int, last: int) -> dict[str, Any]:
        """Return held-out accuracy where a quick check is due; every process takes part."""
        if not self.every or not isinstance(self.trainer, grpo.Trainer) or (step % self.every and step != last):
            return {}
        accuracy, problems = self.trainer.held_out_accuracy()
        return {"held_out_accuracy": accuracy, "held_out_problems": problems}


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code: 0 done, 1 stopped for a reason, 2 wrong input, 75 interrupted."""
    quiet()
    if not arguments or arguments[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 2
    state = PartialState(cpu=not torch.cuda.is_available())
    try:
        recipe = load_recipe(arguments[0], arguments[1:])
        train(recipe, "accelerate launch -m verigrad.train " + shlex.join(arguments), state)
    except INPUT_ERRORS as error:
        complain(state, error)
        return 2
    except (RunStoppedError, PoolError, SandboxUnavailableError) as error:
        complain(state, error)
        return 1
    except KeyboardInterrupt:
        complain(state, "interrupted; finished rollouts, metrics and the last checkpoint are kept")
        return 75
    return 0


def complain(state: PartialState, error: object) -> None:
    """Print one line, from one process."""
    if state.is_main_process:
        print(f"error: {error}", file=sys.stderr)


def train(recipe: Recipe, command: str, state: PartialState) -> Path:
    """Train as ``recipe`` says and return the run folder.

    Raises:
        RecipeError, RunError, ProblemError: wrong input; found before the first step.
    """
    setup = make_setup(recipe, Path(recipe.output_dir).expanduser(), state.num_processes)
    recorder = Recorder(setup.folder, recipe.eval.every if recipe.stage == "grpo" else 0)
    callbacks: list[TrainerCallback] = [recorder]
    planned = grpo.plan(recipe, setup) if recipe.stage == "grpo" else sft.plan(recipe, setup)
    claim(recipe, command, state)  # only when all is checked, and before trl writes into the folder
    if recipe.stage == "grpo":
        trainer = grpo.make_trainer(recipe, setup, callbacks, recorder.rollouts_done, planned)
    else:
        trainer = sft.make_trainer(setup, callbacks, planned)
    trainer.remove_callback(PrinterCallback)
    recorder.trainer = trainer
    if state.is_main_process:
        held = sandboxes(setup.scorer, planned["reward"].problems) if recipe.stage == "grpo" else {}
        for task, layers in held.items():
            print(f"{task}: programs run in {layers}", file=sys.stderr)
        save_json(
            setup.folder / "run.json",
            {
                "command": command,
                "seed": recipe.seed,
                **surroundings(),
                **describe(setup),
                "sandbox": held,
                "device": str(state.device),
            },
        )
        recorder.progress = Progress(trainer.args.max_steps, f"{recipe.stage} · {recipe.model} · {setup.folder}")
        with recorder.progress:
            trainer.train()
    else:
        trainer.train()
    if trainer.state.global_step < trainer.args.max_steps:
        raise RunStoppedError(
            f"{setup.folder}: training ended at step {trainer.state.global_step} of {trainer.args.max_steps}; no model "
            "is written. Bring more problems, or lower max_steps"
        )
    save(trainer, setup, state)
    return setup.folder


def claim(recipe: Recipe, command: str, state: PartialState) -> None:
    """Make the run folder on one process; the others fail with it.

    Raises:
        RunError: the folder exists.
    """
    said: list[str | None] = [None]
    if state.is_main_process:
        try:
            make_folder(recipe, command)
        except RunError as error:
            said = [str(error)]
    broadcast_object_list(said)
    if said[0]:
        raise RunError(said[0])


def save(trainer: Any, setup: Any, state: PartialState) -> None:
    """Write the trained model, complete, under its final name only when all of it is written."""
    state.wait_for_everyone()
    if state.is_main_process:
        partial = setup.folder / "model.partial"
        trainer.accelerator.unwrap_model(trainer.model).save_pretrained(partial)
        setup.tokenizer.save_pretrained(partial)
        partial.rename(setup.folder / "model")
        print(f"model: {setup.folder / 'model'}")
    state.wait_for_everyone()
