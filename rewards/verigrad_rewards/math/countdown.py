"""``countdown``: an expression that reaches the target and uses each given number exactly once."""

import re
from collections import Counter
from fractions import Fraction

from verigrad_rewards.math.extract import extract
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import Problem, ProblemError, Response, Status, Verdict

MAX_LENGTH = 200
MAX_DEPTH = 20
_TOKEN = re.compile(r"\s*(?:([1-9][0-9]{0,8}|0)(?![0-9._])|([()+*/-]))")
_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "[": "(", "]": ")"})


class BadExpressionError(ValueError):
    """The model's expression is not one; the message says why."""


def tokens(text: str) -> list[str]:
    """Return numbers, operators and brackets.

    Raises:
        BadExpressionError: anything else stands in ``text``.
    """
    if len(text) > MAX_LENGTH:
        raise BadExpressionError(f"the expression has {len(text)} characters; allowed are {MAX_LENGTH}")
    found, place = [], 0
    text = text.translate(_SIGNS).strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise BadExpressionError(f"{text[place : place + 10]!r} is not a number, + - * / or a bracket")
        found.append(match[1] or match[2])
        place = match.end()
    return found


class Expression:
    """Value and numbers of an expression, by recursive descent; only binary + - * / and brackets exist."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.place = 0
        self.numbers: list[int] = []
        self.value = self.sum(0)
        if self.place != len(self.tokens):
            raise BadExpressionError(f"{self.tokens[self.place]!r} stands where an operator or the end must stand")

    def next(self) -> str:
        """Return the token at the present place, empty at the end."""
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def sum(self, depth: int) -> Fraction:
        """Return the value of products joined by + and -."""
        value = self.product(depth)
        while (sign := self.next()) in ("+", "-"):
            self.place += 1
            other = self.product(depth)
            value = value + other if sign == "+" else value - other
        return value

    def product(self, depth: int) -> Fraction:
        """Return the value of factors joined by * and /."""
        value = self.factor(depth)
        while (sign := self.next()) in ("*", "/"):
            self.place += 1
            other = self.factor(depth)
            if sign == "/" and not other:
                raise BadExpressionError("it divides by zero")
            value = value * other if sign == "*" else value / other
        return value

    def factor(self, depth: int) -> Fraction:
        """Return the value of a number or of a bracket."""
        token = self.next()
        self.place += 1
        if token.isdigit():
            self.numbers.append(int(token))
            return Fraction(int(token))
        if token != "(" or depth == MAX_DEPTH:
            raise BadExpressionError(f"{token or 'the end'!r} stands where a number or a bracket must stand")
        value = self.sum(depth + 1)
        if self.next() != ")":
            raise BadExpressionError("a bracket is not closed")
        self.place += 1
        return value


def read_problem(problem: Problem) -> tuple[list[int], int]:
    """Return the numbers and the target of ``problem``.

    Raises:
        ProblemError: they are missing or not whole numbers.
    """
    numbers, target = problem.info.get("numbers"), problem.info.get("target")
    if not isinstance(numbers, list | tuple) or not numbers or not all(type(n) is int for n in [*numbers, target]):
        raise ProblemError(f"{problem.id}: countdown needs info with 'numbers' (whole numbers) and a whole 'target'")
    return list(numbers), target  # type: ignore[return-value]


def countdown(problem: Problem, response: Response, *, think_tag: str = "think", answer_tag: str = "answer") -> Verdict:
    """1 if the answer is an expression that uses each number exactly once and equals the target, else 0.

    ``= target`` after the expression is allowed.

    Raises:
        ProblemError: ``problem.info`` lacks numbers or target.
    """
    numbers, target = read_problem(problem)
    found = extract(response.text, sources=("answer",), tags=Tags(think_tag, answer_tag))
    if found is not None and found.problem:
        return Verdict(0.0, Status.WRONG, found.text, found.problem)
    if found is None or not found.text:
        return Verdict(0.0, Status.NO_ANSWER, detail="no answer tag after the thinking, or an empty one")
    left, equals, right = found.text.partition("=")
    try:
        if equals and right.strip() != str(target):
            raise BadExpressionError(f"after '=' stands {right.strip()[:20]!r}, the target is {target}")
        expression = Expression(left)
    except BadExpressionError as error:
        return Verdict(0.0, Status.WRONG, found.text[:200], str(error))
    wrong = misuse(numbers, expression.numbers)
    if not wrong and expression.value != target:
        wrong = f"it equals {expression.value}, the target is {target}"
    status = Status.WRONG if wrong else Status.CORRECT
    return Verdict(float(not wrong), status, left.strip(), wrong or "reaches the target with every number once")


def misuse(given: list[int], used: list[int]) -> str:
    """Return which numbers are missing or too many, empty when each is used exactly once."""
    missing, extra = Counter(given) - Counter(used), Counter(used) - Counter(given)
    said = [f"{n} is not used" for n in sorted(missing.elements())]
    said += [f"{n} is used once too often" for n in sorted(extra.elements())]
    return ", ".join(said[:4])
