"""Reading the log of a training into a `LogRun`, with the warts that logs have.

    run = read_run("wandb.json", loss="val_loss")
    run = read_run("metrics.csv", lr='3e-4 * (warmup(2000) >> cosine(to=0.1))', weight_decay=0.1)
    run = read_run("cooldown.json", parent=read_run("trunk.json"))

Rows are streamed; of a file of any size only the columns in question are kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import LrlabError, nearest, worded
from lrlab.record import learning_rates
from lrlab.record.formats import STEP, Row, rows
from lrlab.record.log import LogRun

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOSS = ("val/loss", "val_loss", "eval/loss", "eval_loss", "validation/loss", "valid_loss", "test_loss")
TRAIN_LOSS = ("loss", "train/loss", "train_loss", "train/train_loss", "training_loss")
RATE = ("lr", "learning_rate", "train/lr", "train_lr", "train/learning_rate", "lr-AdamW", "lr-Adam", "lr-SGD")

_DENSE = 1000  # points: a training loss logged more often than this is taken to be of single batches
_SMOOTHED = 200  # points that a smoothed training loss keeps
_SHOWN = 12  # names listed in an error


def read_run(
    path: str | PathLike[str],
    *,
    loss: str | None = None,
    lr: Any = None,
    warmup: int | None = None,
    weight_decay: float | None = None,
    step: str | None = None,
    horizon: int | None = None,
    parent: LogRun | None = None,
    smooth: int | None = None,
) -> LogRun:
    """The run in a log file: CSV, JSON lines, TensorBoard events, a tracker's CSV export or history JSON.

    `loss` and `step` name columns; left out, a validation loss is preferred to a training loss, which is averaged
    over `smooth` neighbouring points (by default, above 1000 points, so that 200 remain). `lr` names a column with the LR of the *next*
    update (as schedulers report it after their step; sparse is enough), or gives the LR itself: a number, a schedule
    or its text with absolute values, or an array with the LR of every update. `warmup` is the length of a linear
    warmup that was not logged; with `parent`, loss and LR before the first logged point come from that run.
    `weight_decay` and the warmup are taken from the configuration in the file where it has one.

    Raises `LrlabError` where a column is missing or holds no number.
    """
    table = _collect(rows(Path(path)), step)
    name = _choose(table, loss, (*LOSS, *TRAIN_LOSS), "loss", path)
    at, values = table.column(name)
    notes = table.remarks(name)
    if name.endswith(TRAIN_LOSS) and not name.endswith(LOSS):
        at, values, smoothed = _smooth(at, values, smooth)
        notes += smoothed
    rate = _rate_column(table, lr, path)
    known_at, known = table.column(rate) if rate else (np.zeros(0, np.int64), np.zeros(0))
    notes += table.remarks(rate) if rate else ()
    known_at, known = _ordered(known_at, known)
    last = horizon or int(max(at.max(initial=1), known_at.max(initial=1)))
    if rate:
        warmup = warmup if warmup is not None else _unlogged(known_at, table.config.get("warmup_steps"))
        begin = int(min(at.min(), known_at.min()))
        if parent is not None and begin > 0:
            lrs = _joined(parent, begin, known_at, known, last)
        else:
            lrs = learning_rates.fill(known_at, known, last, warmup or 0)
            if known_at[0] > 0.02 * last and not warmup:
                notes += (f"the LR before update {known_at[0]} is not in the log; taken as {lrs[0]:g}",)
    else:
        lrs = _given(lr, last)
    if parent is not None:
        before = parent.updates < at.min()
        at, values = np.append(parent.updates[before], at), np.append(parent.loss[before], values)
    if weight_decay is None:
        weight_decay = _number(table.config.get("weight_decay"))
    return LogRun.from_arrays(at, values, lrs, weight_decay, name=Path(path).stem, notes=notes)


@dataclass
class _Series:
    at: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    strangers: int = 0
    stranger: str = ""


@dataclass
class _Table:
    """The numeric columns met in a file, each with its own steps."""

    series: dict[str, _Series] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    unreadable: int = 0
    uneven: dict[str, str] = field(default_factory=dict)

    def column(self, name: str) -> tuple[Ints, Floats]:
        series = self.series[name]
        at = np.frombuffer(series.at, dtype=np.float64)
        return np.rint(at).astype(np.int64), np.frombuffer(series.values, dtype=np.float64)

    def remarks(self, name: str) -> tuple[str, ...]:
        remarks = []
        if self.unreadable:
            remarks.append(f"{self.unreadable} lines could not be read and were left out")
        if (series := self.series[name]).strangers:
            remarks.append(
                f"{series.strangers} entries of {name} are not numbers (the first: {series.stranger!r}) and were left out"
            )
        return tuple(remarks)


def _collect(source: Iterable[Row], step: str | None) -> _Table:
    table = _Table()
    steps = (step,) if step else STEP
    for row in source:
        if isinstance(row.get("config"), dict):
            table.config = row["config"]
            continue
        if isinstance(row.get("uneven"), dict):
            table.uneven |= row["uneven"]
            continue
        if "unreadable" in row:
            table.unreadable += 1
            continue
        at = next((number for name in steps if (number := _number(row.get(name))) is not None), None)
        if at is None or not np.isfinite(at):
            continue
        for name, value in row.items():
            if value is None or value == "" or name in steps or isinstance(value, dict | list):
                continue
            series = table.series.setdefault(name, _Series())
            number = _number(value)
            if number is None:
                series.strangers += 1
                series.stranger = series.stranger or str(value)[:40]
            else:
                series.at.append(at)
                series.values.append(number)
    if not table.series:
        raise LrlabError(
            worded(
                "no column with steps and numbers found",
                allowed=f"a step column: {', '.join(steps)}",
                hint='step="epoch"',
            )
        )
    return table


def _number(value: object) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _find(table: _Table, name: str) -> str | None:
    """A column by its name, or by its name after "<run> - ", as trackers export several runs."""
    if name in table.series:
        return name
    return next((column for column in table.series if column.endswith(f" - {name}")), None)


def _choose(table: _Table, asked: str | None, usual: tuple[str, ...], what: str, path: object) -> str:
    found = [column for name in ((asked,) if asked else usual) if (column := _find(table, name))]
    broken = [name for name in ((asked,) if asked else usual) if name in table.uneven]
    if broken and not found:
        raise LrlabError(
            worded(
                f"{path}: {broken[0]} and its steps differ in length",
                table.uneven[broken[0]],
                "one entry per step",
            )
        )
    names = list(table.series)
    if not found:
        close = nearest(asked, names) if asked else ""
        raise LrlabError(
            worded(
                f"{path}: no column {asked!r}" if asked else f"{path}: no {what} column",
                names[:_SHOWN],
                f"{what}= one of the columns",
                f'{what}="{close or names[0]}"',
            )
        )
    if not len(table.series[found[0]].values):
        series = table.series[found[0]]
        raise LrlabError(worded(f"{path}: {found[0]} holds no number", series.stranger, "numbers"))
    return found[0]


def _rate_column(table: _Table, lr: Any, path: object) -> str | None:
    if lr is None:
        return _choose(table, None, RATE, "lr", path)
    column = _find(table, lr) if isinstance(lr, str) else None
    return _choose(table, column, (), "lr", path) if column else None


def _given(lr: Any, horizon: int) -> Floats:
    """The LR of every update from a number, an array, a schedule, or a schedule's text."""
    if isinstance(lr, int | float):
        return np.full(horizon, float(lr))
    if isinstance(lr, str):
        from lrlab.core.text import parse

        lr = parse(lr)
    if hasattr(lr, "over"):
        lr = lr.over(horizon).values()
    return np.asarray(lr, dtype=np.float64)


def _ordered(at: Ints, values: Floats) -> tuple[Ints, Floats]:
    """Finite points in ascending order, the last written of those logged twice."""
    finite = np.isfinite(values)
    at, values = at[finite], values[finite]
    order = np.argsort(at, kind="stable")
    at, values = at[order], values[order]
    last = np.append(np.diff(at) > 0, True) if len(at) else finite[:0]
    return at[last], values[last]


def _unlogged(known_at: Ints, configured: object) -> int | None:
    """A warmup named in the file's configuration, where the log begins after it."""
    steps = _number(configured)
    return int(steps) if steps and len(known_at) and known_at[0] >= steps else None


def _joined(parent: LogRun, start: int, at: Ints, values: Floats, horizon: int) -> Floats:
    """The parent's LR before `start`, the run's own from there on."""
    start = min(start, parent.horizon)
    anchor = parent.lrs[start - 1] if start else values[0]
    own = at > start
    at, values = np.append(start, at[own]), np.append(anchor, values[own])
    return np.append(parent.lrs[:start], learning_rates.fill(at, values, horizon)[start:])


def _smooth(at: Ints, values: Floats, points: int | None) -> tuple[Ints, Floats, tuple[str, ...]]:
    """Means of consecutive points: the loss of one batch is mostly noise."""
    at, values = _ordered(at, values)
    size = points or (-(-len(at) // _SMOOTHED) if len(at) > _DENSE else 1)
    bins = len(at) // size
    if size < 2 or bins < 2:
        return at, values, ()
    used = slice(len(at) - bins * size, None)
    middle = np.rint(at[used].reshape(bins, size).mean(1)).astype(np.int64)
    note = f"training loss: means of {size} neighbouring points"
    return middle, values[used].reshape(bins, size).mean(1), (note,)
