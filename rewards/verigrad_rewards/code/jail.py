"""Lock the calling process in, for good and without root: landlock, seccomp, hard limits, no capabilities.

Runs inside the bare interpreter of ``zygote.py``, so it imports the standard library only. x86-64 and aarch64 Linux.
"""

import ctypes
import os
import platform
import resource
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 1, 4, 24, 38, 22
EPERM, ENOSYS = 1, 38
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE_THREAD = 0x00010000
X32_BIT = 0x40000000

# numbers: (x86-64, aarch64); None where the architecture has no such call
DENIED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202),
    "accept4": (288, 242), "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "kill": (62, 129), "tkill": (200, 130), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "mq_open": (240, 180),
    "mq_unlink": (241, 181), "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190),
    "semop": (65, 193), "semctl": (66, 191), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "unshare": (272, 97), "setns": (308, 268), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "memfd_create": (319, 279), "chmod": (90, None), "fchmod": (91, 52),
    "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None), "fchown": (93, 55), "lchown": (94, None),
    "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "truncate": (76, 45), "setrlimit": (160, 164), "prlimit64": (302, 261), "setpriority": (141, 140),
    "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119), "personality": (135, 92), "acct": (163, 89),
    "reboot": (169, 142), "swapon": (167, 224), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setresuid": (117, 147), "setsid": (112, 157),
    "setpgid": (109, 154), "sethostname": (170, 161), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "quotactl": (179, 60), "fanotify_init": (300, 262), "mount_setattr": (442, 442), "move_mount": (429, 429),
    "open_tree": (428, 428), "fsopen": (430, 430), "landlock_restrict_self": (446, 446), "seccomp": (317, 277),
}  # fmt: skip
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
TGKILL = {"x86_64": 234, "aarch64": 131}


class JailError(OSError):
    """The kernel lacks a layer of the jail."""


def check(result: int, what: str) -> int:
    """Return ``result`` of a system call, or raise with its name."""
    if result < 0:
        raise JailError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def statement(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
    """Return one instruction of classic BPF."""
    return struct.pack("HBBI", code, yes, no, k)


def seccomp_program(machine: str, pid: int) -> bytes:
    """Return the filter: deny calls that reach out of the process, new processes, and signals to others."""
    load, equal, at_least, has, give = 0x20, 0x15, 0x35, 0x45, 0x06
    denied = [numbers[machine == "aarch64"] for numbers in DENIED.values()]
    lines = [
        statement(load, 4),
        statement(equal, AUDIT[machine], 1, 0),
        statement(give, KILL),
        statement(load, 0),
    ]
    if machine == "x86_64":
        lines += [statement(at_least, X32_BIT, 0, 1), statement(give, KILL)]
    for number in denied:
        if number is not None:
            lines += [statement(equal, number, 0, 1), statement(give, ERRNO | EPERM)]
    lines += [statement(equal, CLONE3, 0, 1), statement(give, ERRNO | ENOSYS)]
    lines += [
        statement(equal, CLONE[machine], 0, 4),
        statement(load, 16),
        statement(has, CLONE_THREAD, 1, 0),
        statement(give, ERRNO | EPERM),
        statement(give, ALLOW),
        statement(equal, TGKILL[machine], 0, 4),
        statement(load, 16),
        statement(equal, pid, 1, 0),
        statement(give, ERRNO | EPERM),
        statement(give, ALLOW),
        statement(give, ALLOW),
    ]
    return b"".join(lines)


class Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def forbid_calls() -> None:
    """Install the seccomp filter."""
    code = seccomp_program(platform.machine(), os.getpid())
    program = Program(len(code) // 8, code)
    check(LIBC.prctl(PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0), "seccomp")


def readable_paths() -> list[str]:
    """Return what a program may read: the interpreter, its libraries, the harmless devices."""
    library = os.path.dirname(os.__file__)
    listed = [library, "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo"]
    listed += [os.path.join(sys.base_prefix, "lib"), "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"]
    return [path for path in listed if os.path.exists(path)]


def forbid_files() -> None:
    """Allow reading of ``readable_paths`` and writing to /dev/null, and no other access to the file system."""
    abi = check(LIBC.syscall(444, None, 0, 1), "landlock")
    files = (1 << (13 if abi == 1 else 14 if abi == 2 else 15 if abi < 5 else 16)) - 1
    network = 3 if abi >= 4 else 0
    scoped = 3 if abi >= 6 else 0
    attributes = struct.pack("QQQ", files, network, scoped)[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    ruleset = check(LIBC.syscall(444, attributes, len(attributes), 0), "landlock")
    for path in readable_paths():
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        access = 4 if not os.path.isdir(path) else 4 | 8
        access |= 2 if path == "/dev/null" else 0
        check(LIBC.syscall(445, ruleset, 1, struct.pack("=Qi", access, handle), 0), f"landlock {path}")
        os.close(handle)
    check(LIBC.syscall(446, ruleset, 0), "landlock")
    os.close(ruleset)


def drop_capabilities() -> None:
    """Give up every capability, which matters where the process is root."""
    for capability in range(64):
        if LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    header = struct.pack("Ii", 0x20080522, 0)
    check(LIBC.capset(header, bytes(24)), "capset")


def limit(cpu_s: int, memory_mb: int) -> None:
    """Set hard limits on memory, processor time, files and processes."""
    for kind, most in (
        (resource.RLIMIT_AS, memory_mb << 20),
        (resource.RLIMIT_DATA, memory_mb << 20),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_STACK, 64 << 20),
    ):
        resource.setrlimit(kind, (most, most))
    if os.getuid():
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def lock(cpu_s: int, memory_mb: int) -> None:
    """Lock the calling process in; nothing it runs later can undo it.

    Raises:
        JailError: a layer is missing; then nothing must be run.
    """
    check(LIBC.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl")
    check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    forbid_files()
    limit(cpu_s, memory_mb)
    drop_capabilities()
    forbid_calls()
