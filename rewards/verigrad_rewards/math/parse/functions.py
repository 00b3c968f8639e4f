"""Read functions with their arguments: names, roots, logarithms with a base, finite sums, absolute values."""

from verigrad_rewards.math.parse.cursor import Cursor
from verigrad_rewards.math.parse.names import (
    CLOSES,
    CONSTANTS,
    ENCLOSED,
    FRACTIONS,
    GREEK,
    INVERSES,
    MANY_ARGUMENTS,
    TWO_ARGUMENTS,
)
from verigrad_rewards.math.parse.tree import MINUS_ONE, Node, ReadError, call, letter, mul, neg, num, replace, sym

_IN_ARGUMENT = FRACTIONS | {"sqrt"}


class Functions(Cursor):
    """Reads what follows the name of a function."""

    def argument(self) -> Node:
        r"""Read a group, or as TeX does one digit or one token: ``\frac12``."""
        token = self.peek()
        if token.kind == "num" and len(token.text) > 1 and token.text.isdecimal():
            self.tokens[self.place] = token._replace(text=token.text[1:], spaced=False)
            return num(int(token.text[0]))
        if token.kind == "word" and len(token.text) > 1 and token.text not in GREEK:
            self.tokens[self.place] = token._replace(text=token.text[1:], spaced=False)
            return letter(token.text[0])
        if token.kind == "word" and len(token.text) == 1:  # \frac n2 is a half of n, not of n_2
            return letter(self.take().text)
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
        node = applied(name, args) if base is None else call("log_base", args[0], base)
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
        if self.sees("(", "{", "[", "|"):
            node = self.primary()
            if self.sees("^") and self.peek(-1).text == "}" and name != "exp":  # \ln{x}^2 is \ln(x^2)
                self.take()
                node = Node("pow", (node, self.exponent()))
            return node.args if node.op == "bracket" else (node,)
        negative = self.negated()
        factors = [self.power()]
        while self.continues_argument():
            factors.append(self.power())
        node = mul(*factors)
        return (neg(node) if negative else node,)

    def continues_argument(self) -> bool:
        r"""Whether the next token still belongs to an argument without brackets: ``\sin 2\pi x``."""
        kind, text, _ = self.peek()
        if kind == "word":
            return len(text) == 1 or text in GREEK or text in CONSTANTS
        return kind == "num" or (kind == "cmd" and (text in GREEK or text in CONSTANTS or text in _IN_ARGUMENT))

    def enclosed(self, opened: str) -> Node:
        """Read up to the closing partner of floor, ceiling or absolute value."""
        self.deeper()
        node = self.sum()
        self.depth -= 1
        self.expect(CLOSES[opened])
        return call(ENCLOSED[opened], node)

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
        index = self.name_group()
        self.expect("=")
        first = self.sum()
        self.expect("}")
        self.expect("^")
        last = self.argument()
        self.deeper()
        body = replace(self.term(), letter(index), sym(index))  # an index i is no imaginary unit
        self.depth -= 1
        return Node("sum", (body, first, last), (kind, index))

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


def applied(name: str, args: tuple[Node, ...]) -> Node:
    """Return a function of its arguments; ``log(8, 2)`` has its base in the second.

    Raises:
        ReadError: the function takes another number of them.
    """
    if name == "log" and len(args) == 2:
        return call("log_base", *args)
    takes = 2 if name in TWO_ARGUMENTS else 1
    if len(args) != takes and not (name in MANY_ARGUMENTS and args):
        raise ReadError(f"has {name} with {len(args)} arguments; it takes {takes}")
    return call(name, *args)
