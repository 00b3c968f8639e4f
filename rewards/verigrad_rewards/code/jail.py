"""Lock processes in, for good and without root: namespaces, landlock, seccomp, hard limits, no capabilities.

Runs inside the bare interpreter of ``zygote.py``, so it imports the standard library only. x86-64 and aarch64 Linux.
The interpreter locks itself in first (``lock_zygote``), which every program's process inherits; what only a program
must not do, such as start a process, is forbidden after the fork (``lock_program``).
"""

import os
import platform
import resource
import struct
import sys

import paths  # pyright: ignore[reportMissingImports]
import seccomp  # pyright: ignore[reportMissingImports]

LIBC, JailError, check = seccomp.LIBC, seccomp.JailError, seccomp.check
CLONE_NEW = {"user": 0x10000000, "mount": 0x00020000, "net": 0x40000000, "ipc": 0x08000000, "uts": 0x04000000}
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 0x4000, 0x40000
READ, READ_DIR, WRITE = 1 << 2, 1 << 3, 1 << 1
# write, read, list, remove folder and file, make folder and file, rename (ABI 2), truncate (ABI 3)
SCRATCH = [1, 2, 3, 4, 5, 7, 8, 13, 14]
SCRATCH_MB, SCRATCH_FILES = 64, 1024
FILE_MB = 8  # where the folder has no limit of its own: files that are open and have no name any more are not seen


# ---- landlock


def make_ruleset(scratch: str) -> tuple[int, int]:
    """Return a ruleset that lets programs read ``paths.readable_paths`` and use ``scratch``, and landlock's version."""
    abi = check(LIBC.syscall(444, None, 0, 1), "landlock")
    files = (1 << (13 if abi == 1 else 14 if abi == 2 else 15 if abi < 5 else 16)) - 1
    attributes = struct.pack("QQQ", files, 3, 3)[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    ruleset = check(LIBC.syscall(444, attributes, len(attributes), 0), "landlock")
    for path in paths.readable_paths():
        access = READ | READ_DIR if os.path.isdir(path) else READ
        allow(ruleset, path, access | WRITE if path == "/dev/null" else access)
    allow(ruleset, os.path.dirname(os.__file__), READ_DIR)  # imports list it
    allow(ruleset, scratch, sum(1 << bit for bit in SCRATCH) & files)
    return ruleset, abi


def allow(ruleset: int, path: str, access: int) -> None:
    """Add one path and what lies below it to a ruleset."""
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    check(LIBC.syscall(445, ruleset, 1, struct.pack("=Qi", access, handle), 0), f"landlock {path}")
    os.close(handle)


# ---- namespaces: an extra where the kernel gives them to ordinary processes


def has_namespaces(scratch_root: str) -> bool:
    """Whether ``enter_namespaces`` works here, tried in a child: some systems let a process in and then do nothing."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        enter_namespaces(scratch_root)
        os._exit(0)
    finally:
        os._exit(1)


def enter_namespaces(scratch_root: str) -> None:
    """Enter namespaces of our own and mount an empty file system of limited size over ``scratch_root``.

    Raises:
        OSError: the kernel or a container forbids it.
    """
    user, group = os.getuid(), os.getgid()
    check(LIBC.unshare(sum(CLONE_NEW.values())), "unshare")
    for file, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{file}", "w") as stream:
            stream.write(text)
    check(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount")
    size = f"size={SCRATCH_MB}m,nr_inodes={SCRATCH_FILES},mode=700".encode()
    check(LIBC.mount(b"none", scratch_root.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, size), "mount tmpfs")


def drop_capabilities() -> None:
    """Give up every capability, which matters where the process is root or in a user namespace."""
    for capability in range(64):
        if LIBC.prctl(seccomp.PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    check(LIBC.capset(struct.pack("Ii", 0x20080522, 0), bytes(24)), "capset")


# ---- the whole


def limit_zygote(file_mb: int) -> None:
    """Set the limits that are the same for every program, ``file_mb`` for the size of one file."""
    for name, most in (
        ("RLIMIT_FSIZE", file_mb << 20),
        ("RLIMIT_NOFILE", 64),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_MEMLOCK", 0),
        ("RLIMIT_MSGQUEUE", 0),
    ):
        set_limit(name, most)
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]  # left as it is: programs raise the other, within their memory
    resource.setrlimit(resource.RLIMIT_STACK, (at_most(hard, 64 << 20), hard))


def limit_program(cpu_s: int, memory_mb: int) -> None:
    """Set hard limits on processor time, of which a signal tells first, and address space."""
    set_limit("RLIMIT_CPU", cpu_s, spare=1)
    set_limit("RLIMIT_AS", memory_mb << 20)


def set_limit(name: str, most: int, spare: int = 0) -> None:
    """Set a hard limit, or keep a lower one; outside of Linux those that the system does not know are left out."""
    kind = getattr(resource, name, None)
    if kind is None:
        return
    hard = resource.getrlimit(kind)[1]
    try:
        resource.setrlimit(kind, (at_most(hard, most), at_most(hard, most + spare)))
    except (ValueError, OSError):
        if sys.platform == "linux":
            raise


def at_most(hard: int, most: int) -> int:
    """Return a limit that is no higher than the hard one in force."""
    return most if hard == resource.RLIM_INFINITY else min(most, hard)


def keep_to_one_arena() -> None:
    """Let all threads allocate from one heap: each further one of glibc's reserves 128 MB of address space."""
    if hasattr(LIBC, "mallopt"):
        LIBC.mallopt(-8, 1)


def lock_zygote() -> None:
    """Lock the interpreter in as far as its own work allows.

    Raises:
        JailError: a layer is missing; then nothing must be run.
    """
    if platform.machine() not in seccomp.AUDIT:
        raise JailError(seccomp.ENOSYS, f"the jail knows {' and '.join(seccomp.AUDIT)}; this is {platform.machine()}")
    check(LIBC.prctl(seccomp.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    check(LIBC.prctl(seccomp.PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl")
    drop_capabilities()
    seccomp.install(seccomp.as_program(seccomp.zygote_filter()))


def lock_program(ruleset: int) -> None:
    """Lock the calling process in; nothing it runs later can undo it.

    Args:
        ruleset: from ``make_ruleset``; negative where another layer holds the files.

    Raises:
        JailError: a layer is missing; then nothing must be run.
    """
    check(LIBC.prctl(seccomp.PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl")
    if ruleset >= 0:
        check(LIBC.syscall(446, ruleset, 0), "landlock")
        os.close(ruleset)
    seccomp.install(seccomp.PROGRAM_FILTER)
