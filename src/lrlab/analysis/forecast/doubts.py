"""What the logs cannot tell: each doubt is a sentence and widens the interval.

A law extrapolates. How far is measured against what the logs held (`Seen`); where a prediction has nothing to stand
on it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.forecast.offsets import near
from lrlab.errors import LrlabError, worded
from lrlab.record.logs.log import rising

Floats = NDArray[np.float64]

_PEAK_FAR, _PEAK_REFUSED = 2.0, 30.0  # ratio to the nearest fitted peak
_DRIFTS, _DRIFT = 5.0, 0.011  # beyond this ratio a law drifts, by this share of the loss an octave
_HORIZON_FAR, _HORIZON_REFUSED = 3.1, 30.0  # ratio to the longest logged run
_WARMUP = 0.006  # an octave; a warmup of 715 updates left out moved the end of a run by 3 %
_FURTHER, _DEEPER, _WAKE = 0.085, 0.013, 5.0
_UNLIKE_FAR = 1.3  # ratio to the longest logged run from which on it is said, where logs are not of language models
_YOUNG = 2.0  # sum of LRs of a language model that has hardly moved
_ON, _STEEP = 0.4, 0.35  # of what a loss fell by over its last doubling (in logs), as a deviation; said from there on


@dataclass(frozen=True)
class Seen:
    """What the logs held: peak LRs, the longest run (updates), whether one was annealed, and its own doubts.

    `totals` are the sums of LRs of the runs (in the order of `peaks`), `least` is the least LR as a share of the peak
    of its run, `warmups` are those of the runs in updates, and `shortest` is the shortest of them. `falling` is the
    logarithm by which the loss fell over the last doubling of a run, `scatter` how far losses scatter from row to row,
    as a share. Laws of earlier versions do not tell these.
    """

    peaks: tuple[float, ...]
    longest: int
    annealed: bool
    doubts: tuple[Doubt, ...] = ()
    totals: tuple[float, ...] = ()
    least: float = 0.0
    warmups: tuple[int, ...] = ()
    shortest: int = 0
    falling: float = 0.0
    scatter: float = 0.0


@dataclass(frozen=True)
class Doubt:
    """A reason for less trust: a `sentence` (may be empty), and the `sd` to add, as a share of the loss."""

    sentence: str
    sd: float


def doubts(known: Seen, lrs: Floats, unlike: bool = False) -> tuple[Doubt, ...]:
    """What speaks against a prediction for the learning rates `lrs` (updates,).

    `unlike` says that the logs are not those of language models.
    Raises `LrlabError` if it would be a guess: a peak LR or a horizon beyond 30 times the logged ones.
    """
    peak, horizon = float(lrs.max()), len(lrs)
    nearest = _nearest(known, peak)
    away, longer = max(peak / nearest, nearest / peak), horizon / known.longest
    if away > _PEAK_REFUSED:
        raise LrlabError(
            worded(
                "peak LR too far from the logs",
                f"{peak:g}",
                f"{nearest / 30:g} ... {nearest * 30:g}",
                f"base_lr={nearest:g}",
            )
        )
    if longer > _HORIZON_REFUSED:
        raise LrlabError(worded("horizon too far from the logs", horizon, f"up to {30 * known.longest} updates"))
    found = list(known.doubts)
    sentence = f"the peak LR {peak:g} is {away:.1f}x away from the nearest logged one ({nearest:g})"
    drift = _DRIFT * max(float(np.log2(away / _DRIFTS)), 0.0)  # besides the width of the offsets
    found.append(Doubt(sentence if away > _PEAK_FAR else "", drift))
    sentence = f"the run is {longer:.1f}x as long as the longest logged one ({known.longest} updates)"
    if unlike:
        sentence += ": how the loss goes on is known of language models alone; log a longer run"
    far = _UNLIKE_FAR if unlike else _HORIZON_FAR
    found.append(Doubt(sentence if longer > far else "", 0.0))  # its width: `beyond`
    found += _falling(known, longer) if unlike else _young(known, nearest, longer)
    found += [*_warmup(known, rising(lrs), horizon), *_shorter(known, horizon)]
    if (rise := late_rise(lrs)) > 0.1:
        found.append(Doubt(f"the LR goes up again by {rise:.0%} of its peak: rises were never checked", 0.006 * rise))
    return tuple(doubt for doubt in found if doubt.sd > 0 or doubt.sentence)


def _falling(known: Seen, longer: float) -> Iterator[Doubt]:
    """A longer run where the logged loss still falls steeply."""
    if longer > _UNLIKE_FAR and known.falling > _STEEP:
        yield Doubt(
            f"the logged loss fell by {-np.expm1(-known.falling):.0%} over the last doubling of the run and may go on "
            "so, to nothing: a longer run may then end far below what is foreseen",
            0.0,
        )  # its width: `below`


def _young(known: Seen, nearest: float, longer: float) -> Iterator[Doubt]:
    """A longer run where the logged ones have hardly moved."""
    if longer > _UNLIKE_FAR and (total := _total(known, nearest)) < _YOUNG:
        yield Doubt(
            f"the logged runs have hardly moved (the sum of their LRs is {total:.2g}): longer ones at so low an LR "
            "have ended up to 1.4 half widths lower than foreseen",
            0.0,
        )


def _total(known: Seen, nearest: float) -> float:
    """The largest sum of LRs of a run at this logged peak."""
    own = [total for other, total in zip(known.peaks, known.totals, strict=False) if near(other, nearest)]
    return max(own, default=nearest * known.longest)


def _warmup(known: Seen, asked: int, horizon: int) -> Iterator[Doubt]:
    """A warmup shorter than half or longer than twice every logged one."""
    if not known.warmups:
        return
    nearest = min(max(asked, min(known.warmups)), max(known.warmups))
    few = horizon / 200  # updates that hardly matter
    octaves = min(abs(float(np.log2((asked + few) / (nearest + few)))), 4.0)
    if octaves > 1.0:
        length = f"the warmup of {asked} updates is far from the nearest logged one ({nearest})"
        yield Doubt(f"{length}: what a warmup does to the end was never checked", _WARMUP * octaves)


def _shorter(known: Seen, horizon: int) -> Iterator[Doubt]:
    """A run less than half as long as the shortest logged one."""
    times = known.shortest / horizon
    if times > 2.0:
        sentence = f"the run is {times:.1f}x shorter than the shortest logged one ({known.shortest} updates)"
        yield Doubt(sentence if times > _HORIZON_FAR else "", 0.003 * float(np.log2(times)))


def beyond(known: Seen, lrs: Floats, loss: Floats, progress: Floats) -> Floats:
    """What is not known of the loss beyond the logs, as a standard deviation after every update (updates,).

    A share of the further `progress` (updates,) that the law foresees once the sum of LRs exceeds that of every run at
    the nearest logged peak: 0.085 (1 + (5 warmup / longest)^2), for a log that hardly outlasts its warmup says little
    of what follows; and 1.3 % of the `loss` times the square of the depth, the share of its peak by which the LR falls
    below the least logged share.
    """
    peak = float(lrs.max())
    nearest = _nearest(known, peak)
    gone = int(np.searchsorted(np.cumsum(lrs), _total(known, nearest), side="right"))
    further = np.zeros(len(lrs))
    further[gone:] = progress[max(gone - 1, 0)] - progress[gone:]
    after = lrs.copy()
    after[: lrs.argmax()] = peak
    depth = np.maximum(known.least - np.minimum.accumulate(after) / peak, 0.0)
    wake = _WAKE * min(known.warmups, default=0) / known.longest
    found: Floats = np.hypot(_FURTHER * (1.0 + wake**2) * further, _DEEPER * depth**2 * loss)
    return found


def below(known: Seen, loss: Floats) -> Floats:
    """How far below a loss may lie that falls on, as a standard deviation after every update (updates,).

    0.4 of what it fell by over the last doubling of a logged run, for each doubling of the longest one. For logs that
    are not of language models: no floor that a law finds in them bounds what comes after.
    """
    octaves = np.log2(np.maximum(np.arange(1, len(loss) + 1) / known.longest, 1.0))
    return _ON * max(known.falling, 0.0) * octaves * loss


def _nearest(known: Seen, peak: float) -> float:
    """The logged peak LR that is nearest."""
    return min(known.peaks, key=lambda other: abs(np.log(peak / other)))


def late_rise(lrs: Floats) -> float:
    """The largest rise of the LR after it first fell, as a share of its peak."""
    falls = np.diff(lrs) < 0
    after = lrs[int(falls.argmax()) :] if falls.any() else lrs[:0]
    return float((after - np.minimum.accumulate(after)).max(initial=0.0) / lrs.max())
