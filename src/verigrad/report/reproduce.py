"""How a run was made and how to make it again: commands, versions, hashes, recipe."""

import shlex
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from verigrad.evaluate.records import Records
from verigrad.report.gather import Run, is_number, section
from verigrad.report.html import Row, Section, folded, paragraph, table, tag
from verigrad.report.text import amount, block, clean, name

RECIPE, COMMAND, MOST_FACTS = 12_000, 2_000, 60
HASHES = ("weights", "dataset", "template", "tokenizer", "rewards")


def reproduce(run: Run) -> Section:
    """Return the section."""
    return Section("reproduce", "How to reproduce", made(run))


def made(run: Run) -> list[Markup]:
    """Return how the run was made."""
    return [
        paragraph("From the folder in which it was started, with the versions below:", "dim"),
        tag("div", block(commands(run), 3 * COMMAND), class_="commands"),
        facts_table("Versions and machine", machine(run)),
        folded("hashes of what it is made of", facts_table("Hashes", hashes(run))),
        folded("the resolved recipe (recipe.yaml)", block(run.recipe_text, RECIPE)),
    ]


def facts_table(caption: str, facts: Mapping[str, object]) -> Markup:
    """Return named values as a table."""
    rows = [Row(name(key, 60), [name(value, 300)]) for key, value in list(facts.items())[:MOST_FACTS]]
    return tag("div", table(caption, ["what", "value"], rows), class_="plain")


def commands(run: Run) -> str:
    """Return the commands: training, evaluation, this page."""
    folder = clean(shlex.quote(str(run.folder)), COMMAND)
    train = clean(run.facts.get("command") or "# the command of the training was not recorded", COMMAND)
    side = run.after or run.before
    recorded = section(side.header, "made_by").get("command") if side else None
    default = f"verigrad eval {folder}" if side else f"verigrad eval {folder}  # not done yet"
    return "\n".join([train, clean(recorded or default, COMMAND), f"verigrad report {folder}"])


def machine(run: Run) -> dict[str, object]:
    """Return versions, commit and machine of the training and, where it was another, of the measurement."""
    facts = run.facts
    found = {
        "started": facts.get("started"),
        "git commit": commit(facts) or "not recorded: made outside a checkout",
        **{f"git commit, {side}": commit(made_by) for side, made_by in measured_by(run).items()},
        "device": facts.get("device"),
        "processes": facts.get("world_size"),
        "seed": facts.get("seed"),
        "parameters": amount(facts["parameters"]) if is_number(facts.get("parameters")) else None,
        "verigrad": facts.get("verigrad"),
        "python": facts.get("python"),
        **section(facts, "packages"),
        **{f"sandbox, {task}": layers for task, layers in section(facts, "sandbox").items()},
    }
    if not facts:
        return {"run.json": "missing: versions and commit of the training are not known"}
    return {key: value for key, value in found.items() if value is not None}


def measured_by(run: Run) -> dict[str, Mapping[str, Any]]:
    """Return who made the records of each side."""
    sides = {"the measurement before": run.before, "the measurement after": run.after}
    return {side: section(found.header, "made_by") for side, found in sides.items() if found is not None}


def commit(made_by: Mapping[str, Any]) -> str | None:
    """Return the commit, and whether the sources differed from it; None where it is not recorded."""
    if not made_by.get("commit"):
        return None
    known = made_by.get("dirty")
    state = (
        ", dirty: with changes that are in no commit"
        if known
        else ""
        if known is False
        else ", with uncommitted changes or without: not recorded"
    )
    return f"{made_by['commit']}{state}"


def hashes(run: Run) -> dict[str, object]:
    """Return what the run and its measurements are made of."""
    identity = section(run.facts, "identity")
    found = {f"{key}, training": identity.get(key) for key in ("start_weights", "dataset", "template", "rewards")}
    for side, records in (("before", run.before), ("after", run.after)):
        if records is not None:
            found |= side_hashes(side, records)
    return {key: value for key, value in found.items() if value}


def side_hashes(side: str, records: Records) -> dict[str, object]:
    """Return what one measurement is made of."""
    measured = records.measured
    flat: dict[str, object] = {}
    for key in HASHES:
        value = measured.get(key)
        of_tasks = {f"{key} {task}": v for task, v in value.items()} if isinstance(value, Mapping) else {key: value}
        flat |= {f"{k}, {side}": v for k, v in of_tasks.items()}
    return {**flat, f"sampler, {side}": measured.get("sampler")}
