import ctypes
import os
import platform
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import attacks
import pytest

from verigrad_rewards import Status
from verigrad_rewards.code import Job, Judge

WRITABLE = ("/", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/etc", "/root", "/home", "/usr/local/bin")


@dataclass
class World:
    """What programs are told of, and what must not change."""

    folder: Path
    mark: str = field(default_factory=lambda: f"vg{secrets.token_hex(5)}")
    secret: object = field(default_factory=lambda: ctypes.create_string_buffer(attacks.SECRET.encode()))
    sockets: dict[str, socket.socket] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "canary.txt").write_text("canary")
        (self.folder / "secret.txt").write_text(attacks.SECRET)
        self.listen("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self.listen("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self.listen("unix stream", socket.AF_UNIX, socket.SOCK_STREAM, str(self.folder / "s"))
        self.listen("unix datagram", socket.AF_UNIX, socket.SOCK_DGRAM, str(self.folder / "d"))
        self.listen("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.mark + "a")
        self.before = self.state()
        self.told = attacks.told(
            FOLDER=str(self.folder),
            CANARY=str(self.folder / "canary.txt"),
            HIDDEN=str(self.folder / "secret.txt"),
            TESTS=attacks.__file__,
            MARK=self.mark,
            KEY=int(self.mark[2:9], 16),
            JUDGE=os.getpid(),
            ADDRESS=ctypes.addressof(self.secret),
            TCP=self.sockets["tcp"].getsockname()[1],
            UDP=self.sockets["udp"].getsockname()[1],
            STREAM=str(self.folder / "s"),
            DATAGRAM=str(self.folder / "d"),
            ABSTRACT=self.mark + "a",
        )

    def listen(self, name: str, family: int, kind: int, address: object) -> None:
        self.sockets[name] = socket.socket(family, kind)
        self.sockets[name].bind(address)
        if kind == socket.SOCK_STREAM:
            self.sockets[name].listen()
        self.sockets[name].setblocking(False)

    def reached(self) -> list[str]:
        """Return the names of the sockets that something came to."""
        return [name for name, each in self.sockets.items() if comes(each)]

    def state(self) -> list[tuple]:
        """Return what is to be seen of our folder."""
        paths = sorted(self.folder.iterdir())
        return [(p, p.lstat()[:4], p.lstat().st_mtime_ns, p.is_file() and p.read_bytes()) for p in paths]

    def left(self) -> Iterator[str]:
        """Yield what programs have left behind: files, System V objects, keys and processes of our mark or key."""
        for folder in {*WRITABLE, *sys.path, os.getcwd(), str(Path.home()), os.path.dirname(os.__file__)}:
            yield from (str(p) for p in Path(folder).glob(f"*{self.mark}*") if p != self.folder)
        yield from (str(p) for p in Path("/tmp").glob(f"*/*{self.mark}*"))
        for kind in ("shm", "msg", "sem"):
            rows = Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]
            yield from (f"{kind} {row}" for row in rows if int(row.split()[0]) & 0xFFFFFFFF == int(self.mark[2:9], 16))
        keys = Path("/proc/keys")
        yield from (row for row in (keys.read_text().splitlines() if keys.exists() else []) if self.mark in row)
        names = subprocess.check_output(["ps", "-eo", "pid,comm"], text=True).splitlines()
        yield from (row for row in names if self.mark in row)


def comes(link: socket.socket) -> bool:
    """Whether something came to a socket."""
    try:
        if link.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM:
            link.accept()[0].close()
        else:
            link.recv(99)
    except BlockingIOError:
        return False
    return True


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
    timeout_s = attacks.LOOP_S if attack.hangs else 2.0
    prelude = world.told if attack.told else ""
    verdict = judge.judge(Job(attack.program, attack.tests, "f", timeout_s, prelude=prelude))
    assert verdict.reward == 0, verdict
    assert (verdict.status is Status.TIMEOUT) == attack.hangs, verdict
