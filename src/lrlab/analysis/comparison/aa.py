"""A/A comparisons: how often is one schedule called different from itself?

The check that a comparison on real runs keeps its promise: the runs of one schedule under many seeds are dealt to
two arms that cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from lrlab.analysis.comparison.statistics import compare
from lrlab.errors import LrlabError, worded


@dataclass(frozen=True)
class AAResult:
    """How many trials called the arms different; `upper` is the exact 95 % upper bound of the true rate."""

    trials: int
    different: int
    rate: float
    upper: float


def aa_rate(scores_one_lr: ArrayLike, trials: int, rng: np.random.Generator, *, seeds: int | None = None) -> AAResult:
    """Deal disjoint random sets of seeds to two arms, and count how often `compare` calls the arms different.

    `scores_one_lr`: (seeds, folds), runs of one schedule at one learning rate. Each arm gets `seeds` of them, half
    by default; give what the real comparison uses. Upper bound: Clopper & Pearson, 1934, one-sided 97.5 %, that is
    the upper end of the two-sided 95 % interval. Trials share their runs: many trials from few seeds repeat each
    other and carry less than the bound says.

    Raises LrlabError: no trials, too few seeds for two disjoint arms, or what `compare` refuses.

    >>> found = aa_rate(np.random.default_rng(0).normal(size=(40, 5)), 200, np.random.default_rng(1), seeds=2)
    >>> found.rate <= 0.08 < found.upper
    True
    """
    scores = np.asarray(scores_one_lr, dtype=np.float64)
    if trials < 1:
        raise LrlabError(worded("aa_rate: number of trials", trials, "1 or more", "trials=1000"))
    if scores.ndim != 2:
        raise LrlabError(worded("aa_rate: shape of the scores", scores.shape, "(seeds, folds)"))
    each = len(scores) // 2 if seeds is None else seeds
    if each < 1 or 2 * each > len(scores):
        raise LrlabError(
            worded(
                "aa_rate: seeds for each of two disjoint arms",
                f"{each} of {len(scores)} stored",
                "1 or more, and at most half of those stored",
            )
        )
    different = 0
    for _ in range(trials):
        dealt = rng.permutation(len(scores))
        arms = {"one": scores[dealt[:each]], "other": scores[dealt[each : 2 * each]]}
        different += len(compare({arm: {1.0: runs} for arm, runs in arms.items()}).together) == 1
    upper = 1.0 if different == trials else float(stats.beta.ppf(0.975, different + 1, trials - different))
    return AAResult(trials, different, different / trials, upper)
