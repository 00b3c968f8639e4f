"""The sections of a recipe, each a mapping of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
        tasks: what is measured after training; the default is the recipe's own tasks.
        problems: held-out problems over the task mix.
        ood_problems: harder, out-of-distribution problems over the task mix.
        samples: sampled responses per problem, at ``temperature``.
        greedy: whether one greedy response per problem comes on top.
        think_budgets: further measurements, one sampled response per problem each, in which thinking is ended after
            so many tokens and the answer is asked for; it must fit below ``max_response_tokens`` as well.
        temperature: of the sampled responses.
        top_p: share of the probability that they are sampled from; quick checks take all of it.
        seed: of the sampled responses; the problems never depend on a seed.
        every: training steps between quick held-out checks, 0 for none.
        every_problems: held-out problems in a quick check, one sample each.
        batch_size: responses decoded at once.
    """

    tasks: tuple[TaskUse, ...] = ()
    problems: int = ranged(1000, low=1)
    ood_problems: int = ranged(200, low=0)
    samples: int = ranged(1, low=1)
    greedy: bool = True
    think_budgets: tuple[int, ...] = ()
    temperature: float = ranged(1.0, low=0.01, high=10)
    top_p: float = ranged(1.0, low=0.01, high=1)
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
class Scoring:
    """How rewards are run, in worker processes.

    Attributes:
        workers: worker processes per training process, 0 for one per core that the training processes leave.
        deadline_s: seconds after which judging one response is stopped.
        max_unscored: share of a rollout's, or of an evaluation's, responses that may stay unscored; above it the run
            saves and stops.
    """

    workers: int = ranged(0, low=0)
    deadline_s: float = ranged(30.0, low=0.1)
    max_unscored: float = ranged(0.1, low=0, high=1)


@dataclass(frozen=True)
class Preflight:
    """What is sampled from the start model before the first step.

    Attributes:
        problems: train problems sampled, ``group_size`` responses each; 0 skips the preflight.
        allow_dead: whether to train although almost no group carries a signal, or every response is cut.
    """

    problems: int = ranged(16, low=0)
    allow_dead: bool = False


@dataclass(frozen=True)
class PassRates:
    """Which train problems are worth their rollouts, by the start model's measured pass rate.

    Attributes:
        samples: responses per train problem, 0 for no filter.
        low: lowest pass rate that is kept.
        high: highest pass rate that is kept.
        cache: folder of measured pass rates, keyed by model and problem.
    """

    samples: int = ranged(0, low=0)
    low: float = ranged(0.05, low=0, high=1)
    high: float = ranged(0.95, low=0, high=1)
    cache: str = "~/.cache/verigrad/pass_rates"


@dataclass(frozen=True)
class Curriculum:
    """Follow a task's difficulty dial: harder once the model can, easier when it cannot.

    Attributes:
        window: levels trained on at once; the hardest is the dial's setting.
        up: accuracy of a rollout at the dial's setting from which it goes one level up.
        down: accuracy below which it goes one level down.
    """

    window: int = ranged(2, low=1)
    up: float = ranged(0.7, low=0, high=1)
    down: float = ranged(0.2, low=0, high=1)


@dataclass(frozen=True)
class Guard:
    """When a run that no longer learns is stopped. A limit of 0 is never reached, but for ``max_drop`` 1.

    Attributes:
        no_signal_rollouts: rollouts in a row in which no group carries a signal.
        truncated_rollouts: rollouts in a row in which every response is cut.
        patience: rollouts in a row beyond one of the limits below.
        min_entropy: lowest mean entropy per token, in nats.
        max_kl: highest KL divergence from the reference, in nats per token; needs ``grpo.beta``.
        max_repetition: highest share of responses that end in a loop.
        max_drop: how far held-out accuracy may fall below its best, beyond its sampling error.
    """

    no_signal_rollouts: int = ranged(10, low=0)
    truncated_rollouts: int = ranged(5, low=0)
    patience: int = ranged(3, low=1)
    min_entropy: float = ranged(0.0, low=0)
    max_kl: float = ranged(0.0, low=0)
    max_repetition: float = ranged(0.5, low=0, high=1)
    max_drop: float = ranged(0.15, low=0, high=1)


@dataclass(frozen=True)
class Lora:
    """Train a low-rank adapter (LoRA, arXiv 2106.09685) beside frozen weights.

    Attributes:
        rank: of the update.
        alpha: its scale is ``alpha / rank``.
        dropout: on the adapter's input during training.
        targets: name endings of the linear layers, or ``all-linear``.
    """

    rank: int = ranged(16, low=1)
    alpha: float = ranged(32.0, low=0)
    dropout: float = ranged(0.0, low=0, high=0.9)
    targets: tuple[str, ...] = ("all-linear",)
