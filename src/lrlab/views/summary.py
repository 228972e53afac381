"""A figure in words and in a table: what a screen reader, a terminal without colours and a test can read."""

from __future__ import annotations

from lrlab.views.axes import number
from lrlab.views.model import Cell, Figure, Line, Table


def summary(figure: Figure) -> str:
    """What the lines do, in one or two plain sentences.

    >>> ramp = Line("ramp", range(11), [i / 10 for i in range(11)])
    >>> summary(Figure("LR", "update", "multiplier", (ramp,)))
    'ramp goes from 0 to 1 (update 0 to 10).'
    """
    if len(figure.lines) <= 3:
        return " ".join(_told(line, figure.x_label) for line in figure.lines)
    first = min(line.x[0] for line in figure.lines)
    last = max(line.x[-1] for line in figure.lines)
    text = f"{len(figure.lines)} lines, {reach(figure.x_label, first, last)}."
    ends = {line.name: end for line in figure.lines if (end := line.y[-1]) is not None}
    lowest, highest = min(ends, key=ends.__getitem__, default=""), max(ends, key=ends.__getitem__, default="")
    if ends and ends[lowest] < ends[highest]:
        text += (
            f" {figure.y_label[:1].upper()}{figure.y_label[1:]} at the end: lowest {lowest} "
            f"({number(ends[lowest])}), highest {highest} ({number(ends[highest])})."
        )
    early = [line.name for line in figure.lines if line.name not in ends]
    return text + (f" Without a value at the end: {', '.join(early)}." if early else "")


def reach(label: str, low: float, high: float) -> str:
    """From where to where an axis goes.

    >>> reach("update", 0, 500)
    'update 0 to 500'
    """
    return f"{label} {number(low)} to {number(high)}"


def digest(figure: Figure) -> Table:
    """The numbers behind a figure: of each line its first, lowest, highest and last value, and where.

    >>> ramp = Line("ramp", range(11), [i / 10 for i in range(11)])
    >>> digest(Figure("LR", "update", "multiplier", (ramp,))).rows
    (('ramp', 0.0, 0.0, '0', 1.0, '10', 1.0),)
    """
    rows: list[tuple[Cell, ...]] = []
    for line in figure.lines:
        points = _points(line)
        if not points:
            rows.append((line.name, None, None, None, None, None, None))
            continue
        low, high = min(points, key=_value), max(points, key=_value)
        rows.append((line.name, points[0][1], low[1], number(low[0]), high[1], number(high[0]), points[-1][1]))
    at = f"at {figure.x_label}"
    return Table(("line", "first", "lowest", at, "highest", at, "last"), tuple(rows))


def _points(line: Line) -> list[tuple[float, float]]:
    return [(x, y) for x, y in zip(line.x, line.y, strict=True) if y is not None]


def _value(point: tuple[float, float]) -> float:
    return point[1]


def _told(line: Line, x_label: str) -> str:
    points = _points(line)
    if not points:
        return f"{line.name} has no values."
    (first, start), (last, end) = points[0], points[-1]
    if len(points) == 1:
        return f"{line.name} is {number(start)} at {x_label} {number(first)}."
    low, high = min(points, key=_value), max(points, key=_value)
    where = f"({reach(x_label, first, last)})"
    if low[1] == high[1]:
        return f"{line.name} stays at {number(start)} {where}."
    text = f"{line.name} goes from {number(start)}"
    if high[1] > max(start, end):
        text += f" through its highest, {number(high[1])} at {number(high[0])},"
    if low[1] < min(start, end):
        text += f" through its lowest, {number(low[1])} at {number(low[0])},"
    return f"{text} to {number(end)} {where}."
