"""What a task is: where its problems come from, how they are asked, which reward decides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from verigrad_rewards.structure import Structure
from verigrad_rewards.types import Problem


class Split(StrEnum):
    """Which problems: to learn from, to measure on, or harder ones of a kind never trained on."""

    TRAIN = "train"
    HELD_OUT = "held_out"
    OOD = "ood"


SPLIT_NAMES: dict[str, str] = {Split.HELD_OUT: "held out", Split.OOD: "out of distribution", Split.TRAIN: "train"}

# ``load(split, seed, limit, **options)`` returns ``limit`` distinct problems (all of a finite set where None);
# the same arguments always return the same list
Load = Callable[..., list[Problem]]


@dataclass(frozen=True, slots=True)
class Task:
    """A source of problems with the reward that decides them.

    Attributes:
        name: the key in ``TASKS``.
        load: returns problems of a split.
        reward: name of the correctness reward, in ``REWARDS`` or as ``package.module:name``.
        instruction: text put before every question for models that do not know the task; may be empty.
        reward_options: keyword options of the reward.
        generated: whether the kit makes its problems, as many as asked for.
        hub: data set of the hub that its problems come from by default, None for none.
        solve: returns a worked solution of a problem, which the cold start learns from; None if there is none.
    """

    name: str
    load: Load
    reward: str
    instruction: str = ""
    reward_options: Mapping[str, Any] = field(default_factory=dict)
    generated: bool = False
    hub: str | None = None
    solve: Callable[[Problem], Structure] | None = None
