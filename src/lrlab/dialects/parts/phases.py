"""Building blocks of the importers: checked numbers and names, phases in whole updates, cutting to length."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from lrlab.core.expression.algebra import sequence
from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine_cycle
from lrlab.core.shapes.piecewise import multistep, piecewise_constant
from lrlab.core.shapes.timescales import cosine_wave
from lrlab.core.shapes.transitions import linear
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import TimeBase
from lrlab.core.time.span import whole
from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

ABSOLUTE = TimeBase(Horizon(), None)  # for schedules with spans in updates


class Name(str):
    """A name in the user's code without a known value: the optimizer, a constant."""


def _refuse_name(given: object, what: str) -> None:
    if isinstance(given, Name):
        raise LrlabError(worded(f"{what}: {given} has no value here", hint=f"the number, or {given}=... beside it"))


def real(given: object, what: str) -> float:
    """`given` as a finite float: a number of Python or NumPy, or one in a tensor; raises `LrlabError` otherwise."""
    _refuse_name(given, what)
    try:
        value = float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise LrlabTypeError(worded(f"{what} must be a number", given)) from None
    if not math.isfinite(value):
        raise LrlabError(worded(f"{what} must be a finite number", given))
    return value


def steps(given: object, what: str, least: int = 0) -> int:
    """`given` as a whole number of updates; 1000.0 is accepted."""
    _refuse_name(given, what)
    count = whole(given)
    if count is None and isinstance(given, float) and given.is_integer():
        count = int(given)
    if count is None:
        raise LrlabTypeError(worded(f"{what} must be a whole number of updates", given))
    if count < least:
        raise LrlabError(worded(f"{what} must be at least {least}", given))
    return count


def tidy(x: float) -> float:
    """Remove the rounding noise of 0.3 * 10, so that a boundary is where it was meant to be."""
    return float(round(x)) if abs(x - round(x)) < 1e-9 else x


def known(name: object, table: Mapping[str, Any], what: str) -> Any:
    """Look up a name in a table. Raises `LrlabError` with the known names if it is not there."""
    if not isinstance(name, str) or name not in table:
        raise LrlabError(worded(f"{what} is not known", name, ", ".join(table), nearest(str(name), table)))
    return table[name]


def then(*phases: Schedule | None) -> Schedule:
    """The phases one after another; None is skipped."""
    return sequence(*(phase for phase in phases if phase is not None))


def climb(n: int, start: float = 0.0, to: float = 1.0) -> Schedule | None:
    """A straight line over n updates; None if there are none."""
    return linear(n, start=start, to=to) if n > 0 else None


def flat(n: int, level: float = 1.0) -> Schedule | None:
    """A constant level for n updates; None if there are none."""
    return constant(n, level=level) if n > 0 else None


def wave(n: float, waves: float = 0.5, to: float = 0.0, phase: float = 0.0) -> Schedule:
    """An endless cosine with `waves` periods in n updates: cycles if a period is a whole number of updates."""
    if waves == 0:
        return constant(level=to + (1 - to) * (1 + math.cos(2 * math.pi * phase)) / 2)
    period = Fraction(n) / abs(Fraction(waves))
    if period.denominator == 1 and phase == 0:
        return cosine_cycle(int(period), to=to).repeat()
    if Fraction(n).denominator != 1:
        return cosine_wave(abs(waves) / n, every=1, to=to, phase=phase)
    return cosine_wave(abs(waves), every=int(n), to=to, phase=phase)


def drops(bounds: Iterable[int], gamma: float) -> Schedule:
    """A factor `gamma` at each update in `bounds`: repeated ones count again, those up to 0 from the start."""
    edges = sorted(bounds)
    late = [bound for bound in edges if bound > 0]
    early = len(edges) - len(late)
    if not late or gamma == 1:
        return constant(level=gamma**early)
    if len(set(late)) == len(late):
        falling = multistep(late, gamma=gamma)
        return falling if early == 0 else gamma**early * falling
    edges = sorted(set(late))
    passed = [early, *itertools.accumulate((late.count(edge) for edge in edges), initial=early)][1:]
    return piecewise_constant(edges, [gamma**k for k in passed])


def fixed(schedule: Schedule, clock: TimeBase = ABSOLUTE) -> int:
    """How many updates a run needs for all parts of fixed length."""
    return schedule._least(clock)


def settled(schedule: Schedule, level: float) -> Schedule:
    """A schedule that stays at a level after its end; a phase is added if the schedule does not do so itself."""
    return schedule if schedule._level_after() == level else schedule >> constant(level=level)


def cut(schedule: Schedule, n: int) -> Schedule | None:
    """The first n updates of a schedule in absolute updates, as a phase of exactly that length."""
    if n <= 0:
        return None
    length = schedule._length(ABSOLUTE)
    if length is not None and length < n:
        end = schedule.over()(int(length))
        return schedule >> constant(n - int(length), level=end)
    return schedule if length == n else schedule._first(n, ABSOLUTE)
