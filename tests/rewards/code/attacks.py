"""Programs that try to earn a reward without solving the problem, or to do harm; none may.

Unless said otherwise the problem is f(x) = 3x + 1, or for a program that reads and prints the sum of two numbers.
A program under ``wins`` is right only where the forbidden thing that it tries is done; one under ``leaks`` returns what
the test expects, which it recognises by its hash, where it finds that anywhere. Many are told more than a program can
know (``told``): the process of the judge, an address in its memory, a folder of ours, ports that listen.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent, indent

from verigrad_rewards.code import AssertTest, CallTest, StdioTest

CALLS = [CallTest([3], 10), CallTest([-1], -2), CallTest([0], 1)]
SUMS = [StdioTest("1 2\n", "3\n"), StdioTest("10 32\n", "42\n")]
CHECKS = [AssertTest("def check(candidate):\n    assert candidate(3) == 10\n    assert candidate(-1) == -2")]
LISTS = [CallTest([1], [1, 2, 3]), CallTest([2], [4, 5, 6])]
SECRET = "zq5e1f0c83d7a92b"
SECRET_TESTS = {
    "call": [CallTest([1], SECRET)],
    "print": [StdioTest("go\n", SECRET)],
    "check": [AssertTest(f"def check(candidate):\n    secret = '{SECRET}'\n    assert candidate(1) == secret")],
}


@dataclass(frozen=True)
class Attack:
    """A program with the tests that it must not pass.

    Attributes:
        name: the class of the attack and what it tries.
        program: its source.
        tests: of one kind.
        told: whether it is told what ``told`` returns.
        machine: the only one on which it means anything.
    """

    name: str
    program: str
    tests: Sequence[CallTest | StdioTest | AssertTest]
    told: bool = False
    machine: str = ""


def attacks(group: str, programs: Mapping[str, str], tests: Sequence, end: str = "", **options: object) -> list[Attack]:
    """Return one attack for each program, to which ``end`` is added."""
    return [Attack(f"{group}/{name}", plain(text) + end, tests, **options) for name, text in programs.items()]


def bodies(group: str, programs: Mapping[str, str], tests: Sequence, **options: object) -> list[Attack]:
    """Return attacks whose texts are the body of ``f(x)``."""
    whole = {name: "def f(x):\n" + indent(plain(text), "    ") for name, text in programs.items()}
    return attacks(group, whole, tests, **options)


def wins(group: str, programs: Mapping[str, str], tests: Sequence = CALLS[:1], **options: object) -> list[Attack]:
    """Return attacks that are right only where the body of ``attack`` returns something true."""
    whole = {name: "def attack():\n" + indent(plain(text), "    ") for name, text in programs.items()}
    return attacks(group, whole, tests, WON, told=True, **options)


def leaks(programs: Mapping[str, str]) -> Iterator[Attack]:
    """Yield attacks that look for the secret in what ``hunt`` yields, each with tests of every kind."""
    for name, text in programs.items():
        whole = "def hunt():\n" + indent(plain(text), "    ") + FOUND
        yield from (Attack(f"leak/{name}/{kind}", whole, tests, told=True) for kind, tests in SECRET_TESTS.items())


def plain(text: str) -> str:
    """Return a text without the indentation that it has in this file; as it is where it begins in its first line."""
    return dedent(text).strip(" ") if text.startswith("\n") else text


WON = """
def f(x):
    try:
        won = attack()
    except Exception:
        won = False
    return 3 * x + 1 if won else None

if __name__ == "__main__":
    print(sum(map(int, input().split())) if f(0) else "lost")
"""
FOUND = """
def f(x):
    import hashlib, re
    for piece in hunt():
        data = piece if isinstance(piece, bytes) else repr(piece).encode(errors="replace")
        for found in re.findall(b"zq[0-9a-f]{14}", data):
            if hashlib.sha256(found).hexdigest() == HASH:
                return found.decode()

if __name__ == "__main__":
    print(f(input()))
"""
WRONG = "\ndef f(x): return None\n"
READ = "import os, sys\nr = sum(map(int, input().split()))\n"

# ---- what programs are told

NUMBERS = {  # of system calls: x86-64, aarch64
    "add_key": (248, 217), "bpf": (321, 280), "capset": (126, 91), "clone": (56, 220), "clone3": (435, 435),
    "execveat": (322, 281), "exit_group": (231, 94), "fchmodat2": (452, 452), "fsopen": (430, 430),
    "io_uring_setup": (425, 425), "kcmp": (312, 272), "keyctl": (250, 219), "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446), "mount": (165, 40), "mq_open": (240, 180), "msgget": (68, 186),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "open_tree": (428, 428), "openat2": (437, 437),
    "perf_event_open": (298, 241), "personality": (135, 92), "pidfd_getfd": (438, 438), "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424), "prctl": (157, 167), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "ptrace": (101, 117), "rt_sigqueueinfo": (129, 138), "seccomp": (317, 277),
    "semget": (64, 190), "sethostname": (170, 161), "setns": (308, 268), "shmget": (29, 194), "socket": (41, 198),
    "tgkill": (234, 131), "tkill": (200, 130), "unshare": (272, 97), "userfaultfd": (323, 282),
}  # fmt: skip
HELPERS = """
def kernel(call, *args):
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(NUMBERS[call][os.uname().machine == "aarch64"], *args)

def tried(action, *args, **options):
    try:
        return action(*args, **options)
    except Exception:
        return b""

def say(data):  # on every descriptor
    import os
    for handle in range(65):
        tried(os.set_blocking, handle, False)
        tried(os.write, handle, data)

def leave_mark(*folders):
    import os
    for folder in (".", "/tmp", "/var/tmp", "/dev/shm", "/run", os.path.expanduser("~"), FOLDER, *folders):
        tried(lambda: open(os.path.join(folder, MARK), "w").close())

def linger():
    import os, time
    kernel("prctl", 15, MARK.encode(), 0, 0, 0)
    tried(os.setsid)
    time.sleep(30)
    os._exit(0)
"""


def told(**facts: object) -> str:
    """Return a prelude with facts as constants: FOLDER, MARK, CANARY, HIDDEN, JUDGE, ADDRESS, TESTS and ports."""
    facts |= {"HASH": hashlib.sha256(SECRET.encode()).hexdigest(), "NUMBERS": NUMBERS}
    return "".join(f"{name} = {value!r}\n" for name, value in facts.items()) + HELPERS


# ---- to end before a test can fail

EXITS = {  # within f
    "sys_exit": "import sys; sys.exit(0)",
    "system_exit_with_the_answer": "raise SystemExit(3 * x + 1)",
    "keyboard_interrupt": "raise KeyboardInterrupt",
    "os_exit": "import os; os._exit(0)",
    "libc_exit": "import ctypes; ctypes.CDLL(None).exit(0)",
    "finalized_interpreter": "import ctypes; ctypes.pythonapi.Py_FinalizeEx()",
    "segmentation_fault": "import ctypes; ctypes.string_at(0)",
    "alarm": "import signal; signal.setitimer(signal.ITIMER_REAL, 0.01); signal.pause()",
    "becomes_true": "import os; os.execv('/bin/true', ['true'])",
    "thread_exits": "import os, threading, time; threading.Thread(target=os._exit, args=(0,)).start(); time.sleep(9)",
    "closes_all_descriptors": "import os; os.closerange(0, 99); os._exit(0)",
}
EXITS_AT_LOAD = {
    "os_exit_before": "import os\nos._exit(0)",
    "sys_exit_after": "import sys\ndef f(x): return None\nsys.exit(0)",
    "decorator": "import sys\n@sys.exit\ndef f(x): return 10",
    "missing_name_of_the_module": "def __getattr__(name):\n    import os; os._exit(0)",
    "deleted_object": "class D:\n    def __del__(self):\n        import os; os._exit(0)\ndef f(x): D(); return 10",
    "hook_for_errors": "import os, sys\nsys.excepthook = sys.unraisablehook = lambda *a: os._exit(0)\ndef f(x): 1 / 0",
    "text_of_an_error": """
        import os
        class E(BaseException):
            def __str__(self): os._exit(0)
        def f(x): raise E
    """,
    "bad_end_after_right_answers": "import atexit, os\natexit.register(os._exit, 7)\ndef f(x): return 3 * x + 1",
}

# ---- to equal everything

ANY = """
class Any:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __len__(self): return 3
    def __iter__(self): return iter((self, self, self))
    def __getattr__(self, name): return self
    def __call__(self, *args): return self
    __lt__ = __gt__ = __le__ = __ge__ = __contains__ = __eq__
    __sub__ = __rsub__ = __add__ = __radd__ = __getitem__ = __round__ = __call__
    def __abs__(self): return 0
    def __bool__(self): return True
"""
EQUALS = {
    "equal_to_everything": ANY + "def f(x): return Any()",
    "int": "class I(int):\n    __eq__ = lambda *a: True\n    __hash__ = int.__hash__\ndef f(x): return I(-9)",
    "float_without_distance": """
        class F(float):
            def __sub__(self, other): return 0.0
            __rsub__ = __sub__
            __eq__ = __le__ = __ge__ = lambda *a: True
            __hash__ = float.__hash__
        def f(x): return F("nan")
    """,
    "class_named_int": """
        Int = type("int", (), {"__module__": "builtins", "__eq__": lambda s, o: True, "__hash__": lambda s: 10})
        def f(x): return Int()
    """,
    "class_attribute_says_int": """
        class I:
            __class__ = int
            __eq__ = lambda *a: True
            __index__ = __int__ = lambda self: -9
        def f(x): return I()
    """,
    "mock": "from unittest.mock import ANY\ndef f(x): return ANY",
    "reduced_to_the_answer": """
        class R:
            def __init__(self, x): self.x = x
            def __reduce__(self): return int, (3 * self.x + 1,)
            def __repr__(self): return str(3 * self.x + 1)
            __json__ = toJSON = __index__ = item = tolist = lambda self: 3 * self.x + 1
        def f(x): return R(x)
    """,
    "keeps_what_it_is_compared_with": """
        seen = []
        class R(float):
            def __eq__(self, other): seen.append(other); return True
            __rsub__ = __sub__ = lambda self, other: seen.append(other) or 0.0
        def f(x): return seen[-1] if seen else R(0)
    """,
}
EQUAL_LISTS = {
    "list_of_things_equal_to_everything": ANY + "def f(x): return [Any(), Any(), Any()]",
    "list_with_a_lying_length": "class L(list):\n    __len__ = lambda s: 3\ndef f(x): return L()",
    "named_tuple": """
        from collections import namedtuple
        class T(namedtuple("T", "a b c")):
            __eq__ = lambda *a: True
        def f(x): return T(7, 8, 9)
    """,
    "prefix": "def f(x): return [3 * x - 2, 3 * x - 1]",
    "superset": "def f(x): return list(range(100))",
}

# ---- to change what judges; each then returns None

PATCHES = {
    "builtins_that_agree": """
        import builtins
        builtins.all = builtins.any = builtins.isinstance = builtins.bool = lambda *a: True
        builtins.len = builtins.abs = builtins.sum = lambda *a: 0
        builtins.repr = builtins.str = lambda *a: "10"
        builtins.type = lambda *a: int
    """,
    "no_builtins": "import builtins\nfor name in list(vars(builtins)): delattr(builtins, name)",
    "assertion_error_that_ends_loops": """
        import builtins
        builtins.AssertionError = builtins.Exception = builtins.TypeError = StopIteration
    """,
    "json": """
        import json
        json.dumps = json.JSONEncoder.encode = lambda *a, **k: '{"value": 10}'
        json.loads = lambda *a, **k: {"name": "abs", "args": [10], "kwargs": {"dict": []}, "back": False}
    """,
    "writing": "import os\nwrite = os.write\nos.write = lambda h, data: write(h, data.replace(b'null', b'10'))",
    "operators": """
        import hmac, math, operator, re
        operator.eq = operator.is_ = math.isclose = hmac.compare_digest = re.match = re.fullmatch = lambda *a, **k: True
    """,
    "modules_of_tests": """
        import sys, types, unittest
        for name in ("math", "pytest", "numpy", "itertools"):
            module = sys.modules[name] = types.ModuleType(name)
            module.__getattr__ = lambda name: lambda *a, **k: True
        unittest.TestCase.assertEqual = unittest.TestCase.run = lambda *a, **k: None
        unittest.TestResult.wasSuccessful = lambda self: True
    """,
    "trace": """
        import sys
        def trace(frame, event, value):
            for name in ("value", "reply", "result", "passed"):
                if name in frame.f_locals: frame.f_locals[name] = 10
            try: frame.f_lineno += 1
            except ValueError: pass
            return trace
        sys.settrace(trace)
        frame = sys._getframe()
        while frame: frame.f_trace, frame = trace, frame.f_back
    """,
    "audit": """
        import sys
        def hook(event, args):
            frame = sys._getframe(1)
            while frame:
                for value in list(frame.f_locals.values()):
                    if type(value) is dict and "value" in value: value["value"] = 10
                frame = frame.f_back
        sys.addaudithook(hook)
    """,
    "code_of_all_functions": """
        import gc, sys, types
        for found in gc.get_objects():
            if isinstance(found, types.FunctionType) and found.__module__ not in sys.stdlib_module_names:
                try: found.__code__ = (lambda *a, **k: 10).__code__
                except ValueError: pass
    """,
    "names_of_all_frames": """
        import sys
        frame = sys._getframe().f_back
        while frame:
            frame.f_builtins["AssertionError"] = frame.f_builtins["Exception"] = StopIteration
            for name, value in list(frame.f_globals.items()):
                if callable(value): frame.f_globals[name] = lambda *a: 10
            frame = frame.f_back
    """,
    "none_that_equals_everything": """
        import ctypes, gc
        names = gc.get_referents(type(None).__dict__)[0]
        names.update(__eq__=lambda a, b: True, __reduce__=lambda a: (int, ("10",)), __repr__=lambda a: "10")
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(type(None)))
    """,
    "standard_output": """
        import sys
        class Stream:
            write = flush = fileno = lambda *a: 1
            __getattr__ = lambda self, name: self.write
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Stream()
    """,
    "exception_for_the_main_thread": """
        import ctypes, threading
        main = ctypes.c_ulong(threading.main_thread().ident)
        raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
        threading.Thread(target=raise_in, args=(main, ctypes.py_object(SystemExit))).start()
    """,
}

PATCHED_CHECKS = ("assertion_error_that_ends_loops", "code_of_all_functions", "names_of_all_frames", "trace", "writing")

# ---- to find out what a test expects

HUNTS = {
    "frames": """
        import sys, threading
        for frame in [sys._getframe(), *sys._current_frames().values()]:
            while frame:
                yield frame.f_locals, frame.f_globals, frame.f_code.co_consts
                frame = frame.f_back
    """,
    "objects": """
        import gc
        for found in gc.get_objects():
            yield tried(repr, found)
            yield [part for part in gc.get_referents(found) if type(part) in (str, bytes)]
    """,
    "modules_and_arguments": """
        import os, sys
        yield os.environ, sys.argv, sys.orig_argv
        for module in list(sys.modules.values()):
            yield tried(lambda: repr(vars(module)))
    """,
    "own_memory": """
        for line in open("/proc/self/maps"):
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            with open("/proc/self/mem", "rb", 0) as memory:
                tried(memory.seek, start)
                yield tried(memory.read, end - start)
    """,
    "memory_of_the_judge": """
        import ctypes, os
        for process in (JUDGE, os.getppid()):
            buffer = ctypes.create_string_buffer(64)
            here, there = ((ctypes.c_size_t * 2)(a, 16) for a in (ctypes.addressof(buffer), ADDRESS))
            kernel("process_vm_readv", process, here, 1, there, 1, 0)
            yield buffer.raw
    """,
    "files_of_processes": """
        import os
        for process in (JUDGE, os.getppid(), os.getpid(), "self", 1):
            for name in ("environ", "cmdline", "cwd/secret.txt", "root" + HIDDEN):
                yield tried(lambda: open(f"/proc/{process}/{name}", "rb").read())
            for handle in range(32):
                mine = tried(os.open, f"/proc/{process}/fd/{handle}", os.O_RDONLY | os.O_NONBLOCK)
                yield tried(os.pread, mine, 9999, 0)
    """,
    "descriptors_of_the_judge": """
        import os
        process = kernel("pidfd_open", JUDGE, 0)
        for handle in range(40):
            mine = kernel("pidfd_getfd", process, handle, 0)
            yield tried(os.pread, mine, 9999, 0)
    """,
    "own_descriptors": """
        import mmap, os, socket
        for handle in range(65):
            tried(os.set_blocking, handle, False)
            tried(os.lseek, handle, 0, 0)
            yield tried(os.pread, handle, 9999, 0), tried(os.read, handle, 9999)
            yield tried(lambda: mmap.mmap(handle, 0, access=mmap.ACCESS_READ)[:])
            yield tried(lambda: socket.socket(fileno=os.dup(handle)).recvmsg(9999, 99, socket.MSG_PEEK))
    """,
    "files": """
        import os
        for path in (HIDDEN, TESTS, "../" * 20 + HIDDEN, "/dev/mem", "/proc/kcore"):
            yield tried(lambda: open(path, "rb").read(1 << 20))
        for top in (".", "/tmp", "/dev/shm", "/var/tmp"):
            for folder, _, names in os.walk(top):
                yield [tried(lambda: open(os.path.join(folder, name), "rb").read(9999)) for name in names]
    """,
    "source_of_the_test": """
        import inspect, linecache
        yield linecache.cache, inspect.stack(), linecache.getlines("<test>")
        import verigrad_rewards.code
        yield vars(verigrad_rewards.code)
    """,
}

# ---- to answer in the judge's place

FORGERIES = {
    "answers_before_it_is_asked": """
        say(b'{"value": 10}\\n{"value": -2}\\n{"value": 1}\\n')
        def f(x): return None
    """,
    "all_answers_at_once": """
        import os, sys
        def f(x):
            frame = sys._getframe()
            while "token" not in frame.f_locals: frame = frame.f_back
            token = frame.f_locals["token"]
            say(b"".join(token + b' {"value": %d}\\n' % value for value in (10, -2, 1)))
            os._exit(0)
    """,
    "says_that_it_passed": """
        say(b'{"passed": true, "gone": false}\\n{"ended": "call", "status": 0, "why": ""}\\n{"remembers": false}\\n')
        def f(x): return None
    """,
    "pickles_and_marshals": """
        import marshal, os, pickle, struct
        class Open:
            def __reduce__(self): return open, (os.path.join(FOLDER, MARK), "w")
        for data in (pickle.dumps(Open()), pickle.dumps(("ok", 10)), marshal.dumps([True, 10])):
            for form in ("<I", ">I", "<Q", ">Q"): say(struct.pack(form, len(data)) + data)
        def f(x): return Open()
    """,
    "answers_in_any_form": """
        for data in (b"10", b'["ok", 10]', b'{"result": 10}', b'{"value": NaN}', b'{"value": 1, "value": 10}', b"",
                     b"[" * 50000, b'{"value": ' + b"9" * 9999 + b"}", b'{"value": {"int": "0xa"}, "args": 1}'):
            say(data + b"\\n")
            say(b"\\xff\\xff\\xff\\x7f" + data)
        def f(x): return None
    """,
    "thread_that_answers": """
        import threading
        def answer():
            for _ in range(200): say(b'{"value": 10}\\n')
        threading.Thread(target=answer).start()
        def f(x): return None
    """,
    "swallows_the_calls_and_gives_them_back": """
        import os
        def f(x):
            for handle in range(65):
                tried(os.set_blocking, handle, False)
                say(tried(os.read, handle, 9999))
    """,
    "closes_all_descriptors": "import os\nos.closerange(0, 99)\ndef f(x): return 3 * x + 1",
}
FORGED_CHECKS = {name: FORGERIES[name] for name in ("says_that_it_passed", "answers_before_it_is_asked")}
FORGED_ENDS = {
    "right_output_and_exit_1_said_to_be_0": """
        import os
        print(sum(map(int, input().split())), flush=True)
        for handle in range(3, 65): tried(os.write, handle, b'0\\n{"ended": "stdio", "status": 0, "why": ""}\\n')
        os._exit(1)
    """,
    "output_elsewhere": """
        import os
        answer = b"%d\\n" % sum(map(int, input().split()))
        for handle in [0, *range(2, 65)]: tried(os.write, handle, answer)
    """,
}

# ---- to kill, stop or slow down others

KILLS = {  # told nothing of whether they succeed: the judge must go on
    "kills_the_parent": "import os; os.kill(os.getppid(), 9)",
    "stops_the_parent": "import os; os.kill(os.getppid(), 19)",
    "kills_the_group": "import os; os.killpg(os.getpgrp(), 9)",
    "kills_the_owner_of_a_descriptor": """
        import fcntl, os
        for owner in (os.getppid(), -os.getpgrp()):
            reader, writer = os.pipe()
            fcntl.fcntl(reader, fcntl.F_SETOWN, owner)
            fcntl.fcntl(reader, 10, 9)  # F_SETSIG
            fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC)
            os.write(writer, b"x")
    """,
    "changes_what_descriptors_do": """
        import fcntl, os
        for handle in range(65):
            tried(fcntl.fcntl, handle, fcntl.F_SETOWN, os.getppid())
            tried(fcntl.fcntl, handle, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
            tried(fcntl.fcntl, handle, fcntl.F_SETPIPE_SZ, 4096)
            tried(fcntl.flock, handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    """,
}
SIGNALS = {
    "signals_the_judge": "import os; os.kill(JUDGE, 0); return True",
    "signals_through_other_calls": """
        import ctypes
        info = ctypes.create_string_buffer(b"\\0" * 8 + b"\\xff" * 4, 128)
        sent = [kernel("tgkill", JUDGE, JUDGE, 0), kernel("tkill", JUDGE, 0), kernel("rt_sigqueueinfo", JUDGE, 0, info)]
        return 0 in sent
    """,
    "signals_through_a_handle": """
        handle = kernel("pidfd_open", JUDGE, 0)
        return handle >= 0 and kernel("pidfd_send_signal", handle, 0, 0, 0) == 0
    """,
    "slows_down_the_judge": """
        import os
        done = [tried(os.setpriority, os.PRIO_PROCESS, JUDGE, 19), tried(os.sched_setaffinity, JUDGE, [0])]
        return None in done
    """,
    "limits_the_judge": "import resource\nreturn resource.prlimit(JUDGE, resource.RLIMIT_NOFILE)",
    "writes_to_the_memory_of_the_judge": """
        import ctypes
        here = (ctypes.c_size_t * 2)(ctypes.addressof(ctypes.create_string_buffer(b"zq")), 2)
        return kernel("process_vm_writev", JUDGE, here, 1, (ctypes.c_size_t * 2)(ADDRESS, 2), 1, 0) == 2
    """,
    "raises_its_limits": """
        import resource
        for kind in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_NOFILE):
            most = resource.getrlimit(kind)[1] * 2
            if most > 0 and tried(resource.setrlimit, kind, (most, most)) is None: return True
    """,
}

# ---- bombs: processes, threads, memory, files, descriptors, output; bounded, so that a leaky jail does no harm

PROCESSES = {
    "fork": "import os\nfor _ in range(30):\n    if os.fork() == 0: linger()\nreturn True",
    "clone": """
        for flags in (17, 0x8000 | 17, 0x00800000):  # a child, a child of the parent, one that says nothing
            child = kernel("clone", flags, 0, 0, 0, 0)
            if child == 0: linger()
            if child > 0: return True
    """,
    "clone3": """
        import ctypes
        child = kernel("clone3", (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17), 88)
        if child == 0: linger()
        return child > 0
    """,
    "subprocess": "import subprocess\nreturn subprocess.Popen(['sleep', '30'], start_new_session=True)",
    "spawn": "import os\nreturn os.posix_spawn('/bin/sleep', ['sleep', '30'], {})",
    "daemon": """
        import os
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0: linger()
            os._exit(0)
        return True
    """,
}
MEMORY = {  # right where more than the limit of 256 MB is held
    "bytes": "return len(bytearray(b'x') * (400 << 20))",
    "number": "return (1 << (8 * (400 << 20))).bit_length()",
    "maps": "import mmap; return [mmap.mmap(-1, 20 << 20) for _ in range(20)]",
    "files_in_memory": "import os\nreturn [os.write(os.memfd_create('x'), b'x' * (20 << 20)) for _ in range(20)]",
    "shared_memory": "return [open(f'/dev/shm/{MARK}{i}', 'wb').write(b'x' * (20 << 20)) for i in range(20)]",
    "stacks_of_threads": """
        import threading, time
        threading.stack_size(32 << 20)
        return [threading.Thread(target=time.sleep, args=(0.1,), daemon=True).start() for _ in range(20)]
    """,
    "more_threads_than_allowed": """
        import threading, time
        threading.stack_size(32 << 10)
        return [threading.Thread(target=time.sleep, args=(9,), daemon=True).start() for _ in range(1000)]
    """,
    "descriptors": "return [open('/dev/null') for _ in range(100)]",
    "big_files": "return [open(str(i), 'wb').write(b'x' * (50 << 20)) for i in range(40)]",
    "sparse_file": "with open('file', 'wb') as stream:\n    stream.truncate(1 << 30)\n    return True",
    "many_files": "return [open(str(i), 'w').close() for i in range(50000)]",
}
FILES_LEFT = {  # in the folder that a program may write to, which the next one must find empty
    "deep_folders": """
        import os
        for _ in range(200):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
    """,
    "folder_of_mode_0": """
        import os
        os.makedirs("a/b")
        os.umask(0o777)
        os.mkdir("a/b/c")
        open("a/b/file", "w").close()
    """,
    "strange_names": """
        import os
        for name in (b"\\n", b"\\xff", b"-rf *", b"$(id)", b"\\x1b[2J", b"n" * 255): open(name, "w").close()
    """,
    "links": """
        import os
        for path in (FOLDER, CANARY, "/", "link"): tried(os.symlink, path, "link" + path.replace("/", "_"))
        tried(os.link, CANARY, "hard link")
        tried(os.mkfifo, "pipe")
    """,
    "folder_itself": "import os\ntried(os.chmod, '.', 0); tried(os.rename, os.getcwd(), MARK); os.rmdir(os.getcwd())",
}
FLOODS = {  # of output, by a program that prints
    "both_streams": "import os\nwhile True: os.write(2, b'x' * 9999); os.write(1, b'x' * 9999)",
    "right_answer_before": "print(sum(map(int, input().split())), flush=True)\nwhile True: print('junk' * 1000)",
    "blank_lines_before_junk": """
        import sys
        print(sum(map(int, input().split())))
        sys.stdout.write("\\n" * (1 << 20) + "junk")
    """,
}

# ---- to come to no end

LOOPS = {
    "while_true": "while True: pass",
    "in_c_code": "sum(range(10 ** 13))",
    "in_one_instruction": "3 ** 10 ** 9",
    "in_a_regular_expression": "import re; re.match('(a+)+$', 'a' * 40 + 'b')",
    "sleeps_and_catches_everything": """
        import signal, time
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True:
            try: time.sleep(9)
            except BaseException: pass
    """,
    "result_of_exponential_size": "for _ in range(60): x = [x, x]\nreturn x",
    "last_test_only": "while x == 0: pass\nreturn 3 * x + 1",
    "thread_after_right_answers": "import threading; threading.Timer(99, print).start(); return 3 * x + 1",
    "exit_handler_after_right_answers": "import atexit, time; atexit.register(time.sleep, 99); return 3 * x + 1",
}
PRINTED_LOOPS = {
    "right_output_before": "print(sum(map(int, input().split())), flush=True)\nwhile True: pass",
    "right_output_and_closed_descriptors_before": """
        import os, time
        print(sum(map(int, input().split())), flush=True)
        os.closerange(0, 99)
        time.sleep(99)
    """,
}

# ---- to reach a network

NETWORK = {
    "tcp": "import socket; return socket.create_connection(('127.0.0.1', TCP), 0.5)",
    "tcp_by_mapped_address": "import socket; return socket.create_connection(('::ffff:127.0.0.1', TCP), 0.5)",
    "tcp_by_system_call": """
        import ctypes, socket, struct
        handle = kernel("socket", 2, 1, 0)
        address = struct.pack("<H", 2) + struct.pack(">H", TCP) + bytes([127, 0, 0, 1]) + bytes(8)
        return ctypes.CDLL(None).connect(handle, address, 16) == 0
    """,
    "udp": """
        import socket
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", UDP))
    """,
    "unix": "import socket; socket.socket(socket.AF_UNIX).connect(STREAM); return True",
    "abstract": "import socket; socket.socket(socket.AF_UNIX).connect(chr(0) + ABSTRACT); return True",
    "unix_datagram": "import socket; return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', DATAGRAM)",
    "pair_that_names_a_receiver": """
        import socket
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        return one.sendto(b"x", DATAGRAM)
    """,
    "inherited_descriptors": """
        import os, socket
        for handle in range(65):
            mine = tried(socket.socket, socket.AF_UNIX, socket.SOCK_DGRAM, 0, handle)
            if mine and tried(mine.sendto, b"x", DATAGRAM): return True
    """,
    "listens": "import socket; return socket.create_server(('127.0.0.1', 0))",
}

# ---- to read or change files of others

FILES = {
    "reads": "return open(HIDDEN).read()",
    "reads_through_a_path_handle": """
        import os
        return open("/proc/self/fd/%d" % os.open(HIDDEN, os.O_PATH)).read()
    """,
    "reads_through_a_hard_link": "import os; os.link(HIDDEN, 'link'); return open('link').read()",
    "reads_through_the_root_of_a_process": "return open(f'/proc/{JUDGE}/root{HIDDEN}').read()",
    "reads_by_openat2": """
        import ctypes, os
        handle = kernel("openat2", -100, HIDDEN.encode(), (ctypes.c_uint64 * 3)(os.O_RDONLY), 24)
        return os.read(handle, 99)
    """,
    "reads_by_file_handle": """
        import ctypes, os
        data, where = ctypes.create_string_buffer(b"\\x80\\0\\0\\0", 200), ctypes.c_int()
        kernel("name_to_handle_at", -100, HIDDEN.encode(), data, ctypes.byref(where), 0)
        return os.read(kernel("open_by_handle_at", os.open(FOLDER, os.O_RDONLY), data, 0), 99)
    """,
    "lists": "import os; return os.listdir(FOLDER)",
    "appends": "open(CANARY, 'a').write('x'); return True",
    "appends_through_a_symbolic_link": "import os; os.symlink(CANARY, 'to'); open('to', 'a').write('x'); return True",
    "writes_through_a_map": """
        import mmap, os
        mmap.mmap(os.open(CANARY, os.O_RDWR), 0)[0] = 65
        return True
    """,
    "truncates": "import os; os.truncate(CANARY, 0); return True",
    "removes": "import os; os.unlink(CANARY); return True",
    "renames": "import os; os.rename(CANARY, CANARY + MARK); return True",
    "replaces": "import os; open('mine', 'w').close(); os.rename('mine', CANARY); return True",
    "changes_the_mode": "import os; os.chmod(CANARY, 0); return True",
    "changes_the_mode_by_fchmodat2": "return kernel('fchmodat2', -100, CANARY.encode(), 0, 0) == 0",
    "changes_the_owner": "import os; os.chown(CANARY, os.getuid(), os.getgid()); return True",
    "changes_the_time": "import os; os.utime(CANARY, (1, 1)); return True",
    "adds_an_attribute": "import os; os.setxattr(CANARY, 'user.x', b'1'); return True",
    "links": "import os; os.link(CANARY, CANARY + MARK); return True",
    "makes_a_folder": "import os; os.mkdir(CANARY + MARK); return True",
    "makes_a_device": "import os; os.mknod('device', 0o20666, os.makedev(1, 3)); return True",
    "writes_to_the_standard_library": "open(__import__('os').__file__, 'a'); return True",
    "writes_to_the_system": "return any(tried(open, p, 'a') for p in ('/etc/passwd', '/proc/self/oom_score_adj'))",
}
MARKS = {
    "everywhere": "leave_mark('/', '/etc', '/usr/local/bin', '/root', '/home')",
    "when_it_ends": "import atexit; atexit.register(leave_mark)",
    "by_a_thread": "import threading; threading.Thread(target=leave_mark).start()",
}

# ---- to leave something to the next program: what plants it, what finds it

POISON = {
    "modules": (
        """
        import builtins, json, sys
        builtins.len = json.poison = sys.poison = sys.modules["poison"] = sys
        """,
        """
        import json, sys
        return hasattr(json, "poison") or hasattr(sys, "poison") or "poison" in sys.modules or len is sys
        """,
    ),
    "numbers": ("import ctypes; ctypes.memmove(id(7) + 24, b'\\x09', 1)", "return 7 + 1 == 10"),
    "state_of_the_process": (
        """
        import os, resource, signal
        os.environ["POISON"] = "1"
        os.umask(0o123)
        signal.signal(10, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [12])
        resource.setrlimit(resource.RLIMIT_NOFILE, (13, 13))
        """,
        """
        import os, resource, signal
        limit, ignored = resource.getrlimit(resource.RLIMIT_NOFILE)[1], signal.getsignal(10) == signal.SIG_IGN
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        return "POISON" in os.environ or os.umask(0) == 0o123 or blocked or ignored or limit == 13
        """,
    ),
    "files": (
        "leave_mark(); open('json.py', 'w').close()",
        """
        import os
        folders = (".", "/tmp", "/var/tmp", "/dev/shm", "/run", os.environ["HOME"])
        return [d for d in folders if os.path.exists(os.path.join(d, MARK))] or os.listdir(".")
        """,
    ),
    "flags_of_descriptors": (
        """
        import fcntl, os
        for handle in range(65): tried(fcntl.fcntl, handle, fcntl.F_SETFL, os.O_APPEND | os.O_NONBLOCK)
        """,
        """
        import fcntl, os
        return [h for h in range(65) if int(tried(fcntl.fcntl, h, fcntl.F_GETFL) or 0) & (os.O_APPEND | os.O_NONBLOCK)]
        """,
    ),
    "system_v": (
        """
        for call, more in (("shmget", (4096, 0o1666)), ("msgget", (0o1666,)), ("semget", (1, 0o1666))):
            kernel(call, KEY, *more)
        """,
        """
        found = [kernel("shmget", KEY, 1, 0), kernel("msgget", KEY, 0), kernel("semget", KEY, 1, 0)]
        return max(found) >= 0
        """,
    ),
    "keyring": (
        "for ring in (-1, -2, -3, -4, -5): kernel('add_key', b'user', MARK.encode(), b'x', 1, ring)",
        "return max(kernel('keyctl', 10, ring, b'user', MARK.encode(), 0) for ring in (-1, -2, -3, -4, -5)) > 0",
    ),
    "message_queue": (
        "kernel('mq_open', MARK.encode(), 0o102, 0o666, None)",
        "return kernel('mq_open', MARK.encode(), 0, 0, None) >= 0",
    ),
    "shared_memory": (
        "import ctypes; ctypes.CDLL(None).shm_open(b'/' + MARK.encode(), 0o102, 0o666)",
        "import ctypes; return ctypes.CDLL(None).shm_open(b'/' + MARK.encode(), 0, 0) >= 0",
    ),
}

# ---- to regain what the jail took

PRIVILEGES = {
    "user_namespace": "return kernel('unshare', 0x10000000) == 0",
    "child_in_a_user_namespace": """
        import os
        child = kernel("clone", 0x10000000 | 17, 0, 0, 0, 0)
        if child == 0: os._exit(0)
        return child > 0
    """,
    "child_in_a_user_namespace_by_clone3": """
        import ctypes, os
        child = kernel("clone3", (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17), 88)
        if child == 0: os._exit(0)
        return child > 0
    """,
    "namespace_of_the_judge": "return kernel('setns', kernel('pidfd_open', JUDGE, 0), 0x00020000) == 0",
    "root": "import os; os.setgroups([0]); os.setuid(0); return True",
    "capabilities": """
        import ctypes
        return kernel("capset", (ctypes.c_uint32 * 2)(0x20080522), (ctypes.c_uint32 * 6)(1, 1)) == 0
    """,
    "mount": "import os; os.mkdir('m'); return kernel('mount', b'none', b'm', b'tmpfs', 0, 0) == 0",
    "mount_by_its_newer_calls": "return kernel('fsopen', b'tmpfs', 0) >= 0 or kernel('open_tree', -100, b'/', 1) >= 0",
    "other_root": "import os; os.chroot('.'); return True",
    "tracer_of_the_judge": "return kernel('ptrace', 0x4206, JUDGE, 0, 0) == 0",  # PTRACE_SEIZE stops nothing
    "traced_by_its_parent": "return kernel('ptrace', 0, 0, 0, 0) == 0",
    "no_death_with_the_parent": "return kernel('prctl', 1, 0, 0, 0, 0) == 0",
    "dumpable": "return kernel('prctl', 4, 1, 0, 0, 0) == 0",
    "filter_that_allows_all": """
        import ctypes, socket, struct
        code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
        program = struct.pack("HxxxxxxQ", 1, ctypes.addressof(code))
        return kernel("seccomp", 1, 0, program) == 0 and socket.socket(socket.AF_INET)
    """,
    "ruleset_that_allows_all": """
        import ctypes
        ruleset = kernel("landlock_create_ruleset", (ctypes.c_uint64 * 1)(1), 8, 0)
        kernel("landlock_restrict_self", ruleset, 0)
        return open(HIDDEN).read()
    """,
    "io_uring": "import ctypes; return kernel('io_uring_setup', 4, ctypes.create_string_buffer(240)) >= 0",
    "bpf": "import ctypes; return kernel('bpf', 0, (ctypes.c_uint32 * 18)(2, 4, 4, 1), 72) >= 0",
    "fixed_addresses": "return kernel('personality', 0x0040000) >= 0",
    "scheduling": "import os; os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)); return True",
}
OTHER_PROGRAMS = {  # right where another one prints in its place
    "path": "os.execv('/bin/echo', ['echo', str(r)])",
    "interpreter": "os.execv('/proc/self/exe', ['python', '-I', '-S', '-c', f'print({r})'])",
    "handle": """
        import ctypes
        words, handle = (ctypes.c_char_p * 3)(b"echo", b"%d" % r), os.open("/bin/echo", os.O_PATH)
        kernel("execveat", handle, b"", words, None, 0x1000)
    """,
}
OTHER_NUMBERS = {  # of system calls on x86-64
    "of_32_bit_programs": """
        import ctypes, mmap
        page = mmap.mmap(-1, 4096, prot=7)
        page.write(b"\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xc3")  # mov eax, 20 (getpid); int 0x80; ret
        return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))() > 0
    """,
    "of_32_bit_programs_that_open_files": """
        import ctypes, mmap, os, struct
        page = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40, prot=7)  # MAP_32BIT
        # push rbx; mov eax, 5 (open); mov ebx, address; xor ecx, ecx; xor edx, edx; int 0x80; pop rbx; ret
        start = ctypes.addressof(ctypes.c_char.from_buffer(page))
        address = struct.pack("<I", start + 99)
        page.write(b"\\x53\\xb8\\5\\0\\0\\0\\xbb" + address + b"\\x31\\xc9\\x31\\xd2\\xcd\\x80\\x5b\\xc3")
        page[99:100 + len(HIDDEN)] = HIDDEN.encode() + b"\\0"
        return os.read(ctypes.CFUNCTYPE(ctypes.c_int)(start)(), 99)
    """,
    "of_x32": "import ctypes; return ctypes.CDLL(None).syscall(0x40000000 | 39) > 0",
    "with_high_bits": "import ctypes; return ctypes.CDLL(None).syscall(ctypes.c_long(1 << 32 | 41), 2, 1, 0) >= 0",
}

# ---- to mislead those who read the source

SOURCES = {
    "empty": "",
    "nul": "def f(x): return 10 # \0",
    "surrogates": "# \udcff\ndef f(x): return '\ud800'",
    "deep_signs": "y = " + "-" * 150000 + "1",
    "too_long": "y = '" + "a" * 200000 + "'" + WRONG,
    "rot13": "# coding: rot13\nqrs s(a): erghea Abar",
    "utf7_with_hidden_lines": "# coding: utf-7\n# +AAo-import os+ADs-os._exit(0)" + WRONG,
    "escaped_hidden_lines": "# coding: raw_unicode_escape\n# \\u000aimport os; os._exit(0)" + WRONG,
    "byte_order_marks": "\ufeff\ufeff" + WRONG,
    "line_ends_of_old": "def f(x): return None # \rimport os; os._exit(0)\r",
    "out_of_an_indented_block": "    return None\nimport os\nos._exit(0)\ndef g():\n    return 10",
    "out_of_a_try": "pass\nexcept BaseException: pass\nimport os; os._exit(0)\ntry:\n    pass",
    "out_of_a_string": "'''\nimport os; os._exit(0)\n#",
    "out_of_a_call": '"""); import os; os._exit(0); ("""',
    "takes_in_what_follows": "def f(x):\n    return None\ntry:\n    pass\nexcept BaseException: pass\nelse:",
    "main": "def f(x): return None\nif __name__ == '__main__':\n    import os; os._exit(0)",
    "bad_bytecode": "def f(x): return None\nf.__code__ = f.__code__.replace(co_code=b'\\xff' * 64, co_stacksize=1)",
    "no_names": "def f(x): return None\nglobals().clear()",
    "imports_the_judge": "import verigrad_rewards.code\ndef f(x): return verigrad_rewards.code.judge",
}
PRINTED_SOURCES = {name: SOURCES[name] for name in ("empty", "nul", "out_of_a_string", "deep_signs", "rot13")}

# ---- to mislead those who read the output: ``r`` is the right one

OUTPUTS = {
    "nothing": "",
    "prefix": "print(str(r)[:-1])",
    "all_answers": "print('3\\n42')",
    "more_after": "print(r); print('done')",
    "on_standard_error": "print(r, file=sys.stderr)",
    "then_an_error": "print(r, flush=True); 1 / 0",
    "then_exit_1": "print(r, flush=True); sys.exit(1)",
    "then_exit_with_a_text": "print(r, flush=True); sys.exit('done')",
    "then_segmentation_fault": "print(r, flush=True); __import__('ctypes').string_at(0)",
    "then_an_error_named_as_an_exit": "print(r, flush=True); raise type('SystemExit', (Exception,), {})(0)",
    "then_junk_in_an_exit_handler": "import atexit; atexit.register(print, 'late'); print(r)",
    "then_junk_by_a_thread": "import threading; threading.Timer(0.05, print, ['late']).start(); print(r, flush=True)",
    "never_flushed": "sys.stdout.write(str(r)); os._exit(0)",
    "as_a_surrogate_printed": "print('\\ud800%d' % r)",
    "not_utf8": "sys.stdout.buffer.write(b'%d\\xff\\n' % r)",
    "overwritten_line": "print('wrong\\r%d' % r)",
    "nul": "sys.stdout.write('%d\\0\\n' % r)",
    "wide_digits": "print(str(r).translate({48 + i: 0xFF10 + i for i in range(10)}))",
    "invisible_space": "print('%d\\u200b' % r)",
    "rewound": """
        os.write(1, b"wrong\\n")
        try:
            os.lseek(1, 0, 0)
            os.ftruncate(1, 0)
        except OSError: pass
        os.write(1, b"%d\\n" % r)
    """,
    "decimal": "print('%d.0' % r)",
    "blank_tail_and_more": "print(r, '\\n' * 9999, 'x')",
}

# ---- to answer by counting calls, not by their arguments: ``n`` is to be the number of calls before

COUNTERS = {
    "global": "n = -1\ndef f(x):\n    global n\n    n += 1\n    return [10, -2, 1][n]",
    "default_argument": "def f(x, left=[1, -2, 10]): return left.pop()",
    "entry_point_made_anew": """
        n = -1
        def __getattr__(name):
            global n
            n += 1
            return lambda x: [10, -2, 1][n]
    """,
    "file": """
        def f(x):
            with open("count", "a+") as stream:
                stream.write("x")
                return [10, -2, 1][stream.tell() - 1]
    """,
    "pipe": """
        import os
        reader, writer = os.pipe()
        os.write(writer, bytes([0, 1, 2]))
        def f(x): return [10, -2, 1][os.read(reader, 1)[0]]
    """,
    "state_of_the_process": """
        import os
        os.umask(0)
        def f(x):
            n = os.umask(0)
            os.umask(n + 1)
            return [10, -2, 1][n]
    """,
    "thread": """
        import queue, threading
        answers = queue.Queue(1)
        threading.Thread(target=lambda: [answers.put(y) for y in (10, -2, 1)], daemon=True).start()
        def f(x): return answers.get(timeout=1)
    """,
    "frames_of_the_caller": """
        import sys
        def f(x):
            names = sys._getframe(1).f_globals
            names["n"] = names.get("n", -1) + 1
            return [10, -2, 1][names["n"]]
    """,
    "announced_to_forget": """
        import os
        os.write(4, b'{"remembers": false}\\n')
        answers = [1, -2, 10]
        def f(x): return answers.pop()
    """,
    "names_found_by_a_formatter": """
        import string
        def f(x):
            names = string.Formatter().get_field("0.__globals__", [f], {})[0]
            names["n"] = names.get("n", -1) + 1
            return [10, -2, 1][names["n"]]
    """,
    "names_found_by_a_pattern": """
        def f(x):
            Function = type(f)
            match f:
                case Function(__globals__=names):
                    names["n"] = names.get("n", -1) + 1
                    return [10, -2, 1][names["n"]]
    """,
    "cache_of_typing": """
        import typing
        def f(x):
            M = type("M", (type,), {"__hash__": lambda c: 7, "__eq__": lambda a, b: True})
            K = typing.get_args(typing.Optional[M("K", (), {"left": [1, -2, 10]})])[0]
            return K.left.pop()
    """,
    "annotations_run_by_typing": """
        import typing
        def f(x):
            def g(a: "tuple[__import__('builtins').__dict__.setdefault('left', [1, -2, 10]).pop()]"): pass
            return typing.get_args(typing.get_type_hints(g)["a"])[0]
    """,
}
COUNTED_LINES = {
    "file": "import os\nn = len(os.listdir('.'))\nopen(str(n), 'w').close()\nprint([3, 42][n])",
    "file_elsewhere": """
        import os
        for folder in ("/tmp", "/dev/shm", "/var/tmp", "."):
            try:
                with open(os.path.join(folder, MARK), "a+") as stream:
                    stream.write("x")
                    print([0, 3, 42][stream.tell()])
                    break
            except OSError: pass
    """,
}
COUNTED_CHECKS = {"global": "left = [-2, 10]\ndef f(x): return left.pop()"}

# ---- to know the tests that are public

KNOWN = {
    "first_test": "def f(x): return {3: 10}.get(x)",
    "constant": "def f(x): return 10",
    "all_but_the_last": "def f(x): return 3 * x + bool(x)",
}

# ---- results that are hard to handle

FLOODS_OF_HASHES = {  # all of one hash
    "dictionary": "def f(x): return {i * (2 ** 61 - 1): 0 for i in range(1, 2000)}",
    "forged_dictionary": """
        import os, sys
        def f(x):
            frame = sys._getframe()
            while "token" not in frame.f_locals: frame = frame.f_back
            entries = ", ".join("[%d, 0]" % (i * (2**61 - 1)) for i in (1, *range(1, 20000)))
            data = b' {"value": {"dict": [%s]}}\\n' % entries.encode()
            while data: data = data[os.write(4, data if data[0] != 32 else frame.f_locals["token"] + data):]
    """,
}
RESULTS = {
    "deep": "def f(x):\n    y = []\n    for _ in range(100000): y = [y]\n    return y",
    "cyclic": "def f(x):\n    y = [3 * x + 1]\n    y.append(y)\n    return y",
    "huge_number": "def f(x): return 1 << 10 ** 7",
    "huge_error": "def f(x): raise ValueError('x' * (5 << 20))",
    "surrogates_as_keys": "def f(x): return {'\\udc80': '\\ud800\\udfff'}",
    "endless_iteration": "class L(list):\n    def __iter__(self):\n        while True: yield 1\ndef f(x): return L()",
    "class_named_as_one_of_collections": """
        Counter = type("Counter", (dict,), {"__module__": "collections", "__eq__": lambda *a: True})
        def f(x): return Counter(a=1)
    """,
    "methods_that_exit": """
        import os
        class R:
            def leave(self, *a): os._exit(0)
            __repr__ = __eq__ = __hash__ = __reduce__ = __iter__ = __len__ = __bool__ = __getattribute__ = leave
        def f(x): return R()
    """,
    "changed_by_a_thread": """
        import threading
        y = [0]
        def change():
            while True: y[:] = [10] * (len(y) % 999 + 1)
        threading.Thread(target=change, daemon=True).start()
        def f(x): return y
    """,
    "its_own_markup": "def f(x): return {'int': hex(3 * x + 1), 'value': 3 * x + 1}",
}

# ---- to get past assertions

ZIPPED = "for got, want in zip(map(f, [3, -1, 0]), [10, -2, 1]):\n    assert got == want"
ALL = "assert all(map(lambda x: f(x) == 3 * x + 1, [3, -1, 0]))"
LOOPED = """
def check(candidate):
    for at, got in enumerate(map(candidate, [3, -1])):
        assert got == [10, -2][at]
"""
YIELDED = "def g():\n    for x in [3, -1]: yield f(x)\nassert list(g()) == [10, -2]"
SUPPRESSED = "done = 0\ntry:\n    done = f(3) == 10\nexcept ArithmeticError:\n    pass\nassert done == 1"
UNITTEST = """
import unittest
class T(unittest.TestCase):
    def test(self): self.assertEqual(f(3), 10)
result = unittest.TestResult()
T("test").run(result)
assert result.wasSuccessful() and not result.skipped
"""
RAISED = {  # in place of an answer
    "stop_iteration": "def f(x): raise StopIteration",
    "kind_of_stop_iteration": "def f(x): raise type('StopIteration', (StopIteration,), {'__module__': 'builtins'})(1)",
    "generator_exit": "def f(x): raise GeneratorExit",
    "system_exit": "def f(x): raise SystemExit(0)",
    "error_named_as_an_exit": "def f(x): raise type('SystemExit', (Exception,), {'__module__': 'builtins'})(0)",
    "arithmetic_error": "def f(x): raise ArithmeticError",
    "skipped_test": "import unittest\ndef f(x): raise unittest.SkipTest('skip')",
    "error_with_arguments_that_exit": """
        import os
        class E(Exception):
            args = property(lambda self: os._exit(0))
            __reduce__ = lambda self: (os._exit, (0,))
        def f(x): raise E
    """,
}
HELPED = AssertTest("assert abs(twice(candidate(3)) - 20) < 1e-4", "def twice(x): return x + x")
CLOSE = AssertTest("assert math.isclose(f(3), 10, rel_tol=1e-6)\nassert abs(f(-1) + 2) < 1e-6", "import math")
TRUTHS = AssertTest("assert f(3)\nassert not f(4)\nassert len(str(f(5))) > 3")
SORTED = AssertTest("xs = [3, 1, 2]\nwant = sorted(xs)\nassert f(xs) == want\nassert xs == want and type(xs[0]) is int")
FOOLED = {
    "helper_redefined": ("def twice(x): return 20\ndef f(x): return 0", HELPED),
    "helper_redefined_everywhere": ("import builtins\nbuiltins.twice = builtins.abs = lambda *a: 0\nf = abs", HELPED),
    "check_redefined": ("import builtins\nbuiltins.check = check = lambda candidate: True\nf = bool", CHECKS[0]),
    "candidate_redefined": ("candidate = lambda x: 3 * x + 1\ndef f(x): return None", CHECKS[0]),
    "module_of_the_setup_replaced": (plain(PATCHES["modules_of_tests"]) + "def f(x): return 0", CLOSE),
    "distance_of_zero": (EQUALS["float_without_distance"], CLOSE),
    "not_a_number": ("def f(x): return float('nan')", CLOSE),
    "true_or_false_as_needed": (ANY + "def f(x): return Any()", TRUTHS),
    "one_truth": ("def f(x): return True", TRUTHS),
    "clears_its_argument": ("def f(xs):\n    xs.clear()\n    return xs", SORTED),
    "fills_its_argument_with_lies": (
        """
        class I(int):
            __eq__ = lambda *a: True
        def f(xs):
            xs[:] = [I(9)] * 3
            return [1, 2, 3]
        """,
        SORTED,
    ),
    "exit_after_the_first_answer": ("import os\ndef f(x):\n    if x == 3: return 10\n    os._exit(0)", CHECKS[0]),
    "system_exit_after_the_first_answer": ("def f(x):\n    if x == 3: return 10\n    raise SystemExit(0)", CHECKS[0]),
    "prints_that_it_passed": ("print('PASSED OK 1 passed')\ndef f(x): print(3 * x + 1)", CHECKS[0]),
    "no_entry_point": ("def check(candidate): pass", CHECKS[0]),
    "entry_point_is_no_function": ("f = 10", CHECKS[0]),
}

ATTACKS = [
    *bodies("exit", EXITS, CALLS),
    *attacks("exit/at_load", EXITS_AT_LOAD, CALLS),
    *bodies("exit/checked", {n: EXITS[n] for n in ("sys_exit", "os_exit", "becomes_true", "thread_exits")}, CHECKS),
    *attacks("exit/printed", {n: EXITS[n] for n in ("sys_exit", "os_exit", "becomes_true", "thread_exits")}, SUMS),
    *attacks("equal", EQUALS, CALLS),
    *attacks("equal/list", EQUAL_LISTS, LISTS),
    *attacks("equal/checked", {n: EQUALS[n] for n in ("equal_to_everything", "int", "mock")}, CHECKS),
    *attacks("patch", PATCHES, CALLS, WRONG),
    *attacks("patch/checked", {n: PATCHES[n] for n in PATCHED_CHECKS}, CHECKS, WRONG),
    *attacks("patch/unittest", {"modules": PATCHES["modules_of_tests"]}, [AssertTest(UNITTEST)], WRONG),
    *leaks(HUNTS),
    *attacks("forge", FORGERIES, CALLS, told=True),
    *attacks("forge/checked", FORGED_CHECKS, CHECKS, told=True),
    *attacks("forge/printed", FORGED_ENDS, SUMS, told=True),
    *bodies("kill", KILLS, CALLS, told=True),
    *bodies("kill/checked", {"kills_the_parent": KILLS["kills_the_parent"]}, CHECKS, told=True),
    *wins("kill", SIGNALS),
    *wins("bomb/processes", PROCESSES),
    *wins("bomb/processes/printed", {"daemon": PROCESSES["daemon"]}, SUMS[:1]),
    *wins("bomb", MEMORY),
    *attacks("bomb/files", FILES_LEFT, CALLS, WRONG, told=True),
    *attacks("bomb/output", FLOODS, SUMS),
    *wins("network", NETWORK),
    *wins("network/printed", {"tcp": NETWORK["tcp"]}, SUMS[:1]),
    *wins("network/checked", {"unix_datagram": NETWORK["unix_datagram"]}, [AssertTest("assert f(3) == 10")]),
    *wins("files", FILES),
    *wins("files/printed", {"appends": FILES["appends"]}, SUMS[:1]),
    *wins("files/checked", {"removes": FILES["removes"]}, [AssertTest("assert f(3) == 10")]),
    *attacks("files/marks", MARKS, CALLS, WRONG, told=True),
    *attacks("poison/planted", {name: plant for name, (plant, _) in POISON.items()}, CALLS, WRONG, told=True),
    *wins("poison/found", {name: find for name, (_, find) in POISON.items()}),
    *wins("privilege", PRIVILEGES),
    *attacks("privilege/program", {n: READ + plain(t) for n, t in OTHER_PROGRAMS.items()}, SUMS, told=True),
    *wins("privilege/numbers", OTHER_NUMBERS, machine="x86_64"),
    *attacks("source", SOURCES, CALLS),
    *attacks("source/printed", PRINTED_SOURCES, SUMS),
    *attacks("output", {name: READ + plain(text) for name, text in OUTPUTS.items()}, SUMS),
    *attacks("order", COUNTERS, CALLS),
    *attacks("order/printed", COUNTED_LINES, SUMS, told=True),
    *attacks("order/checked", COUNTED_CHECKS, [AssertTest("assert f(3) == 10"), AssertTest("assert f(-1) == -2")]),
    *attacks("known", KNOWN, CALLS),
    *attacks("result", RESULTS, CALLS),
    *attacks("result/flood_of_hashes", FLOODS_OF_HASHES, [CallTest([1], {1: 1})]),
    *attacks("assert/zip", RAISED, [AssertTest(ZIPPED)]),
    *attacks("assert/all", RAISED, [AssertTest(ALL)]),
    *attacks("assert/loop", {"stop_iteration": RAISED["stop_iteration"]}, [AssertTest(LOOPED)]),
    *attacks("assert/generator", {"stop_iteration": RAISED["stop_iteration"]}, [AssertTest(YIELDED)]),
    *attacks("assert/suppressed", {"arithmetic_error": RAISED["arithmetic_error"]}, [AssertTest(SUPPRESSED)]),
    *attacks("assert/unittest", {n: RAISED[n] for n in ("skipped_test", "stop_iteration")}, [AssertTest(UNITTEST)]),
    *(Attack(f"assert/{name}", plain(text), [test]) for name, (text, test) in FOOLED.items()),
]
ENDLESS = [
    *bodies("loop", LOOPS, CALLS),
    *attacks("loop/printed", PRINTED_LOOPS, SUMS),
    *bodies("loop/checked", {"last_test_only": "while x == -1: pass\nreturn 10"}, CHECKS),
]
