"""A part of a plan: some updates of a schedule that was planned for its own horizon.

    s.excerpt(0, 600, over=1000)                  the first 600 updates of s, planned over 1000
    s.excerpt(600, 1000, over=1000, span=1400)    its last 400, stretched to 1400 updates
    s.excerpt(600, 600, over=1000, span=200)      its update 600, held for 200

What lies before a change of horizon keeps its values to the last bit, because it keeps the horizon that it was planned
for. In a stretched part, the value between two updates of the plan is interpolated linearly.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated

from lrlab.core.expression.algebra import One
from lrlab.core.expression.fields import NotNegative, OptionalLength, OptionalNumber
from lrlab.core.expression.maths import Maths, Real, Time, Value
from lrlab.core.expression.vocabulary import argument, node
from lrlab.core.expression.wrap import Wrapped
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import TimeBase, Window
from lrlab.core.time.span import MOST, Span, rounded, whole
from lrlab.errors import LrlabError, LrlabTypeError, worded

_FACT = re.compile(r"\s*(\w+)\s*=\s*([0-9.e+-]+)\s*", re.ASCII)


def planned(given: object, what: str) -> int | str | None:
    """The horizon of a plan in normal form: a number of updates, None (no known end), or the facts as a text."""
    if isinstance(given, str):
        facts = [_FACT.fullmatch(part) for part in given.split(",")]
        try:
            given = Horizon(**{str(fact[1]): float(str(fact[2])) for fact in facts})  # type: ignore[index, arg-type]
        except (TypeError, ValueError) as error:
            reason = f": {error}" if isinstance(error, LrlabError) else ""
            hint = 'over="epochs=90, updates_per_epoch=391"'
            raise LrlabError(worded(f"{what} is not a horizon{reason}", given, "updates, or facts", hint)) from None
    if given is not None and not isinstance(given, Horizon) and whole(given) is None:
        raise LrlabTypeError(worded(f"{what} must be the horizon of the plan", given, hint="over=10_000"))
    horizon = Horizon.of(given)
    if set(horizon.record()) <= {"updates"}:
        return horizon.updates
    return ", ".join(f"{name}={_written(value)}" for name, value in horizon.record().items())


def _written(x: float) -> str:
    return str(int(x)) if float(x).is_integer() else repr(x)


PlannedHorizon = Annotated[int | str | Horizon | None, planned]


def horizon_of(over: int | str | Horizon | None) -> Horizon:
    """The horizon of a plan from its normal form."""
    if not isinstance(over, str):
        return Horizon.of(over)
    facts = (fact.split("=") for fact in over.split(", "))
    return Horizon(**{name: float(value) for name, value in facts})  # type: ignore[arg-type]


@node
class Excerpt(Wrapped):
    """The updates `start` ... `stop`-1 of a schedule planned over `over`: see `Schedule.excerpt`."""

    schedule: One
    start: NotNegative = 0.0
    stop: OptionalNumber = None
    plan: PlannedHorizon = argument(default=None, alias="over")
    span: OptionalLength = argument(default=None, alias="span")

    def _check(self) -> None:
        given = [self.start] if self.stop is None else [self.start, self.stop]
        if self.stop is None and self.span is not None:
            raise LrlabError(worded("excerpt: without stop= there is nothing to stretch", self.span, hint="stop="))
        if given[-1] < self.start or (len(set(given)) < len(given) and self.span is None):
            raise LrlabError(worded("excerpt: stop must be above start", given))
        if given[-1] > MOST:
            raise LrlabError(worded("excerpt: this is longer than any run", given, f"at most {MOST:.0e} updates"))
        if self.span is None and not all(at.is_integer() for at in given):
            raise LrlabError(worded("excerpt: parts of an update need stop= and span=", given))

    def _length(self, clock: TimeBase) -> Fraction | None:
        if self.stop is None:
            return None
        natural = Span(Fraction(int(self.stop - self.start)), "updates")
        return clock.updates(natural if self.span is None else Span.of(self.span))

    def _spans(self) -> Iterator[Span]:
        yield Span(Fraction(1), "updates") if self.span is None else Span.of(self.span)

    def _keeps_to_itself(self) -> bool:
        return self.span is None or Span.of(self.span).unit == "updates"

    def _compile(self, window: Window) -> Value:
        horizon = horizon_of(self.plan)
        stretched = self.stop is not None and (window.length != self.stop - self.start or not self.start.is_integer())
        around = window.doubled(self) if stretched or window.work > 1 else window
        all_of_it = Window(
            TimeBase(horizon, horizon.total), 0, horizon.total, None, list(window.controllers), around.work
        )
        inner = self.schedule._compile(all_of_it.fit(self.schedule))
        end = None if window.length is None else window.start + window.length
        for controller, start, stop in all_of_it.controllers[len(window.controllers) :]:
            if stop is None or (self.stop is None and stop == all_of_it.length):
                last = end  # it acts until the end of the plan, and after it
            else:
                last = self._place(stop, window)
            window.controllers.append((controller, self._place(start, window), last))
        if self.stop is None:
            first = int(self.start)
            return lambda t, m: inner(t + first, m)
        return self._part(inner, self.start, self.stop, window.length or 0)

    @staticmethod
    def _part(inner: Value, start: float, stop: float, n: int) -> Value:
        """The part of a plan from `start` to `stop`, over n updates."""
        if n == stop - start and start.is_integer():
            first = int(start)
            return lambda t, m: inner(m.minimum(t, n) + first, m)
        if n == 0:
            return lambda t, m: inner(t * 0 + int(stop), m)
        if start == stop:  # held: the place is known without the arithmetic of t, which in float32 may miss a drop
            begin, rest = int(start), start - int(start)
            return lambda t, m: (1 - rest) * inner(t * 0 + begin, m) + rest * inner(t * 0 + begin + 1, m)

        def value(t: Time, m: Maths) -> Real:
            t = m.minimum(t, n)
            at = (start * (n - t) + stop * t) / n  # whole where it is meant to be, at both ends
            low = m.floor(at)
            late = at - low
            return (1 - late) * inner(low, m) + late * inner(low + 1, m)

        return value

    def _place(self, at: int, window: Window) -> int:
        """The place in the window at which an update of the plan is played."""
        begin, n = window.start, window.length
        if self.stop is None or n is None:
            placed = begin + at - int(self.start)
        elif self.stop > self.start:
            placed = begin + rounded(Fraction(at - self.start) / Fraction(self.stop - self.start) * n)
        else:
            placed = begin if at <= self.start else begin + n
        return max(placed, begin) if n is None else min(max(placed, begin), begin + n)

    def words(self) -> str:
        part = f"from update {self.start:g}" + ("" if self.stop is None else f" to {self.stop:g}")
        plan = "a plan without end" if self.plan is None else f"a plan over {self.plan}"
        time = "" if self.span is None else f", in {self.span}"
        return f"{self._met()} ({part} of {plan}{time})"

    def _met(self) -> str:
        """What the plan does in this part of it, without its phases before and after."""
        horizon = horizon_of(self.plan)
        if horizon.total is None:
            return self.schedule.words()
        curve = self.schedule.over(horizon)
        if self.start == self.stop:
            return f"stays at {curve.at(float(self.start) / horizon.total):.4g}"
        end = float("inf") if self.stop is None else self.stop
        met = [p for p in curve.phases if p.start < end and (p.stop is None or p.stop > self.start)]
        return ", then ".join(phase.schedule.words() for phase in met) or self.schedule.words()
