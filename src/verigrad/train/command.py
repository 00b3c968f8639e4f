"""The command line of ``python -m verigrad.train``: arguments in, exit code out."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence

import torch
from accelerate import PartialState
from accelerate.utils import DistributedType

from verigrad.errors import EXIT_INTERRUPTED, STATED, RecipeError, exit_code
from verigrad.models.load import quiet
from verigrad.recipe import load_recipe
from verigrad.secrets import masked
from verigrad.train.run import train

USAGE = "usage: accelerate launch -m verigrad.train RECIPE [--accept-change KEY …] [key.sub=value …]"
PLAIN = (DistributedType.NO, DistributedType.MULTI_CPU, DistributedType.MULTI_GPU)


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code: 0 done, 1 stopped for a reason, 2 wrong input, 75 interrupted."""
    quiet()
    state = PartialState(cpu=not torch.cuda.is_available())
    try:
        refuse_sharding(state, os.environ)
        rest, accepted = split_accepted(arguments)
        recipe = load_recipe(rest[0], rest[1:])
        train(recipe, "accelerate launch -m verigrad.train " + shlex.join(arguments), accepted, state)
    except STATED as error:
        return complain(state, error, exit_code(error))
    except KeyboardInterrupt:
        return complain(state, "interrupted before the first step", EXIT_INTERRUPTED)
    return 0


def refuse_sharding(state: PartialState, environment: Mapping[str, str]) -> None:
    """Refuse launchers that shard the weights, and those that say so and do not: accelerate ignores FSDP on a CPU.

    Raises:
        RecipeError: what to launch with instead.
    """
    asked = [name for name in ("FSDP", "DEEPSPEED") if environment.get(f"ACCELERATE_USE_{name}") == "true"]
    if asked or state.distributed_type not in PLAIN:
        kind = asked[0] if asked else state.distributed_type
        raise RecipeError(
            f"launcher: {kind} shards the weights, which sampling and checkpoints here do not; launch with one process "
            "or several that each hold the model, such as recipes/accelerate/cpu2.yaml or distributed_type MULTI_GPU"
        )


def split_accepted(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the recipe and its overrides, and the keys after ``--accept-change``.

    Raises:
        RecipeError: no recipe, or an option that does not exist.
    """
    rest, accepted, words = [], [], iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name == "--accept-change":
            accepted.append(value if equals else next(words, ""))
        elif word.startswith("-"):
            raise RecipeError(f"{word}: no such option. {USAGE}")
        else:
            rest.append(word)
    if not rest or not all(accepted):
        raise RecipeError(USAGE)
    return rest, accepted


def complain(state: PartialState, error: object, code: int) -> int:
    """Print one line, from one process; returns ``code``."""
    if state.is_main_process:
        print(f"error: {masked(str(error))}", file=sys.stderr)
    return code
