"""Where an unfinished comparison is heading: the final training loss of every arm at every LR.

A law is fitted to a few of the finished arms and judged on the others, so that each forecast comes with how far such
forecasts were off here. It orders what is still to be trained; it never declares a winner.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.forecast.doubts import late_rise
from lrlab.analysis.forecast.law import Law, fit_law
from lrlab.analysis.forecast.logged import falls
from lrlab.core.expression.node import Schedule
from lrlab.errors import LrlabError, worded
from lrlab.record.logs.log import LogRun
from lrlab.record.logs.readers import from_record
from lrlab.record.runs.run import StoredRun

Floats = NDArray[np.float64]
Place = tuple[str, float]  # an arm and its LR, as a multiple of the task's own

_LEAST = 3  # finished arms: two to fit, one to judge by
_MOST = 6  # arms that a law is fitted to: the others are more useful as judges
_BINS = 48  # means of the training loss along a run; the last of them is its final loss
_RISE = 0.1  # of the peak: a law is not made for an LR that rises again


@dataclass(frozen=True)
class Forecast:
    """One arm at one LR: its predicted final training loss, and the measured one where runs are finished.

    `loss`, `low` and `high` are None where nothing can be said; `note` then has the reason.
    """

    arm: str
    lr: float
    finished: int
    measured: float | None
    loss: float | None
    low: float | None
    high: float | None
    note: str = ""


class OutlookRecord(TypedDict):
    """Every arm at every LR with its predicted final training loss; `error` and `ordered` as in `Outlook`."""

    forecasts: list[Forecast]
    fitted_on: list[Place]
    error: float
    ordered: float
    level: float
    widened: float
    doubts: list[str]
    winner: None


@dataclass(frozen=True)
class Outlook:
    """Every arm at every LR, the lowest predicted loss first; none of the predictions has seen its own arm's runs.

    `error` is the mean distance of prediction and measurement where there are runs, `ordered` the share of pairs
    among these in the right order; `widened` is the factor on the intervals that these made necessary.
    """

    forecasts: tuple[Forecast, ...]
    fitted_on: tuple[Place, ...]
    error: float
    ordered: float
    level: float
    widened: float
    doubts: tuple[str, ...]

    def record(self) -> OutlookRecord:
        """All of it as plain JSON values; it orders, and never declares a winner."""
        return cast(OutlookRecord, {**asdict(self), "winner": None})


@dataclass(frozen=True, eq=False)
class _Curve:
    log: LogRun
    ends: NDArray[np.int64]  # updates whose mean loss is the final one

    @property
    def final(self) -> float:
        return float(self.log.loss[-1])


def outlook(
    runs: Mapping[Place, Sequence[StoredRun]], schedules: Mapping[str, Schedule], updates: int, *, level: float = 0.9
) -> Outlook:
    """Forecast a comparison from its finished runs: `runs` has every arm and LR, without runs where none is finished.

    Raises `LrlabError` if fewer than three arm-LR pairs can be used.
    """
    known = {place: _curve(some) for place, found in runs.items() if (some := _finished(found))}
    # Arms that differ in weight averaging alone have one LR and one training loss: one of them is enough.
    distinct = {curve.log.lrs.tobytes(): place for place, curve in known.items() if _usable(curve.log)}
    steady = list(distinct.values())
    if len(steady) < _LEAST:
        raise _too_little(len(steady))
    chosen = _spread({place: known[place].log for place in steady})
    law = _fitted([known[place].log for place in chosen])
    found = []
    doubts: dict[str, None] = {}
    for place, here in runs.items():
        blind = law
        if place in known and (twin := distinct.get(known[place].log.lrs.tobytes())) in chosen:
            blind = _fitted([known[other].log for other in chosen if other != twin])
        forecast, warnings = _foreseen(blind, place, here, known.get(place), schedules[place[0]], updates, level)
        found.append(forecast)
        doubts |= dict.fromkeys(warnings)
    judged = [
        (f.loss, f.measured, f.high)
        for f in found
        if f.loss is not None and f.high is not None and f.measured is not None
    ]
    if len(judged) < 2:
        raise _too_little(len(judged))
    widened = _widening([abs(loss - measured) / (high - loss) for loss, measured, high in judged], level)
    forecasts = sorted(
        (_wider(forecast, widened) for forecast in found),
        key=lambda f: (math.inf if f.loss is None else f.loss, f.arm, f.lr),
    )
    error = float(np.mean([abs(loss - measured) for loss, measured, _ in judged]))
    return Outlook(tuple(forecasts), tuple(chosen), error, _ordered(judged), level, widened, tuple(doubts))


def _usable(log: LogRun) -> bool:
    """Whether a law can be fitted to it: its LR does not rise again, its loss falls."""
    return late_rise(log.lrs) <= _RISE and falls(log)


def _too_little(usable: int) -> LrlabError:
    return LrlabError(
        worded(
            "too little is finished to forecast the rest",
            f"{usable} strategies (at an LR) with runs a law can be fitted to",
            f"at least {_LEAST}, at LRs not too far apart",
            "go on with lrlab compare, and ask again",
        )
    )


def _finished(runs: Sequence[StoredRun]) -> list[StoredRun]:
    return [run for run in runs if run.outcome == "finished"]


def _curve(runs: Sequence[StoredRun]) -> _Curve:
    """The training loss averaged over runs, then over stretches of updates, under their mean LR."""
    logs = [from_record(run, "loss") for run in runs]
    shared = sorted(set.intersection(*(set(log.updates.tolist()) for log in logs)))
    loss = np.mean([log.loss[np.searchsorted(log.updates, shared)] for log in logs], axis=0)
    stretches = np.array_split(np.arange(len(shared)), min(_BINS, len(shared)))
    at = np.array(shared)
    log = LogRun.from_arrays(
        [round(float(at[s].mean())) for s in stretches],
        [float(loss[s].mean()) for s in stretches],
        np.mean([log.lrs for log in logs], axis=0),
        name=f"{runs[0].arm} at {runs[0].lr:g}",
    )
    return _Curve(log, at[stretches[-1]])


def _fitted(logs: Sequence[LogRun]) -> Law:
    return fit_law(logs, prior="generic")


def _spread(logs: Mapping[Place, LogRun]) -> list[Place]:
    """A few runs that differ most in peak LR, mean LR and last LR: each next one is the farthest from those before."""
    features = {
        place: np.array([np.log2(log.lrs.max()), log.lrs.mean() / log.lrs.max(), log.lrs[-1] / log.lrs.max()])
        for place, log in logs.items()
    }
    chosen = [min(features, key=lambda place: float(features[place][1:].sum()))]
    while len(chosen) < min(_MOST, max(2, len(features) - 1)):
        away = {p: min(float(np.abs(f - features[c]).sum()) for c in chosen) for p, f in features.items()}
        chosen.append(max((p for p in features if p not in chosen), key=lambda p: away[p]))
    return chosen


def _foreseen(
    law: Law,
    place: Place,
    runs: Sequence[StoredRun],
    curve: _Curve | None,
    schedule: Schedule,
    updates: int,
    level: float,
) -> tuple[Forecast, tuple[str, ...]]:
    """One arm's forecast, its interval not widened yet, with the law's warnings where the arm has no runs."""
    nothing = Forecast(*place, len(runs), curve.final if curve else None, None, None, None)
    if curve is not None:
        lrs, ends = curve.log.lrs, curve.ends - 1
    elif runs:
        return replace(nothing, note="diverged"), ()
    elif schedule.over(updates).controllers:
        return replace(nothing, note="its LR depends on losses that are not there yet"), ()
    else:
        lrs = schedule.over(updates).lr(place[1])
        ends = np.arange(updates - max(1, updates // _BINS), updates)
    try:
        prediction = law.predict(lrs, level=level)
    except LrlabError as error:
        return replace(nothing, note=str(error).splitlines()[0]), ()
    loss, low, high = (float(v[ends].mean()) for v in (prediction.loss, prediction.low, prediction.high))
    note = "its LR rises again" if late_rise(lrs) > _RISE else ""
    return replace(nothing, loss=loss, low=low, high=high, note=note), () if curve else prediction.warnings


def _wider(forecast: Forecast, factor: float) -> Forecast:
    if forecast.loss is None or forecast.low is None or forecast.high is None:
        return forecast
    down, up = forecast.loss - forecast.low, forecast.high - forecast.loss
    return replace(forecast, low=max(0.0, forecast.loss - factor * down), high=forecast.loss + factor * up)


def _widening(ratios: Sequence[float], level: float) -> float:
    """The factor, at least 1, with which a share `level` of the judged intervals would have held (split conformal)."""
    rank = min(len(ratios), math.ceil((len(ratios) + 1) * level))
    return max(1.0, sorted(ratios)[rank - 1])


def _ordered(judged: Sequence[tuple[float, float, float | None]]) -> float:
    """The share of pairs that prediction and measurement put in the same order."""
    right = [(a[0] - b[0]) * (a[1] - b[1]) > 0 for a, b in combinations(judged, 2)]
    return float(np.mean(right))
