"""The bare interpreter that runs programs: started with ``-I -S -B``, it forks one locked-in child per program.

It holds nothing of the process that started it: no environment, no modules, no descriptors but one socket. It never
sees a program, an input or a result either: these go through pipes from the judge to the child, so that nothing of one
program can be found in the memory of the next. Its own work is to fork, to watch and to clear up.

Messages on the socket are lines of JSON. In: ``{"start": mode, …}`` with the descriptors of the child, ``{"clock":
mode}`` to give it the full time anew, ``{"kill": mode}``. Out: ``{"ready": …}`` once, ``{"ended": mode, "status": …,
"why": …}`` for every start.
"""

import contextlib
import ctypes
import fcntl
import gc
import json
import os
import random
import select
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import jail  # pyright: ignore[reportMissingImports]
import paths  # pyright: ignore[reportMissingImports]
import scratch  # pyright: ignore[reportMissingImports]
import startup  # pyright: ignore[reportMissingImports]

sys.path.pop(0)
OURS = "assertions jail paths program scratch seccomp startup state wire"
for _name in OURS.split():  # a program's imports find the standard library only
    del sys.modules[_name]
WARM = (
    "abc array ast bisect cmath collections collections.abc contextlib copy dataclasses datetime decimal enum "
    "fractions functools heapq io itertools json math operator random re statistics string textwrap threading time "
    "typing"
)
for _name in WARM.split():
    __import__(_name)
random.seed(0)  # a program that draws numbers draws the same ones each time it is judged

# libc's own: what os.fork does for programs with threads, which this one has not, costs half a millisecond
FORK = ctypes.PyDLL(None).fork
TICK_S, IDLE_S = 0.05 if hasattr(os, "pidfd_open") else 0.005, 2.0
STARVED = 10  # how many times its limit a program may take on the clock while others hold the processors
MAX_THREADS = 128


class Child:
    """A running program.

    Attributes:
        mode: what it was forked for; there is one of each.
        pid: its process.
        handle: readable when it has ended; -1 where the system has no such descriptor.
        timeout_s: seconds it may take, waiting for a processor aside.
        why: the reason for which it was killed.
    """

    def __init__(self, mode: str, pid: int, timeout_s: float) -> None:
        self.mode, self.pid, self.timeout_s, self.why = mode, pid, timeout_s, ""
        self.handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else -1
        self.started, self.cpu, self.waited = time.monotonic(), 0.0, 0.0

    def restart_clock(self) -> None:
        """Count its time from here."""
        self.started, self.cpu, self.waited = time.monotonic(), cpu_seconds(self.pid), waiting_seconds(self.pid)

    def fault(self, room: "scratch.Scratch") -> str:
        """Return why the child must be killed, empty while it may go on."""
        wall = time.monotonic() - self.started
        if wall >= self.timeout_s and (
            wall >= STARVED * self.timeout_s
            or wall - (waiting_seconds(self.pid) - self.waited) >= self.timeout_s
            or cpu_seconds(self.pid) - self.cpu >= self.timeout_s
        ):
            return "time"
        if len(threads(self.pid)) > MAX_THREADS:
            return "threads"
        return "disk" if room.is_full() else ""


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process; its clock is derived from its number, see clock_getcpuclockid(3)."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def threads(pid: int) -> list[str]:
    """Return the threads of a process, none where the system does not tell."""
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def waiting_seconds(pid: int) -> float:
    """Return how long the thread that waited most was ready to run while others held the processors."""
    longest = 0
    for thread in threads(pid):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat") as stream:
                longest = max(longest, int(stream.read().split()[1]))
        except (OSError, IndexError):
            continue
    return longest / 1e9


class Zygote:
    """The loop of the interpreter.

    Attributes:
        link: the socket to the judge.
        room: the folder that programs may write to.
        ruleset: landlock's, negative where another layer holds the files or nothing is locked.
        locked: whether children are locked in.
    """

    def __init__(self, link: socket.socket, room: "scratch.Scratch", ruleset: int, locked: bool) -> None:
        self.link, self.room, self.ruleset, self.locked = link, room, ruleset, locked
        self.children: dict[str, Child] = {}
        self.parent, self.looked = os.getppid(), time.monotonic()

    def serve(self) -> None:
        """Serve until the judge is gone."""
        while os.getppid() == self.parent:
            poll = select.poll()
            for handle in [self.link.fileno(), *(child.handle for child in self.children.values())]:
                if handle >= 0:
                    poll.register(handle, select.POLLIN)
            ready = {handle for handle, _ in poll.poll((TICK_S if self.children else IDLE_S) * 1000)}
            self.reap()  # first: a child that has ended by itself was not killed
            if self.link.fileno() in ready and not self.obey():
                break
            if time.monotonic() - self.looked >= TICK_S:
                self.look()
        self.leave()

    def look(self) -> None:
        """Kill the children that have used up what they may."""
        for child in self.children.values():
            if not child.why and (why := child.fault(self.room)):
                self.kill(child, why)
        self.looked = time.monotonic()

    def obey(self) -> bool:
        """Do what the judge asks; False when it is gone."""
        try:
            data, handles, _, _ = socket.recv_fds(self.link, 1 << 16, 8)
        except OSError:
            return False
        for line in data.splitlines():
            order = json.loads(line)
            if "start" in order:
                self.start(order, handles)
            elif (child := self.children.get(order.get("clock", order.get("kill")))) is not None:
                child.restart_clock() if "clock" in order else self.kill(child, "judge")
        return bool(data)

    def start(self, order: dict, handles: list[int]) -> None:
        """Fork a child; when that fails, say so in place of how it ended."""
        pid = FORK()
        if pid < 0:
            self.say({"ended": order["start"], "status": None, "why": "no process could be started"})
        else:
            if pid == 0:
                startup.become(order, handles, self.ruleset, self.locked)
            self.children[order["start"]] = Child(order["start"], pid, order["timeout_s"])
        for handle in handles:
            os.close(handle)

    def kill(self, child: Child, why: str) -> None:
        """End a child; ``reap`` reports it."""
        child.why = child.why or why
        os.kill(child.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Report the children that ended; where none is left, the folder is empty for the next."""
        for mode, child in list(self.children.items()):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if not pid:
                continue
            del self.children[mode]
            if child.handle >= 0:
                os.close(child.handle)
            if not self.children:  # one that still runs would fill it again
                self.room.empty()
            self.say({"ended": mode, "status": status, "why": child.why})

    def say(self, message: dict) -> None:
        """Tell the judge; when it is gone, the next turn of the loop finds out."""
        with contextlib.suppress(OSError):
            self.link.sendall(json.dumps(message).encode() + b"\n")

    def leave(self) -> None:
        """Kill what runs and remove the folder."""
        for child in self.children.values():
            self.kill(child, "judge")
            os.waitpid(child.pid, 0)
        self.room.remove()


def connect(address: str) -> socket.socket:
    """Return the socket to the judge: an inherited descriptor, or a path where none can be inherited."""
    if address.isdigit():
        return socket.socket(fileno=fcntl.fcntl(int(address), fcntl.F_DUPFD_CLOEXEC, max(startup.RESERVED) + 1))
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.connect(address)
    return link


def make_room(kind: str, folder: str) -> scratch.Scratch:
    """Return the folder that programs may write to: all that they can, so that emptying it leaves nothing."""
    if kind not in ("jail", "none"):
        return scratch.Scratch(folder)  # it was mounted for us alone
    root = scratch.free_root(paths.readable_paths())
    if kind == "jail" and jail.has_namespaces(root):
        jail.enter_namespaces(root)
        return scratch.Scratch(root, bounded=True)
    return scratch.Scratch.make(folder)


def main() -> None:
    """Lock this interpreter in, say which layers hold, and serve."""
    kind, address, folder = sys.argv[1:4]
    link = connect(address)
    while os.open("/dev/null", os.O_RDWR) <= max(startup.RESERVED):
        pass
    room, ruleset, said = make_room(kind, folder), -1, {"landlock": 0, "namespaces": []}
    if kind != "none":
        said["namespaces"] = list(jail.CLONE_NEW) if room.bounded else []
        try:
            ruleset, said["landlock"] = jail.make_ruleset(room.path)
        except jail.JailError as error:
            said["missing"] = str(error)
        jail.lock_zygote()
    os.environ.update(TMPDIR=room.path, HOME=room.path)
    os.chdir(room.path)
    jail.limit_zygote(jail.SCRATCH_MB if room.bounded else jail.FILE_MB)
    jail.keep_to_one_arena()
    gc.collect()
    gc.freeze()
    link.sendall(json.dumps({"ready": said}).encode() + b"\n")
    Zygote(link, room, ruleset, kind != "none").serve()


if __name__ == "__main__":
    main()
