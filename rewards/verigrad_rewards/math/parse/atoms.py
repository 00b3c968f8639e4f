"""Read the parts of an expression that no operator divides: numbers, variables, words, LaTeX commands."""

from abc import abstractmethod
from collections.abc import Callable
from fractions import Fraction

from verigrad_rewards.math.parse.functions import Functions
from verigrad_rewards.math.parse.names import (
    ACCENTS,
    ALIASES,
    BASIS,
    BINOMIALS,
    CONSTANTS,
    ENCLOSED,
    FRACTIONS,
    FUNCTIONS,
    GREEK,
    MATRICES,
    NUMBER_SETS,
    SAME_LETTER,
    WORDS,
)
from verigrad_rewards.math.parse.tokens import Token
from verigrad_rewards.math.parse.tree import Node, ReadError, call, div, letter, mul, num, sym
from verigrad_rewards.math.parse.units import CHANGING

MAX_DIGITS = 4_000  # of a number, the zeros of 1e300 included
_GLUED = ("arcsin", "arccos", "arctan", "sin", "cos", "tan", "ln", "log", "sqrt")  # "sinx"
_BASES = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "sixteen": 16,
}  # fmt: skip
_SEPARATORS = str.maketrans("", "", ",{}\\!;: \t\n\r\f\v")
_DIFFERENTIALS = frozenset("xyztuvwrs")  # dx is one variable
_NAMES = frozenset(("angle", "triangle", "Box", "square"))


class Atoms(Functions):
    """Reads what no operator divides."""

    @abstractmethod
    def matrix(self) -> Node:
        """Read rows up to the end of a matrix environment."""

    def primary(self) -> Node:
        """Read a number, a variable, a bracket or a function with its argument.

        Raises:
            ReadError: nothing of the kind stands there.
        """
        token = self.take()
        read = {
            "num": self.number, "base": based, "word": self.word, "roman": self.roman, "text": self.label,
            "cmd": self.command, "begin": self.environment,
        }.get(token.kind)  # fmt: skip
        if read is not None:
            return read(token.text)
        if token.kind == "sign" and token.text in "([{":
            return self.inside(token.text)
        if token.kind == "sign" and token.text == "|":
            return self.between_bars()
        raise ReadError(f"has {token.text[:20] or 'its end'!r} where a value must stand")

    def number(self, text: str) -> Node:
        """Return the number of a token; a repeating decimal is its fraction."""
        if text.isdecimal() and len(text) < MAX_DIGITS:
            return num(int(text))
        digits, _, exponent = text.partition("e")
        digits, power = digits.translate(_SEPARATORS), int(exponent or 0)
        if abs(power) + len(digits) > MAX_DIGITS:
            raise ReadError(f"has a number with more than {MAX_DIGITS} digits")
        places = digits.partition(".")[2]
        if "." in digits and self.accept("overline", "bar", "dot"):
            return self.repeating(digits, places)
        value = Fraction(digits.rstrip(".")) * Fraction(10) ** power
        if places and self.accept("ldots", "dots", "cdots", "..."):
            return Node("cut", (), (value, power - len(places)))
        return Node("dec", (), (value, power - len(places))) if places or exponent else num(value)

    def repeating(self, digits: str, places: str) -> Node:
        r"""Return ``0.1\overline{6}`` as 1/6."""
        block = self.name_group()
        while self.accept("dot"):
            block += self.name_group()
        if not (block.isascii() and block.isdecimal()):
            raise ReadError("has a repeating part that is not digits")
        tail = Fraction(int(block), 10 ** len(block) - 1)
        return num(Fraction(digits.rstrip(".") or 0) + tail / 10 ** len(places))

    def word(self, text: str) -> Node:
        """Return what a run of letters is: a function with its argument, a constant, variables side by side."""
        name = ALIASES.get(text, text)
        if name in FUNCTIONS:
            return self.function(name)
        if text in ("C", "P") and (pair := self.pair()) is not None:
            return chosen(text, *pair)
        if len(text) > 1 and (text in CONSTANTS or (text[0] == "d" and text[1:] in _DIFFERENTIALS)):
            return letter(text)
        if text in ("f", "g") and self.applies(text):
            return Node("apply", (sym(text), self.primary()))
        if (text in GREEK and len(text) > 2) or len(text) == 1:
            return self.variable(text)
        if (start := glued(text)) is not None:
            return call(start, mul(*map(letter, text[len(start) :])))
        if not readable_word(text):
            raise ReadError(f"has the word {text[:40]!r} where a value must stand")
        self.tokens[self.place - 1 : self.place] = [Token("word", c, False) for c in text]
        return self.variable(text[0])

    def applies(self, name: str) -> bool:
        """Whether a function f or g stands before its argument; ``g(a + b)`` is more likely a product."""
        end = self.partner(0)
        return end is not None and not self.peek().spaced and (name == "f" or end <= 2 or self.peek(1).text == "f")

    def variable(self, name: str) -> Node:
        """Return a variable with the subscript that follows it; ``e``, ``i`` and ``pi`` are constants."""
        name = SAME_LETTER.get(name, name)
        if self.accept("_"):
            return self.combination(name, self.name_group())
        after = self.peek()
        if after.kind == "num" and not after.spaced and after.text.isdecimal() and self.peek(-1).kind == "word":
            return sym(f"{name}_{self.take().text}")
        return letter(name)

    def combination(self, name: str, below: str) -> Node:
        """Return a variable with its subscript; ``C_{10}^{3}`` is the binomial coefficient."""
        if name == "C" and below.isascii() and below.isdecimal() and self.sees("^"):
            self.take()
            above = self.exponent()
            if above.op == "num" and above.value <= int(below):
                return call("binom", num(int(below)), above)
            return Node("pow", (sym(f"{name}_{below}"), above))
        return sym(f"{name}_{below}")

    def roman(self, text: str) -> Node:
        r"""Return what stands in ``\mathrm{}`` or ``\operatorname{}``: a function, a number set or one variable."""
        name = "".join(text.replace("\\", " ").split())
        if (known := ALIASES.get(name, name)) in FUNCTIONS:
            return self.function(known)
        if name in NUMBER_SETS:
            return self.variable(NUMBER_SETS[name])
        if name.isascii() and name.isdecimal():
            return num(int(name[:1000]))
        if len(name) > 1 and name.isascii() and name.isupper():  # a product of variables, or a chemical formula
            return self.word(name)
        if not name.isalnum():
            raise ReadError(f"has {text[:40]!r} where a value must stand")
        return self.variable(name)

    def label(self, text: str) -> Node:
        r"""Return ``\text{Area}`` before a relation, or as a function, as one variable; elsewhere it is no value."""
        named = self.sees("=", "(", "_") and not CHANGING.intersection(text.lower().split())
        if named or text.strip() in FUNCTIONS:
            return self.roman(text)
        raise ReadError(f"has the words {text.strip()[:40]!r} where a value must stand")

    def command(self, name: str) -> Node:
        """Return what a LaTeX command with its arguments is.

        Raises:
            ReadError: it is none that an answer uses.
        """
        known = ALIASES.get(name, name)
        if name == "sqrt":
            return self.root()
        if known in FUNCTIONS and name not in BINOMIALS:
            return self.function(known)
        if len(name) == 1 or name in _NAMES or name in GREEK or name in CONSTANTS:
            return self.variable(NUMBER_SETS.get(name, name))
        read = self.reader(name)
        if read is None:
            raise ReadError(f"has the command \\{name[:30]}, which is not read")
        return read()

    def reader(self, name: str) -> Callable[[], Node] | None:
        """Return what reads the arguments of a command, None for one that is not read."""
        if name in ACCENTS or name == "partial":
            return lambda: self.accented(name)
        if name in ENCLOSED:
            return lambda: self.enclosed(name)
        readers: dict[str, Callable[[], Node]] = {
            **dict.fromkeys(FRACTIONS, lambda: div(self.argument(), self.argument())),
            **dict.fromkeys(BINOMIALS, lambda: call("binom", self.argument(), self.argument())),
            **dict.fromkeys(("sum", "prod"), lambda: self.series(name)),
            **dict.fromkeys(("emptyset", "varnothing"), lambda: Node("set")),
            **dict.fromkeys(("lbrace", "langle", "lbrack"), lambda: self.inside(name)),
        }
        return readers.get(name)

    def accented(self, accent: str) -> Node:
        r"""Return ``\vec{v}`` as a variable, ``\hat{i}`` as the unit vector."""
        below = self.name_group().removeprefix("unit")
        unit = accent in ("hat", "vec", "widehat") and below in BASIS
        return self.variable(f"unit{below}" if unit else f"{accent} {below}")

    def environment(self, name: str) -> Node:
        """Read a matrix.

        Raises:
            ReadError: another environment.
        """
        if name not in MATRICES:
            raise ReadError(f"has the environment {name[:20]!r}, which is not read")
        return self.matrix()


def chosen(letter_: str, n: Node, k: Node) -> Node:
    """Return ``C(10, 3)`` and ``P(10, 3)`` as the numbers they are; with other arguments, a point and its name."""
    if all(arg.op == "num" and arg.value >= 0 for arg in (n, k)):
        return call("binom" if letter_ == "C" else "perm", n, k)
    return mul(sym(letter_), Node("bracket", (n, k), "()"))


def glued(word: str) -> str | None:
    """Return the function that a word such as ``sinx`` begins with."""
    return next((f for f in _GLUED if word.startswith(f) and 0 < len(word) - len(f) <= 2), None)


def readable_word(word: str) -> bool:
    """Whether a run of letters stands for a value: a known name, or a few variables side by side."""
    if word.lower() in WORDS:
        return False
    known = word in FUNCTIONS or word in ALIASES or word in CONSTANTS or word in GREEK
    return known or len(word) <= 2 or (len(word) <= 4 and (word.isupper() or len(word) == 3)) or glued(word) is not None


def based(text: str) -> Node:
    """Return a numeral with the base written below it: ``4130_5``, ``1A_{16}``, ``101_{two}``."""
    digits, _, written = text.partition("_")
    digits = "".join(c for c in digits if c.isalnum())
    name = "".join(c for c in written.split("{")[-1] if c.isalnum())
    base = int(name) if name.isdecimal() else _BASES.get(name.removeprefix("base"), 0)
    if not 2 <= base <= 36 or any(int(c, 36) >= base for c in digits):
        raise ReadError(f"is no numeral: {text[:40]!r}")
    return Node("base", (), (digits.lstrip("0") or "0", base))
