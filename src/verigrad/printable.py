"""Show untrusted text on a terminal: what models and problems say cannot drive it, nor pass for a line of ours."""

from rich.text import Text

from verigrad.thinking import think_span

STYLES = {"correct": "green", "wrong": "red"}  # of statuses


def printable(text: str) -> str:
    """Return ``text`` without control characters, escapes and marks that turn the direction of writing."""
    spread = text.replace("\r\n", "\n").replace("\t", "    ")  # programs are full of tabs
    return "".join(c if c.isprintable() or c == "\n" else "·" for c in spread)


def one_line(text: str) -> str:
    """Return ``text``, printable, on one line."""
    return printable(text).replace("\n", "⏎")


def behind_bar(text: str) -> str:
    """Return ``text``, printable, each line behind a bar that keeps it from passing for one of ours."""
    return "\n".join(f"  │ {part}" for part in printable(text).split("\n"))


def field(name: str, value: str | None) -> Text:
    """Return a named value, on lines of its own where it has several."""
    value = "nothing" if value is None else value
    label = f"{one_line(name):<14} "
    if "\n" in value.strip():
        return Text(f"{label.rstrip()}\n{behind_bar(value)}\n")
    return Text(f"{label}{one_line(value.strip())}\n")


def thinking_dimmed(text: str, tag: str) -> Text:
    """Return ``text`` with the thinking dimmed."""
    shown = Text(text)
    start, end = think_span(text, tag)
    if end:
        shown.stylize("dim", start, end)
    return shown


def shown(value: float | None) -> str:
    """Return a number in four characters or so."""
    return "–" if value is None else f"{value:.3f}" if abs(value) < 10 else f"{value:.0f}"
