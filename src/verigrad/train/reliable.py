"""What both stages add to transformers' trainer: derived randomness, finite steps, whole checkpoints, exact resume."""

import contextlib
import copy
import math
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import Trainer, set_seed

from verigrad.disk import save_json
from verigrad.errors import RunStoppedError
from verigrad.models.load import first_line
from verigrad.processes.together import first_said, on_main
from verigrad.train.checkpoint import BEST, best_step, fault, folder_of, rotate, write_checkpoint
from verigrad.train.setup import Setup
from verigrad.train.state import (
    load_json,
    load_optimizer,
    load_scheduler,
    save_optimizer,
    save_plain,
    settings,
    state_bytes,
)

KIT = "verigrad.json"
REFERENCE = "reference.safetensors"
SLOW_DISK = 10e6  # bytes a second, written, synced and read again, that a save may take without being taken for hung
GROWTH = 10  # no sane step makes the largest weight so many times larger


def derived_seed(*parts: int) -> int:
    """Return a seed for one purpose: a fixed mix of a run's seed, a place in the run and a process."""
    mixed = 0
    for part in parts:
        mixed = mixed * 1_000_003 + part
    return mixed % 2**32


class Reliable(Trainer):
    """A trainer that resumes exactly, stops before a step that is not finite, and never writes half a checkpoint.

    Overrides these hooks of transformers 5.23: ``_get_grad_norm``, ``_save_checkpoint``, ``_load_rng_state``,
    ``_load_scaler`` and ``_load_optimizer_and_scheduler``.
    """

    setup: Setup
    keep_checkpoints: int
    model: Any
    optimizer: Any
    lr_scheduler: Any
    state: Any

    def arm(self, setup: Setup, keep_checkpoints: int) -> None:
        """Take what the overridden methods need; call once, before training."""
        self.setup, self.keep_checkpoints = setup, keep_checkpoints
        self.micro_step = 0  # forward and backward passes so far, over the whole run
        self.batch: dict[str, Any] = {}
        self.sick_batch: dict[str, Any] | None = None
        self.sums: list[float] | None = None
        self.largest: float | None = None
        self.start_settings: list[dict[str, Any]] | None = None
        self.moved = False
        self.new_best: dict[str, Any] | None = None
        if not any(p.requires_grad for p in self.model.parameters()):
            raise RunStoppedError(
                "no weight of the model is trained: every parameter is frozen (an adapter loaded for inference, or "
                "requires_grad off); unfreeze it, or train an adapter with lora: {}"
            )

    @property
    def root(self) -> Path:
        """Folder of the run's checkpoints."""
        return self.setup.folder / "checkpoints"

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the loss as the stage computes it, remembering the batch."""
        self.batch = inputs
        return super().compute_loss(model, inputs, *args, **kwargs)

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Tensor:
        """Run one forward and backward pass; what is random in it depends on its place in the run alone."""
        set_seed(derived_seed(self.args.seed, self.micro_step, self.args.process_index))
        self.setup.watchdog.tick()
        if self.start_settings is None:
            self.start_settings = settings(self.optimizer.state_dict())
        try:
            loss = super().training_step(model, inputs, num_items_in_batch)
        except torch.OutOfMemoryError as error:
            raise RunStoppedError(
                f"step {self.state.global_step + 1}: out of memory ({first_line(error)}); raise "
                f"{self.setup.stage}.gradient_accumulation_steps, set {self.setup.stage}.gradient_checkpointing: true, "
                "or lower max_response_tokens"
            ) from None
        self.micro_step += 1
        if self.sick_batch is None and not math.isfinite(loss.item()):
            self.sick_batch = {"loss": loss.item(), **self.batch}
        return loss

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        norm: Any = super()._get_grad_norm(model, grad_norm)
        value = float(norm)
        sick = "the loss is" if self.sick_batch else "the gradient norm is" if not math.isfinite(value) else None
        self.require_finite(f"{sick} not finite" if sick else self.sick_weights(), value)
        if not self.moved and value > 0 and self._get_learning_rate() > 0:
            self.sums = self.weight_sums()
        return norm

    def require_finite(self, sick: str | None, grad_norm: float) -> None:
        """Stop before the optimizer step when ``sick`` says what is not finite, on any process.

        Raises:
            RunStoppedError: with the file that keeps the batch.
        """
        anywhere = first_said(PartialState(), sick)
        if anywhere is None:
            return
        step = self.state.global_step + 1
        file = self.setup.folder / "stopped" / f"step-{step:06d}-rank-{self.args.process_index}.safetensors"
        batch = self.sick_batch or self.batch
        facts = {"step": step, "found": sick, "loss": str(batch.get("loss")), "grad_norm": str(grad_norm)}
        tensors = {k: v.detach().cpu().contiguous() for k, v in batch.items() if isinstance(v, Tensor)}
        with contextlib.suppress(OSError, SafetensorError):  # a full disk must not hide why the run stops
            file.parent.mkdir(exist_ok=True)
            save_file(tensors, file)
            save_plain(file.with_suffix(".json"), facts)
        raise RunStoppedError(
            f"step {step}: {anywhere}; the weights were not updated, and the checkpoint before is untouched. The "
            f"batch is in {file.parent}. Go on with a lower learning rate and --accept-change "
            f"{self.setup.stage}.learning_rate"
        )

    def sick_weights(self) -> str | None:
        """Return what is wrong with the trained weights: one is not finite, or they grew beyond reason in one step."""
        named = [(name, p) for name, p in self.model.named_parameters() if p.requires_grad]
        norms = torch.stack(torch._foreach_norm([p.detach() for _, p in named], math.inf))
        if not bool(torch.isfinite(norms).all()):
            return f"the parameter {named[int((~torch.isfinite(norms)).nonzero()[0])][0]} is not finite"
        before, self.largest = self.largest, float(norms.max())
        if before is not None and self.largest > GROWTH * max(before, 1.0):
            return f"the largest weight grew from {before:.3g} to {self.largest:.3g} in one step"
        return None

    def sick_output(self) -> str | None:
        """Return what is wrong with the model's own output for one token: finite weights can still be absurd."""
        model = self.accelerator.unwrap_model(self.model)
        training = model.training
        model.eval()
        with torch.inference_mode():
            token = torch.tensor([[self.setup.prompter.end_ids[0]]], device=next(model.parameters()).device)
            finite = bool(torch.isfinite(model(input_ids=token).logits).all())
        model.train(training)
        return None if finite else "the model's output is not finite"

    def weight_sums(self) -> list[float]:
        """Return one number per trained parameter that changes when it does."""
        trained = [p.detach() for p in self.model.parameters() if p.requires_grad]
        return torch.stack([p.double().sum() for p in trained]).tolist()

    def require_moved(self) -> None:
        """Stop after the first real optimizer step if it changed nothing.

        Raises:
            RunStoppedError: no weight changed.
        """
        if self.moved or self.sums is None:
            return
        if self.weight_sums() == self.sums:
            raise RunStoppedError(
                f"step {self.state.global_step + 1}: the optimizer took a step and no weight changed: the learning "
                f"rate {self._get_learning_rate():g} is lost in rounding, or the optimizer holds other parameters. "
                "Raise the learning rate, or train in float32"
            )
        self.moved, self.sums = True, None

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        self.require_sound()
        step = self.state.global_step
        on_main(PartialState(), lambda: self.write(step))

    def require_sound(self) -> None:
        """Stop before weights that are not sane are written.

        Raises:
            RunStoppedError: with what is wrong with them.
        """
        anywhere = first_said(PartialState(), self.sick_weights() or self.sick_output())
        if anywhere:
            raise RunStoppedError(
                f"step {self.state.global_step}: {anywhere}, so nothing is saved; the checkpoint before is untouched. "
                f"Go on with a lower learning rate and --accept-change {self.setup.stage}.learning_rate"
            )

    def write(self, step: int) -> None:
        """Write the checkpoint of ``step`` and delete those that are no longer kept."""
        size = state_bytes(self.model, self.moving_reference())
        with self.setup.watchdog.patient(size / SLOW_DISK):
            write_checkpoint(self.root, step, self.fill, size)
        if self.new_best is not None:
            save_json(self.root / BEST, {"step": step, **self.new_best})
            self.new_best = None
        best = best_step(self.root)
        rotate(self.root, step, self.keep_checkpoints, [] if best is None else [best])

    def fill(self, folder: Path) -> None:
        """Write every file of a checkpoint, with full disks told as the system tells them.

        Raises:
            OSError: a file cannot be written.
        """
        try:
            self.fill_files(folder)
        except SafetensorError as error:
            raise OSError(f"{error}") from None

    def fill_files(self, folder: Path) -> None:
        """Write every file of a checkpoint: a model that loads as any other, and what training goes on from."""
        model = self.accelerator.unwrap_model(self.model)
        model.save_pretrained(folder)
        self.setup.tokenizer.save_pretrained(folder)
        moments = self.optimizer.state_dict()
        save_optimizer(moments, self.start_settings or settings(moments), folder)
        save_plain(folder / "scheduler.json", self.lr_scheduler.state_dict())
        state = copy.copy(self.state)
        state.log_history, state.stateful_callbacks = [], {}  # metrics.jsonl holds the one, nothing needs the other
        state.save_to_json(str(folder / "trainer_state.json"))
        scaler = getattr(self.accelerator, "scaler", None)
        own = {"moved": self.moved, "scaler": scaler.state_dict() if scaler else None}
        save_plain(folder / KIT, {**self.kit_state(), **own})
        if (reference := self.moving_reference()) is not None:
            untied = {name: weights.clone() for name, weights in reference.state_dict().items()}
            save_file(untied, folder / REFERENCE)

    def kit_state(self) -> dict[str, Any]:
        """Return what a stage keeps beyond weights, optimizer and scheduler; a stage may add to it."""
        return {}

    def restore_kit_state(self, state: dict[str, Any]) -> None:
        """Go on from what ``kit_state`` returned."""

    def moving_reference(self) -> torch.nn.Module | None:
        """Return the reference model if training moves it."""
        return None

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        folder = Path(checkpoint)
        self.start_settings = settings(self.optimizer.state_dict())
        self.optimizer.load_state_dict(load_optimizer(self.optimizer.state_dict(), folder))
        load_scheduler(self.lr_scheduler, self.optimizer, folder)
        kept = load_json(folder / KIT)
        self.moved = kept.pop("moved")
        if (scaling := kept.pop("scaler")) is not None:
            scaler: Any = self.accelerator.scaler
            scaler.load_state_dict(scaling)
        if (reference := self.moving_reference()) is not None:
            reference.load_state_dict(load_file(folder / REFERENCE))
        self.micro_step = self.state.global_step * self.args.gradient_accumulation_steps
        self.restore_kit_state(kept)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        """Nothing to load: every random number is derived."""

    def _load_scaler(self, checkpoint: str | None) -> None:
        """Loaded with the optimizer."""

    def is_saved(self, step: int) -> bool:
        """Whether there is a whole checkpoint of ``step``."""
        return fault(folder_of(self.root, step)) is None
