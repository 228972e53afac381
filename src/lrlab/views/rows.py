"""Table cells as text, the same in every view: a column's numbers share decimals, its intervals one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from lrlab.views.axes import Axis, axis, number, numbers
from lrlab.views.model import Cell, Interval, Mark, Table


@dataclass(frozen=True)
class Column:
    """A table column in words; `numeric` if it holds numbers, `scale` for its intervals if it has any."""

    name: str
    cells: tuple[Cell, ...]
    texts: tuple[str, ...]
    numeric: bool
    scale: Axis | None


def columns(table: Table) -> list[Column]:
    """The columns of a table with every cell worded.

    >>> table = Table(("arm", "mean", "difference"), (("a", 0.26, Interval(0, 0, 0)), ("b", 0.3, None)))
    >>> [column.texts for column in columns(table)]
    [('a', 'b'), ('0.26', '0.30'), ('0', '')]
    """
    return [_column(name, [row[i] for row in table.rows]) for i, name in enumerate(table.columns)]


def _column(name: str, cells: Sequence[Cell]) -> Column:
    floats = iter(numbers([cell for cell in cells if isinstance(cell, float)]))
    intervals = [cell for cell in cells if isinstance(cell, Interval)]
    ends = [value for cell in intervals for value in (cell.low, cell.mid, cell.high)]
    widths = [cell.high - cell.low for cell in intervals if cell.low < cell.high]
    worded = iter(numbers(ends, 3, finest=median(widths) if widths else 0.0))
    texts: list[str] = []
    for cell in cells:
        match cell:
            case Interval():
                low, mid, high = next(worded), next(worded), next(worded)
                point = cell.low == cell.high
                texts.append(number(cell.mid) if point else f"{_signed(mid)} [{low}, {high}]")
            case float():
                texts.append(next(floats))
            case int():
                texts.append(number(cell))
            case Mark():
                texts.append(cell.text)
            case str():
                texts.append(cell)
            case None:
                texts.append("")
    numeric = any(isinstance(cell, (int, float)) for cell in cells)
    scale = axis([*ends, 0.0], 4, exact=True) if intervals else None
    return Column(name, tuple(cells), tuple(texts), numeric, scale)


def _signed(text: str) -> str:
    return text if text.startswith("-") or not any(digit in text for digit in "123456789") else f"+{text}"
