"""Untrusted text, and numbers, as the page shows them."""

import math
import unicodedata
from collections.abc import Sequence

from markupsafe import Markup, escape

from verigrad.evaluate.paired import Paired
from verigrad.evaluate.stats import Estimate

LINE, BLOCK = 200, 2_400  # characters shown of a name, and of a text
NONE = "–"
PREFIXES = ("", " k", " M", " G", " T", " P", " E")


def clean(text: object, limit: int = LINE) -> str:
    """Return untrusted text of bounded length; what hides or turns the direction of writing is made visible."""
    return "".join(c if is_plain(c) else f"⟨{ord(c):x}⟩" for c in cut(str(text), limit))


def is_plain(c: str) -> bool:
    """Whether a character can be shown as it is."""
    return c.isprintable() or c in "\n\t" or unicodedata.category(c) == "Zs"


def cut(text: str, limit: int) -> str:
    """Return ``text``, without its middle where it is longer than ``limit``."""
    if len(text) <= limit:
        return text
    head = 2 * limit // 3
    return f"{text[:head]} … {len(text) - limit:,} characters left out … {text[head - limit :]}"


def name(text: object, limit: int = LINE) -> Markup:
    """Return untrusted text for within a line, isolated from the direction of what stands around it."""
    return Markup("<bdi>{}</bdi>").format(clean(text, limit).replace("\n", "⏎"))


def block(text: object, limit: int = BLOCK) -> Markup:
    """Return untrusted text on lines of its own."""
    return Markup('<pre dir="auto">{}</pre>').format(clean(text, limit))


def share(value: float | None) -> str:
    """Return a share in percent, without the sign."""
    return NONE if value is None else f"{100 * value:.1f}"


def interval(found: Estimate | None) -> Markup:
    """Return a share in percent with its 95 % interval."""
    if found is None:
        return with_range(NONE, "")
    return with_range(share(found.mean), f"[{share(found.low)}, {share(found.high)}]")


def change(found: Paired) -> Markup:
    """Return a paired difference in points with its 95 % interval."""
    low, mean, high = (f"{100 * value:+.1f}" for value in (found.low, found.mean, found.high))
    return with_range(mean, f"[{low}, {high}]")


def with_range(value: str, between: str) -> Markup:
    """Return a number with its interval, which is set back."""
    return Markup('{} <span class="range">{}</span>').format(value, between)


def p_value(p: float | None) -> str:
    """Return a p with two or three digits that mean something."""
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def amount(value: float | None, digits: int = 1) -> str:
    """Return a count or a mean."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.{digits}f}"


def average(value: float | None) -> str:
    """Return a mean with one decimal."""
    return NONE if value is None or not math.isfinite(value) else f"{value:,.1f}"


def big(value: float | None) -> str:
    """Return a number with a prefix such as G, in three digits."""
    if value is None or not math.isfinite(value):
        return NONE
    power = min(len(PREFIXES) - 1, int(math.log10(abs(value)) // 3)) if abs(value) >= 1000 else 0
    return f"{value / 1000**power:.3g}{PREFIXES[power]}"


def duration(seconds: float | None) -> str:
    """Return a time in words."""
    if seconds is None:
        return NONE
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def quantiles(values: Sequence[float] | None) -> str:
    """Return 10, 50 and 90 % quantiles."""
    return NONE if values is None else " / ".join(amount(value) for value in values)


def arrow(*values: object) -> Markup:
    """Return values that follow on one another."""
    return Markup(" → ").join(escape(value) for value in values)


def listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
