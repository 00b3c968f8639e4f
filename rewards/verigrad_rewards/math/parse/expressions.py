"""Read an expression by recursive descent: sums, products, powers. Nothing is evaluated here."""

from verigrad_rewards.math.parse.atoms import Atoms, readable_word
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
)
from verigrad_rewards.math.parse.tree import Node, ReadError, add, call, div, mul, neg, num, sym
from verigrad_rewards.math.parse.units import is_unit

_BEGIN_FACTOR = (
    FRACTIONS
    | BINOMIALS
    | frozenset(ENCLOSED)
    | frozenset("sqrt lbrace { langle sum prod begin pi infty emptyset varnothing angle triangle".split())
)
_MARKS = frozenset(("circ", "degree", "prime", "ast", "star", "dagger", "'", "*", "°"))
MAX_MARKS = 8  # factorials, primes and signs behind one value
_TIMES = ("*", "cdot", "times", "ast", "bullet")


class Expressions(Atoms):
    """Reads expressions; ``Answers`` extends it by lists, relations and sets."""

    def sum(self) -> Node:
        """Read products joined by + - ±."""
        self.deeper()
        terms = [self.signed()]
        while self.sees("+", "-", "pm", "mp"):
            terms.append(self.signed())
        self.depth -= 1
        return add(*terms)

    def signed(self) -> Node:
        """Read a product with any number of signs before it."""
        negative = self.negated()
        node = Node(self.take().text, (self.term(),)) if self.sees("pm", "mp") else self.term()
        return neg(node) if negative else node

    def term(self) -> Node:
        """Read factors joined by a multiplication or division sign, or by nothing."""
        node, divisions = self.power(), 0
        while True:
            if self.sees("times") and str(last_factor(node).value).startswith(("vec ", "nabla")):
                self.take()
                node = crossed(node, self.factor())
            elif self.accept(*_TIMES):
                node = mul(node, self.factor())
            elif not self.unit_follows() and self.accept("/", "div"):
                node = div(node, self.factor())
            elif divisions < MAX_MARKS and self.accept("bmod"):
                node, divisions = call("mod", node, self.factor()), divisions + 1
            elif self.begins_factor():
                node = self.beside(node)
            else:
                return node

    def factor(self) -> Node:
        """Read the factor after a multiplication or division sign, its own sign included."""
        negative = self.negated()
        node = self.power()
        return neg(node) if negative else node

    def begins_factor(self) -> bool:
        """Whether the next token begins a factor that stands beside the one before it."""
        kind, text, _ = self.peek()
        if kind == "word":
            return self.begins_word_factor(text)
        if kind == "roman":
            thing = len(text) > 3 and text.islower() and text not in FUNCTIONS and text[4:] not in BASIS
            return not is_unit(text) and not thing
        if kind == "cmd":
            if text == "mod":
                return False  # 5 \mod 7
            known = text in FUNCTIONS or text in ALIASES or text in CONSTANTS or text in GREEK or text in ACCENTS
            return (known or text in _BEGIN_FACTOR) and not self.unit_command(text)
        if kind == "sign":
            return (text in "([{" and self.peek(1).text != "mod") or (text == "|" and not self.bars)
        return kind in ("num", "base", "begin") or (kind == "text" and text.strip() in FUNCTIONS)

    def begins_word_factor(self, text: str) -> bool:
        """Whether a word is variables, not a unit, not the U of a union, not the C of degrees Celsius."""
        before, after = self.peek(-1).text, self.peek(1).text
        if text == "U" and before in (")", "]") and after in ("(", "["):
            return False
        if text == "mod":
            return False
        if text in ("C", "F") and (before == "°" or "circ" in (before, self.peek(-2).text)):
            return False
        return readable_word(text) and not (is_unit(text) and self.after_value(text))

    def unit_command(self, name: str) -> bool:
        r"""Whether a command begins a unit: ``50\ \Omega``, ``10\ \mu\mathrm{F}``, ``\frac{\mathrm{J}}{\text{K}}``."""
        before, after = self.peek(-1), self.peek(1)
        if name == "frac":
            return after.text == "{" and self.peek(2).kind in ("roman", "text") and is_unit(self.peek(2).text)
        if name == "Omega":
            return before.kind == "num" and after.kind == "end"
        return name == "mu" and before.kind == "num" and after.kind in ("roman", "text", "word")

    def after_value(self, text: str) -> bool:
        """Whether a word that could be a unit stands where units do: behind a value, and apart from it if short."""
        before, spaced = self.peek(-1), self.peek().spaced
        if not self.units or (text in FUNCTIONS and self.peek(1).text in ("(", "^", "_", "{")):
            return False
        if len(text) > 1:
            return spaced or (before.kind in ("num", "sign") and before.text != "}")
        return spaced and (before.kind == "num" or before.text == "}") and self.only_units_follow()

    def only_units_follow(self) -> bool:
        """Whether only numbers stand before this word, only units from it on: ``5 m`` but not ``5 g t^2``."""
        numbers = all(t.kind in ("num", "sign") or t.text in _TIMES for t in self.tokens[: self.place])
        words = (t.text for t in self.tokens[self.place :] if t.kind in ("word", "roman", "cmd"))
        return numbers and all(is_unit(word) or word in _TIMES for word in words)

    def unit_follows(self) -> bool:
        """Whether the next sign is the slash of a unit: ``$5/hour``."""
        kind, text, _ = self.peek(1)
        worded = kind == "word" and len(text) > 1 and (is_unit(text) or not readable_word(text))
        return self.sees("/") and (worded or kind == "text")

    def beside(self, node: Node) -> Node:
        """Read a factor that stands beside ``node``: a product, or the fraction of a mixed number.

        Raises:
            ReadError: two numbers stand side by side.
        """
        before, token = self.peek(-1), self.peek()
        whole = before.kind == "num" and node.op == "num" and node.value.denominator == 1
        if before.kind == token.kind == "num":
            part = self.number(self.take().text)
            if not (whole and self.accept("/") and self.peek().kind == "num"):
                raise ReadError("has two numbers side by side")
            part = div(part, self.number(self.take().text))
        elif token.kind == "num" and not (before.text in ("!", ")") or (before.text == "}" and token.spaced)):
            raise ReadError("has a number right behind a value")
        else:
            part = self.primary()
        if whole and part.op == "num" and 0 < part.value < 1 and token.text != "(":
            return self.powered(num(node.value + part.value))
        if before.kind == token.kind == "num":
            raise ReadError("has two numbers side by side")
        return mul(node, self.powered(part))

    def power(self) -> Node:
        """Read a factor with its factorials, marks and exponent."""
        return self.powered(self.primary())

    def powered(self, node: Node) -> Node:
        """Read the factorials, marks and exponents behind ``node``; towers group to the right."""
        node = self.postfix(node)
        for _ in range(MAX_MARKS):
            if not self.accept("^", "**"):
                return node
            self.deeper()
            node = self.postfix(self.raised(node))
            self.depth -= 1
        raise ReadError(f"has more than {MAX_MARKS} exponents behind a value")

    def raised(self, base: Node) -> Node:
        r"""Read what stands after ``^``: an exponent, ``\circ`` or ``\prime``."""
        grouped = self.sees("{") and self.peek(2).text == "}"
        mark = self.peek(1) if grouped else self.peek()
        if mark.kind in ("cmd", "sign") and mark.text in _MARKS:
            self.place += 3 if grouped else 1
            if mark.text in ("circ", "degree", "°"):
                return self.with_minutes(base)
            return sym(f"{base.value}'") if base.op == "sym" else call("marked", base)
        return Node("pow", (base, self.exponent()))

    def with_minutes(self, degrees: Node) -> Node:
        """Return an angle in degrees with the minutes behind it: ``37° 30'``."""
        prime = self.peek(1).text == "'" or (
            self.peek(1).text == "^" and "prime" in (self.peek(2).text, self.peek(3).text)
        )
        if degrees.op != "num" or self.peek().kind != "num" or not prime:
            return call("degrees", degrees)
        minutes = self.number(self.take().text)
        while self.accept("'", "^", "{", "prime", "}"):
            pass
        return call("degrees", add(degrees, div(minutes, num(60))))

    def exponent(self) -> Node:
        """Read an exponent: a group, or one factor with its sign."""
        negative = self.negated()
        node = self.power()
        return neg(node) if negative else node

    def postfix(self, node: Node) -> Node:
        """Read ``!``, ``!!``, ``%``, ``°`` and primes after a factor."""
        for _ in range(MAX_MARKS):
            if self.accept("!"):
                node = call("double_factorial" if self.accept("!") else "factorial", node)
            elif self.accept("%"):
                node = call("percent", node)
            elif self.accept("°", "degree"):
                node = self.with_minutes(node)
            elif node.op == "sym" and self.accept("'"):
                node = sym(f"{node.value}'")
            elif node.op == "sym" and self.accept("_"):
                node = sym(f"{node.value}_{self.name_group()}")
            else:
                return node
        raise ReadError(f"has more than {MAX_MARKS} marks behind a value")


def last_factor(node: Node) -> Node:
    """Return the last factor of a product, or the node itself."""
    return node.args[-1] if node.op == "mul" else node


def crossed(node: Node, other: Node) -> Node:
    """Return a product whose last factor is crossed with ``other``; the order of a cross product counts."""
    cross = Node("apply", (sym("cross"), last_factor(node), other))
    return mul(*node.args[:-1], cross) if node.op == "mul" else cross
