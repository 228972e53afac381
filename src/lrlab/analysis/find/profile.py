"""What a few short complete runs say about the best LR of a longer one: a profile with all that is not known of it.

    log loss = c + s (1 - exp(-f / s)) + noise     f = k/2 (log LR - m)^2, with a k of its own on either side
    m at L updates = m + b log(L/T)                what the horizon does to the best LR: L is the longest of the runs
    m at T' updates = m at L + a log(T'/L)

a is measured where there are runs of two lengths, and b is not it: on the built-in tasks what the best LR does between
a sixteenth and an eighth of a run says nothing of what it does from there to the whole (docs/find.md). What a sweep
says is of m at L, like what the runs say: b goes for all of it together. s is what is learned at all: far from the best
LR the loss is that of the untrained model. c belongs to the runs of one length and seed and is integrated over. A run
that diverged says that the best LR lies below its LR. All else (m, k, what k becomes over the whole run, a, b and the
noise) has the priors below, and is drawn by how probable it makes the runs; the same runs give the same draws, and the
same answer.

Far above the best run of its length a run counts less: there the loss is no parabola.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.find.draws import drawn

Floats = NDArray[np.float64]

# Within 0.5 % of the best loss LRs span a factor of 2.8 (median of 17 groups of the dense sweeps of Step Law,
# arXiv:2503.04715): k = 0.04. Small tasks, whose loss is not mostly entropy, are sharper: the prior is wide.
CURVATURE, CURVATURE_VARIES = 0.15, 1.4  # and the standard deviation of its logarithm
SIDES_VARY = 0.5  # of log k between the sides: above the best LR the loss rises faster
STEEPER_ABOVE = 0.8
# a and b: published powers go from -0.35 to 0.33, those of the built-in tasks from -1.3 to 1.3, with a median of 0
HORIZON, HORIZON_VARIES = 0.0, 0.6
NOISE, NOISE_VARIES = 0.015, 0.8  # of log loss
FAR = 0.2  # of the distance above the best run: how far off the parabola may be there
LONGER_VARIES = 0.3  # the spread of the power of the length by which k changes
LEARNED, LEAST = 1.3, 0.02  # s, in what the best run has learned, which is so much at least
MOST = 3.0  # a larger regret counts as this one: a run is lost either way


@dataclass(frozen=True)
class Probe:
    """One complete run: log LR, length, the group that it shares c with, and its log loss, inf where it diverged."""

    log_lr: float
    updates: int
    group: int
    loss: float
    untrained: float = np.inf  # the log loss of the model as it is at the beginning


@dataclass(frozen=True)
class Profile:
    """Draws of the optimum `m` (of log LR) and of k `below` and `above` at the length that is asked for, of the powers
    of the length (a is `among` the runs, b from these to the `horizon`) and of the noise: all as probable.

    >>> probes = [Probe(x, 100, 0, 0.1 * (x + 2) ** 2) for x in (-4.0, -3.0, -2.0, -1.0)]
    >>> found = profile(probes, updates=100, around=-2.5, within=1.5)
    >>> -2.4 < found.best < -1.6
    True
    """

    m: Floats
    below: Floats
    above: Floats
    among: Floats
    horizon: Floats
    noise: Floats

    def regret(self, log_lr: float) -> Floats:
        """How far the loss at this LR lies above the best, as a share of it, in each draw."""
        found: Floats = np.expm1(np.minimum(_shape(log_lr - self.m, self.below, self.above), 5.0))
        return found

    def expected(self, log_lr: float) -> float:
        """The mean of the regret; what is above `MOST` counts as that."""
        return float(np.minimum(self.regret(log_lr), MOST).mean())

    @cached_property
    def grid(self) -> Floats:
        """The LRs (as logarithms) among which an answer is sought."""
        low, high = np.quantile(self.m, (0.005, 0.995))
        return np.arange(low - 0.5, high + 0.5, 0.05)

    @cached_property
    def best(self) -> float:
        """The LR (as a logarithm) with the least expected regret."""
        return float(self.grid[int(np.argmin([self.expected(x) for x in self.grid]))])

    def span(self, regret: float, level: float) -> tuple[float, float] | None:
        """The widest LRs (as logarithms) that all lie within this regret with this probability; None if there are none.

        f falls and rises once, so that a span holds in a draw if both its ends do.
        """
        reach_below, reach_above = _reach(regret, self.below), _reach(regret, self.above)
        first, last = self.m - reach_below, self.m + reach_above
        widest: tuple[float, float] | None = None
        enough = int(np.ceil(level * len(self.m)))
        for low in self.grid:
            ends = np.sort(last[first <= low])[::-1]
            if len(ends) < enough:
                continue
            high = float(ends[enough - 1])
            if high > low and (widest is None or high - low > widest[1] - widest[0]):
                widest = (float(low), high)
        return widest


def profile(
    probes: Sequence[Probe],
    *,
    updates: int,
    around: float,
    within: float,
    short: Sequence[tuple[float, float]] = (),
) -> Profile:
    """The profile at a length of `updates`, where the best LR was thought to be `around` this log LR, give or take
    `within`, or far from there (Student's t with 2 degrees of freedom: 5 % lie beyond 4.3 times that); and that of the
    longest probes at each of the places in `short`, give or take what stands beside it.
    """
    draw = np.random.default_rng(0)
    groups = [[p for p in probes if p.group == group] for group in sorted({probe.group for probe in probes})]
    longest = max((probe.updates for probe in probes), default=updates)
    times = float(np.log(updates / longest))

    def likely(z: Floats) -> Floats:
        m, below, above, among, horizon, noise = _believed(z, around, within)
        there = m - times * horizon
        found = np.zeros(len(z))
        for at, give in short:
            found -= 0.5 * ((there - at) / give) ** 2
        for group in groups:
            found += _likelihood(group, longest, there, below, above, among, noise)
        return found

    m, below, above, among, horizon, noise = _believed(drawn(likely, 7, draw), around, within)
    longer = np.exp(times * LONGER_VARIES * draw.standard_normal(len(m)))
    return Profile(m, longer * below, longer * above, among, horizon, noise)


def _believed(z: Floats, around: float, within: float) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """m, k below and above, a, b and the noise, from standard normal numbers."""
    k = np.log(CURVATURE) + CURVATURE_VARIES * z[:, 1]
    return (
        around + within * _heavy(z[:, 0]),
        np.exp(k + SIDES_VARY * z[:, 2]),
        np.exp(k + STEEPER_ABOVE + SIDES_VARY * z[:, 3]),
        HORIZON + HORIZON_VARIES * z[:, 4],
        HORIZON + HORIZON_VARIES * z[:, 6],
        np.exp(np.log(NOISE) + NOISE_VARIES * z[:, 5]),
    )


def _heavy(z: Floats) -> Floats:
    """Student's t with 2 degrees of freedom, from standard normal numbers."""
    from scipy.special import ndtr

    share = np.clip(ndtr(z), 1e-12, 1 - 1e-12)
    found: Floats = (2 * share - 1) / np.sqrt(2 * share * (1 - share))
    return found


def _likelihood(
    probes: Sequence[Probe], longest: int, m: Floats, below: Floats, above: Floats, among: Floats, noise: Floats
) -> Floats:
    """The log likelihood of the runs that share one c, in each draw; m is that of the longest runs."""
    found = np.zeros(len(m))
    ended = [probe for probe in probes if np.isfinite(probe.loss)]
    for probe in probes:
        if not np.isfinite(probe.loss):
            shorter = np.log(probe.updates / longest)
            found += _log_normal_cdf((probe.log_lr - (m + among * shorter)) / 0.7)
    if len(ended) < 2:
        return found
    best = min(probe.loss for probe in ended)
    precision, rest = [], []
    for probe in ended:
        shorter = np.log(probe.updates / longest)
        f = _shape(probe.log_lr - (m + among * shorter), below, above)
        learned = LEARNED * max(probe.untrained - best, LEAST)
        precision.append(1.0 / (noise**2 + (FAR * (probe.loss - best)) ** 2))
        rest.append(probe.loss - (-learned * np.expm1(-f / learned) if np.isfinite(learned) else f))
    w, r = np.array(precision), np.array(rest)
    mean = (w * r).sum(axis=0) / w.sum(axis=0)
    found += 0.5 * np.log(w).sum(axis=0) - 0.5 * np.log(w.sum(axis=0)) - 0.5 * (w * (r - mean) ** 2).sum(axis=0)
    return found


def _shape(d: Floats, below: Floats, above: Floats) -> Floats:
    """f at these distances from the best LR."""
    found: Floats = 0.5 * np.where(d < 0, below, above) * d**2
    return found


def _reach(regret: float, k: Floats) -> Floats:
    """How far from the best LR the regret is reached."""
    found: Floats = np.sqrt(2 * np.log1p(regret) / k)
    return found


def _log_normal_cdf(z: Floats) -> Floats:
    from scipy.special import log_ndtr

    found: Floats = log_ndtr(z)
    return found
