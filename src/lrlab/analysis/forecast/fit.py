"""Fitting a loss law to a few logged runs: robust maximum a posteriori by variable projection.

The outer coefficients of a law are linear and are solved for exactly inside every evaluation, so that the search runs
over its inner parameters alone (Golub & Pereyra, 1973). Relative residuals have the heavy-tailed loss log(1 + r^2),
inner parameters have Student-t priors, both by iteratively reweighted least squares. Several starts guard against
the second basin that short logs have.

Where the logs hold several peak LRs, a fit is anchored at one of them: the curves there decide, alone where one of them
is annealed, so that a second peak never makes the first one's forecast worse. Else the others help as far as `offsets`
lets them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.optimize import least_squares, nnls

from lrlab.analysis.forecast.cells import Cells, compress
from lrlab.analysis.forecast.laws import Form, Scale
from lrlab.analysis.forecast.offsets import Walk, distinct, near
from lrlab.analysis.forecast.priors import Prior
from lrlab.record.logs.log import LogRun

Floats = NDArray[np.float64]

ANNEALED = 0.6  # of the peak: a run whose LR fell below this shows what lower LR gives
_POINTS = 48  # per curve: a fit costs the same however densely a run was logged
_KNEE = 2.0  # in units of sigma: beyond it a point loses influence
_FREEDOM = 8.0  # of the Student-t priors
_GUEST = 3.0  # independent points that a curve at another peak LR counts as
_PASSES = 5
_BOX = 5.0  # spreads around the prior mean: beyond, formulas overflow and nothing is learnt


@dataclass(frozen=True)
class FittedCurve:
    """One run ready for fitting: thinned points (points,), their weights, and the LR in cells that end at them."""

    updates: NDArray[np.int64]
    loss: Floats
    weight: Floats
    cells: Cells

    @property
    def peak(self) -> float:
        """The highest LR that the log reached."""
        return float(self.cells.lr.max())

    @property
    def annealed(self) -> bool:
        """Whether the LR was lowered enough for the loss to show what that gains."""
        return bool(self.cells.lr[-1] < ANNEALED * self.peak)


@dataclass(frozen=True)
class Fitted:
    """The most probable parameters around one peak LR, and how sure they are.

    `outer` are floor, progress, noise, and the offsets of floor and noise at each other peak of `walk`; `covariance` is
    that of (inner, outer) by the Laplace approximation; `misfit` is the mean distance of law and log, as a share of the
    loss, in the worst of the curves at this peak.
    """

    inner: Floats
    outer: Floats
    covariance: Floats
    misfit: float
    walk: Walk

    def at(self, peak: float) -> Fitted:
        """The fit for runs at another peak LR: its offsets, and in the covariance what is not known of them."""
        matrix, variance = self.walk.at(peak)
        count = len(self.inner)
        whole = np.zeros((count + 3, count + matrix.shape[1]))
        whole[:count, :count], whole[count:, count:] = np.eye(count), matrix
        covariance = whole @ self.covariance @ whole.T
        covariance[range(count, count + 3), range(count, count + 3)] += variance
        here = replace(self.walk, anchor=peak, others=())
        return Fitted(self.inner, np.maximum(matrix @ self.outer, 0.0), covariance, self.misfit, here)


def prepare(run: LogRun, early: float, moved: float = 0.0) -> FittedCurve:
    """Thin a run to at most 48 points, weigh down its beginning, and put its LR into cells.

    Weight of a point after t updates: (1 + (2 t0 / t)^4)^-1/2, where t0 is the largest of the warmup, `early` x the
    last logged update, and the update at which the sum of LRs is `moved` (but 0.4 x the last logged one at the most).
    """
    last = len(run.updates) - 1
    kept = np.unique(np.linspace(0, last, min(_POINTS, last + 1)).round().astype(np.int64))
    updates, loss = run.updates[kept], run.loss[kept]
    logged = float(updates[-1])
    slow = min(float(np.searchsorted(np.cumsum(run.lrs), moved)), 0.4 * logged)
    begin = max(run.warmup, early * logged, slow)
    weight = (1.0 + (2.0 * begin / updates) ** 4) ** -0.5
    return FittedCurve(updates, loss, weight, compress(run.lrs, updates))


def fit(
    curves: Sequence[FittedCurve], form: Form, prior: Prior, scale: Scale, anchor: float, *, apart: bool = False
) -> Fitted:
    """The most probable parameters of `form` for the peak LR `anchor`, one of those of `curves`.

    Two passes from each start, then on from the best. `apart`: the fit is for peaks that were not logged, so the curves
    at other peaks count for more.
    """
    problem = _Problem(curves, form, prior, scale, anchor, apart)
    ends = [_descend(problem, start, 2, lenient=True) for start in prior.points()]
    inner, weights, _ = _descend(problem, min(ends, key=lambda end: end[2])[0], _PASSES, lenient=False)
    return _laplace(problem, problem.boxed(inner), weights)


@dataclass(frozen=True)
class _Weights:
    """Of one pass: weight of each point, and the factor on each prior's residual."""

    points: Floats
    pull: Floats


class _Problem:
    """Points of all curves and the priors as one weighted least-squares problem."""

    def __init__(
        self, curves: Sequence[FittedCurve], form: Form, prior: Prior, scale: Scale, anchor: float, apart: bool
    ) -> None:
        own = [curve for curve in curves if near(curve.peak, anchor)]
        if not apart and any(curve.annealed for curve in own):
            curves = own
        self.curves, self.form, self.prior, self.scale = curves, form, prior, scale
        self.mean, self.sd = prior.mean, prior.sd
        self.loss = np.concatenate([curve.loss for curve in curves])
        lowered = any(curve.annealed for curve in curves)
        mean, sd = prior.outer(float(self.loss.min()), float(self.loss.max()), lowered)
        others = [peak for peak in distinct([anchor, *(curve.peak for curve in curves)])[1:]]
        self.walk = Walk(anchor, tuple(others), *prior.walk(float(self.loss.min()), mean))
        self.outer_mean = np.append(mean, np.zeros(2 * len(others)))
        root = np.linalg.cholesky(block_diag(np.diag(sd**2), self.walk.prior))
        self.whitening = np.linalg.inv(root)
        self.sigma = max(prior.miss, *(roughness(curve.loss) for curve in curves))
        # Neighbouring points share their error, so a curve counts as some independent points, however many were
        # logged: few where there are few curves, and fewer at another peak LR.
        count = 12.0 if len(own) < 3 else 40.0
        counts = [min(count if near(curve.peak, anchor) else _GUEST, len(curve.loss)) for curve in curves]
        self.weight = np.concatenate(
            [count * curve.weight / curve.weight.sum() for count, curve in zip(counts, curves, strict=True)]
        )

    def boxed(self, inner: Floats) -> Floats:
        return np.clip(inner, self.mean - _BOX * self.sd, self.mean + _BOX * self.sd)

    def columns(self, inner: Floats) -> Floats:
        inner = self.boxed(inner)
        plain = [(self.form.columns(inner, curve.cells, self.scale), curve.peak) for curve in self.curves]
        return np.concatenate([self.walk.columns(columns, peak) for columns, peak in plain])

    def solve(self, columns: Floats, weight: Floats) -> Floats:
        """The best outer coefficients; floor, progress and noise not negative."""
        rows = np.sqrt(weight) / (self.sigma * self.loss)
        left = np.concatenate([columns * rows[:, None], self.whitening])
        right = np.concatenate([self.loss * rows, self.whitening @ self.outer_mean])
        outer: Floats = np.linalg.lstsq(left, right, rcond=None)[0]
        if (outer[:3] < 0).any():
            signed = nnls(np.hstack([left, -left[:, 3:]]), right)[0]  # an offset is the difference of two
            outer = signed[: len(outer)] - np.append(np.zeros(3), signed[len(outer) :])
        return outer

    def misses(self, inner: Floats, weight: Floats) -> tuple[Floats, Floats]:
        """Relative residuals in units of sigma, and the outer coefficients."""
        columns = self.columns(inner)
        outer = self.solve(columns, weight)
        return (columns @ outer / self.loss - 1.0) / self.sigma, outer

    def residuals(self, inner: Floats, weights: _Weights) -> Floats:
        missed, outer = self.misses(inner, weights.points)
        from_prior = self.whitening @ (outer - self.outer_mean), weights.pull * (inner - self.mean) / self.sd
        return np.concatenate([np.sqrt(weights.points) * missed, *from_prior])

    def reweigh(self, inner: Floats, weight: Floats, lenient: bool) -> tuple[_Weights, float]:
        """The weights at `inner`, and minus the log posterior there.

        A `lenient` knee follows the typical miss, so that far from the optimum no half of the points is given up.
        """
        missed, outer = self.misses(inner, weight)
        knee = max(_KNEE, float(np.median(np.abs(missed))) / 0.6745) if lenient else _KNEE
        tail, away = 1.0 + (missed / knee) ** 2, (inner - self.mean) ** 2 / self.sd**2
        cost = (
            knee**2 * np.sum(self.weight * np.log(tail))
            + np.sum((self.whitening @ (outer - self.outer_mean)) ** 2)
            + (_FREEDOM + 1.0) * np.sum(np.log1p(away / _FREEDOM))
        )
        pull = np.sqrt((_FREEDOM + 1.0) / (_FREEDOM + away))
        return _Weights(self.weight / tail, pull), 0.5 * float(cost)


def roughness(loss: Floats) -> float:
    """Relative noise of neighbouring points, from their second differences (robustly; 0 for fewer than 8 points)."""
    bends = np.diff(np.log(loss), 2)
    return float(np.median(np.abs(bends)) / (0.6745 * np.sqrt(6.0))) if len(bends) >= 6 else 0.0


def _descend(problem: _Problem, start: Floats, passes: int, *, lenient: bool) -> tuple[Floats, _Weights, float]:
    inner = start
    weights, cost = problem.reweigh(inner, problem.weight, lenient)
    for _ in range(passes):
        before = cost
        if len(start):
            found = least_squares(
                problem.residuals, inner, method="lm", args=(weights,), x_scale=problem.sd, ftol=1e-3, xtol=1e-3
            )
            inner = found.x
        weights, cost = problem.reweigh(inner, weights.points, lenient)
        if abs(before - cost) < 1e-2:
            break
    return inner, weights, cost


def _laplace(problem: _Problem, inner: Floats, weights: _Weights) -> Fitted:
    """Covariance from the curvature at the optimum; wider where the law fits worse than sigma."""
    missed, outer = problem.misses(inner, weights.points)
    columns = problem.columns(inner)
    slopes = []
    for index, step in enumerate(1e-4 * problem.sd):
        moved = inner.copy()
        moved[index] += step
        slopes.append((problem.columns(moved) - columns) @ outer / step)
    design = np.column_stack([*slopes, columns]) * (np.sqrt(weights.points) / (problem.sigma * problem.loss))[:, None]
    known = block_diag(np.diag((weights.pull / problem.sd) ** 2), problem.whitening.T @ problem.whitening)
    spread = float(np.sum(weights.points * missed**2) / np.sum(weights.points))
    covariance = np.linalg.inv(design.T @ design + known) * max(1.0, spread)
    ends = np.cumsum([len(curve.loss) for curve in problem.curves])[:-1]
    parts = zip(problem.curves, np.split(missed * problem.sigma, ends), strict=True)
    misfit = max(plain(part, curve.weight) for curve, part in parts if near(curve.peak, problem.walk.anchor))
    return Fitted(inner, outer, covariance.astype(np.float64), misfit, problem.walk)


def plain(residuals: Floats, weight: Floats) -> float:
    """The weighted mean distance of law and log, without the farthest tenth of the points, which may be broken.

    >>> plain(np.array([0.01] * 9 + [5.0]), np.ones(10))
    0.01
    """
    kept = np.argsort(np.abs(residuals))[: math.ceil(0.9 * len(residuals))]
    return float(np.average(np.abs(residuals[kept]), weights=weight[kept]))


def ending(curve: FittedCurve, fitted: Fitted, form: Form, scale: Scale) -> float:
    """How far law and log are apart in the last fifth of a curve: the root mean square, as a share of the loss."""
    residuals = form.columns(fitted.inner, curve.cells, scale) @ fitted.outer / curve.loss - 1.0
    last = np.sort(np.abs(residuals[curve.updates > 0.8 * curve.updates[-1]]))
    return float(np.sqrt(np.mean(last[: math.ceil(0.9 * len(last))] ** 2)))
