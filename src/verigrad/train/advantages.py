"""``ADVANTAGES``: how the rewards of a group become the weights of its responses, by the recipe's name.

Every function maps fp32 rewards (P, G), P problems and G responses each, NaN where unscored, to fp32 advantages (P, G).
An advantage is 0 where the reward is NaN, and throughout a group without signal. Those of a group sum to 0.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from verigrad.train.rollouts import TIE

EPSILON = 1e-4  # trl's

# lowest standard deviation divided by. Residue that gets past TIE stays small: a spread d earns less than d / 1.1e-3.
# Rewards that differ by 0.1 have at least 0.1 / sqrt(G), so up to 10,000 responses in a group it changes nothing
STD_FLOOR = 1e-3


def has_signal(rewards: Tensor) -> Tensor:
    """Return, (P,) bool, which groups have two scored rewards that differ by more than 1e-6.

    Args:
        rewards: (P, G); NaN where unscored.
    """
    highest = rewards.masked_fill(rewards.isnan(), -torch.inf).amax(dim=1)
    return highest - lowest(rewards).squeeze(1) > TIE


def lowest(rewards: Tensor) -> Tensor:
    """Return, (P, 1), the lowest scored reward of each group; infinity where none is scored."""
    return rewards.masked_fill(rewards.isnan(), torch.inf).amin(dim=1, keepdim=True)


def scored_count(rewards: Tensor) -> Tensor:
    """Return, (P, 1), how many rewards of each group are not NaN."""
    return (~rewards.isnan()).sum(dim=1, keepdim=True)


def dr_grpo(rewards: Tensor) -> Tensor:
    """Reward minus the mean of its group's scored rewards.

    GRPO without the division by the standard deviation (Dr. GRPO, arXiv 2503.20783).

    Args:
        rewards: (P, G); NaN where unscored.
    """
    weighed = has_signal(rewards).unsqueeze(1) & ~rewards.isnan()
    above = rewards - lowest(rewards)  # a mean of rewards near 1,000 would be rounded to 3e-5
    return torch.where(weighed, above - above.nanmean(dim=1, keepdim=True), 0.0)


def rloo(rewards: Tensor) -> Tensor:
    """Reward minus the mean of the other scored rewards of its group (RLOO, arXiv 2402.14740).

    With n scored rewards this is n / (n - 1) times the reward minus the mean of all n.

    Args:
        rewards: (P, G); NaN where unscored.
    """
    scored = scored_count(rewards)
    return dr_grpo(rewards) * scored / (scored - 1).clamp(min=1)


def grpo(rewards: Tensor) -> Tensor:
    """Reward minus the mean of its group, over the group's standard deviation (DeepSeekMath, arXiv 2402.03300).

    The deviation is that of a sample (n - 1), at least 1e-3, plus 1e-4. It is computed from differences to the mean:
    the mean of squares minus the square of the mean leaves residue where 0 is due, which once made an advantage of
    7428 (NeMo-RL#4161). In a group of n none is beyond (n - 1) / sqrt(n).

    Args:
        rewards: (P, G); NaN where unscored.
    """
    deviation = dr_grpo(rewards)
    variance = deviation.square().sum(dim=1, keepdim=True) / (scored_count(rewards) - 1).clamp(min=1)
    return deviation / (variance.sqrt().clamp(min=STD_FLOOR) + EPSILON)


ADVANTAGES: dict[str, Callable[[Tensor], Tensor]] = {"grpo": grpo, "dr_grpo": dr_grpo, "rloo": rloo}
