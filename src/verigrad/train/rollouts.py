"""From scored responses to archived rollouts and the numbers of a step; no torch."""

from collections.abc import Mapping, Sequence
from typing import Any

from verigrad.thinking import think_length
from verigrad.train.repetition import ends_in_loop
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import Problem, Status

Rollout = dict[str, Any]

# rewards closer than this are equal: sums in another order differ by some 1e-7 near 1 in fp32, while the least
# difference that means something (one of 1,000 tests, at a weight of 0.01) is 1e-5
TIE = 1e-6


def rollout_row(problem: Problem, scored: Any, formed: bool) -> Rollout:
    """Return one sampled response with its scores as the archive keeps it."""
    response, score = scored.response, scored.score
    return {
        "problem": problem.id,
        "task": problem.id.split("/", 1)[0],
        "question": problem.question,
        "answer": problem.answer,
        "response": response.text,
        "num_tokens": response.num_tokens,
        "finished": response.finished,
        "format": formed,
        "reward": score.total,
        "correctness": verdict_row(score.correctness),
        "shaping": {name: verdict_row(verdict) for name, verdict in score.shaping.items()},
    }


def archive_order(row: Rollout) -> tuple[int, int]:
    """Return the place of a row in the archive: what entered the update in group order, then what was replaced."""
    return (0 if row["kept"] else 1 + row["round"], row["place"])


def verdict_row(verdict: Any) -> dict[str, Any]:
    """Return a verdict as plain values."""
    return {
        "reward": verdict.reward,
        "status": str(verdict.status),
        "answer": verdict.answer,
        "detail": verdict.detail,
    }


def has_spread(rewards: Sequence[float | None]) -> bool:
    """Whether two scored rewards of a group differ, so that it carries a signal."""
    scored = [reward for reward in rewards if reward is not None]
    return bool(scored) and max(scored) - min(scored) > TIE


def mean(values: Sequence[float]) -> float | None:
    """Return the mean, None of nothing."""
    return sum(values) / len(values) if values else None


def step_metrics(rollouts: Sequence[Rollout], group_size: int, tags: Tags) -> dict[str, Any]:
    """Return the numbers of one training step, a pure function of its rollouts in group order."""
    groups = [rollouts[i : i + group_size] for i in range(0, len(rollouts), group_size)]
    scored = [[r["reward"] for r in group if r["reward"] is not None] for group in groups]
    tasks = sorted({r["task"] for r in rollouts})
    return {
        "reward": mean([reward for group in scored for reward in group]),
        "accuracy": accuracy(rollouts),
        "accuracy_by_task": {task: accuracy([r for r in rollouts if r["task"] == task]) for task in tasks},
        "think_length": mean([think_length(r["response"], tags) for r in rollouts]),
        "tokens": mean([r["num_tokens"] for r in rollouts]),
        "format": mean([r["format"] for r in rollouts]),
        "truncated": mean([not r["finished"] for r in rollouts]),
        "no_signal": mean([not has_spread(group) for group in scored]),
        "repetition": mean([ends_in_loop(r["response"]) for r in rollouts]),
        "unscored": sum(r["reward"] is None for r in rollouts),
        "responses": len(rollouts),
        "effective_responses": sum(bool(r["advantage"]) for r in rollouts),
    }


def accuracy(rollouts: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the share of correct ones among the scored."""
    statuses = [r["correctness"]["status"] for r in rollouts]
    return mean([status == Status.CORRECT for status in statuses if status != Status.UNSCORED])


def outcomes(rollouts: Sequence[Rollout], levels: Sequence[int]) -> dict[int, float]:
    """Return accuracy by level of the curriculum, {level: accuracy}; ``levels`` is indexed by train problem."""
    rows: dict[int, list[Rollout]] = {}
    for row in rollouts:
        rows.setdefault(levels[row["row"]], []).append(row)
    measured = {level: accuracy(group) for level, group in rows.items()}
    return {level: value for level, value in measured.items() if value is not None}


def unscored_example(missing: Sequence[Rollout]) -> str:
    """Return why the first of the unscored responses could not be scored."""
    row = missing[0]
    parts = [("correctness", row["correctness"]), *row["shaping"].items()]
    name, part = next((name, part) for name, part in parts if part["status"] == Status.UNSCORED)
    return f"The first, of {row['problem']}: {name}: {part['detail']}"
