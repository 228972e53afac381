"""A rung of a search: which candidates go on to longer runs. Complete schedules only, ends compared with ends.

A schedule that is cut off in the middle looks bad exactly where it has kept its LR high, so rungs are complete
schedules over a quarter and a half of the run, and half of the candidates go on at the least. Those that cannot be told
from the last of them go on, too, where there is room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.controls import ControlTrace
from lrlab.lab.arms.tree import tree, updates_of
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.recipe import cell_of
from lrlab.lab.task.declaration import Task

Array = NDArray[np.float64]

SHORTEST = 16  # updates: less is not a run to shorten
BAND = 2.0  # standard errors: as far as this two candidates cannot be told apart


@dataclass(frozen=True)
class Ranking:
    """Candidates (indexes) by their mean, best first; the first `half` go on, up to `close` lie within the noise band.

    `noise` is the standard error of the difference of two means, from what candidates of the better half differ by
    beyond their own level and that of the fold or seed.
    """

    order: tuple[int, ...]
    half: int
    close: int
    noise: float


def lengths_of(updates: int) -> tuple[int, int, int]:
    """The lengths of the rungs of a run of `updates`: a quarter, a half, the whole.

    >>> lengths_of(320)
    (80, 160, 320)
    """
    if updates < SHORTEST:
        raise LrlabError(worded("a quarter of a run is too short to search with", updates, f"{SHORTEST} updates"))
    return updates // 4, updates // 2, updates


def ranking(scores: Array) -> Ranking:
    """Rank candidates by scores (candidates, units), lower is better, inf for a run that diverged.

    A candidate that diverged anywhere never goes on.

    >>> ranking(np.array([[3.0, 3.2], [1.0, 1.2], [2.0, 2.2], [1.01, 1.19]])).order
    (1, 3, 2, 0)
    """
    means = scores.mean(axis=1)
    order = [int(k) for k in np.argsort(means, kind="stable") if np.isfinite(means[k])]
    half = min(len(order), ceil(len(scores) / 2))
    if not order:
        return Ranking((), 0, 0, 0.0)
    noise = noise_of(scores[order[:half]])
    close = int(np.sum(means[order] <= means[order[half - 1]] + BAND * noise))
    return Ranking(tuple(order), half, close, noise)


def noise_of(scores: Array) -> float:
    """The standard error of the difference of two means; scores: (candidates, units), 0 where it cannot be told.

        sqrt(2 / units) * sd(residuals)      residuals of candidate + unit, (candidates - 1)(units - 1) degrees

    >>> noise_of(np.array([[1.0, 2.0], [2.0, 3.0]]))
    0.0
    """
    candidates, units = scores.shape
    if candidates < 2 or units < 2:
        return 0.0
    rest = scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0) + scores.mean()
    return float(np.sqrt((rest**2).sum() / ((candidates - 1) * (units - 1)) * 2 / units))


def price(task: Task, jobs: Sequence[Job], every: int) -> int:
    """The updates that these jobs take together: the size of their stage trees, with forks at multiples of `every`."""
    cells: dict[tuple[str, int], list[ControlTrace]] = {}
    known: dict[object, ControlTrace] = {}
    for job in jobs:
        control = known.setdefault((job.regime, job.updates), ControlTrace(job.regime, job.updates))
        cells.setdefault((cell_of(task, job), job.updates), []).append(control)
    return sum(updates_of(tree(controls, updates, every)) for (_, updates), controls in cells.items())
