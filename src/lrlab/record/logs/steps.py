"""Reads numbers and step counts from the values of a log."""

from __future__ import annotations

import math

_LAST = 2.0**53  # above, floats cannot tell one step from the next


def number(value: object) -> float | None:
    """A value as a number, or None; a number too large for a float is infinite.

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


def count(value: object) -> float | None:
    """A value as a number of steps, or None; above 2**53 a float cannot tell one step from the next.

    >>> count("300"), count("nan"), count(10**400)
    (300.0, None, None)
    """
    at = number(value)
    return at if at is not None and abs(at) <= _LAST else None
