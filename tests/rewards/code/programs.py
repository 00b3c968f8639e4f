"""Programs as people and models write them: right ones, and near misses that are wrong in one detail.

Each is a name, a text and its tests, where the last value of a row is what is expected: ``calls((3, 4, 7))`` calls
``f(3, 4)`` and expects 7, ``prints(("1 2", "3"))`` is input and output, ``holds("assert f(3) == 7")`` is code.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from textwrap import dedent

from verigrad_rewards.code import AssertTest, CallTest, StdioTest

Test = CallTest | StdioTest | AssertTest
INFINITY = float("inf")


def calls(*rows: tuple) -> list[Test]:
    """Return a call test for each row of arguments and result."""
    return [CallTest(list(args), expected) for *args, expected in rows]


def named(*args: object, expected: object, **kwargs: object) -> list[Test]:
    """Return a call test with keyword arguments."""
    return [CallTest(list(args), expected, kwargs)]


def prints(*rows: tuple[str, str]) -> list[Test]:
    """Return a test for each row of input and output."""
    return [StdioTest(stdin, stdout) for stdin, stdout in rows]


def holds(*codes: str, setup: str = "") -> list[Test]:
    """Return an assert test for each text."""
    return [AssertTest(plain(code), setup) for code in codes]


def plain(text: str) -> str:
    """Return a text without the indentation that it has in this file; as it is where it begins in its first line."""
    return dedent(text).strip(" ") if text.startswith("\n") else text


def cases(rows: Sequence[tuple[str, str, list[Test]]]) -> Iterator[tuple[str, str, list[Test]]]:
    """Yield names, texts without indentation, and tests."""
    yield from ((name, plain(text), tests) for name, text, tests in rows)


SUMS = prints(("1 2\n", "3\n"), ("-5 5\n", "0\n"), ("10 20", "30"))
LISTS = prints(("3\n1 2 3\n", "6\n"), ("1\n7\n", "7\n"), ("0\n\n", "0\n"))

RIGHT_CALLED = [
    ("functools/cache", """
        from functools import lru_cache
        @lru_cache(maxsize=None)
        def f(n):
            return n if n < 2 else f(n - 1) + f(n - 2)
    """, calls((10, 55), (90, 2880067194370816120))),
    ("classes/dataclass_in_a_heap", """
        from __future__ import annotations
        import heapq
        from dataclasses import dataclass, field
        @dataclass(order=True)
        class Item:
            cost: int
            node: int = field(compare=False)
            previous: Item | None = field(default=None, compare=False, repr=False)
        def f(edges: dict[int, list[tuple[int, int]]], end: int) -> int:
            heap, seen = [Item(0, 0)], set()
            while heap:
                item = heapq.heappop(heap)
                if item.node == end: return item.cost
                if item.node not in seen:
                    seen.add(item.node)
                    for node, cost in edges.get(item.node, []): heapq.heappush(heap, Item(item.cost + cost, node, item))
            return -1
    """, calls(({0: [(1, 4), (2, 1)], 2: [(1, 2)]}, 1, 3), ({}, 1, -1))),
    ("classes/enum", """
        import enum
        class State(enum.Enum):
            START = enum.auto()
            DIGIT = enum.auto()
        class Access(enum.IntFlag):
            R = 4
            W = 2
        def f(text):
            state = State.DIGIT if text.isdigit() else State.START
            return state.name, (Access.R | Access.W).value
    """, calls(("12", ("DIGIT", 6)), ("", ("START", 6)))),
    ("classes/operators", """
        from functools import total_ordering
        @total_ordering
        class V:
            __slots__ = ("a", "b")
            def __init__(self, a, b): self.a, self.b = a, b
            def __eq__(self, other): return (self.a, self.b) == (other.a, other.b)
            def __lt__(self, other): return (self.a, self.b) < (other.a, other.b)
            def __hash__(self): return hash((self.a, self.b))
            def __add__(self, other): return V(self.a + other.a, self.b + other.b)
            def __radd__(self, other): return self if other == 0 else self + other
            def __repr__(self): return f"V({self.a},{self.b})"
            def __iter__(self): yield from (self.a, self.b)
        def f(pairs):
            vectors = [V(*pair) for pair in pairs]
            return repr(max(vectors)), list(sum(vectors)), len(set(vectors)), vectors[0] >= vectors[-1]
    """, calls(([[1, 2], [0, 5], [1, 2]], ("V(1,2)", [2, 9], 2, True)))),
    ("classes/metaclass_descriptor_property", """
        class Meta(type):
            names = []
            def __new__(cls, name, bases, space, **options):
                cls.names.append(name + options.get("tag", ""))
                return super().__new__(cls, name, bases, space)
        class Positive:
            def __set_name__(self, owner, name): self.name = "_" + name
            def __get__(self, instance, owner=None): return getattr(instance, self.name)
            def __set__(self, instance, value):
                if value < 0: raise ValueError(f"{self.name} is negative")
                setattr(instance, self.name, value)
        class A(metaclass=Meta, tag="!"):
            x = Positive()
            def __init__(self, x): self.x = x
            @property
            def double(self): return self.x * 2
            @classmethod
            def read(cls, text): return cls(int(text))
        def f(text):
            try:
                return [A.read(text).double, Meta.names]
            except ValueError as error:
                return str(error)
    """, calls(("4", [8, ["A!"]]), ("-4", "_x is negative"))),
    ("classes/linked_list", """
        class ListNode:
            def __init__(self, val=0, next=None):
                self.val = val
                self.next = next
        class Solution(object):
            def reverse(self, head):
                prev = None
                while head: head.next, prev, head = prev, head, head.next
                return prev
        def f(xs):
            head, out = None, []
            for x in reversed(xs): head = ListNode(x, head)
            node = Solution().reverse(head)
            while node: out.append(node.val); node = node.next
            return out
    """, calls(([1, 2, 3], [3, 2, 1]), ([], []))),
    ("classes/weak_references", """
        import gc, weakref
        class Node: pass
        def f():
            node = Node()
            node.me = node
            watch = weakref.ref(node)
            alive = watch() is node
            del node
            gc.collect()
            return alive, watch() is None
    """, calls(((True, True),))),
    ("typing/everything", """
        from __future__ import annotations
        from abc import ABC, abstractmethod
        from dataclasses import dataclass, fields
        from typing import Annotated, ClassVar, Final, Generic, NamedTuple, Protocol, TypedDict, TypeVar
        from typing import cast, get_type_hints
        T = TypeVar("T")
        class Sized(Protocol):
            def size(self) -> int: ...
        class Base(ABC, Generic[T]):
            count: ClassVar[int] = 0
            @abstractmethod
            def size(self) -> int: raise NotImplementedError
        class Point(NamedTuple):
            x: int
            y: int = 0
        class Row(TypedDict, total=False):
            name: str
        @dataclass(frozen=True, slots=True, kw_only=True)
        class P(Base[int]):
            x: int = 1
            def size(self) -> int: return self.x
        LIMIT: Final = 3
        def f(n: Annotated[int, "positive"]) -> list:
            row: Row = {"name": cast(str, "z")}
            names = [p.name for p in fields(P)]
            return [P(x=n).size(), names, get_type_hints(P.size)["return"].__name__, Point(n).y, row]
    """, calls((2, [2, ["x"], "int", 0, {"name": "z"}]))),
    ("decorators/with_arguments", """
        import functools
        def retry(times):
            def decorate(function):
                @functools.wraps(function)
                def wrapper(*args, **kwargs):
                    for attempt in range(times):
                        try: return function(*args, attempt=attempt, **kwargs)
                        except ValueError as error: last = error
                    raise last
                return wrapper
            return decorate
        @retry(5)
        def f(x, attempt=0):
            if attempt < x: raise ValueError("again")
            return [x, attempt, f.__name__]
    """, calls((0, [0, 0, "f"]), (4, [4, 4, "f"]))),
    ("recursion/caught", """
        def g(n): return g(n + 1) + 1
        def f(x):
            try: g(0)
            except RecursionError: return "deep" + str(x)
    """, calls((1, "deep1"))),
    ("recursion/in_a_thread_with_a_large_stack", """
        import sys, threading
        sys.setrecursionlimit(200000)
        threading.stack_size(16 * 1024 * 1024)
        def f(n):
            out = []
            def down(i): return 0 if i == n else down(i + 1) + 1
            thread = threading.Thread(target=lambda: out.append(down(0)))
            thread.start()
            thread.join()
            return out[0]
    """, calls((10000, 10000))),
    ("threads/lock_and_queue", """
        import queue, threading
        def f(items):
            lock, line, out = threading.Lock(), queue.Queue(maxsize=2), []
            def work():
                while (item := line.get()) is not None:
                    with lock: out.append(item * 2)
            threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
            for thread in threads: thread.start()
            for item in [*items, None, None, None]: line.put(item)
            for thread in threads: thread.join()
            return sorted(out)
    """, calls(([1, 2, 3, 4, 5], [2, 4, 6, 8, 10]))),
    ("threads/pool_and_timer", """
        import threading
        from concurrent.futures import ThreadPoolExecutor, as_completed
        POOL = ThreadPoolExecutor(2)
        def f(xs):
            done, box = threading.Event(), []
            threading.Timer(0.01, lambda: (box.append("late"), done.set())).start()
            futures = [POOL.submit(pow, x, 3) for x in xs]
            done.wait(1)
            return list(POOL.map(lambda x: x * x, xs)) + sorted(f.result() for f in as_completed(futures)) + box
    """, calls(([1, 2, 3], [1, 4, 9, 1, 8, 27, "late"]))),
    ("threads/left_behind", """
        import threading, time
        def watch():
            while True: time.sleep(0.05)
        def f(x):
            threading.Thread(target=watch, daemon=True).start()
            return x + 1
    """, calls((1, 2))),
    ("asyncio/gather_queue_and_generator", """
        import asyncio, contextlib
        @contextlib.asynccontextmanager
        async def opened(log):
            log.append("open")
            yield log
            log.append("close")
        async def numbers(n):
            for i in range(n):
                await asyncio.sleep(0)
                yield i
        async def main(n):
            line, log = asyncio.Queue(3), []
            async def put():
                async for x in numbers(n): await line.put(x)
                await line.put(None)
            task = asyncio.create_task(put())
            async with opened(log):
                while (x := await line.get()) is not None: log.append(x)
            await task
            return log + await asyncio.gather(asyncio.to_thread(lambda: n), asyncio.sleep(0.01, "slept"))
        def f(n): return asyncio.run(main(n))
    """, calls((3, ["open", 0, 1, 2, "close", 3, "slept"]))),
    ("generators/send_and_yield_from", """
        def average():
            total = n = 0
            result = None
            while (x := (yield result)) is not None:
                total += x; n += 1
                result = total / n
            return total
        def outer(box):
            box.append((yield from average()))
            yield "done"
        def f(xs):
            box = []
            generator = outer(box)
            next(generator)
            return [generator.send(x) for x in [*xs, None]] + box
    """, calls(([1, 2, 3], [1.0, 1.5, 2.0, "done", 6]))),
    ("syntax/match", """
        from dataclasses import dataclass
        @dataclass
        class P:
            x: int
            y: int
        def f(v):
            match v:
                case {"op": "add", "args": [a, b]}: return a + b
                case [x, y, *rest] if rest: return ("many", x, y, len(rest))
                case [x, y]:
                    match P(x, y):
                        case P(x=0, y=z): return ("axis", z)
                        case P(a, b): return ("point", a, b)
                case str() | bytes() as text: return len(text)
                case int(n) if n > 10: return "big"
                case _: return "other"
    """, calls(({"op": "add", "args": [2, 3]}, 5), ([1, 2, 3], ("many", 1, 2, 1)), ([0, 9], ("axis", 9)), ([4, 5],
        ("point", 4, 5)), ("abc", 3), (11, "big"), (None, "other"))),
    ("syntax/walrus_star_format", """
        def f(s):
            if (n := len(s)) > 3 and (first := s[0]) != s[-1]:
                a, *middle, b = s
                return f"{n=} {first!r:>5} {''.join(middle)} {a}{b} {n:04d} {n/3:.2f} {{}}"
            return f"{s!r}"
    """, calls(("hello", "n=5   'h' ell ho 0005 1.67 {}"), ("abc", "'abc'"))),
    ("syntax/exception_groups", """
        def f(xs):
            out, errors = [], []
            try:
                for x in xs:
                    try: 1 / x
                    except (ZeroDivisionError, TypeError) as error:
                        error.add_note("seen")
                        errors.append(error)
                if errors: raise ExceptionGroup("many", errors)
            except* ZeroDivisionError as group: out.append(("zero", len(group.exceptions)))
            except* TypeError as group: out.append(("type", group.exceptions[0].__notes__))
            return out
    """, calls(([0, 1, "a", 0], [("zero", 2), ("type", ["seen"])]), ([1], []))),
    ("source/byte_order_mark", "\ufeff# -*- coding: utf-8 -*-\ndef f(x):\n    return x * 2\n", calls((3, 6))),
    ("source/latin_1_cookie", '# -*- coding: latin-1 -*-\ndef f(x):\n    return "“" + x\n', calls(("é", "“é"))),
    ("source/line_ends", 'def f(x):\r\n    s = """a\r\nb"""\r\n    return [x, s]\r\n', calls((3, [3, "a\nb"]))),
    ("source/tabs_and_form_feeds", "import math\n\x0c\ndef f(x):\n\tif x:\n\t\treturn math.floor(x)\n\x0c\n",
     calls((2.7, 2))),
    ("source/identifiers", "π = 3\ndef f(длина):\n    名前 = '数'\n    return {名前: π * длина}\n", calls((2, {"数": 6}))),
    ("source/comments_future_and_fence", '''
        #!/usr/bin/env python3
        # Problem: double


        """Module text."""
        from __future__ import annotations

        def f(x: Undefined) -> AlsoUndefined:
            """Doubles.

            ```python
            >>> f(2)
            4
            ```
            """
            return x * 2
    ''', calls((2, 4))),
    ("noise/printed", """
        import logging, os, sys, traceback, warnings
        logging.basicConfig(level=logging.DEBUG)
        print("loading...")
        def f(x):
            print({"result": 5}, [1, 2], sep="\\n")
            print("x" * 100000, file=sys.stderr)
            sys.stdout.write('{"ok": true}')
            os.write(1, b"raw \\xff\\0\\n")
            logging.getLogger(__name__).warning("careful")
            warnings.warn("old", DeprecationWarning)
            try: raise KeyError("k")
            except KeyError: traceback.print_exc()
            return x + 1
    """, calls((1, 2), (5, 6))),
    ("noise/redirected", """
        import contextlib, io, sys
        def f(x):
            buffer = io.StringIO()
            with contextlib.redirect_stdout(buffer), contextlib.redirect_stderr(io.StringIO()):
                print("a", x)
                print("hidden", file=sys.stderr)
            old, sys.stdout = sys.stdout, io.StringIO()
            print("b")
            text, sys.stdout = sys.stdout.getvalue(), old
            return buffer.getvalue() + text
    """, calls((3, "a 3\nb\n"))),
    ("guards/main_and_its_input", """
        import argparse, doctest, sys, unittest
        def f(a, b):
            return a * b
        assert f(2, 3) == 6
        for _i in range(3): assert f(_i, 1) == _i, _i
        class TestF(unittest.TestCase):
            def test(self): self.assertEqual(f(1, 1), 1)
        def main():
            print(f(int(input("a? ")), int(input("b? "))))
            sys.exit(0)
        if __name__ == "__main__":
            main()
            unittest.main()
    """, calls((3, 4, 12))),
    ("state/global", "seen = []\ndef f(x):\n    seen.append(x)\n    return seen\n", calls((1, [1]), (2, [2]))),
    ("state/default", "def f(x, seen=[]):\n    seen.append(x)\n    return seen\n", calls((1, [1]), (2, [2]))),
    ("state/counters", """
        count = 0
        class Node:
            made = 0
            def __init__(self): Node.made += 1
        def hanoi(n):
            global count
            if n:
                hanoi(n - 1)
                count += 1
                Node()
                hanoi(n - 1)
        def f(n):
            hanoi(n)
            return count, Node.made
    """, calls((3, (7, 7)), (3, (7, 7)))),
    ("state/file", """
        import os
        def f(x):
            n = int(open("count").read()) if os.path.exists("count") else 0
            with open("count", "w") as stream: stream.write(str(n + 1))
            return n
    """, calls((1, 0), (2, 0))),
    ("state/seeded", "import random\nrandom.seed(42)\ndef f():\n    return random.randint(1, 100)\n",
     calls((82,), (82,))),
    ("stdlib/algorithms", """
        import heapq, itertools as it, operator, statistics as st
        from bisect import bisect_left, insort
        from collections import ChainMap, Counter, deque
        from functools import cmp_to_key, partial, reduce
        from heapq import *
        def f(a):
            d = deque(a, maxlen=3)
            d.rotate(1)
            return [
                list(heapq.merge(a, [2])), nlargest(2, a), bisect_left(sorted(a), 3), Counter(a).most_common(1),
                list(d), dict(ChainMap({"a": 1}, {"a": 2})), [(k, len(list(g))) for k, g in it.groupby(a)],
                list(it.accumulate(a, max)), list(it.pairwise(a)), reduce(operator.mul, a, 1), partial(pow, 2)(5),
                sorted(a, key=cmp_to_key(lambda x, y: y - x)), st.median(a), st.pstdev([1, 3]),
            ]
    """, calls(([1, 1, 3], [[1, 1, 2, 3], [3, 1], 2, [(1, 2)], [3, 1, 1], {"a": 1}, [(1, 2), (3, 1)], [1, 1, 3], [(1,
        1), (1, 3)], 3, 32, [3, 1, 1], 1, 1.0]))),
    ("stdlib/text", """
        import re, string, textwrap, unicodedata
        TOKEN = re.compile(r"\\s*(?:(?P<num>\\d+\\.?\\d*)|(?P<op>[-+*/()]))", re.VERBOSE)
        def f(s):
            bare = s.translate(str.maketrans("", "", string.punctuation))
            return [
                [(m.lastgroup, m[m.lastgroup]) for m in TOKEN.finditer(s)], re.sub(r"(\\d+)", lambda m: m[1] * 2, s),
                textwrap.dedent("  a\\n    b"), string.Template("$x!").substitute(x=1), bare, unicodedata.name(s[0]),
            ]
    """, calls(("1+2", [[("num", "1"), ("op", "+"), ("num", "2")], "11+22", "a\n  b", "1!", "12", "DIGIT ONE"]))),
    ("stdlib/data_formats", """
        import base64, binascii, csv, gzip, hashlib, io, json, pickle, sqlite3, struct, zipfile, zlib
        import xml.etree.ElementTree as ET
        def f(s):
            with zipfile.ZipFile(io.BytesIO(), "w") as archive: archive.writestr("a", s)
            base = sqlite3.connect(":memory:")
            base.execute("create table t(a integer)")
            base.executemany("insert into t values(?)", [[1], [2]])
            return [
                list(csv.DictReader(io.StringIO("a,b\\n1,\\"x, y\\"\\n"))), json.loads(json.dumps({"a": [s, None]})),
                hashlib.md5(s.encode()).hexdigest()[:8], zlib.crc32(s.encode()), base64.b64encode(s.encode()),
                gzip.decompress(gzip.compress(b"q")), struct.pack("<i", 1),
                base.execute("select sum(a) from t").fetchone(),
                ET.fromstring(f"<r><x>{s}</x></r>").find("x").text, pickle.loads(pickle.dumps((s, {2}))),
            ]
    """, calls(("abc", [[{"a": "1", "b": "x, y"}], {"a": ["abc", None]}, "90015098", 891568578, b"YWJj", b"q",
        b"\1\0\0\0", (3,), "abc", ("abc", {2})]))),
    ("stdlib/dates_and_clocks", """
        import calendar, os, secrets, time, uuid
        from datetime import date, datetime, timedelta, timezone
        def f(y, m):
            start = time.perf_counter()
            time.sleep(0.01)
            zone = timezone(timedelta(hours=5, minutes=30))
            return [
                (date(y, m, 1) + timedelta(days=40)).isoformat(), calendar.isleap(y),
                time.perf_counter() - start > 0.009,
                datetime.strptime(f"{y}-{m:02d}-05", "%Y-%m-%d").strftime("%a %d %b"), len(str(uuid.uuid4())),
                datetime.fromtimestamp(0, zone).isoformat(), len(secrets.token_hex(4)), len(os.urandom(5)),
            ]
    """, calls((2024, 2, ["2024-03-12", True, True, "Mon 05 Feb", 36, "1970-01-01T05:30:00+05:30", 8, 5]))),
    ("stdlib/tests_within", """
        import doctest, io, math, unittest
        from unittest import mock
        def g(x):
            '''
            >>> g(1)
            2
            '''
            return x + 1
        class T(unittest.TestCase):
            def test_a(self): self.assertEqual(g(1), 2)
            def test_b(self):
                with self.assertRaises(ZeroDivisionError): 1 / 0
        def f():
            suite = unittest.defaultTestLoader.loadTestsFromTestCase(T)
            result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
            with mock.patch("math.floor", side_effect=lambda v: 7) as floor: seven = math.floor(1)
            runner = doctest.DocTestRunner(verbose=False)
            for test in doctest.DocTestFinder().find(g, "g", globs={"g": g}): runner.run(test)
            return result.testsRun, result.wasSuccessful(), seven, floor.call_count, runner.failures, runner.tries
    """, calls(((2, True, 7, 1, 0, 1),))),
    ("stdlib/many_imports", """
        import abc, argparse, array, ast, asyncio, base64, bisect, calendar, cmath, collections.abc, configparser, copy
        import csv, dataclasses, decimal, difflib, email, fractions, glob, gzip, html, http, importlib, inspect, logging
        import multiprocessing, numbers, pathlib, pickle, platform, pprint, queue, secrets, selectors, shelve, shutil
        import signal, socket, sqlite3, statistics, subprocess, tempfile, textwrap, threading, timeit, tokenize, types
        import typing, unicodedata, unittest, urllib.parse, uuid, warnings, weakref, xml.etree.ElementTree, zoneinfo
        def f(a): return html.escape(a), urllib.parse.quote(a), round(difflib.SequenceMatcher(None, a, "b>").ratio(), 3)
    """, calls(("<b>", ("&lt;b&gt;", "%3Cb%3E", 0.8)))),
    ("containers/kept_with_their_types", """
        from collections import Counter, OrderedDict, defaultdict, namedtuple
        R = namedtuple("R", "q r")
        def f(words):
            by_length, counts = defaultdict(lambda: defaultdict(int)), Counter(words)
            for word in words: by_length[len(word)][word] += 1
            return [by_length, counts, OrderedDict(b=1, a=2), R(*divmod(7, 2)), [], {}, set(), (), None, [[]], {"": {}}]
    """, calls((["a", "bb", "a"], [{1: {"a": 2}, 2: {"bb": 1}}, {"a": 2, "bb": 1}, {"a": 2, "b": 1}, (3, 1), [], {},
        set(), (), None, [[]], {"": {}}]))),
    ("containers/keys_and_members", """
        def f(pairs):
            d = {pair: sum(pair) for pair in pairs}
            d[1] = "int"; d["1"] = "text"; d[None] = 0; d[2.5] = [1]; d[frozenset([1])] = b""
            return d, {frozenset({x}) for x, _ in pairs}, {(b, a) for a, b in pairs}
    """, calls(({(1, 2), (3, 4)}, ({(1, 2): 3, (3, 4): 7, 1: "int", "1": "text", None: 0, 2.5: [1],
        frozenset([1]): b""}, {frozenset({1}), frozenset({3})}, {(2, 1), (4, 3)})))),
    ("containers/deep", "def f(n):\n    r = []\n    for _ in range(n): r = [r]\n    return r\n", calls((3, [[[[]]]]))),
    ("containers/large", "def f(a):\n    return a[::-1]\n", calls((list(range(50000)), list(range(50000))[::-1]))),
    ("numbers/exact", """
        import cmath, math
        from decimal import ROUND_HALF_UP, Decimal, localcontext
        from fractions import Fraction
        def f(n):
            with localcontext() as context:
                context.prec = 30
                price = (Decimal("1.115") * 3).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
            return [sum((Fraction(1, x) for x in (3, 4)), Fraction(0)), price, cmath.sqrt(-1), -math.factorial(n), 7**n]
    """, calls((2000, [Fraction(7, 12), Decimal("3.35"), 1j, -__import__("math").factorial(2000), 7**2000]))),
    ("numbers/inexact", """
        import math
        def f(xs):
            total = 0.0
            for x in xs: total += x
            return {"sum": total, "t": [(xs[0] * 3,)], "inf": [math.inf, -math.inf], "zero": -0.0, "half": 4 // 2}
    """, calls(([0.1] * 10, {"sum": 1.0, "t": [(0.3,)], "inf": [INFINITY, -INFINITY], "zero": 0.0, "half": 2.0}))),
    ("numbers/large_argument", "def f(n): return n % 1000000007, n.bit_length()",
     calls((10**3000, (pow(10, 3000, 1000000007), 9966)))),
    ("strings/any_character", """
        def f(s):
            odd = "\\0a\\r\\n\\t\\x1b\\u2028\\x85\\ud800"
            return [s[::-1], s.upper(), s.encode() + bytes([0, 255, 10]), odd, "True", "NaN", '{"a": 1}']
    """, calls(("ñ😀", ["😀ñ", "Ñ😀", "ñ😀".encode() + b"\0\xff\n", "\0a\r\n\t\x1b\u2028\x85\ud800", "True", "NaN",
        '{"a": 1}']))),
    ("files/temporary", """
        import json, os, shutil, tempfile
        from pathlib import Path
        def f(names):
            with tempfile.TemporaryDirectory() as folder:
                for name in names: Path(folder, name).write_text(name * 2, encoding="utf-8")
                os.makedirs(os.path.join(folder, "sub", "x"))
                listed = sorted(os.listdir(folder))
                shutil.rmtree(os.path.join(folder, "sub"))
            with tempfile.NamedTemporaryFile("w+", suffix=".txt") as stream, open("data.json", "w") as data:
                stream.write("x"); stream.seek(0)
                json.dump([stream.read()], data)
            os.rename("data.json", "b.json")
            return listed, os.path.exists(folder), json.load(open("./b.json"))
    """, calls((["a", "b"], (["a", "b", "sub"], False, ["x"])))),
    ("dynamic/made_at_run_time", """
        import ast, inspect, sys
        for _name in ("add", "sub"):
            globals()[_name] = (lambda a, b: a + b) if _name == "add" else (lambda a, b: a - b)
        exec(compile("def f(x):\\n    return rest(x)", "<made>", "exec"))
        def g(a, b=2, *c, d, **e): return inspect.currentframe().f_back.f_code.co_name
        def rest(x):
            return [sub(x, 3), eval("y*2", {"__builtins__": {}}, {"y": x}), ast.literal_eval("[1, (2, None)]"),
                    str(inspect.signature(g)), g(1, d=2), ast.unparse(ast.parse("x=1+2")), sorted(locals())]
    """, calls((5, [2, 10, [1, (2, None)], "(a, b=2, *c, d, **e)", "rest", "x = 1 + 2", ["x"]]))),
    ("dynamic/classes_made_and_pickled", """
        import copy, pickle
        from dataclasses import asdict, dataclass, field, make_dataclass, replace
        @dataclass
        class Node:
            v: int
            kids: list = field(default_factory=list)
        C = make_dataclass("C", ["a", ("b", int, 3)])
        def f(n):
            root = Node(0, [Node(i) for i in range(n)])
            same = pickle.loads(pickle.dumps(root))
            return asdict(replace(copy.deepcopy(same), v=7)), same == root, C(1).b
    """, calls((1, ({"v": 7, "kids": [{"v": 0, "kids": []}]}, True, 3)))),
    ("entry/lambda", "f = lambda x, y=2: x ** y\n", calls((3, 9), (2, 5, 32))),
    ("entry/partial", "from functools import partial\nf = partial(sorted, reverse=True)\n",
     calls(([1, 3, 2], [3, 2, 1]))),
    ("entry/object", "class A:\n    def __call__(self, x): return x * 3\nf = A()\n", calls((2, 6))),
    ("entry/method", "class Solution:\n    def f(self, xs): return sum(xs)\nf = Solution().f\n", calls(([2, 7], 9))),
    ("entry/class_with_a_plain_value", "class f:\n    def __new__(cls, x): return x + 1\n", calls((1, 2))),
    ("entry/names_of_others", """
        result = test = args = expected = candidate = json = sys = os = token = request = module = [1]
        str = len = 3
        print = lambda *a: None
        def call(x): return x
        def main(list, max=3): return sum(call(list)) * max
        def check(x): return False
        f = main
    """, calls(([1, 2], 9))),
    ("args/keywords", "def f(a, /, b=2, *c, d=3, **e): return [a, b, c, d, e]",
     named(1, 5, 6, d=9, z=1, expected=[1, 5, (6,), 9, {"z": 1}])),
    ("args/names_of_ours", "def f(program=0, self=0, name=0, **rest): return [program, self, name, rest]",
     [CallTest([], [1, 2, 3, {"kwargs": 4, "args": 5}], {"program": 1, "self": 2, "name": 3, "kwargs": 4, "args": 5})]),
    ("args/changed_and_returned", "def f(a):\n    a.sort()\n    a.append(a.pop(0))\n    return a\n",
     calls(([3, 1, 2], [2, 3, 1]))),
    ("limits/150_megabytes", """
        def f(n):
            b = bytearray(n)
            b[::4096] = b'x' * len(b[::4096])
            return len(b)
    """, calls((150 << 20, 150 << 20))),
    ("limits/memory_error_caught", """
        def f():
            try: return len(bytearray(8 << 30)) < 0
            except MemoryError: return True
    """, calls((True,))),
    ("limits/alarm_handled", """
        import signal
        class Late(Exception): pass
        def late(*_): raise Late
        def f(x):
            old = signal.signal(signal.SIGALRM, late)
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            try:
                while True: sum(range(9))
            except Late: return x
            finally: signal.signal(signal.SIGALRM, old)
    """, calls((4, 4))),
    ("limits/settings", """
        import contextvars, faulthandler, gc, os, sys, threading
        gc.disable()
        sys.setrecursionlimit(1 << 20)
        sys.set_int_max_str_digits(0)
        sys.excepthook = lambda *a: print("hook", a)
        os.environ["X"] = "1"
        sys.path.insert(0, ".")
        variable, local = contextvars.ContextVar("v", default=1), threading.local()
        def f(x):
            token, local.a = variable.set(x), x
            inner = variable.get()
            variable.reset(token)
            return inner, variable.get(), local.a, os.environ.get("X"), os.getcwd() != "", len(str(7**9999))
    """, calls((5, (5, 1, 5, "1", True, 8451)))),
]  # fmt: skip

RIGHT_PRINTED = [
    ("input/input", "a, b = map(int, input().split())\nprint(a + b)\n", SUMS),
    ("input/buffer", "import sys\na, b = map(int, sys.stdin.buffer.read().split())\nprint(a + b)\n", SUMS),
    ("input/os_read", """
        import os
        d = os.read(0, os.fstat(0).st_size or 1 << 16).split()
        print(int(d[0]) + int(d[1]))
    """, SUMS),
    ("input/fileinput", "import fileinput\nprint(sum(int(x) for line in fileinput.input() for x in line.split()))\n",
     SUMS),
    ("input/readline_as_input", """
        import sys
        input = sys.stdin.readline
        n = int(input())
        print(sum(map(int, input().split())))
    """, LISTS),
    ("input/open_0", "n, *rest = open(0)\nprint(sum(int(x) for line in rest for x in line.split()))\n", LISTS),
    ("input/lines", "import sys\nprint(sum(int(x) for i, line in enumerate(sys.stdin) if i for x in line.split()))\n",
     LISTS),
    ("input/until_its_end", "t = 0\nwhile True:\n    try: t += int(input())\n    except EOFError: break\nprint(t)\n",
     prints(("1\n2\n", "3"), ("", "0"))),
    ("input/one_by_one", "import sys\nn = 0\nwhile c := sys.stdin.read(1): n += c.isdigit()\nprint(n)\n",
     prints(("1a2b\n3", "3\n"))),
    ("input/odd_characters", "import sys\ns = sys.stdin.read()\nprint(len(s.split('\\n')), s.count('\\0'))\n",
     prints(("a\x0bb\x0c\u2028\0\n", "2 1\n"))),
    ("input/unread", "print(input()[:3])\nexit(0)\n", prints(("abcdef\n" + "z" * 500000, "abc\n"))),
    ("input/large", "n = int(input())\nprint(sum(int(input()) for _ in range(n)))\n",
     prints(("50000\n" + "12\n" * 50000, "600000"))),
    ("output/joined", "import sys\nsys.stdout.write('\\n'.join(str(i * i) for i in range(int(input()))))\n",
     prints(("3\n", "0\n1\n4\n"), ("0\n", ""))),
    ("output/spaces_expected_at_line_ends", "print(1)\nprint(2, 3)\n", prints(("", "1 \n2 3  \n\n\n"))),
    ("output/line_ends", "import sys\nsys.stdout.write('1\\t\\r\\n2  \\r\\n')\n", prints(("", "1\n2\n"))),
    ("output/mixed_ways", """
        import os, sys
        print(1, flush=True)
        os.write(1, b'2\\n')
        sys.stdout.buffer.write(b'3\\n')
        sys.stdout.buffer.flush()
        print(4)
    """, prints(("", "1\n2\n3\n4"))),
    ("output/characters", "print('你好', input(), '😀')\n", prints(("ñ\n", "你好 ñ 😀\n"))),
    ("output/large", "for i in range(int(input())): print('0123456')\n", prints(("40000\n", "0123456\n" * 40000))),
    ("output/much_on_standard_error", """
        import sys
        for i in range(20000): print('debug', i, file=sys.stderr)
        print('done')
    """, prints(("", "done\n"))),
    ("output/formats", "x = float(input())\nprint(f'{x:.3f}', '%.2e' % x, format(x, ',.1f'), sep=', ')\n",
     prints(("1234.5678\n", "1234.568, 1.23e+03, 1,234.6\n"))),
    ("end/sys_exit_of_main", """
        import sys
        def main() -> int:
            print(input())
            return 0
        if __name__ == '__main__':
            sys.exit(main())
    """, prints(("q\n", "q\n"))),
    ("end/exit_handlers", """
        import atexit
        atexit.register(lambda: print('end'))
        atexit.register(print, 'bye')
        print('start')
    """, prints(("", "start\nbye\nend\n"))),
    ("end/deleted_object", "class A:\n    def __del__(self): print('gone')\na = A()\nprint('x')\n",
     prints(("", "x\ngone\n"))),
    ("end/sleeping_daemon", """
        import threading, time
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        print(1)
    """, prints(("", "1\n"))),
    ("end/thread_that_prints", "import threading\nthreading.Timer(0.02, print, ['worker']).start()\nprint('main')\n",
     prints(("", "main\nworker\n"))),
    ("program/fast_input_and_output", """
        import atexit, io, os, sys
        _out = io.StringIO()
        sys.stdout = _out
        @atexit.register
        def _flush(): os.write(1, _out.getvalue().encode())
        input = io.BytesIO(os.read(0, os.fstat(0).st_size or 1 << 20)).readline
        for i in range(int(input())): print(i, end=" ")
    """, prints(("3\n", "0 1 2\n"))),
    ("program/fast_input_and_output_by_classes", """
        import os, sys
        from io import BytesIO, IOBase
        class FastIO(IOBase):
            newlines = 0
            def __init__(self, file):
                self._fd = file.fileno()
                self.buffer = BytesIO()
                self.writable = "x" in file.mode or "r" not in file.mode
                self.write = self.buffer.write if self.writable else None
            def readline(self):
                while self.newlines == 0:
                    b = os.read(self._fd, max(os.fstat(self._fd).st_size, 8192))
                    self.newlines = b.count(b"\\n") + (not b)
                    ptr = self.buffer.tell()
                    self.buffer.seek(0, 2), self.buffer.write(b), self.buffer.seek(ptr)
                self.newlines -= 1
                return self.buffer.readline()
            def flush(self):
                if self.writable:
                    os.write(self._fd, self.buffer.getvalue())
                    self.buffer.truncate(0), self.buffer.seek(0)
        class IOWrapper(IOBase):
            def __init__(self, file):
                self.buffer = FastIO(file)
                self.flush = self.buffer.flush
                self.writable = self.buffer.writable
                self.write = lambda s: self.buffer.write(s.encode("ascii"))
                self.readline = lambda: self.buffer.readline().decode("ascii")
        sys.stdin, sys.stdout = IOWrapper(sys.stdin), IOWrapper(sys.stdout)
        input = lambda: sys.stdin.readline().rstrip("\\r\\n")
        for _ in range(int(input())):
            a, b = map(int, input().split())
            print(a * b)
    """, prints(("2\n3 4\n5 6\n", "12\n30\n"), ("1\n0 9", "0\n"))),
    ("program/grid_search", """
        import sys
        from collections import deque
        def solve():
            it = iter(sys.stdin.read().split())
            h, w = int(next(it)), int(next(it))
            g = [next(it) for _ in range(h)]
            dist = [[-1] * w for _ in range(h)]
            dist[0][0] = 0
            q = deque([(0, 0)])
            while q:
                r, c = q.popleft()
                for a, b in ((r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)):
                    if 0 <= a < h and 0 <= b < w and g[a][b] == "." and dist[a][b] < 0:
                        dist[a][b] = dist[r][c] + 1
                        q.append((a, b))
            print(dist[-1][-1])
        solve()
    """, prints(("3 3\n..#\n#..\n##.\n", "4\n"), ("1 2\n.#\n", "-1\n"))),
    ("program/deep_recursion_in_a_thread", """
        import sys, threading
        def main():
            sys.setrecursionlimit(1 << 17)
            def down(n): return 0 if n == 0 else 1 + down(n - 1)
            print(down(int(input())))
        threading.stack_size(1 << 25)
        t = threading.Thread(target=main)
        t.start()
        t.join()
    """, prints(("10000\n", "10000\n"))),
    ("program/bank_of_classes", """
        import re, sys
        from dataclasses import dataclass, field
        from enum import Enum
        class Kind(str, Enum):
            IN = "deposit"; OUT = "withdraw"
        class Insufficient(Exception): pass
        @dataclass
        class Account:
            name: str
            bal: int = 0
            log: list = field(default_factory=list)
            def apply(self, k: Kind, amount: int):
                match k:
                    case Kind.IN: self.bal += amount
                    case Kind.OUT:
                        if amount > self.bal: raise Insufficient(f"{self.name}: need {amount - self.bal} more")
                        self.bal -= amount
                self.log.append((k.value, amount))
        accounts = {}
        for number, line in enumerate(sys.stdin, 1):
            if m := re.fullmatch(r"(\\w+) (deposit|withdraw) (\\d+)", line.strip()):
                try: accounts.setdefault(m[1], Account(m[1])).apply(Kind(m[2]), int(m[3]))
                except Insufficient as e: print("ERR", e)
            else:
                print(f"line {number}: bad")
        print(accounts.get("bo"))
    """, prints(("bo deposit 10\nal withdraw 3\n??\n",
        "ERR al: need 3 more\nline 3: bad\nAccount(name='bo', bal=10, log=[('deposit', 10)])\n"))),
    ("program/main_module", """
        import __main__, asyncio, pickle, sys
        class A:
            def __init__(self, x): self.x = x
        async def work(x):
            await asyncio.sleep(0.01 * x)
            print(x)
        async def main(): await asyncio.gather(*map(work, [2, 1]))
        asyncio.run(main())
        print(pickle.loads(pickle.dumps(A(5))).x, __main__.A is A, len(sys.argv), __name__)
    """, prints(("", "1\n2\n5 True 1 __main__\n"))),
    ("program/module_of_its_own", """
        import os, sys
        print(os.path.exists("helper.py"))
        open("helper.py", "w").write("def g(x): return x * 3")
        sys.path.insert(0, ".")
        import helper
        print(helper.g(int(input())))
    """, prints(("4\n", "False\n12\n"), ("5\n", "False\n15\n"))),
]  # fmt: skip

RIGHT_CHECKED = [
    ("check/mbpp", "def f(a, b):\n    return min(a, b)\n", holds("assert f(1, 2) == 1", "assert f('b', 'a') == 'a'")),
    ("check/humaneval", '''
        from typing import List


        def f(numbers: List[float], threshold: float) -> bool:
            """ Check if any two numbers are closer than the threshold.
            >>> f([1.0, 2.0, 3.0], 0.5)
            False
            """
            ordered = sorted(numbers)
            return any(b - a < threshold for a, b in zip(ordered, ordered[1:]))
    ''', holds("""
        METADATA = {"author": "jt", "dataset": "test"}
        def check(candidate):
            assert candidate([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.3) == True
            assert candidate([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.05) == False
            assert not candidate([], 1.0)
        check(f)
    """)),
    ("check/random_reference", """
        def f(a):
            if len(a) < 2: return list(a)
            return f([x for x in a[1:] if x < a[0]]) + [a[0]] + f([x for x in a[1:] if x >= a[0]])
    """, holds("""
        import random
        def check(candidate):
            for _ in range(40):
                a = [random.randint(-50, 50) for _ in range(random.randint(0, 30))]
                b = list(a)
                assert candidate(a) == sorted(b), (a, b)
                assert a == b, "argument changed"
    """)),
    ("check/setup", "def f(xs):\n    return [x * 2 for x in xs]\n",
     holds("assert same(f(DATA), [2, 4, 6])\nassert all(f(c.i) == c.o for c in CASES)", setup=plain("""
        from collections import Counter
        def same(a, b): return Counter(a) == Counter(b)
        class Case:
            def __init__(self, i, o): self.i, self.o = i, o
        DATA, CASES = [3, 1, 2], [Case([], []), Case(["a"], ["aa"])]
     """))),
    ("check/changes_its_arguments", """
        def f(d, m, s):
            d.pop('x', None)
            d['a'] = 1
            m[0].append(7)
            m.reverse()
            s.discard(1)
    """, holds("""
        d, m, s = {"x": 1}, [[5], [6]], {1, 2}
        assert f(d, m, s) is None
        assert (d, m, s) == ({"a": 1}, [[6], [5, 7]], {2})
    """)),
    ("check/leaves_its_arguments", "def f(a): return sorted(a)[-1] if a else None",
     holds("x = [3, 1, 2]\nassert f(x) == 3\nassert x == [3, 1, 2]\nassert f([]) is None")),
    ("check/errors", """
        class InvalidAge(ValueError):
            def __init__(self, age): super().__init__(f"bad age {age}")
        def f(x):
            if not isinstance(x, int): raise TypeError(f"expected int, got {type(x).__name__}")
            if x < 0: raise InvalidAge(x)
            return [1, 2, 3][x] + {1: 5}[x]
    """, holds(
        """
        import unittest
        told = ("expected int, got str",)
        for bad, kind, args in [("a", TypeError, told), (7, IndexError, None), (0, KeyError, (0,))]:
            try:
                f(bad)
                raise AssertionError("no error")
            except kind as error:
                assert args is None or error.args == args
        with unittest.TestCase().assertRaisesRegex(ValueError, "bad age -3"):
            f(-3)
        assert f(1) == 7
        """,
        "try:\n    f('s')\nexcept Exception as e:\n    assert type(e) is TypeError\nelse:\n    assert False",
    )),
    ("check/types", """
        def f(): return 3, 3.0, "x", [1], (1,), True, 1j, b"q", {1}, {}, None
    """, holds("""
        kinds = [int, float, str, list, tuple, bool, complex, bytes, set, dict, type(None)]
        assert [type(value) for value in f()] == kinds
        assert f()[-1] is None and f()[5] is True and f()[0] == 3.0
    """)),
    ("check/collections", """
        from collections import Counter, namedtuple
        from decimal import Decimal
        from fractions import Fraction
        P = namedtuple("P", "x y")
        def f(s): return Counter(s), P(1, 2), Fraction(1, 4), Decimal("0.25")
    """, holds("""
        from fractions import Fraction
        counts, (x, y), quarter, price = f("aab")
        assert counts == {"a": 2, "b": 1} and isinstance(counts, dict) and f("")[1] == (x, y) == (1, 2)
        assert quarter + Fraction(3, 4) == 1 and quarter == 0.25 and str(price) == "0.25"
    """)),
    ("check/state_within_a_test", """
        count = 0
        def f(x, seen=[]):
            global count
            count += 1
            seen.append(x)
            return count, list(seen)
    """, holds("assert f(1) == (1, [1])\nassert f(2) == (2, [1, 2])", "assert f(9) == (1, [9])")),
    ("check/called_in_every_way", """
        def f(a, *rest, sep=',', **kw): return sep.join([str(a), *map(str, rest), *(f'{k}={v}' for k, v in kw.items())])
    """, holds("""
        from functools import partial, reduce
        assert f(1, 2, sep="-") == "1-2" and f(1, z=3) == "1,z=3" and f(*(1, 2), **{"sep": ""}) == "12"
        assert list(map(f, ["b", "a"])) == ["b", "a"] and sorted(["b", "a"], key=f) == ["a", "b"]
        assert partial(f, "a")() == "a" and callable(f) and reduce(f, "abc") == "a,b,c"
    """)),
    ("check/any_argument", "def f(x): return x", holds("""
        import math
        for v in [None, True, -0.0, 10**500, 2j, "é\\0", b"\\xff", [[]], (1, (2,)), {(1, 2): "k"}, {1}, frozenset({3})]:
            assert f(v) == v and type(f(v)) is type(v), v
        assert math.isnan(f(float("nan")))
    """)),
    ("check/other_functions", "def f(n): return 2 * n\ndef g(n): return f(n) + 1",
     holds("assert g(2) == f(2) + 1 == 5")),
]  # fmt: skip

WRONG_CALLED = [
    ("type/tuple_for_list", "def f(a): return tuple(sorted(a))", calls(([2, 1], [1, 2]))),
    ("type/list_for_tuple", "def f(a, b): return [a // b, a % b]", calls((7, 2, (3, 1)))),
    ("type/list_for_set", "def f(a): return sorted(set(a))", calls(([1, 1, 2], {1, 2}))),
    ("type/bool_for_int", "def f(x): return x > 0", calls((1, 1), (-1, 0))),
    ("type/int_for_bool", "def f(x): return {'ok': [int(x)]}", calls((1, {"ok": [True]}))),
    ("type/text_for_int", "def f(x): return str(x + 1)", calls((1, 2))),
    ("type/text_for_int_keys", "import json\ndef f(xs): return json.loads(json.dumps({x: x for x in xs}))",
     calls(([1], {1: 1}))),
    ("type/generator_for_list", "def f(n): return (i for i in range(n))", calls((3, [0, 1, 2]))),
    ("type/object_that_looks_the_same", "class R:\n    def __repr__(self): return '[1, 2]'\ndef f(): return R()",
     calls(([1, 2],))),
    ("none/for_an_empty_list", "def f(a):\n    if a: return a", calls(([1], [1]), ([], []))),
    ("none/printed_not_returned", "def f(x): print(x + 1)", calls((1, 2))),
    ("none/forgotten_branch", "def f(n):\n    if n > 0: return 'pos'\n    elif n < 0: return 'neg'",
     calls((1, "pos"), (0, "zero"))),
    ("number/sign_of_infinity", "def f(x): return float('inf')", calls((-1, -INFINITY))),
    ("number/off_by_one_in_2000_digits", "def f(n): return 10 ** n", calls((2000, 10**2000 + 1))),
    ("number/through_a_float", "def f(n): return int(n / 2)", calls((4, 2), (2**60 + 2, 2**59 + 1))),
    ("number/rounded", "def f(a): return round(sum(a) / len(a), 4)", calls(([1, 1, 2], 4 / 3))),
    ("number/off_near_zero", "def f(x): return x + 1e-7", calls((0.0, 0.0))),
    ("edge/last_only", "def f(x): return x * x if x != 39 else 0", calls(*((i, i * i) for i in range(40)))),
    ("text/space_at_the_end", "def f(ws): return ''.join(w + ' ' for w in ws)", calls((["a", "b"], "a b"))),
    ("text/normal_form", "import unicodedata\ndef f(s): return unicodedata.normalize('NFD', s)",
     calls(("a", "a"), ("é", "é"))),
    ("container/key_too_many", "def f(a, b):\n    return {c: a.count(c) - b.count(c) for c in a}",
     calls(("ab", "", {"a": 1, "b": 1}), ("ab", "b", {"a": 1}))),
    ("container/aliased_rows", "def f(n):\n    g = [[0] * n] * n\n    for i in range(n): g[i][i] = 1\n    return g",
     calls((1, [[1]]), (2, [[1, 0], [0, 1]]))),
    ("container/deep_leaf", "def f(): return {'a': [{'b': (1, [2, {'c': {3}}])}]}",
     calls(({"a": [{"b": (1, [2, {"c": {4}}])}]},))),
    ("state/kept_between_tests", "seen = []\ndef f(x):\n    seen.append(x)\n    return sum(seen)",
     calls((1, 1), (2, 3))),
    ("state/file_kept_between_tests", """
        import os
        def f():
            was = os.path.exists('flag')
            open('flag', 'w').close()
            return was
    """, calls((False,), (True,))),
    ("call/other_name", "def ff(a): return a", calls((1, 1))),
    ("call/too_few_parameters", "def f(a): return a", calls((1, 1), (1, 2, 3))),
    ("call/syntax_error", "def f(a)\n    return a", calls((1, 1))),
    ("call/exit", "import sys\ndef f(a):\n    if a > 1: sys.exit(0)\n    return a", calls((1, 1), (2, 2))),
]  # fmt: skip

WRONG_PRINTED = [
    ("output/line_after", "print(sum(map(int, input().split())))\nprint('done')", SUMS),
    ("output/prompt", "n = int(input('n = '))\nprint(n + 1)", prints(("1\n", "2\n"))),
    ("output/last_line_missing", "for i in range(1, int(input())): print(i)", prints(("3\n", "1\n2\n3\n"))),
    ("output/blank_line_missing", "print('a')\nprint('b')", prints(("", "a\n\nb\n"))),
    ("output/two_spaces", "print(1, '', 2)", prints(("", "1 2\n"))),
    ("output/case", "print('Yes' if int(input()) > 0 else 'NO')", prints(("0\n", "NO\n"), ("1\n", "YES\n"))),
    ("output/float_for_int", "a, b = map(int, input().split())\nprint(a / b)", prints(("4 2\n", "2\n"))),
    ("output/none", "def solve(): print(int(input()) + 1)\nprint(solve())", prints(("1\n", "2\n"))),
    ("output/list", "print([int(x) for x in input().split()])", prints(("1 2\n", "1 2\n"))),
    ("output/last_of_many_lines", "for i in range(int(input()) - 1): print(7)\nprint(8)",
     prints(("1\n", "8\n"), ("40000\n", "7\n" * 40000))),
    ("program/main_not_called", "def main():\n    print(int(input()) + 1)", prints(("1\n", "2\n"))),
    ("program/end_of_input", "while True:\n    print(int(input()) * 2)", prints(("1\n2\n", "2\n4\n"))),
]  # fmt: skip

WRONG_CHECKED = [
    ("check/second_of_three", "def f(s): return s.title()",
     holds("assert f('ab') == 'Ab'", 'assert f("it\'s") == "It\'s"', "assert f('') == ''")),
    ("check/not_in_place", "def f(a): a = sorted(a)", holds("x = [2, 1]\nf(x)\nassert x == [1, 2]")),
    ("check/changes_its_argument", "def f(a):\n    a.sort()\n    return a[-1]",
     holds("x = [3, 1]\nassert f(x) == 3\nassert x == [3, 1]")),
    ("check/no_error", "def f(x): return abs(x) ** 0.5",
     holds("try:\n    f(-1)\n    raise AssertionError('no error')\nexcept ValueError:\n    pass")),
    ("check/other_error", "def f(x): raise TypeError('negative')",
     holds("try:\n    f(-1)\n    assert False\nexcept ValueError:\n    pass")),
    ("check/one_is_true", "def f(x): return 1 if x else 0", holds("assert f(1) == True", "assert f(1) is True")),
    ("check/state_within_a_test", "seen = set()\ndef f(x):\n    seen.add(x)\n    return len(seen)",
     holds("assert f(1) == 1\nassert f(2) == 1")),
    ("check/no_function", "def g(x): return x", holds("assert f(1) == 1")),
]  # fmt: skip

RIGHT = list(cases(RIGHT_CALLED + RIGHT_PRINTED + RIGHT_CHECKED))
WRONG = list(cases(WRONG_CALLED + WRONG_PRINTED + WRONG_CHECKED))
