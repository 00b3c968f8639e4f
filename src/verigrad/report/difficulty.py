"""Accuracy per task and per difficulty, before and after."""

from markupsafe import Markup

from verigrad.evaluate.metrics import ALL, Summary
from verigrad.evaluate.plan import SAMPLED
from verigrad.report.bars import Group, bar_table
from verigrad.report.gather import Run
from verigrad.report.html import Section, paragraph, tag
from verigrad.report.text import name
from verigrad.tasks.types import SPLIT_NAMES

SIDES = ("before", "after")
MOST_LINES = 40  # of one split


def difficulty(run: Run) -> Section | None:
    """Return the bars, None where nothing was measured with sampling."""
    sampled = [s for found in run.numbers.values() for s in found if s.decode == SAMPLED]
    splits = dict.fromkeys(s.split for s in sampled)
    if not splits:
        return None
    keys = [tag("span", side, class_=f"key chip {side}") for side in SIDES]
    text = tag("span", "Sampled responses; whiskers are 95 % intervals over problems. ", *keys)
    return Section(
        "tasks", "By task and difficulty", [paragraph(text, "dim"), *(bars(run, s, sampled) for s in splits)]
    )


def bars(run: Run, split: str, sampled: list[Summary]) -> Markup:
    """Return the bars of one split: every task, its difficulties below it."""
    places = list(dict.fromkeys((s.task, s.level) for s in sampled if s.split == split))
    if len({task for task, _ in places}) == 2:  # all, and the only task
        places = [(task, level) for task, level in places if task != ALL]
    groups = [group(run, split, task, level) for task, level in places[:MOST_LINES]]
    left = len(places) - len(groups)
    note = paragraph(f"{left} more lines are not shown; verigrad eval prints all.", "dim") if left else ""
    return Markup("{}{}").format(bar_table(f"Problems {SPLIT_NAMES[split]}", groups), note)


def group(run: Run, split: str, task: str, level: int | float | str | None) -> Group:
    """Return the bars of one task, or one difficulty of it."""
    found = {side: run.summary(side, split, SAMPLED, task, level) for side in SIDES}
    problems = max(s.problems for s in found.values() if s)
    title = name("all tasks" if task == ALL else task) if level is None else Markup("level {}").format(name(level, 40))
    kind = "all" if task == ALL else "sub" if level is not None else None
    return Group(title, [(side, side, s.accuracy if s else None) for side, s in found.items()], problems, kind)
