"""Writes one line of numbers per step, and decides after each whether to save and whether to stop."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from accelerate import PartialState
from transformers import TrainerCallback

from verigrad.lines import append_lines, read_lines
from verigrad.processes.signals import StopRequest
from verigrad.processes.together import first_said, on_main
from verigrad.recipe.schema import Recipe
from verigrad.train import guard
from verigrad.train.progress import Progress
from verigrad.train.rollouts import unscored_example

KEPT = ("loss", "grad_norm", "learning_rate", "entropy", "kl", "mean_token_accuracy")


class Recorder(TrainerCallback):
    """Joins what rollouts and trl say of a step into one line of ``metrics.jsonl``, and acts on it.

    Attributes:
        stopped: why the run stops for good, None while it goes on.
        interrupted: who asked it to stop for now.
        progress: shows the run; only on the main process.
    """

    def __init__(self, recipe: Recipe, folder: Path, boundary: int, request: StopRequest) -> None:
        self.recipe, self.file, self.boundary, self.request = recipe, folder / "metrics.jsonl", boundary, request
        self.state = PartialState()
        self.rollout: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []
        self.stopped: str | None = None
        self.interrupted: str | None = None
        self.progress: Progress | None = None
        self.trainer: Any = None
        self.clock = time.monotonic()
        self.loaded: Callable[[], object] = lambda: None  # called when all is loaded

    def go_on(self) -> None:
        """Take the lines of the steps before, of a run that is resumed."""
        self.history = read_lines(self.file) if self.file.is_file() else []

    def rollout_done(self, metrics: dict[str, Any]) -> None:
        """Take the numbers of a rollout, which all steps on it share, and tell of responses without a score."""
        self.rollout = metrics
        rows = metrics["sample"]
        missing = [row for row in rows if row["reward"] is None]
        if missing and self.progress:
            found = f"{len(missing)} of {len(rows)} responses could not be scored"
            self.progress.say(f"warning: {found}. {unscored_example(missing)}")

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Measure the start model, which the run must not fall behind."""
        self.loaded()
        self.clock = time.monotonic()
        if state.global_step == 0 and not self.history and (held_out := self.check_held_out(0, state.max_steps)):
            self.keep({"step": 0, **held_out}, [])

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Check that the first step moved the weights."""
        self.trainer.require_moved()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> Any:
        """Write the numbers of the step that has just ended, then decide."""
        if not logs or "loss" not in logs:
            return control
        self.write(state.global_step, state.max_steps, logs)
        if state.global_step % self.boundary == 0:
            self.decide(state.global_step, state.max_steps, control)
        return control

    def write(self, step: int, last: int, logs: dict[str, Any]) -> None:
        """Write the line of ``step`` on the main process; every process takes part in the held-out check."""
        held_out = self.check_held_out(step, last)
        samples = self.rollout.pop("sample", [])
        seconds, self.clock = time.monotonic() - self.clock, time.monotonic()
        numbers = {name: logs[name] for name in KEPT if name in logs}
        self.keep({"step": step, **self.rollout, **numbers, **held_out, "seconds": round(seconds, 3)}, samples)

    def keep(self, line: dict[str, Any], samples: list[dict[str, Any]]) -> None:
        """Add a line to the run's metrics and show it."""
        on_main(self.state, lambda: append_lines(self.file, [line]))
        if self.progress:
            self.progress.update(line["step"], line, samples)
        self.history.append(line)

    def check_held_out(self, step: int, last: int) -> dict[str, Any]:
        """Return held-out accuracy where a quick check is due."""
        every = self.recipe.eval.every
        if self.recipe.stage != "grpo" or not every or (step % every and step != last):
            return {}
        accuracy, problems = self.trainer.held_out_accuracy()
        return {"held_out_accuracy": accuracy, "held_out_problems": problems}

    def decide(self, step: int, last: int, control: Any) -> None:
        """Set what happens after a step at which a checkpoint may lie; the same on every process."""
        self.stopped, best = on_main(self.state, self.judge)
        self.interrupted = first_said(self.state, self.request.reason) if step < last else None
        self.trainer.new_best = best
        ends = self.stopped is not None or self.interrupted is not None
        due = bool(self.recipe.save_every) and (step % self.recipe.save_every == 0 or step == last)
        control.should_save = due or ends or best is not None
        control.should_training_stop = control.should_training_stop or ends

    def judge(self) -> tuple[str | None, dict[str, Any] | None]:
        """Return why the run must stop, and the held-out check of the last step if it is the best and to be kept."""
        warning = guard.warning(self.history, self.recipe.guard)
        if warning and self.progress:
            self.progress.say(f"warning: {warning}")
        line, best = self.history[-1], guard.best_held_out(self.history)
        checked = {key: line.get(key) for key in ("held_out_accuracy", "held_out_problems")}
        is_best = self.recipe.keep_best and best is not None and best[0] == line["step"]
        # a random control shows what training without a signal does, to its end
        stops = guard.reason_to_stop(self.history, self.recipe.guard) if self.recipe.control == "none" else None
        return stops, checked if is_best else None
