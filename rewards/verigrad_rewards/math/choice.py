"""``multiple_choice``: the letter of the right choice, or the text of that choice."""

from collections.abc import Mapping

from verigrad_rewards.math.extract import extract
from verigrad_rewards.math.parse.words import read_choice
from verigrad_rewards.math.prose import leading
from verigrad_rewards.math.verify import equivalent
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import Problem, ProblemError, Response, Status, Verdict


def read_choices(problem: Problem) -> tuple[Mapping[str, str], str]:
    """Return the choices by letter and the right letter.

    Raises:
        ProblemError: ``info["choices"]`` is no mapping or list of texts, or the answer is none of its letters.
    """
    choices = problem.info.get("choices")
    if isinstance(choices, list | tuple):
        choices = {chr(ord("A") + i): text for i, text in enumerate(choices)}
    if not isinstance(choices, Mapping) or not choices or not all(isinstance(c, str) for c in choices.values()):
        raise ProblemError(f"{problem.id}: info needs 'choices', a list of texts or a mapping from letters to texts")
    right = problem.answer.strip().strip("()").upper()
    if right not in choices:
        raise ProblemError(
            f"{problem.id}: answer {problem.answer[:20]!r} is no choice; allowed are {', '.join(choices)}"
        )
    return choices, right


def multiple_choice(
    problem: Problem,
    response: Response,
    *,
    sources: tuple[str, ...] = ("answer",),
    think_tag: str = "think",
    answer_tag: str = "answer",
) -> Verdict:
    """1 if the response names the right choice by its letter or by its text, else 0.

    A letter beside the text of another choice, and a text that fits two choices, name none.

    Raises:
        ProblemError: the problem lacks its choices, or its answer is none of them.
    """
    choices, right = read_choices(problem)
    found = extract(response.text, sources=tuple(sources), tags=Tags(think_tag, answer_tag))
    if found is None or not found.text:
        return Verdict(0.0, Status.NO_ANSWER, detail=f"no answer found in: {', '.join(sources)}")
    if found.problem:
        return Verdict(0.0, Status.WRONG, found.text[:200], found.problem)
    letter, why = named_choice(found.text, choices)
    correct = letter == right
    detail = why or (f"choice {letter}" + ("" if correct else f", the right one is {right}"))
    return Verdict(float(correct), Status.CORRECT if correct else Status.WRONG, letter or found.text[:200], detail)


def named_choice(text: str, choices: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the letter that an answer names, or None and why it names none."""
    choice = read_choice(text) or read_choice(leading(text))
    written = choice[1] if choice else text
    fitting = [letter for letter, content in choices.items() if written and equivalent(written, content)]
    if choice is None:
        if len(fitting) == 1:
            return fitting[0], ""
        return None, "the answer fits several choices" if fitting else "the answer is none of the choices"
    if choice[0] not in choices:
        return None, f"there is no choice {choice[0]}; allowed are {', '.join(choices)}"
    if fitting and choice[0] not in fitting:
        return None, f"the letter is {choice[0]}, but the text is that of {fitting[0]}"
    return choice[0], ""
