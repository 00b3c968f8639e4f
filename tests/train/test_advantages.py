import math

import pytest
import torch
from trl.trainer.utils import nanstd

from verigrad.train.advantages import ADVANTAGES, dr_grpo, grpo, has_signal, rloo

NAN = math.nan


def of(name, *groups):
    return ADVANTAGES[name](torch.tensor(groups, dtype=torch.float32)).tolist()


def close(expected):
    return [pytest.approx(group, abs=1e-6) for group in expected]


def trl_formula(rewards):
    """What trl 1.16 computes for scale_rewards "group", its own nanstd included."""
    centred = rewards - rewards.nanmean(dim=1, keepdim=True)
    return torch.nan_to_num(centred / (nanstd(rewards, dim=1).unsqueeze(1) + 1e-4), nan=0.0)


@pytest.mark.parametrize(
    ("name", "group", "expected"),
    [
        # mean 1/4, squares 9/16 + 3/16 = 3/4, over 3 = 1/4, std 1/2: 0.75 / 0.5001 and -0.25 / 0.5001
        ("grpo", [1, 0, 0, 0], [1.49970006, -0.49990002, -0.49990002, -0.49990002]),
        # mean 0.6, differences 0.5, 0.4, -0.4, -0.5, squares 0.82, over 3 = 0.27333, std 0.52281290, plus 1e-4
        ("grpo", [1.1, 1.0, 0.2, 0.1], [0.95618195, 0.76494556, -0.76494556, -0.95618195]),
        # of the scored 1, 0, 0: mean 1/3, squares 4/9 + 2/9 = 2/3, over 2 = 1/3, std 0.57735027, plus 1e-4
        ("grpo", [1, NAN, 0, 0], [1.15450057, 0, -0.57725028, -0.57725028]),
        ("dr_grpo", [1, 0, 0, 0], [0.75, -0.25, -0.25, -0.25]),
        ("dr_grpo", [1, NAN, 0, 0], [0.66666667, 0, -0.33333333, -0.33333333]),
        # the others' means are 0, 1/3, 1/3, 1/3; and without the unscored one 0, 1/2, 1/2
        ("rloo", [1, 0, 0, 0], [1, -0.33333333, -0.33333333, -0.33333333]),
        ("rloo", [1, NAN, 0, 0], [1, 0, -0.5, -0.5]),
        # negative shaping: mean 0.4, the other is -0.2 and 1
        ("dr_grpo", [1, -0.2], [0.6, -0.6]),
        ("rloo", [1, -0.2], [1.2, -1.2]),
    ],
)
def test_advantages_worked_by_hand(name, group, expected):
    assert of(name, group) == close([expected])


@pytest.mark.parametrize("name", ADVANTAGES)
@pytest.mark.parametrize(
    "group",
    [
        [0, 0, 0, 0],
        [1.1, 1.1, 1.1, 1.1],
        [NAN, NAN, NAN, NAN],
        [1, NAN, NAN, NAN],
        [0.35, NAN, 0.35, 0.35],
        [0.1 + 1e-8, 0.1, 0.1 - 1e-8, 0.1],
        [1.0 + 1.2e-7, 1.0, 1.0, 1.0],
        [0.7 + 0.1, 0.8, 0.1 + 0.7, 0.4 + 0.4],
    ],
)
def test_a_group_without_signal_earns_exactly_nothing(name, group):
    assert of(name, group) == [[0, 0, 0, 0]]


@pytest.mark.parametrize("x", [0.95, 0.35, 0.4, 0.3])
def test_a_single_odd_response_never_explodes(x):
    # NeMo-RL#4158 and #4161 saw -2075 and 7428 here, from a leave-one-out deviation of residue
    # n = 8: (n - 1) / sqrt(n) = 2.47487, and the 1e-4 makes it a little less
    odd = ADVANTAGES["grpo"](torch.tensor([[0.0] + [x] * 7]))
    assert -2.47487 < odd.min() < -2.47


def test_residue_beyond_the_tie_is_held_by_the_floor():
    # fp32 near 1000 has steps of 2^-14 = 6.1035e-5: 3.05176e-5 each way, over 1e-3 + 1e-4; trl's formula says 0.4
    assert of("grpo", [1000, 1000 + 2**-14]) == close([[-0.02774327, 0.02774327]])


def test_grpo_equals_trl_on_ordinary_rewards():
    seed = torch.Generator().manual_seed(0)
    for size in (2, 4, 8, 16, 64):
        right = torch.randint(0, 2, (200, size), generator=seed).float()
        form = torch.randint(0, 2, (200, size), generator=seed).float()
        rewards = right + 0.1 * form
        rewards[torch.rand(rewards.shape, generator=seed) < 0.1] = NAN
        assert torch.allclose(grpo(rewards).double(), trl_formula(rewards.double()), rtol=0, atol=1e-6)
        # in fp32 trl's own mean of rewards near 1 is rounded
        assert torch.allclose(grpo(rewards), trl_formula(rewards), rtol=0, atol=5e-6)
    lonely = torch.zeros(1, 1024)
    lonely[0, 5] = 0.1
    assert torch.allclose(grpo(lonely), trl_formula(lonely), rtol=0, atol=5e-6)


@pytest.mark.parametrize("name", ADVANTAGES)
def test_properties(name):
    advantages = ADVANTAGES[name]
    seed = torch.Generator().manual_seed(1)
    for size in (2, 3, 8, 16):
        rewards = torch.randint(0, 5, (50, size), generator=seed) / 4
        rewards[:, 1:][torch.rand((50, size - 1), generator=seed) < 0.2] = NAN
        before = rewards.clone()
        found = advantages(rewards)
        assert torch.equal(rewards.nan_to_num(-1), before.nan_to_num(-1))
        assert (found.dtype, found.shape) == (torch.float32, rewards.shape)
        assert bool(found.isfinite().all())
        assert bool((found[rewards.isnan()] == 0).all())
        assert found.sum(dim=1).abs().max() < 1e-5
        for shift in (-3.0, 0.5, 10.0):
            assert torch.allclose(advantages(rewards + shift), found, atol=1e-6)
        # grpo does not know the scale of rewards, up to its 1e-4; the others follow it
        scaled = advantages(4 * rewards)
        assert torch.allclose(scaled, found if name == "grpo" else 4 * found, atol=1e-5, rtol=2e-3)
        order = torch.randperm(size, generator=seed)
        assert torch.allclose(advantages(rewards[:, order]), found[:, order], atol=1e-6)
        assert torch.allclose(advantages(rewards[:10]), found[:10])


def test_rloo_is_the_leave_one_out_baseline():
    seed = torch.Generator().manual_seed(2)
    rewards = torch.rand((20, 6), generator=seed)
    for p in range(20):
        for g in range(6):
            others = [rewards[p, i].item() for i in range(6) if i != g]
            assert rloo(rewards)[p, g].item() == pytest.approx(rewards[p, g].item() - sum(others) / 5, abs=1e-6)
    assert torch.allclose(rloo(rewards), 6 / 5 * dr_grpo(rewards))


@pytest.mark.parametrize(
    ("group", "signal"),
    [
        ([0, 1], True),
        ([0, 0], False),
        ([NAN, 1], False),
        ([NAN, NAN], False),
        ([NAN, 1, 0], True),
        ([1, 1 + 1e-7], False),
        ([0, 9e-7], False),
        ([0, 2e-6], True),
        ([1.1, 1.0], True),
        ([-0.2, 0], True),
    ],
)
def test_has_signal(group, signal):
    found = has_signal(torch.tensor([group], dtype=torch.float32))
    assert (found.dtype, found.tolist()) == (torch.bool, [signal])
