"""From scored responses to archived rollouts and the numbers of a step; no torch."""

from collections.abc import Mapping, Sequence
from typing import Any

from verigrad_rewards.combine import Score
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import Problem, Response, Status

Rollout = dict[str, Any]


def rollout(problem: Problem, response: Response, score: Score, formed: bool) -> Rollout:
    """Return one sampled response with its scores as the archive keeps it."""
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


def verdict_row(verdict: Any) -> dict[str, Any]:
    """Return a verdict as plain values."""
    return {
        "reward": verdict.reward,
        "status": str(verdict.status),
        "answer": verdict.answer,
        "detail": verdict.detail,
    }


def think_length(text: str, tags: Tags) -> int:
    """Return how many characters of ``text`` are thinking, which needs no tokenizer."""
    _, opened, rest = text.partition(f"<{tags.think}>")
    return len(rest.split(f"</{tags.think}>")[0].strip()) if opened else 0


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
        "no_signal": mean([len(set(group)) < 2 for group in scored]),
        "unscored": sum(r["reward"] is None for r in rollouts),
    }


def accuracy(rollouts: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the share of correct ones among the scored."""
    statuses = [r["correctness"]["status"] for r in rollouts]
    return mean([status == Status.CORRECT for status in statuses if status != Status.UNSCORED])
