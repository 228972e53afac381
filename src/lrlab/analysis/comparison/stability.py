"""Learning rates at which some runs diverged: an arm is judged where it is stable, and not called worse for bad luck.

Whether a run diverges now and then is luck. Of equal arms whose best learning rate diverges in 5 % of runs, some lose
that rate and some do not; those that lost it are behind at their next one, and that is no property of the arm. An arm
is therefore judged at rates that diverged nowhere, and "worse" is said only if it is worse, too, at the rate that it
lost, where the runs that diverged are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Unstable:
    """A learning rate that would be the best one of an arm, but that it diverged in so many of the `units`."""

    lr: float
    diverged: int
    units: int


def stable(grid: Mapping[float, Array]) -> dict[float, Array]:
    """The learning rates at which no run diverged; grid[lr]: (units,), inf where one did."""
    return {lr: scores for lr, scores in grid.items() if np.isfinite(scores).all()}


def spared(grid: Mapping[float, Array]) -> dict[float, Array]:
    """The stable learning rates, and those that diverged in less than half of the units, as if they had not.

    A score that is missing is that of the best stable rate in the same unit, and the mean of what this one differs by
    in the others. Empty where no rate is stable.

    >>> spared({1.0: np.array([2.0, 4.0, 3.0]), 2.0: np.array([1.0, 3.0, np.inf])})[2.0].tolist()
    [1.0, 3.0, 2.0]
    """
    whole = stable(grid)
    if not whole:
        return {}
    steady = min(whole.values(), key=np.mean)
    found = {}
    for lr, scores in grid.items():
        there = np.isfinite(scores)
        if 2 * there.sum() > len(scores):
            found[lr] = np.where(there, scores, steady + (scores - steady)[there].mean())
    return found


def unstable(grid: Mapping[float, Array]) -> Unstable | None:
    """The learning rate that an arm lost because it diverged there; None where the best one of those left is no worse.

    >>> unstable({1.0: np.array([2.0, 4.0, 3.0]), 2.0: np.array([1.0, 3.0, np.inf])})
    Unstable(lr=2.0, diverged=1, units=3)
    """
    candidates, whole = spared(grid), stable(grid)
    if len(candidates) == len(whole):
        return None
    best = min(sorted(candidates), key=lambda lr: float(candidates[lr].mean()))
    if best in whole:
        return None
    return Unstable(best, int(np.isinf(grid[best]).sum()), len(grid[best]))
