"""``verigrad grade``: score saved responses, without torch."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from verigrad.errors import RunError
from verigrad.tasks.mix import find_task
from verigrad.tasks.rows import read_rows, text_field
from verigrad_rewards.math import SOURCES
from verigrad_rewards.pool import Job, Pool
from verigrad_rewards.types import Problem, Response, Status

DEADLINE_S = 5.0  # for one response
MAX_WORKERS = 8


@dataclass(frozen=True, slots=True)
class GradeSummary:
    """What became of the responses of a file.

    Attributes:
        statuses: responses per status.
        labelled: responses that people judged.
        agreed: those of them judged the same here.
        disagreements: ``(place, answer read, gold, what people said)`` of the others.
    """

    statuses: Counter[str]
    labelled: int
    agreed: int
    disagreements: list[tuple[str, str | None, str, bool]]


def grade_file(file: Path, task: str, sources: tuple[str, ...]) -> GradeSummary:
    """Return how the responses in ``file`` fare.

    Raises:
        RunError: a task that is not scored by numbers, or an unknown source.
        ProblemError: a row without response or gold answer.
    """
    if find_task(task).reward != "math_answer":
        raise RunError(f"task {task}: is not scored by its answer alone; allowed are tasks with a number for an answer")
    for source in sources:
        if source not in SOURCES:
            raise RunError(f"--sources: {source!r} is unknown; allowed are {', '.join(SOURCES)}")
    rows = list(read_rows(str(file)))
    jobs = [as_job(place, row, sources) for place, row in rows]
    with Pool(workers=min(os.cpu_count() or 1, MAX_WORKERS), deadline_s=DEADLINE_S) as pool:
        verdicts = pool.score(jobs)
    agreed = labelled = 0
    disagreements = []
    for job, (place, row), verdict in zip(jobs, rows, verdicts, strict=True):
        if isinstance(row.get("correct"), bool):
            labelled += 1
            same = (verdict.status is Status.CORRECT) == row["correct"]
            agreed += same
            if not same:
                disagreements.append((place, verdict.answer, job.problem.answer, row["correct"]))
    return GradeSummary(Counter(str(verdict.status) for verdict in verdicts), labelled, agreed, disagreements)


def as_job(place: str, row: dict[str, Any], sources: tuple[str, ...]) -> Job:
    """Return one row as a response to score; its question is used where the file has one.

    Raises:
        RunError: the response is no text.
        ProblemError: the row has no gold answer.
    """
    gold = text_field(row, "gold" if "gold" in row else "answer", place)
    texts = {name: row.get(name, default) for name, default in (("response", None), ("question", ""))}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise RunError(f"{place}: field {name!r} is {value!r}; allowed is text")
    return Job(
        "math_answer",
        Problem(place, str(texts["question"]), gold),
        Response(str(texts["response"])),
        {"sources": sources},
    )


def render(summary: GradeSummary) -> Table:
    """Return the summary as a table."""
    table = Table(title="Saved responses", title_justify="left")
    table.add_column("verdict")
    table.add_column("responses", justify="right")
    for status, count in sorted(summary.statuses.items()):
        table.add_row(status, str(count))
    if summary.labelled:
        table.add_row("agree with people", f"{summary.agreed} of {summary.labelled}")
    for place, answer, gold, label in summary.disagreements[:20]:
        table.add_row(f"{place}", f"read {answer}, gold {gold}, people said {'correct' if label else 'wrong'}")
    return table
