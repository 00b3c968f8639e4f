"""Read the think/answer structure of a response; every reward reads it here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tags:
    """The names of the two tags, without angle brackets; other model families use other words."""

    think: str = "think"
    answer: str = "answer"

    def __post_init__(self) -> None:
        for name in (self.think, self.answer):
            if not name or any(c in "<>/" or c.isspace() for c in name):
                raise ValueError(f"tag name {name!r}: allowed are words without <, > and /, such as 'think'")
        if self.think == self.answer:
            raise ValueError(f"think and answer tags are both {self.think!r}; they must differ")


@dataclass(frozen=True, slots=True)
class Structure:
    """A response that keeps the structure: its thinking and its answer, both stripped."""

    think: str
    answer: str


def read_structure(text: str, tags: Tags) -> Structure | str:
    """Return the structure of ``text``, or one sentence that says how it breaks the structure.

    The only legal text is ``<think>…</think><answer>…</answer>``: each tag once, in this order, with
    nothing but white space before, between and after.
    """
    marks = [f"<{tags.think}>", f"</{tags.think}>", f"<{tags.answer}>", f"</{tags.answer}>"]
    for mark in marks:
        if (found := text.count(mark)) != 1:
            return f"{mark} stands {found} times; it must stand exactly once"
    places = [text.index(mark) for mark in marks]
    if places != sorted(places):
        return "the tags stand in the wrong order; allowed is " + "".join(marks)
    before, rest = text.split(marks[0])
    think, rest = rest.split(marks[1])
    between, rest = rest.split(marks[2])
    answer, after = rest.split(marks[3])
    for where, outside in (("before", before), ("between", between), ("after", after)):
        if outside.strip():
            return f"text {where} the tags: {outside.strip()[:40]!r}; only white space may stand there"
    return Structure(think.strip(), answer.strip())
