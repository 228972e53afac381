"""Fitting a loss law to a few logged runs: robust maximum a posteriori by variable projection.

The outer coefficients of a law are linear and are solved for exactly inside every evaluation, so that the search runs
over its inner parameters alone (Golub & Pereyra, 1973). The loss is judged in relative terms with a Huber knee, the
inner parameters have Student-t priors, both by iteratively reweighted least squares; several starts guard against the
second basin that short logs have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, nnls

from lrlab.analysis.cells import Cells, compress
from lrlab.analysis.laws import Form, Scale
from lrlab.analysis.priors import Prior
from lrlab.record.log import LogRun

Floats = NDArray[np.float64]

POINTS = 48  # per curve: the fit costs the same however densely a run was logged
NOISE = 1e-3  # relative: spread of a logged loss about its law, and the knee of the Huber loss
_FREEDOM = 3.0  # of the Student-t priors
_EARLY = 0.04  # share of a run in which the noise between runs is larger than what the law says
_PASSES = 5
COUNTS = (14.0, 40.0)


@dataclass(frozen=True)
class Curve:
    """One run ready for fitting: thinned points (points,), their weights, and the LR in cells that end at them."""

    updates: NDArray[np.int64]
    loss: Floats
    weight: Floats
    cells: Cells


@dataclass(frozen=True)
class Fitted:
    """Where the fit ended: `inner` and `outer` parameters, their joint `covariance`, and the misfit.

    `covariance` is that of (inner, outer), shape (n + 3, n + 3), by the Laplace approximation; `misfit` is the
    weighted root mean square of the relative residuals; `residuals` are the plain ones per curve.
    """

    inner: Floats
    outer: Floats
    covariance: Floats
    misfit: float
    cost: float


def prepare(run: LogRun) -> Curve:
    """Thin a run to at most 48 points, weigh down its beginning, and put its LR into cells.

    Weight of a point after t updates: (1 + (2 t0 / t)^4)^-1/2, t0 = max(warmup, 4 % of the last logged update).
    """
    last = len(run.updates) - 1
    kept = np.unique(np.linspace(0, last, min(POINTS, last + 1)).round().astype(np.int64))
    updates, loss = run.updates[kept], run.loss[kept]
    early = max(run.warmup, _EARLY * float(updates[-1]))
    weight = (1.0 + (2.0 * early / updates) ** 4) ** -0.5
    return Curve(updates, loss, weight, compress(run.lrs, updates))


def fit(curves: Sequence[Curve], form: Form, prior: Prior, scale: Scale) -> Fitted:
    """The most probable parameters of `form` given `curves`, from the best of several starts."""
    problem = _Problem(curves, form, prior, scale)
    found = [_descend(problem, start, 2) for start in prior.starts()]
    best = min(found, key=lambda end: end[1])
    inner, cost, weights = _descend(problem, best[0], _PASSES)
    return problem.laplace(inner, cost, weights)


class _Problem:
    """Weighted residuals of all curves and priors at once."""

    def __init__(self, curves: Sequence[Curve], form: Form, prior: Prior, scale: Scale) -> None:
        self.curves, self.form, self.prior, self.scale = curves, form, prior, scale
        self.loss = np.concatenate([curve.loss for curve in curves])
        # A curve counts as so many independent points, however many were logged: neighbours share their noise.
        counts = COUNTS[0] if len(curves) <= 2 else COUNTS[1]
        self.weight = np.concatenate([counts * curve.weight / curve.weight.sum() for curve in curves])
        self.outer_mean, self.outer_sd = prior.outer(float(self.loss.min()))

    def columns(self, inner: Floats) -> Floats:
        return np.concatenate([self.form.columns(inner, curve.cells, self.scale) for curve in self.curves])

    def solve(self, columns: Floats, weight: Floats) -> Floats:
        rows = np.sqrt(weight) / (NOISE * self.loss)
        left = np.concatenate([columns * rows[:, None], np.diag(1.0 / self.outer_sd)])
        right = np.concatenate([self.loss * rows, self.outer_mean / self.outer_sd])
        outer: Floats = np.linalg.lstsq(left, right, rcond=None)[0]
        if (outer < 0).any():
            outer = nnls(left, right)[0]
        return outer

    def relative(self, inner: Floats, weight: Floats) -> tuple[Floats, Floats]:
        columns = self.columns(inner)
        outer = self.solve(columns, weight)
        return (columns @ outer / self.loss - 1.0) / NOISE, outer

    def residuals(self, inner: Floats, weight: Floats, pull: Floats) -> Floats:
        relative, outer = self.relative(inner, weight)
        return np.concatenate(
            [
                np.sqrt(weight) * relative,
                (outer - self.outer_mean) / self.outer_sd,
                pull * (inner - self.prior.mean) / self.prior.sd,
            ]
        )

    def reweigh(self, inner: Floats, weight: Floats) -> tuple[Floats, Floats, float]:
        """Huber weights of the points, Student-t weights of the priors, and the cost they stand for."""
        relative, outer = self.relative(inner, weight)
        size, away = np.abs(relative), (inner - self.prior.mean) / self.prior.sd
        huber = np.where(size <= 1.0, 0.5 * size**2, size - 0.5)
        cost = float(
            np.sum(self.weight * huber)
            + 0.5 * np.sum(((outer - self.outer_mean) / self.outer_sd) ** 2)
            + 0.5 * (_FREEDOM + 1.0) * np.sum(np.log1p(away**2 / _FREEDOM))
        )
        return (
            self.weight / np.maximum(size, 1.0),
            np.sqrt((_FREEDOM + 1.0) / (_FREEDOM + away**2)),
            cost,
        )

    def laplace(self, inner: Floats, cost: float, weights: tuple[Floats, Floats]) -> Fitted:
        weight, pull = weights
        relative, outer = self.relative(inner, weight)
        columns = self.columns(inner)
        slopes = [columns]
        for index in range(len(inner)):
            step = 1e-4 * self.prior.sd[index]
            moved = inner.copy()
            moved[index] += step
            slopes.append(((self.columns(moved) - columns) @ outer / step)[:, None])
        design = np.hstack([*slopes[1:], columns]) * (np.sqrt(weight) / (NOISE * self.loss))[:, None]
        precision = np.concatenate([(pull / self.prior.sd) ** 2, self.outer_sd**-2.0])
        hessian = design.T @ design + np.diag(precision)
        misfit = float(np.sqrt(np.sum(weight * relative**2) / np.sum(self.weight)))
        covariance = np.linalg.inv(hessian) * max(1.0, misfit**2)
        return Fitted(inner, outer, covariance, misfit * NOISE, cost)


def _descend(problem: _Problem, start: Floats, passes: int) -> tuple[Floats, float, tuple[Floats, Floats]]:
    inner = start
    weight, pull, cost = problem.reweigh(inner, problem.weight)
    for _ in range(passes):
        if len(inner):
            found = least_squares(problem.residuals, inner, method="lm", args=(weight, pull), max_nfev=120, ftol=1e-5, xtol=1e-5)
            inner = found.x
        before = cost
        weight, pull, cost = problem.reweigh(inner, weight)
        if abs(before - cost) < 1e-3:
            break
    return inner, cost, (weight, pull)
