"""Figures and tables for the terminal: braille lines with axes, and ranked tables with interval bars.

The caller decides about colour (NO_COLOR, a pipe) and about ASCII (an encoding without braille); nothing here
looks at the environment. Bands are not drawn. Texts are printable as they come: see `model.py`.
"""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import Literal

from lrlab.errors import LrlabError, worded
from lrlab.views.axes import Axis, axis
from lrlab.views.braille import Canvas
from lrlab.views.labels import spread
from lrlab.views.model import Cell, Figure, Interval, Line, Mark, Table
from lrlab.views.palette import TERMINAL, TERMINAL_QUIET, slots
from lrlab.views.rows import Column, columns
from lrlab.views.thin import thinned_lines

_BOLD, _DIM = "1", "2"
_MARKS = "*+xo#@%"
_TONES = {"good": "bold green", "quiet": "", "bad": "red"}
_GAP, _BAR_AT_LEAST, _BAR_AT_MOST = 2, 11, 31
_TO_ASCII = str.maketrans("┤│└─┬━–…┊●", "||+-+---|o")


def draw(figure: Figure, width: int = 80, height: int = 20, *, colour: bool = True, ascii_only: bool = False) -> str:
    """The figure in `height` rows of at most `width` characters; a note comes below them.

    Lines are named at their right ends where there is room, in a legend below otherwise. Raises `LrlabError`
    for less than 30 columns or 10 rows.

    >>> ramp = Line("ramp", [0, 1], [0, 1])
    >>> print(draw(Figure("A ramp", "update", "multiplier", (ramp,)), 30, 10, colour=False))
    A ramp
    multiplier
    1.0 ┤                    ⣀⡠⠤⠒⠉
        │               ⣀⡠⠔⠒⠉
    0.5 ┤          ⣀⠤⠔⠒⠉
        │     ⣀⠤⠔⠊⠉
      0 ┤⣀⠤⠒⠊⠉
        └┬───────────────────────┬
         0                       1
                 update
    """
    if width < 30 or height < 10:
        raise LrlabError(worded("no room for a figure", (width, height), "width >= 30, height >= 10"))
    lines = thinned_lines(figure, width)
    paints = [TERMINAL_QUIET if slot is None else TERMINAL[slot] for slot in slots(len(lines))]
    beside = _label_width(lines, width, height)
    legend = [] if beside or len(lines) == 1 else _legend(lines, paints, width, colour, ascii_only)
    rows = max(4, height - 5 - len(legend))
    y = axis((v for line in lines for v in line.y if v is not None), max(2, rows // 3), log=figure.log_y)
    gutter = max(map(len, y.labels), default=0) + 1
    columns = width - gutter - 1 - beside
    x = axis((v for line in lines for v in (line.x[0], line.x[-1])), columns // 13, log=figure.log_x, exact=True)
    canvas = Canvas(columns, rows, _MARKS if ascii_only else "")
    for pen in reversed(range(len(lines))):  # the first line is the one on top
        _trace(canvas, lines[pen], x, y, pen)

    labels = _end_labels(lines, paints, y, rows, colour) if beside else {}
    out = [_sgr(figure.title, _BOLD, colour), _sgr(figure.y_label, _DIM, colour)]
    ticks = {_row(t, y, rows): text for t, text in zip(y.ticks, y.labels, strict=True)}
    for row in range(rows):
        edge = f"{ticks.get(row, ''):>{gutter - 1}} {'┤' if row in ticks else '│'}"
        out.append(_sgr(edge, _DIM, colour) + _cells(canvas, row, paints, colour) + labels.get(row, ""))
    rule, under = _x_axis(x, columns, width - gutter)
    out += [_sgr(" " * gutter + line, _DIM, colour) for line in (rule, under)]
    out += [_sgr(" " * gutter + f"{figure.x_label:^{columns}}".rstrip(), _DIM, colour), *legend]
    out += [_sgr(part, _DIM, colour) for part in textwrap.wrap(figure.note, width)]
    text = "\n".join(line.rstrip() for line in out)
    return _in_ascii(text) if ascii_only else text


def table(given: Table, width: int = 80, *, colour: bool = True, ascii_only: bool = False) -> str:
    """The table in at most `width` characters; texts and column names wrap where they must, numbers never.

    Intervals are drawn as bars on one scale (┊ is zero) where there is room, and shortened to their middles
    where there is little. Raises `LrlabError` for less than 30 columns.

    >>> rows = (("a", 0.26, Interval(0, 0, 0)), ("b", 0.3, Interval(0.01, 0.04, 0.07)))
    >>> print(table(Table(("arm", "loss", "more than a"), rows), 50, colour=False))
    arm  loss  more than a
    a    0.26  0                   ●
    b    0.30  +0.04 [0.01, 0.07]  ┊  ───────●────────
    """
    if width < 30:
        raise LrlabError(worded("no room for a table", width, "width >= 30"))
    # Imported here because rich takes longer to import than everything else that a figure needs.
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    cols = columns(given)
    room = width - _GAP * (len(cols) - 1)
    bar = min(room - _GAP - sum(max(map(len, (c.name, *c.texts))) for c in cols), _BAR_AT_MOST)
    short = sum(_least(column, column.texts) for column in cols) > room
    texts = [[t.split(" [")[0] for t in c.texts] if short and c.scale else list(c.texts) for c in cols]
    drawn = RichTable(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
    contents: list[list[Text]] = []
    for column, own, fit in zip(cols, texts, _widths(cols, texts, room), strict=True):
        drawn.add_column(Text(column.name), justify="right" if column.numeric else "left", width=fit)
        contents.append([Text(t, _style(cell)) for t, cell in zip(own, column.cells, strict=True)])
        if column.scale and bar >= _BAR_AT_LEAST:
            drawn.add_column("", no_wrap=True)
            contents.append([Text(_bar(cell, column.scale, bar)) for cell in column.cells])
    for row in zip(*contents, strict=True):
        drawn.add_row(*row)
    out = io.StringIO()
    system: Literal["256"] | None = "256" if colour else None
    console = Console(  # in a notebook it would show the table itself, and return none
        file=out, width=width, force_terminal=colour, color_system=system, no_color=not colour, force_jupyter=False
    )
    if given.title:
        console.print(Text(given.title, "bold"))
    console.print(drawn)
    if given.note:
        console.print(Text(given.note, "dim"))
    text = "\n".join(line.rstrip() for line in out.getvalue().splitlines())
    return _in_ascii(text) if ascii_only else text


def _widths(cols: Sequence[Column], texts: Sequence[Sequence[str]], room: int) -> list[int]:
    """The width of each column: all it wants if there is room; else names wrap first, then texts.

    In each round the column with most to spare gives first, and none gives what it cannot do without.
    """
    pairs = list(zip(cols, texts, strict=True))
    widths = [max(map(len, (column.name, *own))) for column, own in pairs]
    names_wrap = [max(map(len, (*column.name.split(), *own)), default=0) for column, own in pairs]
    for floors in (names_wrap, [_least(column, own) for column, own in pairs]):
        while sum(widths) > room:
            spare = [width - floor for width, floor in zip(widths, floors, strict=True)]
            if max(spare) <= 0:
                break
            widths[spare.index(max(spare))] -= 1
    return widths


def _least(column: Column, texts: Sequence[str]) -> int:
    """The width that a table column cannot do without: its numbers whole, its longest word."""
    whole = texts if column.numeric or column.scale else [word for text in texts for word in text.split()]
    return max(map(len, (*whole, *column.name.split())), default=0)


def _style(cell: Cell) -> str:
    return _TONES[cell.tone] if isinstance(cell, Mark) else ""


def _bar(cell: Cell, scale: Axis, width: int) -> str:
    """An interval as ───●── on the column's scale, with ┊ at zero.

    An interval without zero keeps off its mark, also where rounding would put it there.

    >>> _bar(Interval(1, 2, 3), axis([-1, 3], 4, exact=True), 13)
    '   ┊  ───●───'
    """
    cells = [" "] * width
    zero = _place(0.0, scale, width)
    cells[zero] = "┊"
    if isinstance(cell, Interval):
        low, mid, high = (_place(v, scale, width) for v in (cell.low, cell.mid, cell.high))
        if cell.low > 0:
            low, mid, high = max(low, zero + 1), max(mid, zero + 1), max(high, zero + 1)
        elif cell.high < 0:
            low, mid, high = min(low, zero - 1), min(mid, zero - 1), min(high, zero - 1)
        cells[low : high + 1] = "─" * (high + 1 - low)
        cells[mid] = "●"
    return "".join(cells)


def _place(value: float, scale: Axis, width: int) -> int:
    return round(scale.share(value) * (width - 1))


def _trace(canvas: Canvas, line: Line, x: Axis, y: Axis, pen: int) -> None:
    """Draw one line; a gap breaks it, a point between two gaps is a dot."""
    across, down = canvas.size
    last: tuple[int, int] | None = None
    for at, value in zip(line.x, line.y, strict=True):
        if value is None:
            last = None
            continue
        dot = (round(x.share(at) * (across - 1)), round((1 - y.share(value)) * (down - 1)))
        canvas.line(last or dot, dot, pen)
        last = dot


def _row(value: float, y: Axis, rows: int) -> int:
    return round((1 - y.share(value)) * (4 * rows - 1)) // 4


def _x_axis(x: Axis, columns: int, room: int) -> tuple[str, str]:
    """The rule with its ticks, and the tick labels below it, none touching another."""
    rule, under, free = ["─"] * columns, [" "] * room, 0
    for tick, label in zip(x.ticks, x.labels, strict=True):
        column = round(x.share(tick) * (columns - 1))
        rule[column] = "┬"
        start = min(max(column + 1 - len(label) // 2, 0), room - len(label))
        if start >= free:
            under[start : start + len(label)] = label
            free = start + len(label) + 2
    return "└" + "".join(rule), "".join(under).rstrip()


def _label_width(lines: list[Line], width: int, height: int) -> int:
    """The columns that names at the line ends take; 0 if they do not fit."""
    needed = max(len(line.name) for line in lines) + 1
    fits = len(lines) > 1 and needed <= width * 0.4 and len(lines) <= height - 5
    return needed if fits else 0


def _end_labels(lines: list[Line], paints: list[int], y: Axis, rows: int, colour: bool) -> dict[int, str]:
    ends = [next((v for v in reversed(line.y) if v is not None), y.low) for line in lines]
    places = spread([_row(end, y, rows) for end in ends], 1, 0, rows - 1)
    # Half a row goes up, also where a sum of thirds falls short of it: rows one apart stay one apart.
    taken = (math.floor(place + 0.5 + 1e-9) for place in places)
    return {
        row: " " + _sgr(line.name, _paint(paint), colour) for row, line, paint in zip(taken, lines, paints, strict=True)
    }


def _legend(lines: list[Line], paints: list[int], width: int, colour: bool, ascii_only: bool) -> list[str]:
    """The names of the lines in colour, each after its mark, in as many rows as they need."""
    named = [pen for pen, slot in enumerate(slots(len(lines))) if slot is not None]
    entries = [
        (
            f"{_MARKS[pen % len(_MARKS)] if ascii_only else '━'} {_short(lines[pen].name, width - 2)}",
            paints[pen],
        )
        for pen in named
    ]
    if len(named) < len(lines):
        entries.append((f"and {len(lines) - len(named)} more", TERMINAL_QUIET))
    rows: list[str] = []
    used = width + 1
    for text, paint in entries:
        if used + _GAP + 1 + len(text) > width:
            rows.append("")
            used = 0
        rows[-1] += (" " * (_GAP + 1) if used else "") + _sgr(text, _paint(paint), colour)
        used += (_GAP + 1 if used else 0) + len(text)
    return rows


def _cells(canvas: Canvas, row: int, paints: list[int], colour: bool) -> str:
    text = ""
    for pen, run in groupby(canvas.row(row), key=lambda cell: cell[1]):
        characters = "".join(character for character, _ in run)
        text += characters if pen is None else _sgr(characters, _paint(paints[pen]), colour)
    return text


def _paint(colour_number: int) -> str:
    return f"38;5;{colour_number}"


def _sgr(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour and text.strip() else text


def _in_ascii(text: str) -> str:
    return text.translate(_TO_ASCII).encode("ascii", "replace").decode()


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
