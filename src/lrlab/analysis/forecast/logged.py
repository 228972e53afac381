"""What logs can teach a loss law: a log whose loss does not fall is refused, and what they leave open is doubted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.forecast.doubts import Doubt, Seen
from lrlab.analysis.forecast.fit import ANNEALED, roughness
from lrlab.analysis.forecast.intervals import RUN_NOISE
from lrlab.errors import LrlabError, worded
from lrlab.record.logs.log import LogRun

Floats = NDArray[np.float64]

_FEW = 8  # losses: below, a curve has no shape
_SHORT = 100  # updates: below, they may be epochs
_WAKE = 0.25  # of a log: a longer warmup leaves little behind its wake
_ROUGH = 0.04  # of the loss: losses that scatter by more from row to row hide the curve
_FALL = 1e-3  # of the loss: a smaller fall is none


def seen(runs: Sequence[LogRun]) -> Seen:
    """What these logs can teach, with the doubts that hold for every prediction made from them.

    Raises `LrlabError` for a loss that does not fall, for a run that is given twice, and where some runs count updates
    and others epochs.
    """
    for run in runs:
        if not falls(run):
            problem = f"{run.name or 'a run'}: its loss does not fall by more than it scatters; is this an accuracy?"
            given = f"{run.loss[0]:.4g} at first, {run.loss.min():.4g} at least, {run.loss[-1]:.4g} at last"
            if run.loss.min() > 0:
                given += f"; scatters by {roughness(run.loss):.2g} of itself over {len(run.loss)} rows"
            raise LrlabError(
                worded(problem, given, "a loss that falls, such as a cross-entropy", "loss= and its column")
            )
    for one, other in combinations(runs, 2):
        if all(np.array_equal(*pair) for pair in ((one.updates, other.updates), (one.loss, other.loss))):
            names = f"{one.name or 'a run'} and {other.name or 'a run'}"
            raise LrlabError(worded("two logs are the same run, which would count twice", names, "each run once"))
    units = {f"{k} {run.name}".strip(): run.unit for k, run in enumerate(runs, 1)}
    if len(set(units.values())) > 1:
        raise LrlabError(worded("logs in updates and in epochs", units, "one unit for all", "updates_per_epoch=391"))
    reached = [run.lrs[: run.updates[-1]] for run in runs]
    annealed = any(lrs[-1] < ANNEALED * lrs.max() for lrs in reached)
    found = [doubt for run in runs for doubt in _of_one(run)]
    for one, other in permutations(runs, 2):
        if one.updates[-1] < other.updates[0]:
            begins = f"{other.name or 'a run'} begins where {one.name or 'a run'} has ended (after {one.updates[-1]})"
            found.append(Doubt(f"{begins}: parts of one run are joined by read_run with a list of them", 0.0))
    if not annealed:
        sentence = "no logged run lowers its LR: what a decay gains is not in the logs; add one run with a decay"
        found.insert(0, Doubt(sentence, 0.0))  # its width: `beyond`
    if (noise := replicated(runs)) > RUN_NOISE:
        sentence = f"two logged runs of one schedule differ by {np.sqrt(2) * noise:.2%} of the loss"
        found.append(Doubt(sentence, float(np.sqrt(noise**2 - RUN_NOISE**2))))
    ends = [int(run.updates[-1]) for run in runs]
    return Seen(
        tuple(float(lrs.max()) for lrs in reached),
        max(ends),
        annealed,
        tuple(found),
        totals=tuple(float(lrs.sum()) for lrs in reached),
        least=min(float(lrs[lrs.argmax() :].min() / lrs.max()) for lrs in reached),
        warmups=tuple(run.warmup for run in runs),
        shortest=min(ends),
        falling=max(_falling(run) for run in runs),
        scatter=max(roughness(run.loss) for run in runs),
    )


def _of_one(run: LogRun) -> Iterator[Doubt]:
    name, points = run.name or "a run", len(run.loss)
    if rise := _upturn(run):
        yield Doubt(
            f"{name}: the loss turns up by {rise:.1%} at the end, as in overfitting over several epochs; no loss law "
            "follows that",
            0.5 * rise + 0.01,
        )
    if run.batch_changes:
        yield Doubt(f"{name}: the batch size changes during the run; the laws do not know it", 0.02)
    if points < _FEW:
        yield Doubt(f"{name}: only {points} losses were logged; log at least 20 along a run", 0.01 * _FEW / points)
    elif run.loss.min() > 0 and (scatter := roughness(run.loss)) > _ROUGH:
        yield Doubt(
            f"{name}: its losses scatter by {scatter:.0%} from row to row; log means over more updates, or a "
            "validation loss",
            0.0,
        )
    if run.warmup > _WAKE * run.updates[-1]:
        yield Doubt(
            f"{name}: {run.warmup} of its {run.updates[-1]} updates are warmup; what follows it is hardly in the log",
            0.0,
        )  # its width: `beyond`
    if run.horizon < _SHORT:
        yield Doubt(
            f"{name}: it has {run.horizon} {run.unit}s; a law is made for updates, of which it needs many", 0.01
        )
    elif run.unit != "update":
        yield Doubt(
            f"{name}: it counts {run.unit}s, and so does what is asked; updates_per_epoch= makes them updates",
            0.0,
        )


def _stretches(run: LogRun) -> tuple[list[NDArray[np.int64]], Floats]:
    """At most ten stretches of points, and the mean loss of each."""
    stretches = np.array_split(np.arange(len(run.loss)), min(10, len(run.loss)))
    return stretches, np.array([run.loss[stretch].mean() for stretch in stretches])


def falls(run: LogRun) -> bool:
    """Whether a loss falls at all: below its first stretch by more than a thousandth, and than its scatter explains.

    >>> falls(LogRun.from_arrays([1, 2, 3, 4], [0.2, 0.5, 0.7, 0.8], [0.1] * 4))
    False
    """
    stretches, means = _stretches(run)
    scatter = 4.0 * roughness(run.loss) / np.sqrt(len(stretches[0])) if run.loss.min() > 0 else 0.0
    return bool(means[0] - means.min() > max(_FALL, scatter) * means[0])


def _falling(run: LogRun) -> float:
    """The logarithm by which the loss fell over the last doubling of the run: means of a tenth of the points each."""
    few = max(3, len(run.loss) // 10)
    near = np.argsort(np.abs(run.updates - 0.5 * run.updates[-1]), kind="stable")[:few]
    logs = np.log(run.loss)
    return float(logs[near].mean() - logs[-few:].mean())


def _upturn(run: LogRun) -> float:
    """By what share the loss ends above its least stretch although the LR was not raised; 0 if by less than 1 %."""
    stretches, means = _stretches(run)
    least = int(np.argmin(means))
    rise = float(means[-1] / means[least] - 1.0)
    at = run.updates[stretches[least][0]] - 1
    raised = run.lrs[run.updates[-1] - 1] > 1.05 * run.lrs[at]
    return rise if rise > 0.01 and not raised else 0.0


def replicated(runs: Sequence[LogRun]) -> float:
    """The noise of one run as a share of the loss, from the second halves of runs of one schedule; 0 without such.

    >>> lrs, at = [0.1] * 40, [10, 20, 30, 40]
    >>> runs = [LogRun.from_arrays(at, loss, lrs) for loss in ([4, 3, 2.0, 1.0], [4, 3, 2.02, 1.01])]
    >>> round(replicated(runs), 4)
    0.007
    """
    noises = []
    for one, other in combinations(runs, 2):
        if one.horizon != other.horizon or not np.allclose(one.lrs, other.lrs, rtol=1e-6, atol=0.0):
            continue
        shared = np.intersect1d(one.updates, other.updates)
        shared = shared[shared > 0.5 * one.horizon]
        first, second = (run.loss[np.searchsorted(run.updates, shared)] for run in (one, other))
        if len(shared) and (first != second).any():
            noises.append(float(np.sqrt(np.mean((first / second - 1.0) ** 2) / 2.0)))
    return max(noises, default=0.0)
