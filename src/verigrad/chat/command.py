"""The command ``verigrad chat``, in a terminal or in a pipe."""

import contextlib
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from verigrad.chat.draws import Draws
from verigrad.chat.session import Chat, State, handle
from verigrad.chat.speaker import Speaker, open_speaker
from verigrad.errors import STATED
from verigrad.printable import one_line
from verigrad.scoring import make_scorer
from verigrad.secrets import masked
from verigrad_rewards.pool import Pool


def chat(
    target: str,
    recipe: str | None = None,
    overrides: list[str] | None = None,
    *,
    seed: int = 0,
    temperature: float | None = None,
    folded: bool = False,
) -> None:
    """Answer what is typed until it ends; where input is a pipe, every line of it with one line.

    Args:
        target: a run folder, ``verigrad/tiny``, a folder with a model, or a hub id.
        recipe: file with tasks and format; the default is the run's own.
        overrides: laid over it.
        seed: of the answers, and of the order of the problems.
        temperature: of the answers; the default is that of the recipe's evaluation.
        folded: whether the thinking is folded.

    Raises:
        RecipeError, RunError: the first thing that is wrong.
    """
    from verigrad.models.load import quiet

    quiet()
    forgive_bytes()
    speaker = open_speaker(target, recipe, overrides or [])
    heat = speaker.recipe.eval.temperature if temperature is None else temperature
    out, typed = Console(highlight=False), sys.stdin.isatty()
    if typed and out.is_terminal:
        greet(speaker, out)
    with Pool(workers=1, deadline_s=speaker.recipe.scoring.deadline_s) as pool:
        started = Chat(speaker, Draws(speaker.recipe, seed), make_scorer(speaker.recipe), pool, out)
        converse(started, State(seed, heat, folded), typed=typed)


def forgive_bytes() -> None:
    """Read bytes that are no text, and write characters that the terminal lacks, as question marks."""
    for stream in (sys.stdin, sys.stdout):
        with contextlib.suppress(AttributeError):  # a stream that a test or a notebook put there
            stream.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue]


def greet(speaker: Speaker, out: Console) -> None:
    """Say who answers."""
    model = one_line(speaker.recipe.model)
    out.print(Text(f"{model} answers every line on its own; /help says what else can be typed"))


def converse(chat: Chat, state: State, *, typed: bool) -> None:
    """Handle line after line; what a person types wrong is said, what a pipe does wrong is raised.

    Raises:
        RunError: of a pipe, the first thing that is wrong.
    """
    prompt = "> " if typed and chat.out.is_terminal else ""
    for text in lines(prompt, typed=typed):
        try:
            following = handle(chat, state, text.strip())
        except STATED as error:
            if not typed:
                raise
            print(f"error: {masked(str(error))}", file=sys.stderr)
        except KeyboardInterrupt:
            if not typed:
                raise
            chat.out.print(Text(" … stopped", "dim"))
        else:
            if following is None:
                return
            state = following


def lines(prompt: str, *, typed: bool) -> Iterator[str]:
    """Yield what is typed, line by line, until it ends."""
    if typed:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  # gives input() a history and editing
    while True:
        try:
            text = input(prompt)
        except EOFError:
            if prompt:
                print()
            return
        except KeyboardInterrupt:
            if not typed:
                raise
            print("\n/quit or Ctrl-D ends the chat")
            continue
        yield text
