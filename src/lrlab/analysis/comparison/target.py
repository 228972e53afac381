"""Time to target: after how many updates an arm reaches what the tuned warmup + linear reaches at its end.

As AlgoPerf scores (Dahl et al., 2023, arXiv:2306.07179), in updates instead of seconds: these cost all schedules alike.
A run that never gets there, or diverged, is a miss and counts as infinitely long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from lrlab.record.runs.run import StoredRun

REFERENCE = "warmup + linear"


@dataclass(frozen=True)
class Reached:
    """The median update at which runs were at the target, None where half of them or more were not; the misses."""

    updates: int | None
    missed: int
    runs: int


def target_of(runs: Sequence[StoredRun]) -> float | None:
    """The median score of the reference's runs at its best LR; None where that is not finite, or there are none.

    >>> target_of([]) is None
    True
    """
    found = median(run.score for run in runs) if runs else math.inf
    return found if math.isfinite(found) else None


def reached(runs: Sequence[StoredRun], target: float, mode: Literal["min", "max"]) -> Reached:
    """When these runs were first evaluated at the target or beyond."""
    times = [_first(run, target, mode) for run in runs]
    middle = median(times)
    missed = sum(map(math.isinf, times))
    return Reached(round(middle) if math.isfinite(middle) else None, missed, len(times))


def _first(run: StoredRun, target: float, mode: Literal["min", "max"]) -> float:
    if run.outcome == "diverged":
        return math.inf
    seen = run.evals[run.metric]
    values = zip(seen.updates, seen.values, strict=True)
    return next((at for at, value in values if (value <= target if mode == "min" else value >= target)), math.inf)
