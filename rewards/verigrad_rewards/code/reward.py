"""``code_tests``: the program in the response passes the hidden tests."""

from collections.abc import Iterator

from verigrad_rewards.code.judge import judge
from verigrad_rewards.code.process import MEMORY_MB, TIMEOUT_S
from verigrad_rewards.code.tests import read_tests
from verigrad_rewards.math.extract import after_thinking
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import Problem, ProblemError, Response, Status, Verdict

_PYTHON = {"python", "python3", "py"}
_TAIL = 400_000


def find_program(text: str, tags: Tags) -> str | Verdict:
    """Return the program in ``text``, or the verdict on a response that has none.

    It stands in the answer tag after the thinking, in a fenced block there if there is one; without an answer tag it
    is the last fenced block after the thinking. Of several blocks the last one marked as Python counts, or the last
    without a mark.
    """
    said = after_thinking(text[-_TAIL:], tags)
    opened, closed = f"<{tags.answer}>", f"</{tags.answer}>"
    answered = opened in said
    if answered:
        if said.count(opened) != 1 or said.count(closed) != 1 or said.index(closed) < said.index(opened):
            return Verdict(0.0, Status.WRONG, detail=f"{opened} must stand exactly once and be closed once after that")
        said = said.partition(opened)[2].partition(closed)[0]
    found = list(fenced(said))
    blocks = [source for language, source in found if language in _PYTHON]
    blocks = blocks or [source for language, source in found if not language]
    program = blocks[-1] if blocks else (said.strip("\r\n") if answered else "")
    if not program.strip():
        return Verdict(0.0, Status.NO_ANSWER, detail="no program after the thinking")
    return program


def fenced(text: str) -> Iterator[tuple[str, str]]:
    """Yield the language and the content of every closed fenced block (CommonMark, section 4.5), line by line.

    A block that is indented, as in a list, loses that much from the beginning of its lines.
    """
    fence, language, indent, inside = "", "", 0, []
    for line in text.split("\n"):
        mark = line.strip()
        if fence and mark.startswith(fence) and not mark.strip("`"):
            yield language, "\n".join(inside)
            fence = ""
        elif fence:
            own = len(line) - len(line.lstrip(" "))
            inside.append(line[min(own, indent) :])
        elif mark.startswith("```"):
            fence = mark[: len(mark) - len(mark.lstrip("`"))]
            indent = len(line) - len(line.lstrip(" "))
            language, inside = mark.lstrip("`").strip().partition(" ")[0].lower(), []


def code_tests(
    problem: Problem,
    response: Response,
    *,
    timeout_s: float = TIMEOUT_S,
    memory_mb: int = MEMORY_MB,
    sandbox: str = "auto",
    partial: bool = False,
    think_tag: str = "think",
    answer_tag: str = "answer",
) -> Verdict:
    """1 if the program in the response passes every test in ``problem.info["tests"]``, else 0.

    Args:
        problem: ``info`` holds ``tests``; for tests that call also ``entry_point``, the function's name; optionally
            ``prelude``, source that runs before the program in the same module.
        response: the program stands in the answer tag, or in the last fenced block.
        timeout_s: seconds for each test.
        memory_mb: address space of the program.
        sandbox: ``auto`` locks the program in or refuses, ``none`` runs it with limits only; see ``code.judge``.
        partial: pay the fraction of tests passed. Evaluation never does: only a program that passes all is correct.
        think_tag: name of the tag around the thinking.
        answer_tag: name of the tag around the answer.

    Raises:
        ProblemError: the tests are missing or malformed, or cannot be run whatever the program.
        SandboxUnavailableError: programs cannot be locked in here.
    """
    tests = read_tests(problem.info.get("tests"), problem.id)
    entry_point, prelude = problem.info.get("entry_point"), problem.info.get("prelude", "")
    if entry_point is not None and not isinstance(entry_point, str):
        raise ProblemError(f"{problem.id}: entry_point is {entry_point!r}; allowed is the name of a function")
    program = find_program(response.text, Tags(think_tag, answer_tag))
    if isinstance(program, Verdict):
        return program
    limits = {"timeout_s": timeout_s, "memory_mb": memory_mb, "sandbox": sandbox, "partial": partial}
    try:
        verdict = judge(program, tests, entry_point=entry_point, prelude=prelude, **limits)
    except ProblemError as error:
        raise ProblemError(f"{problem.id}: {error}") from None
    return Verdict(verdict.reward, verdict.status, program[:2000], verdict.detail)
