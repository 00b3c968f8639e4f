"""Weigh the verdicts of one response into one number: the only place where rewards meet.

Correctness weighs 1. Shaping pays for form and weighs less than 1 in total, so no amount of form without a correct
answer pays as much as a correct answer without form.
"""

import importlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from verigrad_rewards.types import Problem, Response, Status, Verdict


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
        if not isinstance(verdict, Verdict) or not math.isfinite(verdict.reward):
            raise ValueError(f"reward {self.name} on {problem.id}: returned {verdict!r}; allowed is a finite Verdict")
        return verdict


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
    correct = correctness.score(problem, response)
    forms = {part.name: part.score(problem, response) for part in shaping}
    if any(verdict.status is Status.UNSCORED for verdict in [correct, *forms.values()]):
        return Score(None, correct, forms)
    extra = sum(part.weight * forms[part.name].reward for part in shaping)
    return Score(correctness.weight * correct.reward + extra, correct, forms)


def find_reward(name: str, registry: Mapping[str, Callable[..., Verdict]]) -> Callable[..., Verdict]:
    """Return the reward called ``name``: a key of ``registry`` or ``package.module:name``.

    Raises:
        ValueError: no such reward; the message lists what there is.
    """
    if ":" not in name:
        if name not in registry:
            raise ValueError(f"reward {name!r} is unknown; allowed is package.module:name or {', '.join(registry)}")
        return registry[name]
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise ValueError(f"reward {name!r}: module {error.name!r} cannot be imported; is it on PYTHONPATH?") from None
    except AttributeError:
        raise ValueError(f"reward {name!r}: module {module!r} has no {attribute!r}") from None
    if not callable(found):
        raise ValueError(f"reward {name!r}: is not a function")
    return cast(Callable[..., Verdict], found)


def make_part(
    name: str, options: Mapping[str, Any], registry: Mapping[str, Callable[..., Verdict]], weight: float = 1.0
) -> Part:
    """Return the part called ``name``, its options checked against the function's keyword arguments.

    Raises:
        ValueError: no such reward or option; the message lists what there is.
    """
    part = Part(name, find_reward(name, registry), dict(options), weight)
    parameters = inspect.signature(part.reward).parameters.values()
    allowed = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return part
    for option in options:
        if option not in allowed:
            raise ValueError(f"reward {name}: unknown option {option!r}; allowed are {', '.join(allowed) or 'none'}")
    return part


def with_format(part: Part, options: Mapping[str, Any]) -> Part:
    """Return ``part`` with the recipe's format options added where its reward takes them and none is given."""
    takes = inspect.signature(part.reward).parameters
    return replace(part, options={**{k: v for k, v in options.items() if k in takes}, **part.options})
