"""Paired tests of many arms against the best one, corrected for the whole report.

The best arm is picked by the same data that then speak for it (the winner's curse), so correcting for the
comparisons that are printed is not enough: with 13 equal arms on 5 folds, Holm's correction of paired t tests
calls some arm worse in 13 % of reports instead of 5 %. Both tests here therefore replay the whole report in
worlds without differences (pick the best arm, then take the largest t of any other arm against it), and ask how
often such a world looks as extreme as the data:

- `t_test`, for folds: worlds of independent normal scores. Each pair keeps its own spread, because spreads of
  pairs differ tenfold in practice; equal independent arms are the least favourable case (benchmarks/error_rates.py).
- `sign_flip_test`, for seeds: the data themselves, with the signs of all differences of a seed flipped together.

Arms that are told apart leave the field one by one (step-down), so clear losers cost the close ones nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

WORLDS = 20_000  # drawn normal worlds: the error rate is then .05 +- .0015
MOST_FLIPS = 2048  # every flip up to 11 seeds, a fixed random sample of them beyond
ENOUGH_FOLDS = 5  # with fewer, equal differences in all folds can be the coincidence of a coarse metric
HALVINGS = 24  # an end of a sign-flip interval is found to a ten-millionth of its distance
ROUNDING = 1e-12  # differences below this share of the largest score are rounding


@dataclass(frozen=True)
class Tested:
    """One value per arm: mean difference to the best, its interval (NaN: unbounded), and the adjusted p.

    The interval lies above zero exactly where p <= 1 - level.
    """

    difference: Array
    p: Array
    low: Array
    high: Array


def differences(scores: Array, best: int) -> Array:
    """Paired differences to arm `best`, with rounding errors set to exact zeros; scores: (arms, units).

    >>> differences(np.array([[1.0, 2.0], [1.5, 2.25]]), 0)
    array([[0.  , 0.  ],
           [0.5 , 0.25]])
    """
    found: Array = scores - scores[best]
    found[np.abs(found) <= ROUNDING * np.abs(scores).max()] = 0.0
    return found


def t_test(scores: Array, best: int, level: float, overlapping: bool = False) -> Tested:
    """Paired t of every arm against the best (the lowest mean) over folds, corrected; scores: (arms, folds).

    t = mean(d) / error      d: differences to the best, n: folds, n - 1 degrees of freedom
    error^2 = var(d) / n                       for folds that err independently
    error^2 = var(d) * (1 / n + 1 / (n - 1))   for `overlapping` ones, which share all but one n-th of their data

    The interval is mean(d) -+ c * error, c the corrected critical t. The second variance is that of Nadeau & Bengio,
    Inference for the generalization error, 2003, for n folds of one data set. Between two arms this is the plain paired
    t test. Equal differences in all folds have no spread to measure: they count as beyond chance from 5 folds on; with
    fewer they carry the p of the sign test and no interval.

    >>> found = t_test(np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [2.1, 2.9, 4.0, 5.2, 5.9]]), 0, 0.95)
    >>> [round(float(x[1]), 4) for x in (found.p, found.low, found.high)]
    [0.0001, 0.8581, 1.1819]
    """
    arms, folds = scores.shape
    d = differences(scores, best)
    centre, error = d.mean(1), d.std(1, ddof=1) * np.sqrt(1 / folds + (1 / (folds - 1) if overlapping else 0))
    equal = error <= ROUNDING * np.abs(scores).max()
    t = np.where(centre > 0, np.inf, 0.0)
    np.divide(centre, error, out=t, where=~equal)
    blind = equal & (centre > 0) & (folds < ENOUGH_FOLDS)
    t[blind] = 0.0

    worlds = _normal_worlds(arms, folds)
    p, fields = _step_down(t, best, level, lambda field, arm: _normal_p(t[arm], worlds[len(field) - 1]))
    reach = np.array([_normal_critical(worlds[len(field) - 1], level) for field in fields]) * error
    low, high = centre - reach, centre + reach
    p[blind], low[blind], high[blind] = 0.5 ** (folds - 1), np.nan, np.nan
    return Tested(centre, p, low, high)


def sign_flip_test(scores: Array, best: int, level: float) -> Tested:
    """Paired sign-flip test of every arm against the best (the lowest mean) over seeds; scores: (arms, seeds).

    p = share of flips s in {-1, 1}^n in which some arm's t against the best arm of that flip reaches t(arm),
    and never below 2^(1-n), what the two-sided test of a single pair can reach: 5 seeds cannot reach .05.
    The interval of an arm holds every shift of that arm which the same test would not reject.

    >>> found = sign_flip_test(np.array([[0.0] * 6, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]), 0, 0.95)
    >>> [round(float(x[1]), 4) for x in (found.p, found.low, found.high)]
    [0.0312, 1.0, 6.0]
    """
    arms, seeds = scores.shape
    signs = _signs(seeds)

    def p_of(d: Array, field: list[int], arm: int) -> float:
        t = _t(d[arm].sum(), np.square(d[arm]).sum(), seeds)
        share = np.mean(_largest_t(d[field], signs) >= np.abs(t) * (1 - 1e-9))
        return float(max(share, 2.0 ** (1 - seeds)))

    d = differences(scores, best)
    t = _t(d.sum(1), np.square(d).sum(1), seeds)
    p, fields = _step_down(t, best, level, lambda field, arm: p_of(d, field, arm))
    low, high = np.full((2, arms), np.nan)
    low[best] = high[best] = 0.0
    if 2.0 ** (1 - seeds) > 1 - level:
        return Tested(d.mean(1), p, low, high)

    for arm, field in enumerate(fields):
        if arm == best:
            continue

        def possible(shift: float, arm: int = arm, field: list[int] = field) -> bool:
            moved = d.copy()
            moved[arm] -= shift
            return p_of(moved, field, arm) > 1 - level

        centre, width = d[arm].mean(), np.ptp(d[arm])
        # Zero is asked for itself, so that interval and verdict agree whatever the halving meets on its way: of scores
        # with ties zero may be possible, and nothing on either side of it.
        zero = possible(0.0)
        edge = _edge(possible, centre, _outside(possible, centre, -width) if zero else 0.0)
        low[arm] = min(edge, 0.0) if zero else edge
        high[arm] = _edge(possible, centre, _outside(possible, centre, width))
    return Tested(d.mean(1), p, low, high)


def _step_down(
    t: Array, best: int, level: float, p_of: Callable[[list[int], int], float]
) -> tuple[Array, list[list[int]]]:
    """Adjusted p of each arm, and the field of arms among which it was tested.

    The field shrinks with every arm told apart; from the first that is not, intervals keep the field of that arm.
    """
    field, held = list(range(len(t))), list(range(len(t)))
    p, fields, highest = np.ones(len(t)), [field] * len(t), 0.0
    for arm in sorted((arm for arm in held if arm != best), key=lambda arm: -t[arm]):
        highest = p[arm] = max(highest, p_of(field, arm))
        fields[arm] = held
        field = [other for other in field if other != arm]
        if highest <= 1 - level:
            held = field
    return p, fields


def _t(total: Array, squares: Array, n: int) -> Array:
    """Student's t from sum and sum of squares of n differences; infinite where they are all equal, not zero."""
    squared_error = (squares - np.square(total) / n) / (n - 1) / n
    squared_error = np.where(squared_error > ROUNDING * squares, squared_error, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        t: Array = np.where(total == 0, 0.0, total / n / np.sqrt(squared_error))
    return t


@dataclass(frozen=True)
class _Worlds:
    """Sorted largest t against the best of `arms` equal arms, one of each drawn world without differences."""

    arms: int
    folds: int
    largest: Array


@lru_cache(maxsize=16)
def _normal_worlds(arms: int, folds: int) -> tuple[_Worlds, ...]:
    """Worlds without differences for reports of 1, 2, ..., arms; the same draws whatever `arms` is."""
    draws = np.random.default_rng(20_240_613)
    best = draws.standard_normal((WORLDS, folds))
    earlier, largest = [best.copy()], np.zeros(WORLDS)
    found = [_Worlds(1, folds, largest)]
    for count in range(2, arms + 1):
        new = draws.standard_normal((WORLDS, folds))
        wins = new.mean(1) < best.mean(1)
        d = new - best
        t = _t(d.sum(1), np.square(d).sum(1), folds)
        best[wins] = new[wins]
        # Only where the newcomer is the best must all earlier arms be compared afresh.
        d = np.stack([arm[wins] for arm in earlier]) - best[wins]
        largest = np.maximum(largest, t)
        largest[wins] = _t(d.sum(2), np.square(d).sum(2), folds).max(0)
        earlier.append(new)
        found.append(_Worlds(count, folds, np.sort(largest)))
    return tuple(found)


def _normal_p(t: float, worlds: _Worlds) -> float:
    """How often a report of equal arms shows a t of at least `t`; exact for two arms."""
    if worlds.arms == 2:
        return float(2 * stats.t.sf(t, worlds.folds - 1))
    return float(WORLDS - np.searchsorted(worlds.largest, t) + 1) / (WORLDS + 1)


def _normal_critical(worlds: _Worlds, level: float) -> float:
    """The t that an arm must exceed so that `_normal_p` is at most 1 - level."""
    if worlds.arms <= 2:
        return float(stats.t.ppf((1 + level) / 2, worlds.folds - 1))
    reaching = int((1 - level) * (WORLDS + 1)) - 1
    return float(worlds.largest[WORLDS - 1 - reaching])


@lru_cache(maxsize=16)
def _signs(seeds: int) -> Array:
    """Flips as rows of -1 and 1: all of them, or a fixed sample that holds the identity."""
    if 2**seeds <= MOST_FLIPS:
        flipped = (np.arange(2**seeds)[:, None] >> np.arange(seeds)) & 1 > 0
    else:
        flipped = np.random.default_rng(20_240_613).random((MOST_FLIPS, seeds)) < 0.5
        flipped[0] = False
    return np.where(flipped, -1.0, 1.0)


def _largest_t(d: Array, signs: Array) -> Array:
    """The report's largest t against its best arm in every flip; d: (arms, seeds), signs: (flips, seeds)."""
    totals = signs @ d.T
    best = totals.argmin(1)
    totals = totals - np.take_along_axis(totals, best[:, None], 1)
    squares = np.square(d[:, None] - d[None]).sum(2)
    largest: Array = _t(totals, squares[best], d.shape[1]).max(1)
    return largest


def _outside(possible: Callable[[float], bool], centre: float, step: float) -> float:
    """A shift on the side of `step` that the test rejects."""
    while step and possible(centre + step):
        step *= 2
    return centre + step


def _edge(possible: Callable[[float], bool], inside: float, outside: float) -> float:
    """The last possible shift between one that is possible and one that is not."""
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if possible(middle) else (inside, middle)
    return inside
