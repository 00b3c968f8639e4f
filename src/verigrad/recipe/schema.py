"""The keys of a recipe. Knobs of trl keep trl's names in the pass-through sections ``grpo`` and ``sft``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from verigrad.recipe.bind import ranged
from verigrad.recipe.sections import (
    Curriculum,
    Evaluation,
    Format,
    Guard,
    Lora,
    PassRates,
    Phase,
    Preflight,
    Scoring,
    ShapingUse,
    TaskUse,
)


@dataclass(frozen=True)
class Recipe:
    """Everything a run needs to know.

    Attributes:
        model: ``verigrad/tiny``, a folder, or a hub id.
        tasks: the mix of tasks.
        output_dir: the run folder.
        resume: ``auto`` goes on with a run that was interrupted, ``never`` refuses a folder that exists.
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
        save_every: steps between checkpoints, 0 for none but those of ``keep_best`` and of an interruption.
        keep_checkpoints: how many of the newest are kept.
        keep_best: whether the checkpoint with the best quick held-out check is made and kept.
        advantage: ``grpo``, ``dr_grpo`` or ``rloo``; see ``train/advantages.py``.
        max_refills: times that groups without signal are sampled anew from other problems (DAPO, arXiv 2503.14476).
        leaks: what becomes of train problems that are measured on as well: ``refuse`` stops before training and names
            them, ``drop`` leaves them out.
        pass_rates: filter of the train problems.
        curriculum: follow the difficulty dial of the tasks; the default takes all levels at once.
        lora: train an adapter; the default trains every weight.
        scoring: how rewards are run.
        preflight: what is sampled before the first step.
        guard: when a run that no longer learns is stopped.
        hang_timeout_s: seconds without any progress after which a process counts as hung and all end; 0 for never.
        sequences_per_step: worked solutions per optimizer step (``stage: sft``).
        phases: mixtures of thinking, one after the other (``stage: sft``).
        eval: held-out measurement.
        grpo: passed through to trl's ``GRPOConfig``.
        sft: passed through to trl's ``SFTConfig``.
    """

    model: str
    tasks: tuple[TaskUse, ...]
    output_dir: str
    resume: Literal["auto", "never"] = "auto"
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
    save_every: int = ranged(50, low=0)
    keep_checkpoints: int = ranged(2, low=1)
    keep_best: bool = True
    advantage: Literal["grpo", "dr_grpo", "rloo"] = "grpo"
    max_refills: int = ranged(0, low=0)
    leaks: Literal["refuse", "drop"] = "refuse"
    pass_rates: PassRates = field(default_factory=PassRates)
    curriculum: Curriculum | None = None
    lora: Lora | None = None
    scoring: Scoring = field(default_factory=Scoring)
    preflight: Preflight = field(default_factory=Preflight)
    guard: Guard = field(default_factory=Guard)
    hang_timeout_s: float = ranged(20.0, low=0)
    sequences_per_step: int = ranged(64, low=1)
    phases: tuple[Phase, ...] = ()
    eval: Evaluation = field(default_factory=Evaluation)
    grpo: Mapping[str, Any] = field(default_factory=dict)
    sft: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no single key can show."""
        if not self.tasks or not sum(use.weight for use in self.tasks):
            raise ValueError("tasks: found none with a weight; name at least one, such as '- name: chain_sum'")
        for key, uses in (("tasks", self.tasks), ("eval.tasks", self.eval.tasks)):
            named = [use.name for use in uses]
            if repeated := {name for name in named if named.count(name) > 1}:
                raise ValueError(f"{key}: {', '.join(sorted(repeated))} stands more than once; name each task once")
        weight = sum(use.weight for use in self.shaping)
        if weight >= 1:
            raise ValueError(
                f"shaping: the weights sum to {weight:g}; allowed is less than 1, or form would pay as much as a "
                "correct answer"
            )
        budgets = self.eval.think_budgets
        if any(budget < 0 for budget in budgets) or len(set(budgets)) < len(budgets):
            raise ValueError(f"eval.think_budgets: found {list(budgets)}; allowed are different numbers from 0")
        if self.pass_rates.low > self.pass_rates.high:
            raise ValueError(f"pass_rates: low {self.pass_rates.low:g} is above high {self.pass_rates.high:g}")
        if self.stage == "sft" and not self.phases:
            raise ValueError("phases: stage sft needs at least one, such as '- {steps: 500, think_share: 1.0}'")
        if not re.fullmatch(r"[A-Za-z0-9._/ ~-]+", self.output_dir) or ".." in self.output_dir.split("/"):
            raise ValueError(f"output_dir: found {self.output_dir!r}; allowed are letters, digits and . _ - / ~")
