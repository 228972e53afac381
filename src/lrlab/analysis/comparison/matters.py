"""The smallest difference that matters: what is closer together counts as equally good."""

from __future__ import annotations

import math

from lrlab.errors import LrlabError, worded

MATTERS = "0.5%"  # by so much the loss changes where a tuned LR is wrong by a factor of 2 to 3


def margin(matters: str | float, mean: float) -> float:
    """A share of the best mean, such as "0.5%", or a number, as a difference of the metric.

    Raises `LrlabError` where it is neither, or negative.

    >>> margin("0.5%", -2.0), margin("0.02", 3.0), margin(0.02, 3.0)
    (0.01, 0.02, 0.02)
    """
    text = str(matters).strip()
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        allowed = 'a share of the best mean ("0.5%"), or a difference of the metric (0.002)'
        raise LrlabError(worded("the smallest difference that matters cannot be read", matters, allowed))
    return value / 100 * abs(mean) if text.endswith("%") else value
