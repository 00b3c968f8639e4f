import pytest

from verigrad_rewards.code.state import can_remember

FORGETS = {
    "plain": "def f(x): return x",
    "imports and constants": "import math\nfrom collections import Counter\nN, T = 7, (1, 2)\ndef f(x: int, y=(1, 2)) -> int:\n"
    "  a = []\n  a[0] = math.pi\n  return dict(Counter(a))",
    "closures of one call": "def f(x):\n  def g(y): return x + y\n  return [g(i) for i in range(3)]",
    "methods and modules": "import heapq, itertools as it\nfrom typing import List\nMOD = 10**9 + 7\n"
    "def g(a: List[int], k=3): return sorted(a, key=lambda v: -v)[:k]\n"
    "def f(s):\n  h = []\n  for w in s.lower().strip().split('a'): heapq.heappush(h, len(w) % MOD)\n"
    "  return ','.join(str(v) for v in it.chain(g(h), [max(h, default=0)]))",
    "exceptions": '"""doc"""\ndef f(x):\n  try: return 1 / x\n  except ZeroDivisionError as e: raise ValueError from e',
}
REMEMBERS = {
    "list of the module": "c = []\ndef f(x): c.append(1)",
    "mutable default": "def f(x, c=[]): pass",
    "mutable keyword default": "def f(x, *, c={}): pass",
    "attribute of a function": "def f(x): f.n = 1",
    "global": "def f(x):\n  global y\n  y = 1",
    "globals()": "def f(x): globals()['y'] = 1",
    "class": "class A: n = 0\ndef f(x): A.n += 1",
    "cache": "from functools import lru_cache\n@lru_cache\ndef f(x): pass",
    "generator": "def g(): yield 1\nf = g()",
    "closure of the module": "def m():\n  n = 0\n  def f(x):\n    nonlocal n\n    n += 1\n    return n\n  return f\nf = m()",
    "another module": "import random\ndef f(x): return random.random()",
    "module through a module": "import typing as t\ndef f(x): return t.sys.x",
    "attrgetter": "import operator\ndef f(x): operator.attrgetter('__dict__')(f)['n'] = 1",
    "frames": "def f(x):\n  g = (i for i in [1])\n  d = g.gi_frame.f_globals\n  d['n'] = 1",
    "attributes by a formatter": "import string\ndef f(x): return string.Formatter().get_field('0.__globals__', [f], {})",
    "attributes by a pattern": "def f(x):\n  F = type(f)\n  match f:\n    case F(__globals__=g): g['n'] = 1",
    "attributes by a pattern, without type": "def f(x):\n  match x:\n    case int(real=r): return r",
    "class made by a call": "def f(x): return type('A', (), {'n': []})",
    "cache of typing": "import typing\ndef f(x): return typing.get_args(typing.Optional[x])",
    "own name of a module's member": "import typing\nsys = modules = 0\ndef f(x): typing.sys.modules['n'] = 1",
    "own name of a function that reaches": "import operator\nattrgetter = 0\ndef f(x): operator.attrgetter('__dict__')(f)",
    "own name of a frame": "def gi_frame(): pass\ndef f(x): (i for i in x).gi_frame",
    "unknown attribute": "def f(x): return x.spam",
    "everything of a module": "from math import *\ndef f(x): pass",
    "files": "def f(x): open('x', 'w')",
    "setattr": "def f(x): setattr(f, 'n', 1)",
    "module container": "import copy\ndef f(x): copy.dispatch_table[int] = 1",
    "registered class": "from collections import abc\ndef f(x): abc.Sized.register(int)",
}  # fmt: skip


@pytest.mark.parametrize("source", FORGETS.values(), ids=FORGETS.keys())
def test_plain_functions_forget(source):
    assert not can_remember(compile(source, "p", "exec"))


@pytest.mark.parametrize("source", REMEMBERS.values(), ids=REMEMBERS.keys())
def test_what_could_remember_is_taken_to_remember(source):
    assert can_remember(compile(source, "p", "exec"))
