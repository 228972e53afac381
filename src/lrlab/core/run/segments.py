"""The units in which a schedule is measured over a horizon, and the segments that they divide it into.

If the length of the run is known in updates, everything is measured in them. If it is given in samples, tokens or
minutes and has no rate, a top-level phase is measured in the unit of its span, or in that of the run's length if its
span is a share or missing. Time is a whole number in every unit: updates, samples, tokens, milliseconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lrlab.core.expression.algebra import sequence
from lrlab.core.expression.node import Schedule
from lrlab.core.run.meter import TICKS, UNITS
from lrlab.core.time.horizon import RATES, Horizon
from lrlab.core.time.layout import TimeBase, bounded
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded


@dataclass(frozen=True)
class Measure:
    """The units of a horizon: the one of its own length, and how long everything is in each.

    >>> from lrlab import *
    >>> measure = Measure(Horizon(tokens=1000))
    >>> measure.stretches(warmup(5) >> hold() >> linear("10%"))
    [('updates', warmup(5)), ('tokens', hold() >> linear("10%"))]
    """

    horizon: Horizon

    @property
    def budget(self) -> str:
        """The unit in which the length of the run is known; updates if possible, or if none is known."""
        known = [] if self.horizon.total is not None else [unit for unit in UNITS if self._total(unit) is not None]
        if len(known) > 1:
            rates = " or ".join(RATES[unit] for unit in known)
            raise LrlabError(
                worded(f"a run of so many {' and of so many '.join(known)}", self.horizon, "one of them", rates)
            )
        return known[0] if known else "updates"

    @property
    def whole(self) -> int | None:
        """The length of the run in that unit, as integer time."""
        unit = self.budget
        return self.horizon.total if unit == "updates" else bounded(Fraction(str(self._total(unit))) * TICKS[unit])

    def unit(self, span: Span) -> str:
        """The unit that a span is measured in: updates, if its rate is known or required."""
        budget = self.budget
        if span.unit == "share" or budget == "updates":
            return budget
        return span.unit if span.unit in UNITS and self.horizon.rate(span.unit) is None else "updates"

    def clock(self, unit: str) -> TimeBase:
        """What converts spans to the integer time of this unit."""
        if unit == "updates":
            return TimeBase(self.horizon, self.horizon.total)
        one = {
            "samples": Horizon(samples_per_update=1),
            "tokens": Horizon(tokens_per_update=1),
            "seconds": Horizon(updates=60 * TICKS["seconds"], minutes=1),
        }
        return TimeBase(one[unit], self.whole if unit == self.budget else None)

    def stretches(self, schedule: Schedule) -> list[tuple[str, Schedule]]:
        """The top-level phases, adjacent ones in one unit together, each with its unit."""
        return [(unit, sequence(*phases)) for unit, phases in itertools.groupby(schedule._in_turn(), key=self._of)]

    def length(self, unit: str, schedule: Schedule, spent: int) -> int | None:
        """How long a segment lasts that begins when `spent` of the run's length is over; None: no known end.

        It has its own length, or takes what is left, but never less than its fixed spans: nothing raises during a run.
        """
        clock = self.clock(unit)
        lengths = [part._length(clock) for part in schedule._in_turn()]
        fixed = bounded(sum((n for n in lengths if n is not None), Fraction(0)))
        if None not in lengths:
            return fixed
        return None if unit != self.budget or self.whole is None else max(self.whole - spent, fixed)

    def refused(self, what: str, given: object, units: Collection[str]) -> LrlabError:
        """The error for something that needs the rates between units; it names them."""
        rates = ", ".join(RATES[unit] for unit in sorted(units) if unit in RATES)
        return LrlabError(worded(what, given, hint=f"Horizon(..., {rates})"))

    def _total(self, unit: str) -> float | None:
        """The length of the run in a unit; seconds are given as minutes."""
        given: float | None = getattr(self.horizon, "minutes" if unit == "seconds" else unit)
        return given if given is None or unit != "seconds" else float(Fraction(str(given)) * 60)

    def _of(self, phase: Schedule) -> str:
        """The unit of one phase."""
        units = {self.unit(span) for span in phase._spans() if span.amount} or {self.budget}
        if len(units) > 1:
            raise self.refused(
                f"{phase} is one phase in several units, {' and '.join(sorted(units))}, and no rate is known",
                self.horizon,
                units,
            )
        return units.pop()


def relative(schedule: Schedule, horizon: Horizon) -> Schedule:
    """The equivalent schedule that needs to know only the number of updates of this horizon.

    A span of r updates becomes r, or the exact share r / horizon.total if r is not a whole number. Raises `LrlabError`
    if the horizon does not say how many updates it has, or how long the unit of a span is, and if such a fraction of an
    update is within a cycle, which has its own shares.

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
