"""A cursor over the tokens of an answer."""

from abc import ABC, abstractmethod

from verigrad_rewards.math.parse.tokens import Token
from verigrad_rewards.math.parse.tree import Node, ReadError

MAX_DEPTH = 100
END = Token("end", "", True)


class Cursor(ABC):
    """Steps over tokens, counts nesting, and names the readings that call each other."""

    def __init__(self, tokens: list[Token], units: bool = True) -> None:
        self.tokens = tokens
        self.units = units  # whether letters behind a number can be a unit
        self.place = 0
        self.depth = 0
        self.bars = 0  # | signs that wait for their partner

    @abstractmethod
    def sum(self) -> Node:
        """Read products joined by + - ±."""

    @abstractmethod
    def power(self) -> Node:
        """Read a factor with its exponent."""

    @abstractmethod
    def primary(self) -> Node:
        """Read a number, a variable, a bracket or a function with its argument."""

    @abstractmethod
    def number(self, text: str) -> Node:
        """Return the number of a token."""

    @abstractmethod
    def term(self) -> Node:
        """Read factors joined by multiplication and division."""

    @abstractmethod
    def exponent(self) -> Node:
        """Read an exponent."""

    @abstractmethod
    def inside(self, opened: str) -> Node:
        """Read what stands after an opening bracket, the closing one included."""

    def peek(self, ahead: int = 0) -> Token:
        """Return a token without taking it."""
        place = self.place + ahead
        return self.tokens[place] if 0 <= place < len(self.tokens) else END

    def take(self) -> Token:
        """Return the next token and step over it."""
        token = self.peek()
        self.place += 1
        return token

    def sees(self, *texts: str) -> bool:
        """Whether the next token is one of these signs or commands."""
        if self.place >= len(self.tokens):
            return False
        kind, text, _ = self.tokens[self.place]
        return text in texts and (kind in ("sign", "cmd"))

    def accept(self, *texts: str) -> bool:
        """Step over the next token if it is one of these signs or commands."""
        if self.sees(*texts):
            self.place += 1
            return True
        return False

    def expect(self, *texts: str) -> None:
        """Step over one of these signs or commands.

        Raises:
            ReadError: something else stands there.
        """
        if not self.accept(*texts):
            raise ReadError(f"has {self.peek().text or 'its end'!r} where {' or '.join(texts)} must stand")

    def partner(self, opened: int) -> int | None:
        """Return how far ahead the partner of a round bracket stands, None where none opens or it never closes."""
        if self.peek(opened).text != "(":
            return None
        depth = 0
        for ahead in range(opened, len(self.tokens) - self.place):
            depth += {"(": 1, ")": -1}.get(self.peek(ahead).text, 0)
            if not depth:
                return ahead
        return None

    def deeper(self) -> None:
        """Count one level of nesting.

        Raises:
            ReadError: it is one too many.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ReadError(f"is nested more than {MAX_DEPTH} levels deep")

    def negated(self) -> bool:
        """Step over any number of signs; whether they make a minus."""
        negative = False
        while self.sees("+", "-"):
            negative ^= self.take().text == "-"
        return negative

    def name_group(self) -> str:
        """Return the text of a group or of one token as part of a name: fonts and spaces are dropped."""
        if not self.accept("{"):
            token = self.take()
            if token.kind == "word" and len(token.text) == 2:  # k_BT is k_B times T
                self.place -= 1
                self.tokens[self.place] = token._replace(text=token.text[1], spaced=False)
            return plain_name(token.text[:1] if len(token.text) == 2 and token.kind == "word" else token.text)
        parts, depth = [], 1
        while depth:
            token = self.take()
            if token is END:
                raise ReadError("has a brace that is never closed")
            if token.kind == "sign":
                depth += (token.text == "{") - (token.text == "}")
            parts.append(plain_name(token.text))
        return "".join(parts[:-1])


def plain_name(text: str) -> str:
    """Return the letters and digits of a name without fonts and spaces."""
    return "".join(c for c in text if c.isalnum() or c in "+-*,'")
