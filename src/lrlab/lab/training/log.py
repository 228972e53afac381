"""The losses and reports of a training so far; they are stored with the state, so that a fork has its past."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from lrlab.lab.arms.controls import Report
from lrlab.record.runs.run import Series
from lrlab.record.runs.states import LogRecord

# Up to this many updates, every loss is kept; a longer run keeps the means of equal stretches.
LOSS_POINTS = 1000

# A run has diverged when a loss is not finite, or above DIVERGENCE times the greatest of the FIRST_LOSSES.
# The factor is generous because this is the only reason to stop a run early: an arm must not lose its place
# by a spike that passes, and the first batch may be an easy one.
DIVERGENCE = 10.0
FIRST_LOSSES = 10


Stretch = tuple[int, float, int]  # first update, sum, count


class Thinned:
    """Values by update: all of them, or the means of equal stretches of `width` updates.

    >>> values = Thinned(2)
    >>> values.add(0, 1.0); values.add(1, 2.0); values.add(2, 5.0)
    >>> values.series
    Series(updates=(0, 2), values=(1.5, 5.0))
    """

    def __init__(self, width: int, stretches: Iterable[Stretch] = ()) -> None:
        self._width = width
        self._last: tuple[int, float] | None = None  # told again in the same update, it counts once
        self._stretches = [(first, total, count) for first, total, count in stretches]

    def add(self, update: int, value: float) -> None:
        """Add the value of an update."""
        if self._last is not None and self._last[0] != update:
            self._take_in(self._stretches)
        self._last = (update, value)

    @property
    def folded(self) -> list[Stretch]:
        """The stretches, the last value included."""
        stretches = list(self._stretches)
        self._take_in(stretches)
        return stretches

    @property
    def series(self) -> Series:
        """The means by the first update of each stretch."""
        stretches = self.folded
        return Series(tuple(s[0] for s in stretches), tuple(total / count for _, total, count in stretches))

    def _take_in(self, stretches: list[Stretch]) -> None:
        if self._last is None:
            return
        update, value = self._last
        if stretches and stretches[-1][0] // self._width == update // self._width:
            first, total, count = stretches[-1]
            stretches[-1] = (first, total + value, count + 1)
        else:
            stretches.append((update, value, 1))


class TrainingLog:
    """The record of one training of `updates`, which grows by `loss`, `value` and `report`.

    >>> ledger = TrainingLog(updates=3)
    >>> ledger.add_loss(0, 2.5); ledger.add_report(1, {"val_loss": 2.0})
    >>> ledger.loss, ledger.evals
    (Series(updates=(0,), values=(2.5,)), {'val_loss': Series(updates=(1,), values=(2.0,))})
    """

    def __init__(self, updates: int) -> None:
        self._width = max(1, math.ceil(updates / LOSS_POINTS))
        self._loss = Thinned(self._width)
        self._values: dict[str, Thinned] = {}
        self._first: list[float] = []
        self.reports: list[Report] = []
        self.seconds = 0.0

    def add_loss(self, update: int, value: float) -> None:
        """Add the training loss that was computed in this update."""
        self._loss.add(update, value)
        if len(self._first) < FIRST_LOSSES:
            self._first.append(value)

    def add_value(self, name: str, update: int, value: float) -> None:
        """Add another number of this update, such as the norm of its gradient."""
        self._values.setdefault(name, Thinned(self._width)).add(update, value)

    def exploded(self, value: float) -> bool:
        """Whether a run with this loss has diverged; a loss that can be negative must only stay finite."""
        return not math.isfinite(value) or (min(self._first) > 0 and value > DIVERGENCE * max(self._first))

    def add_report(self, completed: int, metrics: Mapping[str, float]) -> None:
        """Add the metrics after this number of completed updates."""
        self.reports.append((completed, dict(metrics)))

    @property
    def loss(self) -> Series:
        """The training loss, at most `LOSS_POINTS` points."""
        return self._loss.series

    @property
    def logged(self) -> dict[str, Series]:
        """What else was logged, by name, at most `LOSS_POINTS` points each."""
        return {name: values.series for name, values in self._values.items()}

    @property
    def evals(self) -> dict[str, Series]:
        """Every reported metric, by the number of completed updates."""
        found: dict[str, dict[int, float]] = {}
        for completed, metrics in self.reports:
            for name, value in metrics.items():
                found.setdefault(name, {})[completed] = value
        return {name: Series(tuple(points), tuple(points.values())) for name, points in found.items()}

    def record(self) -> LogRecord:
        """The ledger as plain JSON; `logged` is in it where there is something."""
        found: LogRecord = {
            "loss": self._loss.folded,
            "first": list(self._first),
            "reports": [(completed, dict(metrics)) for completed, metrics in self.reports],
            "seconds": self.seconds,
        }
        if self._values:
            found["logged"] = {name: values.folded for name, values in self._values.items()}
        return found

    @classmethod
    def of(cls, record: LogRecord, updates: int) -> TrainingLog:
        """The ledger that `record` wrote."""
        ledger = cls(updates)
        ledger._loss = Thinned(ledger._width, record["loss"])
        ledger._values = {name: Thinned(ledger._width, values) for name, values in record.get("logged", {}).items()}
        ledger._first = list(record["first"])
        ledger.reports = [(completed, dict(metrics)) for completed, metrics in record["reports"]]
        ledger.seconds = record["seconds"]
        return ledger
