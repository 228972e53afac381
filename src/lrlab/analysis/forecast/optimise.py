"""The schedule with the lowest predicted final loss.

The LR after the warmup is piecewise linear between knots that lie denser towards the end,

    lr(knot_k) = peak * exp(-(z_1 + ... + z_k)),   z >= 0,

so that it can only fall: straight pieces of many updates cannot form the staircases by which some laws are fooled (a
law that credits a jump with the LR after it can be beaten by steps that no training would reward). L-BFGS with exact
gradients, over draws from the posterior, so that the schedule does not lean on one uncertain parameter. risk="high",
the default, adds 1.28 spreads of the difference from a linear decay that begins at the logged peak: what both owe to
the parameters cancels, and a gain counts by its upper end.

A minimum that was sought is flattered: it is where the law errs to the low side. So what is promised is said beside a
linear decay from the same peak, with the interval of that difference, and half of the gain is doubted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypedDict, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.stats import norm

from lrlab.analysis.forecast.adjoints import FINALS
from lrlab.analysis.forecast.cells import Cells, compress
from lrlab.analysis.forecast.curves import FittedLaw
from lrlab.analysis.forecast.fit import Fitted
from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.base import warmup as rise
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.transitions import linear, one_minus_sqrt
from lrlab.errors import LrlabError, worded
from lrlab.record.logs.log import numbers

Floats = NDArray[np.float64]
_Promise = tuple[float, float, float, float, float, float]  # loss, low, high; gain, low, high
Ints = NDArray[np.int64]

_KNOTS = 80
_CELLS = {"elr": 300, "mpl": 2400}  # "mpl" weighs the last updates so finely that it takes more
_DRAWS = 8  # from the posterior
_ABOVE = 2.0  # times the highest logged peak: beyond, a plan is refused
_FLATTERED = 0.5  # of the gain over a linear decay, as a standard deviation: see benchmarks/forecast_lab.py
_LEVEL = 0.9
_DEEPEST = 1e-4  # of the peak: an LR of 0 has no logarithm, and nothing is gained below
_SHAPES = ("monotone",)
_RISKS = {"mean": 0.0, "high": 1.28}  # spreads of the difference from a linear decay, added to the mean


class OptimumRecord(TypedDict):
    """The best schedule, and the nearest form that has a name, both multiples of `base_lr`, with their final losses.

    The gains are final losses less that of a linear decay to 0 from the same peak, so that a gain below 0 is better.
    """

    base_lr: float
    schedule: str
    loss: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float
    named: str
    named_loss: float
    named_low: float
    named_high: float
    named_gain: float
    named_gain_low: float
    named_gain_high: float
    warnings: list[str]


@dataclass(frozen=True)
class Optimum:
    """The best schedule, and the nearest form that has a name, each with its predicted final loss.

    Both are multiples of `base_lr`. After a prefix they begin with the first update after it. The gains are final
    losses less that of a linear decay to 0 from the same peak, with an interval: a gain below 0 is better.
    """

    base_lr: float
    schedule: Schedule
    loss: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float
    named: Schedule
    named_loss: float
    named_low: float
    named_high: float
    named_gain: float
    named_gain_low: float
    named_gain_high: float
    warnings: tuple[str, ...]

    def record(self) -> OptimumRecord:
        """Both as plain JSON values, schedules in their text form."""
        texts = {"schedule": str(self.schedule), "named": str(self.named), "warnings": list(self.warnings)}
        return cast(OptimumRecord, {**vars(self), **texts})


@dataclass(frozen=True)
class _Plan:
    """Cells of the whole run; those from `fixed` on are `weights @ knot values`, the earlier ones `early`."""

    cells: Cells
    knots: Ints
    weights: Floats
    early: Floats
    scales: bool  # whether the early cells are multiples of the peak (a warmup) or absolute (a prefix)


@dataclass(frozen=True)
class _Place:
    """The parameters around a peak LR, and the peaks from `least` to `most` for which they are asked."""

    fitted: Fitted
    start: float
    least: float
    most: float


def optimise(
    law: FittedLaw,
    steps: int,
    *,
    peak: float | None = None,
    warmup: int | None = None,
    shape: str = "monotone",
    prefix: ArrayLike | None = None,
    risk: str = "high",
) -> Optimum:
    """Minimise the predicted loss after `steps` updates.

    `peak` is the highest LR (if left out: from half the lowest logged peak to the highest one), `warmup` the updates of
    a linear warmup (2 % of the run if left out), `prefix` the LR of the updates already trained, after which the LR
    only falls from its last value. `risk` is "high" (the mean + 1.28 spreads of the difference from a linear decay) or
    "mean".

    Raises `LrlabError` for an impossible plan, for a peak above twice the highest logged one, for a law that does not
    describe its logs, and for laws that are not differentiable ("momentum", "convex").
    """
    _check(law, steps, shape, risk)
    before = numbers(prefix, "prefix") if prefix is not None else None
    length = _ramp(steps, warmup)
    ramp = rise(length).over(steps).values()[:length] if before is None else before
    if len(ramp) >= steps - 1:
        raise LrlabError(worded("nothing left to optimise", f"{len(ramp)} of {steps} updates are fixed", "fewer"))
    plan = _plan(ramp, steps, _CELLS[law.name], before is None)
    places = _places(law, peak, before)
    found_at = [_search(law, place, plan, _RISKS[risk]) for place in places]
    falls, peak_lr, _ = min(found_at, key=lambda found: found[2])
    values = np.exp(-np.cumsum(falls))
    best = _schedule(plan.knots, values)
    head = _head(len(ramp)) if before is None else None
    full = best if head is None else head >> best
    named = _nearest(plan.knots, values, len(ramp) if head is not None else 0)
    plain = linear() if head is None else head >> linear()
    found, other = (_predicted(law, option, plain, peak_lr, steps, before) for option in (full, named))
    warnings = (*found[1], *_apart(found[0]), *_unknown(law, peak_lr, before is None and peak is None))
    return Optimum(peak_lr, full, *found[0], named, *other[0], warnings)


def _check(law: FittedLaw, steps: int, shape: str, risk: str) -> None:
    if not law.holds:
        raise LrlabError(
            worded(
                "this law does not describe its own logs, so that it cannot choose a schedule",
                f"it misses them by {law.unexplained:.0%} of the loss",
                "a law that describes its logs",
                "fit other logs; or train what is in question: lrlab compare",
            )
        )
    if law.name not in FINALS:
        raise LrlabError(worded(f"law {law.name!r} cannot be optimised", allowed=", ".join(FINALS), hint='law="elr"'))
    if shape not in _SHAPES:
        raise LrlabError(worded("shape", shape, ", ".join(_SHAPES)))
    if risk not in _RISKS:
        raise LrlabError(worded("risk", risk, ", ".join(_RISKS)))
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 10:
        raise LrlabError(worded("steps", steps, "a whole number of at least 10"))


def _ramp(steps: int, warmup: int | None) -> int:
    if warmup is None:
        return steps // 50
    if isinstance(warmup, bool) or not isinstance(warmup, int) or not 0 <= warmup < steps:
        raise LrlabError(worded("warmup", warmup, f"a number of updates below {steps}", "warmup=500"))
    return warmup


def _places(law: FittedLaw, peak: float | None, before: Floats | None) -> list[_Place]:
    """Where the peak may lie: as it is given, or around each logged one, none above the highest of them."""
    highest = max(law.known.peaks)
    if peak is not None and not (np.isfinite(peak) and peak > 0):
        raise LrlabError(worded("peak", peak, "a positive LR", "peak=3e-4"))
    if before is None and peak is not None and peak > _ABOVE * highest * (1 + 1e-9):
        allowed = f"at most {_ABOVE:g} times the highest logged LR ({highest:g})"
        raise LrlabError(
            worded(
                "a law cannot foresee divergence, and this peak LR is far above its logs",
                peak,
                allowed,
                f"peak={highest:g}",
            )
        )
    given = float(before[-1]) if before is not None else peak
    if given is not None:
        reached = given if before is None else float(before.max())
        return [_Place(law.around(reached), given, given, given)]
    fits = sorted(law.fits, key=lambda fitted: fitted.walk.anchor)
    anchors = [fitted.walk.anchor for fitted in fits]
    between = [float(np.sqrt(low * high)) for low, high in pairwise(anchors)]
    edges = [0.5 * min(law.known.peaks), *between, highest]
    return [
        _Place(fitted.at(anchor), anchor, min(low, anchor), max(high, anchor))
        for fitted, anchor, (low, high) in zip(fits, anchors, pairwise(edges), strict=True)
    ]


def _apart(promise: _Promise) -> tuple[str, ...]:
    """Whether the law can tell what was found from a linear decay."""
    *_, gain, low, high = promise
    if high < 0:
        return ()
    return (
        f"the law cannot tell it from a linear decay to 0 from the same peak: the difference of their final losses is "
        f"{gain:+.2g} ({low:+.2g} to {high:+.2g})",
    )


def _unknown(law: FittedLaw, peak: float, free: bool) -> tuple[str, ...]:
    """What no law knows of a peak that was chosen, or that no log has reached."""
    highest = max(law.known.peaks)
    if free:
        return (
            f"a law knows no divergence: no peak LR above the highest logged one ({highest:g}) was tried; "
            f"a peak that is given may be up to {_ABOVE * highest:g}",
        )
    if peak > highest * (1 + 1e-9):
        return (f"a law knows no divergence: no log has reached the peak LR {peak:g}, the highest is {highest:g}",)
    return ()


def _plan(ramp: Floats, steps: int, count: int, scales: bool) -> _Plan:
    start = len(ramp)
    early = compress(ramp, np.array([start])) if start else Cells(np.empty(0), np.empty(0), np.empty(0, np.int64))
    edges, knots = _denser(start, steps, count), _denser(start, steps, _KNOTS)
    middle = (edges[:-1] + edges[1:] - 1) / 2.0  # mean index of the updates of a cell
    units = np.eye(len(knots))
    weights = np.column_stack([np.interp(middle, knots, unit) for unit in units])
    width = np.concatenate([early.width, np.diff(edges)])
    cells = Cells(np.empty(len(width)), width, early.ends)
    return _Plan(cells, knots, weights, early.lr, scales)


def _denser(start: int, stop: int, count: int) -> Ints:
    """At most `count` + 1 integers from `start` to `stop`, the closer together the later."""
    u = np.linspace(0.0, 1.0, count + 1)
    return np.unique(np.rint(start + (stop - start) * (1.0 - (1.0 - u) ** 2)).astype(np.int64))


def _search(law: FittedLaw, place: _Place, plan: _Plan, spreads: float) -> tuple[Floats, float, float]:
    """The falls z (knots,) and the peak that minimise the risk, and that risk."""
    draws, final, count, top = _draws(place.fitted), FINALS[law.name], len(plan.knots), place.start

    def ends(values: Floats, peak: float) -> tuple[Floats, Floats, Floats]:
        lr = np.concatenate([plan.early * (peak if plan.scales else 1.0), peak * (plan.weights @ values)])
        cells = replace(plan.cells, lr=lr)
        results = [final(inner, outer, cells, law.scale) for inner, outer in draws]
        return lr, np.array([loss for loss, _ in results]), np.array([slope for _, slope in results])

    _, plain, _ = ends(np.interp(plan.knots, plan.knots[[0, -1]], [1.0, _DEEPEST]), top)

    def risk(z: Floats) -> tuple[float, Floats]:
        values = np.exp(-np.cumsum(z[:count]))
        peak = top * np.exp(z[count])
        lr, losses, slopes = ends(values, peak)
        share = np.full(len(draws), 1.0 / len(draws))
        beside = losses - plain
        if spreads and (sd := beside.std()) > 0:
            share = share * (1.0 + spreads * (beside - beside.mean()) / sd)
        by_lr = share @ slopes
        by_values = peak * (by_lr[len(plan.early) :] @ plan.weights)
        by_falls = -np.cumsum((by_values * values)[::-1])[::-1]
        by_peak = by_lr @ lr if plan.scales else 0.0
        return float(losses.mean() + spreads * beside.std()), np.append(by_falls, by_peak)

    deepest = -np.log(_DEEPEST)
    bounds = [(0.0, 0.0)] + [(0.0, deepest / 4)] * (count - 1) + [(np.log(place.least / top), np.log(place.most / top))]
    start = np.append(0.0, np.append(np.linspace(0.0, 2.0 * 3.0 / count, count - 1), 0.0))
    found = minimize(risk, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300, "maxcor": 30})
    return found.x[:count], float(top * np.exp(found.x[count])), float(found.fun)


def _draws(fitted: Fitted) -> list[tuple[Floats, Floats]]:
    """Parameters from the posterior, always the same; a single one where they are exact."""
    inner, outer, covariance = fitted.inner, fitted.outer, fitted.covariance
    if not covariance.any():
        return [(inner, outer)]
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    # Clipped, since far out the Laplace approximation holds parameters that no fit would accept.
    normal = np.random.default_rng(0).standard_normal((_DRAWS // 2, len(values))).clip(-1.0, 1.0)
    moves = np.concatenate([normal, -normal]) @ root.T  # in pairs, so that the mean is exact to first order
    drawn = np.concatenate([inner, outer]) + moves
    least = np.concatenate([np.full(len(inner), -np.inf), np.zeros(3)])
    return [(row[: len(inner)], row[len(inner) :]) for row in np.maximum(drawn, least)]


def _schedule(knots: Ints, values: Floats) -> Schedule:
    """Straight lines between the knots, without those that lie on the line of their neighbours."""
    kept = [0]
    for index in range(1, len(knots) - 1):
        reach = np.arange(kept[-1], index + 2)
        straight = np.interp(knots[reach], knots[[kept[-1], index + 1]], values[[kept[-1], index + 1]])
        if np.abs(straight - values[reach]).max() > 1e-5:
            kept.append(index)
    kept.append(len(knots) - 1)
    at, height = knots[kept], [float(f"{value:.6g}") for value in values[kept]]
    pieces: list[Schedule] = [
        constant(int(n), level=a) if a == b else linear(int(n), start=a, to=b)
        for n, a, b in zip(np.diff(at), height[:-1], height[1:], strict=True)
    ]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole >> piece
    return whole


def _head(warmup: int) -> Schedule | None:
    return rise(warmup) if warmup else None


def _nearest(knots: Ints, values: Floats, warmup: int) -> Schedule:
    """The hold-then-decay of a named shape whose LR is nearest, in the mean square over the updates."""
    start, stop = int(knots[0]), int(knots[-1])
    updates = np.arange(start, stop)
    wanted = np.interp(updates, knots, values)
    to = float(f"{values[-1]:.2g}")
    best, miss = None, np.inf
    for share in np.linspace(0.05, 1.0, 20):
        decay = max(1, round((stop - start) * share))
        hold = stop - start - decay
        for leg in (linear, cosine, one_minus_sqrt):
            tail: Schedule = leg(decay, to=to)
            option = constant(hold) >> tail if hold else tail
            away = float(np.mean((option.over(stop - start).values() - wanted) ** 2))
            if away < miss:
                best, miss = option, away
    assert best is not None
    head = _head(warmup)
    return best if head is None else head >> best


def _predicted(
    law: FittedLaw, schedule: Schedule, plain: Schedule, base_lr: float, steps: int, before: Floats | None
) -> tuple[_Promise, tuple[str, ...]]:
    """What is promised of a schedule beside a plain one, and the warnings: half of the gain is doubted."""
    done = np.empty(0) if before is None else before
    lrs, beside = (np.concatenate([done, each.over(steps - len(done)).lr(base_lr)]) for each in (schedule, plain))
    prediction, gain = law.predict(lrs, level=_LEVEL), law.difference(lrs, beside, _LEVEL)
    loss, *ends = prediction.final
    flattered = norm.ppf(0.5 + _LEVEL / 2) * _FLATTERED * gain[0]
    down, up = np.hypot(loss - np.array(ends), flattered).tolist()
    return (loss, max(loss - down, 0.0), loss + up, *gain), prediction.warnings
