"""The seccomp filters for both architectures, run by a small interpreter of classic BPF: no such machine is needed."""

import os
import re
import struct
from pathlib import Path

import pytest

from verigrad_rewards.code import seccomp

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
ALLOWED, REFUSED, UNKNOWN, KILLED = (
    seccomp.ALLOW,
    seccomp.ERRNO | seccomp.EPERM,
    seccomp.ERRNO | seccomp.ENOSYS,
    seccomp.KILL,
)
NO_TERMINAL, NO_SUPPORT = seccomp.ERRNO | seccomp.ENOTTY, seccomp.ERRNO | seccomp.EOPNOTSUPP
STREAM, DATAGRAM, NONBLOCK = 1, 2, 0o4000
THREAD = seccomp.CLONE_THREAD | seccomp.CLONE_FILES


def verdict(code, number, architecture, arguments):
    """Return what a filter says of a system call."""
    data = struct.pack("=IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    at, value = 0, 0
    while True:
        operation, yes, no, k = struct.unpack_from("HBBI", code, 8 * at)
        at += 1
        if operation == seccomp.LOAD:
            (value,) = struct.unpack_from("=I", data, k)
        elif operation == seccomp.AND:
            value &= k
        elif operation == seccomp.GIVE:
            return k
        else:
            holds = {seccomp.EQUAL: value == k, seccomp.AT_LEAST: value >= k}[operation]
            at += yes if holds else no


def both(machine, monkeypatch, call, *arguments, architecture=None):
    """Return what the filters of interpreter and program say together: the stricter of the two."""
    monkeypatch.setattr(seccomp.platform, "machine", lambda: machine)
    known = {**seccomp.NEVER, **seccomp.NOT_IN_PROGRAMS, **seccomp.CALLS}
    number = known[call][machine == "aarch64"] if isinstance(call, str) else call
    seen = seccomp.AUDIT[machine] if architecture is None else architecture
    said = [verdict(code, number, seen, arguments) for code in (seccomp.zygote_filter(), seccomp.program_filter())]
    return next((each for each in (KILLED, REFUSED, UNKNOWN, NO_TERMINAL, NO_SUPPORT) if each in said), ALLOWED)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("call", "arguments", "said"),
    [
        (3000, [], ALLOWED), ("clone", [THREAD], ALLOWED), ("clone", [seccomp.CLONE_THREAD], REFUSED), ("clone", [0x11], REFUSED),
        ("clone3", [], UNKNOWN), ("prctl", [seccomp.PR_SET_NAME], ALLOWED), ("prctl", [seccomp.PR_SET_PDEATHSIG], REFUSED),
        ("prctl", [seccomp.PR_SET_DUMPABLE, 1], REFUSED), ("prlimit64", [0, 3], ALLOWED), ("prlimit64", [1, 3], REFUSED),
        ("sendto", [3, 0, 0, 0, 0], ALLOWED), ("sendto", [3, 0, 0, 0, 1], REFUSED), ("sendto", [3, 0, 0, 0, 1 << 40], REFUSED),
        ("socketpair", [1, STREAM], ALLOWED), ("socketpair", [1, STREAM | NONBLOCK], ALLOWED),
        ("socketpair", [1, DATAGRAM], REFUSED), ("socketpair", [2, STREAM], REFUSED),
        ("openat", [3, 0, os.O_RDWR | os.O_CREAT | os.O_TRUNC], ALLOWED), ("openat", [3, 0, 3], REFUSED),
        ("openat", [3, 0, os.O_RDONLY | os.O_TRUNC], REFUSED), ("openat", [3, 0, os.O_RDONLY | os.O_CLOEXEC], ALLOWED),
        ("openat2", [], UNKNOWN), ("fcntl", [0, 1], ALLOWED), ("fcntl", [0, 8], REFUSED), ("fcntl", [0, 10], REFUSED),
        ("fcntl", [0, 1031], REFUSED), ("ioctl", [0, 0x5421], ALLOWED), ("ioctl", [0, 0x8901], NO_TERMINAL), ("ioctl", [0, 0x40086602], NO_TERMINAL), ("fallocate", [3], NO_SUPPORT),
        ("close_range", [3, 9, 0], ALLOWED), ("close_range", [3, 9, 2], REFUSED), ("setsockopt", [], REFUSED), ("socket", [2, STREAM], REFUSED), ("kill", [1, 0], REFUSED),
        ("tgkill", [1, 1, 9], REFUSED), ("io_uring_setup", [], REFUSED), ("ptrace", [], REFUSED), ("keyctl", [], REFUSED),
        ("shmget", [], REFUSED), ("mq_open", [], REFUSED), ("unshare", [], REFUSED), ("execve", [], REFUSED),
        ("memfd_create", [], REFUSED), ("bpf", [], REFUSED), ("userfaultfd", [], REFUSED), ("setsid", [], REFUSED),
    ],
)  # fmt: skip
def test_filter(machine, call, arguments, said, monkeypatch):
    assert both(machine, monkeypatch, call, *arguments) == said


def test_old_calls_to_open_are_looked_at_too(monkeypatch):
    assert both("x86_64", monkeypatch, "open", 0, 3) == REFUSED
    assert both("x86_64", monkeypatch, "open", 0, os.O_RDONLY) == ALLOWED


def test_calls_of_another_architecture_end_the_process(monkeypatch):
    for machine, foreign in (("x86_64", 0x40000003), ("aarch64", 0x40000028)):  # i386, 32-bit Arm
        assert both(machine, monkeypatch, 1, architecture=foreign) == KILLED
    assert both("x86_64", monkeypatch, seccomp.X32_BIT | 57) == KILLED


@pytest.mark.parametrize("machine", HEADERS)
def test_numbers_are_those_of_the_kernels_headers(machine):
    if not HEADERS[machine].is_file():
        pytest.skip(f"{HEADERS[machine]} is absent")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text())
    numbers = {name: int(number) for name, number in found}
    for calls in (seccomp.NEVER, seccomp.NOT_IN_PROGRAMS, seccomp.CALLS):
        known = {name: pair[machine == "aarch64"] for name, pair in calls.items() if name in numbers}
        assert known == {name: numbers[name] for name in known}
