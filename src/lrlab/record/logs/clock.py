"""Turns the counters of a log into updates: which counter to trust, its unit, and what to report.

clock = clock_of(table, Rates(updates_per_epoch=391))
clock.updates(column)    # completed updates at each point, NaN if no counter has a value there
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.columns import SHOWN, Column, LogTable
from lrlab.record.logs.roles import Role, loss, role
from lrlab.record.logs.steps import number
from lrlab.record.logs.units import Rates, Unit, best, counted

Floats = NDArray[np.float64]

_ENOUGH = 0.2  # share of the points of losses that must have the counter; else another counter is used
_TOKENS = 100_000_000  # steps: no run has this many updates


@dataclass(frozen=True)
class Clock:
    """How rows are counted: by a column `counter` in a `unit`; `per_update` of these units make one update.

    If the steps begin again in each epoch, `within` is the counter of epochs; `first` is the number of the first epoch.
    If `epochs` is set, the updates per epoch are not known, and the run itself is counted in epochs.
    """

    counter: str
    unit: Unit
    per_update: float = 1.0
    within: str = ""
    first: int = 0
    whole: bool = False  # each row is a whole epoch
    per_epoch: float | None = None
    epochs: bool = False
    said: tuple[str, ...] = ()

    def updates(self, column: Column, *, began: bool = False) -> Floats:
        """The completed updates at each point; if rows are whole epochs, at the start (`began`) or end of the epoch."""
        counter = self.counter
        if self.unit != "epochs" and not column.own.get(counter):
            same = [name for name in best(list(column.own), self.unit) if not name.startswith("_")]
            other = next(iter(best(list(column.own), "epochs")), "")
            if same:
                counter = same[0]
            elif other and self.per_epoch:
                return self._epochs(column.steps(other), self.per_epoch, began)
        steps = column.steps(counter)
        if self.unit == "epochs":
            return self._epochs(steps, self.per_epoch or 1.0, began)
        if self.within:
            steps = (column.steps(self.within) - self.first) * float(self.per_epoch or 0) * self.per_update + steps
        return np.asarray(steps / self.per_update)

    def held(self, column: Column) -> bool:
        """Whether each point is a whole epoch, so that an LR holds until the next point."""
        other = self.unit == "epochs" or not column.own.get(self.counter)
        return self.whole and other and (self.per_epoch or 1) > 1

    def _epochs(self, epochs: Floats, per_epoch: float, began: bool) -> Floats:
        return np.asarray((epochs - self.first + (0 if began or not self.whole else 1)) * per_epoch)


def clock_of(table: LogTable, rates: Rates, step: str | None = None, path: object = "the log") -> Clock:
    """The clock of a log. Raises `LrlabError` if nothing tells how many tokens, samples or parts of epochs make an
    update."""
    losses = [column for name, column in table.series.items() if role(name) is Role.LOSS and not loss(name).part]
    columns = losses or list(table.series.values())
    counter, unit = _counter(table, columns, rates, step)
    whole, first = _whole(table)
    per_epoch = rates.updates_per_epoch or _positive(table.config.get("updates_per_epoch"))
    clock = Clock(counter, unit, first=first, whole=whole, per_epoch=per_epoch)
    if unit == "epochs":
        return _by_epochs(clock, path)
    if unit == "tokens" or unit == "samples":
        asked = rates.tokens_per_update if unit == "tokens" else rates.samples_per_update or _batch(table)
        per = asked or _missing(path, counter, unit, table, columns)
        return replace(clock, per_update=per, said=(f"{counter} counts {unit}: {per:g} make an update",))
    said: tuple[str, ...] = ()
    if rates.accumulate:
        said = (f"{rates.accumulate} of its steps ({counter}) make an update",)
    elif "micro" in counter.lower():
        raise LrlabError(
            worded(
                f"{path}: {counter} counts micro-batches, and nothing says how many make an update",
                [counter],
                "accumulate= the micro-batches of an update",
                "accumulate=4",
            )
        )
    elif unit == "batches":
        said = (f"{counter} is taken for updates; accumulate= says how many batches make one",)
    per = float(rates.accumulate or 1)
    if within := _within(columns, counter):
        per_epoch = per_epoch or _length(table, columns, counter, within, per, path)
        said += (f"{counter} begins again in each epoch: an epoch has {per_epoch:g} updates",)
        return replace(clock, per_update=per, within=within, whole=False, per_epoch=per_epoch, said=said)
    return replace(clock, per_update=per, said=said)


def _counter(table: LogTable, columns: Sequence[Column], rates: Rates, step: str | None) -> tuple[str, Unit]:
    """The column that counts, and its unit."""
    names = list(table.counters)
    if step:
        unit: Unit = place[0] if (place := counted(step)) else "updates"
        if unit in ("updates", "batches"):
            unit = _meant(rates, unit, names)
        return step, unit
    enough = _ENOUGH * sum(column.met for column in columns)
    units: list[Unit] = ["updates", "batches", "samples", "tokens", "epochs"]
    if rates.tokens_per_update:
        units.insert(0, "tokens")
    elif rates.samples_per_update:
        units.insert(0, "samples")
    elif rates.accumulate:
        units.insert(0, "batches")
    elif not _batch(table):  # samples and tokens need a rate, epochs do not
        units = ["updates", "batches", "epochs", "samples", "tokens"]
    found = [name for unit in units for name in best(names, unit)]
    telling = (name for name in found if sum(column.own.get(name, 0) for column in columns) >= enough)
    name = next(telling, found[0])
    place = counted(name)
    unit = place[0] if place else "updates"
    return name, _meant(rates, unit, names) if unit == "updates" else unit


def _meant(rates: Rates, unit: Unit, names: Sequence[str]) -> Unit:
    """The unit of a column named step, from the rate that the user gives."""
    if rates.tokens_per_update and not best(names, "tokens"):
        return "tokens"
    if rates.samples_per_update and not best(names, "samples"):
        return "samples"
    if rates.updates_per_epoch and not best(names, "epochs"):
        return "epochs"
    return unit


def _whole(table: LogTable) -> tuple[bool, int]:
    """Whether the log counts whole epochs, and the number of the first: 0 or 1."""
    found = [column.steps(name) for column in table.series.values() for name in best(list(column.own), "epochs")]
    epochs = np.concatenate(found) if found else np.zeros(0)
    epochs = epochs[np.isfinite(epochs)]
    whole = bool(len(epochs)) and bool((epochs == np.rint(epochs)).all())
    return whole, int(whole and epochs.min() >= 1)


def _by_epochs(clock: Clock, path: object) -> Clock:
    said = _said(clock.counter, clock.per_epoch)
    place = counted(clock.counter)
    if place is None or place[0] != "epochs":  # the user says that a step is an epoch
        return replace(clock, first=0, whole=True, said=said)
    if not clock.whole and not clock.per_epoch:
        raise LrlabError(
            worded(
                f"{path}: {clock.counter} counts parts of epochs, and nothing says how many updates an epoch has",
                [clock.counter],
                "updates_per_epoch=, or another column that counts: step=",
                "updates_per_epoch=391",
            )
        )
    return replace(clock, epochs=not clock.per_epoch, said=said)


def _said(counter: str, per_epoch: float | None) -> tuple[str, ...]:
    if per_epoch:
        return (f"{counter} counts epochs: each has {per_epoch:g} updates",)
    return (
        f"{counter} counts epochs, and nothing says how many updates one has: the run is counted in epochs, "
        f"not in updates; updates_per_epoch= tells",
    )


def _missing(path: object, counter: str, unit: str, table: LogTable, columns: Sequence[Column]) -> NoReturn:
    """Raise `LrlabError`, because nothing tells how many units make an update."""
    steps = np.concatenate([column.steps(counter) for column in columns])
    last = float(np.nanmax(steps)) if np.isfinite(steps).any() else math.nan
    raise LrlabError(
        worded(
            f"{path}: {counter} counts {unit}, and nothing says how many make an update",
            f"{counter} up to {last:g}; counters: {', '.join(list(table.counters)[:SHOWN])}",
            f"{unit}_per_update=, or another column that counts: step=",
            f"{unit}_per_update={524288 if unit == 'tokens' else 256}",
        )
    )


def _batch(table: LogTable) -> float | None:
    """The batch size, if the log has a constant one."""
    for name, column in table.series.items():
        sizes = set(column.values)
        if role(name) is Role.BATCH and len(sizes) == 1 and "micro" not in name.lower():
            return _positive(sizes.pop())
    return None


def _within(columns: Sequence[Column], counter: str) -> str:
    """The counter of epochs, if the steps begin again in each epoch; else an empty text."""
    for column in sorted(columns, key=lambda column: -column.met):
        for name in best(list(column.own), "epochs"):
            epochs, steps = column.steps(name), column.steps(counter)
            rises = np.diff(epochs) > 0
            if rises.sum() and (np.diff(steps)[rises] <= 0).mean() > 0.8 and column.own.get(counter):
                return name
    return ""


def _length(
    table: LogTable, columns: Sequence[Column], counter: str, within: str, per_update: float, path: object
) -> float:
    """The updates of an epoch, from the log itself. Raises `LrlabError` if they are not in it."""
    if said := _positive(table.config.get("steps_of")):
        return said / per_update
    steps = np.concatenate([column.steps(counter) for column in columns if column.own.get(within)])
    steps = np.unique(steps[np.isfinite(steps)])
    if len(steps) > 1 and (np.diff(steps) == 1).all():
        return float(steps[-1] - steps[0] + 1) / per_update
    raise LrlabError(
        worded(
            f"{path}: {counter} begins again in each epoch, and nothing says how many updates an epoch has",
            f"{counter} up to {steps[-1]:g}",
            "updates_per_epoch=",
            "updates_per_epoch=391",
        )
    )


def _positive(value: object) -> float | None:
    found = number(value)
    return found if found is not None and math.isfinite(found) and found > 0 else None


def suspicion(clock: Clock, last: float) -> str:
    """What to type if the steps are too many to be updates; empty if they may be updates."""
    if clock.unit in ("updates", "batches") and clock.per_update == 1 and last > _TOKENS:
        return f"does {clock.counter} count tokens? tokens_per_update=524288, or samples? samples_per_update=256"
    return ""
