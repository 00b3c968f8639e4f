"""Run a program, in its own process: answer calls of its functions, or let it read and print.

Calls come on the control pipe; one line per answer goes out, after the token that came with the call. A program that
reads and prints has real pipes for it.
"""

import atexit
import builtins
import contextlib
import gc
import json
import os
import re
import sys
import threading
import types
from typing import Any, BinaryIO

import state  # pyright: ignore[reportMissingImports]
import wire  # pyright: ignore[reportMissingImports]

CHANGEABLE = (list, dict, set)
BROKEN_OUTPUT = 120  # the exit status of an interpreter that could not write its last output
RESULTS = 4  # descriptor
STACK = 4 << 20  # of a thread, unless the program wants another: fifty of them fit into the usual memory


def write_all(handle: int, data: bytes) -> None:
    """Write ``data`` to a descriptor."""
    while data:
        data = data[os.write(handle, data) :]


def error_text(error: BaseException) -> str:
    """Return the kind and message of an error, which may be one of the program's own making."""
    kind = type(error).__name__
    try:
        return f"{kind}: {error}".removesuffix(": ")[:300].encode(errors="replace").decode()
    except BaseException:
        return kind


# ---- a program that is called


def answer_calls(request: dict, control: BinaryIO) -> int:
    """Load the program, answer calls until there are no more, and end as a program does; returns the exit status."""
    module, failure = types.ModuleType("solution"), ""
    codes: list[types.CodeType] = []
    try:
        codes = compiled(request["sources"])
        remembers = request["announce"] and any(map(state.can_remember, codes))
    except BaseException as error:
        failure, remembers = error_text(error), False
    if request["announce"]:
        write_all(RESULTS, json.dumps({"remembers": remembers}).encode() + b"\n")
    try:
        run_program(codes, module)
    except BaseException as error:
        failure = error_text(error)
    while line := control.readline():
        if request["announce"]:  # the calls are of several tests
            forget()
        token, _, data = line.partition(b" ")
        reply = {"error": failure, "kind": "", "args": []} if failure else call(vars(module), json.loads(data))
        write_all(RESULTS, token + b" " + as_line(reply))
    return finish(0, module)


def forget() -> None:
    """Drop what an earlier call may have left: objects that hold each other, and compiled patterns."""
    gc.collect()
    re.purge()


def compiled(sources: list[str]) -> list[types.CodeType]:
    """Return the program's parts, which run one after the other in one module; as text, so no coding cookie counts."""
    return [compile(source.lstrip("\ufeff"), "<program>", "exec") for source in sources]


def run_program(codes: list[types.CodeType], module: types.ModuleType) -> None:
    """Run the program in ``module``, registered under its name."""
    vars(module)["__builtins__"] = builtins
    sys.modules[module.__name__] = sys.modules["__main__"] = module
    threading.stack_size(STACK)
    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment] # ``-S`` leaves them out
    for code in codes:
        exec(code, vars(module))  # noqa: S102 - running it is what this process is for


def call(names: dict[str, Any], request: dict) -> dict:
    """Return the packed result of one call, or what went wrong with it."""
    function = names.get(request["name"])
    if not callable(function):
        return {"error": f"the program defines no function {request['name']}", "kind": "NameError", "args": []}
    args, kwargs = wire.unpack(request["args"]), wire.unpack(request["kwargs"])
    try:
        reply = {"value": wire.pack(function(*args, **kwargs))}
        if request["back"]:
            reply["args"] = wire.pack([arg if type(arg) in CHANGEABLE else None for arg in args])
        return reply
    except wire.WireError as error:
        return {"error": f"the result is not plain data: {error}", "kind": "TypeError", "args": []}
    except BaseException as error:
        return {"error": error_text(error), "kind": builtin_kind(error), "args": plain_args(error)}


def builtin_kind(error: BaseException) -> str:
    """Return the name of the builtin class that ``error`` is of."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")


def plain_args(error: BaseException) -> object:
    """Return the packed arguments of ``error``, none where they are not plain data."""
    try:
        return wire.pack(list(error.args))
    except BaseException:
        return []


def as_line(reply: dict) -> bytes:
    """Return an answer as one line; one that is too large becomes an error."""
    text = json.dumps(reply)
    if len(text) > wire.MAX_RESULT:
        text = json.dumps({"error": "the result is too large", "kind": "MemoryError", "args": []})
    return text.encode() + b"\n"


def finish(status: int, module: types.ModuleType) -> int:
    """End as an interpreter does: wait for threads, run exit handlers, drop the module, flush; returns the status."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        flush(sys.stdout)
        vars(module).clear()  # what it holds may print when it goes
        flush(sys.__stdout__)
    except BaseException:
        return BROKEN_OUTPUT
    return status


def flush(stream: Any) -> None:
    """Flush a stream that a program may have closed or taken away."""
    if stream is not None and not getattr(stream, "closed", False):
        stream.flush()


# ---- a program that reads and prints


def run_script(request: dict, control: BinaryIO) -> int:
    """Run the program with real standard streams; returns its exit status, and says on the results pipe what failed."""
    # as the interpreter opens them, which keeps a second reference
    sys.stdin = sys.__stdin__ = os.fdopen(0, encoding="utf-8", newline="\n", closefd=False)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", newline="\n", closefd=False)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", errors="backslashreplace", closefd=False)  # type: ignore[misc]
    sys.argv = ["program.py"]
    module, status = types.ModuleType("__main__"), 0
    module.__file__ = sys.argv[0]
    try:
        run_program(compiled(request["sources"]), module)
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    except BaseException as error:
        with contextlib.suppress(BaseException):
            write_all(RESULTS, error_text(error).encode())
        status = 1
    return finish(status & 0xFF, module)
