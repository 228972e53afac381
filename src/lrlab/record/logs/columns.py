"""The numeric columns of a log, gathered from its rows, each with its own steps."""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import LrlabError, nearest, worded
from lrlab.record.logs.rows import Config, Item, Remark, Row, Unreadable, Unusable
from lrlab.record.logs.steps import STEP, number, step_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SHOWN = 12  # names listed in an error
_MOST = 2_000_000  # points of a column that are held


@dataclass
class Column:
    """One column: steps, values, and how many entries were no numbers.

    Beyond two million points only every `stride`-th is kept, so that a log of any size can be read.
    """

    at: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    strangers: int = 0
    stranger: str = ""
    met: int = 0
    stride: int = 1

    def add(self, at: float, value: float) -> None:
        """Keep one more point."""
        self.met += 1
        if self.met % self.stride:
            return
        self.at.append(at)
        self.values.append(value)
        if len(self.at) >= _MOST:
            self.at, self.values, self.stride = self.at[1::2], self.values[1::2], 2 * self.stride


@dataclass
class LogTable:
    """The numeric columns met in a file, each with its own steps."""

    series: dict[str, Column] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)  # columns that were not asked for, in order
    config: dict[str, Any] = field(default_factory=dict)
    unreadable: int = 0
    first_unreadable: str = ""
    stepless: int = 0  # rows with a number in a wanted column, and no step
    unusable: dict[str, str] = field(default_factory=dict)
    said: dict[str, None] = field(default_factory=dict)  # about the whole file

    def column(self, name: str) -> tuple[Ints, Floats]:
        """Steps and values of a column, in the order of the file: shape (points,) each."""
        series = self.series[name]
        at = np.frombuffer(series.at, dtype=np.float64)
        return np.rint(at).astype(np.int64), np.frombuffer(series.values, dtype=np.float64)

    def remarks(self, name: str) -> tuple[str, ...]:
        """What of a column could not be used, in sentences."""
        remarks = list(self.said)
        if self.unreadable:
            remarks.append(f"{self.unreadable} lines could not be read and were left out ({self.first_unreadable})")
        if self.stepless:
            remarks.append(f"{self.stepless} rows have no step that counts updates, and were left out")
        if (series := self.series[name]).strangers:
            remarks.append(
                f"{series.strangers} entries of {name} are not numbers (the first: {series.stranger!r}); left out"
            )
        if series.stride > 1:
            remarks.append(f"{series.met} entries of {name}: every {series.stride}th is used")
        return tuple(remarks)


def collect(source: Iterable[Item], step: str | None, wanted: Collection[str], path: object = "the log") -> LogTable:
    """Gather the `wanted` columns of the rows, with the steps of a column `step` (or of a usual name)."""
    table = LogTable()
    steps = (step,) if step else STEP
    names: list[str] = []
    for item in source:
        match item:
            case Config(values):
                table.config = dict(values)
            case Unusable(column, why):
                table.unusable[column] = why
            case Unreadable(where, why):
                table.unreadable += 1
                table.first_unreadable = table.first_unreadable or f"{where}: {why}"
            case Remark(sentence):
                table.said[sentence] = None
            case _:
                names = names or list(item)[:_SHOWN]
                _take(table, item, wanted, steps)
    if not table.series and not table.others:
        broken = [f"{name}: {why}" for name, why in table.unusable.items()]
        unreadable = [f"{table.unreadable} lines, {table.first_unreadable}"] if table.unreadable else []
        raise LrlabError(
            worded(
                f"{path}: no rows with a step and numbers",
                unreadable or broken or names or "no rows",
                allowed=f"a step column: {', '.join(steps)}",
                hint='step="epoch"',
            )
        )
    return table


def _take(table: LogTable, row: Row, wanted: Collection[str], steps: Collection[str]) -> None:
    at = step_of(row, steps)
    if at is None:
        table.stepless += any(number(row.get(name)) is not None for name in wanted)
        return
    for name, value in row.items():
        if name not in table.others:
            _put(table, name, at, value, wanted, steps)


def _put(table: LogTable, name: str, at: float, value: object, wanted: Collection[str], steps: Collection[str]) -> None:
    series = table.series.get(name)
    if series is None:
        if name in steps or isinstance(value, dict | list):
            return
        if name not in wanted and name.rsplit(" - ", 1)[-1] not in wanted:
            table.others[name] = None
            return
        series = table.series[name] = Column()
    entry = number(value)
    if entry is not None:
        series.add(at, entry)
    elif value is not None and value != "":
        series.strangers += 1
        series.stranger = series.stranger or f"{value!s:.40}"


def find(table: LogTable, name: str) -> str | None:
    """A column by its name, or by its name after "<run> - ", as trackers export several runs.

    Raises `LrlabError` where several runs have it.
    """
    if name in table.series:
        return name
    found = [column for column in table.series if column.endswith(f" - {name}")]
    if len(found) > 1:
        raise LrlabError(worded(f"several runs have a column {name}", found[:_SHOWN], "one", f'loss="{found[0]}"'))
    return found[0] if found else None


def choose(table: LogTable, asked: str | None, usual: tuple[str, ...], what: str, path: object) -> str:
    """The column that was asked for, or the first of the usual names; raises `LrlabError` naming those there are."""
    found = [column for name in ((asked,) if asked else usual) if (column := find(table, name))]
    broken = [name for name in ((asked,) if asked else usual) if name in table.unusable]
    if broken and not found:
        allowed = "one column of this name, with one entry per step"
        raise LrlabError(worded(f"{path}: {broken[0]} cannot be used", table.unusable[broken[0]], allowed))
    names = [*table.series, *table.others]
    if not found:
        close = nearest(asked, names) if asked else ""
        raise LrlabError(
            worded(
                f"{path}: no column {asked!r}" if asked else f"{path}: no {what} column",
                names[:_SHOWN],
                f"{what}= one of the columns" + (", or the LR as a schedule's text" if what == "lr" else ""),
                'lr="3e-4 * (warmup(100) >> cosine())"' if what == "lr" else f'{what}="{close or names[0]}"',
            )
        )
    series = table.series[found[0]]
    if not any(math.isfinite(value) for value in series.values):
        what, entry = ("no finite number", series.values[0]) if series.values else ("no number", series.stranger)
        raise LrlabError(worded(f"{path}: {found[0]} holds {what}", entry, "numbers, with a decimal point"))
    return found[0]
