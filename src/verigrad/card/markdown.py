"""Text from outside, made safe for Markdown: nothing in it becomes a link, an image, a tag, a heading or a table."""

import re

from markupsafe import Markup

from verigrad.printable import printable

SPECIAL = re.compile(r"([\\`*_\[\]#|~$])")  # what else has a meaning has it at the start of a line
LONGEST = 4000  # of one text on one line


def words(text: object) -> Markup:
    """Return ``text`` as words of a paragraph or a cell, on one line; what is Markup already stays."""
    if isinstance(text, Markup):
        return text
    line = printable(" ".join(str(text).split()))[:LONGEST]
    safe = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(SPECIAL.sub(r"\\\1", safe).replace("://", "&#58;//").replace("www.", "www&#46;"))  # noqa: S704  # escaped here


def block(text: str, language: str = "") -> Markup:
    """Return ``text`` as a block of code; its fence is longer than any in the text."""
    ticks = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, ticks + 1)
    return Markup(f"{fence}{language}\n{printable(text).rstrip()}\n{fence}")  # noqa: S704  # code is shown as it is
