"""Draws of what is believed after something was seen, where it was standard normal before.

Sequential Monte Carlo (Del Moral, Doucet and Jasra 2006, doi:10.1111/j.1467-9868.2006.00553.x): the draws go from what
was believed to what is by steps, each of which heeds the likelihood by a greater power. At a step they are drawn anew
by how probable they have become, and then moved, each by itself, in a way that leaves their distribution as it is
(random-walk Metropolis). So none of them has more weight than another at the end, however far off what was seen is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 10_000
WORTH = 0.9  # of the draws: what the weights of one step are worth (1 / sum of their squares)
MOVES, MORE = 5, 20  # at each step, and at the last one
LEAST, MOST = 0.1, 1.2  # the length of a move, in standard deviations of the draws


def drawn(likely: Callable[[Floats], Floats], dimensions: int, draw: np.random.Generator) -> Floats:
    """Draws (rows) of standard normal numbers, given a log likelihood of each row.

    >>> seen = drawn(lambda z: -0.5 * (z[:, 0] - 2.0) ** 2, 1, np.random.default_rng(0))
    >>> round(float(seen.mean()), 1), round(float(seen.var()), 1)
    (1.0, 0.5)
    """
    z = draw.standard_normal((DRAWS, dimensions))
    known, heed = likely(z), 0.0
    while heed < 1.0:
        step = _step(known, 1.0 - heed)
        heed = min(heed + step, 1.0)
        chosen = _chosen(step * known, draw)
        z, known = z[chosen], known[chosen]
        root = np.linalg.cholesky(np.atleast_2d(np.cov(z.T)) + 1e-9 * np.eye(dimensions))
        for _ in range(MORE if heed == 1.0 else MOVES):
            far = np.exp(draw.uniform(np.log(LEAST), np.log(MOST), (DRAWS, 1)))
            there = z + far * (draw.standard_normal(z.shape) @ root.T)
            gain = likely(there)
            better = heed * (gain - known) - 0.5 * ((there**2).sum(axis=1) - (z**2).sum(axis=1))
            moves = np.log(draw.random(DRAWS)) < better
            z, known = np.where(moves[:, None], there, z), np.where(moves, gain, known)
    return z


def _step(known: Floats, most: float) -> float:
    """The greatest further power with which the draws stay worth `WORTH` of their number, to one part in a thousand."""
    if _worth(most * known) >= WORTH:
        return most
    low, high = 0.0, most
    while high - low > 1e-3 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _worth(middle * known) >= WORTH else (low, middle)
    return high


def _worth(likely: Floats) -> float:
    weights = np.exp(likely - likely.max())
    return float(weights.sum() ** 2 / (weights**2).sum() / DRAWS)


def _chosen(likely: Floats, draw: np.random.Generator) -> NDArray[np.intp]:
    """Which draws stay, some of them more than once: each as often as it is probable, by systematic resampling."""
    ends = np.cumsum(np.exp(likely - likely.max()))
    found: NDArray[np.intp] = np.searchsorted(ends, ends[-1] * (np.arange(DRAWS) + draw.random()) / DRAWS)
    return found
