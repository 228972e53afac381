"""Gives a phase other ends: with the same word if it can have them, else as a straight line.

A transition takes them as its `start` and `to`; a constant with equal ends stays a constant; a phase without ends of
its own (a step, a table, cycles) is scaled as a whole.
"""

from __future__ import annotations

from lrlab.core.expression.algebra import product
from lrlab.core.expression.maths import OPEN_LOOP
from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import Shape, Transition, constant, hold, warmup
from lrlab.core.shapes.logarithms import geometric
from lrlab.core.shapes.transitions import linear
from lrlab.errors import LrlabError, worded

LEAST = 1e-4  # the lowest end of a line on a logarithmic axis, which has no 0


def with_ends(
    phase: Schedule, now: tuple[float, float], begin: float | None = None, end: float | None = None
) -> Schedule:
    """The phase with this `begin` and `end`; None keeps the value from `now`. All values are the phase's own.

    Raises `LrlabError` if a phase that can only be scaled has an end at 0.

    >>> from lrlab import *
    >>> with_ends(cosine("50%"), (1, 0), end=0.25), with_ends(constant("50%"), (1, 1), end=0.25)
    (cosine("50%", to=0.25), linear("50%", to=0.25))
    """
    if (begin is None or begin == now[0]) and (end is None or end == now[1]):
        return phase
    match phase:
        case Transition() if (ends := _ends_of(phase)) is not None:
            return _transition(phase, ends, now, begin, end)
        case constant():
            if begin is not None and (begin == end or (end is None and begin == now[1])):
                return phase.replace(level=begin)
            return _line(phase, *_with(now, begin, end))
        case warmup() if end is None or end == now[1]:
            return phase.replace(start=begin)
        case hold() if end is None or end == begin:
            return phase
        case hold() if end is not None:
            return linear(phase.span, start="here", to=end)
        case warmup():
            return _line(phase, *_with(now, begin, end))
    return _scaled(phase, now, begin, end)


def lifted(phase: Schedule, now: tuple[float, float], begin: float, end: float) -> Schedule:
    """A phase with both ends moved together; if it must be scaled as a whole, by the end farther from 0."""
    if not isinstance(phase, Transition | constant | warmup | hold):
        begins = abs(now[0]) >= abs(now[1])
        return _scaled(phase, now, begin if begins else None, None if begins else end)
    return with_ends(phase, now, begin, end)


def _ends_of(phase: Transition) -> tuple[float, float] | None:
    """The share of `start` in its first and its last value; None if its values do not mix `start` and `to`."""
    if phase.returns:
        return None
    if type(phase).way is not Transition.way:
        return (1.0, 0.0) if phase.arrives and tuple(phase.part) == (0, 1) else None
    first, last = (float(phase.fall(u, 1 - u, OPEN_LOOP)) for u in (min(float(u), 1.0) for u in phase.part))
    return None if abs(first - last) < 1e-3 else (first, last)


def _transition(
    phase: Transition, ends: tuple[float, float], now: tuple[float, float], begin: float | None, end: float | None
) -> Schedule:
    if ends == (1.0, 0.0):
        if isinstance(phase, geometric):
            begin, end = (None if value is None else max(value, LEAST) for value in (begin, end))
        changes = {"start": begin, "to": end}
        return phase.replace(**{name: value for name, value in changes.items() if value is not None})
    first, last = _with(now, begin, end)
    way = (first - last) / (ends[0] - ends[1])
    to = first - way * ends[0]
    return phase.replace(start=_short(to + way), to=_short(to))


def _with(now: tuple[float, float], begin: float | None, end: float | None) -> tuple[float, float]:
    return now[0] if begin is None else begin, now[1] if end is None else end


def _line(phase: Shape, start: float, to: float) -> Schedule:
    return linear(phase.span, start=float(f"{start:.4g}"), to=float(f"{to:.6g}"))


def _scaled(phase: Schedule, now: tuple[float, float], begin: float | None, end: float | None) -> Schedule:
    """The phase times the ratio of the new to the old value of the moved end."""
    old, new = (now[0], begin) if begin is not None and begin != now[0] else (now[1], end)
    if not old or not new:
        raise LrlabError(worded("this phase can only be scaled, and not from or to 0", str(phase)))
    return product(_short(new / old), phase)


def _short(value: float) -> float:
    """The value without rounding noise."""
    return float(f"{value:.6g}")
