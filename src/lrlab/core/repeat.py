"""Again and again: cycles, each longer and higher (or lower) than the one before."""

import dataclasses
from bisect import bisect_right
from collections.abc import Callable, Iterable
from fractions import Fraction

from lrlab.core.combine import One
from lrlab.core.fields import Number, OptionalCount, OptionalLength, Positive
from lrlab.core.maths import JaxMaths, Maths, Real, ScalarMaths, Time, Value
from lrlab.core.schedule import Clock, Schedule, Window
from lrlab.core.units import Span, rounded
from lrlab.core.vocabulary import node
from lrlab.core.wrap import Wrapped, refuse_controllers
from lrlab.errors import LrlabError, worded


@node
class Repeat(Wrapped):
    """Again and again: see `Schedule.repeat`."""

    schedule: One
    times: OptionalCount = None
    stretch: Positive = 1.0
    gain: Number = 1.0
    cycle: OptionalLength = None

    def _check(self) -> None:
        refuse_controllers(self.schedule, "repeat")
        if self.times is None and self.stretch < 1:
            raise LrlabError(
                worded(
                    "repeat without a count needs a stretch of at least 1",
                    self.stretch,
                    hint=".repeat(5, stretch=0.5)",
                )
            )

    def _sizes(self) -> Fraction:
        """The length of all cycles in units of the first."""
        stretch = _exact(self.stretch)
        return sum((stretch**k for k in range(self.times or 0)), Fraction(0))

    def _cycle(self, clock: Clock) -> Fraction | None:
        if self.cycle is not None:
            return clock.updates(Span.of(self.cycle))
        shares = any(
            isinstance(value, Span) and value.unit == "share" for part in self.schedule.walk() for value in _spans(part)
        )
        return None if shares else self.schedule._length(clock)

    def _length(self, clock: Clock) -> Fraction | None:
        cycle = self._cycle(clock)
        return None if self.times is None or cycle is None else cycle * self._sizes()

    def _compile(self, window: Window) -> Value:
        cycle = self._cycle(window.clock)
        if cycle is None and self.times is not None and window.length is not None:
            cycle = window.length / self._sizes()
        if cycle is None:
            raise LrlabError(
                worded(
                    "repeat does not know how long a cycle is",
                    str(self),
                    hint=".repeat(4), .repeat(cycle=500), or a span inside",
                )
            )
        smallest = cycle * min(Fraction(1), _exact(self.stretch) ** ((self.times or 1) - 1))
        if smallest < 1:
            raise LrlabError(worded(f"repeat: a cycle is shorter than one update ({float(smallest):g})", str(self)))
        inner: dict[int, Value] = {}

        def cycle_value(length: int) -> Value:
            if length not in inner:
                stretched = self.cycle is None and self.schedule._length(window.clock) is not None
                scale = window.clock.scale * length / cycle if stretched else window.clock.scale
                clock = dataclasses.replace(window.clock, whole=length, scale=scale)
                part = Window(clock, window.start, length, window.here)
                inner[length] = self.schedule._compile(part.fit(self.schedule))
            return inner[length]

        if self.stretch == 1 and cycle.denominator == 1:
            return self._even(int(cycle), cycle_value(int(cycle)))
        return self._uneven(cycle, cycle_value, window.length)

    def _even(self, n: int, inner: Value) -> Value:
        """All cycles are n updates long: the time within one is a remainder."""
        gain, last = self.gain, None if self.times is None else self.times - 1

        def value(t: Time, m: Maths) -> Real:
            k = t // n if last is None else m.minimum(t // n, last)
            out = inner(m.minimum(t - k * n, n), m)
            return out if gain == 1 else m.power(gain, k * 1.0) * out

        return value

    def _uneven(self, cycle: Fraction, inner: Callable[[int], Value], whole: int | None) -> Value:
        """Cycles of different lengths: their rounded boundaries are found as far as they are asked for."""
        stretch, size, end = _exact(self.stretch), cycle, Fraction(0)
        starts = [0]

        def reach(t: int) -> int:
            """Extend the boundaries beyond t; the number of cycles that begin at or before it."""
            nonlocal size, end
            while starts[-1] <= t and (self.times is None or len(starts) <= self.times):
                end += size
                starts.append(rounded(end))
                size = (size * stretch).limit_denominator(10**18)  # the fraction must not grow without bound
            return min(len(starts) - 1, max(1, bisect_right(starts, t)))

        def phase(k: int) -> Value:
            part, length, height = inner(starts[k + 1] - starts[k]), starts[k + 1] - starts[k], self.gain**k
            return lambda t, m: height * part(m.minimum(t, length), m)

        def value(t: Time, m: Maths) -> Real:
            if isinstance(m, JaxMaths):
                cycles = reach(4 * (whole or 2**20))  # time is not known yet: laid out to four times the run
            else:
                cycles = reach(t if isinstance(m, ScalarMaths) else int(t.max(initial=0)))
            return m.choose(starts[:cycles], phase, t)

        return value

    def words(self) -> str:
        count = "without end" if self.times is None else f"{self.times} times"
        length = f" of {self.cycle}" if self.cycle else ""
        longer = f", each {self.stretch:g} times as long" if self.stretch != 1 else ""
        higher = f", each {self.gain:g} times as high" if self.gain != 1 else ""
        return f"repeats {count} cycles{length}{longer}{higher} in each of which it {self.schedule.words()}"


def _spans(schedule: Schedule) -> Iterable[object]:
    for value in schedule.arguments().values():
        yield from value if isinstance(value, tuple) else (value,)


def _exact(x: float) -> Fraction:
    return Fraction(str(x))
