"""``think_answer``: the format reward that enforces the think/answer structure of DeepSeek-R1 (arXiv 2501.12948)."""

from verigrad_rewards.structure import Tags, read_structure
from verigrad_rewards.types import Problem, Response, Status, Verdict


def think_answer(
    problem: Problem,
    response: Response,
    *,
    think_tag: str = "think",
    answer_tag: str = "answer",
    allow_empty_think: bool = False,
    partial: float = 0.0,
) -> Verdict:
    """1 if the response is one thinking, then one answer, then its end, and nothing else; otherwise ``partial`` or 0.

    Args:
        problem: not looked at; every reward takes one.
        response: scored from the assistant header on, with what the template prefilled.
        think_tag: name of the tag around the thinking.
        answer_tag: name of the tag around the answer.
        allow_empty_think: whether ``<think></think>`` is legal.
        partial: reward in [0, 1) for a closed thinking with an answer tag after it that breaks another rule.

    Raises:
        ValueError: ``partial`` would pay as much as the whole structure, or a tag name is no name.
    """
    del problem
    if not 0 <= partial < 1:
        raise ValueError(f"think_answer: partial is {partial!r}; allowed is 0 up to, not including, 1")
    tags = Tags(think_tag, answer_tag)
    broken = breach(response, tags, allow_empty_think)
    if broken is None:
        return Verdict(1.0, Status.CORRECT, detail="the structure is kept")
    near = f"</{tags.think}>" in response.text and f"<{tags.answer}>" in response.text.split(f"</{tags.think}>")[-1]
    return Verdict(partial if near else 0.0, Status.WRONG, detail=broken)


def breach(response: Response, tags: Tags, allow_empty_think: bool) -> str | None:
    """Return one sentence that says how the response breaks the structure, None if it keeps it."""
    structure = read_structure(response.text, tags)
    if isinstance(structure, str):
        return structure
    if not response.finished:
        return "the response was cut at the token limit before it ended"
    if not structure.answer:
        return f"<{tags.answer}> is empty"
    if not structure.think and not allow_empty_think:
        return f"<{tags.think}> is empty, which this recipe does not allow"
    return None
