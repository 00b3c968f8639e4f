"""What a remote judge runs in place of a program: the program, with its output kept apart from its answer.

Its text is sent along with that of ``wire`` and ``program``, whose functions call a program as they do here.
"""

import json
import os
import resource
import sys
import types

import program  # pyright: ignore[reportMissingImports]
import wire  # pyright: ignore[reportMissingImports]


def keep(handle: int, nowhere: tuple[int, ...], memory_mb: int) -> None:
    """Keep one standard stream as the way out, lead others nowhere, and limit the address space."""
    program.RESULTS = os.dup(handle)
    null = os.open(os.devnull, os.O_RDWR)
    for each in nowhere:
        os.dup2(null, each)
    most, hard = memory_mb << 20, resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def answer_last() -> None:
    """Make the calls that standard input asks for and answer the last, after the token that came with them."""
    order = json.loads(sys.stdin.read())
    keep(1, (0, 1, 2), order["memory_mb"])
    module, failure, reply = types.ModuleType("solution"), "", {}
    try:
        program.run_program(program.compiled(order["sources"]), module)
    except BaseException as error:
        failure = program.error_text(error)
    for request in order["calls"]:
        reply = {"error": failure, "kind": "", "args": []} if failure else program.call(vars(module), request)
    program.write_all(program.RESULTS, b"\n" + order["token"].encode() + b" " + program.as_line(reply))
    os._exit(program.finish(0, module))


def run_script(order: dict) -> None:
    """Run a program that reads and prints; what it raises is written to standard error, and nothing else."""
    keep(2, (2,), order["memory_mb"])
    program.write_all(program.RESULTS, wire.ERROR_MARK.encode())
    os._exit(program.run_script(order, None))
