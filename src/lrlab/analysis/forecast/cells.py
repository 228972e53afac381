"""An LR curve in few cells: what a loss law is integrated over while it is being fitted.

A law sums over every update; a fit evaluates it some hundred times. Where the LR is flat or smooth, hundreds of
updates can share one cell, so that a fit costs the same for a curve of 5 000 and of 500 000 updates. A cell holds
the mean LR of its updates, so the sum of LRs (the progress of every law) is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CHANGE = 0.02  # the LR moves by at most this share of its peak within a cell
_LONGEST = 400  # updates: the weight norm moves also where the LR rests
_EARLY = 60  # cells whose length grows with time: at first the weight norm moves fast
_WARMUP = 12  # cells for the first rise at least, where the LR changes most in relation to itself


@dataclass(frozen=True)
class Cells:
    """Consecutive stretches of updates with one LR each.

    `lr` and `width` (updates) have shape (cells,); `ends` (observations,) are the cells at whose end the loss was
    observed.
    """

    lr: Floats
    width: Floats
    ends: Ints


def single(lrs: Floats) -> Cells:
    """Every update a cell of its own, observed after each: the law as it is defined.

    >>> single(np.array([0.1, 0.2])).ends
    array([0, 1])
    """
    return Cells(lrs, np.ones(len(lrs)), np.arange(len(lrs)))


def compress(lrs: Floats, observed: Ints) -> Cells:
    """The LR of every update (horizon,) in cells, up to the last of `observed` (completed updates, ascending).

    A cell ends at every observation, wherever the LR has moved by 2 % of its peak, after 400 updates, and earlier
    at the beginning of a run; an abrupt change is therefore never averaged over.

    >>> cells = compress(np.full(100_000, 0.1), np.array([50_000, 100_000]))
    >>> len(cells.width), float(cells.width.sum()), float(cells.width[: cells.ends[0] + 1].sum())
    (304, 100000.0, 50000.0)
    """
    horizon = int(observed[-1])
    lrs = lrs[:horizon]
    travelled = np.cumsum(np.abs(np.diff(lrs, prepend=lrs[:1])))
    rungs = np.floor(travelled / (_CHANGE * lrs.max(initial=0.0) or 1.0))
    top = int(np.argmax(lrs))
    cuts = np.concatenate(
        [
            np.flatnonzero(np.diff(rungs)) + 1,
            np.arange(0, horizon, _LONGEST),
            np.linspace(0, top, _WARMUP + 1).astype(np.int64),
            np.geomspace(1, horizon, _EARLY).astype(np.int64),
            observed,
        ]
    )
    edges = np.unique(cuts)
    width = np.diff(edges)
    mean = np.add.reduceat(lrs, edges[:-1]) / width
    return Cells(mean, width.astype(np.float64), np.searchsorted(edges, observed) - 1)
