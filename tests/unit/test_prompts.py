from collections import Counter

import pytest

from verigrad.errors import RecipeError
from verigrad.recipe.sections import Curriculum
from verigrad.train.prompts import Prompts, epoch_order
from verigrad_rewards.types import Problem


def problems(*levels, task="t"):
    return [Problem(f"{task}/train/{i}", "q", "1", {"level": level}) for i, level in enumerate(levels)]


def test_an_epoch_has_every_problem_once_and_no_tail_is_dropped():
    prompts = Prompts(problems(*[1] * 5), seed=3, curriculum=None)
    drawn = [row for _ in range(10) for row in prompts.draw(2)]  # 5 problems, 2 a rollout
    for epoch in range(4):
        assert sorted(drawn[epoch * 5 : epoch * 5 + 5]) == [0, 1, 2, 3, 4]
    assert len({tuple(drawn[e * 5 : e * 5 + 5]) for e in range(4)}) > 1


def test_the_order_follows_from_seed_and_epoch_alone():
    assert epoch_order(50, 1, 2) == epoch_order(50, 1, 2)
    assert len({tuple(epoch_order(50, seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9


def test_a_restored_state_draws_what_the_first_would_have_drawn():
    made = [Prompts(problems(1, 2, 3, 1, 2, 3), 0, Curriculum()) for _ in range(2)]
    made[0].draw(5)
    made[0].learn({0: 0.9})
    made[1].restore(made[0].state())
    assert made[0].draw(20) == made[1].draw(20)
    assert made[0].state() == made[1].state()


def test_the_dial_follows_accuracy_within_the_levels_there_are():
    prompts = Prompts(problems(3, 4, 7), 0, Curriculum(window=2, up=0.7, down=0.2))
    assert prompts.window() == [0]
    seen = []
    for accuracy in (0.5, 0.7, 0.9, 0.95, 0.1, 0.2, 0.0, 0.0):
        prompts.learn({prompts.dial: accuracy})
        seen.append(prompts.dial)
    assert seen == [0, 1, 2, 2, 1, 1, 0, 0]


def test_rollouts_are_spread_over_the_window_the_hardest_first():
    prompts = Prompts(problems(1, 2, 3), 0, Curriculum(window=2))
    prompts.dial = 2
    assert Counter(prompts.draw(4)) == {2: 2, 1: 2}
    assert prompts.draw(1) == [2]


def test_accuracy_of_other_levels_does_not_turn_the_dial():
    prompts = Prompts(problems(1, 2), 0, Curriculum())
    prompts.learn({1: 1.0})
    assert prompts.dial == 0


def test_tasks_with_different_dials_begin_at_their_own_easiest():
    mixed = [*problems(3, 4, task="a"), *problems(1, 2, task="b")]
    assert Prompts(mixed, 0, Curriculum()).levels == [0, 1, 0, 1]


def test_a_task_without_a_dial_has_no_curriculum():
    with pytest.raises(RecipeError, match="curriculum: t/1 has no difficulty"):
        Prompts([Problem("t/1", "q", "1")], 0, Curriculum())
