"""Start training processes that already hold torch and trl, so that a test can afford to kill many of them."""

import contextlib
import multiprocessing
import os
import socket
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # read as the server imports torch; two threads in each of two ranks crawl
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["verigrad.train.command"])


def run(arguments, env, log, path):
    """Be one rank: train, and end with the exit code of the command."""
    os.environ.update(env)
    sys.path[:0] = path
    with Path(log).open("a") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    from verigrad.train.command import main

    os.setsid()
    sys.exit(main(arguments))


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(arguments, log, ranks=1, env=None, path=()):
    """Return the started processes of one run, one per rank."""
    shared = {"HF_HUB_OFFLINE": "1", **(env or {})}
    if ranks > 1:
        shared |= {"WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1"}
        shared |= {"MASTER_PORT": str(free_port()), "ACCELERATE_USE_CPU": "true"}
    started = []
    for rank in range(ranks):
        own = {"RANK": str(rank), "LOCAL_RANK": str(rank)} if ranks > 1 else {}
        process = SERVER.Process(target=run, args=(arguments, {**shared, **own}, str(log), list(path)))
        process.start()
        started.append(process)
    return started


def finish(processes, timeout=120):
    """Return the exit codes of all ranks; kills what is left after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    for process in processes:
        process.join(max(0.1, deadline - time.monotonic()))
    for process in processes:
        if process.is_alive():
            process.kill()
            process.join()
    return [process.exitcode for process in processes]


def wait_until(processes, ready, timeout=120):
    """Return as soon as ``ready()``, or when no rank is running any more."""
    deadline = time.monotonic() + timeout
    while not ready() and any(p.is_alive() for p in processes) and time.monotonic() < deadline:
        time.sleep(0.002)


def kill_when(processes, ready):
    """Send SIGKILL to every rank as soon as ``ready()``; whether they were still running."""
    wait_until(processes, ready)
    alive = any(p.is_alive() for p in processes)
    for process in processes:
        process.kill()
    for process in processes:
        process.join()
    return alive
