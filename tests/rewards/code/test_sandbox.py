import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from verigrad_rewards.code import CallTest, Job, Judge, SandboxUnavailableError

RIGHT = Job("def f(x): return 3*x+1", [CallTest([3], 10)], "f")
READS = Job("def f(x): return open('/etc/passwd').read()", [CallTest([3], 10)], "f")
# a process in which the kernel has no system call of this number, as older kernels and some containers have not
WITHOUT = """
import sys
from verigrad_rewards.code import seccomp
deny = [seccomp.statement(seccomp.EQUAL, int(sys.argv[1]), 0, 1), seccomp.statement(seccomp.GIVE, seccomp.ERRNO | int(sys.argv[2]))]
seccomp.LIBC.prctl(seccomp.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
seccomp.install(seccomp.as_program(b"".join([*seccomp.preamble(), *deny, seccomp.statement(seccomp.GIVE, seccomp.ALLOW)])))
from verigrad_rewards.code import CallTest, SandboxUnavailableError, judge
try:
    for program in ("def f(x): return 3*x+1", "def f(x): return open('/etc/passwd').read()"):
        print(judge(program, [CallTest([3], 10)], entry_point="f", sandbox=sys.argv[3]))
except SandboxUnavailableError as error:
    print(error)
"""
LANDLOCK, UNSHARE, ENOSYS, EPERM = 444, 272 if os.uname().machine == "x86_64" else 97, 38, 1


def without(call, error, sandbox="auto", path=None):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PATH": path or os.environ["PATH"]}
    environment.pop("VERIGRAD_SANDBOX_SAID", None)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(call), str(error), sandbox], env=environment, capture_output=True, text=True
    )
    return done.stdout, done.stderr


def test_layers_are_said_once_and_on_standard_error():
    out, said = without(9999, ENOSYS)
    assert out.count("all 1 tests pass") == 1
    assert said.count("verigrad: programs run in jail: ") == 1
    assert "landlock" in said
    assert "seccomp" in said


def test_namespaces_are_an_extra():
    out, said = without(UNSHARE, EPERM)
    assert "namespaces" not in said
    assert out.count("all 1 tests pass") == 1
    assert "forbidden: PermissionError" in out


def test_without_landlock_and_its_substitutes_nothing_runs(tmp_path):
    out, _ = without(LANDLOCK, ENOSYS, path=str(tmp_path))
    assert out.startswith("no sandbox holds programs on Linux")
    assert "jail: this kernel lacks landlock ([Errno 38] landlock: Function not implemented)" in out
    assert "bubblewrap is not installed; podman: podman is not installed" in out
    assert "install bubblewrap or podman" in out
    assert out.count("\n") == 1


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_without_landlock_bubblewrap_holds_programs():
    out, said = without(LANDLOCK, ENOSYS)
    assert "programs run in bwrap: namespaces and files of bubblewrap, seccomp" in said
    assert out.count("all 1 tests pass") == 1
    assert "FileNotFoundError" in out
    with Judge(workers=1, sandbox="bwrap") as judge:
        assert judge.judge(RIGHT).reward == 1
        assert judge.judge(READS).reward == 0


# what docker and podman are asked for, answered by a shell that starts the same interpreter with the same arguments
CONTAINER = """#!/bin/sh
while [ "$1" != "-v" ]; do shift; done
link=${2%%:*}; judge=${4%%:*}
shift 5
echo "$@" > "$(dirname "$0")/asked"
mkdir -p "$(dirname "$0")/room"
exec PYTHON -I -S -B "$judge/zygote.py" container "$link/link" "$(dirname "$0")/room"
"""


def test_without_landlock_a_container_holds_programs(tmp_path):
    shim = tmp_path / "podman"
    shim.write_text(CONTAINER.replace("PYTHON", sys.executable))
    shim.chmod(0o755)
    (tmp_path / "docker").write_text("#!/bin/sh\necho 'Cannot connect to the daemon' >&2\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    out, said = without(9999, ENOSYS, "podman", f"{tmp_path}:/usr/bin:/bin")
    assert "programs run in podman: a container, landlock" in said
    assert out.count("all 1 tests pass") == 1
    assert (tmp_path / "asked").read_text().split()[-3:] == ["container", "/link/link", "/scratch"]
    out, _ = without(9999, ENOSYS, "docker", f"{tmp_path}:/usr/bin:/bin")
    assert "docker: docker starts no python:3.11-slim: Cannot connect to the daemon" in out


def test_an_open_door_is_found_before_the_first_program(tmp_path):
    # the interpreter is told that a container holds the files, and none does: landlock is missing
    shim = tmp_path / "podman"
    shim.write_text(CONTAINER.replace("PYTHON", sys.executable))
    shim.chmod(0o755)
    out, _ = without(LANDLOCK, ENOSYS, "podman", f"{tmp_path}:/usr/bin:/bin")
    assert "the jail does not hold: a test program got {'value': ['reading files'" in out


def test_elsewhere_than_on_linux_nothing_runs_unless_none_is_typed(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        SandboxUnavailableError, match="jail: needs Linux; bwrap: needs Linux; podman: podman is not inst"
    ):
        Judge().layers()
    with Judge(workers=1, sandbox="none") as judge:
        assert judge.judge(RIGHT).reward == 1


def test_none_is_a_choice_that_must_be_typed():
    with Judge(workers=1, sandbox="none") as judge:
        assert judge.layers() == "none: limits on time, memory and output only, chosen with sandbox: none"
        assert judge.judge(RIGHT).reward == 1
    with pytest.raises(
        ValueError, match="sandbox: found 'off'; allowed is auto, jail, bwrap, podman, docker, none, or"
    ):
        Judge(sandbox="off")
    with pytest.raises(ValueError, match="workers: found 0; allowed is 1 or more"):
        Judge(workers=0)


def folders(parent):
    return [name for name in os.listdir(parent) if name.startswith("verigrad-judge-")]


WRITES = """
import os
def f(x):
    for depth in range(300):
        os.mkdir("d" * 200, 0 if depth == 299 else 0o700)
        if depth < 299:
            os.chdir("d" * 200)
    open("/x" if False else os.path.join(os.environ["TMPDIR"], "file"), "w").write("x" * 1000)
    return 10
"""


def test_the_folder_of_a_program_is_emptied_and_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Judge(workers=1, sandbox="none") as judge:  # without a file system of its own
        assert judge.judge(Job(WRITES, [CallTest([3], 10)], "f")).detail == "all 1 tests pass"
        empty = Job("import os\ndef f(x): return os.listdir('.')", [CallTest([3], [])], "f")
        assert judge.judge(empty).detail == "all 1 tests pass"
        assert len(folders(tmp_path)) == 1
    assert folders(tmp_path) == []


def test_a_folder_left_by_a_killed_interpreter_is_removed_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    judge = Judge(workers=1, sandbox="none")
    assert judge.judge(RIGHT).reward == 1
    worker = judge.idle.get()
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    judge.idle.put(worker)
    left = folders(tmp_path)
    assert len(left) == 1
    assert judge.judge(RIGHT).reward == 1
    assert left[0] not in folders(tmp_path)
    judge.close()


def test_too_many_files_end_a_program(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    program = "def f(x):\n  i = 0\n  while True:\n    open(str(i), 'w').close()\n    i += 1"
    with Judge(workers=1, sandbox="none") as judge:
        detail = judge.judge(Job(program, [CallTest([3], 10)], "f")).detail
    assert detail == "test 1 of 1: forbidden: too much of: disk"


def test_an_interpreter_that_cannot_start_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "_base_executable", "/bin/false")
    with pytest.raises(SandboxUnavailableError, match="the bare interpreter did not start: it ended with status 1"):
        Judge(workers=1).layers()


def test_a_stopped_interpreter_is_replaced_and_the_program_judged_again(monkeypatch):
    monkeypatch.setattr("verigrad_rewards.code.process.GRACE_S", 0.2)
    with Judge(workers=1) as judge:
        assert judge.judge(RIGHT).reward == 1
        worker = judge.idle.get()
        os.kill(worker.process.pid, signal.SIGSTOP)
        judge.idle.put(worker)
        started = time.monotonic()
        assert judge.judge(Job(RIGHT.program, RIGHT.tests, "f", timeout_s=0.1)).reward == 1
        assert time.monotonic() - started < 10
        assert not Path(f"/proc/{worker.process.pid}").exists()
