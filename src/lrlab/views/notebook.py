"""Tables and sentences as a notebook shows them: plain HTML, which the notebook dresses itself."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from lrlab.errors import printable
from lrlab.views.model import Mark, Table
from lrlab.views.rows import columns


def cell_html(tables: Iterable[Table], sentences: Iterable[str]) -> str:
    """What `_repr_html_` gives: the tables, and the sentences below them; whatever a name holds, it is text.

    >>> cell_html([Table(("arm", "loss"), (("a<b", 0.25),))], ["a<b is best."])
    '<table><tr><th>arm</th><th>loss</th></tr><tr><td>a&lt;b</td><td>0.25</td></tr></table><p>a&lt;b is best.</p>'
    """
    return "".join(map(_table, tables)) + "".join(f"<p>{escape(printable(text.strip()))}</p>" for text in sentences)


def _table(table: Table) -> str:
    cols = columns(table)
    head = "".join(f"<th>{escape(column.name)}</th>" for column in cols)
    rows = []
    for i in range(len(table.rows)):
        cells = ((escape(column.texts[i]), column.cells[i]) for column in cols)
        rows.append("".join(f"<td>{f'<b>{text}</b>' if _strong(cell) else text}</td>" for text, cell in cells))
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _strong(cell: object) -> bool:
    return isinstance(cell, Mark) and cell.tone == "good"
