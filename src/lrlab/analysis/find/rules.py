"""The rules by which others read an LR off one sweep, as they are published, beside which ours is shown.

| name | who | rule |
|---|---|---|
| steepest | torch-lr-finder 0.2.2, ignite | where the smoothed loss falls fastest from one update to the next |
| steepest per LR | Lightning 2.6 | where the raw loss falls fastest per unit of LR |
| valley | fastai 2.8 | two thirds down the longest stretch in which the smoothed loss falls |
| slide | fastai 2.8 | from the right, the last LR before the smoothed loss blows up |
| minimum / 10 | fastai 2.8, after Smith 2017 (arXiv:1506.01186) | a tenth of the LR of the lowest smoothed loss |

Each leaves out updates at both ends as its library does, in shares of the sweep, for theirs have 100 updates.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FASTAI, FINDER = 0.98, 0.05  # weights of the past (fastai) and of the present (torch-lr-finder) in their smoothing


def suggestions(lrs: Floats, losses: Floats) -> dict[str, float | None]:
    """What each rule suggests for a sweep of LRs and the training loss at each; None where it has too few points.

    >>> lrs = np.geomspace(1e-3, 10, 100)
    >>> found = suggestions(lrs, 2 + (np.log10(lrs) + 0.5) ** 2)
    >>> {name: round(lr, 3) for name, lr in found.items() if lr}["minimum / 10"]
    0.298
    """
    return {name: _applied(rule, lrs, losses) for name, rule in RULES.items()}


def _applied(rule: Callable[[Floats, Floats], float | None], lrs: Floats, losses: Floats) -> float | None:
    known = np.isfinite(losses)
    return rule(lrs[known], losses[known])


def _inner(values: Floats, first: float, last: float) -> Floats:
    """Without these shares at both ends."""
    return values[int(first * len(values)) : len(values) - max(1, int(last * len(values)))]


def averaged(losses: Floats, past: float) -> Floats:
    """The exponential mean, corrected for its beginning at 0."""
    found, mean = np.empty(len(losses)), 0.0
    for k, loss in enumerate(losses):
        mean = past * mean + (1 - past) * loss
        found[k] = mean / (1 - past ** (k + 1))
    return found


def _steepest(lrs: Floats, losses: Floats) -> float | None:
    smooth = losses.copy()
    for k in range(1, len(smooth)):
        smooth[k] = FINDER * losses[k] + (1 - FINDER) * smooth[k - 1]
    lrs, smooth = _inner(lrs, 0.1, 0.05), _inner(smooth, 0.1, 0.05)
    return float(lrs[np.gradient(smooth).argmin()]) if len(smooth) > 1 else None


def _steepest_per_lr(lrs: Floats, losses: Floats) -> float | None:
    lrs, losses = _inner(lrs, 0.1, 0.01), _inner(losses, 0.1, 0.01)
    return float(lrs[np.gradient(losses, lrs).argmin()]) if len(losses) > 1 else None


def _valley(lrs: Floats, losses: Floats) -> float | None:
    lrs, smooth = _inner(lrs, 0.1, 0.05), _inner(averaged(losses, FASTAI), 0.1, 0.05)
    if len(smooth) < 2:
        return None
    length = np.ones(len(smooth), int)  # of the longest falling subsequence that ends here
    for k in range(1, len(smooth)):
        length[k] = 1 + max((int(length[j]) for j in range(k) if smooth[k] < smooth[j]), default=0)
    end = int(length.argmax())
    start = end - int(length[end]) if end else 0  # of a loss that never falls it is the first LR
    third = (end - start) / 3
    return float(lrs[start + int(third) + int(third / 2)])


def _slide(lrs: Floats, losses: Floats, apart: int = 15, threshold: float = 0.005) -> float | None:
    lrs, smooth = _inner(lrs, 0.1, 0.05), _inner(averaged(losses, FASTAI), 0.1, 0.05)
    if len(smooth) <= apart:
        return None
    slope = np.gradient(smooth)
    right, left = -1, -1 - apart
    found = lrs[left]
    while left >= -len(smooth) and abs(slope[right] - slope[left]) > threshold:
        found = lrs[left]
        right, left = right - 1, left - 1
    return float(found)


def _minimum(lrs: Floats, losses: Floats) -> float | None:
    lrs, smooth = _inner(lrs, 0.1, 0.05), _inner(averaged(losses, FASTAI), 0.1, 0.05)
    return float(lrs[smooth.argmin()]) / 10 if len(smooth) else None


RULES: dict[str, Callable[[Floats, Floats], float | None]] = {
    "steepest": _steepest,
    "steepest per LR": _steepest_per_lr,
    "valley": _valley,
    "slide": _slide,
    "minimum / 10": _minimum,
}
