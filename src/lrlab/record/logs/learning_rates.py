"""The LR of every update from a sparse log of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def fill(at: Ints, values: Floats, horizon: int, warmup: int = 0) -> Floats:
    """The LR of updates 0 ... horizon-1, from the LR `values` of the updates `at` (ascending).

    Linear between logged values; the value before an abrupt change is held until the change was logged; the last value
    stays. A rise is continued backwards before the first value; otherwise the first value holds from the start. The
    first `warmup` updates, if given, rise linearly to the first value at or after them: (i + 1) / (warmup + 1).

    >>> fill(np.array([0, 4]), np.array([1.0, 0.6]), 6).round(6).tolist()
    [1.0, 0.9, 0.8, 0.7, 0.6, 0.6]
    """
    updates = np.arange(horizon)
    known, seen = _with_jumps(at, values)
    lrs = np.interp(updates, known, seen)
    if warmup > 0:
        after = at >= warmup
        peak = values[after][0] if after.any() else values[-1]
        rising = updates < warmup
        lrs[rising] = peak * (updates[rising] + 1) / (warmup + 1)
        gap = (updates >= warmup) & (updates < at[after][0]) if after.any() else np.zeros(horizon, bool)
        lrs[gap] = peak
    elif len(at) > 1 and values[1] > values[0]:
        slope = (values[1] - values[0]) / (at[1] - at[0])
        first = max(values[0] - slope * at[0], values[0] / (at[0] + 1))
        lrs[: at[0]] = first + (values[0] - first) * updates[: at[0]] / at[0]
    return lrs


def _with_jumps(at: Ints, values: Floats) -> tuple[Floats, Floats]:
    """The points with one more just before each abrupt change, so that interpolation keeps the change abrupt.

    A change is abrupt if it is more than a tenth of the peak, and three times as steep as before and after.
    """
    if len(at) < 3:
        return at.astype(np.float64), values
    steep = np.abs(np.diff(values)) / np.diff(at)
    around = np.maximum(np.append(0.0, steep[:-1]), np.append(steep[1:], 0.0))
    abrupt = (np.abs(np.diff(values)) > 0.1 * values.max()) & (steep > 3 * around)
    abrupt[0] &= values[1] < values[0]  # a rise at the very beginning is a warmup with two logged values
    jumps = np.flatnonzero(abrupt)
    known = np.concatenate([at, at[jumps + 1] - 1e-6])
    seen = np.concatenate([values, values[jumps]])
    order = np.argsort(known, kind="stable")
    return known[order], seen[order]
