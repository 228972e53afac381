"""A curve as small as a picture beside a name: a few points, between 0 and 1 both ways."""

from __future__ import annotations

from lrlab.core.expression.node import Schedule
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError

FEW = 60  # points


def small(schedule: Schedule, horizon: Horizon) -> list[list[float]]:
    """The points of a schedule over a run; none where it cannot be drawn.

    >>> import lrlab as lr
    >>> small(lr.linear(), Horizon(updates=101))
    [[0.0, 1.0], [0.9901, 0.0099]]
    >>> small(lr.cosine(500), Horizon(updates=10))
    []
    """
    from lrlab.desk import compose as desk

    try:
        curve = desk.drawn(schedule, horizon)
    except LrlabError:
        return []
    top, n = max(curve.peak, 1e-300), max(1, horizon.total or 1)
    every = max(1, len(curve.x) // FEW)
    at = [*range(0, len(curve.x) - 1, every), len(curve.x) - 1]
    return [[round(float(curve.x[k]) / n, 4), round(float(curve.y[k]) / top, 4)] for k in at]
