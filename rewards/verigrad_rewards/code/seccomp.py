"""Which system calls a program may make: filters of classic BPF over number, architecture and arguments (seccomp(2)).

Runs inside the bare interpreter of ``zygote.py``, so it imports the standard library only. x86-64 and aarch64 Linux.
"""

import ctypes
import os
import platform
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NAME = 1, 4, 15
PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 22, 24, 38
EPERM, ENOTTY, ENOSYS, EOPNOTSUPP = 1, 25, 38, 95
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000
CLONE_THREAD, CLONE_FILES = 0x00010000, 0x00000400
ACCESS_MODE, O_TRUNC, WHOLE = 3, 0o1000, 0xFFFFFFFF
LOAD, EQUAL, AT_LEAST, GIVE, AND = 0x20, 0x15, 0x35, 0x06, 0x54
NUMBER, ARCHITECTURE = 0, 4

# numbers: (x86-64, aarch64); None where the architecture has no such call
NEVER: dict[str, tuple[int | None, int | None]] = {
    "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242),
    "sendmmsg": (307, 269), "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "process_madvise": (440, 440), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_setup": (206, 0), "io_submit": (209, 2), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "mq_open": (240, 180), "mq_unlink": (241, 181), "shmget": (29, 194), "shmat": (30, 196),
    "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193), "semtimedop": (220, 192), "semctl": (66, 191),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mount": (165, 40),
    "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "mknod": (133, None), "mknodat": (259, 33), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463),
    "removexattrat": (466, 466), "file_setattr": (469, 469), "setpriority": (141, 140), "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "ioprio_set": (251, 30), "personality": (135, 92), "acct": (163, 89), "reboot": (169, 142),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "swapon": (167, 224), "swapoff": (168, 225),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "syslog": (103, 116),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None), "uselib": (134, None),
    "migrate_pages": (256, 238), "move_pages": (279, 239), "mbind": (237, 235), "set_mempolicy": (238, 237),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "setuid": (105, 146), "setgid": (106, 144),
    "setreuid": (113, 145), "setregid": (114, 143), "setresuid": (117, 147), "setresgid": (119, 149),
    "setgroups": (116, 159), "setfsuid": (122, 151), "setfsgid": (123, 152), "capset": (126, 91),
    "sethostname": (170, 161), "setdomainname": (171, 162), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "clock_adjtime": (305, 266), "vhangup": (153, 58), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "lookup_dcookie": (212, 18), "fanotify_init": (300, 262), "mount_setattr": (442, 442),
    "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "truncate": (76, 45), "inotify_init": (253, None),
    "inotify_init1": (294, 26), "inotify_add_watch": (254, 27), "sync": (162, 81), "syncfs": (306, 267),
    "statmount": (457, 457), "listmount": (458, 458), "open_tree_attr": (467, 467), "socket": (41, 198),
}  # fmt: skip
# what the interpreter itself still needs: to fork, to end a child, to talk to the judge, to empty the scratch folder
NOT_IN_PROGRAMS: dict[str, tuple[int | None, int | None]] = {
    "fork": (57, None), "vfork": (58, None), "kill": (62, 129), "tkill": (200, 130), "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424), "tgkill": (234, 131), "sendmsg": (46, 211), "recvmsg": (47, 212),
    "setsockopt": (54, 208),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "setsid": (112, 157),
    "setpgid": (109, 154), "seccomp": (317, 277),
    "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446),
}  # fmt: skip
CALLS = {
    "clone": (56, 220), "clone3": (435, 435), "prctl": (157, 167), "sendto": (44, 206),
    "socketpair": (53, 199), "prlimit64": (302, 261), "fcntl": (72, 25), "ioctl": (16, 29), "open": (2, None),
    "openat": (257, 56), "openat2": (437, 437), "close_range": (436, 436), "fallocate": (285, 47),
}  # fmt: skip


# commands of fcntl: who is signalled (F_SETOWN, F_SETSIG, F_SETOWN_EX), leases, notices, the size of the judge's pipes
FCNTL_NEVER = (8, 10, 15, 1024, 1026, 1031)
# what terminals, pipes and sockets are asked (TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX); others change
# files and folders that may only be read, which landlock does not see
IOCTL_ONLY = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)


class JailError(OSError):
    """The kernel lacks a layer of the jail."""


def check(result: int, what: str) -> int:
    """Return ``result`` of a system call, or raise with its name."""
    if result < 0:
        raise JailError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def number(call: str) -> int | None:
    """Return the number of a system call on this machine, None where it has no such call."""
    return CALLS[call][platform.machine() == "aarch64"]


def statement(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
    """Return one instruction."""
    return struct.pack("HBBI", code, yes, no, k)


def argument(index: int, high: bool = False) -> int:
    """Return where the low or high half of an argument lies."""
    return 16 + 8 * index + 4 * high


def answer(each: int | None, error: int) -> list[bytes]:
    """Return instructions that answer the system call of a number with ``error``; none where there is no such call."""
    return [] if each is None else [statement(EQUAL, each, 0, 1), statement(GIVE, ERRNO | error)]


def deny(calls: dict[str, tuple[int | None, int | None]]) -> list[bytes]:
    """Return instructions that refuse ``calls`` with EPERM."""
    numbers = [pair[platform.machine() == "aarch64"] for pair in calls.values()]
    return [line for each in numbers for line in answer(each, EPERM)]


def only_if(call: str, tests: list[bytes], through: int = ALLOW, jumped: int = ERRNO | EPERM) -> list[bytes]:
    """Return what gives ``call`` the answer ``through`` where ``tests`` fall through, ``jumped`` where one jumps."""
    each = number(call)
    if each is None:
        return []
    return [statement(EQUAL, each, 0, len(tests) + 2), *tests, statement(GIVE, through), statement(GIVE, jumped)]


def one_of(index: int, values: tuple[int, ...]) -> list[bytes]:
    """Return tests that jump where an argument is one of ``values``."""
    tests = [statement(EQUAL, value, len(values) - at, 0) for at, value in enumerate(values)]
    return [statement(LOAD, argument(index)), *tests]


def masked(index: int, mask: int, left: int, *, equal: int | None = None, other: int | None = None) -> list[bytes]:
    """Return a test that some bits of an argument are ``equal``, or are not ``other``.

    Args:
        index: of the argument.
        mask: the bits; the low half of the argument counts.
        left: how many instructions stand between the test and the refusal.
        equal: what the bits must be.
        other: what they must not be.
    """
    compare = statement(EQUAL, other, left, 0) if other is not None else statement(EQUAL, equal or 0, 0, left)
    return [statement(LOAD, argument(index)), statement(AND, mask), compare]


def well_opened(call: str, index: int) -> list[bytes]:
    """Return instructions that refuse to open a file for neither reading nor writing, or to empty one by reading it.

    Landlock has no right for the first, and before its third version none for the second.
    """
    tests = masked(index, ACCESS_MODE, 4, other=ACCESS_MODE)
    return only_if(call, [*tests, *masked(index, ACCESS_MODE | O_TRUNC, 1, other=O_TRUNC)])


def preamble() -> list[bytes]:
    """Return instructions that end a process which calls the kernel by another architecture's numbers."""
    machine = platform.machine()
    lines = [
        statement(LOAD, ARCHITECTURE),
        statement(EQUAL, AUDIT[machine], 1, 0),
        statement(GIVE, KILL),
        statement(LOAD, NUMBER),
    ]
    if machine == "x86_64":
        lines += [statement(AT_LEAST, X32_BIT, 0, 1), statement(GIVE, KILL)]
    return lines


def zygote_filter() -> bytes:
    """Return the filter of the interpreter and all its children."""
    return b"".join([*preamble(), *deny(NEVER), statement(GIVE, ALLOW)])


def program_filter() -> bytes:
    """Return the further filter of a program's process: no process, no signal, no socket but a pair."""
    lines = [statement(LOAD, NUMBER), *deny(NOT_IN_PROGRAMS)]
    for call in ("clone3", "openat2"):  # their arguments lie in memory, where a filter cannot look; libc goes without
        lines += answer(number(call), ENOSYS)
    thread = CLONE_THREAD | CLONE_FILES
    lines += only_if("clone", masked(0, thread, 1, equal=thread))
    lines += well_opened("open", 1) + well_opened("openat", 2)
    lines += only_if("close_range", masked(2, 2, 1, equal=0))  # not with descriptors of a thread's own
    lines += only_if("prctl", masked(0, WHOLE, 1, equal=PR_SET_NAME))
    lines += only_if("fcntl", one_of(1, FCNTL_NEVER))
    lines += only_if("ioctl", one_of(1, IOCTL_ONLY), through=ERRNO | ENOTTY, jumped=ALLOW)
    # libc then writes the file instead, so that the disk fills no faster than it can be watched
    lines += answer(number("fallocate"), EOPNOTSUPP)
    lines += only_if("prlimit64", masked(0, WHOLE, 1, equal=0))  # its own limits, which it can only lower
    address = [*masked(4, WHOLE, 3, equal=0), statement(LOAD, argument(4, True)), statement(EQUAL, 0, 0, 1)]
    lines += only_if("sendto", address)
    # a stream pair of the one family that asyncio needs: a datagram socket could name a receiver
    lines += only_if("socketpair", [*masked(0, WHOLE, 4, equal=1), *masked(1, 0xF, 1, equal=1)])
    return b"".join([*lines, statement(GIVE, ALLOW)])


class Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def as_program(code: bytes) -> Program:
    """Return a filter as the kernel takes it."""
    return Program(len(code) // 8, code)


def install(program: Program) -> None:
    """Install a seccomp filter."""
    check(LIBC.prctl(PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0), "seccomp")


PROGRAM_FILTER = as_program(program_filter() if platform.machine() in AUDIT else b"")
