"""Schedules by boundaries: a drop, a level or a straight line for each stretch of time.

`t` counts updates since the phase began; boundaries are durations from there, rounded half up. Like all schedules with
their own time scale they have no end unless `span=` gives one.
"""

import itertools
from dataclasses import field

from lrlab.core.expression.boundaries import drops
from lrlab.core.expression.fields import Length, Lengths, NotNegative, Numbers, Points
from lrlab.core.expression.maths import Maths, Real, Time, Value
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import shape
from lrlab.core.shapes.timescales import Timed, plain
from lrlab.core.time.layout import Window
from lrlab.core.time.span import Span, rounded
from lrlab.errors import LrlabError, worded


@shape
class step(Timed):
    """A drop by the same factor at even distances.

    value = gamma ** floor(t / every)

    >>> step(2, gamma=0.1).over(5).values().round(4).tolist()
    [1.0, 1.0, 0.1, 0.1, 0.01]

    At even distances: StepLR of PyTorch. A tenth each time, there by hand at a plateau: He et al., Deep Residual
    Learning, 2016, arXiv:1512.03385, section 3.4.
    """

    every: Length = field(default="30%", kw_only=False)
    gamma: NotNegative = field(default=0.1, kw_only=True)

    def _drops_after(self) -> tuple[Span, ...]:
        return (Span.of(self.every),)

    def _formula(self, window: Window) -> Value:
        count = drops(window.updates(self.every), window)
        return lambda t, m: m.power(self.gamma, count(t, m) * 1.0)

    def words(self) -> str:
        return f"is multiplied by {self.gamma:g} every {plain(self.every)}"


@shape
class multistep(Timed):
    """A drop by the same factor at each milestone.

    value = gamma ** sum(t >= b for b in milestones)

    Milestones are durations from the beginning of the phase.

    >>> multistep([2, 3], gamma=0.1).over(5).values().round(4).tolist()
    [1.0, 1.0, 0.1, 0.01, 0.01]

    He et al., 2016, arXiv:1512.03385, section 4.2.
    """

    milestones: Lengths = field(default=("50%", "75%"), kw_only=False)
    gamma: NotNegative = field(default=0.1, kw_only=True)

    def _drops_after(self) -> tuple[Span, ...]:
        return tuple(map(Span.of, self.milestones))

    def _formula(self, window: Window) -> Value:
        bounds = _rising([rounded(window.updates(b)) for b in self.milestones], self)
        return lambda t, m: m.power(self.gamma, m.passed(bounds, t) * 1.0)

    def words(self) -> str:
        return f"is multiplied by {self.gamma:g} after {_listed(self.milestones)}"


@shape
class piecewise_constant(Timed):
    """A level for each stretch between boundaries.

    value = values[sum(t >= b for b in boundaries)]

    One more value than boundaries; a boundary belongs to the stretch that it begins.

    >>> piecewise_constant([2, 4], [1, 0.5, 0.1]).over(5).values().tolist()
    [1.0, 1.0, 0.5, 0.5, 0.1]

    Source: Keras' PiecewiseConstantDecay, whose boundaries are each one update later.
    """

    boundaries: Lengths = field(default=("50%", "75%"), kw_only=False)
    values: Numbers = field(default=(1.0, 0.1, 0.01), kw_only=False)

    def _check(self) -> None:
        if len(tuple(self.values)) != len(tuple(self.boundaries)) + 1:
            raise LrlabError(
                worded(
                    "piecewise_constant needs one more value than boundaries",
                    [list(self.boundaries), list(self.values)],
                    hint="piecewise_constant([500, 800], [1, 0.1, 0.01])",
                )
            )

    def _drops_after(self) -> tuple[Span, ...]:
        return tuple(map(Span.of, self.boundaries))

    def _formula(self, window: Window) -> Value:
        bounds = _rising([rounded(window.updates(b)) for b in self.boundaries], self)
        values = tuple(self.values)
        return lambda t, m: m.take(values, m.passed(bounds, t))

    def words(self) -> str:
        levels = ", ".join(f"{v:g}" for v in self.values)
        return f"takes the levels {levels}, changing after {_listed(self.boundaries)}"


@shape
class piecewise_linear(Timed):
    """Straight lines between points (duration from the beginning, multiple of the base LR).

    value = interpolate(points, t)

    Before the first point and after the last their values are held; two points at one time make a jump.

    >>> piecewise_linear([(0, 0), (2, 1), (4, 0.5)]).over(5).values().tolist()
    [0.0, 0.5, 1.0, 0.75, 0.5]

    Source: Page, How to Train Your ResNet, 2018 (myrtle.ai).
    """

    points: Points = field(default=((0, 0.1), ("10%", 1.0), ("100%", 0.0)), kw_only=False)

    def _formula(self, window: Window) -> Value:
        points = [(rounded(window.updates(at)), value) for at, value in self.points]
        times = [at for at, _ in points]
        if times != sorted(times):
            raise LrlabError(worded("piecewise_linear: points must rise in time", [list(p) for p in points]))
        values = tuple([points[0][1], *(value for _, value in points), points[-1][1]])
        # Stretch k lies between point k-1 and point k; the first and the last have no end and no slope.
        begins = tuple([0, *times])
        lengths = tuple([1.0, *(max(b - a, 1) for a, b in itertools.pairwise(times)), 1.0])

        def value(t: Time, m: Maths) -> Real:
            k = m.passed(times, t)
            low, high = m.take(values, k), m.take(values, k + 1 if len(values) > 2 else k)
            return low + (high - low) * ((t - m.take(begins, k)) / m.take(lengths, k))

        return value

    def words(self) -> str:
        stops = ", ".join(f"{value:g} at {plain(at)}" for at, value in self.points)
        return f"follows straight lines through {stops}"


def _rising(bounds: list[int], schedule: Schedule) -> list[int]:
    if bounds != sorted(bounds):
        raise LrlabError(worded(f"{schedule}: the boundaries must rise; over this horizon they are", bounds))
    return bounds


def _listed(spans: object) -> str:
    return ", ".join(plain(span) for span in spans)  # type: ignore[attr-defined]
