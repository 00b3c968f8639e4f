"""Write ``report.html`` of a run from its recipe, metrics and records; nothing is computed that they do not hold."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from verigrad.disk import replacing
from verigrad.errors import RunError
from verigrad.evaluate.metrics import Row, compare, summarize, verdict
from verigrad.evaluate.records import read_records
from verigrad.lines import read_lines
from verigrad.report.charts import Line, bars, clean, curve
from verigrad.train.archive import require_run

TRANSCRIPTS_PER_KIND = 16
KINDS = (("wrong", "right"), ("right", "wrong"), ("right", "right"), ("wrong", "wrong"))


def write_report(run: Path) -> Path:
    """Write and return ``run/report.html``.

    Raises:
        RunError: ``run`` is no run folder, or its records are no records.
    """
    require_run(run)
    metrics = read_lines(run / "metrics.jsonl") if (run / "metrics.jsonl").is_file() else []
    before, after = (records(run / "eval" / name) for name in ("before.jsonl", "after.jsonl"))
    environment = Environment(loader=PackageLoader("verigrad.report", "."), autoescape=select_autoescape(default=True))
    page = environment.get_template("template.html.j2").render(
        title=run.name,
        verdict=sentence(before, after),
        table=table(before, after),
        bars=bar_chart(before, after),
        curves=[c for c in curves(metrics) if c],
        transcripts=transcripts(before, after),
        recipe=(run / "recipe.yaml").read_text(encoding="utf-8"),
        facts=facts(run),
    )
    file = run / "report.html"
    with replacing(file) as stream:
        stream.write(page.encode("utf-8", errors="backslashreplace"))
    return file


def records(file: Path) -> list[dict[str, Any]]:
    """Return the records in ``file``, none where it is missing."""
    return read_records(file) if file.is_file() else []


def sentence(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> str:
    """Return what training changed, in one sentence."""
    if not before or not after:
        return "Not measured on held-out problems yet: 'verigrad eval RUN' does it."
    try:
        return verdict(compare(before, after, "held_out", "sampled"))
    except RunError as error:
        return f"Before and after cannot be compared yet: {error}."


def table(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[tuple[Row | None, Row]]:
    """Return the rows before and after, paired."""
    old = {(row.split, row.decode, row.task): row for row in summarize(before)}
    return [(old.get((row.split, row.decode, row.task)), row) for row in summarize(after)]


def bar_chart(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Markup | None:
    """Return sampled accuracy per task before and after, as bars."""
    rows = []
    for old, new in table(before, after):
        if new.decode == "sampled":
            name = f"{new.task}{' (ood)' if new.split == 'ood' else ''}"
            if old:
                rows.append((f"{name} before", "before", old.accuracy, old.low, old.high))
            rows.append((f"{name} after", "after", new.accuracy, new.low, new.high))
    return bars(rows) if rows else None


def series(metrics: Sequence[dict[str, Any]], name: str) -> list[tuple[float, float]]:
    """Return the points of one metric where it was recorded."""
    return [(m["step"], m[name]) for m in metrics if isinstance(m.get(name), int | float)]


def curves(metrics: Sequence[dict[str, Any]]) -> list[Markup | None]:
    """Return the training curves."""

    def one(title: str, name: str, *, share: bool = False) -> Markup | None:
        return curve(title, [Line(title, "after", series(metrics, name))], share=share)

    accuracy = [
        Line("training", "before", series(metrics, "accuracy")),
        Line("held out", "after", series(metrics, "held_out_accuracy")),
    ]
    tasks = sorted({task for m in metrics for task in m.get("accuracy_by_task") or {}})
    by_task = [
        Line(task, f"c{i % 4}", [(m["step"], m["accuracy_by_task"][task]) for m in metrics
                                 if (m.get("accuracy_by_task") or {}).get(task) is not None])
        for i, task in enumerate(tasks)
    ]  # fmt: skip
    return [
        curve("Accuracy", accuracy, share=True),
        curve("Training accuracy by task", by_task, share=True),
        one("Reward", "reward"),
        one("Length of the thinking, characters", "think_length"),
        one("Groups without signal", "no_signal", share=True),
        one("Responses cut at the limit", "truncated", share=True),
        one("Responses that keep the format", "format", share=True),
        one("Loss", "loss"),
    ]


def transcripts(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return problems with the response before and after, a few of each kind of change."""
    old = {r["problem"]: r for r in first_samples(before)}
    chosen: dict[tuple[str, str], list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for new in first_samples(after):
        if new["problem"] in old:
            kind = (mark(old[new["problem"]]), mark(new))
            if len(chosen[kind]) < TRANSCRIPTS_PER_KIND:
                chosen[kind].append(
                    {
                        "kind": f"{kind[0]}-{kind[1]}",
                        "task": new["task"],
                        "question": clean(new["question"]),
                        "gold": clean(new["answer"]) if new["answer"] else "decided by hidden tests",
                        "sides": [side("before", old[new["problem"]]), side("after", new)],
                    }
                )
    return [item for items in chosen.values() for item in items]


def first_samples(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first sampled response to every held-out problem."""
    return [r for r in rows if r["split"] == "held_out" and r["decode"] == "sampled" and r["sample"] == 0]


def mark(record: dict[str, Any]) -> str:
    """Return right or wrong."""
    return "right" if record["status"] == "correct" else "wrong"


def side(name: str, record: dict[str, Any]) -> dict[str, Any]:
    """Return one response, its thinking apart from the rest."""
    match = re.match(r"\s*<(\w+)>(.*?)</\1>(\s*<.*)", record["response"], re.DOTALL)
    think, rest = (match[2], match[3]) if match else ("", record["response"])
    return {
        "name": name,
        "mark": mark(record),
        "think": clean(think.strip()[:4000]),
        "rest": clean(rest.strip()[:4000]),
        "detail": clean(record["detail"]),
        "tokens": record["num_tokens"],
    }


def facts(run: Path) -> list[tuple[str, Markup]]:
    """Return what the run says of itself: command, versions, seed."""
    file = run / "run.json"
    if not file.is_file():
        return []
    values = json.loads(file.read_text(encoding="utf-8"))
    packages = values.pop("packages", {})
    return [(k, clean(str(v))) for k, v in {**values, **packages}.items() if v is not None]
