"""How much tuning an arm needs: what is to be expected of it after one, two, three or five LRs that were tried.

As AlgoPerf asks of tuning (Dahl et al., Benchmarking neural network training algorithms, 2023, arXiv:2306.07179), over
learning rates alone. An arm that is good at most of them wins where little is tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from lrlab.analysis.comparison.profile import Grid

TRIED = (1, 2, 3, 5)


@dataclass(frozen=True)
class Tuned:
    """The mean that is to be expected after so many LRs; None where all of them may have diverged."""

    tried: int
    mean: float | None


def common(grids: Mapping[str, Grid]) -> tuple[float, ...]:
    """The LRs that every arm was tried at which has more than one: all of these have the same chances.

    >>> one, more = {1.0: np.ones(2)}, {0.5: np.ones(2), 1.0: np.ones(2), 2.0: np.ones(2)}
    >>> common({"a": more, "b": {**more, 4.0: np.ones(2)}, "finds its own": one})
    (0.5, 1.0, 2.0)
    """
    several = [set(grid) for grid in grids.values() if len(grid) > 1]
    return tuple(sorted(set.intersection(*several))) if several else ()


def tuning_curve(grid: Grid, lrs: Sequence[float], sign: float = 1.0) -> tuple[Tuned, ...]:
    """What is to be expected after k of these `lrs` were tried, for each k of TRIED that there are LRs for.

    mean(k) = mean over units u of sum over i of x(i, u) C(n - i, k - 1) / C(n, k)

    where x(i, u) is the score in unit u at the LR that is i-th best in all other units, i = 1 ... n: k distinct LRs
    are drawn, each set as likely, and the best one is chosen on data that it is not judged on. An LR that diverged
    somewhere comes last, and is a miss. An arm with one LR has nothing to try: its mean stays. `sign` is -1 where more
    is better and the scores are turned round.

    >>> curve = tuning_curve({0.5: np.array([3.0, 3.0]), 1.0: np.array([1.0, 1.0])}, (0.5, 1.0))
    >>> [(point.tried, point.mean) for point in curve]
    [(1, 2.0), (2, 1.0)]
    """
    counts = [k for k in TRIED if k <= len(lrs)]
    table = np.array([grid[lr] for lr in (lrs if len(grid) > 1 else grid)])
    if not counts:
        return ()
    n = len(table)
    gone = np.isinf(table).any(axis=1)
    known = np.where(gone[:, None], 0.0, table)
    elsewhere = np.where(gone[:, None], np.inf, known.sum(axis=1, keepdims=True) - known)
    ranked = np.take_along_axis(known, elsewhere.argsort(axis=0, kind="stable"), axis=0)
    found = []
    for k in counts:
        drawn = min(k, n)
        weights = np.array([comb(n - i, drawn - 1) / comb(n, drawn) for i in range(1, n + 1)])
        found.append(Tuned(k, None if gone.sum() >= drawn else sign * float((weights @ ranked).mean())))
    return tuple(found)
