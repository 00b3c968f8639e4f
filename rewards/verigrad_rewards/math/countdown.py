"""``countdown``: an expression that reaches the target and uses each given number exactly once."""

from collections import Counter
from fractions import Fraction

from verigrad_rewards.math.compare.exact import exact
from verigrad_rewards.math.extract import extract
from verigrad_rewards.math.parse.answers import read_grammar
from verigrad_rewards.math.parse.read import unwrap
from verigrad_rewards.math.parse.tokens import Token, tokenize
from verigrad_rewards.math.parse.tree import ReadError
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import Problem, ProblemError, Response, Status, Verdict

MAX_LENGTH = 200
MAX_WRAPPED = 1_000  # characters with what may enclose the expression
MAX_DIGITS = 9
_OPERATORS = frozenset(("+", "-", "*", "/", "times", "cdot", "div"))
_BRACKETS = frozenset("()[]{}")
_OPENING = frozenset(("(", "[", "{"))
_FRACTIONS = frozenset(("frac", "dfrac", "tfrac"))


def read_expression(text: str) -> tuple[list[int], Fraction]:
    """Return the numbers that an expression uses and its value; it may have only + - * / and brackets.

    Raises:
        ReadError: it has something else, or divides by zero; the message says what.
    """
    if len(text) > MAX_LENGTH:
        raise ReadError(f"has {len(text)} characters; allowed are {MAX_LENGTH}")
    tokens = tokenize(text)
    numbers = [int(token.text) for token in tokens if checked(token)]
    operand_due, after_number = True, False
    for token in [*tokens, Token("end", "the end", False)]:
        begins = token.kind == "num" or token.text in _OPENING or token.text in _FRACTIONS
        if operand_due and not begins:
            raise ReadError(f"has {token.text!r} where a number or a bracket must stand")
        if after_number and token.kind == "num":
            raise ReadError(f"has {token.text!r} where an operator or the end must stand")
        operand_due = token.text in _OPERATORS or token.text in _OPENING or token.text in _FRACTIONS
        after_number = token.kind == "num"
    value = exact(read_grammar(text, units=False))
    if value is None:
        raise ReadError("divides by zero")
    return numbers, value


def checked(token: Token) -> bool:
    """Whether a token is a whole number; raises ReadError unless it is one, an operator or a bracket."""
    if token.kind == "num":
        plain = token.text.isdecimal() and len(token.text) <= MAX_DIGITS and str(int(token.text)) == token.text
        if plain:
            return True
    elif token.text in _OPERATORS or token.text in _BRACKETS or token.text in _FRACTIONS:
        return False
    raise ReadError(f"has {token.text[:10]!r}, which is not a number, + - * / or a bracket")


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
    left, equals, right = unwrap(found.text[:MAX_WRAPPED]).partition("=")
    try:
        if equals and right.strip() != str(target):
            raise ReadError(f"ends in '= {right.strip()[:20]}', the target is {target}")
        used, value = read_expression(left)
    except ReadError as error:
        return Verdict(0.0, Status.WRONG, found.text[:200], f"the expression {error}")
    wrong = misuse(numbers, used)
    if not wrong and value != target:
        wrong = f"it equals {value}, the target is {target}"
    status = Status.WRONG if wrong else Status.CORRECT
    return Verdict(float(not wrong), status, left.strip(), wrong or "reaches the target with every number once")


def misuse(given: list[int], used: list[int]) -> str:
    """Return which numbers are missing or too many, empty when each is used exactly once."""
    missing, extra = Counter(given) - Counter(used), Counter(used) - Counter(given)
    said = [f"{n} is not used" for n in sorted(missing.elements())]
    said += [f"{n} is used once too often" for n in sorted(extra.elements())]
    return ", ".join(said[:4])
