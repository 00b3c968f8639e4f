import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from verigrad.processes.signals import ENDED, STOPPING, StopRequest

ENV = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PYTHONUNBUFFERED": ""}
LOOP = """
import sys, time
from verigrad.processes.signals import StopRequest
with StopRequest(main={main}) as stop:
    print("ready", flush=True)
    end = time.monotonic() + 20
    while time.monotonic() < end and not (stop.requested and {leaves}):
        time.sleep(0.02)
    print("not flushed", stop.reason, "torch" in sys.modules)
    {then}
"""


def start(main=True, leaves=True, then="pass"):
    process = subprocess.Popen(
        [sys.executable, "-c", LOOP.format(main=main, leaves=leaves, then=then)], env=ENV, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_the_first_signal_asks_and_says_so_once(name):
    process = start()
    process.send_signal(signal.Signals[name])
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, f"not flushed {name} False\n", STOPPING + "\n")


def test_the_echo_of_a_signal_is_not_a_second_one():
    process = start(then="time.sleep(0.3)")
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "not flushed SIGINT False\n", STOPPING + "\n")


def test_a_second_signal_ends_at_once_with_75_and_what_was_printed():
    process = start(then="print('half'); time.sleep(20)")
    process.send_signal(signal.SIGTERM)
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=2)
    assert (process.returncode, out, err) == (75, "not flushed SIGTERM False\nhalf\n", f"{STOPPING}\n{ENDED}\n")


def test_other_ranks_say_nothing_and_end_too():
    process = start(main=False, leaves=False)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.7)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=2) == ("", "")
    assert process.returncode == 75


def test_a_request_from_elsewhere_keeps_the_first_reason_and_a_signal_after_it_is_the_first(capfd):
    with StopRequest(main=True) as stop:
        assert not stop.requested
        stop.request("the launcher has died")
        stop.request("later")
        os.kill(os.getpid(), signal.SIGTERM)
    assert (stop.requested, stop.reason) == (True, "the launcher has died")
    assert capfd.readouterr().err == STOPPING + "\n"


def test_handlers_are_put_back():
    def mine(*_):
        pass

    before = signal.signal(signal.SIGTERM, mine), signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with contextlib.suppress(KeyError), StopRequest(main=True):
            assert signal.getsignal(signal.SIGTERM) != mine
            raise KeyError
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == (mine, signal.SIG_IGN)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


def test_a_typed_ctrl_c_is_called_so():
    # a terminal of its own: what is written to the master is what a person types
    import pty

    pid, master = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-c", LOOP.format(main=True, leaves=True, then="pass")], ENV)
    said = read_until(master, b"ready")
    os.write(master, b"\x03")
    said += read_until(master, b"False")
    os.close(master)
    os.waitpid(pid, 0)
    assert STOPPING.encode() in said
    assert b"not flushed Ctrl-C" in said


def read_until(terminal, mark):
    said = b""
    while mark not in said:
        said += os.read(terminal, 1000)
    return said
