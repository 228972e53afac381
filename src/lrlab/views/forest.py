"""An interval as a small picture in a table: its range, its middle, zero, and a strip of its points."""

from __future__ import annotations

from lrlab.views.axes import Axis, axis
from lrlab.views.model import Cell, Interval
from lrlab.views.rows import Column

WIDTH, HEIGHT = 168, 26
_MIDDLE, _STRIP = 9, 20  # where the range lies, and the points below it


def scale_of(column: Column) -> Axis | None:
    """What the intervals of a column are drawn on, with their points; nothing if it has none."""
    if column.scale is None:
        return None
    intervals = [cell for cell in column.cells if isinstance(cell, Interval)]
    values = [v for cell in intervals for v in (cell.low, cell.mid, cell.high, *cell.points)]
    return axis([*values, 0.0], 4, exact=True)


def forest(cell: Cell, scale: Axis | None) -> str:
    """The picture of a cell as SVG, in the colour of the text around it; empty if the cell is no interval."""
    if not isinstance(cell, Interval) or scale is None:
        return ""

    def place(value: float) -> float:
        return round(4 + scale.share(value) * (WIDTH - 8), 1)

    low, mid, high, zero = map(place, (cell.low, cell.mid, cell.high, 0.0))
    dots = "".join(
        f'<circle class="dot" cx="{place(point)}" cy="{_STRIP}" r="2.2" fill="currentColor" fill-opacity="0.45"/>'
        for point in cell.points
    )
    clear = cell.excludes_zero
    fill = "currentColor" if clear else "none"
    return (
        f'<svg class="{"clear" if clear else "open"}" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        f'<path class="zero" d="M{zero} -9V{HEIGHT + 9}" stroke="currentColor" stroke-opacity="0.5" '
        f'stroke-dasharray="2 3" fill="none"/>'
        f'<path class="range" d="M{low} {_MIDDLE}H{high}" stroke="currentColor" stroke-width="2" fill="none"/>'
        f'<circle class="middle" cx="{mid}" cy="{_MIDDLE}" r="3.5" stroke="currentColor" stroke-width="1.5" '
        f'fill="{fill}"/>{dots}</svg>'
    )
