"""``verigrad grade``: score saved responses, without torch."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from verigrad.errors import RunError
from verigrad.tasks.mix import find_task
from verigrad.tasks.rows import read_rows, text_field
from verigrad_rewards.math.extract import SOURCES
from verigrad_rewards.registry import REWARDS
from verigrad_rewards.types import Problem, Response, Status


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
    statuses: Counter[str] = Counter()
    labelled = agreed = 0
    disagreements = []
    for place, row in read_rows(str(file)):
        gold = text_field(row, "gold" if "gold" in row else "answer", place)
        response = row.get("response")
        if not isinstance(response, str):
            raise RunError(f"{place}: field 'response' is {response!r}; allowed is text")
        verdict = REWARDS["math_answer"](Problem(place, "", gold), Response(response), sources=sources)
        statuses[str(verdict.status)] += 1
        if isinstance(row.get("correct"), bool):
            labelled += 1
            same = (verdict.status is Status.CORRECT) == row["correct"]
            agreed += same
            if not same:
                disagreements.append((place, verdict.answer, gold, row["correct"]))
    return GradeSummary(statuses, labelled, agreed, disagreements)


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
