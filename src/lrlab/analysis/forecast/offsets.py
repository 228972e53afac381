"""How far a law that holds at one peak LR holds at another: a random walk over the logarithm of the peak.

A fit is anchored at one logged peak LR. At the peak of x octaves from there the floor and the noise of the law are off
by d(x), a random walk from d(0) = 0 in either direction:

    var d(x) = sd^2 |x|,   cov(d(x), d(y)) = sd^2 min(|x|, |y|) on one side of the anchor, 0 across it.

Curves at other logged peaks tell their own offsets, and little else of the anchor's own curves; at a peak that was not
logged the walk is bridged between those beside it, or goes on from the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SAME = 1.2  # peaks within this ratio are one


@dataclass(frozen=True)
class Walk:
    """The offsets of a fit anchored at the peak LR `anchor`: those at `others` are fitted, those elsewhere follow.

    `floor` and `noise` are the standard deviations of the walk after one octave, in units of the outer coefficients.
    """

    anchor: float
    others: tuple[float, ...]
    floor: float
    noise: float

    @property
    def octaves(self) -> Floats:
        """Where the others are, in octaves from the anchor (others,)."""
        return np.log2(np.array(self.others, dtype=np.float64) / self.anchor)

    @property
    def prior(self) -> Floats:
        """Covariance of the offsets (floor, noise, floor, noise ...) before any log is read, (2 others, 2 others)."""
        at = self.octaves
        shared = np.minimum.outer(np.abs(at), np.abs(at)) * (np.sign(at)[:, None] == np.sign(at))
        return np.kron(shared, np.diag([self.floor**2, self.noise**2]))

    def columns(self, plain: Floats, peak: float) -> Floats:
        """The columns (times, 3) of a law and those of the offsets beside them, for a curve at a logged `peak`."""
        beside = np.zeros((len(plain), 2 * len(self.others)))
        for index, other in enumerate(self.others):
            if near(peak, other) and not near(peak, self.anchor):
                beside[:, 2 * index : 2 * index + 2] = plain[:, [0, 2]]
        return np.hstack([plain, beside])

    def at(self, peak: float) -> tuple[Floats, Floats]:
        """At any peak: the matrix (3, 3 + 2 others) to the outer coefficients there, and their further variance (3,).

        >>> matrix, variance = Walk(1e-3, (4e-3,), floor=0.1, noise=0.2).at(2e-3)
        >>> matrix.tolist()
        [[1.0, 0.0, 0.0, 0.5, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.5]]
        >>> variance.round(6).tolist()
        [0.005, 0.0, 0.02]
        """
        away = float(np.log2(peak / self.anchor))
        known = [(0.0, -1), *((abs(x), i) for i, x in enumerate(self.octaves.tolist()) if x * away > 0)]
        below, first = max(place for place in known if place[0] <= abs(away))
        above, second = min((place for place in known if place[0] > abs(away)), default=(np.inf, -1))
        left = abs(away) - below
        share = left / (above - below)  # 0 beyond the last
        matrix = np.eye(3, 3 + 2 * len(self.others))
        for index, weight in ((first, 1.0 - share), (second, share)):
            if index >= 0:
                matrix[[0, 2], [3 + 2 * index, 4 + 2 * index]] += weight
        return matrix, left * (1.0 - share) * np.array([self.floor**2, 0.0, self.noise**2])


def near(peak: float, other: float) -> bool:
    """Whether two peak LRs count as one."""
    return max(peak / other, other / peak) <= SAME


def distinct(peaks: Sequence[float]) -> list[float]:
    """One of each group of peak LRs that count as one, the first of each.

    >>> distinct([1e-3, 1.1e-3, 3e-3])
    [0.001, 0.003]
    """
    found: list[float] = []
    for peak in peaks:
        if not any(near(peak, other) for other in found):
            found.append(float(peak))
    return found
