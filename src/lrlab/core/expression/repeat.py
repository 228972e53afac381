"""Repeated cycles, each longer and higher (or lower) than the one before."""

import dataclasses
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import KW_ONLY
from fractions import Fraction
from typing import Any

from lrlab.core.expression.algebra import One
from lrlab.core.expression.fields import Number, OptionalCount, OptionalLength, Positive
from lrlab.core.expression.maths import JaxMaths, Maths, Real, ScalarMaths, Time, TracedMaths, Value
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import node
from lrlab.core.expression.wrap import Wrapped, refuse_controllers
from lrlab.core.time.layout import MOST_WITHIN, TimeBase, Unfolded, Window
from lrlab.core.time.span import Span, narrowed, rounded
from lrlab.errors import LrlabError, worded

FINEST = 10**60  # the lengths of stretched cycles are kept to this part of an update
MOST_UNFOLDED = 50  # cycles that are given one by one
MOST_STRETCHED = 10_000  # cycles of different lengths, laid out one by one
LAID_OUT, UNKNOWN = 4, 2**20  # where time is not known yet: to so many runs, of so many updates where nobody says


@node
class Repeat(Wrapped):
    """A repeated schedule: see `Schedule.repeat`."""

    schedule: One
    times: OptionalCount = None
    _: KW_ONLY
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
        if self.stretch != 1 and not (0.001 <= self.stretch <= 0.999 or 1.001 <= self.stretch <= 1000):
            raise LrlabError(worded("repeat: stretch is extreme", self.stretch, "1, or 0.001 to 0.999, 1.001 to 1000"))
        if self.stretch != 1 and (self.times or 0) > MOST_STRETCHED:
            raise LrlabError(
                worded("repeat: too many cycles of different lengths", self.times, f"at most {MOST_STRETCHED}")
            )

    def _spans(self) -> Iterator[Span]:
        yield from self._own_spans()
        yield from (span for span in self.schedule._spans() if span.unit != "share")

    def _least(self, clock: TimeBase) -> int:
        length = self._length(clock)
        return 0 if length is None else rounded(length)

    def _first(self, n: int, clock: TimeBase) -> Schedule:
        cycle = self.schedule._length(clock)
        if self.times is None and self.stretch == 1 and cycle is not None and n <= cycle:
            return self.schedule if n == cycle else self.schedule._first(n, clock)
        return super()._first(n, clock)

    def _unfolded(self, window: Window) -> list[Unfolded] | None:
        if self.times is None or self.times > MOST_UNFOLDED or self.stretch != 1:
            return None
        if not window.length or window.length % self.times:
            return None
        n = window.length // self.times
        clock = dataclasses.replace(window.clock, whole=n)
        begins = range(window.start, window.start + window.length, n)
        placed = [Window(clock, begin, n).fit(self.schedule) for begin in begins]
        if placed[0].length != n:
            return None
        return [Unfolded(self.schedule, inside, scale=self.gain**k) for k, inside in enumerate(placed)]

    def _plainly(self, window: Window) -> tuple[str, dict[str, Any]]:
        length = None if self.cycle is not None else self.schedule._length(window.clock)
        cycle = self.cycle if length is None else int(length)
        return self.kind, {**self.arguments(), "cycle": cycle}

    def _sizes(self) -> Fraction:
        """The length of all cycles in units of the first."""
        times, stretch = self.times or 0, _exact(self.stretch)
        if stretch == 1:
            return Fraction(times)
        size, whole = Fraction(1), Fraction(0)
        for _ in range(times):
            whole += size
            size = _fine(size * stretch)
        return whole

    def _cycle(self, clock: TimeBase) -> Fraction | None:
        if self.cycle is not None:
            return clock.updates(Span.of(self.cycle))
        shares = any(
            isinstance(value, Span) and value.unit == "share" for part in self.schedule.walk() for value in _spans(part)
        )
        return None if shares else self.schedule._length(clock)

    def _length(self, clock: TimeBase) -> Fraction | None:
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
        stretch = _exact(self.stretch)
        smallest = cycle * min(Fraction(1), stretch ** ((self.times or 1) - 1) if stretch < 1 else Fraction(1))
        if smallest < 1:
            raise LrlabError(worded(f"repeat: a cycle is shorter than one update ({float(smallest):g})", str(self)))
        even = stretch == 1 and cycle.denominator == 1 and window.work == 1  # else cycles of several lengths may follow
        around = window if even else window.doubled(self)
        inner: dict[int, Value] = {}

        def cycle_value(length: int) -> Value:
            if length not in inner:
                stretched = self.cycle is None and self.schedule._length(window.clock) is not None
                scale = window.clock.scale * length / cycle if stretched else window.clock.scale
                clock = dataclasses.replace(window.clock, whole=length, scale=scale)
                part = Window(clock, window.start, length, window.here, work=around.work)
                inner[length] = self.schedule._compile(part.fit(self.schedule))
            return inner[length]

        cycle_value(max(int(smallest), 1))  # refuse here what does not fit, not in the middle of a run
        if stretch != 1:
            return self._uneven(cycle, cycle_value, window.clock.whole or window.length)
        if cycle.denominator == 1:
            return self._even(int(cycle), cycle_value(int(cycle)))
        return self._nearly_even(cycle, cycle_value, window.length, window.clock.whole)

    def _even(self, n: int, inner: Value) -> Value:
        """All cycles have n updates: the time within one is a remainder."""
        gain, last = self.gain, None if self.times is None else self.times - 1

        def value(t: Time, m: Maths) -> Real:
            k = t // n if last is None else m.minimum(t // n, last)
            out = inner(m.minimum(t - k * n, n), m)
            return out if gain == 1 else m.power(gain, k * 1.0) * out

        return value

    def _nearly_even(self, cycle: Fraction, inner: Callable[[int], Value], whole: int | None, run: int | None) -> Value:
        """Cycles of p/q updates: after rounding they have one of two lengths, and whole numbers tell which."""
        cycle = narrowed(cycle, whole)
        p, q = cycle.numerator, cycle.denominator
        short, gain, last = p // q, self.gain, None if self.times is None else self.times - 1
        traced = self._uneven(cycle, inner, run or whole)

        begins = [rounded(k * cycle) for k in range(q + 1)] if q <= MOST_WITHIN else []

        def placed(t: Time, m: Maths) -> tuple[Time, Time, Real]:
            """The number of the cycle that t lies in, where it begins, and whether it is one of the longer."""
            if not isinstance(m, JaxMaths):
                k = ((2 * t + 1) * q - 1) // (2 * p)  # so many boundaries (2kp + q) // 2q, k > 0, are at or before t
                k = k if last is None else m.minimum(k, last)
                start = (2 * k * p + q) // (2 * q)
                return k, start, (2 * (k + 1) * p + q) // (2 * q) - start > short
            rounds = t // p  # its integers may have 32 bits only: q cycles fill p updates, their boundaries are listed
            k = rounds * q + m.passed(begins[1:], t - rounds * p)
            k = k if last is None else m.minimum(k, last)
            rounds = k // q
            within = k - rounds * q
            start = m.take(begins, within)
            return k, rounds * p + start, m.take(begins[1:], within) - start > short

        def value(t: Time, m: Maths) -> Real:
            if isinstance(m, JaxMaths) and not begins:
                return traced(t, m)
            k, start, long = placed(t, m)
            t = t - start
            if isinstance(m, ScalarMaths):
                n = short + bool(long)
                out = inner(n)(min(t, n), m)
            else:
                out = m.where(long, inner(short + 1)(m.minimum(t, short + 1), m), inner(short)(m.minimum(t, short), m))
            return out if gain == 1 else m.power(gain, k * 1.0) * out

        return value

    def _uneven(self, cycle: Fraction, inner: Callable[[int], Value], run: int | None) -> Value:
        """Cycles of different lengths: their rounded boundaries are computed as far as needed."""
        stretch, size, end = _exact(self.stretch), cycle, Fraction(0)
        starts = [0]

        def reach(t: int) -> int:
            """Extend the boundaries beyond t; the number of cycles that begin at or before it."""
            nonlocal size, end
            while starts[-1] <= t and (self.times is None or len(starts) <= self.times):
                end += size
                starts.append(rounded(end))
                size = _fine(size * stretch)
            return min(len(starts) - 1, max(1, bisect_right(starts, t)))

        def phase(k: int) -> Value:
            length = starts[k + 1] - starts[k]
            part, gain = inner(length), self.gain
            if gain == 1:
                return lambda t, m: part(m.minimum(t, length), m)
            return lambda t, m: m.power(gain, k * 1.0) * part(m.minimum(t, length), m)

        def value(t: Time, m: Maths) -> Real:
            if isinstance(m, TracedMaths):
                cycles = reach(LAID_OUT * (run or UNKNOWN))  # time is not known yet
            else:
                cycles = reach(t if isinstance(m, ScalarMaths) else int(t.max(initial=0)))
            if isinstance(m, TracedMaths) and cycles > MOST_STRETCHED:
                allowed = f"at most {MOST_STRETCHED} cycles of different lengths"
                raise LrlabError(worded("repeat: too many cycles to trace", cycles, allowed, "cycles of whole updates"))
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


def _fine(length: Fraction) -> Fraction:
    """A length whose exact fraction does not grow without bound: the error is far below any rounding."""
    return length if length.denominator <= FINEST else Fraction(rounded(length * FINEST), FINEST)
