"""Reads numbers and step counts from the values of a log."""

from __future__ import annotations

import math
import re

_LAST = 2.0**53  # above, floats cannot tell one step from the next
_WRAPPED = (
    re.compile(  # a number as Python, NumPy and PyTorch print it within a value: [0.001], tensor(2.5, device='cpu')
        r"\s*(?:(?:tensor|array|np\.float\d+)\()?['\"\[(]*"
        r"(?P<value>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|nan|inf)"
        r"(?:,(?=\)))?['\"\])]*(?:, *[a-z_]+=[^,()]{1,40})*\)?\s*"
    )
)


def number(value: object) -> float | None:
    """A value as a number, or None; a number too large for a float is infinite.

    A list of one number is that number, as a scheduler's `get_last_lr()` gives it; so is a printed tensor of one.

    >>> number("2.5"), number(10**400), number("1_0"), number(True), number("2,5")
    (2.5, inf, None, None, None)
    >>> number([0.1]), number("[1e-3]"), number("tensor(2.5, device='cuda:0')"), number("[0.1, 0.2]"), number("5%")
    (0.1, 0.001, 2.5, None, None)
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        try:
            return None if "_" in value else float(value)
        except ValueError:
            found = _WRAPPED.fullmatch(value[:200])
            paired = value.count("[") == value.count("]") and value.count("(") == value.count(")")
            return float(found["value"]) if found and paired else None
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
