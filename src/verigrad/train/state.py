"""Optimizer and scheduler states as safetensors and JSON: nothing in a checkpoint can run code when it is read."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from verigrad.errors import RunStoppedError

Nested = dict[str, Any]


@contextmanager
def on_disk(place: Path) -> Iterator[None]:
    """Turn a failure to write ``place`` into one line.

    Raises:
        RunStoppedError: with what the system says.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise RunStoppedError(
            f"{place}: cannot be written: {error}; checkpoints are whole. Make room, and start the same command again "
            "to go on"
        ) from None


def save_optimizer(state: Nested, start: list[Nested], folder: Path) -> None:
    """Write an optimizer's ``state_dict``: its tensors to safetensors, everything else to JSON.

    Args:
        state: of the optimizer.
        start: its ``settings`` before the first step.
        folder: of the checkpoint.

    Raises:
        RunStoppedError: a value that neither can hold.
    """
    tensors = {f"{i}.{k}": v.contiguous() for i, s in state["state"].items() for k, v in s.items() if is_tensor(v)}
    plain = {str(i): {k: v for k, v in s.items() if not is_tensor(v)} for i, s in state["state"].items()}
    save_file(tensors, folder / "optimizer.safetensors")
    save_plain(folder / "optimizer.json", {"state": plain, "param_groups": state["param_groups"], "start": start})


def load_optimizer(current: Nested, folder: Path) -> Nested:
    """Return the ``state_dict`` kept in ``folder``; settings that the recipe changed since are as in ``current``."""
    kept = load_json(folder / "optimizer.json")
    state: dict[int, Nested] = {int(i): values for i, values in kept["state"].items()}
    for name, tensor in load_file(folder / "optimizer.safetensors").items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    groups = []
    for was, start, now in zip(kept["param_groups"], kept["start"], settings(current), strict=True):
        changed = {key: value for key, value in now.items() if key not in start or start[key] != as_json(value)}
        tuples = {key: tuple(was[key]) for key, value in now.items() if isinstance(value, tuple)}
        groups.append({**was, **tuples, **changed})
    return {"state": state, "param_groups": groups}


def settings(state: Nested) -> list[Nested]:
    """Return the settings of every group of an optimizer's ``state_dict``, such as ``weight_decay``."""
    return [{key: value for key, value in group.items() if key != "params"} for group in state["param_groups"]]


def as_json(value: Any) -> Any:
    """Return a setting as JSON gives it back."""
    return list(value) if isinstance(value, tuple) else value


def load_scheduler(scheduler: Any, optimizer: Any, folder: Path) -> None:
    """Go on with a kept schedule, at the learning rate that the recipe asks for."""
    asked = list(getattr(scheduler, "base_lrs", []))
    scheduler.load_state_dict(load_json(folder / "scheduler.json"))
    if isinstance(scheduler, LambdaLR):  # each rate is a function of the step, so it need not be kept
        scheduler.base_lrs = asked
        rates = [base * rate(scheduler.last_epoch) for base, rate in zip(asked, scheduler.lr_lambdas, strict=True)]
        scheduler._last_lr = rates
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate


def is_tensor(value: Any) -> bool:
    """Whether a value of an optimizer's state goes to safetensors."""
    return isinstance(value, Tensor)


def save_plain(file: Path, values: Any) -> None:
    """Write ``values``, which must be plain.

    Raises:
        RunStoppedError: they are not.
    """
    try:
        file.write_text(json.dumps(values) + "\n", encoding="utf-8")
    except TypeError as error:
        raise RunStoppedError(
            f"{file.name}: the optimizer or scheduler keeps a value that JSON cannot hold ({error}); a checkpoint "
            "holds no pickles. Choose another grpo.optim or lr_scheduler_type"
        ) from None


def load_json(file: Path) -> Any:
    """Return the values of a JSON file."""
    return json.loads(file.read_text(encoding="utf-8"))


def state_bytes(model: torch.nn.Module, reference: torch.nn.Module | None) -> int:
    """Return the bytes that a checkpoint takes: the trained weights with two moments each, and a moving reference."""
    trained = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    return 3 * trained + sum(p.numel() * p.element_size() for p in (reference.parameters() if reference else ()))
