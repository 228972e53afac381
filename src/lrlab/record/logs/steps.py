"""What counts updates in a log, and what is a number in one."""

from __future__ import annotations

import math
from collections.abc import Collection

from lrlab.record.logs.rows import Row

STEP = (
    "iter",
    "iteration",
    "global_step",
    "trainer/global_step",
    "update",
    "updates",
    "step",
    "Step",
    "_step",
)
_LAST = 2.0**53  # beyond, floats do not tell one step from the next


def number(value: object) -> float | None:
    """A value as a number, or None; one that is larger than every float is infinite.

    >>> number("2.5"), number(10**400), number("1_0"), number(True), number("2,5")
    (2.5, inf, None, None, None)
    """
    if isinstance(value, str):
        try:
            return None if "_" in value else float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def step_of(row: Row, names: Collection[str] = STEP) -> float | None:
    """The step of a row, by the first of the names that holds a finite number."""
    for name in names:
        at = number(row.get(name))
        if at is not None and abs(at) <= _LAST:
            return at
    return None
