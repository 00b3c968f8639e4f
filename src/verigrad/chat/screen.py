"""Show a response while it is written: in pieces on a terminal, on one line elsewhere."""

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from verigrad.chat.pieces import pieces, rest, thinks
from verigrad.printable import printable
from verigrad.thinking import split_thinking


class Screen:
    """Shows one response.

    Attributes:
        think_tokens: tokens of thinking so far.
    """

    def __init__(self, out: Console, tag: str, prefill: str, *, folded: bool) -> None:
        self.out, self.tag, self.folded = out, tag, folded
        self.text, self.shown = prefill, 0
        self.think_tokens = 0
        self.counting = False

    def show(self, text: str) -> None:
        """Show what one more token adds to the response, whose text is ``text`` so far."""
        self.think_tokens += thinks(self.text, self.tag) and thinks(text, self.tag)
        self.text = text
        if self.out.is_terminal:
            self.add(ended=False)

    def finish(self, text: str) -> None:
        """Show the rest of a response, which is ``text`` in all."""
        self.shown = min(self.shown, rest(text, self.text))
        self.text = text
        if self.out.is_terminal:
            self.add(ended=True)
        else:
            self.put(self.one_line(), thinking=False)
        self.out.print()

    def add(self, *, ended: bool) -> None:
        """Show what is not shown yet, as far as it is sure."""
        for piece, thinking in pieces(self.text, self.shown, self.tag, ended=ended):
            if thinking and self.folded:
                self.count()
            else:
                self.put(piece, thinking=thinking)
            self.shown += len(piece)

    def put(self, text: str, *, thinking: bool) -> None:
        """Print a piece of a response, without what could drive the terminal."""
        if self.counting:
            self.out.print()
            self.counting = False
        style = "dim" if thinking else ""
        self.out.print(Text(printable(text), style), end="", soft_wrap=True)

    def count(self) -> None:
        """Show how long the thinking is so far, over what stood there before."""
        if not self.counting and self.shown:
            self.out.print()
        self.counting = True
        self.out.control(Control(ControlType.CARRIAGE_RETURN))
        self.out.print(Text(self.folded_thinking(), "dim"), end="", soft_wrap=True)

    def folded_thinking(self) -> str:
        """Return what stands for the thinking."""
        return f"… thinking, {self.think_tokens} tokens"

    def one_line(self) -> str:
        """Return the whole response on one line."""
        if not self.folded:
            return self.text.replace("\n", "⏎")
        thinking, answer = split_thinking(self.text, self.tag)
        line = f"{self.folded_thinking()}  {answer}" if thinking else answer
        return line.replace("\n", "⏎")
