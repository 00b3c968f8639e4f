"""A session of a chat: every line that is typed is one prompt, or a command that begins with ``/``."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.console import Console
from rich.text import Text

from verigrad.chat.draws import Draws
from verigrad.chat.pieces import grown
from verigrad.chat.screen import Screen
from verigrad.chat.speaker import TYPED, Speaker
from verigrad.errors import RunError
from verigrad.printable import STYLES, field, one_line
from verigrad.recipe.bind import nearest
from verigrad.scoring import Scorer, job_of, sandboxes
from verigrad.tasks.mix import task_of
from verigrad_rewards.pool import Pool
from verigrad_rewards.types import Problem, Response, Verdict

HOTTEST = 10.0


@dataclass(frozen=True)
class Chat:
    """What a session needs, from its start to its end.

    Attributes:
        speaker: answers.
        draws: held-out problems.
        scorer: judges answers to them.
        pool: where it does.
        out: what is shown on.
    """

    speaker: Speaker
    draws: Draws
    scorer: Scorer
    pool: Pool
    out: Console


@dataclass(frozen=True, slots=True)
class State:
    """What commands change.

    Attributes:
        seed: of the next answer.
        temperature: of the softmax; 0 takes the most likely token.
        folded: whether the thinking is folded to one line.
        asked: the last prompt.
    """

    seed: int
    temperature: float
    folded: bool = False
    asked: Problem | None = None


def handle(chat: Chat, state: State, typed: str) -> State | None:
    """Do what a line says; returns the state after it, None where it ends the chat.

    Raises:
        RunError: the line is wrong, such as an unknown command or a prompt without room for an answer.
    """
    if not typed:
        return state
    if not typed.startswith("/"):
        return ask(chat, replace(state, asked=Problem(TYPED, typed)))
    name, _, argument = typed[1:].partition(" ")
    if name == "quit":
        return None
    if name not in COMMANDS:
        words = [f"/{command}" for command in (*COMMANDS, "quit")]
        hint = nearest(f"/{name}", words) or f" Allowed: {', '.join(words)}"
        raise RunError(f"{one_line(f'/{name}')}: no such command.{hint}")
    return COMMANDS[name](chat, state, argument.strip())


def ask(chat: Chat, state: State) -> State:
    """Answer the prompt of ``state``, and judge the answer where a task asks."""
    if state.asked is None:
        raise RunError("/retry: nothing was asked yet; type a prompt, or /task")
    response = answer(chat, state, state.asked)
    if task_of(state.asked) != TYPED:
        chat.out.print(judged(state.asked, judge(chat, state.asked, response)), end="", soft_wrap=True)
    return state


def answer(chat: Chat, state: State, problem: Problem) -> Response:
    """Write and show the answer to ``problem``."""
    from verigrad.models.sample import Decoding
    from verigrad.models.stream import stream_ids

    speaker, prompter = chat.speaker, chat.speaker.prompter
    prompt = speaker.prompt(problem)
    room = speaker.room(prompt)
    decoding = Decoding(prompter.end_ids, room, state.temperature, 1, speaker.recipe.eval.top_p)
    opening, text, ids = prompter.prefill(), "", list[int]()
    screen = Screen(chat.out, prompter.tags.think, opening, folded=state.folded)
    for token in stream_ids(speaker.model, prompt, state.seed, decoding):
        ids.append(token)
        if token not in prompter.end_ids:
            text = grown(text, prompter.tokenizer.decode(ids, skip_special_tokens=False))
            screen.show(opening + text)
    (response,) = prompter.responses([ids])
    screen.finish(response.text)
    if chat.out.is_terminal:
        cut = "" if response.finished else f", cut at {room}"
        said = f"{len(ids)} tokens, {screen.think_tokens} of them thinking{cut} · seed {state.seed}"
        chat.out.print(Text(said, "dim"))
    return response


def judge(chat: Chat, problem: Problem, response: Response) -> Verdict:
    """Return whether ``response`` is correct, judged in a worker with a deadline.

    Raises:
        SandboxUnavailableError: it is a program, which cannot be locked in here.
    """
    sandboxes(chat.scorer, [problem])
    (verdict,) = chat.pool.verdicts([job_of(chat.scorer.correctness[task_of(problem)], problem, response)])
    return verdict


def judged(problem: Problem, verdict: Verdict) -> Text:
    """Return a verdict in words."""
    gold = "decided by hidden tests" if "tests" in problem.info else problem.answer
    text = Text.assemble((f"{verdict.status}\n", f"bold {STYLES.get(str(verdict.status), 'yellow')}"))
    text.append_text(field("read", verdict.answer))
    text.append_text(field("gold answer", gold))
    return text.append_text(field("reason", verdict.detail)) if verdict.detail else text


def task(chat: Chat, state: State, argument: str) -> State:
    """Ask the next held-out problem."""
    problem = chat.draws.next(argument)
    shown = Text.assemble((f"{one_line(problem.id)}\n", "bold"), field("question", problem.question))
    chat.out.print(shown, end="", soft_wrap=True)
    return ask(chat, replace(state, asked=problem))


def retry(chat: Chat, state: State, _: str) -> State:
    """Ask the last prompt again with another seed."""
    return ask(chat, replace(state, seed=state.seed + 1))


def set_seed(chat: Chat, state: State, argument: str) -> State:
    """Set the seed."""
    if not (argument.isascii() and argument.isdigit() and len(argument) < 19):
        raise RunError(f"/seed {one_line(argument)!r}: allowed is a whole number, 0 or more; it is {state.seed}")
    chat.out.print(f"seed {int(argument)}", highlight=False)
    return replace(state, seed=int(argument))


def set_temperature(chat: Chat, state: State, argument: str) -> State:
    """Set the temperature."""
    try:
        temperature = float(argument)
    except ValueError:
        temperature = -1.0
    if not 0 <= temperature <= HOTTEST:
        raise RunError(
            f"/temperature {one_line(argument)!r}: allowed is a number from 0, the likeliest token, to {HOTTEST:g}; "
            f"it is {state.temperature:g}"
        )
    chat.out.print(f"temperature {temperature:g}", highlight=False)
    return replace(state, temperature=temperature)


def fold(chat: Chat, state: State, _: str) -> State:
    """Fold the thinking, or show it again."""
    chat.out.print(f"thinking {'shown' if state.folded else 'folded'}")
    return replace(state, folded=not state.folded)


def show_help(chat: Chat, state: State, _: str) -> State:
    """Show what can be typed."""
    tasks = ", ".join(chat.draws.uses)
    said = (
        "Every line is one prompt of its own, as in training: the model does not see what stands above.\n"
        f"/task [NAME]      ask the next held-out problem, and judge the answer ({one_line(tasks)})\n"
        "/retry            the last prompt with another seed\n"
        f"/seed N           the seed of the answers (it is {state.seed})\n"
        f"/temperature T    of sampling, 0 for the likeliest token (it is {state.temperature:g})\n"
        "/fold             fold the thinking to one line, or show it again\n"
        "/quit             as Ctrl-D; Ctrl-C stops an answer"
    )
    chat.out.print(Text(said), soft_wrap=True)
    return state


COMMANDS: dict[str, Callable[[Chat, State, str], State]] = {
    "task": task,
    "retry": retry,
    "seed": set_seed,
    "temperature": set_temperature,
    "fold": fold,
    "help": show_help,
}
