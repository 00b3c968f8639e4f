"""Elements, tables and sections of a page; whatever is not markup is escaped."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

VOID = {"input", "rect", "line", "circle", "polyline", "polygon", "path"}


def tag(kind: str, *content: object, **attributes: object) -> Markup:
    """Return an element; attributes that are None are left out, ``class_`` is ``class`` and ``_`` is ``-``."""
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    marks = Markup("").join(Markup(' {}="{}"').format(key, shown(value)) for key, value in given.items())
    if kind in VOID and not content:
        return Markup("<{}{}/>").format(kind, marks)
    return Markup("<{}{}>{}</{}>").format(kind, marks, joined(content), kind)


def shown(value: object) -> object:
    """Return a coordinate with one digit, all else as it is."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def joined(parts: Sequence[object]) -> Markup:
    """Return parts one after the other, escaped where they are not markup."""
    return Markup("").join(escape(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Attributes:
        name: heads it.
        cells: a ``Markup`` or a text each.
        kind: CSS class, such as ``all`` or ``sub``.
        note: said across the cells instead of them.
    """

    name: object
    cells: Sequence[object] = ()
    kind: str | None = None
    note: object = None


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page.

    Attributes:
        key: its anchor.
        title: its heading.
        blocks: what it shows, in order.
    """

    key: str
    title: str
    blocks: Sequence[Markup] = field(default_factory=list)


def table(caption: str, heads: Sequence[object], rows: Sequence[Row], groups: Sequence[str] = ()) -> Markup:
    """Return a table that scrolls by itself where it is wider than the page.

    Args:
        caption: what it shows.
        heads: of the columns, that of the names first.
        rows: its lines.
        groups: a word above each pair of columns after the first.
    """
    above = [tag("th", group, scope="colgroup", colspan=2) for group in groups]
    top = tag("tr", tag("td"), *above, class_="groups") if groups else ""
    head = tag("tr", *(tag("th", text, scope="col") for text in heads))
    body = [line(row, len(heads) - 1) for row in rows]
    whole = tag("table", tag("caption", caption), tag("thead", top, head), tag("tbody", *body))
    return tag("div", whole, class_="scroll", tabindex=0, role="region", aria_label=caption)


def line(row: Row, columns: int) -> Markup:
    """Return one line of a table with ``columns`` cells."""
    cells = [tag("td", cell) for cell in row.cells]
    if row.note is not None:
        cells = [*cells, tag("td", row.note, colspan=columns - len(cells), class_="note")]
    return tag("tr", tag("th", row.name, scope="row"), *cells, class_=row.kind)


def paragraph(text: object, kind: str | None = None) -> Markup:
    """Return a paragraph."""
    return tag("p", text, class_=kind)


def bullets(items: Sequence[object], kind: str | None = None) -> Markup:
    """Return a list, nothing of no items."""
    return tag("ul", *(tag("li", item) for item in items), class_=kind) if items else Markup("")


def folded(summary: object, *content: object) -> Markup:
    """Return what a click opens."""
    return tag("details", tag("summary", summary), *content)
