"""The bare interpreter that runs programs: started with ``-I -S -B``, it forks one locked-in child per program.

It holds nothing of the process that started it: no environment, no modules, no descriptors but one socket. For each
program it gets three pipe ends (control in, results out, standard input), forks, and says how the child ended.
"""

import builtins
import gc
import io
import json
import os
import select
import signal
import socket
import sys
import types

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import jail  # pyright: ignore[reportMissingImports]
import wire  # pyright: ignore[reportMissingImports]

sys.path.pop(0)
for _name in [
    "abc",
    "array",
    "ast",
    "bisect",
    "collections",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "heapq",
    "itertools",
    "math",
    "operator",
    "random",
    "re",
    "statistics",
    "string",
    "textwrap",
    "typing",
]:
    __import__(_name)

MAX_RESULT = 1 << 20


def main() -> None:
    """Serve programs until the socket closes."""
    link = socket.socket(fileno=int(sys.argv[1]))
    jail.LIBC.prctl(jail.PR_SET_DUMPABLE, 0, 0, 0, 0)
    gc.collect()
    gc.freeze()
    link.sendall(b"ready\n")
    while True:
        request, handles, _, _ = socket.recv_fds(link, 4096, 3)
        if not request:
            return
        settings = json.loads(request)
        child = os.fork()
        if child == 0:
            become(settings, handles, link)
        for handle in handles:
            os.close(handle)
        link.sendall(f"{child}\n".encode())
        link.sendall(f"{wait(child, link)}\n".encode())


def wait(child: int, link: socket.socket) -> int:
    """Return the wait status of ``child``; when whoever asked is gone, kill it and leave."""
    ended = os.pidfd_open(child)
    while True:
        ready, _, _ = select.select([ended, link], [], [])
        if ended in ready:
            os.close(ended)
            return os.waitpid(child, 0)[1]
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os._exit(0)


def become(settings: dict, handles: list[int], link: socket.socket) -> None:
    """Turn this fork into the program's process; never returns."""
    status = 1
    try:
        link.close()
        control, results, stdin = handles
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(stdin, 0)
        os.dup2(results if settings["mode"] == "stdio" else null, 1)
        os.dup2(null, 2)
        os.setsid()
        source = os.fdopen(control, "rb", 0)
        request = json.loads(read_line(source))
        if settings["lock"]:
            jail.lock(settings["cpu_s"], settings["memory_mb"])
        else:
            jail.limit(settings["cpu_s"], settings["memory_mb"])
        os.close(null)
        os.close(stdin)
        sys.stdin = io.TextIOWrapper(open(0, "rb", closefd=False), encoding="utf-8")  # noqa: SIM115
        sys.stdout = io.TextIOWrapper(open(1, "wb", closefd=False), encoding="utf-8", errors="replace")  # noqa: SIM115
        status = run(request, source, results, settings["mode"])
    except jail.JailError:
        status = 77
    finally:
        os._exit(status)


def read_line(source: io.RawIOBase) -> bytes:
    """Return one line of the control pipe."""
    line = bytearray()
    while not line.endswith(b"\n"):
        chunk = source.readline()
        if not chunk:
            break
        line += chunk
    return bytes(line)


def run(request: dict, source: io.RawIOBase, results: int, mode: str) -> int:
    """Run the program, then answer calls; returns the exit status."""
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    builtins.exit = builtins.quit = sys.exit  # type: ignore[attr-defined] # ``-S`` leaves them out
    try:
        code = compile(request["program"].encode("utf-8", "surrogatepass"), "<program>", "exec")
        exec(code, module.__dict__)  # noqa: S102 - running the program is what this process is for
    except SystemExit as stop:
        if mode == "stdio":
            sys.stdout.flush()
            return 0 if stop.code in (None, 0) else 1
        return reply(results, {"error": "the program exits before it is called"})
    except BaseException as error:
        reply(results, {"error": f"{type(error).__name__}: {error}"[:300]}) if mode == "call" else None
        return 2
    if mode == "stdio":
        sys.stdout.flush()
        return 0
    function = module.__dict__.get(request["entry_point"])
    while line := read_line(source):
        reply(results, call(function, request["entry_point"], json.loads(line)))
    return 0


def call(function: object, name: str, packed: dict) -> dict:
    """Return the packed result of one call, or what went wrong with it."""
    if not callable(function):
        return {"error": f"the program defines no function {name}"}
    try:
        arguments = wire.unpack(packed["args"])
        options = wire.unpack(packed["kwargs"])
        return {"value": wire.pack(function(*arguments, **options))}  # type: ignore[misc]
    except BaseException as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}


def reply(results: int, answer: dict) -> int:
    """Write one line to the results pipe; an answer that is too large becomes an error."""
    text = json.dumps(answer)
    if len(text) > MAX_RESULT:
        text = json.dumps({"error": "the result is too large"})
    data = text.encode() + b"\n"
    while data:
        data = data[os.write(results, data) :]
    return 0


if __name__ == "__main__":
    main()
