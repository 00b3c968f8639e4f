"""Run a test's own code, in a process apart from the program whose functions it calls.

It holds the other ends of the program's pipes: plain data crosses, so expected values and the program never meet.
"""

import builtins
import json
import os
from itertools import zip_longest
from typing import Any, BinaryIO

import program  # pyright: ignore[reportMissingImports]
import wire  # pyright: ignore[reportMissingImports]

ENDS_OF_ITERATION = (StopIteration, StopAsyncIteration)
PEER_CONTROL, PEER_RESULTS = 5, 6  # descriptors


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
    if type(mine) not in program.CHANGEABLE or type(theirs) is not type(mine):
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
        calls: how many were made.
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
            TypeError: a later call passes such a thing, which may be of the program's making.
        """
        try:
            back = any(type(arg) in program.CHANGEABLE for arg in args)
            request = {"name": name, "args": wire.pack(list(args)), "kwargs": wire.pack(kwargs), "back": back}
        except wire.WireError as error:
            said = f"it passes {name} something else than plain data: {error}"
            if self.calls:  # what it passes may be of the program's making
                raise TypeError(said) from None
            raise BrokenTest(said) from None
        self.calls += 1
        token = os.urandom(8).hex().encode()
        try:
            program.write_all(PEER_CONTROL, token + b" " + json.dumps(request).encode() + b"\n")
            line = self.results.readline(wire.MAX_LINE)
            echoed, _, data = line.partition(b" ")
            if echoed != token:
                raise wire.WireError("it answers out of turn")
            reply = {k: v if k in wire.TEXTS else wire.unpack(v) for k, v in wire.read_reply(data).items()}
        except (OSError, wire.WireError, ValueError, ArithmeticError):
            self.gone = True
            raise ProgramGone from None
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
        said = {
            "passed": False,
            "gone": peer.gone,
            "detail": f"{where}: {program.error_text(error)}",
            "last": said_last(peer),
        }
        if not peer.calls:  # no program has a part in it
            said = {"broken": f"it fails before it calls the function: {said['detail']}"}
    program.write_all(program.RESULTS, json.dumps(said).encode() + b"\n")
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
    except BaseException as error:
        raise BrokenTest(f"its setup fails: {program.error_text(error)}") from None


def failing_line(error: BaseException, source: str) -> str:
    """Return the line of the test at which ``error`` was raised."""
    trace, number = error.__traceback__, 0
    while trace:
        number = trace.tb_lineno if trace.tb_frame.f_code.co_filename == "<test>" else number
        trace = trace.tb_next
    lines = source.splitlines()
    return lines[number - 1].strip()[:160] if 0 < number <= len(lines) else "the test"
