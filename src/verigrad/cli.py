"""The command ``verigrad``. Nothing here imports torch before a command needs it."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from verigrad import __version__
from verigrad.errors import STATED, STOPS, RecipeError, RunError, exit_code
from verigrad.secrets import masked

app = typer.Typer(
    help="Train small open-weight language models to reason, with rewards a program can verify.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Overrides = Annotated[list[str] | None, typer.Argument(help="key.sub=value, laid over the recipe")]
RunFolder = Annotated[Path, typer.Argument(help="a run folder")]
BaseLicence = Annotated[
    str | None, typer.Option("--license-of-base", help="licence of the start model, where its card does not say")
]
DataLicences = Annotated[
    list[str] | None, typer.Option("--license-of-data", help="TASK=LICENCE, where the kit does not know")
]


def console() -> Console:
    """Return a console; wide enough for the tables where output is no terminal."""
    return Console(width=None if sys.stdout.isatty() else 160)


def say(line: str) -> None:
    """Print one line as it is."""
    console().print(line, markup=False, highlight=False, soft_wrap=True)


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
        from verigrad.processes.launch import launch

        raise typer.Exit(launch(config, "verigrad.train", arguments))
    from verigrad.train.command import main as train_main

    raise typer.Exit(train_main(arguments))


@app.command("eval")
def evaluate(
    target: Annotated[
        str, typer.Argument(help="a run folder; with --recipe a model: a folder, a hub id, verigrad/tiny")
    ],
    overrides: Overrides = None,
    *,
    recipe: Annotated[str | None, typer.Option(help="what a model that is no run is measured on")] = None,
    out: Annotated[Path | None, typer.Option(help="where records go: a folder for a run, a file for a model")] = None,
    endpoint: Annotated[str | None, typer.Option(help="URL of an OpenAI-compatible server that has the model")] = None,
    concurrency: Annotated[int, typer.Option(help="requests at once to the endpoint")] = 8,
    key_variable: Annotated[str, typer.Option(help="environment variable with the endpoint's key")] = "OPENAI_API_KEY",
    config: Annotated[
        str | None, typer.Option(help="launch with this accelerate config, such as recipes/accelerate/cpu2.yaml")
    ] = None,
) -> None:
    """Measure a run before and after training, or one model, on held-out problems: records and tables."""
    from verigrad.evaluate.command import Target, evaluate_target

    if endpoint is None:
        need_torch("eval")
        from verigrad.models.load import quiet

        quiet()
    if config is not None:
        from verigrad.processes.launch import launch

        options = {"--recipe": recipe, "--out": out}
        given = [f"{name}={value}" for name, value in options.items() if value is not None]
        raise typer.Exit(launch(config, "verigrad.evaluate", [target, *(overrides or []), *given]))
    asked = Target(target, overrides or [], recipe, out, endpoint, concurrency, key_variable)
    evaluate_target(asked, console())


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="a file of records, or a run folder for its trained model")],
    second: Annotated[Path, typer.Argument(help="the same, of what is compared with it")],
) -> None:
    """Compare two measurements of the same problems, paired: the difference, how sure it is, and what it means."""
    from verigrad.evaluate.command import compare_files

    compare_files(first, second, console())


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(help="a run folder, or several to compare")],
    out: Annotated[Path | None, typer.Option(help="where the page of several runs goes: comparison.html")] = None,
) -> None:
    """Write RUN/report.html, or one page that compares several runs: no network, no script."""
    from verigrad.report.write import write_comparison, write_report

    if len(runs) == 1 and out is not None:
        raise RecipeError(f"--out {out}: is for several runs; the report of one is {runs[0] / 'report.html'}")
    file = write_report(runs[0]) if len(runs) == 1 else write_comparison(runs, out or Path("comparison.html"))
    say(f"report: {file}")


@app.command()
def chat(
    target: Annotated[str, typer.Argument(help="a run folder, or a model: a folder, a hub id, verigrad/tiny")],
    overrides: Overrides = None,
    *,
    recipe: Annotated[str | None, typer.Option(help="tasks and format for a model that is no run")] = None,
    seed: Annotated[int, typer.Option(help="of the answers, and of the order of the problems")] = 0,
    temperature: Annotated[float | None, typer.Option(help="of the answers; 0 takes the likeliest token")] = None,
    fold: Annotated[bool, typer.Option("--fold", help="show the thinking as one line")] = False,
) -> None:
    """Talk to a model: its thinking is dimmed, '/task' asks it a held-out problem and shows the verdict."""
    need_torch("chat")
    from verigrad.chat.command import chat as chat_with

    chat_with(target, recipe, overrides or [], seed=seed, temperature=temperature, folded=fold)


@app.command()
def card(run: RunFolder, base_licence: BaseLicence = None, data_licence: DataLicences = None) -> None:
    """Write RUN/model/README.md, the model card, from the records of its evaluation."""
    from verigrad.card.write import write_card

    file = write_card(run, license_of_base=base_licence, license_of_data=licences(data_licence))
    say(f"card: {file}")


@app.command()
def push(
    run: RunFolder,
    repo: Annotated[str, typer.Argument(help="USER/NAME on the hub; made where it is not there")],
    *,
    private: Annotated[bool, typer.Option("--private", help="only you can see it")] = False,
    base_licence: BaseLicence = None,
    data_licence: DataLicences = None,
) -> None:
    """Upload weights, model card and records with your own token (HF_TOKEN, or 'hf auth login')."""
    need_torch("push")
    from verigrad.models.load import quiet
    from verigrad.push import push as push_run

    quiet()
    known = licences(data_licence)
    url = push_run(run, repo, private=private, license_of_base=base_licence, license_of_data=known)
    say(f"pushed: {url}")


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
        say(line)


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def licences(pairs: list[str] | None) -> dict[str, str]:
    """Return the licences given as ``TASK=LICENCE``.

    Raises:
        RecipeError: one is written otherwise.
    """
    split = [pair.partition("=") for pair in pairs or []]
    for task, _, licence in split:
        if not task or not licence:
            raise RecipeError(f"--license-of-data {task}: write TASK=LICENCE, such as jsonl=cc-by-4.0")
    return {task: licence for task, _, licence in split}


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
        if isinstance(error, STOPS) or os.environ.get("RANK", "0") == "0":  # of several, one says what all found
            print(f"error: {masked(str(error))}", file=sys.stderr)
        sys.exit(exit_code(error))
