"""Read the parts of an expression that no operator divides: numbers, variables, functions, LaTeX commands."""

from abc import abstractmethod
from fractions import Fraction

from verigrad_rewards.math.parse.cursor import Cursor
from verigrad_rewards.math.parse.names import (
    ACCENTS,
    ALIASES,
    BASIS,
    CONSTANTS,
    FUNCTIONS,
    GREEK,
    INVERSES,
    MATRICES,
    NUMBER_SETS,
    SAME_LETTER,
    WORDS,
)
from verigrad_rewards.math.parse.tokens import Token
from verigrad_rewards.math.parse.tree import MINUS_ONE, Node, ReadError, call, div, mul, num, sym

MAX_DIGITS = 4_000  # of a number, the zeros of 1e300 included
CLOSES = {
    "(": ")", "[": "]", "{": "}", "lbrace": "rbrace", "langle": "rangle", "lvert": "rvert", "lVert": "rVert",
    "lfloor": "rfloor", "lceil": "rceil", "lbrack": "rbrack",
}  # fmt: skip
_ENCLOSED = {"lvert": "abs", "lVert": "norm", "lfloor": "floor", "lceil": "ceil"}
_GLUED = ("arcsin", "arccos", "arctan", "sin", "cos", "tan", "ln", "log", "sqrt")  # "sinx"
_DIGIT_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
                "eleven": 11, "twelve": 12, "sixteen": 16}  # fmt: skip
_SEPARATORS = str.maketrans("", "", ",{}\\!; \t\n\r\f\v")
_FRACTIONS = frozenset(("frac", "dfrac", "tfrac", "cfrac"))
_BINOMIALS = frozenset(("binom", "dbinom", "tbinom"))


class Atoms(Cursor):
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
        digits, _, exponent = text.partition("e")
        digits, power = digits.translate(_SEPARATORS), int(exponent or 0)
        if abs(power) + len(digits) > MAX_DIGITS:
            raise ReadError(f"has a number with more than {MAX_DIGITS} digits")
        places = digits.partition(".")[2]
        if "." in digits and self.accept("overline", "bar", "dot"):
            return self.repeating(digits, places)
        value = Fraction(digits.rstrip(".")) * Fraction(10) ** power
        if places and self.accept("ldots", "dots", "cdots", "..."):  # cut off: the number lies up to one digit higher
            value += Fraction(10) ** (power - len(places)) / 2
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
            whole = all(arg.op == "num" and arg.value >= 0 for arg in pair)
            return (
                call("binom" if text == "C" else "perm", *pair)
                if whole
                else mul(sym(text), Node("bracket", pair, "()"))
            )
        if len(text) > 1 and text in CONSTANTS:
            return Node("const", (), CONSTANTS[text])
        if text in GREEK or len(text) == 1:
            return self.variable(text)
        if (start := glued(text)) is not None:
            return call(start, mul(*map(letter, text[len(start) :])))
        if not readable_word(text):
            raise ReadError(f"has the word {text[:40]!r} where a value must stand")
        self.tokens[self.place - 1 : self.place] = [Token("word", c, False) for c in text]
        return self.variable(text[0])

    def pair(self) -> tuple[Node, Node] | None:
        """Read ``(a, b)`` if it stands here, else None; looks ahead first, so that nothing is read twice."""
        end = self.partner(0)
        if end is None or self.peek().spaced or self.commas(end) != 1:
            return None
        node = self.primary()
        return (node.args[0], node.args[1]) if len(node.args) == 2 else None

    def commas(self, end: int) -> int:
        """Return how many commas stand in the bracket up to ``end`` ahead, those in brackets within it left out."""
        depth = found = 0
        for ahead in range(end):
            text = self.peek(ahead).text
            depth += (text in "([{") - (text in ")]}") if len(text) == 1 else 0
            found += text == "," and depth == 1
        return found

    def variable(self, name: str) -> Node:
        """Return a variable with the subscript that follows it; ``e``, ``i`` and ``pi`` are constants."""
        name = SAME_LETTER.get(name, name)
        if self.accept("_"):
            return sym(f"{name}_{self.name_group()}")
        after = self.peek()
        if after.kind == "num" and not after.spaced and after.text.isdecimal() and self.peek(-1).kind == "word":
            return sym(f"{name}_{self.take().text}")
        return letter(name)

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
        if self.sees("=", "(", "_", "^") or text.strip() in FUNCTIONS:
            return self.roman(text)
        raise ReadError(f"has the words {text.strip()[:40]!r} where a value must stand")

    def command(self, name: str) -> Node:
        """Return what a LaTeX command with its arguments is.

        Raises:
            ReadError: it is none that an answer uses.
        """
        known = ALIASES.get(name, name)
        if name in _FRACTIONS:
            return div(self.argument(), self.argument())
        if name in _BINOMIALS:
            return call("binom", self.argument(), self.argument())
        if known in FUNCTIONS:
            return self.root() if name == "sqrt" else self.function(known)
        if name in CONSTANTS or name in GREEK:
            return self.variable(CONSTANTS.get(name, name)) if name in GREEK else Node("const", (), CONSTANTS[name])
        if name in ("sum", "prod"):
            return self.series(name)
        if name in ACCENTS:
            below = self.name_group().removeprefix("unit")
            return self.variable(
                f"unit{below}" if name in ("hat", "vec", "widehat") and below in BASIS else f"{name} {below}"
            )
        if name in ("emptyset", "varnothing"):
            return Node("set")
        if name in _ENCLOSED:
            return self.enclosed(name)
        if name in ("lbrace", "langle", "lbrack"):
            return self.inside(name)
        if len(name) == 1 or name in ("angle", "triangle", "Box", "square", "cdots"):
            return self.variable(NUMBER_SETS.get(name, name))
        raise ReadError(f"has the command \\{name[:30]}, which is not read")

    def argument(self) -> Node:
        r"""Read a group, or as TeX does one digit or one token: ``\frac12``."""
        token = self.peek()
        if token.kind == "num" and len(token.text) > 1 and token.text.isdecimal():
            self.tokens[self.place] = token._replace(text=token.text[1:], spaced=False)
            return num(int(token.text[0]))
        if token.kind == "word" and len(token.text) > 1 and token.text not in GREEK:
            self.tokens[self.place] = token._replace(text=token.text[1:], spaced=False)
            return letter(token.text[0])
        self.deeper()
        node = self.primary()
        self.depth -= 1
        return node

    def root(self) -> Node:
        r"""Read ``\sqrt{x}``, ``\sqrt[3]{x}`` or ``\sqrt x``."""
        degree = None
        if self.accept("["):
            degree = self.sum()
            self.expect("]")
        self.deeper()
        node = self.primary()
        self.depth -= 1
        return call("sqrt", node) if degree is None else call("root", node, degree)

    def function(self, name: str) -> Node:
        """Read the exponent, base and argument of a function and return its application."""
        exponent = base = None
        if self.accept("^", "**"):
            exponent = self.exponent()
        if name == "log":
            base = self.base_of_log()
        if exponent is None and self.accept("^", "**"):
            exponent = self.exponent()
        if exponent == MINUS_ONE and name in INVERSES:
            name, exponent = INVERSES[name], None
        self.deeper()
        args = self.arguments(name)
        self.depth -= 1
        node = call(name, *args) if base is None else call("log_base", args[0], base)
        return node if exponent is None else Node("pow", (node, exponent))

    def base_of_log(self) -> Node | None:
        """Read the base of a logarithm if one stands here: ``_2``, ``_{10}``, ``log2(``."""
        if self.accept("_"):
            return self.argument()
        if self.peek().kind == "num" and not self.peek().spaced and self.peek(1).text == "(":
            return self.number(self.take().text)
        return None

    def arguments(self, name: str) -> tuple[Node, ...]:
        """Read the argument of a function: a bracket, or factors beside each other up to the next sign or function."""
        if self.sees("(", "{", "[") or (self.peek().kind == "sign" and self.peek().text == "|"):
            node = self.primary()
            if name == "exp" or self.peek().text != "^":
                return node.args if node.op == "bracket" else (node,)
            return (self.raise_to(node),) if self.peek(-1).text == "}" else (node,)
        negative = self.negated()
        factors = [self.power()]
        while self.peek().kind in ("num", "word", "cmd") and self.continues_argument():
            factors.append(self.power())
        node = mul(*factors)
        return (mul(MINUS_ONE, node) if negative else node,)

    def raise_to(self, node: Node) -> Node:
        """Read the exponent after ``node``."""
        self.expect("^")
        return Node("pow", (node, self.exponent()))

    def continues_argument(self) -> bool:
        r"""Whether the next token still belongs to an argument without brackets: ``\sin 2\pi x``."""
        kind, text, _ = self.peek()
        if kind == "word":
            return len(text) == 1 or text in GREEK or text in CONSTANTS
        return kind == "num" or text in GREEK or text in CONSTANTS or text in _FRACTIONS or text == "sqrt"

    def enclosed(self, opened: str) -> Node:
        """Read up to the closing partner of floor, ceiling or absolute value."""
        self.deeper()
        node = self.sum()
        self.depth -= 1
        self.expect(CLOSES[opened])
        return call(_ENCLOSED[opened], node)

    def between_bars(self) -> Node:
        """Read an absolute value."""
        self.deeper()
        self.bars += 1
        node = self.sum()
        self.bars -= 1
        self.depth -= 1
        self.expect("|")
        return call("abs", node)

    def series(self, kind: str) -> Node:
        r"""Read ``\sum_{k=1}^{n} …`` or a product: the body is the next product."""
        self.expect("_")
        self.expect("{")
        variable = self.primary()
        self.expect("=")
        first = self.sum()
        self.expect("}")
        self.expect("^")
        last = self.argument()
        self.deeper()
        body = self.term()
        self.depth -= 1
        if variable.op != "sym":
            raise ReadError("has a sum whose index is no variable")
        return Node("sum", (body, first, last), (kind, variable.value))

    @abstractmethod
    def term(self) -> Node:
        """Read factors joined by multiplication and division."""

    def environment(self, name: str) -> Node:
        """Read a matrix.

        Raises:
            ReadError: another environment.
        """
        if name not in MATRICES:
            raise ReadError(f"has the environment {name[:20]!r}, which is not read")
        return self.matrix()


def letter(name: str) -> Node:
    """Return a letter or name as the constant or variable it is."""
    return Node("const", (), CONSTANTS[name]) if name in CONSTANTS else sym(name)


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
    digits = digits.strip("(){} ")
    name = "".join(c for c in written.split("{")[-1] if c.isalnum())
    base = int(name) if name.isdecimal() else _DIGIT_WORDS.get(name.removeprefix("base"), 0)
    if not 2 <= base <= 36 or any(int(c, 36) >= base for c in digits):
        raise ReadError(f"is no numeral: {text[:40]!r}")
    return Node("base", (), (digits.lstrip("0") or "0", base))
