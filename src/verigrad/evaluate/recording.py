"""Have responses scored by worker processes, and record them as soon as their verdicts are there."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from verigrad.evaluate.records import checked_line, seconds_file
from verigrad.evaluate.sampler import Written
from verigrad.evaluate.together import Alone
from verigrad.fingerprint import fingerprint
from verigrad.lines import append, append_lines
from verigrad.scoring import Scorer, job_of
from verigrad.tasks.mix import task_of
from verigrad_rewards.math import vote
from verigrad_rewards.pool import Pool
from verigrad_rewards.types import Problem, Status, Verdict

Batch = list[tuple[Written, "Future[Verdict]"]]
SAY_S = 10.0


@dataclass
class Recorder:
    """Scores and records batches of responses, in the order in which they come.

    Attributes:
        file: of the records.
        scorer: the rewards; correctness is all that counts here.
        pool: scores.
        order: place of every sample by its key.
        processes: that measure together; all must call the same.
        say: is told how far it is.
        recorded: samples that are in the file.
    """

    file: Path
    scorer: Scorer
    pool: Pool
    order: Mapping[str, int]
    processes: Alone
    say: Callable[[str], None]
    recorded: int
    waiting: deque[Batch] = field(default_factory=deque)
    clock: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)

    def add(self, batch: Sequence[Written], ahead: int) -> None:
        """Have a batch scored; records what is ready, and all but the last ``ahead`` batches in any case."""
        jobs = [job_of(self.scorer.correctness[task_of(w.ask.problem)], w.ask.problem, w.response) for w in batch]
        if batch or self.processes.count > 1:
            self.waiting.append([(w, self.pool.submit(job)) for w, job in zip(batch, jobs, strict=True)])
        while len(self.waiting) > ahead or (self.processes.count == 1 and self.waiting and ready(self.waiting[0])):
            self.record()

    def finish(self) -> None:
        """Record everything."""
        while self.waiting:
            self.record()

    def record(self) -> None:
        """Record the first batch that waits."""
        batch = self.waiting.popleft()
        while wait([future for _, future in batch], timeout=1.0).not_done:  # bounded by the deadline of the pool
            self.processes.tick()
        rows = self.processes.gather([row(w, future.result(), self.scorer) for w, future in batch])
        rows.sort(key=lambda r: self.order[r["key"]])
        self.recorded += len(rows)
        if self.processes.main and rows:
            append(self.file, b"".join(map(checked_line, rows)))
            seconds, self.clock = time.monotonic() - self.clock, time.monotonic()
            append_lines(seconds_file(self.file), [{"samples": len(rows), "seconds": round(seconds, 3)}])
            self.tell()

    def tell(self) -> None:
        """Say how far it is, now and then."""
        if time.monotonic() - self.said > SAY_S or self.recorded == len(self.order):
            self.said = time.monotonic()
            self.say(f"{self.recorded} of {len(self.order)} responses")


def ready(batch: Batch) -> bool:
    """Whether every verdict of a batch is there."""
    return all(future.done() for _, future in batch)


def row(written: Written, verdict: Verdict, scorer: Scorer) -> dict[str, Any]:
    """Return one line of the records."""
    ask, response = written.ask, written.response
    problem = ask.problem
    gold = gold_vote(problem)
    return {
        "kind": "sample",
        "key": ask.key,
        "problem": problem.id,
        "cluster": str(problem.info.get("cluster", problem.id)),
        "task": task_of(problem),
        "split": ask.split,
        "decode": ask.decode,
        "sample": ask.sample,
        "level": level_of(problem),
        "prompt": fingerprint(ask.prompt),
        "status": str(verdict.status),
        "vote": None if gold is None else cast_vote(verdict, gold),
        "gold": gold,
        "format": scorer.keeps_format(problem, response),
        "finished": response.finished,
        "forced": written.forced,
        "num_tokens": response.num_tokens,
        "think_tokens": written.think_tokens,
        "question": problem.question,
        "answer": problem.answer,
        "response": response.text,
        "read": verdict.answer,
        "detail": verdict.detail,
    }


def level_of(problem: Problem) -> int | float | str | None:
    """Return the difficulty of a problem, None where it has none."""
    level = problem.info.get("level")
    return level if type(level) in (int, float, str, type(None)) else str(level)


def gold_vote(problem: Problem) -> str | None:
    """Return the canonical form of the gold answer, None where tests decide and there is nothing to vote on."""
    if "tests" in problem.info:
        return None
    return vote(problem.answer) or "gold"


def cast_vote(verdict: Verdict, gold: str) -> str | None:
    """Return what a response votes for: the gold answer if and only if it was judged correct; None where none was read.

    An answer of the right value can be judged wrong, such as one that only restates the question.
    """
    if verdict.status is Status.CORRECT:
        return gold
    said = vote(verdict.answer) if verdict.status is Status.WRONG else None
    return f"not {said}" if said == gold else said
