"""One sweep: the LR grows at every update, and the training loss says where learning begins and where it breaks.

A sweep alone is no answer (see `lrlab.analysis.find.rules`): it only tells where short complete runs are to be tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SURE, _RISEN = 2.5, 5.0  # standard deviations of the smoothed loss: so much it falls or rises before that counts
_BEGINNING = 0.25  # of the sweep: there the LR is too low to do anything


@dataclass(frozen=True)
class Sweep:
    """What one sweep says.

    `begin` is the loss before anything is learned, `noise` that of one loss, `lowest` the lowest smoothed loss and `at`
    its log LR; `breaks` is the log LR from which on the loss is above where it began, None where that was not reached.
    `learns` says whether the loss fell by more than the noise.
    """

    begin: float
    noise: float
    lowest: float
    at: float
    breaks: float | None
    learns: bool


def read_sweep(log_lr: Floats, losses: Floats) -> Sweep | None:
    """Read a sweep; None where not even the first losses are finite.

    >>> log_lr = np.linspace(-7, 7, 60)
    >>> found = read_sweep(log_lr, np.where(log_lr < 3, 2 - np.clip(log_lr + 3, 0, 4) / 4, 9.0))
    >>> round(found.at, 1), round(found.breaks, 1), found.learns
    (1.8, 2.7, True)
    """
    finite = np.isfinite(losses)
    count = len(losses) if finite.all() else int(finite.argmin())
    if count < 3:
        return None
    few = max(3, int(_BEGINNING * len(log_lr)))
    first = losses[: min(few, count)]
    begin, noise = float(np.median(first)), float(_spread(first))
    width = max(1, len(log_lr) // 20)
    smooth = _smoothed(losses[:count], width)
    error = noise / np.sqrt(width)
    lowest = int(smooth.argmin())
    above = smooth > max(begin + _RISEN * error, begin + 0.5 * (begin - float(smooth[lowest])))
    after = np.flatnonzero(above & (np.arange(count) > few))
    breaks = log_lr[after[0]] if len(after) else log_lr[count] if count < len(log_lr) else None
    before = smooth[: after[0]] if len(after) else smooth
    at = int(before.argmin())
    return Sweep(
        begin,
        noise,
        float(before[at]),
        float(log_lr[at]),
        None if breaks is None else float(breaks),
        bool(begin - before[at] > _SURE * error),
    )


def _spread(values: Floats) -> float:
    """The standard deviation, from the differences of neighbours: a slow fall is none of it."""
    return float(np.median(np.abs(np.diff(values)))) / 0.954


def _smoothed(values: Floats, width: int) -> Floats:
    """Medians of three, so that one batch decides nothing, and their means over `width` updates before and after."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    middle = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    sums = np.cumsum(np.concatenate([[0.0], middle]))
    low = np.clip(np.arange(len(values)) - width, 0, None)
    high = np.clip(np.arange(len(values)) + width + 1, None, len(values))
    found: Floats = (sums[high] - sums[low]) / (high - low)
    return found
