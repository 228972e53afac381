"""Shapes that fill a span: `u` runs from 0 (first update) to 1 (the end), `start` is the beginning, `to` the end.

A phase of n updates that starts at update a covers a ... a+n-1; at update i its shape is evaluated at
u = (i - a)/n, so that u runs over [0, 1). A phase declared `closed` uses u = (i - a)/(n - 1): its last update has
exactly the end value. After its end a shape stays at its value at u = 1.

Every class here is a word of the text form. The line `value = ...` in its docstring is executed by the tests.
"""

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from fractions import Fraction
from typing import Any, TypeAlias, dataclass_transform

from lrlab.core.expression.fields import Flag, Level, Number, OptionalLevel, Part, PhaseSpan, Positive
from lrlab.core.expression.maths import Maths, Real, Time, Value
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import shape
from lrlab.core.time.horizon import LENGTH
from lrlab.core.time.layout import TimeBase, Window
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded


def spoken(value: float | str | None) -> str:
    """A level in words."""
    return "the end of the phase before" if value == "here" else f"{value:.4g}" if value is not None else "1/(n+1)"


@dataclass_transform(frozen_default=True)
@dataclass(frozen=True, repr=False)
class Shape(Schedule):
    """Abstract: a shape over a span. With `span=None` it takes a share of the remaining updates."""

    span: PhaseSpan = None
    _: KW_ONLY

    def _length(self, clock: TimeBase) -> Fraction | None:
        return None if self.span is None else clock.updates(Span.of(self.span))

    def _here(self, value: float | str | None, window: Window) -> float:
        """A level as a number."""
        if value == "here":
            if window.here is None:
                raise LrlabError(
                    worded(
                        '"here" means the end of the phase before, and there is none',
                        str(self),
                        hint=f"... >> {self}",
                    )
                )
            return window.here()
        return float(value)  # type: ignore[arg-type]

    def _needed(self, window: Window) -> int:
        if window.length is None:
            raise LrlabError(
                worded(
                    f"{self} needs to know how long it lasts",
                    hint=f"{LENGTH}, or a span: {type(self).__name__}(500)",
                )
            )
        return window.length


WHOLE = (0.0, 1.0)
Way: TypeAlias = Callable[[Real, Real, Maths], Real]


@dataclass_transform(frozen_default=True)
@dataclass(frozen=True, repr=False)
class Transition(Shape):
    """Abstract: value = to + (start - to) * fall, where `fall` goes from 1 at u = 0 to 0 at u = 1."""

    _: KW_ONLY
    start: Level = 1.0
    to: Number = 0.0
    closed: Flag = False
    part: Part = WHOLE

    manner = ""
    decays = True
    returns = False  # whether it comes back to `start`
    arrives = True  # whether its value at u = 1 is `to`, to the last bit

    def fall(self, u: Real, v: Real, m: Maths) -> Real:
        """The normalised shape; v = 1 - u, computed without cancellation."""
        raise NotImplementedError

    def way(self, start: float, to: float, n: int, window: Window) -> Way:
        """The function (u, 1 - u, maths) -> value over n updates: for a shape that is not affine in both ends."""

        def value(u: Real, v: Real, m: Maths) -> Real:
            fall = self.fall(u, v, m)
            return start * fall + to * (1 - fall)  # to the last bit `start` at u = 0 and `to` at u = 1

        return value

    def _compile(self, window: Window) -> Value:
        n, to = self._needed(window), self.to
        way = self.way(self._here(self.start, window), to, n, window)
        if n == 0:
            return lambda t, m: to
        progress = self._progress(n)
        return lambda t, m: way(*progress(t, m), m)

    def _first(self, n: int, clock: TimeBase) -> Schedule:
        length = self._length(clock)
        if length is None or self.closed:
            return super()._first(n, clock)
        begin, end = self.part
        return self.replace(span=n, part=(begin, begin + (end - begin) * n / int(length)))

    def _level_after(self) -> float | None:
        return self.to if self.arrives and tuple(self.part)[1] >= 1 else None

    def _progress(self, n: int) -> Callable[[Time, Maths], tuple[Real, Real]]:
        """The function (updates since the start, maths) -> u and 1 - u, over n updates."""
        last = max(n - 1, 1) if self.closed else n
        late = 1 if self.closed and n == 1 else 0
        begin, end = self.part

        def whole(t: Time, m: Maths) -> tuple[Real, Real]:
            t = m.minimum(t + late, last)
            return t / last, (last - t) / last

        def piece(t: Time, m: Maths) -> tuple[Real, Real]:
            u = m.minimum(begin + (end - begin) * (m.minimum(t + late, last) / last), 1.0)
            return u, 1 - u

        return whole if self.part == WHOLE else piece

    def words(self) -> str:
        if self.start == self.to:
            return f"holds {spoken(self.to)}"
        of = "" if self.part == WHOLE else " (of that, from {:.4g} to {:.4g} of the way)".format(*self.part)
        if self.start == "here":
            return f"goes {self.manner} from where it is to {spoken(self.to)}{of}"
        way = "rises" if self.to > self.start else "falls"
        return f"{way} {self.manner} from {spoken(self.start)} to {spoken(self.to)}{of}"


@shape
class constant(Shape):
    """One value: the base LR, or a multiple of it.

    value = level

    `level` is a multiple of the base LR, or "here": the value at which the phase before ends. Without a span and
    at the end of a schedule it has no end.

    >>> constant(level=0.5).over(3).values().tolist()
    [0.5, 0.5, 0.5]

    Bottou, Curtis & Nocedal, Optimization Methods for Large-Scale Machine Learning, 2018, arXiv:1606.04838, section 4
    (a fixed step size).
    """

    _: KW_ONLY
    level: Level = 1.0

    def _first(self, n: int, clock: TimeBase) -> Schedule:
        return self.replace(span=n)

    def _compile(self, window: Window) -> Value:
        level = self._here(self.level, window)
        return lambda t, m: level

    def _plainly(self, window: Window) -> tuple[str, dict[str, Any]]:
        return "constant", {"to": self.level}

    def words(self) -> str:
        return f"holds {spoken(self.level)}"


@shape
class hold(Shape):
    """The value at which the phase before ends, kept.

    value = here

    >>> from lrlab import *
    >>> (linear("60%", to=0.5) >> hold()).over(5).values().round(3).tolist()
    [1.0, 0.833, 0.667, 0.5, 0.5]

    Source: what the decays of Keras and Optax do after their last step.
    """

    def _keeps_to_itself(self) -> bool:
        return False

    def _plainly(self, window: Window) -> tuple[str, dict[str, Any]]:
        return "constant", {"to": "here"}

    def _compile(self, window: Window) -> Value:
        level = self._here("here", window)
        return lambda t, m: level

    def words(self) -> str:
        return "holds the value it has reached"


@shape
class warmup(Shape):
    """A linear rise to the base LR that wastes no update at 0 and does not use the peak twice.

    value = start + (1 - start) * u

    By default start = 1/(n+1) over n updates, so that value(i) = (i+1)/(n+1): the update after the last one of the
    warmup is the first at the peak. `warmup(n, start=0)` begins at 0.

    >>> warmup(4).over(4).values().round(3).tolist()
    [0.2, 0.4, 0.6, 0.8]

    Goyal et al., Accurate, Large Minibatch SGD, 2017, arXiv:1706.02677, section 2.2.
    """

    _: KW_ONLY
    start: OptionalLevel = None

    def _compile(self, window: Window) -> Value:
        n = self._needed(window)
        if self.start is None:
            return lambda t, m: (m.minimum(t, n) + 1) / (n + 1)
        start = self._here(self.start, window)
        if n == 0:
            return lambda t, m: 1.0
        return lambda t, m: start + (1 - start) * (m.minimum(t, n) / n)

    def _plainly(self, window: Window) -> tuple[str, dict[str, Any]]:
        start = 1 / ((window.length or 0) + 1) if self.start is None else self.start
        return "linear", {"start": start, "to": 1.0, "closed": False, "part": WHOLE}

    def words(self) -> str:
        return f"rises linearly from {spoken(self.start)} to 1"


@shape
class linear_cosine(Shape):
    """A straight line times a cosine, and a floor.

    value = (alpha + 1 - u) * (1 + cos(2 * pi * periods * u)) / 2 + beta

    >>> linear_cosine().over(4).values().round(4).tolist()
    [1.001, 0.6412, 0.251, 0.0376]

    Bello et al., Neural Optimizer Search with Reinforcement Learning, 2017, arXiv:1709.07417.
    """

    _: KW_ONLY
    periods: Positive = 0.5
    alpha: Number = 0.0
    beta: Number = 0.001

    def _compile(self, window: Window) -> Value:
        n = self._needed(window)

        last = max(n, 1)  # nothing but the end is left of a phase without updates

        def value(t: Time, m: Maths) -> Real:
            t = m.minimum(t + last - n, last)
            c = m.cos(math.pi * self.periods * (t / last))
            return (self.alpha + (last - t) / last) * (c * c) + self.beta

        return value

    def words(self) -> str:
        return f"falls linearly under {self.periods:g} periods of a cosine to {self.beta:g}"
