"""Live progress: a panel on a terminal, plain lines elsewhere. Model text is shown without control characters."""

import sys
import time
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from verigrad.printable import one_line, shown, thinking_dimmed
from verigrad.secrets import masked

BARS = "▁▂▃▄▅▆▇█"
SHOWN = {
    "reward": "reward",
    "accuracy": "accuracy",
    "held_out_accuracy": "held out",
    "think_length": "think length",
    "format": "format",
    "no_signal": "groups without signal",
    "loss": "loss",
}


def sparkline(values: list[float], width: int = 30) -> str:
    """Return the last ``width`` values as a line of bars, scaled to their own range."""
    recent = values[-width:]
    low, high = min(recent), max(recent)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0
    return "".join(BARS[round((v - low) * scale)] for v in recent)


def pick(rollouts: list[dict[str, Any]], status: str) -> dict[str, Any] | None:
    """Return the first rollout whose correctness is (or is not) correct."""
    good = status == "correct"
    return next((r for r in rollouts if (r["correctness"]["status"] == "correct") == good), None)


class Progress:
    """Shows a run while it goes on; use as a context manager around training."""

    def __init__(self, total: int, title: str, think_tag: str, console: Console | None = None) -> None:
        self.console = console or Console(file=sys.stdout)
        self.total = total
        self.title = title
        self.think_tag = think_tag
        self.history: dict[str, list[float]] = {}
        self.rollouts: list[dict[str, Any]] = []
        self.started = time.monotonic()
        live = self.console.is_terminal
        self.live = Live(console=self.console, refresh_per_second=4) if live else None

    def __enter__(self) -> "Progress":
        """Begin to show."""
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop showing; the last picture stays."""
        if self.live:
            self.live.stop()

    def update(self, step: int, metrics: dict[str, Any], rollouts: list[dict[str, Any]]) -> None:
        """Show the numbers of ``step``."""
        self.rollouts = rollouts or self.rollouts
        for name in SHOWN:
            if metrics.get(name) is not None:
                self.history.setdefault(name, []).append(metrics[name])
        if self.live:
            self.live.update(self.panel(step))
        elif step == 1 or step % max(1, self.total // 20) == 0 or step == self.total:
            numbers = "  ".join(f"{label} {shown(metrics.get(k))}" for k, label in SHOWN.items() if k in metrics)
            line = f"step {step}/{self.total}  {numbers}  {self.eta(step)} left"
            self.say(line)

    def say(self, line: str) -> None:
        """Print a line above the picture; a closed or narrow-minded output never stops a run."""
        try:
            self.console.print(masked(line), markup=False, highlight=False, soft_wrap=True)
        except (SystemExit, OSError, UnicodeError):  # rich turns a broken pipe into SystemExit
            self.console.quiet = True

    def eta(self, step: int) -> str:
        """Return the time left, judged by the steps so far."""
        left = (time.monotonic() - self.started) / max(step, 1) * (self.total - step)
        return f"{int(left // 60)}:{int(left % 60):02d}"

    def panel(self, step: int) -> Panel:
        """Return the whole picture."""
        bar = Table.grid(padding=(0, 2), expand=True)
        bar.add_column()
        bar.add_column(ratio=1)
        bar.add_column()
        bar.add_row(f"step {step}/{self.total}", ProgressBar(self.total, step), f"{self.eta(step)} left")
        numbers = Table.grid(padding=(0, 2))
        for name, label in SHOWN.items():
            if values := self.history.get(name):
                numbers.add_row(label, Text(shown(values[-1]), style="bold"), Text(sparkline(values), style="cyan"))
        return Panel(Group(bar, Text(), numbers, Text(), *self.examples()), title=self.title, border_style="dim")

    def examples(self) -> list[Text]:
        """Return one good and one bad rollout of the step, the thinking dimmed."""
        lines = []
        for status, style in (("correct", "green"), ("wrong", "red")):
            if found := pick(self.rollouts, status):
                response = one_line(found["response"][:300])
                lines.append(
                    Text.assemble(
                        (f"{status:8}", style),
                        (one_line(found["question"][:80]) + "  ", "bold"),
                        thinking_dimmed(response, self.think_tag),
                    )
                )
        return lines
