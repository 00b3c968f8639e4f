import ctypes
import os
import platform
import secrets
import socket
import subprocess
import sys
from pathlib import Path

import attacks
import pytest

from verigrad_rewards import Status
from verigrad_rewards.code import CallTest, Job, Judge

PLACES = ["/", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/etc", "/root", "/home", "/usr/local/bin"]
SOCKETS = {
    "TCP": (socket.AF_INET, socket.SOCK_STREAM),
    "UDP": (socket.AF_INET, socket.SOCK_DGRAM),
    "STREAM": (socket.AF_UNIX, socket.SOCK_STREAM),
    "DATAGRAM": (socket.AF_UNIX, socket.SOCK_DGRAM),
    "ABSTRACT": (socket.AF_UNIX, socket.SOCK_STREAM),
}


class World:
    """What programs are told of, and what must not change.

    Attributes:
        told: source that tells it.
        folder: one with a file to read and a file to change, and with sockets.
        mark: in the name of all that a program leaves.
        key: of what it leaves in the kernel.
        sockets: what listens.
        before: the state of the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.mark = folder, f"vg{secrets.token_hex(5)}"
        self.key = int(self.mark[2:9], 16)
        self.memory = ctypes.create_string_buffer(attacks.SECRET.encode())
        canary, hidden = folder / "canary.txt", folder / "secret.txt"
        canary.write_text("canary")
        hidden.write_text(attacks.SECRET)
        self.opened = hidden.open()
        names = {"TCP": ("127.0.0.1", 0), "UDP": ("127.0.0.1", 0), "ABSTRACT": f"\0{self.mark}a"}
        self.sockets = {n: listening(*kind, names.get(n, str(folder / n[0]))) for n, kind in SOCKETS.items()}
        self.told = attacks.told(
            FOLDER=str(folder),
            CANARY=str(canary),
            HIDDEN=str(hidden),
            TESTS=attacks.__file__,
            MARK=self.mark,
            KEY=self.key,
            JUDGE=os.getpid(),
            ADDRESS=ctypes.addressof(self.memory),
            TCP=self.sockets["TCP"].getsockname()[1],
            UDP=self.sockets["UDP"].getsockname()[1],
            STREAM=str(folder / "S"),
            DATAGRAM=str(folder / "D"),
            ABSTRACT=f"{self.mark}a",
        )
        self.before = self.state()

    def state(self) -> list[tuple]:
        """Return what is to be seen of the folder."""
        return [
            (path, path.lstat()[:6], path.lstat().st_mtime_ns, os.listxattr(path), path.is_file() and path.read_text())
            for path in sorted(self.folder.iterdir())
        ]

    def reached(self) -> list[str]:
        """Return the names of the sockets that something came to."""
        return [name for name, link in self.sockets.items() if comes(link)]

    def left(self) -> list[str]:
        """Return what programs have left: files, System V objects, keys and processes."""
        folders = {*PLACES, *sys.path, os.getcwd(), str(Path.home()), os.path.dirname(os.__file__)}
        files = [path for folder in folders for path in Path(folder).glob(f"*{self.mark}*")]
        files += Path("/tmp").glob(f"*/*{self.mark}*")
        objects = [line for kind in ("shm", "msg", "sem") for line in lines(f"/proc/sysvipc/{kind}")[1:]]
        processes = subprocess.check_output(["ps", "-eo", "comm,pid"], text=True).splitlines()
        return [
            *map(str, files),
            *(line for line in objects if int(line.split()[0]) & 0xFFFFFFFF == self.key),
            *(line for line in [*lines("/proc/keys"), *processes] if self.mark in line),
        ]


def listening(family: int, kind: int, address: object) -> socket.socket:
    """Return a socket that takes what comes."""
    link = socket.socket(family, kind)
    link.bind(address)
    link.setblocking(False)
    if kind == socket.SOCK_STREAM:
        link.listen()
    return link


def comes(link: socket.socket) -> bool:
    """Whether something came to a socket."""
    try:
        if link.type == socket.SOCK_STREAM:
            link.accept()[0].close()
        else:
            link.recv(99)
    except BlockingIOError:
        return False
    return True


def lines(path: str) -> list[str]:
    """Return the lines of a file, none where it is missing."""
    return Path(path).read_text().splitlines() if Path(path).exists() else []


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("w"))


@pytest.fixture(scope="module")
def judge():
    with Judge(workers=1) as judge:
        yield judge


@pytest.mark.parametrize("attack", attacks.ATTACKS, ids=lambda attack: attack.name)
def test_no_attack_pays(attack, judge, world):
    if attack.machine not in ("", platform.machine()):
        pytest.skip(f"it uses numbers of {attack.machine}")
    prelude = world.told if attack.told else ""
    verdict = judge.judge(Job(attack.program, attack.tests, "f", prelude=prelude))
    assert verdict.reward == 0, verdict


def test_programs_that_come_to_no_end_are_ended():
    jobs = [Job(attack.program, attack.tests, "f", timeout_s=0.3, memory_mb=1024) for attack in attacks.ENDLESS]
    with Judge(workers=3) as judge:
        verdicts = dict(zip([attack.name for attack in attacks.ENDLESS], judge.judge_many(jobs), strict=True))
    assert {name: verdict.reward for name, verdict in verdicts.items()} == dict.fromkeys(verdicts, 0.0)
    assert {name: verdict.status for name, verdict in verdicts.items()} == dict.fromkeys(verdicts, Status.TIMEOUT)


def test_attacks_leave_nothing(judge, world):
    empty = Job("import os\ndef f(x): return os.listdir('.')", [CallTest([0], [])], "f")
    assert judge.judge(empty).detail == "all 1 tests pass"
    worker = judge.idle.get()
    judge.idle.put(worker)
    judge.close()
    sessions = subprocess.check_output(["ps", "-eo", "sid"], text=True).split()
    assert str(worker.process.pid) not in sessions
    assert world.state() == world.before
    assert world.reached() == []
    assert world.left() == []
