"""The keys of a recipe. Knobs of trl keep trl's names in the pass-through sections ``grpo`` and ``sft``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from verigrad.recipe.bind import ranged
from verigrad_rewards.structure import Tags


@dataclass(frozen=True)
class TaskUse:
    """One task of the mix.

    Attributes:
        name: a key of ``TASKS`` or ``package.module:name``.
        weight: share of the prompts, relative to the other tasks.
        options: what the task's ``load`` takes, such as ``difficulty`` or ``path``.
        reward_options: laid over the task's own options for its correctness reward.
    """

    name: str
    weight: float = ranged(1.0, low=0)
    options: Mapping[str, Any] = field(default_factory=dict)
    reward_options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Format:
    """The structure that responses must keep.

    Attributes:
        think_tag: name of the tag around the thinking.
        answer_tag: name of the tag around the answer.
        allow_empty_think: whether ``<think></think>`` is legal.
    """

    think_tag: str = "think"
    answer_tag: str = "answer"
    allow_empty_think: bool = False

    def __post_init__(self) -> None:
        """Refuse tag names that cannot be tags."""
        self.tags()

    def tags(self) -> Tags:
        """Return the tags as rewards take them."""
        return Tags(self.think_tag, self.answer_tag)


@dataclass(frozen=True)
class ShapingUse:
    """One reward for form, beside correctness.

    Attributes:
        name: a key of ``REWARDS`` or ``package.module:name``.
        weight: its share; all shaping together must weigh less than a correct answer, whose weight is 1.
        options: keyword options of the reward.
    """

    name: str
    weight: float = ranged(0.1, low=0)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """How held-out problems are measured.

    Attributes:
        problems: held-out problems over the task mix.
        ood_problems: harder, out-of-distribution problems over the task mix.
        samples: sampled responses per problem, at ``temperature``; one greedy response comes on top.
        temperature: of the sampled responses.
        seed: of the sampled responses; the problems never depend on a seed.
        every: training steps between quick held-out checks, 0 for none.
        every_problems: held-out problems in a quick check, one sample each.
        batch_size: responses decoded at once.
    """

    problems: int = ranged(1000, low=1)
    ood_problems: int = ranged(200, low=0)
    samples: int = ranged(1, low=1)
    temperature: float = ranged(1.0, low=0.01, high=10)
    seed: int = ranged(0, low=0)
    every: int = ranged(10, low=0)
    every_problems: int = ranged(128, low=1)
    batch_size: int = ranged(256, low=1)


@dataclass(frozen=True)
class Phase:
    """A stretch of supervised training with one mixture of long and short thinking.

    Attributes:
        steps: optimizer steps.
        think_share: share of the traces that keep their thinking; the others have an empty one.
    """

    steps: int = ranged(low=1)
    think_share: float = ranged(1.0, low=0, high=1)


@dataclass(frozen=True)
class Recipe:
    """Everything a run needs to know.

    Attributes:
        model: ``verigrad/tiny``, a folder, or a hub id.
        tasks: the mix of tasks.
        output_dir: the run folder; it must not exist.
        stage: ``grpo`` (reinforcement learning) or ``sft`` (supervised, on the tasks' worked solutions).
        seed: of everything random.
        from_scratch: start from random weights of the model's architecture.
        instruction: text before every question; the default is the task's own, with the format spelled out.
        format: the think/answer structure.
        shaping: rewards for form; correctness itself always weighs 1.
        control: ``random`` replaces the whole reward by a coin flip, to see what training without signal does.
        prompts_per_step: prompts (groups) per optimizer step, over all processes.
        group_size: responses per prompt, trl's ``num_generations``.
        max_steps: optimizer steps; the phases decide for ``stage: sft``.
        max_prompt_tokens: longer prompts are an error.
        max_response_tokens: responses are cut here.
        save_every: steps between checkpoints, 0 for the end only.
        sequences_per_step: worked solutions per optimizer step (``stage: sft``).
        phases: mixtures of thinking, one after the other (``stage: sft``).
        eval: held-out measurement.
        grpo: passed through to trl's ``GRPOConfig``.
        sft: passed through to trl's ``SFTConfig``.
    """

    model: str
    tasks: tuple[TaskUse, ...]
    output_dir: str
    stage: Literal["grpo", "sft"] = "grpo"
    seed: int = ranged(0, low=0)
    from_scratch: bool = False
    instruction: str | None = None
    format: Format = field(default_factory=Format)
    shaping: tuple[ShapingUse, ...] = (ShapingUse("think_answer"),)
    control: Literal["none", "random"] = "none"
    prompts_per_step: int = ranged(8, low=1)
    group_size: int = ranged(16, low=2)
    max_steps: int = ranged(100, low=1)
    max_prompt_tokens: int = ranged(1024, low=1)
    max_response_tokens: int = ranged(512, low=1)
    save_every: int = ranged(0, low=0)
    sequences_per_step: int = ranged(64, low=1)
    phases: tuple[Phase, ...] = ()
    eval: Evaluation = field(default_factory=Evaluation)
    grpo: Mapping[str, Any] = field(default_factory=dict)
    sft: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no single key can show."""
        if not self.tasks or not sum(use.weight for use in self.tasks):
            raise ValueError("tasks: found none with a weight; name at least one, such as '- name: chain_sum'")
        repeated = {use.name for use in self.tasks if [u.name for u in self.tasks].count(use.name) > 1}
        if repeated:
            raise ValueError(f"tasks: {', '.join(sorted(repeated))} stands more than once; name each task once")
        weight = sum(use.weight for use in self.shaping)
        if weight >= 1:
            raise ValueError(
                f"shaping: the weights sum to {weight:g}; allowed is less than 1, or form would pay as much as a "
                "correct answer"
            )
        if self.stage == "sft" and not self.phases:
            raise ValueError("phases: stage sft needs at least one, such as '- {steps: 500, think_share: 1.0}'")
        if not re.fullmatch(r"[A-Za-z0-9._/ ~-]+", self.output_dir) or ".." in self.output_dir.split("/"):
            raise ValueError(f"output_dir: found {self.output_dir!r}; allowed are letters, digits and . _ - / ~")
