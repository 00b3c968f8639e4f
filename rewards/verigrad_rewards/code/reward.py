"""``code_tests``: the program in the response passes the hidden tests."""

import re

from verigrad_rewards.code.judge import judge
from verigrad_rewards.code.tests import read_tests
from verigrad_rewards.math.extract import after_thinking, tagged
from verigrad_rewards.structure import Tags
from verigrad_rewards.types import Problem, ProblemError, Response, Status, Verdict

_FENCE = re.compile(r"^```[ \t]*(?:python|py|python3)?[ \t]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_TAIL = 100_000


def find_program(text: str, tags: Tags) -> str | Verdict:
    """Return the program in ``text``, or the verdict on a response that has none.

    It stands in the answer tag after the thinking, in a fenced block there if there is one; without an answer tag it
    is the last fenced block after the thinking.
    """
    said = after_thinking(text, tags)
    found = tagged(said, tags)
    if found is not None and found.problem:
        return Verdict(0.0, Status.WRONG, detail=found.problem)
    inside = found.text if found is not None else said[-_TAIL:]
    fenced = _FENCE.findall(inside)
    program = fenced[-1] if fenced else (inside if found is not None else "")
    if not program.strip():
        return Verdict(0.0, Status.NO_ANSWER, detail="no program after the thinking")
    return program


def code_tests(
    problem: Problem,
    response: Response,
    *,
    timeout_s: float = 2.0,
    memory_mb: int = 256,
    sandbox: str = "auto",
    think_tag: str = "think",
    answer_tag: str = "answer",
) -> Verdict:
    """1 if the program in the response passes every test in ``problem.info["tests"]``, else 0.

    Args:
        problem: ``info`` holds ``tests`` and, for call tests, ``entry_point``.
        response: the program stands in the answer tag, or in the last fenced block.
        timeout_s: wall-clock seconds for the program with all its calls, or for each stdin test.
        memory_mb: address space of the program.
        sandbox: ``auto`` locks the program in or refuses; ``none`` runs it with limits only.
        think_tag: name of the tag around the thinking.
        answer_tag: name of the tag around the answer.

    Raises:
        ProblemError: the tests are missing or malformed.
        SandboxUnavailableError: programs cannot be locked in here.
    """
    tests = read_tests(problem.info.get("tests"), problem.id)
    entry_point = problem.info.get("entry_point")
    if entry_point is not None and not isinstance(entry_point, str):
        raise ProblemError(f"{problem.id}: entry_point is {entry_point!r}; allowed is the name of a function")
    program = find_program(response.text, Tags(think_tag, answer_tag))
    if isinstance(program, Verdict):
        return program
    verdict = judge(program, tests, entry_point=entry_point, timeout_s=timeout_s, memory_mb=memory_mb, sandbox=sandbox)
    return Verdict(verdict.reward, verdict.status, program[:2000], verdict.detail)
