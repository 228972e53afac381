"""The place of each part of a schedule: spans become updates (`TimeBase`), parts get their place (`Window`,
`Phase`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import MOST, Span, rounded
from lrlab.errors import LrlabError, worded

if TYPE_CHECKING:
    from lrlab.core.expression.node import Schedule

MOST_WORK = 64  # values of the innermost parts for one value
MOST_WITHIN = 1024  # boundaries that are looked up, if they cannot be computed in whole numbers


@dataclass(frozen=True)
class TimeBase:
    """Converts spans to updates inside one window: a share is a share of `whole` (the run, or one cycle)."""

    horizon: Horizon
    whole: int | None
    scale: Fraction = Fraction(1)  # of the absolute spans, in a stretched cycle

    def updates(self, span: Span) -> Fraction:
        """A span in updates, exactly."""
        if span.unit == "share" and self.whole is not None:
            return span.amount * self.whole
        length = self.horizon.resolve(span) * self.scale
        if length > MOST:
            raise LrlabError(worded(f"{span!r} is longer than any run: {float(length):g} updates", self.horizon))
        return length


@dataclass(frozen=True)
class Window:
    """The place of a part of a schedule: `length` updates from the absolute update `start` (None: no known end).

    `here` gives the value at which the phase before ends; `controllers` collects the controllers inside.
    """

    clock: TimeBase
    start: int
    length: int | None
    here: Callable[[], float] | None = None
    controllers: list[tuple[Schedule, int, int | None]] = dataclasses.field(default_factory=list, compare=False)
    work: int = 1  # how many values of the innermost parts one value here costs

    def doubled(self, schedule: Schedule) -> Window:
        """The window of a part that computes two values for each. Raises `LrlabError` if that is nested too deeply."""
        if self.work >= MOST_WORK:
            raise LrlabError(
                worded(
                    "repeats and stretched parts within each other: one value would cost the work of thousands",
                    str(schedule),
                    f"{MOST_WORK.bit_length() - 1} levels whose cycles are not a whole number of updates",
                    "one .repeat(9) in place of .repeat(3).repeat(3), or a length that the cycles divide",
                )
            )
        return dataclasses.replace(self, work=2 * self.work)

    def updates(self, span: object) -> Fraction:
        """A span in updates, exactly."""
        return self.clock.updates(Span.of(span))

    def fit(self, schedule: Schedule) -> Window:
        """The window of a schedule that starts here: as long as the schedule, or all that is left."""
        length = schedule._length(self.clock)
        if length is None:
            return self
        if self.length is None:
            return dataclasses.replace(self, length=bounded(length))
        if length >= self.length + 1:  # less than an update too long: this window's own ends were rounded
            parts = schedule._in_turn()
            raise beyond(parts, [part._length(self.clock) for part in parts], self.length)
        return dataclasses.replace(self, length=min(rounded(length), self.length))

    def inside(self, start: int, stop: int | None, here: Callable[[], float] | None) -> Window:
        """The window of one phase, `start` and `stop` counted from this window's start."""
        length = None if stop is None else stop - start
        return dataclasses.replace(self, start=self.start + start, length=length, here=here)


def beyond(schedules: Iterable[Schedule], lengths: list[Fraction | None], whole: int) -> LrlabError:
    """The error for fixed spans that are longer than the run."""
    parts = [f"{s} = {float(n):g}" for s, n in zip(schedules, lengths, strict=True) if n is not None]
    total = float(sum(n for n in lengths if n is not None))
    return LrlabError(
        worded(
            f"the spans add up to {total:g} of {whole} updates: " + ", ".join(parts),
            allowed=f"at most {whole} updates in all",
            hint="shorten one, or leave one without a span so that it takes what is left",
        )
    )


def bounded(length: Fraction) -> int:
    """A length in whole updates. Raises `LrlabError` if it is longer than any run."""
    if length > MOST:
        raise LrlabError(worded("the schedule is longer than any run", allowed=f"at most {MOST:.0e} updates"))
    return rounded(length)


@dataclass(frozen=True)
class Unfolded:
    """A part of a schedule at its own place: the value is `scale` * part + `offset`, never below `low`.

    `scale` None: as it is.
    """

    schedule: Schedule
    window: Window
    scale: float | None = None
    offset: float = 0.0
    low: float | None = None


@dataclass(frozen=True)
class Phase:
    """A stretch of a curve: `schedule` covers the updates `start` ... `stop`-1 (`stop` None: no known end)."""

    schedule: Schedule
    start: int
    stop: int | None
