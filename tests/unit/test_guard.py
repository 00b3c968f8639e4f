import math
import random
import subprocess
import sys

import pytest

from verigrad.recipe.sections import Guard
from verigrad.train.guard import best_held_out, fell, reason_to_stop, rollout_rows, warning
from verigrad.train.repetition import TAIL, ends_in_loop, prefix_matches

DEFAULT = Guard()
WELL = {"reward": 0.5, "accuracy": 0.5, "no_signal": 0.2, "truncated": 0.1, "unscored": 0, "responses": 128, "tokens": 50.0}  # fmt: skip
DEAD = {"no_signal": 1.0, "accuracy": 0.0}
CUT = {"truncated": 1.0, "accuracy": 0.0}


def run(*rows):
    """Number rows from step 1 on, laid over those of a run that is well."""
    return [{"step": step, **WELL, **row} for step, row in enumerate(rows, 1)]


def checks(*accuracies, n=128):
    return run(*({"held_out_accuracy": a, "held_out_problems": n} for a in accuracies))


@pytest.mark.parametrize(
    ("history", "guard", "expected"),
    [
        ([], {}, None),
        (run({}), {}, None),
        (run(*[DEAD] * 9), {}, None),
        (run(*[DEAD] * 10), {}, "no group carried a signal for 10 rollouts in a row (steps 1 to 10): every response of a prompt earned the same; choose easier problems (tasks.0.options.difficulty), a start model with pass@k above 0, or a larger group_size; guard.no_signal_rollouts: 0 goes on"),
        (run({}, *[DEAD] * 12), {}, "for 12 rollouts in a row (steps 2 to 13)"),
        (run(*[DEAD] * 10), {"no_signal_rollouts": 0}, None),
        (run(*[DEAD] * 10, {}), {}, None),
        (run(*[DEAD] * 5, {}, *[DEAD] * 9), {}, None),
        (run(DEAD), {"no_signal_rollouts": 1}, "for 1 rollout (step 1)"),
        (run(*[{"no_signal": 0.99}] * 20), {}, None),
        (run(*[{"no_signal": None}] * 20), {}, None),
        (run(*[{"no_signal": 1.0, "accuracy": 0.99}] * 10), {}, "nearly every response was correct; choose harder problems"),
        (run(*[{**DEAD, "unscored": 100}] * 10), {}, "1000 of 1280 responses could not be scored"),
        (run(*[CUT] * 4), {}, None),
        (run(*[CUT] * 5), {}, "every response was cut for 5 rollouts in a row (steps 1 to 5): raise max_response_tokens, or start from a model that ends its turn; guard.truncated_rollouts: 0 goes on"),
        (run(*[CUT] * 5), {"truncated_rollouts": 0}, None),
        (run(*[{"truncated": 0.99}] * 20), {}, None),
        (run(*[CUT | DEAD] * 10), {}, "every response was cut for 10"),
        (run(*[{"repetition": 0.51}] * 3), {}, "more than 50% of the responses ended in a loop for 3 rollouts in a row (steps 1 to 3), last 0.51: lower grpo.learning_rate"),
        (run(*[{"repetition": 0.5}] * 9), {}, None),
        (run(*[{"repetition": 0.6}] * 2), {}, None),
        (run(*[{"repetition": 0.6}] * 2, {}), {}, None),
        (run(*[{"repetition": 0.6}] * 9), {"max_repetition": 0.0}, None),
        (run(*[{"repetition": 1.0}] * 9), {"max_repetition": 1.0}, None),
        (run({"repetition": 0.6}), {"patience": 1}, "for 1 rollout (step 1)"),
        (run(*[{"entropy": 0.001}] * 9), {}, None),
        (run({"entropy": 0.4}, *[{"entropy": 0.01}] * 3), {"min_entropy": 0.02}, "the mean entropy per token was below 0.02 nats for 3 rollouts in a row (steps 2 to 4), last 0.01"),
        (run(*[{"entropy": 0.02}] * 3), {"min_entropy": 0.02}, None),
        (run(*[{}] * 9), {"min_entropy": 0.02}, None),
        (run(*[{"entropy": None}] * 9), {"min_entropy": 0.02}, None),
        (run(*[{"kl": 5.0}] * 9), {}, None),
        (run(*[{"kl": 0.6}] * 3), {"max_kl": 0.5}, "the KL divergence from the reference was above 0.5 nats per token for 3 rollouts in a row (steps 1 to 3), last 0.6"),
        (run(*[{"kl": 0.4}] * 9), {"max_kl": 0.5}, None),
        (run(*[{}] * 9), {"max_kl": 0.5}, None),
    ],
)  # fmt: skip
def test_reasons_to_stop(history, guard, expected):
    found = reason_to_stop(history, Guard(**guard))
    assert (found is None) if expected is None else (found is not None and expected in found and "\n" not in found)


@pytest.mark.parametrize(
    ("history", "max_drop", "expected"),
    [
        (checks(0.8), 0.15, None),
        (checks(0.8, 0.3), 0.15, None),
        (checks(0.8, 0.3, 0.3), 0.15, "held-out accuracy fell from 0.800 at step 1, the best, to 0.300 and 0.300 at steps 2 and 3, by more than 0.15 and the sampling error: go on from step 1"),
        (checks(0.4, 0.8, 0.3, 0.2), 0.15, "fell from 0.800 at step 2"),
        (checks(0.8, 0.3, 0.7, 0.3), 0.15, None),
        (checks(0.8, 0.3, 0.8), 0.15, None),
        (checks(0.8, 0.8, 0.3, 0.3), 0.15, "0.800 at step 1"),
        (checks(0.8, 0.3, 0.3), 0.6, None),
        (checks(1.0, 0.0, 0.0), 1.0, None),
        # beyond max_drop, but 10 problems cannot tell
        (checks(0.5, 0.3, 0.3, n=10), 0.15, None),
        (checks(0.5, 0.3, 0.3, n=1000), 0.15, "fell"),
        # max_drop 0 leaves the sampling error alone to decide
        (checks(0.8, 0.7, 0.7), 0.0, None),
        (checks(0.8, 0.7, 0.7, n=2000), 0.0, "fell"),
        (checks(0.8, 0.8, 0.8), 0.0, None),
        # checks on some steps only
        (run({"held_out_accuracy": 0.8, "held_out_problems": 128}, {}, {"held_out_accuracy": 0.3, "held_out_problems": 128}, {}, {"held_out_accuracy": 0.3, "held_out_problems": 128}, {}), 0.15, "steps 3 and 5"),
    ],
)  # fmt: skip
def test_a_fall_of_held_out_accuracy(history, max_drop, expected):
    found = reason_to_stop(history, Guard(max_drop=max_drop))
    assert (found is None) if expected is None else (found is not None and expected in found)


@pytest.mark.parametrize(
    ("accuracy", "checks", "expected"),
    [
        # best 0.6, n = m = 100. Against 0.4: pooled 0.5, variance 0.25, standard error sqrt(0.25 * 0.02) = 0.0707107,
        # two of them 0.1414; of one check nothing comes to it, of 3 sqrt(2 ln 3 * 0.0025) = 0.0741, in all 0.2155 > 0.2
        (0.4, 1, True),
        (0.4, 3, False),
        # against 0.38: pooled 0.49, variance 0.2499, 0.141393 + 0.074103 = 0.2155 < 0.22
        (0.38, 3, True),
    ],
)
def test_the_sampling_error_worked_by_hand(accuracy, checks, expected):
    best, row = ({"held_out_accuracy": a, "held_out_problems": 100} for a in (0.6, accuracy))
    assert fell(best, row, checks, 0.0) is expected


def test_a_run_that_stays_where_it_is_is_not_stopped_for_its_noise():
    dice = random.Random(0)
    stopped = 0
    for _ in range(40):
        accuracies = [sum(dice.random() < 0.5 for _ in range(128)) / 128 for _ in range(50)]
        stopped += any(reason_to_stop(checks(*accuracies[:k]), DEFAULT) is not None for k in range(2, 51))
    assert stopped == 0


def test_a_run_that_learns_never_stops_nor_warns():
    dice = random.Random(1)
    history = []
    for step in range(1, 301):
        gone = step / 300
        accuracy = 0.3 + 0.65 * gone
        row = {"accuracy": accuracy, "entropy": 0.6 - 0.55 * gone, "no_signal": 0.1 + 0.6 * gone, "truncated": 0.3 * (1 - gone), "repetition": 0.1 * (1 - gone), "tokens": 100 - 60 * gone}  # fmt: skip
        if step % 10 == 0:
            row |= {"held_out_accuracy": sum(dice.random() < accuracy for _ in range(128)) / 128, "held_out_problems": 128}  # fmt: skip
        history.append({"step": step, "rollout": step, **WELL, **row})
        assert reason_to_stop(history, DEFAULT) is None
        assert warning(history, DEFAULT) is None


def shared(row, rollouts, steps=4):
    """Return rows of which every ``steps`` share one rollout."""
    return run(*({**row, "rollout": i // steps} for i in range(rollouts * steps)))


def test_steps_that_share_a_rollout_count_once():
    assert reason_to_stop(shared(DEAD, 9), DEFAULT) is None
    found = reason_to_stop(shared(DEAD, 10), DEFAULT)
    assert found is not None
    assert "10 rollouts in a row (steps 1 to 40)" in found
    assert reason_to_stop(shared(CUT, 2), DEFAULT) is None
    assert reason_to_stop(shared({"repetition": 0.9}, 2), DEFAULT) is None


def test_a_rollout_has_the_numbers_of_its_first_step():
    rows = run({"rollout": 7, "entropy": None}, {"rollout": 7, "entropy": 0.3, "truncated": 0.9}, {"rollout": 8})
    first, second = rollout_rows(rows)
    assert (first["step"], first["last_step"], first["entropy"], first["truncated"]) == (1, 2, 0.3, 0.1)
    assert (second["step"], second["last_step"]) == (3, 3)
    assert len(rollout_rows(run({}, {}, {}))) == 3


@pytest.mark.parametrize(
    ("history", "guard", "expected"),
    [
        ([], {}, None),
        (run(*[DEAD] * 2), {}, None),
        (run(*[DEAD] * 3), {}, "no group carried a signal for 3 rollouts in a row (steps 1 to 3); the run stops after 10 (guard.no_signal_rollouts: 10)"),
        (run(*[DEAD] * 4), {}, None),
        (run(*[DEAD] * 4, {}, *[DEAD] * 3), {}, "(steps 6 to 8)"),
        (run(*[DEAD] * 3), {"no_signal_rollouts": 0}, "the run goes on (guard.no_signal_rollouts: 0)"),
        (run(*[DEAD] * 3), {"no_signal_rollouts": 3}, None),
        (run(*[CUT] * 3), {}, "every response was cut for 3 rollouts in a row (steps 1 to 3); the run stops after 5"),
        (run(*[CUT | DEAD] * 3), {}, "every response was cut"),
        (run(CUT, CUT | DEAD, CUT | DEAD, CUT | DEAD), {}, "no group carried a signal"),
        (shared(DEAD, 3)[:9], {}, "3 rollouts in a row (steps 1 to 9)"),
        (shared(DEAD, 3)[:8], {}, None),
        (shared(DEAD, 3), {}, "3 rollouts in a row (steps 1 to 12)"),
        (shared(DEAD, 4)[:13], {}, None),
    ],
)  # fmt: skip
def test_a_warning_comes_with_the_third_rollout_only(history, guard, expected):
    found = warning(history, Guard(**guard))
    assert (found is None) if expected is None else (found is not None and expected in found and "\n" not in found)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], None),
        (run({}, {}), None),
        (checks(0.3), (1, 0.3)),
        (checks(0.3, 0.7, 0.5), (2, 0.7)),
        (checks(0.3, 0.7, 0.7), (2, 0.7)),
        (run({}, {"held_out_accuracy": 0.0, "held_out_problems": 8}), (2, 0.0)),
        (run({"held_out_accuracy": None}, {"held_out_accuracy": 0.2, "held_out_problems": 8}), (2, 0.2)),
    ],
)
def test_the_best_held_out_check(history, expected):
    assert best_held_out(history) == expected


PROSE = (
    "There are 12 apples and 7 pears. First add them: 12 + 7 = 19. Then take away the 4 that were eaten, which leaves "
    "19 - 4 = 15. Half of these is 7.5, and since only whole pieces count the number is 7. "
)


@pytest.mark.parametrize(
    "text",
    [
        "wait, " * 10,
        "wait, " * 10 + "wa",
        PROSE + "no, wait. " * 40,
        PROSE + "\n".join(["Let me check again: 3 + 4 = 7, so the sum is 7."] * 8),
        PROSE + (PROSE[:120] + "\n") * 5,
        "<think>" + "1" * 200,
        "a" * 128,
        PROSE + "\n" * 200,
        "<think>\n" + "12+7=19\n" * 10,
        ("-" * 100 + "\n") * 4 + "-" * 100,
        PROSE * 4,
        "x" * 50_000 + "ab" * 25_000,
        "あい" * 40,
    ],
)
def test_texts_that_end_in_a_loop(text):
    assert ends_in_loop(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "aaaa",
        "haha haha haha",
        "a" * 127,
        "wait, " * 9,
        PROSE,
        PROSE * 3,
        "1+1+1+1=4",
        "1+" * 50 + "1=51",
        "the number is 1000000",
        "1" + "0" * 100,
        "0." + "3" * 100,
        "Title\n" + "=" * 120,
        "=" * 80 + "\n",
        PROSE + "1+" * 30 + "1",
        PROSE + "| 1 | 2 | 3 |\n" * 5,
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 2 | 4 |\n| 3 | 6 |\n| 4 | 8 |\n| 5 | 10 |\n",
        "step 1\nstep 2\nstep 3\nstep 4\nstep 5\nstep 6\nstep 7\nstep 8\nstep 9\nstep 10\n",
        "<think>" + "wait, " * 100 + "</think><answer>42</answer>",
        " ".join(str(i) for i in range(400)),
    ],
)
def test_texts_that_do_not(text):
    assert not ends_in_loop(text)


def test_random_digits_are_no_loop_and_the_measure_agrees_with_its_definition():
    dice = random.Random(0)
    for _ in range(300):
        size = dice.randrange(300)
        text = "".join(dice.choice("ab") for _ in range(dice.randrange(20)))
        text = (text + (text or "c")[: dice.randrange(1, 9)] * dice.randrange(60))[:size]
        assert ends_in_loop(text) is slow_loop(text)


def slow_loop(text):
    """Return what ``ends_in_loop`` is defined as, tried unit by unit."""
    least = max(128 if len(set(text[-60:])) == 1 else 60, math.ceil(len(text) / 3))
    return len(text) >= least and any(
        all(text[-i] == text[-i - unit] for i in range(1, max(least, 4 * unit) - unit + 1))
        for unit in range(1, len(text) // 4 + 1)
        if max(least, 4 * unit) <= len(text)
    )


def test_only_the_tail_is_looked_at():
    dice = random.Random(2)
    noise = "".join(dice.choice("abcdefgh ") for _ in range(100_000))
    for loop in ("no, wait. " * 300, "no, wait. " * 200):
        short = (noise + loop)[-TAIL:]
        assert ends_in_loop(noise + loop) is ends_in_loop(short) is (len(loop) >= TAIL / 3)


class Counted(list):
    """A list that counts how often one item is read."""

    reads = 0

    def __getitem__(self, index):
        self.reads += 1
        return super().__getitem__(index)


@pytest.mark.parametrize("text", ["a" * 4000, "ab" * 2000, "a" * 3999 + "b", "aab" * 1333, ("a" * 50 + "b") * 80])
def test_the_work_is_linear(text):
    items = Counted(text)
    prefix_matches(items)
    assert items.reads <= 4 * len(text)  # two items for each of at most 2 n comparisons


def test_prefix_matches_worked_by_hand():
    # aabaab: from 1 on "a" then b against a; from 3 on all three of "aab"; from 4 on "a"; from 5 on b against a
    assert prefix_matches("aabaab") == [6, 1, 0, 3, 1, 0]
    assert prefix_matches("aaaa") == [4, 3, 2, 1]
    assert prefix_matches("a") == [1]


def test_the_guard_imports_without_torch():
    code = "import sys, verigrad.train.guard, verigrad.train.repetition; print('torch' in sys.modules)"
    path = {"PYTHONPATH": "src:rewards"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=path)
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.parametrize(
    ("norms", "effective", "stops"),
    [([0.0, 0.0, 0.0], 8, True), ([0.0, 0.1, 0.0], 8, False), ([0.0, 0.0, 0.0], 0, False), ([0.0, 0.0], 8, False)],
)
def test_a_signal_that_moves_nothing_stops_the_run(norms, effective, stops):
    history = [
        {"step": i + 1, "rollout": i, "no_signal": 0.5, "grad_norm": norm, "effective_responses": effective}
        for i, norm in enumerate(norms)
    ]
    said = reason_to_stop(history, Guard())
    assert (said is not None) == stops
    assert not stops or "the gradient was 0 in steps 1 to 3 although responses of a prompt earned different" in said
