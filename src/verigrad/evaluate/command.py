"""What ``verigrad eval`` and ``verigrad compare`` do and print."""

import re
import shlex
import sys
from collections.abc import Callable, Sequence
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
from verigrad.run_folder import is_run, records_files
from verigrad.tasks.mix import measured, measured_problems

# keys of a recipe that measuring reads
READ = "eval tasks instruction format max_prompt_tokens max_response_tokens scoring hang_timeout_s".split()
WIDE = 120  # columns of a terminal from which the whole tables fit


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
    require_measuring(target.overrides)
    if target.recipe is None and target.endpoint is not None:
        raise RecipeError("--endpoint: needs --recipe, which says what the model behind it is measured on")
    if target.recipe is None:
        if not is_run(Path(target.name)):
            raise RunError(
                f"{target.name}: is no run folder (it has no recipe.yaml); a model is measured with --recipe FILE, "
                "which says on what"
            )
        measure_run(target, out)
    else:
        measure_model(target, target.recipe, out)


def require_measuring(overrides: Sequence[str]) -> None:
    """Refuse overrides of keys that measuring does not read, and which records would keep as if they were true.

    Raises:
        RecipeError: with the key.
    """
    for override in overrides:
        key = override.partition("=")[0].strip()
        if key.split(".")[0] not in READ and key != "grpo.chat_template_kwargs":
            raise RecipeError(
                f"override {key}: decides the training, not a measurement; allowed are eval.… (such as eval.seed), "
                f"{', '.join(READ[1:])}"
            )


def measure_run(target: Target, out: Console) -> None:
    """Measure the start model and the trained model of a run."""
    if target.out is not None and target.out.suffix == ".jsonl":
        raise RecipeError(f"--out {target.out}: is a folder for a run, which has records before and after training")
    each = measurements(Path(target.name), target.overrides, target.out, command())
    before, after = (measure_local(one, say(out)) for one in each)
    if before and after:
        out.print(make_table(summarize(after), summarize(before), narrow=out.width < WIDE))
        print_comparison(before, after, out)
        page = "" if target.out else f"; 'verigrad report {target.name}' makes a page of them"
        out.print(f"records: {after.file.parent}{page}", markup=False, highlight=False, soft_wrap=True)


def measure_model(target: Target, recipe_file: str, out: Console) -> None:
    """Measure one model on the held-out problems of a recipe."""
    if is_run(Path(target.name)):
        raise RecipeError(f"--recipe: {target.name} is a run, which has its own; its model is {target.name}/model")
    recipe = replace(measured(load_recipe(recipe_file, target.overrides)), model=target.name, from_scratch=False)
    file = target.out or Path("evals") / f"{safe(target.name)}.{safe(Path(recipe_file).stem)}.jsonl"
    each = Measurement(recipe, measured_problems(recipe), file, target.name, command())
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
        out.print(make_table(summarize(records), narrow=out.width < WIDE))
        out.print(f"records: {file}", markup=False, highlight=False, soft_wrap=True)


def compare_files(first: Path, second: Path, out: Console) -> None:
    """Print the paired comparison of two measurements.

    Raises:
        RunError: they cannot be compared.
    """
    names = (label(first), label(second))
    before, after = (read_records(records_of(path)) for path in (first, second))
    print_comparison(before, after, out, names if names[0] != names[1] else ("first", "second"))


def print_comparison(
    before: Records, after: Records, out: Console, names: tuple[str, str] = ("before", "after")
) -> None:
    """Print the paired differences, and what the sampled held-out ones mean in a sentence."""
    found = compare(before, after)
    out.print(comparison_table(found, names, narrow=out.width < WIDE))
    for part in found:
        if part.excluded:
            out.print(f"{part.split} {part.decode}: {part.excluded} problems were not scored on both sides")
    for line in [*notes(before, after), verdict(headline(found), *names)]:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def label(path: Path) -> str:
    """Return a short name of a side: of the run, or of the file."""
    return path.name.removesuffix(".jsonl") or str(path)


def records_of(path: Path) -> Path:
    """Return the file of records that a run folder or a file means.

    Raises:
        RunError: a folder without records.
    """
    if not path.is_dir():
        return path
    files = [records_files(folder)[1] for folder in (path / "eval", path)]
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        raise RunError(f"{path}: has no records of a trained model (eval/after.jsonl); 'verigrad eval RUN' writes them")
    return found


def say(out: Console) -> Callable[[str, str], None]:
    """Return what prints one line of progress."""
    return lambda title, line: out.print(f"{title}: {line}", markup=False, highlight=False, soft_wrap=True)


def command() -> str:
    """Return the command that was given."""
    return shlex.join(["verigrad", *sys.argv[1:]])


def safe(name: str) -> str:
    """Return a name as a part of a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "model"
