"""A schedule in the words of one run: spans in epochs, samples, tokens or minutes become updates."""

from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded


def relative(schedule: Schedule, horizon: Horizon) -> Schedule:
    """The schedule that is the same over this horizon, and needs to know nothing of it but its number of updates.

    A span of r updates becomes r, and where that is no whole number the share r / horizon.total, an exact fraction.
    Raises `LrlabError` where the horizon does not say how many updates it has, or how long the unit of a span is, and
    where such a part of an update lies within a cycle, whose shares are its own.

    >>> import lrlab as lr
    >>> relative(lr.warmup("1ep") >> lr.cosine(), Horizon(epochs=8, updates_per_epoch=391))
    warmup(391) >> cosine()
    """
    whole = horizon.total
    if whole is None:
        raise LrlabError(worded("this horizon does not say how many updates it has", horizon, hint="updates=10_000"))
    written = _written(schedule, horizon, whole)
    if written.over(whole).values().tolist() != schedule.over(horizon).values().tolist():
        raise LrlabError(worded("a span within a cycle is a part of an update", str(schedule), "whole updates there"))
    return written


def _written(schedule: Schedule, horizon: Horizon, whole: int) -> Schedule:
    def of(value: Any) -> Any:
        if isinstance(value, Schedule):
            return _written(value, horizon, whole)
        if isinstance(value, Span) and value.unit not in ("updates", "share"):
            updates = horizon.resolve(value)
            return Span(updates, "updates") if updates.denominator == 1 else Span(updates / whole, "share")
        return tuple(map(of, value)) if isinstance(value, tuple) else value

    return schedule.replace(**{name: of(value) for name, value in schedule.arguments().items()})
