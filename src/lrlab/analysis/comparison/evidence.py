"""What a set of finished runs says about the strategies in them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lrlab.analysis.comparison.statistics import Comparison, Standing, compare
from lrlab.core.expression.node import Schedule
from lrlab.errors import LrlabError, worded
from lrlab.record.runs.run import StoredRun

VERSION = 1


@dataclass(frozen=True)
class Evidence:
    """The runs of a comparison and its verdict; every arm has a run at the same LRs, seeds and folds.

    `comparison` counts less as better whatever the `mode`: for "max" its scores have the opposite sign.
    """

    task: str
    metric: str
    mode: Literal["min", "max"]
    schedules: Mapping[str, Schedule]
    runs: tuple[StoredRun, ...]
    comparison: Comparison

    def value(self, score: float | None) -> float | None:
        """A score of the comparison as a value of the metric."""
        return -score if score is not None and self.mode == "max" else score

    def lr_of(self, arm: str) -> float:
        """The LR (a multiple of the task's own) that was chosen most often for an arm."""
        standing = next(s for s in self.comparison.standings if s.arm == arm)
        return Counter(standing.lrs).most_common(1)[0][0]

    def runs_of(self, arm: str, lr: float) -> tuple[StoredRun, ...]:
        """The runs of one arm at one LR, over seeds and folds."""
        return tuple(run for run in self.runs if run.arm == arm and run.lr == lr)

    def record(self) -> dict[str, Any]:
        """All of it as plain JSON values, best arm first."""
        return {
            "version": VERSION,
            "task": self.task,
            "metric": self.metric,
            "mode": self.mode,
            "updates": self.runs[0].updates,
            "seeds": len({run.seed for run in self.runs}),
            "folds": len({run.fold for run in self.runs}),
            "lrs": sorted({run.lr for run in self.runs}),
            "runs": len(self.runs),
            "arms": [self._arm(standing) for standing in self.comparison.standings],
            "best": self.comparison.best,
            "together": list(self.comparison.together),
            "level": self.comparison.level,
            "method": self.comparison.method,
            "advice": self.comparison.advice,
            "settled": self.comparison.settled,
        }

    def _arm(self, standing: Standing) -> dict[str, Any]:
        plain = dataclasses.asdict(standing)
        plain["mean"] = self.value(standing.mean)
        plain["scores"] = [self.value(score) for score in standing.scores]
        plain["lrs"] = list(standing.lrs)
        return {"name": plain.pop("arm"), "schedule": str(self.schedules[standing.arm]), **plain}


def evidence_of(
    runs: Sequence[StoredRun],
    schedules: Mapping[str, Schedule],
    mode: Literal["min", "max"] = "min",
    level: float = 0.95,
) -> Evidence:
    """Judge the runs of a comparison: see `lrlab.analysis.comparison.statistics.compare`.

    Raises `LrlabError` where the runs are not of one task, or an arm lacks one that another has.
    """
    tasks = {(run.task, run.metric, run.updates) for run in runs}
    if len(tasks) != 1:
        raise LrlabError(worded("the runs of a comparison are of one task and length", sorted(tasks)))
    lrs, seeds, folds = (sorted({getattr(run, name) for run in runs}) for name in ("lr", "seed", "fold"))
    sign = 1.0 if mode == "min" else -1.0
    scores: dict[str, dict[float, Any]] = {
        arm: {lr: np.full((len(seeds), len(folds)), np.nan) for lr in lrs} for arm in schedules
    }
    for run in runs:
        score = np.inf if run.outcome == "diverged" else sign * run.score
        scores[run.arm][run.lr][seeds.index(run.seed), folds.index(run.fold)] = score
    missing = [f"{arm} at {lr:g}" for arm, grid in scores.items() for lr, cell in grid.items() if np.isnan(cell).any()]
    if missing:
        raise LrlabError(worded("an arm lacks runs that another has", missing, "every arm at every LR, seed and fold"))
    (task, metric, _), comparison = tasks.pop(), compare(scores, level=level)
    return Evidence(task, metric, mode, dict(schedules), tuple(runs), comparison)
