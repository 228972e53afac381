"""Snaps to round places and levels if one is near, because a hand cannot be exact.

Each gesture gives the range that counts as near: the same pixels are more updates in a long run than in a short one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import rounded
from lrlab.errors import LrlabError, worded

Range = tuple[float, float]
MULTIPLES = (1, 2, 5)
DIGITS = 3  # of a level with no round one near
GRID = Fraction(1, 20)  # of the run


def place(x: float, near: Range | None, horizon: Horizon) -> int:
    """An update: a multiple of 5 % of the run or the end of an epoch if one is near, else the nearest update.

    >>> place(1003.4, (995, 1012), Horizon(updates=20_000)), place(1003.4, None, Horizon(updates=20_000))
    (1000, 1003)
    """
    _finite(x)
    if near is None:
        return round(x)
    grids = horizon.total and GRID * horizon.total, horizon.rate("epochs")
    found = [rounded(round(x / float(grid)) * grid) for grid in grids if grid]
    close = [at for at in found if near[0] <= at <= near[1]]
    return min(close, key=lambda at: abs(at - x)) if close else round(x)


def level(y: float, near: Range | None, others: Iterable[float] = (), unit: float = 1.0) -> float:
    """A level: 0, 1, 2 or 5 times a power of ten, or one of `others`, if one is near; else rounded to three digits.

    Levels are round in multiples of `unit`: the base LR, if absolute LRs are shown.

    >>> level(0.213, (0.19, 0.22)), level(0.213, None), level(0.003, (-0.02, 0.02)), level(0.31, (0.3, 0.34), [0.333])
    (0.2, 0.213, 0.0, 0.333)
    """
    _finite(y)
    y = max(y, 0.0)
    if near is not None:
        low, high = near
        if low <= 0:
            return 0.0
        close = [v for v in (*_round(y * unit, unit), *others) if low <= v <= high]
        if close:
            return min(close, key=lambda v: abs(math.log(v / max(y, low))))
    return float(f"{y:.{DIGITS}g}")


def length(x: float, near: Range | None) -> int:
    """The length of a run: 1, 2 or 5 times a power of ten if one is near, else with three digits; at least 1.

    >>> length(10_300, (9_800, 10_800)), length(12_345, None)
    (10000, 12300)
    """
    _finite(x)
    x = max(x, 1.0)
    close = [v for v in _round(x, 1.0) if near is not None and near[0] <= v <= near[1]]
    return max(1, round(close[0] if close else float(f"{x:.{DIGITS}g}")))


def _round(scaled: float, unit: float) -> list[float]:
    """The round values around a value, in the unit of the values themselves."""
    if scaled <= 0:
        return []
    decade = math.floor(math.log10(scaled))
    return [float(f"{m * 10.0**e / unit:.12g}") for e in (decade, decade + 1) for m in MULTIPLES]


def _finite(value: float) -> None:
    if not math.isfinite(value):
        raise LrlabError(worded("a place in a picture is a finite number", value))
