"""Rewards that misbehave in the ways a person's own code can; named in recipes as ``broken_rewards:…``."""

import ctypes
import math
import os
import sys
import time

from verigrad_rewards.types import Status, Verdict


def says(value):
    return Verdict(value, Status.WRONG)


def fails():
    raise KeyError("unit")


# what it does, by the row of the problem, and what the rollouts must say of it; None where the response counts
KINDS = [
    (fails, "raised KeyError: 'unit' (broken_rewards.py:"),
    (lambda: says(math.nan), "returned a Verdict with reward nan; allowed is a finite Verdict"),
    (lambda: says(math.inf), "returned a Verdict with reward inf; allowed is a finite Verdict"),
    (lambda: None, "returned None; allowed is a finite Verdict"),
    (lambda: "0.5", "returned '0.5'; allowed is a finite Verdict"),
    (lambda: 0.5, "returned 0.5; allowed is a finite Verdict"),
    (lambda: [0.5, 0.5], "returned [0.5, 0.5]; allowed is a finite Verdict"),
    (lambda: says("0.5"), "returned a Verdict with reward '0.5'; allowed is a finite Verdict"),
    (sys.exit, "raised SystemExit"),
    (lambda: time.sleep(60), "takes more than 1 s even for an empty response"),
    (lambda: ctypes.string_at(0), "its worker failed twice; the last one was killed by SIGSEGV"),
    (lambda: says(True), None),
]


def of_every_kind(problem, response):
    return KINDS[int(problem.id.rsplit("/", 1)[1])][0]()


def raises(problem, response):
    return fails()


def nan(problem, response):
    return says(math.nan)


def slow_to_judge_long_text(problem, response):
    if response.text:
        time.sleep(60)
    return says(0.0)


def misnamed(problem, respones):
    return says(0.0)


def swapped(response, problem):
    return says(0.0)


def third(problem, response, anwser):
    return says(0.0)


def shows_its_key(problem, response):
    raise PermissionError(f"401: the key {os.environ['OPENAI_API_KEY']} has no credit")


def fails_once_told(problem, response):
    if os.environ.get("BROKEN"):
        raise RuntimeError("told to")
    return Verdict(len(response.text) % 2, Status.WRONG)
