"""Schedules over a run measured in samples, tokens or seconds, of which an update has no fixed share.

    curve = (warmup(500) >> cosine()).over(Horizon(tokens=2_000_000_000))
    pacer = MeteredPacer(curve)
    pacer.consume(tokens=524_288); pacer.advance()
    pacer.value

Batch sizes ramp up, clocks drift, loaders have no length: then an update's share of the run is not known before it is
made. Within a segment (adjacent phases in one unit) the value depends only on the amount consumed, by the same rule of
time as in updates. The next segment starts at the first update for which the one before is over; that start is
recorded, and a phase that takes what is left takes what is left then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NoReturn

from lrlab.core.expression.maths import ONES, OPEN_LOOP, Maths, NumpyMaths, Real, ScalarMaths, Time, TracedMaths, Value
from lrlab.core.expression.node import Schedule
from lrlab.core.feedback.active import ActiveController, active
from lrlab.core.run.curve import BLOCK, Curve
from lrlab.core.run.meter import Meter, ReadClock, wall
from lrlab.core.run.pacer import Pacer
from lrlab.core.run.segments import Measure
from lrlab.core.run.track import Track
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import Phase, Window
from lrlab.errors import LrlabError, worded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Segment:
    """Phases in one unit: `value` is a function of the amount since its start, `length` where it ends."""

    unit: str
    schedule: Schedule
    length: int | None
    value: Value
    phases: tuple[Phase, ...]
    controllers: tuple[ActiveController, ...]


class MeteredCurve(Curve):
    """A schedule over a run measured in units other than updates. Made by `schedule.over(horizon)`.

    With one unit throughout it is a function of the amount in that unit (`unit`: samples, tokens, or seconds, given in
    milliseconds). Whatever needs the value of an update before it is made is refused, and the error names the missing
    rate.

    >>> import lrlab as lr
    >>> c = lr.linear().over(lr.Horizon(tokens=1000))
    >>> c.unit, c(250)
    ('tokens', 0.75)
    >>> c.values()
    Traceback (most recent call last):
    ...
    lrlab.errors.LrlabError: values() needs to know how many tokens an update is
      given:   linear()
      try:     Horizon(..., tokens_per_update=524288)
    """

    def __init__(self, schedule: Schedule, horizon: Horizon) -> None:
        self.schedule, self.horizon, self.updates = schedule, horizon, None
        self.measure = Measure(horizon)
        self.parts = self.measure.stretches(schedule)
        self.units = frozenset(unit for unit, _ in self.parts)
        self.unit = self.parts[0][0] if len(self.parts) == 1 else "several units"
        self._met: list[list[tuple[Schedule, int, int | None]]] = [[]]  # the controllers before each stretch
        made: list[Segment] = []
        spent = 0
        for k in range(len(self.parts)):
            made.append(self.stretch(k, spent, made[-1] if made else None))
            spent += self._checked(made[-1], k, spent)
        self.stretches = tuple(made)
        self.phases = tuple(phase for stretch in made for phase in stretch.phases)
        self.controllers = tuple(placed for stretch in made for placed in stretch.controllers)
        self._value = made[0].value if len(made) == 1 else self._refuse

    def stretch(self, k: int, spent: int, before: Segment | None) -> Segment:
        """Stretch number k, begun when `spent` of the run's own length was over, after the stretch `before`."""
        unit, schedule = self.parts[k]
        length = self.measure.length(unit, schedule, spent)
        here = None if before is None or before.length is None else partial(_end, before.value, before.length)
        met = list(self._met[k])
        window = Window(self.measure.clock(unit), 0, length, here, met)
        value = schedule._compile(window)
        if k + 1 == len(self._met):
            self._met.append(met)
        return Segment(unit, schedule, length, value, schedule._phases(window), active(window)[len(self._met[k]) :])

    def _checked(self, stretch: Segment, k: int, spent: int) -> int:
        """How much of the run's length a segment takes. Raises `LrlabError` if that is impossible."""
        measure, whole = self.measure, self.measure.whole
        if k + 1 < len(self.parts) and stretch.schedule._length(measure.clock(stretch.unit)) is None:
            raise measure.refused(
                f"{stretch.schedule} takes what {self.parts[k + 1][1]} leaves, which is in other units",
                self.horizon,
                {stretch.unit, self.parts[k + 1][0]},
            )
        if stretch.unit != measure.budget or stretch.length is None:
            return 0
        if whole is not None and spent + stretch.length > whole:
            raise LrlabError(
                worded(
                    f"the spans in {stretch.unit} add up to {spent + stretch.length} of {whole}",
                    str(self.schedule),
                    hint="shorten one, or leave one without a span so that it takes what is left",
                )
            )
        return stretch.length

    def traced(self, update: Any, maths: TracedMaths) -> Any:
        """Raises `LrlabError`: an adapter counts updates."""
        self._known("a compiled schedule")

    def block(self, update: int, factors: Sequence[float] = ONES) -> tuple[int, NDArray[np.float64]]:
        """Raises `LrlabError`: values are not known by the number of the update."""
        self._known("the value of an update")

    def _known(self, what: str) -> NoReturn:
        unit = ", ".join(sorted(self.units - {"updates"}))
        raise self.measure.refused(f"{what} needs to know how many {unit} an update is", self.schedule, self.units)

    def _length(self, what: str) -> int:
        whole = self.stretches[0].length if len(self.stretches) == 1 else None
        return self._known(what) if whole is None else whole

    def _refuse(self, t: Time, m: Maths) -> Real:
        raise self.measure.refused(
            "the curve is measured in several units: its value depends on the path", str(self.schedule), self.units
        )


def _end(value: Value, length: int) -> float:
    return float(value(length, OPEN_LOOP))


@dataclass(frozen=True)
class MeteredTrack(Track):
    """A curve measured in what updates consume, with the start of each of its segments, and the present one.

    A start is given in the segment's own unit, and in that of the run's length.
    """

    curve: MeteredCurve
    starts: tuple[tuple[int, int], ...] = ((0, 0),)

    @property
    def units(self) -> frozenset[str]:
        """What the curve is measured in."""
        return self.curve.units

    @property
    def segment(self) -> Segment:
        """The segment that the run is in."""
        return self._segments[-1]

    @cached_property
    def _segments(self) -> list[Segment]:
        made = [self.curve.stretches[0]]
        for k, (_, spent) in enumerate(self.starts[1:], 1):
            made.append(self.curve.stretch(k, spent, made[-1]))
        return made

    def moved(self, meter: Meter) -> MeteredTrack:
        """The track in the segment that the run is in by now."""
        track = self
        while len(track.starts) < len(self.curve.parts) and track._elapsed(meter) >= (track.segment.length or 0):
            unit = self.curve.parts[len(track.starts)][0]
            start = meter.ticks(unit), meter.ticks(self.curve.measure.budget)
            track = replace(track, starts=(*track.starts, start))
        return track

    def acting(self, update: int, meter: Meter) -> list[ActiveController]:
        """The controllers that listen now."""
        return [placed for placed in self.segment.controllers if placed.acts(self._elapsed(meter))]

    def ahead(self, update: int, meter: Meter) -> tuple[int, NDArray[np.float64]]:
        """Only the value of this update: what the next one consumes is not known."""
        import numpy as np

        value = self.segment.value(self._elapsed(meter), ScalarMaths(self.factors))
        return update, np.array([value], dtype=float)

    def between(self, start: int, stop: int) -> NDArray[np.float64]:
        """Raises `LrlabError`: the values of updates are not known from their numbers."""
        self.curve._known("between()")

    def refuse_change(self, how: str) -> None:
        """Raises `LrlabError`: to change the curve, the rate of an update must be known."""
        self.curve._known(how)

    def restored(self, records: Mapping[str, Any], starts: Sequence[tuple[int, int]]) -> MeteredTrack:
        """The track in recorded states, its segments begun where they were."""
        if not starts:
            raise self.curve.measure.refused(
                "the recorded state does not say what was consumed: it was measured in updates",
                sorted(records),
                self.curve.units,
            )
        if len(starts) > len(self.curve.parts) or not all(type(n) is int and n >= 0 for pair in starts for n in pair):
            raise LrlabError(worded("the recorded starts are not those of this schedule", list(starts)))
        return replace(super().restored(records, starts), starts=tuple(starts))

    def _elapsed(self, meter: Meter) -> int:
        return meter.ticks(self.segment.unit) - self.starts[-1][0]


class MeteredPacer(Pacer):
    """The position of a run on a curve measured in what its updates consume.

    `clock` gives seconds; with `clock=None` the loop reports them, too.

    >>> import lrlab as lr
    >>> p = MeteredPacer(lr.linear().over(lr.Horizon(samples=1000)))
    >>> p.consume(samples=100); p.advance()
    >>> p.value
    0.9
    >>> p.advance(); p.value
    Traceback (most recent call last):
    ...
    lrlab.errors.LrlabError: update 1 has not said how many samples it consumed
      try:     scheduler.consume(samples=n) before scheduler.step()
    """

    def _track(self, curve: Curve, names: Mapping[str, str], records: Mapping[str, Any]) -> Track:
        kind = MeteredTrack if isinstance(curve, MeteredCurve) else Track
        return kind.of(curve, names, records)


def curve_of(schedule: Schedule, horizon: Horizon) -> Curve:
    """The curve of a schedule over a horizon: in updates if the rates are known, otherwise metered."""
    units = {unit for unit, _ in Measure(horizon).stretches(schedule)}
    return Curve(schedule, horizon) if units == {"updates"} else MeteredCurve(schedule, horizon)


def sampled(curve: Curve) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Times and open-loop values to judge a curve by: all for a run of up to a million updates, enough for a longer
    one.

    They include the time after the last, whose value is held. Several segments follow one another, each from its own
    start.
    """
    import numpy as np

    if not isinstance(curve, MeteredCurve) or len(curve.stretches) == 1:
        times = _times(curve.phases, curve.stretches[0].length if isinstance(curve, MeteredCurve) else curve.updates)
        return times, curve(times)
    found = []
    with np.errstate(all="ignore"):
        for stretch in curve.stretches:
            times = _times(stretch.phases, stretch.length)
            found.append((times, np.broadcast_to(stretch.value(times, NumpyMaths(np, ONES)), times.shape)))
    return np.concatenate([times for times, _ in found]), np.concatenate([values for _, values in found])


def _times(phases: tuple[Phase, ...], length: int | None) -> NDArray[np.int64]:
    import numpy as np

    starts = [phase.start for phase in phases]
    n = starts[-1] + BLOCK if length is None else length
    return np.arange(n + 1) if n <= 2**20 else np.unique([*np.linspace(0, n, 2**18, dtype=int), *starts, n])


def pacer_of(curve: Curve, clock: ReadClock | None = wall) -> Pacer:
    """A pacer on a curve: a metered one if the curve is measured in what updates consume."""
    return MeteredPacer(curve, clock) if isinstance(curve, MeteredCurve) else Pacer(curve)
