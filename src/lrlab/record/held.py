"""How many updates a run may have whose values are all held in memory."""

from __future__ import annotations

from lrlab.errors import LrlabError, worded

MOST = 100_000_000  # of 8 bytes each


def held(updates: int, what: str, hint: str = "") -> int:
    """The number, where so many values can be held; `what` has so many. Raises `LrlabError` else.

    >>> held(10**12, "the log")
    Traceback (most recent call last):
    lrlab.errors.LrlabError: the log has more updates than can be held, for the LR of each is
      given:   1000000000000
      allowed: at most 100,000,000
    """
    if updates > MOST:
        reason = f"{what} has more updates than can be held, for the LR of each is"
        raise LrlabError(worded(reason, updates, f"at most {MOST:,}", hint))
    return updates
