"""The LR profile of each arm: its metric at every LR that was tried, how far its grid is to be widened, and where the
order of two arms depends on the LR.

Two schedules at one LR may come out either way: in public data WSD is 0.070 better than cosine at 1e-4 and 0.021 worse
at 2e-3. Each arm is therefore judged around its own best LR, and where the order flips that is said.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lrlab.analysis.comparison.paired import ENOUGH_FOLDS

Array = NDArray[np.float64]
Grid = Mapping[float, Array]  # lr: the scores of an arm, one for each unit, less is better, inf where a run diverged

RATIO = 2.0  # of neighbouring LRs where a grid is widened: an LR that is off by so much costs half a per cent or less
WIDEST = 64.0  # times the task's own LR, or a part of it: no grid is widened beyond


@dataclass(frozen=True)
class Point:
    """An arm at one LR: its mean over all units (None where a run diverged), and in how many of these one did."""

    lr: float
    mean: float | None
    diverged: int


@dataclass(frozen=True)
class Flip:
    """At the LR `here` the arm `one` is ahead of `other` by `by`, at `there` it is behind by `back`."""

    one: str
    other: str
    here: float
    by: float
    there: float
    back: float

    def __str__(self) -> str:
        return (
            f"Which of {self.one} and {self.other} is ahead depends on the LR: {self.one} at × {self.here:g}, "
            f"by {self.by:.2g}; {self.other} at × {self.there:g}, by {self.back:.2g}."
        )


def profile(grid: Grid, sign: float = 1.0) -> tuple[Point, ...]:
    """The points of an arm, by LR; `sign` is -1 where more is better and the scores are turned round."""
    found = []
    for lr, scores in sorted(grid.items()):
        gone = int(np.isinf(scores).sum())
        found.append(Point(lr, None if gone else sign * float(scores.mean()), gone))
    return tuple(found)


def wider(grid: Grid) -> float | None:
    """The LR to try next: beyond the edge where an arm is best, below all where each diverged; None where it is inside.

    >>> wider({0.5: np.array([3.0, 3.1]), 1.0: np.array([2.0, 2.1]), 2.0: np.array([1.0, 1.1])})
    4.0
    >>> wider({1.0: np.array([2.0, 2.1]), 2.0: np.array([1.0, 1.1]), 4.0: np.array([1.0, np.inf])}) is None
    True
    """
    means = {lr: float(scores.mean()) for lr, scores in sorted(grid.items())}
    lowest, highest = min(means), max(means)
    best = min(means.values())
    lr = None
    if means[lowest] == best and (best == np.inf or list(means.values()).count(best) == 1):
        lr = lowest / RATIO
    elif means[highest] == best and list(means.values()).count(best) == 1:
        lr = highest * RATIO
    return lr if lr is not None and 1 / WIDEST <= lr <= WIDEST else None


def flips(grids: Mapping[str, Grid], level: float = 0.95) -> tuple[Flip, ...]:
    """The pairs of arms of which each is ahead of the other at some LR that both were tried at, the clearest first.

    By paired t tests, corrected for all pairs of arms and all their LRs (Bonferroni).
    """
    tried = {
        pair: [lr for lr in sorted(grids[pair[0]]) if lr in grids[pair[1]] and _whole(grids, pair, lr)]
        for pair in combinations(sorted(grids), 2)
    }
    tests = sum(map(len, tried.values()))
    found = []
    for (one, other), lrs in tried.items():
        if not lrs:
            continue
        behind = {lr: _behind(grids[one][lr] - grids[other][lr], (1 - level) / tests) for lr in lrs}
        ahead, back = min(lrs, key=lambda lr: behind[lr]), max(lrs, key=lambda lr: behind[lr])
        if behind[ahead] < 0 < behind[back]:
            found.append(Flip(one, other, ahead, -behind[ahead], back, behind[back]))
    return tuple(sorted(found, key=lambda flip: -min(flip.by, flip.back)))


def _whole(grids: Mapping[str, Grid], pair: Sequence[str], lr: float) -> bool:
    return all(bool(np.isfinite(grids[arm][lr]).all()) for arm in pair)


def _behind(d: Array, alpha: float) -> float:
    """The mean of differences; 0 where it may be chance."""
    error = d.std(ddof=1) / np.sqrt(len(d))
    mean = float(d.mean())
    beyond = abs(mean) > _critical(alpha, len(d)) * error
    return mean if beyond and (error > 0 or len(d) >= ENOUGH_FOLDS) else 0.0


@functools.lru_cache(maxsize=256)  # a comparison asks the same for every pair at every LR
def _critical(alpha: float, units: int) -> float:
    return float(stats.t.isf(alpha / 2, units - 1))
