"""The relevant columns of a log: its losses, LRs and batch sizes, each with all counters of its rows."""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.roles import Role, loss, own, role
from lrlab.record.logs.rows import Config, Item, Remark, Row, Unreadable, Unusable
from lrlab.record.logs.steps import count, number
from lrlab.record.logs.units import LONGEST, counted

Floats = NDArray[np.float64]

SHOWN = 12  # names listed in an error
_MOST = 2_000_000  # most points of a column in memory
_NAMES = 1000  # most columns that are kept or named; further ones only if they hold a whole loss
_COUNTERS = 20  # most columns that count
_KEPT = {Role.LOSS, Role.RATE, Role.BATCH}
_RUNS = {
    "run", "run_id", "run_name", "run id", "seed", "trial", "experiment", "model", "method", "optimizer", "variant",
    "arm", "fold", "replicate",
}  # fmt: skip


@dataclass
class Column:
    """One column: its values, the value of each counter at them, and how many entries were not numbers.

    `garbled` are those of them in which there is a digit, which may be numbers in a form that is not read.

    A row without a counter gets that counter's last value; `own` is how many rows had one themselves. Beyond two
    million points only every `stride`-th point is kept, so that a log of any size can be read.
    """

    values: array[float] = field(default_factory=lambda: array("d"))
    at: dict[str, array[float]] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    strangers: int = 0
    garbled: int = 0
    stranger: str = ""
    met: int = 0
    stride: int = 1

    def add(self, counters: dict[str, float], before: dict[str, float], value: float) -> None:
        """Keep one more point."""
        self.met += 1
        for name in counters:
            self.own[name] = self.own.get(name, 0) + 1
        if self.met % self.stride:
            return
        for name in counters | before:
            if name not in self.at:
                self.at[name] = array("d", [math.nan]) * len(self.values)
        for name, steps in self.at.items():
            steps.append(counters.get(name, before.get(name, math.nan)))
        self.values.append(value)
        if len(self.values) >= _MOST:
            self.values, self.stride = self.values[1::2], 2 * self.stride
            self.at = {name: steps[1::2] for name, steps in self.at.items()}

    def steps(self, counter: str) -> Floats:
        """The value of a counter at each point; NaN if it has none."""
        if counter not in self.at:
            return np.full(len(self.values), math.nan)
        return np.frombuffer(self.at[counter], dtype=np.float64)

    def numbers(self) -> Floats:
        """The value of each point."""
        return np.frombuffer(self.values, dtype=np.float64)


@dataclass
class LogTable:
    """The columns found in a log."""

    series: dict[str, Column] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)  # columns that are not kept, in order
    counters: dict[str, None] = field(default_factory=dict)
    uncounted: dict[str, str] = field(default_factory=dict)  # of counters, the first entry that is no number
    config: dict[str, Any] = field(default_factory=dict)
    rows: int = 0
    unreadable: int = 0
    first_unreadable: str = ""
    garbled: int = 0  # how many of these have a digit in them
    stepless: int = 0  # rows with a number in a kept column, but without a counter
    unusable: dict[str, str] = field(default_factory=dict)
    said: dict[str, None] = field(default_factory=dict)  # about the whole log
    runs: dict[str, None] = field(default_factory=dict)  # the first names in a column of run names

    def remarks(self, name: str) -> tuple[str, ...]:
        """Sentences about values of a column that could not be used."""
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


def collect(
    files: Iterable[Iterable[Item]], step: str | None, asked: Collection[str], path: object = "the log"
) -> LogTable:
    """Collect the relevant columns of one log and those `asked` for, counted by `step` or by any counter.

    Raises `LrlabError` if no row has both a counter and a number, or if one table holds several runs.
    """
    table = LogTable()
    names: list[str] = []
    for source in files:
        before: dict[str, float] = {}
        for item in source:
            match item:
                case Config(values):
                    table.config |= values
                case Unusable(column, why):
                    table.unusable[column] = why
                case Unreadable(where, why):
                    table.unreadable += 1
                    table.first_unreadable = table.first_unreadable or f"{where}: {why}"
                case Remark(sentence):
                    table.said[sentence] = None
                case _:
                    names = names or list(item)[:SHOWN]
                    _take(table, item, asked, step, before)
    if len(table.runs) > 1:
        runs = list(table.runs)
        raise LrlabError(worded(f"{path}: the rows of several runs in one table", runs, "one run", "one file per run"))
    if not table.counters or not (table.series or table.others):
        if _is_law(str(path)):
            what = f"{path} is a law, which `lrlab forecast fit` wrote: it holds no rows of a log"
            hint = "lrlab forecast predict or rank, which take a law; fit and report take logs, and --schedule"
            raise LrlabError(worded(what, None, "a log", hint))
        if names and all(number(name) is not None for name in names):
            hint = "a first line such as step,lr,loss"
            raise LrlabError(
                worded(f"{path}: no rows with a step: the first line holds numbers, no names", names, hint)
            )
        if not table.counters and table.uncounted:
            raise _uncounted(table, path, "holds no number that counts")
        broken = [f"{name}: {why}" for name, why in table.unusable.items()]
        unreadable = [f"{table.unreadable} lines, {table.first_unreadable}"] if table.unreadable else []
        raise LrlabError(
            worded(
                f"{path}: no rows with a step and numbers",
                unreadable or broken or names or "no rows",
                allowed=f"a column {step}" if step else "a column that counts: step, iteration, epoch, tokens ...",
                hint='step="NAME" names it',
            )
        )
    if min(table.stepless, table.garbled) > 0.5 * table.rows:
        raise _uncounted(table, path, "holds entries that are no numbers, more than numbers")
    return table


def _uncounted(table: LogTable, path: object, what: str) -> LrlabError:
    name, entry = next(iter(table.uncounted.items()))
    return LrlabError(worded(f"{path}: {name} {what}", entry, "whole numbers, such as 12000"))


def _is_law(named: str) -> bool:
    """Whether a file begins as a saved law does."""
    path = Path(named)
    if path.suffix != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        begins = file.read(2000)
    return b'"law":' in begins and b'"prior":' in begins


def _take(table: LogTable, row: Row, asked: Collection[str], step: str | None, before: dict[str, float]) -> None:
    """Keep the useful values of a row."""
    table.rows += 1
    counters: dict[str, float] = {}
    for name, value in row.items():
        if (name == step or counted(name)) and name not in asked and (at := count(value)) is not None:
            if name in table.counters or len(table.counters) < _COUNTERS:
                counters[name] = at
                table.counters[name] = None
        elif (name == step or counted(name)) and value not in (None, "") and len(table.uncounted) < _COUNTERS:
            table.uncounted.setdefault(name, f"{value!s:.40}")
            table.garbled += any(map(str.isdigit, f"{value!s:.40}"))
        elif name.lower() in _RUNS and isinstance(value, str | int) and len(table.runs) < SHOWN:
            table.runs[f"{name} {value!s:.60}"] = None
    if step and step not in counters:
        counters = {}
    kept = False
    for name, value in row.items():
        if name in table.others or (name not in asked and (name == step or counted(name))):
            continue
        series = table.series.get(name)
        if series is None:
            if isinstance(value, dict) or (isinstance(value, list) and len(value) != 1):
                continue
            if not (name in asked or own(name) in asked or _matters(name, len(table.series))):
                if len(table.others) < _NAMES and len(name) <= LONGEST:
                    table.others[name] = None
                continue
            series = table.series[name] = Column()
        entry = number(value)
        if entry is not None:
            kept = True
            if counters:
                series.add(counters, before, entry)
        elif value is not None and value != "":
            series.strangers += 1
            series.garbled += any(map(str.isdigit, f"{value!s:.40}"))
            series.stranger = series.stranger or f"{value!s:.40}"
    table.stepless += kept and not counters
    before |= counters


def _matters(name: str, kept: int) -> bool:
    """Whether to keep a column when `kept` others are kept already."""
    kind = role(name)
    return kind in _KEPT and (kept < _NAMES or (kept < 2 * _NAMES and kind is Role.LOSS and not loss(name).part))
