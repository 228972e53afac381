"""What the logs cannot tell: each doubt is a sentence and an addition to the width of the interval.

A law extrapolates. How far is measured against what the logs held (`Seen`); where a prediction has nothing to stand
on it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.forecast.fit import ANNEALED
from lrlab.analysis.forecast.offsets import near
from lrlab.errors import LrlabError, worded
from lrlab.record.logs.log import LogRun

Floats = NDArray[np.float64]

_PEAK_FAR, _PEAK_REFUSED = 2.0, 30.0  # ratio to the nearest fitted peak
_HORIZON_FAR, _HORIZON_REFUSED = 3.1, 30.0  # ratio to the longest logged run
_FURTHER, _DEEPER = 0.1, 0.015


@dataclass(frozen=True)
class Seen:
    """What the logs held: peak LRs, the longest run (updates), whether one was annealed, and its own doubts.

    `totals` are the sums of LRs of the runs (in the order of `peaks`), `least` is the least LR as a share of the peak
    of its run, `warmups` are those of the runs in updates, and `shortest` is the shortest of them. Laws of earlier
    versions do not tell these.
    """

    peaks: tuple[float, ...]
    longest: int
    annealed: bool
    doubts: tuple[Doubt, ...] = ()
    totals: tuple[float, ...] = ()
    least: float = 0.0
    warmups: tuple[int, ...] = ()
    shortest: int = 0


@dataclass(frozen=True)
class Doubt:
    """A reason to trust less: `sentence` (empty: not worth one), and `sd` to add, as a share of the loss."""

    sentence: str
    sd: float


def seen(runs: Sequence[LogRun]) -> Seen:
    """What these logs can teach, with the doubts that hold for every prediction made from them."""
    reached = [run.lrs[: run.updates[-1]] for run in runs]
    annealed = any(lrs[-1] < ANNEALED * lrs.max() for lrs in reached)
    doubts = []
    if not annealed:
        doubts.append(
            Doubt("no logged run lowers its LR: what a decay gains is not in the logs; add one run with a decay", 0.0)
        )
    for run in runs:
        if rise := _upturn(run):
            doubts.append(
                Doubt(
                    f"{run.name or 'a run'}: the loss turns up by {rise:.1%} at the end, as in overfitting over "
                    "several epochs; no loss law follows that",
                    0.5 * rise + 0.01,
                )
            )
        if run.batch_changes:
            doubts.append(
                Doubt(f"{run.name or 'a run'}: the batch size changes during the run; the laws do not know it", 0.02)
            )
    peaks = tuple(float(lrs.max()) for lrs in reached)
    ends = [int(run.updates[-1]) for run in runs]
    return Seen(
        peaks,
        max(ends),
        annealed,
        tuple(doubts),
        totals=tuple(float(lrs.sum()) for lrs in reached),
        least=min(float(lrs[lrs.argmax() :].min() / lrs.max()) for lrs in reached),
        warmups=tuple(run.warmup for run in runs),
        shortest=min(ends),
    )


def _upturn(run: LogRun) -> float:
    """By what share the loss ends above its least stretch although the LR was not raised; 0 if by less than 1 %."""
    stretches = np.array_split(np.arange(len(run.loss)), min(10, len(run.loss)))
    means = np.array([run.loss[stretch].mean() for stretch in stretches])
    least = int(np.argmin(means))
    rise = float(means[-1] / means[least] - 1.0)
    at = run.updates[stretches[least][0]] - 1
    raised = run.lrs[run.updates[-1] - 1] > 1.05 * run.lrs[at]
    return rise if rise > 0.01 and not raised else 0.0


def doubts(known: Seen, lrs: Floats) -> tuple[Doubt, ...]:
    """What speaks against a prediction for the learning rates `lrs` (updates,).

    Raises `LrlabError` where it would be a guess: a peak LR or a horizon beyond 30 times the logged ones.
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
    found.append(Doubt(sentence if away > _PEAK_FAR else "", 0.0))  # its width is that of the offsets
    sentence = f"the run is {longer:.1f}x as long as the longest logged one ({known.longest} updates)"
    found.append(Doubt(sentence if longer > _HORIZON_FAR else "", 0.0))  # its width: `beyond`
    if (rise := late_rise(lrs)) > 0.1:
        found.append(Doubt(f"the LR goes up again by {rise:.0%} of its peak: rises were never checked", 0.006 * rise))
    return tuple(doubt for doubt in found if doubt.sd > 0 or doubt.sentence)


def beyond(known: Seen, lrs: Floats, loss: Floats, progress: Floats) -> Floats:
    """What is not known of the loss beyond the logs, as a standard deviation after every update (updates,).

    A tenth of the further `progress` (updates,) that the law foresees once the sum of LRs exceeds that of every run at
    the nearest logged peak; and 1.5 % of the `loss` times the square of the depth, the share of its peak by which the
    LR falls below the least logged share.
    """
    peak = float(lrs.max())
    nearest = _nearest(known, peak)
    own = [total for other, total in zip(known.peaks, known.totals, strict=False) if near(other, nearest)]
    gone = int(np.searchsorted(np.cumsum(lrs), max(own, default=nearest * known.longest)))
    further = np.zeros(len(lrs))
    further[gone:] = progress[max(gone - 1, 0)] - progress[gone:]
    lowest = np.minimum.accumulate(np.where(np.arange(len(lrs)) < lrs.argmax(), peak, lrs))
    depth = np.maximum(known.least - lowest / peak, 0.0)
    found: Floats = np.hypot(_FURTHER * further, _DEEPER * depth**2 * loss)
    return found


def _nearest(known: Seen, peak: float) -> float:
    """The logged peak LR that is nearest."""
    return min(known.peaks, key=lambda other: abs(np.log(peak / other)))


def _since(gone: NDArray[np.bool_], column: Floats) -> Floats:
    """By how much a column has fallen since the last update before `gone` was first true."""
    if not gone.any():
        return np.zeros(len(column))
    at = int(gone.argmax())
    fallen: Floats = np.append(np.zeros(at), np.maximum(column[max(at - 1, 0)] - column[at:], 0.0))
    return fallen


def late_rise(lrs: Floats) -> float:
    """The largest rise of the LR after it first fell, as a share of its peak."""
    fell = int(np.argmax(np.diff(lrs) < 0)) if (np.diff(lrs) < 0).any() else len(lrs)
    after = lrs[fell:]
    return float((after - np.minimum.accumulate(after)).max(initial=0.0) / lrs.max())
