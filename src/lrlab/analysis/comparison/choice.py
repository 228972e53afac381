"""The learning rate of one arm, weighed where it is not judged, and what that choice costs in certainty.

Where several learning rates are equally good, taking the best of the other units alone is a jump: the score of an arm
then hangs on which of them happens to lead, by about n^(-1/4) of a spread, and a jackknife of such a jump does not
settle with more units. Here every learning rate counts by how likely it is the best one. That is smooth, so the
spread of the score falls with n^(-1/2), and the jackknife measures it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from lrlab.analysis.comparison.paired import ROUNDING

Array = NDArray[np.float64]

WIDTH = 1.5  # standard errors that count as one when two rates are weighed: the wider, the smoother, and the less sharp
LOUDEST = 3.0  # times the quietest pair of rates: more of a spread than that is no reason to doubt a difference
LEAST = 0.1  # a rate that is less likely than this the better of two does not count, however bad its bad runs are


@dataclass(frozen=True)
class Judged:
    """One arm: per unit the likeliest learning rate, its score, and its share in the error; each (units,).

    The `values` have the mean of the scores, and the spread that the mean really has. They are the scores themselves
    where the choice is never in doubt.
    """

    lrs: tuple[float, ...]
    scores: Array
    values: Array


def judge(grid: Mapping[float, Array]) -> Judged:
    """Weigh the learning rates of each unit by all other units, and judge it there; grid[lr]: (units,), all finite.

    score(u) = sum over lr of w(lr, u) x(lr, u)
    w(lr, u) ~ product over the other rates h of p(lr, h, u), and adds up to 1 over lr
    p = (P - LEAST) / (1 - 2 LEAST) within 0 ... 1    P(lr is better than h): of Student's t / WIDTH, without unit u
    t = mean(d) sqrt(n - 1) / s    d = x(h) - x(lr)

    with s the spread of d about its median on the quieter side, at most LOUDEST times that of the quietest pair: that a
    rate has very bad runs is no reason to think that it may be the better one. Then

    value(u) = 2 jackknife(u) - score(u)    jackknife(u) = m + (n - 1) (mean(r) - r(u))

    with m the mean score and r(u) the weighed mean of all units but u. The choice enters twice, in the weights and in
    that they leave out the unit that is judged; hence the 2. With two units the better rate of the other one counts
    alone; the lowest of equals. `benchmarks/error_rates.py` has what comes of it. After the smoothed cross-validation
    of Efron & Tibshirani, Improvements on cross-validation: the .632+ bootstrap method, 1997, and of Efron, Estimation
    and accuracy after model selection, 2014.

    >>> found = judge({0.5: np.array([2.0, 2.1, 2.0]), 1.0: np.array([1.0, 1.1, 1.0])})
    >>> found.lrs, found.scores.tolist() == found.values.tolist()
    ((1.0, 1.0, 1.0), True)
    """
    lrs = np.array(sorted(grid))
    weights, scores, values = weighed(np.array([grid[lr] for lr in lrs]))
    likeliest = tuple(float(lr) for lr in lrs[weights.argmax(axis=0)])
    return Judged(likeliest, scores, values)


def weighed(table: Array) -> tuple[Array, Array, Array]:
    """The weights (..., rates, units), the scores and the values (..., units) of `judge`, for many arms at once.

    `table` is (..., rates, units).
    """
    n = table.shape[-1]
    elsewhere = (table.sum(axis=-1, keepdims=True) - table) / (n - 1)
    weights = _weights(table, elsewhere)
    scores: Array = (weights * table).sum(axis=-2)
    left_out = (weights * elsewhere).sum(axis=-2)
    jackknife = scores.mean(axis=-1, keepdims=True) + (n - 1) * (left_out.mean(axis=-1, keepdims=True) - left_out)
    one = ((weights == 0) | (weights == 1)).all(axis=(-2, -1)) & (weights == weights[..., :1]).all(axis=(-2, -1))
    sure = one[..., None] | (n == 2)
    return weights, scores, np.where(sure, scores, 2 * jackknife - scores)


def _weights(table: Array, elsewhere: Array) -> Array:
    """How much each rate counts for each unit, by the other units alone; (..., rates, units). The rates add up to 1."""
    rates, n = table.shape[-2:]
    others = n - 1
    if others == 1:
        return np.array(np.arange(rates)[:, None] == elsewhere.argmin(axis=-2)[..., None, :], dtype=np.float64)
    rest = table[..., [[k for k in range(n) if k != unit] for unit in range(n)]]
    ahead = rest[..., None, :, :, :] - rest[..., :, None, :, :]  # [g, h, u]: by how much g is better than h, without u
    ahead[np.abs(ahead) <= ROUNDING * np.abs(table).max()] = 0.0
    spread, mean = _quieter(ahead), ahead.mean(axis=-1)
    quietest = np.where(spread > 0, spread, np.inf).min(axis=(-3, -2), keepdims=True)
    error = np.minimum(spread, LOUDEST * quietest) / np.sqrt(others)
    t = np.divide(mean, error, out=np.where(mean > 0, np.inf, -np.inf), where=error > 0)
    t[mean == 0] = 0.0
    better = np.clip((stdtr(others - 1, t / WIDTH) - LEAST) / (1 - 2 * LEAST), 0.0, 1.0)
    weights: Array = better.prod(axis=-2)  # with each rate against itself: the same factor in all
    weights /= weights.sum(axis=-2, keepdims=True)
    return weights


def _quieter(d: Array) -> Array:
    """The standard deviation from the median, over the last axis, by the side on which it is less."""
    off = d - np.median(d, axis=-1, keepdims=True)
    sides = [2 * np.square(np.maximum(side, 0.0)).sum(axis=-1) / (d.shape[-1] - 1) for side in (off, -off)]
    found: Array = np.sqrt(np.minimum(*sides))
    return found
