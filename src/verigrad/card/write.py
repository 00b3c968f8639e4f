"""Write the model card of a run: what it is, how good, made how, from what, under which licences."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from verigrad.card.facts import commands, decoding_lines, limits, recipe_facts, versions, what
from verigrad.card.hub import front_matter
from verigrad.card.licences import Source, base_licence, data_sources
from verigrad.card.markdown import block, printable, words
from verigrad.card.table import make_table
from verigrad.disk import replacing
from verigrad.errors import RunError
from verigrad.evaluate.compare import compare, verdict
from verigrad.evaluate.metrics import summarize
from verigrad.evaluate.records import Records, read_records
from verigrad.models.names import public_name
from verigrad.recipe import Recipe, load_recipe
from verigrad.recipe.sections import TaskUse
from verigrad.run_folder import read_run, records_files, require_model
from verigrad.secrets import masked
from verigrad.tasks.mix import find_task


def write_card(
    run: Path,
    name: str | None = None,
    *,
    license_of_base: str | None = None,
    license_of_data: Mapping[str, str] | None = None,
) -> Path:
    """Write and return ``run/model/README.md``.

    Args:
        run: a finished run that was measured.
        name: of the model; the default is that of the run's folder.
        license_of_base: licence of the start model, where no card of it says.
        license_of_data: licence by task, where the kit does not know.

    Raises:
        RunError: the run is not finished or not measured, a licence is unknown, or something is damaged.
    """
    before, after = require_measured(run)
    recipe = load_recipe(run / "recipe.yaml")
    sources = data_sources([*recipe.tasks, *measured_tasks(recipe, after)], license_of_data or {})
    licence = base_licence(recipe.model, license_of_base)
    title = " ".join(printable(name or run.resolve().name).split())
    card = render(run, title, recipe, (before, after), licence, sources)
    file = run / "model" / "README.md"
    with replacing(file) as stream:
        stream.write(masked(card).encode())
    return file


def require_measured(run: Path) -> tuple[Records, Records]:
    """Return the records of a run before and after training.

    Raises:
        RunError: there is no model, or there are no records of it.
    """
    require_model(run)
    files = records_files(run / "eval")
    if missing := [file for file in files if not file.is_file()]:
        raise RunError(f"{run}: is not measured ({missing[0]} is missing); run 'verigrad eval {run}' first")
    before, after = map(read_records, files)
    return before, after


def measured_tasks(recipe: Recipe, after: Records) -> list[TaskUse]:
    """Return the tasks that were measured, which may be others than those trained on.

    Raises:
        RunError: the records have a task that neither they nor the recipe say the source of.
    """
    asked = after.header.get("made_by", {}).get("recipe", {}).get("tasks", [])
    uses = [TaskUse(use["name"], options=use.get("options", {})) for use in asked] or [*recipe.eval.tasks]
    known = {find_task(use.name).name for use in (*recipe.tasks, *uses)}
    if unknown := sorted({sample.task for sample in after.samples} - known):
        raise RunError(f"{after.file}: task {unknown[0]} is not in the recipe, so that its licence cannot be known")
    return uses


def render(
    run: Path, name: str, recipe: Recipe, sides: tuple[Records, Records], licence: str, sources: list[Source]
) -> str:
    """Return the whole card."""
    before, after = sides
    found = compare(before, after)
    lines = summarize(after)
    environment = Environment(
        loader=PackageLoader("verigrad.card", "."), autoescape=True, finalize=words, keep_trailing_newline=True
    )
    facts: dict[str, Any] = read_run(run)
    body = environment.get_template("template.md.j2").render(
        name=name,
        what=what(recipe, facts),
        verigrad=after.measured["verigrad"],
        table=make_table(summarize(before), lines, found),
        verdicts=[f"{each.decode}: {verdict(each, 'before training', 'after')}" for each in found],
        decodings=decoding_lines(after.measured),
        facts=recipe_facts(recipe, facts),
        recipe=block((run / "recipe.yaml").read_text(encoding="utf-8"), "yaml"),
        licences=licence_rows(recipe, licence, sources),
        commands=commands(facts, after.header),
        versions=versions(facts, after.header),
        limits=limits(recipe, lines, after.measured),
    )
    return front_matter(name, recipe, licence, sources, lines, after.measured) + body


def licence_rows(recipe: Recipe, licence: str, sources: list[Source]) -> list[tuple[str, str, str]]:
    """Return what the model is made of and measured with, and the licence of each."""
    base = public_name(recipe.model)
    return [("start model", base, licence), *((f"problems of {s.task}", s.place, s.licence) for s in sources)]
