"""What the logs cannot tell: each doubt is a sentence and an addition to the width of the interval.

A law extrapolates. How far is measured against what the logs held (`Seen`); where a prediction has nothing to stand
on it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.log import LogRun

Floats = NDArray[np.float64]

_ANNEALED = 0.6  # of the peak: a run whose LR fell below this shows what lower LR gives
_PEAK_FAR, _PEAK_REFUSED = 2.0, 30.0  # ratio to the nearest fitted peak
_HORIZON_FAR, _HORIZON_REFUSED = 3.1, 30.0  # ratio to the longest logged run


@dataclass(frozen=True)
class Seen:
    """What the logs held: peak LRs, the longest run (updates), whether one was annealed, and its own doubts."""

    peaks: tuple[float, ...]
    longest: int
    annealed: bool
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True)
class Doubt:
    """A reason to trust less: `sentence` (empty: not worth one), and `sd` to add, as a share of the loss."""

    sentence: str
    sd: float


def seen(runs: Sequence[LogRun]) -> Seen:
    """What these logs can teach, with the doubts that hold for every prediction made from them."""
    reached = [run.lrs[: run.updates[-1]] for run in runs]
    annealed = any(lrs[-1] < _ANNEALED * lrs.max() for lrs in reached)
    doubts = []
    if not annealed:
        doubts.append(
            Doubt("no logged run lowers its LR: what a decay gains is not in the logs; add one run with a decay", 0.006)
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
    return Seen(peaks, max(int(run.updates[-1]) for run in runs), annealed, tuple(doubts))


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
    nearest = min(known.peaks, key=lambda other: abs(np.log(peak / other)))
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
    found.append(Doubt(sentence if away > _PEAK_FAR else "", 0.003 * np.log2(away)))
    sentence = f"the run is {longer:.1f}x as long as the longest logged one ({known.longest} updates)"
    found.append(Doubt(sentence if longer > _HORIZON_FAR else "", 0.0015 * np.log2(max(longer, 1.0))))
    if (rise := late_rise(lrs)) > 0.1:
        found.append(Doubt(f"the LR goes up again by {rise:.0%} of its peak: rises were never checked", 0.006 * rise))
    return tuple(doubt for doubt in found if doubt.sd > 0 or doubt.sentence)


def late_rise(lrs: Floats) -> float:
    """The largest rise of the LR after it first fell, as a share of its peak."""
    fell = int(np.argmax(np.diff(lrs) < 0)) if (np.diff(lrs) < 0).any() else len(lrs)
    after = lrs[fell:]
    return float((after - np.minimum.accumulate(after)).max(initial=0.0) / lrs.max())
