"""What ``verigrad eval`` and ``verigrad compare`` do and print."""

import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from verigrad.errors import RecipeError, RunError
from verigrad.evaluate.compare import compare, headline, notes, verdict
from verigrad.evaluate.endpoint import Endpoint
from verigrad.evaluate.metrics import summarize
from verigrad.evaluate.records import Records, read_records
from verigrad.evaluate.run import Measurement, measure_local, measure_remote, measurements
from verigrad.evaluate.table import comparison_table, make_table
from verigrad.recipe import load_recipe
from verigrad.run_folder import records_files
from verigrad.tasks.mix import measured


@dataclass(frozen=True)
class Target:
    """What is to be measured.

    Attributes:
        name: a run folder, or a model.
        overrides: laid over the recipe.
        recipe: file that says what a model is measured on; None for a run.
        out: where the records go; None for the usual place.
        endpoint: URL of a server that has the model; None for this machine.
        concurrency: requests at once to the endpoint.
        key_variable: environment variable with the endpoint's key.
    """

    name: str
    overrides: list[str]
    recipe: str | None
    out: Path | None
    endpoint: str | None
    concurrency: int
    key_variable: str


def evaluate_target(target: Target, out: Console) -> None:
    """Measure a run or a model, and print its tables.

    Raises:
        RecipeError, RunError, ProblemError: wrong input.
        RunStoppedError, InterruptedRunError: it ended early; what is finished is recorded.
    """
    if target.recipe is None:
        measure_run(target, out)
    else:
        measure_model(target, target.recipe, out)


def measure_run(target: Target, out: Console) -> None:
    """Measure the start model and the trained model of a run."""
    if target.endpoint is not None:
        raise RecipeError("--endpoint: needs --recipe, which says what the model behind it is measured on")
    each = measurements(Path(target.name), target.overrides, target.out, command())
    before, after = (measure_local(one, say(out)) for one in each)
    if before and after:
        out.print(make_table(summarize(after), summarize(before)))
        print_comparison(before, after, out)


def measure_model(target: Target, recipe_file: str, out: Console) -> None:
    """Measure one model on the held-out problems of a recipe."""
    recipe = replace(measured(load_recipe(recipe_file, target.overrides)), model=target.name, from_scratch=False)
    file = target.out or Path("evals") / f"{safe(target.name)}.{safe(Path(recipe_file).stem)}.jsonl"
    each = Measurement(recipe, file, target.name, command())
    if target.endpoint is None:
        records = measure_local(each, say(out))
    else:
        endpoint = Endpoint(
            target.endpoint,
            target.name,
            target.concurrency,
            key_variable=target.key_variable,
            think_tag=recipe.format.think_tag,
        )
        records = measure_remote(each, endpoint, say(out))
    if records:
        out.print(make_table(summarize(records)))
        out.print(f"records: {file}", markup=False, highlight=False, soft_wrap=True)


def compare_files(first: Path, second: Path, out: Console) -> None:
    """Print the paired comparison of two measurements.

    Raises:
        RunError: they cannot be compared.
    """
    print_comparison(read_records(records_of(first)), read_records(records_of(second)), out, ("first", "second"))


def print_comparison(
    before: Records, after: Records, out: Console, names: tuple[str, str] = ("before", "after")
) -> None:
    """Print the paired differences, and what the sampled held-out ones mean in a sentence."""
    found = compare(before, after)
    out.print(comparison_table(found, names))
    for part in found:
        if part.excluded:
            out.print(f"{part.split} {part.decode}: {part.excluded} problems were not scored on both sides")
    for line in [*notes(before, after), verdict(headline(found), *names)]:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def records_of(path: Path) -> Path:
    """Return the file of records that a run folder or a file means.

    Raises:
        RunError: a folder without records.
    """
    if not path.is_dir():
        return path
    file = records_files(path / "eval")[1]
    if not file.is_file():
        raise RunError(f"{path}: has no records of its trained model; 'verigrad eval {path}' measures it")
    return file


def say(out: Console) -> Callable[[str, str], None]:
    """Return what prints one line of progress."""
    return lambda title, line: out.print(f"{title}: {line}", markup=False, highlight=False, soft_wrap=True)


def command() -> str:
    """Return the command that was given."""
    return shlex.join(["verigrad", *sys.argv[1:]])


def safe(name: str) -> str:
    """Return a name as a part of a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "model"
