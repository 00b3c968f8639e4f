"""``verigrad rollouts``: what a run wrote and what it earned, without torch and while the run goes on.

The text of models and problems is untrusted: it is shown without control characters, escapes and marks that turn the
direction of writing, behind a bar of its own, and never read as markup.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from verigrad.archive import read_rollout, rollout_steps
from verigrad.errors import RunError
from verigrad.lines import Row
from verigrad.printable import STYLES, behind_bar, field, one_line, shown, thinking_dimmed
from verigrad.run_folder import require_run, think_tag
from verigrad.train.rollouts import has_spread, mean
from verigrad_rewards.types import Status

STATUSES = tuple(str(status) for status in Status)
STEPS_SHOWN = 20
SHOWN_APART = (
    *("step", "problem", "task", "question", "answer", "response", "num_tokens", "finished", "reward", "advantage"),
    *("correctness", "shaping", "kept"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rollouts to show; None takes all.

    Attributes:
        step: the first optimizer step of a rollout phase.
        status: what became of the response in all, see ``status_of``.
        problem: id of a problem.
        task: name of a task.
    """

    step: int | None = None
    status: str | None = None
    problem: str | None = None
    task: str | None = None

    def takes(self, row: Row) -> bool:
        """Whether a rollout of the wanted step is wanted."""
        pairs = ((self.status, status_of(row)), (self.problem, row["problem"]), (self.task, row["task"]))
        return all(wanted in (None, found) for wanted, found in pairs)


def show_rollouts(run: Path, wanted: Wanted, limit: int | None, as_json: bool, out: Console) -> None:
    """Print a line per step, or the wanted rollouts where any are asked for.

    Raises:
        RunError: ``run`` is no run folder or has no rollouts, a damaged file, an unknown status or a limit below 1.
    """
    steps = check(run, wanted, limit)
    if wanted == Wanted() and not as_json:
        out.print(step_table(run, steps, limit or STEPS_SHOWN))
        return
    tag, found = think_tag(run), 0
    for row in islice(matching(run, steps, wanted), limit):
        found += 1
        if as_json:
            print(json.dumps(row, ensure_ascii=True))
        else:
            out.print(describe(row, tag), soft_wrap=True)
    if not found and not as_json:
        out.print("no response matches")


def check(run: Path, wanted: Wanted, limit: int | None) -> list[int]:
    """Return the steps that have rollouts.

    Raises:
        RunError: there are none, or the question is wrong.
    """
    require_run(run)
    if wanted.status not in (None, *STATUSES):
        raise RunError(f"--status: {wanted.status!r} is unknown; allowed are {', '.join(STATUSES)}")
    if limit is not None and limit < 1:
        raise RunError(f"--limit: {limit} is too small; allowed is 1 or more")
    steps = rollout_steps(run)
    if not steps:
        raise RunError(f"{run}: has no rollouts; a run with 'stage: grpo' writes them from its first step on")
    return steps


def matching(run: Path, steps: Sequence[int], wanted: Wanted) -> Iterator[Row]:
    """Yield the wanted rollouts in order."""
    for step in steps if wanted.step is None else [wanted.step]:
        yield from filter(wanted.takes, read_rollout(run, step))


def status_of(row: Row) -> str:
    """Return what became of a response in all: any unscored part leaves it unscored, as training sees it."""
    return str(Status.UNSCORED) if row["reward"] is None else row["correctness"]["status"]


def step_table(run: Path, steps: Sequence[int], count: int) -> Table:
    """Return one line for each of the last ``count`` steps."""
    table = Table(title=Text(f"Rollouts of {one_line(str(run))}"), title_justify="left", caption_justify="left")
    for name in ("step", "responses", *STATUSES, "reward", "groups without signal", "tokens"):
        table.add_column(name.replace("_", " "), justify="right")
    for step in steps[-count:]:
        table.add_row(str(step), *numbers(read_rollout(run, step)))
    if count < len(steps):
        table.caption = Text(f"the last {count} of {len(steps)} steps; --limit {len(steps)} shows all")
    return table


def numbers(rows: Sequence[Row]) -> list[str]:
    """Return the numbers of one step."""
    statuses = Counter(status_of(row) for row in rows)
    kept = sum(row.get("kept", True) for row in rows)
    groups = [[r["reward"] for r in group] for _, group in groupby(rows, key=group_of)]
    return [
        str(len(rows)) if kept == len(rows) else f"{len(rows)}, {kept} kept",
        *(str(statuses[status]) for status in STATUSES),
        shown(mean([row["reward"] for row in rows if row["reward"] is not None])),
        f"{sum(not has_spread(rewards) for rewards in groups)} of {len(groups)}",
        shown(mean([row["num_tokens"] for row in rows])),
    ]


def group_of(row: Row) -> tuple[bool, int, str]:
    """Return what the rollouts of a group share, and no others of their step."""
    return row.get("kept", True), row.get("group", 0), row["problem"]


def describe(row: Row, tag: str) -> Text:
    """Return one rollout with everything that was decided about it."""
    status = status_of(row)
    text = Text()
    text.append(f"step {row['step']} · {one_line(row['problem'])} · ", "bold")
    text.append(f"{one_line(status)}\n", f"bold {STYLES.get(status, 'yellow')}")
    text.append_text(field("question", row["question"]))
    text.append_text(Text.assemble("response\n", thinking_dimmed(behind_bar(row["response"]), tag), "\n"))
    text.append_text(field("gold answer", row["answer"] or "decided by hidden tests"))
    text.append_text(field("read", row["correctness"]["answer"]))
    text.append_text(field("correctness", said(row["correctness"])))
    for name, verdict in row["shaping"].items():
        text.append_text(field(f"shaping {name}", said(verdict)))
    text.append_text(field("reward", f"{amount(row['reward'])}, advantage {amount(row.get('advantage'))}"))
    end = "finished" if row["finished"] else "cut at the limit"
    text.append_text(field("tokens", f"{row['num_tokens']}, {end}"))
    text.append_text(field("in the update", "yes" if row.get("kept", True) else "no, its group was replaced"))
    for name in [name for name in row if name not in SHOWN_APART]:
        text.append_text(field(name, json.dumps(row[name], ensure_ascii=False)))
    return text


def said(verdict: Mapping[str, Any]) -> str:
    """Return a verdict in words."""
    reason = f": {verdict['detail']}" if verdict["detail"] else ""
    return f"{verdict['status']}, reward {amount(verdict['reward'])}{reason}"


def amount(number: float | None) -> str:
    """Return a reward or an advantage, a dash where there is none."""
    return "–" if number is None else f"{number:.4g}"
