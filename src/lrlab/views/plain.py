"""A report as plain JSON values, for a page that draws it itself: thinned lines, cells with their kind."""

from __future__ import annotations

from typing import Any

from lrlab.views.axes import number
from lrlab.views.forest import scale_of
from lrlab.views.model import Code, Figure, Interval, Line, Mark, Report, Table, Text
from lrlab.views.rows import columns
from lrlab.views.summary import summary
from lrlab.views.thin import thinned_lines

COLUMNS = 600  # of thinned lines


def plain_report(report: Report) -> dict[str, Any]:
    """The whole of it.

    >>> plain_report(Report("a", "b", (Text("c"),), {"d": "e"}))["sections"]
    [{'kind': 'text', 'title': '', 'text': 'c'}]
    """
    return {
        "title": report.title,
        "lead": report.lead,
        "sections": [plain(section) for section in report.sections],
        "facts": [[name, fact] for name, fact in report.facts.items()],
    }


def plain(section: Figure | Table | Text | Code) -> dict[str, Any]:
    """One section."""
    match section:
        case Text():
            return {"kind": "text", "title": section.title, "text": section.text}
        case Code():
            return {"kind": "code", "title": section.title, "code": section.code}
        case Table():
            return _table(section)
        case Figure():
            return _figure(section)


def _table(table: Table) -> dict[str, Any]:
    """Its columns, and each cell as a text; a mark has its tone, and an interval its places between 0 and 1."""
    found = columns(table)
    scales = [scale_of(column) for column in found]
    rows = []
    for k in range(len(table.rows)):
        row = []
        for column, scale in zip(found, scales, strict=True):
            cell, text = column.cells[k], column.texts[k]
            made: dict[str, Any] = {"text": text}
            if isinstance(cell, Mark):
                made["tone"] = cell.tone
            elif isinstance(cell, Interval) and scale is not None:
                places = {"low": cell.low, "mid": cell.mid, "high": cell.high, "zero": 0.0}
                made |= {name: min(max(scale.share(value), 0.0), 1.0) for name, value in places.items()}
                made["points"] = [min(max(scale.share(value), 0.0), 1.0) for value in cell.points]
            row.append(made)
        rows.append(row)
    heads = [{"name": column.name, "numeric": column.numeric, "interval": bool(column.scale)} for column in found]
    return {"kind": "table", "title": table.title, "columns": heads, "rows": rows, "note": table.note}


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "kind": "figure",
        "title": figure.title,
        "x": figure.x_label,
        "y": figure.y_label,
        "log": figure.log_y,
        "log_x": figure.log_x,
        "note": figure.note,
        "words": summary(figure),
        "lines": [_line(*pair) for pair in zip(figure.lines, thinned_lines(figure, COLUMNS), strict=True)],
    }


def _line(line: Line, thin: Line) -> dict[str, Any]:
    edges = {"x": thin.x, "y": thin.y, "low": thin.low, "high": thin.high}
    found = {name: [_short(v) for v in values] for name, values in edges.items() if values is not None}
    last = next((v for v in reversed(line.y) if v is not None), None)
    return {"name": line.name, **found, "last": number(last)}


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
