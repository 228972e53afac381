"""How many updates a run may have whose values are all held in memory."""

from __future__ import annotations

from lrlab.errors import LrlabError, worded

MOST = 100_000_000  # of 8 bytes each


def held(updates: int, what: str, hint: str = "", most: int = MOST) -> int:
    """The number of updates that `what` has, where so many values (`most`) can be held. Raises `LrlabError` otherwise.

    >>> held(10**12, "the log")
    Traceback (most recent call last):
    lrlab.errors.LrlabError: the log has too many updates: the LR of each is kept in memory
      given:   1000000000000
      allowed: at most 100,000,000
    """
    if updates > most:
        reason = f"{what} has too many updates: the LR of each is kept in memory"
        raise LrlabError(worded(reason, updates, f"at most {most:,}", hint))
    return updates
