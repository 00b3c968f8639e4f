"""Hidden tests of a problem: calls with a result, input with an output, or assertions."""

import builtins
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from verigrad_rewards.code.source import read_source
from verigrad_rewards.types import ProblemError

ALLOWED = "{args, expected[, kwargs, tolerance]}, {stdin, stdout[, tolerance]} or {code[, setup]}"


@dataclass(frozen=True, slots=True)
class CallTest:
    """Call the entry point with ``args`` and ``kwargs``; the result must equal ``expected``.

    Attributes:
        args: positional arguments, plain data.
        expected: the result, plain data; see ``compare.same``.
        kwargs: keyword arguments.
        tolerance: relative, where the expected number is a float.
    """

    args: Sequence[Any]
    expected: Any
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-9


@dataclass(frozen=True, slots=True)
class StdioTest:
    """Run the program on ``stdin``; what it prints must equal ``stdout``, line by line.

    Attributes:
        stdin: what the program reads.
        stdout: what it must print; spaces at line ends and newlines at the end do not count.
        tolerance: relative, for decimals in it; None compares text.
    """

    stdin: str
    stdout: str
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class AssertTest:
    """Run assertions on the program's functions, as HumanEval and MBPP have them.

    The code runs in a process apart from the program and calls it with plain data: through the entry point's name,
    through ``candidate``, and through any other name that neither it nor ``setup`` binds.

    Attributes:
        code: assertions, or a function ``check(candidate)`` with them.
        setup: runs before it, without the program: imports, and helpers that a program must not be able to replace.
    """

    code: str
    setup: str = ""


Test = CallTest | StdioTest | AssertTest
KINDS: dict[type, tuple[set[str], set[str]]] = {
    CallTest: ({"args", "expected"}, {"kwargs", "tolerance"}),
    StdioTest: ({"stdin", "stdout"}, {"tolerance"}),
    AssertTest: ({"code"}, {"setup"}),
}


def read_tests(rows: object, where: str) -> list[Test]:
    """Return the tests in ``rows``: a list of tests, or of their fields as mappings.

    Raises:
        ProblemError: no tests (a program that nothing tests would always pass), mixed kinds, or a row of no kind.
    """
    if not isinstance(rows, list | tuple) or not rows:
        raise ProblemError(f"{where}: found no tests; a problem scored by tests needs at least one")
    tests = [read_test(row, f"{where}: test {i}") for i, row in enumerate(rows)]
    if len({type(test) for test in tests}) > 1:
        raise ProblemError(f"{where}: tests of several kinds are mixed; allowed is one kind per problem")
    return tests


def read_test(row: object, where: str) -> Test:
    """Return one test.

    Raises:
        ProblemError: it has other fields than a kind of test, of other types, or asserts nothing.
    """
    fields = dict(row) if isinstance(row, Mapping) else None
    if isinstance(row, Test):
        test = row
    elif fields is not None and (kind := kind_of(set(fields))):
        test = kind(**fields)
    else:
        raise ProblemError(f"{where}: found {str(row)[:80]!r}; allowed is {ALLOWED}")
    try:
        problem = fault_in(test)
    except ProblemError as error:
        problem = str(error)
    if problem:
        raise ProblemError(f"{where}: {problem}")
    return test


def kind_of(fields: set[str]) -> type[Test] | None:
    """Return the kind of test that has ``fields``."""
    return next((kind for kind, (need, may) in KINDS.items() if need <= fields <= need | may), None)


def all_text(values: Iterable[object]) -> bool:
    """Whether all ``values`` are texts."""
    return all(isinstance(value, str) for value in values)


def fault_in(test: Test) -> str:
    """Return what is wrong with a test, empty if nothing is."""
    tolerance = None if isinstance(test, AssertTest) else test.tolerance
    if tolerance is not None and (not isinstance(tolerance, int | float) or not 0 <= tolerance < 1):
        return f"tolerance is {tolerance!r}; allowed is a number from 0 to below 1"
    if isinstance(test, CallTest):
        well = isinstance(test.args, list | tuple) and isinstance(test.kwargs, Mapping) and all_text(test.kwargs)
        return (
            "" if well else f"args is {str(test.args)[:40]!r}; allowed is a list, and for kwargs a mapping with names"
        )
    texts = (test.stdin, test.stdout) if isinstance(test, StdioTest) else (test.code, test.setup)
    if not all_text(texts):
        return f"found {str(texts)[:60]}; allowed is text"
    if isinstance(test, AssertTest) and not read_assertions(test.code, test.setup).asserts:
        return f"code {test.code[:40]!r} asserts nothing, so any program would pass; allowed is Python with an assert"
    return ""


@dataclass(frozen=True, slots=True)
class Assertions:
    """What running an assert test takes.

    Attributes:
        asserts: whether it can fail at all.
        setup: what to run first, empty where it only defines what the code does not use.
        functions: names that neither the code, its setup nor Python binds: functions of the program.
        runs_check: whether the code only defines ``check(candidate)``, which then is to be called.
    """

    asserts: bool
    setup: str
    functions: tuple[str, ...]
    runs_check: bool


@lru_cache(4096)
def read_assertions(code: str, setup: str) -> Assertions:
    """Return what running ``code`` after ``setup`` takes.

    Raises:
        ProblemError: one of them is not Python.
    """
    test, before = read_source(code, "assertions", "code"), read_source(setup, "assertions", "setup")
    needed = "" if before.only_defines and not test.needs & before.binds else setup
    functions = sorted(test.needs - before.binds - set(dir(builtins)))
    return Assertions(test.asserts, needed, tuple(functions), "check" in test.functions and "check" not in test.calls)
