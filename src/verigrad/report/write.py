"""Write the page of a run, or of several: one file that needs no network and no script."""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from verigrad.disk import replacing
from verigrad.errors import RunError
from verigrad.report import several, verdict
from verigrad.report.difficulty import difficulty
from verigrad.report.gather import read_run_folder
from verigrad.report.held_out import held_out
from verigrad.report.html import Section
from verigrad.report.reproduce import reproduce
from verigrad.report.text import clean
from verigrad.report.tradeoff import tradeoff
from verigrad.report.training import training
from verigrad.report.transcripts import transcripts
from verigrad.secrets import masked

SECTIONS = (held_out, tradeoff, training, difficulty, transcripts, reproduce)
MOST_RUNS = 12


def write_report(run: Path) -> Path:
    """Write and return ``run/report.html``.

    Raises:
        RunError: ``run`` is no run folder, or its records are none or were changed by hand.
    """
    found = read_run_folder(run)
    sections = [section for make in SECTIONS if (section := make(found))]
    return write(run / "report.html", found.name, "verigrad report", verdict.opening(found), sections)


def write_comparison(runs: Sequence[Path], out: Path) -> Path:
    """Write a page that compares several runs, the first of which the others are compared with, and return ``out``.

    Raises:
        RunError: there are not two to twelve different runs, or one is not what ``write_report`` takes.
    """
    folders = [run.resolve() for run in runs]
    if not 2 <= len(runs) <= MOST_RUNS:
        raise RunError(f"a comparison takes 2 to {MOST_RUNS} runs, not {len(runs)}")
    if len(set(folders)) < len(folders):
        again = next(run for run, folder in zip(runs, folders, strict=True) if folders.count(folder) > 1)
        raise RunError(f"{again}: is named twice; name each run once")
    found = [read_run_folder(run) for run in runs]
    made = [several.curves(found), several.tasks(found), several.how(found)]
    title = f"{len(runs)} runs: {', '.join(several.names(found))}"
    return write(out, title, "verigrad comparison", several.opening(found), [section for section in made if section])


def write(file: Path, title: str, kind: str, opening: Markup, sections: Sequence[Section]) -> Path:
    """Write one page, whole or not at all."""
    css = files("verigrad.report").joinpath("style.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("verigrad.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("page.html.j2").render(
        css=Markup(css),  # noqa: S704 - our own file
        css_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        title=clean(title, 120),
        kind=kind,
        opening=opening,
        sections=sections,
    )
    with replacing(file) as stream:
        stream.write(masked(page).encode("utf-8", errors="backslashreplace"))
    return file
