"""The limit on the updates of a run when all its values are held in memory."""

from __future__ import annotations

from lrlab.errors import LrlabError, worded

MOST = 100_000_000  # values of 8 bytes each


def held(updates: int, what: str, hint: str = "", most: int = MOST) -> int:
    """Return `updates`, the length of `what`. Raises `LrlabError` if it is above `most` values to hold in memory.

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
