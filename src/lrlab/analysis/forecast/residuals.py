"""A law beside the runs that it was fitted to: how far it misses each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.forecast.fit import plain
from lrlab.analysis.forecast.law import Law
from lrlab.analysis.forecast.saved import LawDocument
from lrlab.record.logs.log import LogRun

Floats = NDArray[np.float64]


class FittedRun(TypedDict):
    """A run that a law was fitted to, and the mean distance of the two beyond the warmup, but its farthest tenth."""

    name: str
    points: int
    updates: int
    mean_error: float
    notes: list[str]


class FitRecord(LawDocument):
    """A law and how far it misses each run that it was fitted to."""

    runs: list[FittedRun]


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted law and its runs.

    >>> from lrlab.analysis.forecast.law import fit_law
    >>> updates = np.arange(100, 2001, 100)
    >>> run = LogRun.from_arrays(updates, 3 + updates**-0.5, [1e-3] * 2000)
    >>> Fit(fit_law([run], prior="generic"), (run,)).miss(run) < 0.01
    True
    """

    law: Law
    runs: Sequence[LogRun]

    def residuals(self, run: LogRun) -> Floats:
        """The log minus the law at each of its points."""
        return run.loss - self.law.predict(run.lrs).loss[run.updates - 1]

    def miss(self, run: LogRun) -> float:
        """The mean distance over the points that the warmup does not touch, but the farthest tenth."""
        residuals = self.residuals(run)[late(run)]
        return plain(residuals, np.ones_like(residuals))

    def record(self) -> FitRecord:
        """The law with how far it misses each run, as plain JSON values."""
        runs: list[FittedRun] = [
            {
                "name": run.name,
                "points": len(run.updates),
                "updates": run.horizon,
                "mean_error": self.miss(run),
                "notes": list(run.notes),
            }
            for run in self.runs
        ]
        return {**self.law.record(), "runs": runs}


def late(run: LogRun) -> NDArray[np.bool_]:
    """The points that the warmup does not touch; all, where it touches all."""
    found = run.updates > max(2 * run.warmup, 0.1 * run.updates[-1])
    return found if found.any() else np.ones_like(found)
