"""What joins schedules: one after another, multiplied, added, bounded, repeated, reversed.

Each keeps a normal form: sequences, products and sums are flat, their numbers folded, the terms of products and
sums in one order, so that a*b == b*a. A product, sum or bound of schedules is one phase.
"""

import dataclasses
from bisect import bisect_right
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Annotated, Any

from lrlab.core.fields import Length, Number, OptionalCount, OptionalLength, OptionalNumber, Positive, number
from lrlab.core.maths import OPEN_LOOP, JaxMaths, Maths, Real, ScalarMaths, Time, Value
from lrlab.core.schedule import Clock, Phase, Schedule, Window, beyond, node, word
from lrlab.core.units import Span, rounded
from lrlab.errors import LrlabError, LrlabTypeError, worded


def one(given: object, what: str) -> Schedule:
    """A schedule."""
    if isinstance(given, Schedule):
        return given
    hint = f"constant(level={given})" if isinstance(given, (int, float)) else ""
    raise LrlabTypeError(worded(f"{what} must be a schedule", given, hint=hint))


def several(given: Iterable[object], what: str) -> tuple[Schedule, ...]:
    """A tuple of schedules."""
    return tuple(one(item, f"{what}[{k}]") for k, item in enumerate(given))


One = Annotated[Schedule, one]
Several = Annotated[tuple[Schedule, ...], several]


@node
class Sequence(Schedule):
    """One phase after another (`>>`). Phases without a span share equally what the others leave."""

    phases: Several

    def _length(self, clock: Clock) -> Fraction | None:
        lengths = [phase._length(clock) for phase in self.phases]
        return None if None in lengths else sum(lengths, Fraction(0))  # type: ignore[arg-type]

    def _bounds(self, window: Window) -> list[tuple[int, int | None]]:
        """Where each phase begins and stops, in updates from the window's start: boundaries are rounded."""
        lengths = [phase._length(window.clock) for phase in self.phases]
        fixed = sum((n for n in lengths if n is not None), Fraction(0))
        free = lengths.count(None)
        if window.length is None:
            if None in lengths[:-1]:
                phase = self.phases[lengths.index(None)]
                raise LrlabError(
                    worded(f"{phase} takes a share of a run whose length is not known", str(self), hint="over(10_000)")
                )
            share = None
        else:
            if rounded(fixed) > window.length:
                raise beyond(list(self.phases), lengths, window.length)
            share = (window.length - fixed) / free if free else None
        bounds: list[tuple[int, int | None]] = []
        at = Fraction(0)
        for n in lengths:
            size = share if n is None else n
            stop = None if size is None else rounded(at + size)
            bounds.append((rounded(at), stop))
            at += size or 0
        return bounds

    def _windows(self, window: Window) -> list[tuple[Window, Value]]:
        """The window of each phase and its function."""
        made: list[tuple[Window, Value]] = []
        here = window.here
        for phase, (start, stop) in zip(self.phases, self._bounds(window), strict=True):
            inside = window.inside(start, stop, here)
            value = phase._compile(inside)
            made.append((inside, value))
            here = None if inside.length is None else float(value(inside.length, OPEN_LOOP))
        return made

    def _compile(self, window: Window) -> Value:
        made = self._windows(window)
        starts = [inside.start - window.start for inside, _ in made]
        values = [value for _, value in made]
        return lambda t, m: m.choose(starts, values.__getitem__, t)

    def _phases(self, window: Window) -> tuple[Phase, ...]:
        scratch = dataclasses.replace(window, controllers=[])
        return tuple(
            part
            for phase, (inside, _) in zip(self.phases, self._windows(scratch), strict=True)
            for part in phase._phases(inside)
        )

    def words(self) -> str:
        return ", then ".join(phase.words() for phase in self.phases)


class _Terms(Schedule):
    """Abstract: several schedules at the same time; as long as the longest, endless if one is."""

    terms: tuple[Schedule, ...]

    def _length(self, clock: Clock) -> Fraction | None:
        lengths = [term._length(clock) for term in self.terms if not term.neutral]
        return None if not lengths or None in lengths else max(lengths)  # type: ignore[type-var]

    @property
    def neutral(self) -> bool:  # type: ignore[override]
        return all(term.neutral for term in self.terms)

    def _values(self, window: Window) -> list[Value]:
        return [term._compile(window.fit(term)) for term in self.terms]

    def _phases(self, window: Window) -> tuple[Phase, ...]:
        spoken = [term for term in self.terms if not term.neutral]
        return spoken[0]._phases(window.fit(spoken[0])) if len(spoken) == 1 else super()._phases(window)


@node
class Product(_Terms):
    """`factor` times the product of the terms."""

    factor: Number
    terms: Several

    def _compile(self, window: Window) -> Value:
        values, factor = self._values(window), self.factor

        def value(t: Time, m: Maths) -> Real:
            out = values[0](t, m)
            for term in values[1:]:
                out = out * term(t, m)
            return out if factor == 1 else factor * out

        return value

    def words(self) -> str:
        said = ", times what ".join(term.words() for term in self.terms)
        return said if self.factor == 1 else f"{said}, all times {self.factor:g}"


@node
class Sum(_Terms):
    """`offset` plus the sum of the terms."""

    offset: Number
    terms: Several

    def _compile(self, window: Window) -> Value:
        values, offset = self._values(window), self.offset

        def value(t: Time, m: Maths) -> Real:
            out = values[0](t, m)
            for term in values[1:]:
                out = out + term(t, m)
            return out if offset == 0 else offset + out

        return value

    def words(self) -> str:
        said = ", plus what ".join(term.words() for term in self.terms)
        return said if self.offset == 0 else f"{said}, all raised by {self.offset:g}"


@node
class Minimum(_Terms):
    """The least of several schedules at every update."""

    terms: Several

    def _compile(self, window: Window) -> Value:
        values = self._values(window)

        def value(t: Time, m: Maths) -> Real:
            out = values[0](t, m)
            for term in values[1:]:
                out = m.minimum(out, term(t, m))
            return out

        return value

    def words(self) -> str:
        return "takes the least of: " + "; ".join(term.words() for term in self.terms)


@node
class Maximum(_Terms):
    """The greatest of several schedules at every update."""

    terms: Several

    def _compile(self, window: Window) -> Value:
        values = self._values(window)

        def value(t: Time, m: Maths) -> Real:
            out = values[0](t, m)
            for term in values[1:]:
                out = m.maximum(out, term(t, m))
            return out

        return value

    def words(self) -> str:
        return "takes the greatest of: " + "; ".join(term.words() for term in self.terms)


class _Wrapped(Schedule):
    """Abstract: one schedule, changed."""

    schedule: Schedule

    def _length(self, clock: Clock) -> Fraction | None:
        return self.schedule._length(clock)


@node
class Clip(_Wrapped):
    """Never below `low` nor above `high`."""

    schedule: One
    low: OptionalNumber = None
    high: OptionalNumber = None

    def _check(self) -> None:
        if self.low is None and self.high is None:
            raise LrlabError(worded("clip needs a bound", hint=".clip(low=0.1), .clip(high=1)"))
        if self.low is not None and self.high is not None and self.low > self.high:
            raise LrlabError(worded("clip: low is above high", (self.low, self.high)))

    def _compile(self, window: Window) -> Value:
        inner, low, high = self.schedule._compile(window), self.low, self.high

        def value(t: Time, m: Maths) -> Real:
            out = inner(t, m)
            if low is not None:
                out = m.maximum(out, low)
            return out if high is None else m.minimum(out, high)

        return value

    def _phases(self, window: Window) -> tuple[Phase, ...]:
        return self.schedule._phases(window)

    def words(self) -> str:
        bounds = [f"at least {self.low:g}"] if self.low is not None else []
        bounds += [f"at most {self.high:g}"] if self.high is not None else []
        return f"{self.schedule.words()}, but {' and '.join(bounds)}"


@node
class Lasting(_Wrapped):
    """As one phase of a given length."""

    schedule: One
    span: Length

    def _length(self, clock: Clock) -> Fraction | None:
        return clock.updates(Span.of(self.span))

    def _compile(self, window: Window) -> Value:
        inner, end = self.schedule._compile(window.fit(self.schedule)), window.length
        return lambda t, m: inner(m.minimum(t, end), m)

    def words(self) -> str:
        return f"{self.schedule.words()} (all within {self.span})"


@node
class Reverse(_Wrapped):
    """Backwards: value(t) = schedule(n - t) over a phase of n updates."""

    schedule: One

    def _check(self) -> None:
        _refuse_controllers(self.schedule, "reverse")

    def _compile(self, window: Window) -> Value:
        n = window.length
        if n is None:
            raise LrlabError(worded("reverse needs to know how long the schedule lasts", str(self), hint="over(10_000)"))
        inner = self.schedule._compile(window)
        return lambda t, m: inner(n - m.minimum(t, n), m)

    def words(self) -> str:
        return f"goes backwards through what {self.schedule.words()}"


@node
class Repeat(_Wrapped):
    """Again and again: see `Schedule.repeat`."""

    schedule: One
    times: OptionalCount = None
    stretch: Positive = 1.0
    gain: Number = 1.0
    cycle: OptionalLength = None

    def _check(self) -> None:
        _refuse_controllers(self.schedule, "repeat")
        if self.times is None and self.stretch < 1:
            raise LrlabError(worded("repeat without a count needs a stretch of at least 1", self.stretch, hint=".repeat(5, stretch=0.5)"))

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
                worded("repeat does not know how long a cycle is", str(self), hint='.repeat(4), .repeat(cycle=500), or a span inside')
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


def _refuse_controllers(schedule: Schedule, where: str) -> None:
    for part in schedule.walk():
        if part.neutral and not part.parts():
            raise LrlabError(
                worded(f"{part} inside {where} has no single phase to act in", str(schedule), hint=f"put it around: (...) * {part}")
            )


def _exact(x: float) -> Fraction:
    return Fraction(str(x))


# -- constructors that keep the normal form -----------------------------------------------------------------------


def sequence(*schedules: Schedule) -> Schedule:
    """One after another, flat."""
    phases = [part for s in schedules for part in (s.phases if isinstance(s, Sequence) else (s,))]
    return phases[0] if len(phases) == 1 else Sequence(tuple(phases))


def _ordered(terms: list[Schedule]) -> tuple[Schedule, ...]:
    return tuple(sorted(terms, key=lambda term: (term.neutral, str(term))))


def _operand(given: object, operator: str) -> Schedule | float:
    if isinstance(given, Schedule):
        return given
    return number(given, f"the other side of {operator}")


def product(*factors: Schedule | float) -> Schedule:
    """The product, flat: numbers folded, terms in one order."""
    scale, terms = 1.0, []
    for given in factors:
        operand = _operand(given, "*")
        if isinstance(operand, float):
            scale *= operand
        elif isinstance(operand, Product):
            scale *= operand.factor
            terms.extend(operand.terms)
        else:
            terms.append(operand)
    if scale == 1 and len(terms) == 1:
        return terms[0]
    return Product(scale, _ordered(terms))


def total(*summands: Schedule | float) -> Schedule:
    """The sum, flat: numbers folded, terms in one order."""
    offset, terms = 0.0, []
    for given in summands:
        operand = _operand(given, "+")
        if isinstance(operand, float):
            offset += operand
        elif isinstance(operand, Sum):
            offset += operand.offset
            terms.extend(operand.terms)
        else:
            terms.append(operand)
    if offset == 0 and len(terms) == 1:
        return terms[0]
    return Sum(offset, _ordered(terms))


def _bound(kind: Any, schedules: tuple[Schedule, ...], what: str) -> Schedule:
    terms = {
        str(part): part
        for k, s in enumerate(schedules)
        for part in (s.terms if isinstance(s, kind) else (one(s, f"{what}[{k}]"),))
    }
    if not terms:
        raise LrlabError(worded(f"{what} of nothing", hint=f"{what}(cosine(), linear())"))
    made: Schedule = next(iter(terms.values())) if len(terms) == 1 else kind(_ordered(list(terms.values())))
    return made


@word
def minimum(*schedules: Schedule) -> Schedule:
    """The least of several schedules at every update.

    value = min(a, b, ...)

    >>> from lrlab.core.presets import *
    >>> minimum(linear(), constant(level=0.6)).over(4).values().tolist()
    [0.6, 0.6, 0.5, 0.25]
    """
    return _bound(Minimum, schedules, "minimum")


@word
def maximum(*schedules: Schedule) -> Schedule:
    """The greatest of several schedules at every update.

    value = max(a, b, ...)

    >>> from lrlab.core.presets import *
    >>> maximum(linear(), constant(level=0.6)).over(4).values().tolist()
    [1.0, 0.75, 0.6, 0.6]
    """
    return _bound(Maximum, schedules, "maximum")
