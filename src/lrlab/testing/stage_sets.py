"""The sets of schedules whose sharing is promised, written out: 10 000 updates with 5 % warmup. For test and benchmark.

What sharing saves depends on the set, not on the engine: smooth decays have only their warmup in common.
"""

from __future__ import annotations

import lrlab as lr
from lrlab.core.expression.node import Schedule

UPDATES = 10_000
_WARMUP = lr.warmup(500)


def wsd(start: int, shape: str = "linear") -> Schedule:
    """A decay to 0 that begins at `start` percent."""
    return lr.wsd(warmup=500, decay=f"{100 - start}%", shape=shape)


def drops(*at: int, gamma: float = 0.1) -> Schedule:
    """Constant, and multiplied by gamma at each of these updates."""
    return _WARMUP >> lr.multistep([update - 500 for update in at], gamma=gamma)


SMOOTH = (
    _WARMUP >> lr.cosine(),
    _WARMUP >> lr.linear(),
    _WARMUP >> lr.exponential(decay=0.01, every="100%"),
    _WARMUP >> lr.polynomial(power=2),
    _WARMUP >> lr.inverse_sqrt(),
)

SETS: dict[str, tuple[Schedule, ...]] = {
    "zoo of 16": (
        _WARMUP >> lr.constant(),
        drops(3000, 6000, 9000),
        drops(5000, 7500),
        drops(6000, 8000),
        *SMOOTH[:4],
        *(wsd(start) for start in (50, 70, 80, 90)),
        lr.one_cycle(),
        _WARMUP >> lr.triangular("12.5%", low=0.1),
        _WARMUP >> lr.warm_restarts(1357),
        _WARMUP >> lr.warm_restarts(1357, stretch=2),
    ),
    "mixed: 5 smooth, 8 WSD, 4 multistep": (
        *SMOOTH,
        *(wsd(start) for start in range(60, 100, 5)),
        *(drops(first, second) for first in (6000, 7000) for second in (8000, 9000)),
    ),
    "WSD: 10 starts x 3 shapes": tuple(
        wsd(start, shape) for start in range(50, 100, 5) for shape in ("linear", "one_minus_sqrt", "cosine")
    ),
    "multistep: 3 x 3 milestones x 3 factors": tuple(
        drops(first, second, gamma=gamma)
        for first in (4000, 5000, 6000)
        for second in (7000, 8000, 9000)
        for gamma in (0.1, 0.2, 0.5)
    ),
}

# Of every hundred updates, so many at least need not be trained.
PROMISED = dict(zip(SETS, (0.29, 0.49, 0.69, 0.64), strict=True))
