"""Run the stage of a recipe from its first check to its saved model, or on from where it was interrupted."""

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from accelerate import PartialState
from transformers import PrinterCallback

from verigrad.archive import cut_after
from verigrad.disk import UNFINISHED, discard, save_json, unused, whole_folder
from verigrad.errors import InterruptedRunError, RunError, RunStoppedError
from verigrad.leaks import drop_or_refuse
from verigrad.lines import read_lines
from verigrad.models.load import weights_hash
from verigrad.processes.signals import StopRequest
from verigrad.processes.supervision import make_watchdog, tick_with, workers_for
from verigrad.processes.together import first_said, on_main
from verigrad.recipe import Recipe
from verigrad.scoring import sandboxes
from verigrad.train import guard, reinforce, sft
from verigrad.train.checkpoint import (
    BEST,
    best_step,
    folder_of,
    last_whole,
    step_of,
)
from verigrad.train.folder import begin, is_finished, lock, refuse_secrets
from verigrad.train.identity import identify
from verigrad.train.pass_rates import worthwhile
from verigrad.train.preflight import lines, preflight, require_life
from verigrad.train.progress import Progress
from verigrad.train.recorder import Recorder
from verigrad.train.reliable import SLOW_DISK
from verigrad.train.setup import Setup, describe, make_setup
from verigrad.train.state import on_disk
from verigrad_rewards.pool import Pool
from verigrad_rewards.types import Problem

LOADING_S = 1800.0  # loading, checking and hashing do not tick


def train(recipe: Recipe, command: str, accepted: Sequence[str], state: PartialState) -> None:
    """Train as ``recipe`` says, into its ``output_dir``.

    Raises:
        RecipeError, RunError, ProblemError: wrong input; found before the first step.
        RunStoppedError: the run ended without a model, for a stated reason.
        InterruptedRunError: it was asked to stop, and can go on.
    """
    folder = Path(recipe.output_dir).expanduser()
    refuse_secrets(recipe)
    if on_main(state, lambda: is_finished(recipe, folder, accepted)):
        say(state, f"{folder}: is finished; its model is {folder / 'model'}")
        return
    with contextlib.ExitStack() as stack:
        request = stack.enter_context(StopRequest(main=state.is_main_process))
        watchdog = stack.enter_context(make_watchdog(recipe, request, state))
        pool = stack.enter_context(Pool(workers_for(recipe, state), recipe.scoring.deadline_s))
        with watchdog.patient(LOADING_S):
            stage: Any = reinforce if recipe.stage == "grpo" else sft
            planned = stage.plan(recipe, state.num_processes)
            known = stage.load_problems(recipe, planned)
            problems = drop_or_refuse(recipe, known, lambda line: say(state, line))
            if recipe.stage == "grpo":
                reinforce.require_enough(problems, planned["plan"])
            setup = make_setup(recipe, problems, state.num_processes, pool, watchdog)
            tick_with(setup.model, watchdog)
            weights = weights_hash(setup.model)
        run = Run(recipe, setup, request, state, stack)
        facts = {"command": command, "dropped_leaks": len(known) - len(problems)}
        run.go(run.prepare(planned, problems, weights, facts, accepted))


def say(state: PartialState, line: str) -> None:
    """Print one line, from one process."""
    if state.is_main_process:
        print(line, file=sys.stderr)


class Run:
    """One start of a run: what is checked before the first step, and what follows the last one."""

    def __init__(
        self, recipe: Recipe, setup: Setup, request: StopRequest, state: PartialState, stack: contextlib.ExitStack
    ) -> None:
        self.recipe, self.setup, self.state, self.stack = recipe, setup, state, stack
        self.request = request
        self.checkpoint: Path | None = None

    def prepare(
        self,
        planned: dict[str, Any],
        problems: Sequence[Problem],
        weights: str,
        facts: dict[str, Any],
        accepted: Sequence[str],
    ) -> Any:
        """Return the trainer, everything checked and the run folder begun, or found to be the one interrupted."""
        recipe, setup = self.recipe, self.setup
        self.heed()
        if recipe.stage == "grpo" and recipe.pass_rates.samples:
            problems = worthwhile(recipe, setup, problems, weights, lambda line: say(self.state, line), self.heed)
            reinforce.require_enough(problems, planned["plan"])
        identity = identify(recipe, problems, setup.tokenizer, setup.scorer, weights, self.state.num_processes)
        facts = {**facts, "seed": recipe.seed, "device": str(self.state.device), **describe(setup)}
        facts["sandbox"] = sandboxes(setup.scorer, problems) if recipe.stage == "grpo" else {}
        on_main(self.state, lambda: self.begin(facts, identity, accepted))
        self.checkpoint = on_main(self.state, self.find_checkpoint)
        steps = planned["plan"].steps if recipe.stage == "grpo" else 1
        self.recorder = Recorder(recipe, setup.folder, steps, self.request)
        self.recorder.go_on()
        return self.make_trainer(planned, problems, weights)

    def heed(self) -> None:
        """Stop here if any process was asked to.

        Raises:
            InterruptedRunError: nothing of the run is lost, for it has not begun.
        """
        if reason := first_said(self.state, self.request.reason):
            raise InterruptedRunError(
                f"{self.setup.folder}: stopped by {reason} before the next step; start the same command again to go on"
            )

    def begin(self, facts: dict[str, Any], identity: dict[str, Any], accepted: Sequence[str]) -> None:
        """Lock and begin the run folder, on the main process."""
        self.stack.enter_context(lock(self.setup.folder))
        begin(self.recipe, self.setup.folder, facts, identity, accepted)
        for task, layers in facts["sandbox"].items():
            print(f"{task}: programs run in {layers}", file=sys.stderr)

    def find_checkpoint(self) -> Path | None:
        """Return where the run goes on, with the metrics of later steps set aside; None for a start."""
        root = self.setup.folder / "checkpoints"
        for unfinished in root.glob(f"{UNFINISHED}*"):  # of a process that was killed while it wrote or deleted one
            discard(unfinished)
        found = last_whole(root, lambda line: print(line, file=sys.stderr))
        step = step_of(found) if found else 0
        if self.recipe.stage == "grpo" and step > self.recipe.max_steps:
            raise RunError(f"max_steps: found {self.recipe.max_steps}; {found} has taken more; raise max_steps")
        if found or (self.setup.folder / "metrics.jsonl").is_file():
            print(f"{self.setup.folder}: goes on from {found or 'the start, as it has no checkpoint'}", file=sys.stderr)
        cut_after(self.setup.folder, step)
        if self.recipe.keep_best:
            self.restore_best(root)
        return found

    def restore_best(self, root: Path) -> None:
        """Name the best checkpoint again, whose naming a crash may have cut off."""
        metrics = self.setup.folder / "metrics.jsonl"
        history = read_lines(metrics) if metrics.is_file() else []
        best = guard.best_held_out(history)
        if best and best[0] and folder_of(root, best[0]).is_dir() and best_step(root) != best[0]:
            save_json(root / BEST, {"step": best[0], "held_out_accuracy": best[1]})

    def make_trainer(self, planned: dict[str, Any], problems: Sequence[Problem], weights: str) -> Any:
        """Return the trainer, after a preflight where the run starts."""
        if self.recipe.stage == "grpo" and self.checkpoint is None and self.recipe.preflight.problems:
            self.preflight(problems)
            self.heed()
        with self.setup.watchdog.patient(LOADING_S):
            if self.recipe.stage == "sft":
                trainer: Any = sft.make_trainer(self.recipe, self.setup, problems, planned)
            else:
                trainer = reinforce.make_trainer(self.recipe, self.setup, problems, planned, self.recorder.rollout_done)
                self.check_reference(trainer, weights)
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(self.recorder)
        self.recorder.trainer = trainer
        return trainer

    def check_reference(self, trainer: Any, weights: str) -> None:
        """Refuse a reference model that is not the start model; it is read from ``RUN/start``.

        Raises:
            RunError: something changed it.
        """
        if trainer.ref_model is None:
            return
        tick_with(trainer.ref_model, self.setup.watchdog)
        if weights_hash(trainer.accelerator.unwrap_model(trainer.ref_model)) != weights:
            raise RunError(
                f"{self.setup.folder / 'start'}: is not the start model any more; delete it, to write it anew"
            )

    def preflight(self, problems: Sequence[Problem]) -> None:
        """Sample the start model, print and keep what was found, and refuse a run that cannot learn."""
        found = preflight(self.recipe, self.setup, problems[: self.recipe.preflight.problems])
        for line in lines(found):
            say(self.state, line)
        on_main(self.state, lambda: save_json(self.setup.folder / "preflight.json", found))
        require_life(self.recipe, found)

    def go(self, trainer: Any) -> None:
        """Train, then write the model if the run has come to its end."""
        last = trainer.args.max_steps
        title = f"{self.recipe.stage} · {self.recipe.model} · {self.setup.folder}"
        if self.state.is_main_process:
            self.recorder.progress = self.stack.enter_context(Progress(last, title, self.recipe.format.think_tag))
        with contextlib.ExitStack() as loading:
            loading.enter_context(self.setup.watchdog.patient(LOADING_S))
            self.recorder.loaded = loading.close
            trainer.train(resume_from_checkpoint=str(self.checkpoint) if self.checkpoint else None)
        step = trainer.state.global_step
        if self.recorder.interrupted:
            raise InterruptedRunError(
                f"{self.setup.folder}: stopped by {self.recorder.interrupted} after step {step} of {last}, which is "
                "saved; start the same command again to go on"
            )
        if self.recorder.stopped:
            raise RunStoppedError(f"step {step}: {self.recorder.stopped}{self.best()}")
        if step < last:
            raise RunStoppedError(f"{self.setup.folder}: training ended at step {step} of {last}; no model is written")
        if not trainer.moved and not self.recipe.preflight.allow_dead:
            raise RunStoppedError(
                f"{self.setup.folder}: no step of the run changed a weight, as no group carried a signal; no model is "
                "written. Choose other problems, a larger group_size, or another start model"
            )
        trainer.require_sound()
        self.save(trainer)

    def best(self) -> str:
        """Return a sentence on the best checkpoint there is."""
        root = self.setup.folder / "checkpoints"
        best = best_step(root)
        if best is None or not folder_of(root, best).is_dir():
            return ". No checkpoint is better on held-out problems than the start model"
        return f". The best held-out checkpoint is {folder_of(root, best)}"

    def save(self, trainer: Any) -> None:
        """Write the trained model, complete, under its final name only when all of it is written."""
        self.state.wait_for_everyone()
        on_main(self.state, lambda: save_model(trainer, self.setup))


def save_model(trainer: Any, setup: Setup) -> None:
    """Write ``RUN/model``, an adapter merged into its weights and kept apart as well."""
    model, target = trainer.accelerator.unwrap_model(trainer.model), setup.folder / "model"
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    with setup.watchdog.patient(size / SLOW_DISK), on_disk(target), whole_folder(target) as partial:
        if hasattr(model, "merge_and_unload"):
            model.save_pretrained(setup.folder / "adapter")
            model = model.merge_and_unload()
        model.save_pretrained(partial)
        setup.tokenizer.save_pretrained(partial)
        if target.exists():  # of a run that was finished, and made longer
            target.rename(unused(target))
    print(f"model: {target}")
