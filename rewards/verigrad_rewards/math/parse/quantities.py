"""Read quantities: an expression with the currency before it and the unit behind it."""

from verigrad_rewards.math.parse.expressions import Expressions
from verigrad_rewards.math.parse.tokens import Token
from verigrad_rewards.math.parse.tree import Node, ReadError, mul, neg, num, symbols
from verigrad_rewards.math.parse.units import DEGREE, PERCENT, Unit, read_unit

CURRENCIES = frozenset("$€£¥₹¢")
_JOINERS = {"and": "and", "or": "or", "&": "and", ",": ",", ";": ",", "vee": "or", "wedge": "and", "land": "and"}
_UNIT_SIGNS = frozenset("/^.-()*'")
_UNIT_COMMANDS = {"circ": "°", "mu": "µ", "Omega": "Omega"}
_SIGN_UNITS: dict[str, Unit] = {"percent": PERCENT, "degrees": DEGREE}


class Quantities(Expressions):
    """Reads values with their units."""

    def value(self) -> Node:
        """Read an expression with the currency before it and the unit behind it."""
        negative = self.sees("-") and self.peek(1).text in CURRENCIES
        self.place += negative
        currency = self.take().text if self.sees(*CURRENCIES) else ""
        node = self.ratio(self.sum())
        return self.with_unit(neg(node) if negative else node, currency)

    def ratio(self, first: Node) -> Node:
        """Read ``3:2`` or ``3 to 2`` after its first number."""
        parts = [first]
        while self.peek().text in (":", "to") and self.peek(1).kind in ("num", "word", "cmd"):
            self.take()
            parts.append(self.sum())
        return Node("ratio", tuple(parts)) if len(parts) > 1 else first

    def with_unit(self, node: Node, currency: str) -> Node:
        """Read the words behind ``node`` and return the quantity they make of it.

        Raises:
            ReadError: the words make something else of it.
        """
        said = self.unit_text()
        if not said and not currency and not (node.op == "call" and node.value in _SIGN_UNITS):
            return node
        if node.op == "call" and node.value == "degrees" and said.strip() in ("C", "F"):
            node, said = node.args[0], f"°{said.strip()}"
        try:
            unit, factor = read_unit(f"{currency} {said}")
        except ValueError as error:
            raise ReadError(f"has {error}") from None
        if factor != 1:
            node = mul(node, num(factor))
        if node.op == "call" and node.value in _SIGN_UNITS and not unit:
            return Node("quantity", node.args, _SIGN_UNITS[node.value])
        if symbols(node) and said.strip() and not unit:
            raise ReadError("has words behind a formula")
        return node if unit == frozenset() else Node("quantity", (node,), unit)

    def unit_text(self) -> str:
        """Step over the words, slashes and exponents of a unit and return them."""
        parts: list[str] = []
        while not joins(self.peek()):
            part = self.unit_part(parts)
            if part is None:
                break
            parts.append(part)
        return " ".join(parts).replace("µ ", "µ")

    def unit_part(self, before: list[str]) -> str | None:
        """Step over one part of a unit and return it, None where the unit ends."""
        token = self.peek()
        if token.kind in ("text", "roman", "word"):
            return None if token.kind == "word" and token.text in ("mod", "U") else self.take().text
        if self.sees(*CURRENCIES):
            return self.take().text
        if self.sees(*_UNIT_COMMANDS):
            return _UNIT_COMMANDS[self.take().text]
        if self.sees("frac") and self.unit_command("frac"):
            self.take()
            return f"{self.group_text()} /({self.group_text()})"
        return self.unit_sign(before) if before or self.unit_follows() else None

    def unit_sign(self, before: list[str]) -> str | None:
        """Step over a sign or exponent inside a unit and return it, None where the unit ends."""
        token = self.peek()
        if self.accept("^"):
            return "^" + self.name_group()
        if self.accept("cdot", "times"):
            return ""
        if token.kind == "num":
            return self.take().text if before[-1][-1:] == "-" else None
        unopened = token.text == ")" and "(" not in "".join(before)
        return self.take().text if token.kind == "sign" and token.text in _UNIT_SIGNS and not unopened else None

    def group_text(self) -> str:
        """Return the words of a group."""
        self.expect("{")
        parts = []
        while self.peek().text != "}" and self.peek().kind != "end":
            parts.append(self.take().text)
        self.expect("}")
        return " ".join(parts)


def joins(token: Token) -> str:
    """Return the kind of joiner that a token is, "," or "and" or "or", empty if it is none."""
    if token.kind == "text":
        words = token.text.replace(",", " , ").lower().split()
        return _JOINERS.get(words[-1], "") if words and all(word in _JOINERS for word in words) else ""
    if token.kind == "word":
        return _JOINERS.get(token.text.lower(), "") if len(token.text) < 4 else ""
    return _JOINERS.get(token.text, "") if token.kind in ("sign", "cmd") else ""
