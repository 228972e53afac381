"""What to say where an epoch of the training has another number of updates than the horizon says."""

from __future__ import annotations

from fractions import Fraction

SHARE = 0.05  # of an epoch: so much may be lost to a last partial batch, or to updates that a loss scale skips


def other_epochs(said: Fraction | None, updates: float) -> str | None:
    """A sentence, where an epoch of so many `updates` is not what the horizon has `said`; None where it is.

    >>> other_epochs(Fraction(391), 782)
    'An epoch has 782 updates, and the horizon says 391: spans in epochs, and its end, are not where they are meant.'
    >>> other_epochs(Fraction(391), 390), other_epochs(None, 390)
    (None, None)
    """
    if said is None or abs(said - updates) <= max(1, SHARE * said):
        return None
    return (
        f"An epoch has {updates:g} updates, and the horizon says {float(said):g}: "
        "spans in epochs, and its end, are not where they are meant."
    )
