"""What a forked child does: arrange its descriptors, lock itself in, run a program or a test's own code.

A program's process reads calls from its control pipe and writes one line per answer, each after the token that came
with the call; a program that reads and prints has real pipes for it. A test's process (``check``) runs the assertions
and holds the other ends of a program's pipes, so expected values and the program never meet.
"""

import atexit
import builtins
import contextlib
import json
import math
import os
import sys
import threading
import types
from collections.abc import Callable
from itertools import zip_longest
from typing import Any, BinaryIO

import jail  # pyright: ignore[reportMissingImports]
import state  # pyright: ignore[reportMissingImports]
import wire  # pyright: ignore[reportMissingImports]

CHANGEABLE = (list, dict, set)
ENDS_OF_ITERATION = (StopIteration, StopAsyncIteration)
NO_JAIL, BROKEN_OUTPUT = 77, 120
# where a child finds its descriptors; the interpreter keeps these numbers free of anything else
CONTROL, RESULTS, PEER_CONTROL, PEER_RESULTS, RULESET = 3, 4, 5, 6, 7
RESERVED = range(CONTROL, RULESET + 1)


def become(order: dict, handles: list[int], ruleset: int, locked: bool) -> None:
    """Turn this fork into the child that ``order`` describes; never returns."""
    status = 1
    try:
        arrange(order["mode"], handles, ruleset)
        cpu_s = math.ceil(order["timeout_s"] * order["tests"]) + 1
        if locked:
            jail.lock_program(RULESET if ruleset >= 0 else -1)
        jail.limit_program(cpu_s, order["memory_mb"])
        control = os.fdopen(CONTROL, "rb")
        status = MODES[order["mode"]](json.loads(control.readline()), control)
    except jail.JailError:
        status = NO_JAIL
    finally:
        os._exit(status)


def arrange(mode: str, handles: list[int], ruleset: int) -> None:
    """Put the descriptors where they belong and close all others; standard streams lead nowhere unless given."""
    null = os.open("/dev/null", os.O_RDWR)  # its own: flags set on a shared one would last
    standard = [*handles[2:], null] if mode == "stdio" else [null, null, null]
    for place, handle in enumerate(standard):
        os.dup2(handle, place)
    handles = handles[:2] if mode == "stdio" else handles
    if ruleset >= 0:
        os.dup2(ruleset, RULESET)
    for place, handle in enumerate(handles, CONTROL):
        os.dup2(handle, place)
    os.closerange(CONTROL + len(handles), RULESET)
    os.closerange(RULESET + (ruleset >= 0), 1 << 16)


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
        token, _, data = line.partition(b" ")
        reply = {"error": failure, "kind": "", "args": []} if failure else call(vars(module), json.loads(data))
        write_all(RESULTS, token + b" " + as_line(reply))
    return finish(0, module)


def compiled(sources: list[str]) -> list[types.CodeType]:
    """Return the program's parts, which run one after the other in one module; as text, so no coding cookie counts."""
    return [compile(source.lstrip("\ufeff"), "<program>", "exec") for source in sources]


def run_program(codes: list[types.CodeType], module: types.ModuleType) -> None:
    """Run the program in ``module``, registered under its name."""
    vars(module)["__builtins__"] = builtins
    sys.modules[module.__name__] = sys.modules["__main__"] = module
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
        sys.stdout.flush()
        vars(module).clear()  # what it holds may print when it goes
        sys.__stdout__.flush()  # type: ignore[union-attr]
    except BaseException:
        return BROKEN_OUTPUT
    return status


# ---- a program that reads and prints


def run_script(request: dict, control: BinaryIO) -> int:
    """Run the program with real standard streams; returns its exit status, and says on the results pipe what failed."""
    # as the interpreter opens them, which keeps a second reference
    sys.stdin = sys.__stdin__ = os.fdopen(0, encoding="utf-8", newline="\n", closefd=False)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", newline="\n", closefd=False)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", errors="backslashreplace", closefd=False)  # type: ignore[misc]
    sys.argv = ["program.py"]
    module, status = types.ModuleType("__main__"), 0
    try:
        run_program(compiled(request["sources"]), module)
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    except BaseException as error:
        with contextlib.suppress(BaseException):
            write_all(RESULTS, error_text(error).encode())
        status = 1
    return finish(status & 0xFF, module)


# ---- a test's own code


class ProgramGone(BaseException):
    """The program's process gives no more answers; no ``except Exception`` of a test may hide it."""


class Stub:
    """A function of the program, called in its own process with plain data."""

    def __init__(self, peer: "Peer", name: str) -> None:
        self.peer, self.__name__ = peer, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the program returns; changes it makes to lists, dictionaries and sets are made here too."""
        reply = self.peer.ask(self.__name__, args, kwargs)
        if "value" not in reply:
            raise as_exception(reply)
        for mine, theirs in zip(args, reply.get("args") or [], strict=False):
            refresh(mine, theirs)
        return reply["value"]


def refresh(mine: Any, theirs: Any) -> bool:
    """Give a list, dictionary or set the content of another of its type, in place; whether it is one."""
    if type(mine) not in CHANGEABLE or type(theirs) is not type(mine):
        return False
    if type(mine) is list:
        mine[:] = [old if refresh(old, new) else new for old, new in zip_longest(mine, theirs)][: len(theirs)]
    elif type(mine) is dict:
        kept = {key: mine[key] if key in mine and refresh(mine[key], new) else new for key, new in theirs.items()}
        mine.clear()
        mine.update(kept)
    else:
        mine.clear()
        mine.update(theirs)
    return True


def as_exception(reply: dict) -> Exception:
    """Return the error that the program's function raised, as the builtin one that it is of.

    The end of an iteration is none: raised within ``map``, it would end a test's loop before its assertions.
    """
    kind = getattr(builtins, reply["kind"], None)
    if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, ENDS_OF_ITERATION):
        try:
            return kind(*reply["args"])
        except TypeError:  # its arguments did not cross
            pass
    return RuntimeError(reply["error"])


class Peer:
    """The program's process, seen from the test's.

    Attributes:
        calls: how many it answered.
        last: the last call and what came back, for the verdict's detail.
        gone: whether it gives no more answers.
    """

    def __init__(self) -> None:
        self.results = os.fdopen(PEER_RESULTS, "rb")
        self.calls, self.gone = 0, False
        self.last: tuple[str, Any, Any] | None = None

    def ask(self, name: str, args: Any, kwargs: Any) -> dict:
        """Return the program's answer, its values unpacked.

        Raises:
            ProgramGone: there is none, or it is not one.
            BrokenTest: the test passes what cannot cross.
        """
        try:
            back = any(type(arg) in CHANGEABLE for arg in args)
            request = {"name": name, "args": wire.pack(list(args)), "kwargs": wire.pack(kwargs), "back": back}
        except wire.WireError as error:
            raise BrokenTest(f"it passes {name} something else than plain data: {error}") from None
        token = os.urandom(8).hex().encode()
        try:
            write_all(PEER_CONTROL, token + b" " + json.dumps(request).encode() + b"\n")
            line = self.results.readline(wire.MAX_RESULT + 64)
            echoed, _, data = line.partition(b" ")
            if echoed != token:
                raise wire.WireError("it answers out of turn")
            reply = {k: v if k in wire.TEXTS else wire.unpack(v) for k, v in wire.read_reply(data).items()}
        except (OSError, wire.WireError):
            self.gone = True
            raise ProgramGone from None
        self.calls += 1
        self.last = name, args, reply.get("value", reply.get("error"))
        return reply


def said_last(peer: Peer) -> str:
    """Return the last call and what came back, for a person."""
    if peer.last is None:
        return ""
    name, args, value = peer.last
    return f"{name}({', '.join(map(short, args))}) gives {short(value)}"


def short(value: object) -> str:
    """Return a value in at most 60 characters."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


class BrokenTest(BaseException):
    """The test itself cannot be run: our data is wrong, whatever the program."""


def run_check(request: dict, control: BinaryIO) -> int:
    """Run a test's assertions against the program at the other end; says what became of them on the results pipe."""
    peer = Peer()
    try:
        assertions(request, peer)
        said = {"passed": peer.calls > 0 and not peer.gone, "gone": peer.gone}
        if not peer.calls and not peer.gone:
            said = {"broken": "it never calls the function"}
    except BrokenTest as error:
        said = {"broken": str(error)}
    except BaseException as error:
        where = failing_line(error, request["code"])
        said = {"passed": False, "gone": peer.gone, "detail": f"{where}: {error_text(error)}", "last": said_last(peer)}
    write_all(RESULTS, json.dumps(said).encode() + b"\n")
    return 0


def assertions(request: dict, peer: Peer) -> None:
    """Run the set-up, then the assertions, then ``check(candidate)`` where the test defines it and does not call it."""
    stub = Stub(peer, request["entry_point"])
    names: dict[str, Any] = {"__name__": "test"}
    run_setup(request["setup"], names)
    names.update({request["entry_point"]: stub, "candidate": stub})
    for name in request["functions"]:
        names.setdefault(name, Stub(peer, name))
    exec(compile(request["code"], "<test>", "exec"), names)  # noqa: S102 - the test's own code, in its own process
    if request["check"]:
        names["check"](stub)


def run_setup(source: str, names: dict[str, Any]) -> None:
    """Run the set-up, which no program has a part in."""
    try:
        exec(compile(source, "<setup>", "exec"), names)  # noqa: S102 - the test's own code, in its own process
    except Exception as error:
        raise BrokenTest(f"its setup fails: {error_text(error)}") from None


def failing_line(error: BaseException, source: str) -> str:
    """Return the line of the test at which ``error`` was raised."""
    trace, number = error.__traceback__, 0
    while trace:
        number = trace.tb_lineno if trace.tb_frame.f_code.co_filename == "<test>" else number
        trace = trace.tb_next
    lines = source.splitlines()
    return lines[number - 1].strip()[:160] if 0 < number <= len(lines) else "the test"


MODES: dict[str, Callable[[dict, BinaryIO], int]] = {"call": answer_calls, "stdio": run_script, "check": run_check}
