"""One schedule, changed: bounded, made one phase, held in steps, reversed."""

from collections.abc import Iterator
from dataclasses import KW_ONLY
from fractions import Fraction

from lrlab.core.expression import write
from lrlab.core.expression.algebra import REST, One
from lrlab.core.expression.boundaries import begins
from lrlab.core.expression.fields import Length, OptionalNumber
from lrlab.core.expression.maths import Maths, Real, Time, Value
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import node
from lrlab.core.time.horizon import LENGTH
from lrlab.core.time.layout import Phase, TimeBase, Unfolded, Window
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded


class Wrapped(Schedule):
    """Abstract: one schedule, changed."""

    schedule: Schedule

    def _text(self) -> str:
        return f"{write.bracketed(self.schedule, write.ATOM)}.{self.kind}({write.arguments(self, skip=1)})"

    def _length(self, clock: TimeBase) -> Fraction | None:
        return self.schedule._length(clock)


@node
class Clip(Wrapped):
    """Never below `low` nor above `high`."""

    schedule: One
    _: KW_ONLY
    low: OptionalNumber = None
    high: OptionalNumber = None

    def _check(self) -> None:
        if self.low is None and self.high is None:
            raise LrlabError(worded("clip needs a bound", hint=".clip(low=0.1), .clip(high=1)"))
        if self.low is not None and self.high is not None and self.low > self.high:
            raise LrlabError(worded("clip: low is above high", (self.low, self.high)))

    def _first(self, n: int, clock: TimeBase) -> Schedule:
        return self._mapped(lambda inner: inner._first(n, clock))

    def _unfolded(self, window: Window) -> list[Unfolded] | None:
        return None if self.high is not None else [Unfolded(self.schedule, window, low=self.low)]

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
class Lasting(Wrapped):
    """As one phase of a given length."""

    schedule: One
    span: Length

    def _length(self, clock: TimeBase) -> Fraction | None:
        return clock.updates(Span.of(self.span))

    def _spans(self) -> Iterator[Span]:
        yield Span.of(self.span)
        yield from (span for span in self.schedule._spans() if span is not REST)

    def _first(self, n: int, clock: TimeBase) -> Schedule:
        inner = self.schedule._length(clock)
        if inner is None or inner < n:
            return super()._first(n, clock)
        return self.schedule if inner == n else self.schedule._first(n, clock)

    def _compile(self, window: Window) -> Value:
        inner, end = self.schedule._compile(window.fit(self.schedule)), window.length
        return lambda t, m: inner(m.minimum(t, end), m)

    def words(self) -> str:
        return f"{self.schedule.words()} (all within {self.span})"


@node
class Staircase(Wrapped):
    """Held for `every`: value(t) = schedule(the boundary round(k * every) at or before t)."""

    schedule: One
    every: Length

    def _drops_after(self) -> tuple[Span, ...]:
        return (Span.of(self.every),)

    def _first(self, n: int, clock: TimeBase) -> Schedule:
        return self._mapped(lambda inner: inner._first(n, clock))

    def _compile(self, window: Window) -> Value:
        inner, begin, n = self.schedule._compile(window), begins(window.updates(self.every), window), window.length

        def value(t: Time, m: Maths) -> Real:
            at = begin(t, m)
            return inner(at if n is None else m.where(t >= n, m.maximum(at, n), at), m)  # after its end: its end value

        return value

    def words(self) -> str:
        return f"{self.schedule.words()}, in steps of {self.every}"


@node
class Reverse(Wrapped):
    """Backwards: value(t) = schedule(n - t) over a phase of n updates."""

    schedule: One

    def _check(self) -> None:
        refuse_controllers(self.schedule, "reverse")

    def _canonical(self) -> Schedule:
        return self.schedule.schedule if isinstance(self.schedule, Reverse) else self

    def _compile(self, window: Window) -> Value:
        n = window.length
        if n is None:
            raise LrlabError(worded("reverse needs to know how long the schedule lasts", str(self), hint=LENGTH))
        inner = self.schedule._compile(window)
        return lambda t, m: inner(n - m.minimum(t, n), m)

    def words(self) -> str:
        return f"goes backwards through what {self.schedule.words()}"


def refuse_controllers(schedule: Schedule, where: str) -> None:
    for part in schedule.walk():
        if part.neutral and not part.parts():
            raise LrlabError(
                worded(
                    f"{part} inside {where} has no single phase to act in",
                    str(schedule),
                    hint=f"put it around: (...) * {part}",
                )
            )
