"""What is shown, as plain records: every drawer (terminal, SVG, page) draws only these.

A value that cannot be drawn (`None`, NaN, infinite) is a gap: the line breaks there, and the record holds `None`. Texts
are made printable here for every drawer: a name cannot move a cursor, change colours or hide itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from lrlab.errors import LrlabError, printable, worded


def _drawable(values: Sequence[float | None]) -> tuple[float | None, ...]:
    return tuple(None if v is None or not math.isfinite(v) else float(v) for v in values)


def _clean(record: object, *names: str, lines: bool = False) -> None:
    """Make the texts under these names printable."""
    for name in names:
        object.__setattr__(record, name, printable(getattr(record, name), lines=lines))


@dataclass(frozen=True)
class Line:
    """A named function of x: one value per point, with a band from `low` to `high` where both are given.

    `x` is finite and strictly increasing; `y`, `low` and `high` have its length; else `LrlabError`.

    >>> Line("loss", [0, 1, 2], [2.3, float("nan"), 0.7]).y
    (2.3, None, 0.7)
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None

    def __post_init__(self) -> None:
        _clean(self, "name")
        if not self.name.strip():
            raise LrlabError(worded("a line needs a name", self.name, "any text that is not blank"))
        x = tuple(float(v) for v in self.x)
        if not x:
            raise LrlabError(worded(f"line {self.name!r} has no points", allowed="at least one"))
        for i, value in enumerate(x):
            if not math.isfinite(value) or (i and value <= x[i - 1]):
                raise LrlabError(
                    worded(f"line {self.name!r}: x[{i}]", value, "finite values, each larger than the one before")
                )
        object.__setattr__(self, "x", x)
        if (self.low is None) != (self.high is None):
            raise LrlabError(worded(f"line {self.name!r}: a band has two edges", allowed="low and high, or neither"))
        for field in ("y", "low", "high"):
            values = getattr(self, field)
            if values is None:
                continue
            if len(values) != len(x):
                raise LrlabError(
                    worded(
                        f"line {self.name!r}: {field} has another length than x",
                        len(values),
                        f"{len(x)} values",
                    )
                )
            object.__setattr__(self, field, _drawable(values))
        for i, (low, high) in enumerate(zip(self.low or (), self.high or (), strict=True)):
            if low is not None and high is not None and low > high:
                raise LrlabError(worded(f"line {self.name!r}: band at {i}", (low, high), "low <= high"))


@dataclass(frozen=True)
class Figure:
    """Lines over one pair of axes. A logarithmic y axis has gaps for values that are not positive; of x it takes none.

    With more lines than there are colours (7), the first few are in colour and the others step back: put the
    lines that matter most first.
    """

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    log_y: bool = False
    log_x: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", tuple(self.lines))
        _clean(self, "title", "x_label", "y_label", "note")
        names = [line.name for line in self.lines]
        if not names:
            raise LrlabError(worded(f"figure {self.title!r} has no lines", allowed="at least one"))
        for name in names:
            if names.count(name) > 1:
                raise LrlabError(
                    worded(f"figure {self.title!r}: two lines have one name", name, "a name for each line")
                )
        for line in self.lines:
            if self.log_x and line.x[0] <= 0:
                raise LrlabError(
                    worded(f"line {line.name!r}: x[0] on a logarithmic axis", line.x[0], "positive values")
                )


@dataclass(frozen=True)
class Interval:
    """A table cell: an estimate between its limits. A column of them is drawn on one scale, zero marked.

    `points` are the values that it was made from, where there is room to draw them.

    >>> Interval(0.01, 0.02, 0.03).excludes_zero
    True
    """

    low: float
    mid: float
    high: float
    points: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        given = (self.low, self.mid, self.high)
        if not (all(math.isfinite(v) for v in (*given, *self.points)) and self.low <= self.mid <= self.high):
            raise LrlabError(worded("an interval is out of order", given, "finite numbers, low <= mid <= high"))

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside the limits."""
        return self.low > 0 or self.high < 0


Tone = Literal["good", "quiet", "bad"]


@dataclass(frozen=True)
class Mark:
    """A table cell: a word with a tone, such as a verdict. The tone adds colour; the word alone says all."""

    text: str
    tone: Tone = "quiet"

    def __post_init__(self) -> None:
        _clean(self, "text")
        if self.tone not in ("good", "quiet", "bad"):
            raise LrlabError(worded("a mark has no such tone", self.tone, '"good", "quiet" or "bad"'))


Cell = str | int | float | Interval | Mark | None


@dataclass(frozen=True)
class Table:
    """Rows of cells under column names. `None` is an empty cell; a column's floats share their decimals."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        _clean(self, "note", "title")
        object.__setattr__(self, "columns", tuple(printable(name, lines=False) for name in self.columns))
        object.__setattr__(self, "rows", tuple(tuple(map(_cell, row)) for row in self.rows))
        for i, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise LrlabError(worded(f"table row {i} has {len(row)} cells", row, f"one for each of {self.columns}"))


def _cell(cell: Cell) -> Cell:
    return printable(cell, lines=False) if isinstance(cell, str) else cell


@dataclass(frozen=True)
class Text:
    """Prose between figures; a blank line begins a new paragraph."""

    text: str
    title: str = ""

    def __post_init__(self) -> None:
        _clean(self, "text", lines=True)
        _clean(self, "title")


@dataclass(frozen=True)
class Code:
    """Lines to copy into a script, as they are."""

    code: str
    title: str = ""

    def __post_init__(self) -> None:
        _clean(self, "code", lines=True)
        _clean(self, "title")


@dataclass(frozen=True)
class Report:
    """A page: its lead, its sections in order, and the facts needed to repeat it."""

    title: str
    lead: str
    sections: tuple[Figure | Table | Text | Code, ...]
    facts: Mapping[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "sections", tuple(self.sections))
        _clean(self, "title")
        _clean(self, "lead", lines=True)
        facts = {printable(name): printable(fact) for name, fact in self.facts.items()}
        object.__setattr__(self, "facts", MappingProxyType(facts))
