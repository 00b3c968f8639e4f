"""Optimizer and scheduler states as safetensors and JSON: nothing in a checkpoint can run code when it is read."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from verigrad.errors import RunStoppedError

Nested = dict[str, Any]


def save_optimizer(state: Nested, folder: Path) -> None:
    """Write an optimizer's ``state_dict``: its tensors to safetensors, everything else to JSON.

    Raises:
        RunStoppedError: a value that neither can hold.
    """
    tensors = {f"{i}.{k}": v.contiguous() for i, s in state["state"].items() for k, v in s.items() if is_tensor(v)}
    plain = {str(i): {k: v for k, v in s.items() if not is_tensor(v)} for i, s in state["state"].items()}
    save_file(tensors, folder / "optimizer.safetensors")
    save_json(folder / "optimizer.json", {"state": plain, "param_groups": state["param_groups"]})


def load_optimizer(current: Nested, folder: Path) -> Nested:
    """Return the ``state_dict`` kept in ``folder``; ``current`` tells which of its values are tuples."""
    kept = json.loads((folder / "optimizer.json").read_text(encoding="utf-8"))
    state: dict[int, Nested] = {int(i): values for i, values in kept["state"].items()}
    for name, tensor in load_file(folder / "optimizer.safetensors").items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    groups = [
        {key: tuple(value) if isinstance(now.get(key), tuple) else value for key, value in group.items()}
        for group, now in zip(kept["param_groups"], current["param_groups"], strict=True)
    ]
    return {"state": state, "param_groups": groups}


def is_tensor(value: Any) -> bool:
    """Whether a value of an optimizer's state goes to safetensors."""
    return isinstance(value, Tensor)


def save_json(file: Path, values: Any) -> None:
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


def state_bytes(model: torch.nn.Module) -> int:
    """Return the bytes that a checkpoint of ``model`` takes: weights, and two moments of every trained one."""
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    return weights + 2 * sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
