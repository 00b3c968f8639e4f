"""Weigh the verdicts of one response into one number: the only place where rewards meet.

Correctness weighs 1. Shaping pays for form and weighs less than 1 in total, so no amount of form without a correct
answer pays as much as a correct answer without form.
"""

import difflib
import importlib
import inspect
import math
import numbers
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from verigrad_rewards.types import Problem, Response, Status, Verdict

CALL = "(problem, response, *, options)"
SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = 200


@dataclass(frozen=True, slots=True)
class Part:
    """One reward with its options and its weight.

    Attributes:
        name: a key of ``REWARDS`` or ``package.module:name``.
        reward: the function.
        options: its keyword options.
        weight: what its 1 is worth.
    """

    name: str
    reward: Callable[..., Verdict]
    options: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0

    def score(self, problem: Problem, response: Response) -> Verdict:
        """Return the verdict of this part.

        Raises:
            ValueError: the reward returned something other than a Verdict with a finite number.
        """
        verdict = self.reward(problem, response, **self.options)
        if fault := fault_of(verdict):
            raise ValueError(f"reward {self.name} on {problem.id}: {fault}")
        return verdict if type(verdict.reward) is float else replace(verdict, reward=float(verdict.reward))


def fault_of(found: object) -> str:
    """Return what is wrong with what a reward returned, empty where it is a Verdict with a finite number."""
    if not isinstance(found, Verdict):
        return f"returned {SHORT.repr(found)}; allowed is a finite Verdict"
    if not is_finite(found.reward):
        wrong = f"reward {SHORT.repr(found.reward)}"
    elif not isinstance(found.status, Status):
        wrong = f"status {SHORT.repr(found.status)}, which is no Status"
    elif not isinstance(found.answer, str | None):
        wrong = f"answer {SHORT.repr(found.answer)}, which is no text"
    elif not isinstance(found.detail, str):
        wrong = f"detail {SHORT.repr(found.detail)}, which is no text"
    else:
        return ""
    return f"returned a Verdict with {wrong}; allowed is a finite Verdict"


def is_finite(value: object) -> bool:
    """Whether ``value`` is a number, or a truth value, that a float can hold."""
    try:
        return isinstance(value, numbers.Real) and math.isfinite(value)
    except OverflowError:
        return False


@dataclass(frozen=True, slots=True)
class Score:
    """What one response earned in all.

    Attributes:
        total: correctness plus weighted shaping; None where a part could not be scored.
        correctness: the verdict that evaluation reports.
        shaping: the verdicts on form, by name.
    """

    total: float | None
    correctness: Verdict
    shaping: Mapping[str, Verdict]


def combine(correctness: Part, shaping: Sequence[Part], problem: Problem, response: Response) -> Score:
    """Return the score of one response; one unscored part leaves the whole response unscored."""
    parts = [correctness, *shaping]
    return total(parts, [part.score(problem, response) for part in parts])


def total(parts: Sequence[Part], verdicts: Sequence[Verdict]) -> Score:
    """Return the score of one response from its verdicts; one unscored part leaves the whole response unscored.

    Args:
        parts: correctness, then shaping.
        verdicts: one for each part.
    """
    correct = verdicts[0]
    forms = {part.name: verdict for part, verdict in zip(parts[1:], verdicts[1:], strict=True)}
    if any(verdict.status is Status.UNSCORED for verdict in verdicts):
        return Score(None, correct, forms)
    return Score(sum(p.weight * v.reward for p, v in zip(parts, verdicts, strict=True)), correct, forms)


def find_reward(name: str, registry: Mapping[str, Callable[..., Verdict]]) -> Callable[..., Verdict]:
    """Return the reward called ``name``: a key of ``registry`` or ``package.module:name``.

    Raises:
        ValueError: no such reward; the message lists what there is.
    """
    if ":" not in name:
        if name not in registry:
            raise ValueError(f"reward {name!r} is unknown; allowed is package.module:name or {', '.join(registry)}")
        return registry[name]
    try:
        found = find_named(name)
    except ValueError as error:
        raise ValueError(f"reward {error}") from None
    if not callable(found):
        raise ValueError(f"reward {name!r}: is not a function")
    return cast(Callable[..., Verdict], found)


def find_named(name: str) -> Any:
    """Return what ``package.module:name`` names.

    Raises:
        ValueError: there is no such thing; the message begins with ``name``.
    """
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise ValueError(f"{name!r}: module {error.name!r} cannot be imported; is it on PYTHONPATH?") from None
    except AttributeError:
        raise ValueError(f"{name!r}: module {module!r} has no {attribute!r}") from None
    except Exception as error:  # whatever stands in a user's module, the recipe names it
        raise ValueError(f"{name!r}: importing {module!r} raised {type(error).__name__}: {error}") from None


def make_part(
    name: str, options: Mapping[str, Any], registry: Mapping[str, Callable[..., Verdict]], weight: float = 1.0
) -> Part:
    """Return the part called ``name``, its options checked against the function's keyword arguments.

    Raises:
        ValueError: no such reward or option, or one that is called in another way; the message lists what there is.
    """
    part = Part(name, find_reward(name, registry), dict(options), weight)
    try:
        parameters = list(inspect.signature(part.reward).parameters.values())
    except (TypeError, ValueError):
        raise ValueError(f"reward {name!r}: its parameters cannot be read; allowed is {CALL}") from None
    check_positional(name, parameters)
    check_options(name, parameters, options)
    return part


def check_positional(name: str, parameters: Sequence[inspect.Parameter]) -> None:
    """Raise ``ValueError`` where a reward cannot be called with problem and response, in this order."""
    given = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [p.name for p in given]
    wanted = ["problem", "response"]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):  # a wrapper that takes whatever comes
        wanted = wanted[: len(names)]
    extra = [p.name for p in given[2:] if p.default is p.empty]
    if names[:2] == wanted and not extra:
        return
    missed = [want for want, found in zip(wanted, names, strict=False) if found != want]
    advice = f": did you mean {missed[0]!r}?" if missed else ""
    if extra and not missed:
        advice = f": write '*' before {extra[0]!r} to make it an option"
    raise ValueError(f"reward {name!r}: takes ({', '.join(names)}); allowed is {CALL}{advice}")


def check_options(name: str, parameters: Sequence[inspect.Parameter], options: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` where an option is unknown, or one without default is not given."""
    allowed = {p.name: p.default is p.empty for p in parameters if p.kind is p.KEYWORD_ONLY}
    more = any(p.kind is p.VAR_KEYWORD for p in parameters)
    for option in options:
        if option not in allowed and not more:
            known = ", ".join(allowed) or "none"
            raise ValueError(
                f"reward {name!r}: unknown option {option!r}; allowed are {known}{nearest(option, allowed)}"
            )
    for option, needed in allowed.items():
        if needed and option not in options:
            raise ValueError(f"reward {name!r}: option {option!r} is missing; given are {', '.join(options) or 'none'}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the question whether the most similar of ``known`` is meant, empty where none is similar."""
    found = difflib.get_close_matches(name, known, 1)
    return f". Did you mean {found[0]!r}?" if found else ""


def with_format(part: Part, options: Mapping[str, Any]) -> Part:
    """Return ``part`` with the recipe's format options added where its reward takes them and none is given."""
    takes = inspect.signature(part.reward).parameters
    return replace(part, options={**{k: v for k, v in options.items() if k in takes}, **part.options})
