"""The losses and reports of a training so far; they are stored with the state, so that a fork has its past."""

from __future__ import annotations

import math
from collections.abc import Mapping

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


class TrainingLog:
    """The record of one training of `updates`, which grows by `loss` and `report`.

    >>> ledger = TrainingLog(updates=3)
    >>> ledger.add_loss(0, 2.5); ledger.add_report(1, {"val_loss": 2.0})
    >>> ledger.loss, ledger.evals
    (Series(updates=(0,), values=(2.5,)), {'val_loss': Series(updates=(1,), values=(2.0,))})
    """

    def __init__(self, updates: int) -> None:
        self._width = max(1, math.ceil(updates / LOSS_POINTS))
        self._last: tuple[int, float] | None = None  # logged again in the same update, it counts once
        self._stretches: list[tuple[int, float, int]] = []  # first update, sum, count
        self._first: list[float] = []
        self.reports: list[Report] = []
        self.seconds = 0.0

    def add_loss(self, update: int, value: float) -> None:
        """Add the training loss that was computed in this update."""
        if self._last is not None and self._last[0] != update:
            self._take_in(self._stretches)
        self._last = (update, value)
        if len(self._first) < FIRST_LOSSES:
            self._first.append(value)

    def exploded(self, value: float) -> bool:
        """Whether a run with this loss has diverged; a loss that can be negative must only stay finite."""
        return not math.isfinite(value) or (min(self._first) > 0 and value > DIVERGENCE * max(self._first))

    def add_report(self, completed: int, metrics: Mapping[str, float]) -> None:
        """Add the metrics after this number of completed updates."""
        self.reports.append((completed, dict(metrics)))

    @property
    def loss(self) -> Series:
        """The training loss, at most `LOSS_POINTS` points."""
        stretches = self._folded()
        return Series(tuple(s[0] for s in stretches), tuple(total / count for _, total, count in stretches))

    @property
    def evals(self) -> dict[str, Series]:
        """Every reported metric, by the number of completed updates."""
        found: dict[str, dict[int, float]] = {}
        for completed, metrics in self.reports:
            for name, value in metrics.items():
                found.setdefault(name, {})[completed] = value
        return {name: Series(tuple(points), tuple(points.values())) for name, points in found.items()}

    def record(self) -> LogRecord:
        """The ledger as plain JSON."""
        return {
            "loss": self._folded(),
            "first": list(self._first),
            "reports": [(completed, dict(metrics)) for completed, metrics in self.reports],
            "seconds": self.seconds,
        }

    @classmethod
    def of(cls, record: LogRecord, updates: int) -> TrainingLog:
        """The ledger that `record` wrote."""
        ledger = cls(updates)
        ledger._stretches = [(first, total, count) for first, total, count in record["loss"]]
        ledger._first = list(record["first"])
        ledger.reports = [(completed, dict(metrics)) for completed, metrics in record["reports"]]
        ledger.seconds = record["seconds"]
        return ledger

    def _folded(self) -> list[tuple[int, float, int]]:
        """The stretches, the last loss included."""
        stretches = list(self._stretches)
        self._take_in(stretches)
        return stretches

    def _take_in(self, stretches: list[tuple[int, float, int]]) -> None:
        if self._last is None:
            return
        update, value = self._last
        if stretches and stretches[-1][0] // self._width == update // self._width:
            first, total, count = stretches[-1]
            stretches[-1] = (first, total + value, count + 1)
        else:
            stretches.append((update, value, 1))
