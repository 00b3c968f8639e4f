"""When a run no longer learns: pure functions over the rows of ``metrics.jsonl``, in step order; no torch.

A row has ``step`` and the numbers of ``step_metrics``; what is missing or None, such as ``kl`` without a reference, is
not judged. Rows with the same ``rollout`` share one, which counts once.

Length has no limit of its own. Responses that grow until they are cut are seen as ``truncated`` or ``repetition``.
Those that shrink to nothing all earn the same, which ``no_signal`` sees, or cost accuracy, which ``max_drop`` sees.
Those that shrink and stay right have learned to be brief.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from verigrad.recipe.sections import Guard

Row = Mapping[str, Any]

WARN_AFTER = 3  # rollouts in a row
ERRORS = 2.0  # standard errors of a difference that is taken for real


def reason_to_stop(history: Sequence[Row], guard: Guard) -> str | None:
    """Return one line on why the run should stop after the last row of ``history``, None while it should go on."""
    rows = rollout_rows(history)
    rules = (truncation, silence, repetition, low_entropy, high_kl)
    reasons = (rule(rows, guard) for rule in rules)
    return (
        next((reason for reason in reasons if reason), None)
        or no_gradient(history, guard)
        or held_out_drop(history, guard)
    )


def warning(history: Sequence[Row], guard: Guard) -> str | None:
    """Return one line when the last three rollouts in a row, and no more, were all cut or without signal.

    So it is said once by whoever asks once per rollout, at whichever of its steps.
    """
    rows = rollout_rows(history)
    for seen, key, limit, says in (
        (all_cut, "truncated_rollouts", guard.truncated_rollouts, "every response was cut"),
        (no_group, "no_signal_rollouts", guard.no_signal_rollouts, "no group carried a signal"),
    ):
        if streak(rows, seen) == WARN_AFTER and not 0 < limit <= WARN_AFTER:
            then = f"the run stops after {limit}" if limit else "the run goes on"
            return f"{says} for {span(rows[-WARN_AFTER:])}; {then} (guard.{key}: {limit})"
    return None


def best_held_out(history: Sequence[Row]) -> tuple[int, float] | None:
    """Return step and accuracy of the best held-out check, the earliest of equals; None before the first check."""
    checks = held_out_rows(history)
    if not checks:
        return None
    best = max(checks, key=lambda row: row["held_out_accuracy"])
    return best["step"], best["held_out_accuracy"]


def rollout_rows(history: Sequence[Row]) -> list[Row]:
    """Return one row per rollout: its first, with what only later ones have, and ``last_step``."""
    rows: list[Row] = []
    for row in history:
        known = {key: value for key, value in row.items() if value is not None}
        shared = rows and row.get("rollout") is not None and row["rollout"] == rows[-1].get("rollout")
        if shared:
            rows[-1] = {**known, **rows[-1], "last_step": row["step"]}
        else:
            rows.append({**known, "last_step": row["step"]})
    return rows


def held_out_rows(history: Sequence[Row]) -> list[Row]:
    """Return the rows with a held-out check."""
    return [row for row in history if row.get("held_out_accuracy") is not None]


def streak(rows: Sequence[Row], seen: Callable[[Row], bool]) -> int:
    """Return how many of the last rows in a row ``seen`` is true of."""
    return next((i for i, row in enumerate(reversed(rows)) if not seen(row)), len(rows))


def span(rows: Sequence[Row]) -> str:
    """Return ``5 rollouts in a row (steps 1 to 5)``."""
    first, last = rows[0]["step"], rows[-1]["last_step"]
    steps = f"step {first}" if first == last else f"steps {first} to {last}"
    return f"{len(rows)} rollouts in a row ({steps})" if len(rows) > 1 else f"1 rollout ({steps})"


def all_cut(row: Row) -> bool:
    """Whether every response of a rollout was cut."""
    return row.get("truncated", 0.0) >= 1


def no_group(row: Row) -> bool:
    """Whether no group of a rollout carried a signal."""
    return row.get("no_signal", 0.0) >= 1


def truncation(rows: Sequence[Row], guard: Guard) -> str | None:
    """Return why cut responses stop the run."""
    length = streak(rows, all_cut)
    if not 0 < guard.truncated_rollouts <= length:
        return None
    return (
        f"every response was cut for {span(rows[-length:])}: raise max_response_tokens, or start from a model that "
        "ends its turn; guard.truncated_rollouts: 0 goes on"
    )


def silence(rows: Sequence[Row], guard: Guard) -> str | None:
    """Return why groups without signal stop the run."""
    length = streak(rows, no_group)
    if not 0 < guard.no_signal_rollouts <= length:
        return None
    recent = rows[-length:]
    return f"no group carried a signal for {span(recent)}: {why_silent(recent)}; guard.no_signal_rollouts: 0 goes on"


def why_silent(rows: Sequence[Row]) -> str:
    """Return the likely cause of groups without signal, and what to change."""
    unscored, responses = (sum(row.get(key, 0) for row in rows) for key in ("unscored", "responses"))
    if 0 < responses / 2 < unscored:
        return f"{unscored} of {responses} responses could not be scored; correct the reward, or raise its time limits"
    accuracy = [row["accuracy"] for row in rows if "accuracy" in row]
    if accuracy and min(accuracy) >= 0.95:
        return "nearly every response was correct; choose harder problems (tasks.0.options.difficulty), or end here"
    return (
        "every response of a prompt earned the same; choose easier problems (tasks.0.options.difficulty), a start "
        "model with pass@k above 0, or a larger group_size"
    )


def repetition(rows: Sequence[Row], guard: Guard) -> str | None:
    """Return why responses that end in a loop stop the run."""
    what = f"more than {guard.max_repetition:.0%} of the responses ended in a loop"
    change = "lower grpo.learning_rate, or set grpo.beta above 0"
    return beyond(rows, guard, "max_repetition", "repetition", what, change)


def low_entropy(rows: Sequence[Row], guard: Guard) -> str | None:
    """Return why sampling without variety stops the run."""
    what = f"the mean entropy per token was below {guard.min_entropy:g} nats"
    change = "lower grpo.learning_rate, or raise grpo.epsilon_high"
    return beyond(rows, guard, "min_entropy", "entropy", what, change)


def high_kl(rows: Sequence[Row], guard: Guard) -> str | None:
    """Return why the distance from the reference stops the run."""
    what = f"the KL divergence from the reference was above {guard.max_kl:g} nats per token"
    change = "lower grpo.learning_rate, or raise grpo.beta"
    return beyond(rows, guard, "max_kl", "kl", what, change)


def beyond(rows: Sequence[Row], guard: Guard, key: str, measured: str, what: str, change: str) -> str | None:
    """Return the line of a limit that the last ``guard.patience`` rollouts were all beyond.

    Args:
        rows: one per rollout.
        guard: the limits.
        key: the limit; those called ``min_…`` are lower ones, and 0 is none.
        measured: what of a row it is compared with.
        what: what was seen, as a clause.
        change: what to do about it.
    """
    limit = getattr(guard, key)
    sign = -1 if key.startswith("min_") else 1
    if not limit or streak(rows, lambda row: measured in row and sign * (row[measured] - limit) > 0) < guard.patience:
        return None
    recent = rows[-guard.patience :]
    return f"{what} for {span(recent)}, last {recent[-1][measured]:.3g}: {change}; guard.{key}: 0 goes on"


def no_gradient(history: Sequence[Row], guard: Guard) -> str | None:
    """Return why rollouts with a signal that move nothing stop the run: an adapter that is frozen or not in use."""
    rows = [row for row in history if row.get("grad_norm") is not None]
    numbers = sorted({row["rollout"] for row in rows if row.get("rollout") is not None})[-guard.patience :]
    recent = [row for row in rows if row.get("rollout") in numbers]
    if len(numbers) < guard.patience or any(row["grad_norm"] or not row.get("effective_responses") for row in recent):
        return None
    return (
        f"the gradient was 0 in steps {recent[0]['step']} to {recent[-1]['step']} although responses of a prompt "
        "earned different rewards: nothing that is trained takes part in the loss; check that the adapter is "
        "active, and grpo.mask_truncated_completions"
    )


def held_out_drop(history: Sequence[Row], guard: Guard) -> str | None:
    """Return why a fall of held-out accuracy stops the run: two checks in a row far below the best."""
    checks = held_out_rows(history)
    if not checks:
        return None
    best = max(checks, key=lambda row: row["held_out_accuracy"])
    before, last = checks[-2:] if len(checks) > 1 else (best, best)
    if not all(fell(best, row, len(checks), guard.max_drop) for row in (before, last)):
        return None
    return (
        f"held-out accuracy fell from {best['held_out_accuracy']:.3f} at step {best['step']}, the best, to "
        f"{before['held_out_accuracy']:.3f} and {last['held_out_accuracy']:.3f} at steps {before['step']} and "
        f"{last['step']}, by more than {guard.max_drop:g} and the sampling error: go on from step {best['step']} with "
        "a lower grpo.learning_rate; guard.max_drop: 1 goes on"
    )


def fell(best: Row, row: Row, checks: int, drop: float) -> bool:
    """Whether accuracy is below the best of ``checks`` by more than ``drop`` and by more than the sampling error.

    The error is two standard errors of the difference of two independent proportions of the pooled accuracy r,
    sqrt(r (1 - r) (1/n + 1/m)). Problems shared by the checks would make it smaller. To it comes what the best owes to
    being the best: k equal checks have their highest up to sqrt(2 ln k) standard errors above their mean. Without that
    part a run that stays at 0.5 over 50 checks of 128 problems would be stopped one time in three.
    """
    n, m = best["held_out_problems"], row["held_out_problems"]
    pooled = (n * best["held_out_accuracy"] + m * row["held_out_accuracy"]) / (n + m)
    variance = pooled * (1 - pooled)
    error = ERRORS * math.sqrt(variance * (1 / n + 1 / m)) + math.sqrt(2 * math.log(checks) * variance / n)
    return best["held_out_accuracy"] - row["held_out_accuracy"] > max(drop, error)
