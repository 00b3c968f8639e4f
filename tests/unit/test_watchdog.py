import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from verigrad.processes.watchdog import launched, local_peers

ENV = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
# the child learns its peers from stdin; all but the limit is faster than in training
SCRIPT = """
import os, re, signal, sys, threading, time
from verigrad.processes import watchdog
watchdog.POLL_S, watchdog.TURN_POLLS, watchdog.DUMP_S = 0.05, 10, 0.2
stop = threading.Event()

def stuck_in_reward():
    time.sleep(20)

def waits_in_collective():
    threading.Event().wait(20)

def keeps_the_lock():
    re.match("(a+)+$", "a" * 64 + "b")

def ticks(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        dog.tick()
        time.sleep(0.02)

print("ready", "torch" in sys.modules, flush=True)
peers = eval(sys.stdin.readline())
dog = watchdog.Watchdog(rank={rank}, peers=peers, limit_s={limit}, on_orphan={on_orphan}, grace_s=0.4)
with dog:
    print("watched", flush=True)
    {body}
print("done", flush=True)
{after}
"""


def start(body, rank=0, limit=0.3, on_orphan=None, after=""):
    script = SCRIPT.format(body=body, rank=rank, limit=limit, on_orphan=on_orphan, after=after)
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=ENV, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == "ready False\n"
    return process


def watch(process, peers):
    process.stdin.write(f"{peers}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "watched\n"


def end(process, timeout=5):
    try:
        return process.communicate(timeout=timeout)
    finally:
        process.kill()


def test_a_hanging_rank_ends_with_the_stack_that_hangs():
    process = start("stuck_in_reward()")
    watch(process, {})
    out, err = end(process)
    assert (process.returncode, out) == (1, "")
    first = f"rank 0: no progress for 0.3 s; all ranks end. Stacks of every rank follow (rank 0 is pid {process.pid})"
    assert err.splitlines()[0] == first
    assert "in stuck_in_reward" in err


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ("ticks(0.6)", 0.3),
        ("\n    with dog.patient(5): time.sleep(0.6)\n    time.sleep(0.15)", 0.3),
        ("\n    with dog.patient(0.1): time.sleep(0.2)", 0.4),  # patience never lowers the limit
        ("time.sleep(0.5)", 0),
        ("\n    with dog.patient(0.1): time.sleep(0.5)", 0),
    ],
)
def test_a_rank_that_ticks_or_may_be_silent_goes_on(body, limit):
    process = start(body, limit=limit)
    watch(process, {})
    assert (*end(process), process.returncode) == ("done\n", "", 0)


@pytest.mark.parametrize(
    ("body", "limit"),
    [("with dog.patient(0.6): time.sleep(0.4)\n    stuck_in_reward()", 0.3),
     ("with dog.patient(0.6): stuck_in_reward()", 0.6)],
)  # fmt: skip
def test_patience_ends(body, limit):
    process = start("\n    " + body)
    watch(process, {})
    assert f"rank 0: no progress for {limit} s;" in end(process)[1]
    assert process.returncode == 1


def test_a_process_that_was_stopped_and_continued_has_not_hung():
    process = start("for _ in range(8): time.sleep(0.05)", limit=0.8)  # silence to either side of the stop
    watch(process, {})
    time.sleep(0.1)
    process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    process.send_signal(signal.SIGCONT)
    assert (*end(process), process.returncode) == ("done\n", "", 0)


@pytest.mark.parametrize("hanging", ["stuck_in_reward", "keeps_the_lock"])
@pytest.mark.parametrize("where", [0, 1])
def test_all_ranks_end_and_show_their_stacks_once(where, hanging):
    bodies = ["waits_in_collective()", "waits_in_collective()"]
    bodies[where] = f"{hanging}()"
    ranks = [start(body, rank) for rank, body in enumerate(bodies)]
    for rank, process in enumerate(ranks):
        watch(process, {1 - rank: ranks[1 - rank].pid})
    said = [end(process)[1] for process in ranks]
    assert sorted(p.returncode for p in ranks) == [-signal.SIGKILL, 1]
    assert sum("all ranks end" in text for text in said) == 1
    for text, body in zip(said, bodies, strict=True):
        assert f"in {body[:-2]}" in text


def test_a_stopped_peer_is_killed_and_strangers_are_left_alone():
    peer = start("ticks(20)", rank=1)
    gone = subprocess.Popen(["true"])
    gone.wait()
    process = start("waits_in_collective()")
    watch(peer, {0: process.pid})
    watch(process, {1: peer.pid, 2: gone.pid, 3: 1, 4: 0, 5: -1, 6: process.pid})
    peer.send_signal(signal.SIGSTOP)
    end(process)
    assert process.returncode == 1
    assert peer.wait(timeout=1) == -signal.SIGKILL
    end(peer)


def orphan(body, tmp_path, on_orphan="lambda: print('orphan', flush=True) or True"):
    """Start a launcher that starts a rank, kill the launcher, and return what the rank said and its exit code."""
    script = SCRIPT.format(body=body, rank=0, limit=0, on_orphan=on_orphan, after="")
    launcher = f"""
import ctypes, subprocess, sys
rank = subprocess.Popen([sys.executable, "-c", {script!r}], stdin=subprocess.PIPE, text=True)
print(rank.pid, flush=True)
rank.communicate("{{}}\\n")
"""
    out = tmp_path / "out"
    adopt_orphans(True)
    try:
        with out.open("w") as file:
            process = subprocess.Popen([sys.executable, "-c", launcher], env=ENV, stdout=file, stderr=file)
        wait_for(lambda: "watched" in out.read_text())
        process.kill()
        process.wait()
        pid = int(out.read_text().split()[0])
        ended: list[int] = []
        wait_for(lambda: ended.extend(reaped(pid)) or ended)
    finally:
        adopt_orphans(False)
    return out.read_text().split("watched\n")[1], ended[0]


def adopt_orphans(yes):
    """Make this process the parent of orphans, so that it can read their exit codes (PR_SET_CHILD_SUBREAPER)."""
    import ctypes

    assert ctypes.CDLL(None).prctl(36, int(yes), 0, 0, 0) == 0


def reaped(pid):
    with contextlib.suppress(ChildProcessError):
        found, status = os.waitpid(pid, os.WNOHANG)
        return [os.waitstatus_to_exitcode(status)] if found else []
    return []


def wait_for(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_an_orphan_is_told_once_and_ends_with_75(tmp_path):
    said, code = orphan("time.sleep(20)", tmp_path)
    assert code == 75
    assert said == "orphan\nrank 0: no checkpoint within 0.4 s of the launcher's death; ends unsaved\n"


def test_an_orphan_that_saves_in_time_ends_by_itself(tmp_path):
    assert orphan("stop.wait(20)", tmp_path, on_orphan="stop.set") == ("done\n", 0)


def test_a_run_without_a_launcher_outlives_its_shell(tmp_path):
    said, code = orphan("time.sleep(0.6)", tmp_path, on_orphan=None)
    assert (said, code) == ("done\n", 0)


def test_sigusr1_is_given_back():
    process = start("pass", after="os.kill(os.getpid(), signal.SIGUSR1); time.sleep(5)")
    watch(process, {})
    end(process)
    assert process.returncode == -signal.SIGUSR1


def test_peers_are_the_other_ranks_on_this_host():
    gathered = [("a", 11), ("b", 11), ("a", 12), ("b", 12), ("a", 13)]
    assert local_peers(gathered, 2) == {0: 11, 4: 13}
    assert local_peers(gathered, 1) == {3: 12}
    assert local_peers([("a", 11)], 0) == {}


def test_a_launcher_is_known_by_what_it_sets():
    assert launched({"TORCHELASTIC_RUN_ID": "none"})
    assert launched({"ACCELERATE_MIXED_PRECISION": "no"})
    assert not launched({"ACCELERATE_USE_CPU": "true"})
