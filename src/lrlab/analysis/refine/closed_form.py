"""From the norms of the gradients to the schedule that minimises the bound on the last iterate, in closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def smoothed(norms: Floats, width: float) -> Floats:
    """The running median over a share `width` of the run, and of this the running mean; both ends are reflected.

    The median does not see spikes, and jumps from one norm to the next; the mean takes the jumps out.

    >>> smoothed(np.array([1.0, 1.0, 9.0, 1.0, 1.0]), 0.6).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    reach = int(width * len(norms)) // 2
    if reach == 0:
        return norms
    found: Floats = _windows(np.median(_windows(norms, reach), axis=1), reach).mean(axis=1)
    return found


def _windows(norms: Floats, reach: int) -> Floats:
    """Each norm with so many before and after it."""
    padded = np.concatenate([norms[:reach][::-1], norms, norms[-reach:][::-1]])
    found: Floats = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return found


def closed_form(norms: Floats, power: float) -> tuple[Floats, Floats]:
    """The schedule at the beginning, in the middle of each of equal stretches with these norms, and at the end.

        w = norm ** -power;  value(t) = w(t) * (integral of w from t to the end), then divided by its maximum

    The power is 2 for SGD, with L2 norms, and 1 for Adam, with L1 norms. Equal norms give a linear decay to 0. Returns
    times as shares of the run, and values.

    Source: Defazio et al., Optimal linear decay learning rate schedules and further refinements, 2023,
    arXiv:2310.07831.

    >>> times, values = closed_form(np.ones(4), 2)
    >>> times.tolist(), values.tolist()
    ([0.0, 0.125, 0.375, 0.625, 0.875, 1.0], [1.0, 0.875, 0.625, 0.375, 0.125, 0.0])
    """
    count = len(norms)
    weights = (norms / norms.min()) ** -power  # at most 1, whatever the unit of the norms
    after = np.cumsum(weights[::-1])[::-1] - weights / 2
    values = np.concatenate([[weights[0] * weights.sum()], weights * after, [0.0]])
    times = np.concatenate([[0.0], (np.arange(count) + 0.5) / count, [1.0]])
    return times, values / values.max()


def thinned(times: Floats, values: Floats, tolerance: float) -> list[tuple[float, float]]:
    """The fewest of the points that straight lines between them need to stay within `tolerance` of all others.

    >>> thinned(np.array([0.0, 0.5, 1.0]), np.array([1.0, 0.501, 0.0]), 0.01)
    [(0.0, 1.0), (1.0, 0.0)]

    Source: Douglas & Peucker, Algorithms for the reduction of the number of points, 1973.
    """
    kept = {0, len(times) - 1}
    open_ = [(0, len(times) - 1)]
    while open_:
        first, last = open_.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        line = np.interp(times[inner], times[[first, last]], values[[first, last]])
        gap = np.abs(values[inner] - line)
        worst = int(gap.argmax())
        if gap[worst] > tolerance:
            at = first + 1 + worst
            kept.add(at)
            open_ += [(first, at), (at, last)]
    return [(float(times[k]), float(values[k])) for k in sorted(kept)]
