"""What to log when training ends before its schedule, or goes on after it."""

from __future__ import annotations

import logging
from typing import Any
from weakref import WeakKeyDictionary

log = logging.getLogger(__name__)

_SAID: WeakKeyDictionary[Any, int] = WeakKeyDictionary()  # of which schedulers, and at which update


def ending(update: int, end: int | None, lr: float, since: int = 0) -> str:
    """A sentence about training that made the updates `since` ... `update`-1 of a schedule of `end` updates.

    `lr` is the LR that the next update would use. It is empty if the schedule was run to its end, or has none.

    >>> ending(6, 8, 0.025)
    'the training ends at update 6 of 8, before its schedule'
    >>> ending(12, 8, 0.0)
    'the last 4 updates were made after the end of the schedule (update 8), at an LR of 0'
    >>> ending(8, 8, 0.0), ending(12, 8, 0.01)
    ('', '')
    """
    if end is None or update <= since:
        return ""
    if update < end:
        return f"the training ends at update {update} of {end}, before its schedule"
    late = update - max(end, since)
    if late and lr == 0:
        which = f"all {late} updates of this training" if since >= end else f"the last {late} updates"
        return f"{which} were made after the end of the schedule (update {end}), at an LR of 0"
    return ""


def end_of(pacer: Any) -> int | None:
    """The number of updates of a pacer's schedule; None if it has no end, or is measured in other units."""
    curve = pacer.curve
    if curve.unit != "updates":
        return None
    end: int | None = curve.updates or curve.horizon.total
    return end


def ending_of(scheduler: Any, since: int = 0) -> str:
    """The same for lrlab's scheduler in PyTorch; empty if it is measured in units other than updates."""
    end = end_of(scheduler.pacer)
    return "" if end is None else ending(scheduler.update, end, max(scheduler.get_last_lr(), default=0.0), since)


def say_ending(scheduler: Any, since: int, way: str) -> None:
    """Log it, once for each end; `way` is what to do about it."""
    sentence = ending_of(scheduler, since)
    if sentence and _SAID.get(scheduler) != scheduler.update:
        _SAID[scheduler] = scheduler.update
        log.warning("%s: %s", sentence[0].upper() + sentence[1:], way)
