"""What a set of finished runs shows about their strategies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lrlab.analysis.comparison.divergence import Divergence, divergence_of, remedy
from lrlab.analysis.comparison.matters import MATTERS
from lrlab.analysis.comparison.standing import Standing
from lrlab.analysis.comparison.statistics import Comparison, compare
from lrlab.analysis.comparison.target import REFERENCE, Reached, reached, target_of
from lrlab.analysis.comparison.unmoved import unmoved
from lrlab.core.expression.node import Schedule
from lrlab.errors import LrlabError, worded
from lrlab.record.runs.run import StoredRun

ONE_LR = (
    "All were tried at one LR alone, and which is ahead may depend on it: --lrs auto tries each around its own best."
)


@dataclass(frozen=True)
class Evidence:
    """The runs of a comparison and its verdict; every arm has a run on the same seeds and folds at each of its LRs.

    `notes` say what an arm has besides its schedule: averaged weights, another optimizer, a momentum schedule.
    `config` is what the task was given, such as its variant.
    """

    task: str
    metric: str
    mode: Literal["min", "max"]
    schedules: Mapping[str, Schedule]
    runs: tuple[StoredRun, ...]
    comparison: Comparison
    notes: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def on(self) -> str:
        """The task in words, with the configuration that it was given: another one is another study.

        >>> Evidence("control", "mse", "min", {}, (), None, config={"variant": "batch", "size": "tiny"}).on
        'control (variant=batch, size=tiny)'
        """
        given = ", ".join(f"{name}={value}" for name, value in self.config.items())
        return f"{self.task} ({given})" if given else self.task

    @property
    def better(self) -> str:
        """Which direction of the metric is better: "less" or "more"."""
        return "less" if self.mode == "min" else "more"

    @property
    def unit(self) -> Literal["fold", "seed"]:
        """What the differences are paired by."""
        return "fold" if len({run.fold for run in self.runs}) > 1 else "seed"

    @property
    def advice(self) -> str:
        """What would decide the open questions; what to look at if runs diverged, no LR made a difference, or there was
        one alone.
        """
        gone = remedy(self.runs) if any(line.verdict == "diverged" for line in self.comparison.standings) else ""
        alone = ONE_LR if len({run.lr for run in self.runs}) == 1 else ""
        return " ".join(filter(None, (unmoved(self.runs), self.comparison.advice, alone, gone)))

    def lr_of(self, arm: str) -> float:
        """The LR (a multiple of the task's own) that was chosen most often for an arm."""
        standing = next(s for s in self.comparison.standings if s.arm == arm)
        chosen = Counter(standing.lrs)
        return max(chosen, key=chosen.__getitem__)

    def runs_of(self, arm: str, lr: float) -> tuple[StoredRun, ...]:
        """The runs of one arm at one LR, over seeds and folds."""
        return tuple(run for run in self.runs if run.arm == arm and run.lr == lr)

    def behind(self, standing: Standing) -> tuple[float, ...]:
        """How far an arm is behind the best in each unit, without units in which one of the two diverged."""
        sign = 1.0 if self.mode == "min" else -1.0
        best = self.comparison.standings[0]
        pairs = zip(standing.scores, best.scores, strict=True)
        return tuple(sign * (mine - other) for mine, other in pairs if mine is not None and other is not None)

    def divergences(self, standing: Standing) -> tuple[Divergence, ...]:
        """Where runs of an arm diverged at LRs that were chosen for it, the earliest first."""
        chosen = {*standing.lrs}
        found = (divergence_of(run) for run in self.runs if run.arm == standing.arm and run.lr in chosen)
        return tuple(sorted((gone for gone in found if gone), key=lambda gone: gone.update))

    @property
    def target(self) -> float | None:
        """The median score of the tuned warmup + linear; None where it is not compared."""
        known = {line.arm for line in self.comparison.standings}
        return target_of(self.runs_of(REFERENCE, self.lr_of(REFERENCE))) if REFERENCE in known else None

    def reached(self, standing: Standing) -> Reached | None:
        """When an arm, at its LR, reaches the target; None where there is none."""
        target = self.target
        runs = self.runs_of(standing.arm, self.lr_of(standing.arm))
        return None if target is None else reached(runs, target, self.mode)

    @property
    def wider(self) -> dict[str, float]:
        """The LR to try next of each arm that is best at an edge of those tried; see `profile.wider`."""
        return {line.arm: line.wider for line in self.comparison.standings if line.wider is not None}


def evidence_of(
    runs: Sequence[StoredRun],
    schedules: Mapping[str, Schedule],
    mode: Literal["min", "max"] = "min",
    level: float = 0.95,
    notes: Mapping[str, str] | None = None,
    matters: str | float = MATTERS,
    overlapping: bool = False,
    config: Mapping[str, Any] | None = None,
) -> Evidence:
    """Judge the runs of a comparison: see `lrlab.analysis.comparison.statistics.compare`.

    Raises `LrlabError` if the runs are not of one task, or an arm lacks one that another has.
    """
    tasks = {(run.task, run.metric, run.updates) for run in runs}
    if len(tasks) != 1:
        raise LrlabError(worded("the runs of a comparison are of one task and length", sorted(tasks)))
    seeds, folds = (sorted({getattr(run, name) for run in runs}) for name in ("seed", "fold"))
    worst = np.inf if mode == "min" else -np.inf
    scores: dict[str, dict[float, Any]] = {
        arm: {
            lr: np.full((len(seeds), len(folds)), np.nan) for lr in sorted({run.lr for run in runs if run.arm == arm})
        }
        for arm in schedules
    }
    for run in runs:
        score = worst if run.outcome == "diverged" else run.score
        scores[run.arm][run.lr][seeds.index(run.seed), folds.index(run.fold)] = score
    missing = [f"{arm} at {lr:g}" for arm, grid in scores.items() for lr, cell in grid.items() if np.isnan(cell).any()]
    if missing:
        raise LrlabError(worded("an arm lacks runs that another has", missing, "every arm at every LR, seed and fold"))
    task, metric, _ = tasks.pop()
    comparison = compare(scores, level=level, maximise=mode == "max", matters=matters, overlapping=overlapping)
    return Evidence(task, metric, mode, dict(schedules), tuple(runs), comparison, dict(notes or {}), dict(config or {}))
