"""The learning rate of one arm, weighed where it is not judged, and what that choice costs in certainty.

Where several learning rates are equally good, taking the best of the other units alone is a jump: the score of an arm
then hangs on which of them happens to lead, by about n^(-1/4) of a spread. Here every learning rate counts by how
likely it is the best one. That is smooth, so the spread of the score falls with n^(-1/2).

Its variance is that over units, and the doubt about the rate beside it: the variance between the means of the rates,
each weighed as it was (the law of total variance). It is 0 where the choice is clear. A jackknife has the right mean,
too, but is the square of a slope at a random place: so uncertain itself that it costs a quarter of the power.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from lrlab.analysis.comparison.paired import ROUNDING, differences

Array = NDArray[np.float64]

WIDTH = 2.0  # standard errors that count as one when two rates are weighed: the wider, the smoother, and the less sharp
LOUDEST = 3.0  # times the quietest pair of rates: more of a spread than that is no reason to doubt a difference
LEAST = 0.02  # a rate that is less likely than this the better of two does not count, however bad its bad runs are


@dataclass(frozen=True)
class Judged:
    """One arm: per unit the likeliest learning rate and its score; and what the doubt about the rate adds to the
    variance of their mean, 0 where the choice is clear.
    """

    lrs: tuple[float, ...]
    scores: Array
    doubt: float = 0.0


def judge(grid: Mapping[float, Array]) -> Judged:
    """Weigh the learning rates of each unit by all other units, and judge it there; grid[lr]: (units,), all finite.

    score(u) = sum over lr of w(lr, u) x(lr, u)
    w(lr, u) ~ product over the other rates h of p(lr, h, u), and adds up to 1 over lr
    p = (P - LEAST) / (1 - 2 LEAST) within 0 ... 1    P(lr is better than h): of Student's t / WIDTH, without unit u
    t = mean(d) sqrt(n - 1) / s    d = x(h) - x(lr)

    with s the spread of d about its median on the quieter side, at most LOUDEST times that of the quietest pair: that a
    rate has very bad runs is no reason to think that it may be the better one. With two units the better rate of the
    other one counts alone; the lowest of equals. And

    doubt = sum over lr of W(lr) (m(lr) - M)^2    M = sum over lr of W(lr) m(lr)

    with m the means over units of the rates, W those of the weights. `benchmarks/error_rates.py` has what comes of it.
    After the smoothed cross-validation of Efron & Tibshirani, Improvements on cross-validation: the .632+ bootstrap
    method, 1997, and the model averaging of Buckland, Burnham & Augustin, Model selection: an integral part of
    inference, 1997.

    >>> found = judge({0.5: np.array([2.0, 2.1, 2.0]), 1.0: np.array([1.0, 1.1, 1.0])})
    >>> found.lrs, found.scores.tolist(), found.doubt
    ((1.0, 1.0, 1.0), [1.0, 1.1, 1.0], 0.0)
    """
    lrs = np.array(sorted(grid))
    weights, scores, doubt = weighed(np.array([grid[lr] for lr in lrs]))
    likeliest = tuple(float(lr) for lr in lrs[weights.argmax(axis=0)])
    return Judged(likeliest, scores, float(doubt))


def weighed(table: Array) -> tuple[Array, Array, Array]:
    """The weights (..., rates, units), the scores (..., units) and the doubt (...) of `judge`, for many arms at once.

    `table` is (..., rates, units).
    """
    weights = _weights(table)
    scores: Array = (weights * table).sum(axis=-2)
    means, each = table.mean(axis=-1), weights.mean(axis=-1)
    off = means - (each * means).sum(axis=-1, keepdims=True)
    return weights, scores, (each * np.square(off)).sum(axis=-1)


def doubted(scores: Array, doubts: Array) -> Array:
    """The scores of all arms, the first one's as they are and the others' spread about their mean, until the standard
    error of each difference to the first has the doubts of both arms; (arms, units) and (arms,).

    Arms that score the same in every unit are equal, whatever their rates: they stay so.

    >>> doubted(np.array([[1.0, 1.0], [2.0, 4.0], [1.0, 1.0]]), np.array([1.0, 2.0, 5.0]))
    array([[1., 1.],
           [1., 5.],
           [1., 1.]])
    """
    d = differences(scores, 0)
    centre, error = d.mean(axis=1, keepdims=True), d.var(axis=1, ddof=1) / d.shape[1]
    more = np.divide(doubts + doubts[0], error, out=np.zeros(len(d)), where=error > 0)
    values: Array = scores + (np.sqrt(1 + more[:, None]) - 1) * (d - centre)
    return values


def _weights(table: Array) -> Array:
    """How much each rate counts for each unit, by the other units alone; (..., rates, units). The rates add up to 1."""
    rates, n = table.shape[-2:]
    others = n - 1
    if others == 1:
        return np.array(np.arange(rates)[:, None] == table[..., ::-1].argmin(axis=-2)[..., None, :], dtype=np.float64)
    one, other = np.triu_indices(rates, 1)
    ahead = table[..., other, :] - table[..., one, :]  # by how much `one` is better, for each pair and unit
    ahead[np.abs(ahead) <= ROUNDING * np.abs(table).max()] = 0.0
    rest = ahead[..., [[k for k in range(n) if k != unit] for unit in range(n)]]
    spread, mean = _quieter(rest), rest.mean(axis=-1)
    quietest = np.where(spread > 0, spread, np.inf).min(axis=-2, keepdims=True, initial=np.inf)
    error = np.minimum(spread, LOUDEST * quietest) / np.sqrt(others)
    t = np.divide(mean, error, out=np.copysign(np.inf, mean), where=error > 0)
    t[mean == 0] = 0.0
    likely = np.clip((stdtr(others - 1, t / WIDTH) - LEAST) / (1 - 2 * LEAST), 0.0, 1.0)
    better = np.ones((*table.shape[:-2], rates, rates, n))
    better[..., one, other, :], better[..., other, one, :] = likely, 1 - likely
    weights: Array = better.prod(axis=-2)
    weights /= weights.sum(axis=-2, keepdims=True)
    return weights


def _quieter(d: Array) -> Array:
    """The standard deviation from the median, over the last axis, by the side on which it is less."""
    off = d - np.median(d, axis=-1, keepdims=True)
    sides = [2 * np.square(np.maximum(side, 0.0)).sum(axis=-1) / (d.shape[-1] - 1) for side in (off, -off)]
    found: Array = np.sqrt(np.minimum(*sides))
    return found
