"""Where the best LR of a sweep lies: how likely each LR is to be the optimum, from a parabola in log LR.

    log loss = c + k/2 (log LR - m)^2 + noise,   k = K (1 + 0.4 N(0, 1)) > 0

m is the optimum. K, the curvature that sweeps have in common, and the noise are fitted to all sweeps at once; c and k
of each sweep are integrated over, so that two LRs are enough to say something, and a sweep that is best at its edge
says on which side the optimum lies and little more. Trials of one seed have a c of their own.

Far from the optimum the loss is no parabola: a trial counts less the farther it lies above the best one of its sweep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from lrlab.analysis.transfer.sweeps import Sweep

Floats = NDArray[np.float64]

STEP = 0.025  # of log LR: the places at which an optimum is sought
_REACH = 3.5  # of log LR beyond the lowest and highest trial
# Within 0.25 % of the best loss LRs span a factor of 2.0, within 0.5 % 2.8 (medians of 17 groups of the dense sweeps of
# Step Law, arXiv:2503.04715): k is about 0.04.
CURVATURE, _SURE = 0.04, 1.2  # and how sure, in log k
VARIES = 0.4  # of k from sweep to sweep
_BESIDE = 0.7  # of log LR: so far beyond their trials people miss an optimum; for curvature and noise alone
_FAR = 0.15  # of the distance above the best trial: how far off the parabola may be there
_ROUNDS = 3
_NOISES = np.geomspace(1e-4, 5e-2, 22)  # of log loss
_CURVATURES = np.log(CURVATURE) + np.linspace(-3.0, 3.0, 31)


@dataclass(frozen=True)
class Optima:
    """How likely each place of `grid` (places,) of log LR is to be the optimum: log likelihoods (sweeps, places).

    `curvature` is K, `noise` the standard deviation of log loss.
    """

    grid: Floats
    likelihood: Floats
    curvature: float
    noise: float


@dataclass(frozen=True)
class _Sums:
    """Of one sweep, the weighted squared distance from a parabola of curvature k: ss - 2 k sq + k^2 qq, by place."""

    ss: float
    sq: Floats
    qq: Floats
    logs: float  # of the weights, by which a larger noise pays
    around: Floats  # how probable each place is before any loss is seen, in the logarithm


def optima(sweeps: Sequence[Sweep], *, prior: bool) -> Optima:
    """The likelihood of every place, with curvature and noise at their most probable values.

    `prior`: whether curvatures as in the public sweeps are more probable.
    """
    ends = np.concatenate([sweep.log_lr for sweep in sweeps])
    grid = np.arange(ends.min() - _REACH, ends.max() + _REACH, STEP)
    away = (_CURVATURES - np.log(CURVATURE)) / (_SURE if prior else 3 * _SURE)
    by_noise = [[_sums(sweep, grid, noise) for sweep in sweeps] for noise in _NOISES]
    noise = len(_NOISES) // 2
    for _ in range(_ROUNDS):  # one after the other: the most probable curvature, the mean noise
        centre = int(np.argmax([_evidence(by_noise[noise], each) for each in _CURVATURES] - 0.5 * away**2))
        likely = np.array([_evidence(sums, _CURVATURES[centre]) for sums in by_noise])
        mean = np.average(_NOISES, weights=np.exp(likely - likely.max()))
        noise = int(np.argmin(np.abs(np.log(_NOISES / mean))))
    likelihood = np.array([_likelihood(sums, _CURVATURES[centre]) for sums in by_noise[noise]])
    top = likelihood.max(axis=1, keepdims=True)
    return Optima(grid, likelihood - top, float(np.exp(_CURVATURES[centre])), float(_NOISES[noise]))


def _evidence(sums: Sequence[_Sums], centre: float) -> float:
    likely = np.array([_likelihood(each, centre) + each.around for each in sums])
    top = likely.max(axis=1)
    return float(np.sum(top + np.log(np.exp(likely - top[:, None]).sum(axis=1))))


def _sums(sweep: Sweep, grid: Floats, noise: float) -> _Sums:
    above = sweep.log_loss - np.array([sweep.log_loss[sweep.group == each].min() for each in sweep.group])
    weight = 1.0 / (noise**2 + (_FAR * above) ** 2)
    ss, sq, qq = 0.0, np.zeros(len(grid)), np.zeros(len(grid))
    logs = 0.5 * float(np.log(weight).sum())
    for group in np.unique(sweep.group):
        own = sweep.group == group
        w, z = weight[own], sweep.log_loss[own]
        q = 0.5 * (sweep.log_lr[own][:, None] - grid) ** 2
        z = z - np.average(z, weights=w)
        q = q - np.average(q, axis=0, weights=w)
        ss, sq, qq = ss + float(w @ z**2), sq + (w * z) @ q, qq + w @ q**2
        logs -= 0.5 * float(np.log(w.sum()))  # c is integrated over
    low, high = sweep.log_lr.min(), sweep.log_lr.max()
    around = -0.5 * ((grid - 0.5 * (low + high)) / (0.5 * (high - low) + _BESIDE)) ** 2
    return _Sums(ss, sq, qq, logs, around)


def _likelihood(sums: _Sums, centre: float) -> Floats:
    """With k integrated over: a normal distribution around exp(`centre`), without what is below 0."""
    k = np.exp(centre)
    sure = (VARIES * k) ** -2
    precision = sums.qq + sure
    mode = (sums.sq + k * sure) / precision
    squares = sums.ss - precision * mode**2  # and k**2 sure, which is the same everywhere
    found: Floats = sums.logs - 0.5 * squares - 0.5 * np.log(precision / sure) + log_ndtr(mode * np.sqrt(precision))
    return found
