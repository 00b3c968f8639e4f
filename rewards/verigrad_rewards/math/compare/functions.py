"""The functions an answer may use, evaluated to many digits: each bounded, each with its real domain."""

import math
import threading
from collections.abc import Callable, Mapping
from typing import Any

MAX_POWER_BITS = 10**7  # binary digits before the point of a power
MAX_ANGLE = 10**12
MAX_GAMMA = 10**3
MAX_GAMMA_DIGITS = 150
_LOCAL = threading.local()


class UndefinedError(ArithmeticError):
    """The tree has no value at this point, or none within the bounds."""


class DomainError(UndefinedError):
    """A real function is asked for a value outside its domain."""


def context(digits: int) -> Any:
    """Return this thread's own mpmath context, set to a number of decimal digits."""
    if not hasattr(_LOCAL, "context"):
        from mpmath.ctx_mp import MPContext

        _LOCAL.context = MPContext()
    _LOCAL.context.dps = digits
    return _LOCAL.context


class Numbers:
    """Where a tree is evaluated: how many digits, at which point, among real or complex numbers.

    Attributes:
        real: whether a step outside the real numbers is undefined, as in school algebra, rather than complex.
        low, high: binary magnitudes of the smallest and largest number met, sums left out; they tell how many digits
            a comparison needs.
    """

    def __init__(self, digits: int, point: Mapping[str, Any], real: bool) -> None:
        self.mp = context(digits)
        self.point = point
        self.real = real
        self.low = 0
        self.high = 0

    def number(self, value: Any) -> Any:
        """Return a fraction as a number of the context."""
        return self.mp.mpf(value.numerator) / value.denominator

    def real_only(self, inside: bool, name: str) -> None:
        """Raise UndefinedError where a real function leaves its domain in a real evaluation."""
        if self.real and not inside:
            raise DomainError(f"outside the domain of {name}")

    def small(self, x: Any, most: int) -> Any:
        """Return ``x`` unless it is too large to compute with."""
        if abs(x) > most:
            raise UndefinedError("too large")
        return x


def logarithm(ev: Numbers, x: Any, base: Any = None) -> Any:
    """Return a logarithm, the natural one without a base."""
    if x == 0:
        raise UndefinedError("logarithm of zero")
    ev.real_only(isinstance(x, ev.mp.mpf) and x > 0, "log")
    return ev.mp.ln(x) if base is None else ev.mp.ln(x) / logarithm(ev, base)


def square_root(ev: Numbers, x: Any) -> Any:
    """Return the principal square root."""
    ev.real_only(isinstance(x, ev.mp.mpf) and x >= 0, "sqrt")
    return ev.mp.sqrt(x)


def nth_root(ev: Numbers, x: Any, n: Any) -> Any:
    """Return the n-th root; of a negative number the real one where n is odd."""
    if n == 0:
        raise UndefinedError("zeroth root")
    if isinstance(x, ev.mp.mpf) and x < 0:
        if ev.mp.isint(n) and int(n) % 2:
            return -((-x) ** (1 / n))
        ev.real_only(False, "root")
    return x ** (1 / n) if x else x


def gamma(ev: Numbers, x: Any) -> Any:
    """Return x! for any number."""
    ev.small(x, MAX_GAMMA)
    if isinstance(x, ev.mp.mpf) and x >= 0 and ev.mp.isint(x):
        return ev.mp.mpf(math.factorial(int(x)))
    return ev.mp.gamma(few_digits(ev, x) + 1)


def few_digits(ev: Numbers, x: Any) -> Any:
    """Return ``x`` unless the precision is so high that a gamma function of it would take long."""
    if ev.mp.dps > MAX_GAMMA_DIGITS:
        raise UndefinedError("too many digits")
    return x


def double_factorial(ev: Numbers, x: Any) -> Any:
    """Return x!!."""
    return ev.mp.fac2(few_digits(ev, ev.small(x, MAX_GAMMA)))


def choose(ev: Numbers, n: Any, k: Any) -> Any:
    """Return the binomial coefficient for any numbers."""
    return ev.mp.binomial(few_digits(ev, ev.small(n, MAX_GAMMA)), ev.small(k, MAX_GAMMA))


def circular(name: str) -> Callable[[Numbers, Any], Any]:
    """Return a trigonometric or hyperbolic function with a bounded argument."""
    return lambda ev, x: getattr(ev.mp, name)(ev.small(x, MAX_ANGLE if name[-1] != "h" else MAX_GAMMA))


def saturating(name: str, order: int) -> Callable[[Numbers, Any], Any]:
    """Return a function that nears its limit like e^(-|x|^order): how near counts towards the digits needed."""

    def of(ev: Numbers, x: Any) -> Any:
        distance = abs(ev.small(x, MAX_GAMMA))
        ev.low = min(ev.low, -int(3 * distance**order) - 1)
        return getattr(ev.mp, name)(x)

    return of


def inverse(name: str, inside: Callable[[Any], bool]) -> Callable[[Numbers, Any], Any]:
    """Return an inverse function with its real domain."""

    def of(ev: Numbers, x: Any) -> Any:
        ev.real_only(isinstance(x, ev.mp.mpf) and inside(x), name)
        return getattr(ev.mp, name)(x)

    return of


def of_real(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that has a value for real numbers only."""

    def of(ev: Numbers, *xs: Any) -> Any:
        if any(isinstance(x, ev.mp.mpc) for x in xs):
            raise UndefinedError("not real")
        return function(ev, *xs)

    return of


def common(ev: Numbers, function: str, *xs: Any) -> Any:
    """Return gcd or lcm of whole numbers."""
    if not all(isinstance(x, ev.mp.mpf) and ev.mp.isint(x) and abs(x) < 10**30 for x in xs):
        raise UndefinedError("not whole")
    return ev.mp.mpf(getattr(math, function)(*map(int, xs)))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: circular(name)
        for name in """
        sin cos tan cot sec csc
    """.split()
    },
    "arcsin": inverse("asin", lambda x: abs(x) <= 1),
    "arccos": inverse("acos", lambda x: abs(x) <= 1),
    "arctan": inverse("atan", lambda _: True),
    "arccot": lambda ev, x: ev.mp.pi / 2 - ev.mp.atan(x),
    "arcsec": inverse("asec", lambda x: abs(x) >= 1),
    "arccsc": inverse("acsc", lambda x: abs(x) >= 1),
    "arsinh": inverse("asinh", lambda _: True),
    "arcosh": inverse("acosh", lambda x: x >= 1),
    "artanh": inverse("atanh", lambda x: abs(x) < 1),
    "ln": logarithm,
    "log": lambda ev, x: logarithm(ev, x, ev.mp.mpf(10)),
    "log_base": logarithm,
    "exp": lambda ev, x: ev.mp.exp(ev.small(x, MAX_POWER_BITS)),
    "sqrt": square_root,
    "cbrt": lambda ev, x: nth_root(ev, x, ev.mp.mpf(3)),
    "root": nth_root,
    "abs": lambda ev, x: abs(x),
    "norm": lambda ev, x: abs(x),
    "floor": of_real(lambda ev, x: ev.mp.floor(x)),
    "ceil": of_real(lambda ev, x: ev.mp.ceil(x)),
    "sgn": of_real(lambda ev, x: ev.mp.sign(x)),
    "max": of_real(lambda ev, *xs: max(xs)),
    "min": of_real(lambda ev, *xs: min(xs)),
    "mod": of_real(lambda ev, a, b: a - b * ev.mp.floor(a / b)),
    "gcd": lambda ev, *xs: common(ev, "gcd", *xs),
    "lcm": lambda ev, *xs: common(ev, "lcm", *xs),
    "Re": lambda ev, x: ev.mp.re(x),
    "cis": lambda ev, x: ev.mp.expj(ev.small(x, MAX_ANGLE)),
    "Im": lambda ev, x: ev.mp.im(x),
    "arg": lambda ev, x: ev.mp.arg(x),
    "erf": saturating("erf", 2),
    **{name: saturating(name, 1) for name in ("sinh", "cosh", "tanh", "coth", "sech", "csch")},
    "factorial": gamma,
    "double_factorial": double_factorial,
    "binom": choose,
    "perm": lambda ev, n, k: gamma(ev, n) / gamma(ev, n - k),
    "percent": lambda ev, x: x / 100,
    "degrees": lambda ev, x: x * ev.mp.pi / 180,
}
