"""The best LR as a power law of size, batch and horizon: its exponents, and how sure they are.

    log LR* = c + a_N n + a_B b + a_T t + a_BT b t + (bends) n^2, b^2, t^2 + (offsets) + (scatter)

n, b and t are the logarithms of size, batch and horizon, less their means over the sweeps. Nothing promises that the
form is right, so it may bend a little in each factor, every size, batch and horizon may be off by an offset of its own
(sd `off`), and every sweep by a scatter. Far from the sweeps the bends make the answer uncertain.

What a run draws, its first weights and the order of its data, tilts the valley of its sweep: that moves an optimum the
more the flatter the valley is. The scatter (sd `scatter` at the usual curvature) is therefore as 1/K.

Given `off` and `scatter` all of this is linear; Newton's method finds mode and curvature of the posterior, and over
these two it is averaged (integrated nested Laplace approximations, Rue, Martino & Chopin, 2009). The likelihoods of the
sweeps enter as they are (`optimum`): one that is best at its edge pulls to one side only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d
from scipy.special import logsumexp

from lrlab.analysis.transfer.optimum import STEP, Curvature, Optima
from lrlab.analysis.transfer.sweeps import FACTORS, Setting

Floats = NDArray[np.float64]
Spread = tuple[float, float]  # mean and standard deviation

TERMS = (*FACTORS, "batch x horizon")
# A fit of this form to the optima of some 150 groups of public sweeps (215M to 1B parameters, AdamW; data of Step Law,
# Li et al. 2025, arXiv:2503.04715) has -0.62, 0.29, 0.01 and 0.14. The spreads let in the rules of the field: LR as
# 1/width, as the square root of the batch, as horizon^-0.25, and Step Law itself.
PUBLIC: Mapping[str, Spread] = {
    "size": (-0.6, 0.3),
    "batch": (0.3, 0.3),
    "horizon": (0.0, 0.3),
    "batch x horizon": (0.1, 0.1),
}
# With the horizon the best LR of public sweeps first rises, then falls: from T^0.3 to T^-0.35 within three powers of e.
# These and the two below were set with the table of benchmarks/transfer.py in view.
_OPEN, _BENDS = 10.0, {"size": 0.05, "batch": 0.08, "horizon": 0.2}
_OFFS, _SCATTERS = (0.02, 0.1, 0.2, 0.4), (0.04, 0.08, 0.15, 0.25, 0.4, 0.7)
_USUAL_OFF, _USUAL_SCATTER = 0.3, 0.4  # half-normal priors
_STEPS, _FLAT, _STEEP = 30, 1e-3, 50.0


@dataclass(frozen=True)
class Form:
    """The columns of the power law for these settings: which factors vary, and their means."""

    settings: tuple[Setting, ...]
    terms: tuple[str, ...]
    centre: Mapping[str, float]
    levels: tuple[tuple[str, float], ...]  # those with an offset

    def columns(self, setting: Setting) -> Floats:
        """Of one setting: 1, the terms, the bends, the offsets."""
        logs = {f: float(np.log(value)) - self.centre[f] for f, value in zip(FACTORS, setting, strict=True)}
        values = {**logs, "batch x horizon": logs["batch"] * logs["horizon"]}
        bends = [logs[factor] ** 2 for factor in FACTORS if factor in self.terms]
        here = dict(zip(FACTORS, setting, strict=True))
        offsets = [float(here[factor] == level) for factor, level in self.levels]
        return np.array([1.0, *(values[term] for term in self.terms), *bends, *offsets])

    def unknown(self, setting: Setting, off: float) -> float:
        """The variance of the offsets of levels that no sweep has."""
        here = dict(zip(FACTORS, setting, strict=True))
        new = [factor for factor in FACTORS if factor in self.terms and (factor, here[factor]) not in self.levels]
        return len(new) * off**2


@dataclass(frozen=True)
class Flatness:
    """How flat a valley is beside the usual one of some sweeps, of which `usual` is the mean log K."""

    curvature: Curvature
    usual: float

    def at(self, setting: Setting) -> float:
        """Above 1 where an LR that is off costs less than usual."""
        return float(np.exp(self.usual - self.curvature.at(setting)[0]))


@dataclass(frozen=True)
class Part:
    """The posterior given `off` and the usual `scatter`: its share, mode and covariance."""

    share: float
    off: float
    scatter: float
    mode: Floats
    covariance: Floats


@dataclass(frozen=True)
class Exponents:
    """The posterior of the power law; the scatter of a setting is by its `flatness`."""

    form: Form
    parts: tuple[Part, ...]
    flatness: Flatness

    def terms(self) -> dict[str, Spread]:
        """Mean and standard deviation of each exponent."""
        shares = np.array([part.share for part in self.parts])
        found = {}
        for at, term in enumerate(self.form.terms, 1):
            modes = np.array([part.mode[at] for part in self.parts])
            variances = np.array([part.covariance[at, at] for part in self.parts])
            mean = float(shares @ modes)
            found[term] = mean, float(np.sqrt(shares @ (variances + (modes - mean) ** 2)))
        return found

    def places(self, setting: Setting) -> list[tuple[float, float, float]]:
        """The optimum of a setting without its own trials, as normal distributions: (share, mean, sd) of each."""
        columns, found = self.form.columns(setting), []
        for part in self.parts:
            scatter = part.scatter * self.flatness.at(setting)
            variance = columns @ part.covariance @ columns + self.form.unknown(setting, part.off) + scatter**2
            found.append((part.share, float(columns @ part.mode), float(np.sqrt(variance))))
        return found


def form_of(settings: Sequence[Setting], crossed: bool) -> Form:
    """The form for these settings: a factor of one value has no exponent; unless `crossed` the product has none."""
    terms = [f for at, f in enumerate(FACTORS) if len({setting[at] for setting in settings}) > 1]
    if crossed and {"batch", "horizon"} <= set(terms):
        terms.append("batch x horizon")
    centre = {f: float(np.mean([np.log(setting[at]) for setting in settings])) for at, f in enumerate(FACTORS)}
    levels = [(f, v) for at, f in enumerate(FACTORS) if f in terms for v in sorted({s[at] for s in settings})]
    return Form(tuple(settings), tuple(terms), centre, tuple(levels))


def is_crossed(settings: Sequence[Setting]) -> bool:
    """Whether the settings tell the product of batch and horizon apart from the rest.

    >>> is_crossed([(1, 2, 10), (1, 4, 10), (1, 2, 20)]), is_crossed([(1, 2, 10), (1, 4, 10), (1, 2, 20), (1, 4, 20)])
    (False, True)
    """
    logs = np.log(np.array(settings, dtype=np.float64))
    logs -= logs.mean(axis=0)
    whole = np.column_stack([np.ones(len(logs)), logs, logs[:, 1] * logs[:, 2]])
    return int(np.linalg.matrix_rank(whole)) > int(np.linalg.matrix_rank(whole[:, :-1]))


def exponents(found: Optima, settings: Sequence[Setting], prior: Mapping[str, Spread] | None) -> Exponents:
    """The power law through the optima of sweeps, in the order of `settings`; without `prior` they decide alone."""
    form = form_of(settings, prior is not None or is_crossed(settings))
    design = np.array([form.columns(setting) for setting in settings])
    middle = float(np.mean(found.grid[np.argmax(found.likelihood, axis=1)]))
    spreads = [(middle, _OPEN), *((prior or {}).get(term, (0.0, _OPEN)) for term in form.terms)]
    spreads += [(0.0, _BENDS[factor]) for factor in FACTORS if factor in form.terms]
    flatness = Flatness(found.curvature, float(np.mean([found.curvature.at(setting)[0] for setting in settings])))
    flat, parts = np.array([flatness.at(setting) for setting in settings]), []
    for scatter in _SCATTERS:
        likely = _Smoothed(found, scatter * flat)
        for off in _OFFS:
            means, sds = np.array([*spreads, *[(0.0, off)] * len(form.levels)]).T
            mode, covariance, evidence = _mode(design, likely, means, sds)
            weight = evidence - 0.5 * (off / _USUAL_OFF) ** 2 - 0.5 * (scatter / _USUAL_SCATTER) ** 2
            weight += np.log(scatter) + np.log(off)  # the values tried are even in the logarithm
            parts.append((weight, off, scatter, mode, covariance))
    shares = np.exp([part[0] for part in parts] - logsumexp([part[0] for part in parts]))
    return Exponents(form, tuple(Part(float(s), *part[1:]) for s, part in zip(shares, parts, strict=True)), flatness)


class _Smoothed:
    """The log likelihood of where the form puts the optimum of each sweep, its own being off by `scatter` (sweeps,)."""

    def __init__(self, found: Optima, scatter: Floats) -> None:
        likely = np.exp(np.maximum(found.likelihood, -600.0))
        rows = zip(likely, scatter / STEP, strict=True)
        smooth = np.array([gaussian_filter1d(row, steps, mode="nearest") for row, steps in rows])
        self._grid = found.grid
        self._cubics = CubicSpline(found.grid, np.log(smooth + 1e-250), axis=1).c  # (4, places - 1, sweeps)

    def at(self, places: Floats) -> tuple[float, Floats, Floats]:
        """Their sum at the places (sweeps,), and slope and bend of each; beyond the grid it falls steeply."""
        inside = places.clip(self._grid[0], self._grid[-1])
        left = ((inside - self._grid[0]) / STEP).astype(np.int64).clip(0, len(self._grid) - 2)
        c = self._cubics[:, left, np.arange(len(places))]
        x = inside - self._grid[left]
        value = ((c[0] * x + c[1]) * x + c[2]) * x + c[3]
        slope, bend = (3 * c[0] * x + 2 * c[1]) * x + c[2], 6 * c[0] * x + 2 * c[1]
        return float(value.sum() - _STEEP * np.abs(places - inside).sum()), slope, bend


def _mode(design: Floats, likely: _Smoothed, means: Floats, sds: Floats) -> tuple[Floats, Floats, float]:
    """The most probable coefficients, their covariance, and the log evidence (Laplace)."""
    precision = 1.0 / sds**2

    def value(at: Floats) -> float:
        return likely.at(design @ at)[0] - 0.5 * float(precision @ (at - means) ** 2)

    at, now = means.copy(), value(means)
    for _ in range(_STEPS):
        _, slope, bend = likely.at(design @ at)
        inverse = np.linalg.inv((design.T * np.maximum(-bend, _FLAT)) @ design + np.diag(precision))
        step, share = inverse @ (design.T @ slope - precision * (at - means)), 1.0
        while share > 1e-3 and value(at + share * step) < now:
            share /= 2
        gained = value(at + share * step) - now
        if gained < 1e-6:
            break
        at, now = at + share * step, now + gained
    return at, inverse.astype(np.float64), now + 0.5 * float(np.linalg.slogdet(inverse)[1]) - float(np.log(sds).sum())


def mixture(parts: Sequence[tuple[float, float, float]], grid: Floats) -> Floats:
    """The log density of a mixture of normal distributions (share, mean, sd) at the places of `grid`."""
    shares, means, sds = np.array(parts).T
    away = (grid[:, None] - means) / sds
    found: Floats = logsumexp(-0.5 * away**2 - np.log(sds), axis=1, b=shares)
    return found
