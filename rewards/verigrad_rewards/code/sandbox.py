"""Which layers lock programs in on this machine: the choice, the start of an interpreter behind them, their proof."""

import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verigrad_rewards.code.paths import readable_paths

KINDS = ("jail", "bwrap", "podman", "docker")  # strongest complete set first, among those that start at once
CHOICES = "auto, jail, bwrap, podman, docker, none, or the address of a judge such as piston+http://host:2000"
HERE = Path(__file__).parent
IMAGE = "python:3.11-slim"
ROOM = "/scratch"  # mounted for programs alone inside bubblewrap or a container; it is emptied after each
CONTAINER = (
    "run --rm --pull never --network none --ipc none --read-only --cap-drop ALL --security-opt no-new-privileges "
    f"--pids-limit 512 --tmpfs {ROOM}:size=64m,mode=1777"
)
INSIDE = f"python3 -I -S -B -X utf8 /judge/zygote.py container /link/link {ROOM}"


class SandboxUnavailableError(RuntimeError):
    """Programs cannot be locked in on this machine, or a judge cannot be reached; nothing was run."""


@dataclass(frozen=True, slots=True)
class Layers:
    """What holds a program.

    Attributes:
        kind: ``jail``, a program that gives namespaces, a container runtime, or ``none``.
        landlock: version in the kernel, 0 where it is missing.
        namespaces: names of the namespaces that the interpreter entered by itself.
    """

    kind: str
    landlock: int = 0
    namespaces: Sequence[str] = ()

    def __str__(self) -> str:
        if self.kind == "none":
            return "none: limits on time, memory and output only, chosen with sandbox: none"
        around = {"jail": "", "bwrap": "namespaces and files of bubblewrap, "}.get(self.kind, "a container, ")
        files = f"landlock {self.landlock}, " if self.landlock else ""
        own = f"namespaces ({' '.join(self.namespaces)}), " if self.namespaces else ""
        return f"{self.kind}: {around}{own}{files}seccomp, limits, no capabilities"


def python() -> str:
    """Return the interpreter outside any virtual environment."""
    return getattr(sys, "_base_executable", None) or sys.executable


def launch(kind: str) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a bare interpreter behind the layers of ``kind``; returns it with the socket to it.

    Raises:
        SandboxUnavailableError: what ``kind`` needs is not there.
    """
    if kind in ("podman", "docker"):
        return launch_container(kind)
    if kind != "none" and sys.platform != "linux":
        raise SandboxUnavailableError("needs Linux")
    ours, theirs = socket.socketpair()
    with theirs:
        prefix = bubblewrap() if kind == "bwrap" else []
        zygote = [python(), "-I", "-S", "-B", "-X", "utf8", str(HERE / "zygote.py")]
        folder = ROOM if kind == "bwrap" else tempfile.gettempdir()
        process = start([*prefix, *zygote, kind, str(theirs.fileno()), folder], [theirs.fileno()])
    return process, ours


def start(command: Sequence[str], handles: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start a command with nothing of this process but ``handles``."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter, behind what the user installed
        command,
        pass_fds=list(handles),
        env={"PATH": os.environ.get("PATH", os.defpath)} if command[0] != python() else {},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def bubblewrap() -> list[str]:
    """Return the command before the interpreter's that gives it namespaces and a file system of its own.

    Raises:
        SandboxUnavailableError: bubblewrap is not installed.
    """
    found = shutil.which("bwrap")
    if found is None:
        raise SandboxUnavailableError("bubblewrap is not installed")
    paths = [path for path in readable_paths() if not path.startswith("/dev/")]
    binds = [part for path in [*paths, python(), str(HERE)] for part in ("--ro-bind", path, path)]
    own = ["--proc", "/proc", "--dev", "/dev", "--size", str(64 << 20), "--tmpfs", ROOM]
    return [found, "--unshare-all", "--die-with-parent", *own, *binds, "--remount-ro", "/dev", "--remount-ro", "/"]


def launch_container(runtime: str) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the interpreter in a container without network; it connects to a socket in a folder that it is given.

    Raises:
        SandboxUnavailableError: the runtime is not installed, or starts nothing.
    """
    found = shutil.which(runtime)
    if found is None:
        raise SandboxUnavailableError(f"{runtime} is not installed")
    image = os.environ.get("VERIGRAD_IMAGE", IMAGE)
    with tempfile.TemporaryDirectory(prefix="verigrad-link-") as folder, socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{folder}/link")
        door.listen(1)
        door.settimeout(0.2)
        process = start(
            [found, *CONTAINER.split(), "-v", f"{folder}:/link", "-v", f"{HERE}:/judge:ro", image, *INSIDE.split()]
        )
        while True:
            try:
                return process, door.accept()[0]
            except TimeoutError:
                if process.poll() is not None:
                    raise SandboxUnavailableError(f"{runtime} starts no {image}: {words(process)[0]}") from None


def words(process: subprocess.Popen[bytes]) -> list[str]:
    """Return the lines that a dead process wrote to standard error, at least one."""
    said = process.stderr.read().decode(errors="replace").strip().splitlines() if process.stderr else []
    return said or [f"it ended with status {process.poll()}"]


def refuse(reasons: Sequence[str]) -> SandboxUnavailableError:
    """Return the error that lists what was tried and what to do."""
    return SandboxUnavailableError(
        f"no sandbox holds programs on {platform.system()} {platform.release()}: {'; '.join(reasons)}. Use Linux 5.13 "
        "or newer with landlock and seccomp, install bubblewrap or podman, give the address of a judge, or accept the "
        "risk with sandbox: none, which limits time, memory and output only"
    )
