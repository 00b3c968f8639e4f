"""The process of a scoring worker: it runs rewards, and survives what they do."""

import contextlib
import functools
import importlib
import json
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from verigrad_rewards.combine import fault_of, make_part
from verigrad_rewards.job import LENGTH, MAX_TEXT, Job, describe
from verigrad_rewards.types import ProblemError, Verdict


def work() -> None:
    """Score jobs from standard input until it closes; what rewards print goes to standard error."""
    me, link, number = os.getpid(), os.fdopen(os.dup(0), "rb"), int(sys.argv[1])
    streams = os.open(os.devnull, os.O_RDONLY), os.dup(2), os.dup(2)
    threading.Thread(target=watch_parent, args=(os.getppid(),), daemon=True).start()
    loaded: set[str] = set()
    tell(link.fileno(), number, "ready")
    while len(header := link.read(LENGTH.size)) == LENGTH.size:
        number += 1
        for handle, stream in enumerate(streams):  # the reward before may have closed them, and must not meet the link
            os.dup2(stream, handle)
        data = link.read(LENGTH.unpack(header)[0])
        reward = None
        try:
            job: Job | str = pickle.loads(data)  # noqa: S301  # from our own parent
            if isinstance(job, str):
                reply = ("error", job)
            else:
                reward = checked_reward(job.reward, *job.options)
                if job.reward not in loaded:
                    tell(link.fileno(), number, "loaded")
                    loaded.add(job.reward)
                reply = as_reply(reward(job.problem, job.response, **job.options))
        except BaseException as error:  # also SystemExit: the worker goes on
            reply = ("problem" if isinstance(error, ProblemError) else "error", describe(error, reward))
        if os.getpid() != me:
            os._exit(0)  # the reward forked, and this is the child
        tell(link.fileno(), number, *reply)


@functools.lru_cache
def checked_reward(name: str, *options: str) -> Callable[..., Verdict]:
    """Return the reward called ``name``, once checked that it takes ``options``."""
    registry = {} if ":" in name else importlib.import_module("verigrad_rewards.registry").REWARDS
    return make_part(name, dict.fromkeys(options), registry).reward


def as_reply(found: object) -> tuple[Any, ...]:
    """Return what a reward returned as plain values of bounded length."""
    fault = fault_of(found)
    if fault or not isinstance(found, Verdict):
        return "error", fault
    answer = None if found.answer is None else found.answer[:MAX_TEXT]
    return "verdict", float(found.reward), found.status, answer, found.detail[:MAX_TEXT]


def tell(handle: int, *reply: object) -> None:
    """Write one reply; a worker without a caller ends."""
    data = json.dumps(reply).encode() + b"\n"
    try:
        while data:
            data = data[os.write(handle, data) :]
    except OSError:
        os._exit(1)


def watch_parent(parent: int) -> None:
    """End this process and its children when its parent is gone, also while a reward hangs."""
    while os.getppid() == parent:
        time.sleep(0.5)
    with contextlib.suppress(OSError):
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
