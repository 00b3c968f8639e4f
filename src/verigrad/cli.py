"""The command ``verigrad``. Nothing here imports torch before a command needs it."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from verigrad import __version__
from verigrad.errors import STATED, RunError, exit_code
from verigrad.secrets import masked

app = typer.Typer(
    help="Train small open-weight language models to reason, with rewards a program can verify.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Overrides = Annotated[list[str] | None, typer.Argument(help="key.sub=value, laid over the recipe")]


def console() -> Console:
    """Return a console; wide enough for the tables where output is no terminal."""
    return Console(width=None if sys.stdout.isatty() else 140)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="a YAML file, such as recipes/tiny/grpo.yaml")],
    overrides: Overrides = None,
    accept_change: Annotated[
        list[str] | None, typer.Option(help="a key that may have changed since the run was started")
    ] = None,
    config: Annotated[
        str | None, typer.Option(help="launch with this accelerate config, such as recipes/accelerate/cpu2.yaml")
    ] = None,
) -> None:
    """Train on this machine; like 'accelerate launch -m verigrad.train', with the exit codes kept."""
    need_torch("train")
    arguments = [recipe, *(overrides or []), *(f"--accept-change={key}" for key in accept_change or [])]
    if config is not None:
        from verigrad.train.launch import launch

        raise typer.Exit(launch(config, arguments))
    from verigrad.train.command import main as train_main

    raise typer.Exit(train_main(arguments))


@app.command("eval")
def evaluate(
    run: Annotated[Path, typer.Argument(help="a run folder")],
    overrides: Overrides = None,
) -> None:
    """Measure a run on held-out problems, before and after training: records and a table."""
    need_torch("eval")
    from verigrad.train.archive import require_run

    require_run(run)
    from verigrad.evaluate.metrics import compare, summarize, verdict
    from verigrad.evaluate.records import read_records
    from verigrad.evaluate.run import evaluate_run
    from verigrad.evaluate.table import make_table
    from verigrad.models.load import quiet

    quiet()
    out = console()
    before, after = (read_records(f) for f in evaluate_run(run, overrides or [], out.print))
    out.print(make_table(summarize(before), summarize(after)))
    out.print(verdict(compare(before, after, "held_out", "sampled")), highlight=False)


@app.command()
def report(run: Annotated[Path, typer.Argument(help="a run folder")]) -> None:
    """Write RUN/report.html: one page that needs no network and no script."""
    from verigrad.report.write import write_report

    console().print(f"report: {write_report(run)}", highlight=False, soft_wrap=True)


@app.command()
def rollouts(
    run: Annotated[Path, typer.Argument(help="a run folder")],
    *,
    step: Annotated[int | None, typer.Option(help="the responses of this step")] = None,
    status: Annotated[str | None, typer.Option(help="correct, wrong, no_answer, timeout or unscored")] = None,
    problem: Annotated[str | None, typer.Option(help="id of a problem")] = None,
    task: Annotated[str | None, typer.Option(help="name of a task")] = None,
    limit: Annotated[int | None, typer.Option(help="at most so many responses, or steps of the table")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON lines, such as for jq")] = False,
) -> None:
    """Show a line per step of a run, or the responses asked for with their verdicts; works while the run goes on."""
    from verigrad.rollouts import Wanted, show_rollouts

    show_rollouts(run, Wanted(step, status, problem, task), limit, as_json, console())


@app.command()
def grade(
    file: Annotated[Path, typer.Argument(help="rows with 'response' and 'gold', and 'correct' where people judged")],
    task: Annotated[str, typer.Option(help="the task that the responses answer")] = "gsm8k",
    sources: Annotated[str, typer.Option(help="where answers may stand, in order of trust")] = "answer,boxed,mark",
) -> None:
    """Score saved responses without torch, and compare with people's labels where the file has them."""
    from verigrad.grade import grade_file, render

    console().print(render(grade_file(file, task, tuple(sources.split(",")))), highlight=False)


@app.command()
def check(recipe: Annotated[str, typer.Argument(help="a YAML file")], overrides: Overrides = None) -> None:
    """Check a recipe without weights: keys, rewards, problems, and that every gold answer earns 1."""
    from verigrad.check import check_recipe

    for line in check_recipe(recipe, overrides or []):
        console().print(line, highlight=False)


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def need_torch(command: str) -> None:
    """Refuse a command that needs the train extra where it is not installed.

    Raises:
        RunError: with what to install.
    """
    import importlib.util

    if importlib.util.find_spec("trl") is None:
        raise RunError(f"verigrad {command} needs torch and trl: pip install 'verigrad[train]'")


def main() -> None:
    """Run the command; wrong input is one line and exit code 2, what stops the work one line and exit code 1."""
    try:
        app()
    except STATED as error:
        print(f"error: {masked(str(error))}", file=sys.stderr)
        sys.exit(exit_code(error))
