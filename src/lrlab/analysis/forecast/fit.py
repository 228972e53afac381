"""Fitting a loss law to a few logged runs: robust maximum a posteriori by variable projection.

The outer coefficients of a law are linear and are solved for exactly inside every evaluation, so that the search runs
over its inner parameters alone (Golub & Pereyra, 1973). Relative residuals have the heavy-tailed loss log(1 + r^2),
inner parameters have Student-t priors, both by iteratively reweighted least squares. Several starts guard against
the second basin that short logs have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, nnls

from lrlab.analysis.forecast.cells import Cells, compress
from lrlab.analysis.forecast.laws import Form, Scale
from lrlab.analysis.forecast.priors import Prior
from lrlab.record.logs.log import LogRun

Floats = NDArray[np.float64]

_POINTS = 48  # per curve: a fit costs the same however densely a run was logged
_KNEE = 2.0  # in units of sigma: beyond it a point loses influence
_FREEDOM = 8.0  # of the Student-t priors
_PASSES = 5
_BOX = 5.0  # spreads around the prior mean: beyond, formulas overflow and nothing is learnt


@dataclass(frozen=True)
class FittedCurve:
    """One run ready for fitting: thinned points (points,), their weights, and the LR in cells that end at them."""

    updates: NDArray[np.int64]
    loss: Floats
    weight: Floats
    cells: Cells


@dataclass(frozen=True)
class Fitted:
    """The most probable parameters, and how sure they are.

    `covariance` is that of (inner, outer) by the Laplace approximation, shape (inner + 3, inner + 3); `misfit` is the
    weighted root mean square of the relative residuals.
    """

    inner: Floats
    outer: Floats
    covariance: Floats
    misfit: float


def prepare(run: LogRun, early: float) -> FittedCurve:
    """Thin a run to at most 48 points, weigh down its beginning, and put its LR into cells.

    Weight of a point after t updates: (1 + (2 t0 / t)^4)^-1/2, t0 = max(warmup, `early` x the last logged update).
    """
    last = len(run.updates) - 1
    kept = np.unique(np.linspace(0, last, min(_POINTS, last + 1)).round().astype(np.int64))
    updates, loss = run.updates[kept], run.loss[kept]
    begin = max(run.warmup, early * float(updates[-1]))
    weight = (1.0 + (2.0 * begin / updates) ** 4) ** -0.5
    return FittedCurve(updates, loss, weight, compress(run.lrs, updates))


def fit(curves: Sequence[FittedCurve], form: Form, prior: Prior, scale: Scale) -> Fitted:
    """The most probable parameters of `form` given `curves`: two passes from each start, then on from the best."""
    problem = _Problem(curves, form, prior, scale)
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

    def __init__(self, curves: Sequence[FittedCurve], form: Form, prior: Prior, scale: Scale) -> None:
        self.curves, self.form, self.prior, self.scale = curves, form, prior, scale
        self.mean, self.sd = prior.mean, prior.sd
        self.loss = np.concatenate([curve.loss for curve in curves])
        self.outer_mean, self.outer_sd = prior.outer(float(self.loss.min()), float(self.loss.max()))
        self.sigma = max(prior.miss, *(_roughness(curve.loss) for curve in curves))
        # Neighbouring points share their error, so a curve counts as some independent points, however many were
        # logged: few where there are few curves, very few over several peak LRs, where the law itself errs most.
        peaks = [float(curve.cells.lr.max()) for curve in curves]
        count = 4.0 if max(peaks) > 1.2 * min(peaks) else 12.0 if len(curves) < 3 else 40.0
        self.weight = np.concatenate([count * curve.weight / curve.weight.sum() for curve in curves])

    def boxed(self, inner: Floats) -> Floats:
        return np.clip(inner, self.mean - _BOX * self.sd, self.mean + _BOX * self.sd)

    def columns(self, inner: Floats) -> Floats:
        inner = self.boxed(inner)
        return np.concatenate([self.form.columns(inner, curve.cells, self.scale) for curve in self.curves])

    def solve(self, columns: Floats, weight: Floats) -> Floats:
        """The best outer coefficients, none negative."""
        rows = np.sqrt(weight) / (self.sigma * self.loss)
        left = np.concatenate([columns * rows[:, None], np.diag(1.0 / self.outer_sd)])
        right = np.concatenate([self.loss * rows, self.outer_mean / self.outer_sd])
        outer: Floats = np.linalg.lstsq(left, right, rcond=None)[0]
        return nnls(left, right)[0] if (outer < 0).any() else outer

    def misses(self, inner: Floats, weight: Floats) -> tuple[Floats, Floats]:
        """Relative residuals in units of sigma, and the outer coefficients."""
        columns = self.columns(inner)
        outer = self.solve(columns, weight)
        return (columns @ outer / self.loss - 1.0) / self.sigma, outer

    def residuals(self, inner: Floats, weights: _Weights) -> Floats:
        missed, outer = self.misses(inner, weights.points)
        from_prior = (outer - self.outer_mean) / self.outer_sd, weights.pull * (inner - self.mean) / self.sd
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
            + np.sum(((outer - self.outer_mean) / self.outer_sd) ** 2)
            + (_FREEDOM + 1.0) * np.sum(np.log1p(away / _FREEDOM))
        )
        pull = np.sqrt((_FREEDOM + 1.0) / (_FREEDOM + away))
        return _Weights(self.weight / tail, pull), 0.5 * float(cost)


def _roughness(loss: Floats) -> float:
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
    precision = np.concatenate([(weights.pull / problem.sd) ** 2, problem.outer_sd**-2.0])
    misfit = float(np.sqrt(np.sum(weights.points * missed**2) / np.sum(weights.points)))
    covariance = np.linalg.inv(design.T @ design + np.diag(precision)) * max(1.0, misfit**2)
    return Fitted(inner, outer, covariance.astype(np.float64), misfit * problem.sigma)
