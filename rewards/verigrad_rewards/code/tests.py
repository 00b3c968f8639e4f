"""Hidden tests of a problem: calls with an expected result, or input with an expected output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from verigrad_rewards.types import ProblemError


@dataclass(frozen=True, slots=True)
class CallTest:
    """Call the entry point with ``args`` and ``kwargs``; the result must equal ``expected``."""

    args: Sequence[Any]
    expected: Any
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StdioTest:
    """Run the program on ``stdin``; what it prints must equal ``stdout``, trailing white space aside."""

    stdin: str
    stdout: str


Test = CallTest | StdioTest


def read_tests(rows: object, where: str) -> list[Test]:
    """Return the tests in ``rows``, a list of ``{"args", "expected"}`` or ``{"stdin", "stdout"}``.

    Raises:
        ProblemError: no tests (a program that nothing tests would always pass), mixed kinds, or a row of neither kind.
    """
    if not isinstance(rows, list | tuple) or not rows:
        raise ProblemError(f"{where}: found no tests; a problem scored by tests needs at least one")
    tests = [read_test(row, f"{where}: test {i}") for i, row in enumerate(rows)]
    if len({type(test) for test in tests}) > 1:
        raise ProblemError(f"{where}: calls and stdin tests are mixed; allowed is one kind per problem")
    return tests


def read_test(row: object, where: str) -> Test:
    """Return one test."""
    if isinstance(row, dict) and {"stdin", "stdout"} == set(row) and all(isinstance(v, str) for v in row.values()):
        return StdioTest(row["stdin"], row["stdout"])
    calls = isinstance(row, dict) and {"args", "expected"} <= set(row) <= {"args", "expected", "kwargs"}
    if isinstance(row, dict) and calls and isinstance(row["args"], list | tuple):
        return CallTest(row["args"], row["expected"], row.get("kwargs", {}))
    raise ProblemError(
        f"{where}: found {str(row)[:80]!r}; allowed is {{args, expected[, kwargs]}} or {{stdin, stdout}}"
    )
