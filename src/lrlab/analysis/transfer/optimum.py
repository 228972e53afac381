"""Where the best LR of a sweep lies: how likely each LR is to be the optimum, from a skewed parabola in log LR.

    log loss = c + k/2 d^2 + s/6 d^3 + noise,   d = log LR - m
    k = K (1 + 0.4 N(0, 1)) > 0,   s = K (-0.4 + 0.3 N(0, 1))

m is the optimum. K is a power law of size, batch and horizon, for what an LR that is off costs differs by much: a
larger model more. It and the noise are fitted to all sweeps at once; c, k and s of each sweep are integrated over, so
that two LRs are enough to say something, and a sweep that is best at its edge says on which side the optimum lies and
little more. Trials of one seed have a c of their own.

Far from the optimum the loss is no cubic either: a trial counts less the farther it lies above the best of its sweep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, logsumexp

from lrlab.analysis.transfer.sweeps import Setting, Sweep

Floats = NDArray[np.float64]

STEP = 0.025  # of log LR: the places at which an optimum is sought
_REACH = 3.5  # of log LR beyond the lowest and highest trial
# Within 0.25 % of the best loss LRs span a factor of 2.0, within 0.5 % 2.8 (medians of 17 groups of the dense sweeps of
# Step Law, arXiv:2503.04715): k is about 0.04.
CURVATURE, _SURE = 0.04, 1.2  # and how sure, in log k
VARIES = 0.4  # of K from sweep to sweep
# Above the best LR losses rise, and then no more. Of the sweeps in benchmarks/data/transfer.csv these are most probable
# as a whole (the spread a little wider): 34 more in the log evidence than a mean of 0 has.
_SKEW, _SKEWS = -0.4, 0.3  # of K: mean and spread of s
_POWER = 0.5  # spread of the powers of size, batch and horizon in K
_BESIDE = 0.7  # of log LR: so far beyond their trials people miss an optimum; for curvature and noise alone
_FAR = 0.15  # of the distance above the best trial: how far off the parabola may be there
_ROUNDS = 3
_NOISES = np.geomspace(1e-4, 5e-2, 22)  # of log loss
_CURVATURES = np.log(CURVATURE) + np.linspace(-3.0, 3.0, 31)


@dataclass(frozen=True)
class Curvature:
    """The power law of K: mean and covariance of its coefficients (1 and a power for each factor).

    `centre` are the means of the logarithms of size, batch and horizon.
    """

    mean: Floats
    covariance: Floats
    centre: Floats

    def columns(self, settings: Sequence[Setting]) -> Floats:
        """What the coefficients are multiplied by, shape (settings, 4)."""
        return np.column_stack([np.ones(len(settings)), np.log(settings) - self.centre])

    def at(self, setting: Setting) -> tuple[float, float]:
        """log K of a setting: mean and standard deviation."""
        (row,) = self.columns([setting])
        return float(row @ self.mean), float(np.sqrt(row @ self.covariance @ row))


@dataclass(frozen=True)
class Optima:
    """How likely each place of `grid` (places,) of log LR is to be the optimum: log likelihoods (sweeps, places).

    `curvature` is K, and `noise` the standard deviation of log loss.
    """

    grid: Floats
    likelihood: Floats
    curvature: Curvature
    noise: float


@dataclass(frozen=True)
class _Sums:
    """Weighted products (sweeps, 3, 3, places) of the losses, of d^2/2 and of d^3/6."""

    products: Floats
    logs: Floats  # (sweeps, 1): of the weights, by which a larger noise pays
    around: Floats  # (sweeps, places): how probable each place is before any loss is seen, in the logarithm


def optima(sweeps: Sequence[Sweep], *, prior: bool) -> Optima:
    """The likelihood of every place, with the mean curvature and the mean noise.

    `prior`: whether curvatures as in the public sweeps are more probable.
    """
    ends = np.concatenate([sweep.log_lr for sweep in sweeps])
    grid = np.arange(ends.min() - _REACH, ends.max() + _REACH, STEP)
    sure, settings = _SURE if prior else 3 * _SURE, [sweep.setting for sweep in sweeps]
    by_noise = [_sums(sweeps, grid, noise) for noise in _NOISES]
    noise = len(_NOISES) // 2
    for _ in range(_ROUNDS):  # one after the other
        by_curvature = np.array([_evidence(by_noise[noise], each) for each in _CURVATURES])  # (curvatures, sweeps)
        curvature = _curvature(by_curvature, settings, sure)
        known = (curvature.columns(settings) @ curvature.mean)[:, None]
        likely = np.array([_evidence(sums, known).sum() for sums in by_noise])
        mean = np.average(_NOISES, weights=np.exp(likely - likely.max()))
        noise = int(np.argmin(np.abs(np.log(_NOISES / mean))))
    likelihood = _likelihood(by_noise[noise], known)
    return Optima(grid, likelihood - likelihood.max(axis=1, keepdims=True), curvature, float(_NOISES[noise]))


def _curvature(likely: Floats, settings: Sequence[Setting], sure: float) -> Curvature:
    """The power law through the curvatures of all sweeps, each as a normal distribution of log K.

    `likely` are the log likelihoods (curvatures, sweeps).
    """
    shares = np.exp(likely - likely.max(axis=0))
    shares /= shares.sum(axis=0)
    means = _CURVATURES @ shares
    weights = 1.0 / (_CURVATURES**2 @ shares - means**2)
    before, precision = np.array([np.log(CURVATURE), 0.0, 0.0, 0.0]), np.diag([sure**-2, *[_POWER**-2] * 3])
    found = Curvature(before, np.linalg.inv(precision), np.log(settings).mean(axis=0))
    columns = found.columns(settings)
    covariance = np.linalg.inv(precision + (columns.T * weights) @ columns)
    mean = covariance @ (precision @ before + columns.T @ (weights * means))
    return replace(found, mean=mean, covariance=covariance)


def _evidence(sums: _Sums, centre: Floats | float) -> Floats:
    """The log likelihood (sweeps,) of log K, one number or (sweeps, 1), wherever the optimum is."""
    found: Floats = logsumexp(_likelihood(sums, centre) + sums.around, axis=1)
    return found


def _sums(sweeps: Sequence[Sweep], grid: Floats, noise: float) -> _Sums:
    products, logs = np.zeros((len(sweeps), 3, 3, len(grid))), np.zeros((len(sweeps), 1))
    around = np.zeros((len(sweeps), len(grid)))
    for at, sweep in enumerate(sweeps):
        for group in np.unique(sweep.group):
            own = sweep.group == group
            loss, away = sweep.log_loss[own][:, None], sweep.log_lr[own][:, None] - grid
            w = 1.0 / (noise**2 + (_FAR * (loss[:, 0] - loss.min())) ** 2)
            columns = np.array([loss + 0.0 * away, away**2 / 2, away**3 / 6])
            columns -= np.average(columns, axis=1, weights=w)[:, None]
            for i in range(3):
                products[at, i] += np.einsum("t,tp,jtp->jp", w, columns[i], columns)
            logs[at] += 0.5 * float(np.log(w).sum() - np.log(w.sum()))  # c is integrated over
        low, high = sweep.log_lr.min(), sweep.log_lr.max()
        around[at] = -0.5 * ((grid - 0.5 * (low + high)) / (0.5 * (high - low) + _BESIDE)) ** 2
    return _Sums(products, logs, around)


def _likelihood(sums: _Sums, centre: Floats | float) -> Floats:
    """With k and s integrated over: normal distributions around K, of which log K is `centre`, and -0.4 K.

    k is not below 0. Shape (sweeps, places).
    """
    curvature = np.exp(centre)
    k, s = (VARIES * curvature) ** -2, (_SKEWS * curvature) ** -2  # precisions before any loss is seen
    (ll, lq, lr), (_, qq, qr), (_, _, rr) = np.moveaxis(sums.products, 0, 2)
    lq, lr, qq, rr = lq + k * curvature, lr + s * _SKEW * curvature, qq + k, rr + s
    area = qq * rr - qr**2
    mode_k, mode_s = (rr * lq - qr * lr) / area, (qq * lr - qr * lq) / area
    squares = ll - lq * mode_k - lr * mode_s  # and what is the same everywhere
    found: Floats = sums.logs - 0.5 * squares - 0.5 * np.log(area / (k * s)) + log_ndtr(mode_k * np.sqrt(area / rr))
    return found
