"""What a forked child does first: arrange its descriptors, lock itself in, and turn into what it was forked for."""

import json
import math
import os
from collections.abc import Callable
from typing import BinaryIO

import assertions  # pyright: ignore[reportMissingImports]
import jail  # pyright: ignore[reportMissingImports]
import program  # pyright: ignore[reportMissingImports]
import wire  # pyright: ignore[reportMissingImports]

# where a child finds its descriptors; the interpreter keeps these numbers free of anything else
CONTROL, RULESET = 3, 7  # between them ``program.RESULTS`` and those of ``assertions``
RESERVED = range(CONTROL, RULESET + 1)
MODES: dict[str, Callable[[dict, BinaryIO], int]] = {
    "call": program.answer_calls,
    "stdio": program.run_script,
    "check": assertions.run_check,
}


def become(order: dict, handles: list[int], ruleset: int, locked: bool) -> None:
    """Turn this fork into the child that ``order`` describes; never returns.

    A child that cannot be locked in runs nothing and says no hello.
    """
    status = 1
    try:
        arrange(order["start"], handles, ruleset)
        cpu_s = math.ceil(order["timeout_s"] * order["tests"]) + 1
        if locked:
            jail.lock_program(RULESET if ruleset >= 0 else -1)
        jail.limit_program(cpu_s, order["memory_mb"])
        program.write_all(program.RESULTS, wire.HELLO + b"\n")
        control = os.fdopen(CONTROL, "rb")
        status = MODES[order["start"]](json.loads(control.readline()), control)
    finally:
        os._exit(status)


def arrange(mode: str, handles: list[int], ruleset: int) -> None:
    """Put the descriptors where they belong and close all others; standard streams lead nowhere unless given."""
    null = os.open("/dev/null", os.O_RDWR)  # its own: flags set on a shared one would last
    pipes, standard = (handles[:2], [*handles[2:], null]) if mode == "stdio" else (handles, [null, null, null])
    if ruleset >= 0:
        os.dup2(ruleset, RULESET)
    for place, handle in enumerate([*standard, *pipes]):
        os.dup2(handle, place)
    os.closerange(len(standard) + len(pipes), RULESET)
    os.closerange(RULESET + (ruleset >= 0), 1 << 16)
