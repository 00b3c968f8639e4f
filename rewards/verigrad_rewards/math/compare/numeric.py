"""Evaluate a tree to many digits at one point, bounded: what would take long or overflow has no value here."""

import hashlib
from collections.abc import Callable
from typing import Any

from verigrad_rewards.math.compare.exact import substitute
from verigrad_rewards.math.compare.functions import FUNCTIONS, MAX_POWER_BITS, Numbers, UndefinedError
from verigrad_rewards.math.parse.tree import Node, contains, size

MAX_TERMS = 200  # of a sum
MAX_SUM_WORK = 2_000  # terms of a sum times the nodes of each


class Evaluator(Numbers):
    """Evaluates trees at one point."""

    def value(self, node: Node) -> Any:
        """Return the value of ``node``.

        Raises:
            UndefinedError: it has none here.
        """
        compute = _COMPUTE.get(node.op)
        if compute is None:
            raise UndefinedError(node.op)
        result = compute(self, node)
        if self.real and isinstance(result, self.mp.mpc):
            if abs(result.imag) > abs(result.real) * self.mp.eps * 2**20:
                raise UndefinedError("not real")
            result = result.real
        if not self.mp.isfinite(result):
            raise UndefinedError("not finite")
        if node.op != "add" and result:
            size = self.mp.mag(result)
            self.low, self.high = min(self.low, size), max(self.high, size)
        return result

    def constant(self, node: Node) -> Any:
        """Return π, e or i."""
        if node.value == "inf":
            raise UndefinedError("infinite")
        return {"pi": +self.mp.pi, "e": +self.mp.e, "i": self.mp.mpc(0, 1)}[node.value]

    def variable(self, node: Node) -> Any:
        """Return the coordinate of a variable."""
        x = self.point.get(node.value)
        if x is None:
            raise UndefinedError(node.value)
        return self.number(x) if not isinstance(x, tuple) else self.mp.mpc(*map(self.number, x))

    def product(self, node: Node) -> Any:
        """Return a product."""
        result = self.mp.mpf(1)
        for arg in node.args:
            result *= self.value(arg)
        return result

    def power(self, node: Node) -> Any:
        """Return a power; of a negative number the real one where the exponent is a fraction with odd denominator."""
        base, exponent = self.value(node.args[0]), self.value(node.args[1])
        if base == 0:
            if self.mp.re(exponent) <= 0:
                raise UndefinedError("zero to no positive power")
            return self.mp.mpf(0)
        if abs(exponent) * max(1, abs(self.mp.mag(base))) > MAX_POWER_BITS:
            raise UndefinedError("too large")
        written = node.args[1]
        if base.real < 0 and not base.imag and not isinstance(exponent, self.mp.mpc) and not self.mp.isint(exponent):
            if written.op == "num" and written.value.denominator % 2:
                return (-1) ** (written.value.numerator % 2) * (-base) ** exponent
            self.real_only(False, "power")
        return base**exponent

    def unknown(self, node: Node) -> Any:
        """Return the value of a function of unknown meaning: the same for the same argument, otherwise any."""
        inner = ",".join(self.mp.nstr(self.value(arg), 20) for arg in node.args[1:])
        digest = hashlib.sha256(f"{node.args[0].value}({inner})".encode()).digest()
        return self.mp.mpf(1) + self.mp.mpf(int.from_bytes(digest[:4], "big")) / 2**32

    def call(self, node: Node) -> Any:
        """Return the value of a function."""
        function = FUNCTIONS.get(node.value)
        if function is None:
            raise UndefinedError(node.value)
        try:
            return function(self, *map(self.value, node.args))
        except (ValueError, ZeroDivisionError, TypeError, OverflowError) as error:  # what mpmath says of a pole
            raise UndefinedError(str(error)) from None

    def series(self, node: Node) -> Any:
        """Return a finite sum or product."""
        body, first, last = node.args
        start, end = self.value(first), self.value(last)
        if not self.mp.isint(start) or not self.mp.isint(end) or end - start >= MAX_TERMS or contains(body, "sum"):
            raise UndefinedError("too many terms")
        if (end - start + 1) * size(body) > MAX_SUM_WORK:
            raise UndefinedError("too many terms")
        kind, variable = node.value
        terms = [self.value(substitute(body, variable, k)) for k in range(int(start), int(end) + 1)]
        return self.mp.fsum(terms) if kind == "sum" else self.mp.fprod(terms)

    def total(self, node: Node) -> Any:
        """Return a sum."""
        result = self.mp.mpf(0)
        for arg in node.args:
            result += self.value(arg)
        return result


_COMPUTE: dict[str, Callable[[Evaluator, Node], Any]] = {
    "num": lambda ev, node: ev.number(node.value),
    "dec": lambda ev, node: ev.number(node.value[0]),
    "sym": Evaluator.variable,
    "const": Evaluator.constant,
    "add": Evaluator.total,
    "mul": Evaluator.product,
    "apply": Evaluator.unknown,
    "pow": Evaluator.power,
    "call": Evaluator.call,
    "sum": Evaluator.series,
}
