"""Schedules with their own time scale: they do not fill a span, and have no end unless `span=` gives one.

`t` counts updates since the phase began. A length such as `every` may be any duration ("10%", "3ep"); a drop that
falls between two updates happens at the rounded boundary (half up).
"""

import math
from dataclasses import KW_ONLY, dataclass, field
from fractions import Fraction
from typing import dataclass_transform

from lrlab.core.expression.boundaries import drops
from lrlab.core.expression.fields import (
    Flag,
    Length,
    Number,
    OptionalLength,
    OptionalPositive,
    PhaseSpan,
    Positive,
)
from lrlab.core.expression.maths import JaxMaths, KerasMaths, Maths, Real, Time, Value
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import argument, shape
from lrlab.core.time.layout import TimeBase, Window
from lrlab.core.time.span import Span, rounded
from lrlab.errors import LrlabError, worded


@dataclass_transform(frozen_default=True, field_specifiers=(field, argument))
@dataclass(frozen=True, repr=False)
class Timed(Schedule):
    """Abstract: a formula in `t` with its own time scale. With `span=None` it takes a share of the remaining
    updates."""

    _: KW_ONLY
    span: PhaseSpan = None

    def _length(self, clock: TimeBase) -> Fraction | None:
        return None if self.span is None else clock.updates(Span.of(self.span))

    def _first(self, n: int, clock: TimeBase) -> Schedule:
        return self.replace(span=n)

    def _breaks_off(self) -> bool:
        return self.span is not None

    def _formula(self, window: Window) -> Value:
        """The function of t, endless."""
        raise NotImplementedError

    def _compile(self, window: Window) -> Value:
        formula = self._formula(window)
        if self.span is None:
            return formula
        end = window.length
        return lambda t, m: formula(m.minimum(t, end), m)


@shape
class exponential(Timed):
    """The same factor at every update, or in every stretch of time.

    value = decay ** (t / every)

    `gamma` is the factor per update (PyTorch's ExponentialLR); with `every="1ep"` per epoch, at its end. `decay` is
    the factor per `every`, spread continuously over it, or with `staircase=True` at its end (TensorFlow's
    ExponentialDecay). Without arguments it falls to 1 % over the run.

    >>> exponential(gamma=0.5).over(4).values().round(6).tolist()
    [1.0, 0.5, 0.25, 0.125]
    >>> exponential(decay=0.5, every=2, staircase=True).over(4).values().tolist()
    [1.0, 1.0, 0.5, 0.5]

    Li & Arora, An Exponential Learning Rate Schedule for Deep Learning, 2020, arXiv:1910.07454.
    """

    _: KW_ONLY
    gamma: OptionalPositive = None
    decay: OptionalPositive = None
    every: OptionalLength = None
    jumps: Flag = argument(default=False, alias="staircase")

    def _check(self) -> None:
        if self.gamma is not None and self.decay is not None:
            hint = f"exponential(decay={self.decay:g}, every=...), or exponential(gamma={self.gamma:g})"
            raise LrlabError(
                worded("exponential takes gamma, or decay and every, not both", self.arguments(), hint=hint)
            )
        if self.gamma is not None and self.jumps:
            every = "..." if self.every is None else repr(self.every)
            raise LrlabError(
                worded(
                    "exponential: gamma comes at the end of each `every` anyway; staircase= goes with decay=",
                    self.arguments(),
                    hint=f"exponential(gamma={self.gamma:g}, every={every})",
                )
            )
        if self.decay is not None and self.every is None:
            hint = f"exponential(decay={self.decay:g}, every=1000), or exponential(gamma={self.decay:g})"
            raise LrlabError(worded("exponential: decay needs every, the time it takes", hint=hint))
        if self.gamma is None and self.decay is None:
            if self.every is not None or self.jumps:
                hint = 'exponential(decay=0.5, every="10%")'
                raise LrlabError(worded("exponential: every needs decay, the factor", hint=hint))
            object.__setattr__(self, "decay", 0.01)
            object.__setattr__(self, "every", Span.of("100%"))

    def _drops_after(self) -> tuple[Span, ...]:
        return (Span.of(self.every),) if self.jumps else ()

    def _formula(self, window: Window) -> Value:
        factor = float(self.gamma or self.decay or 1.0)  # one of them is there: see _check
        every = window.updates(self.every) if self.every is not None else Fraction(1)
        jumps = self.jumps or self.gamma is not None
        return _decaying(lambda x, m: m.exp(math.log(factor) * x), factor, every, jumps and every != 1, window)

    def words(self) -> str:
        if self.gamma is not None:
            return f"is multiplied by {self.gamma:g} every {plain(self.every) if self.every else 'update'}"
        return f"falls exponentially, by {self.decay:g} every {plain(self.every)}{' in steps' if self.jumps else ''}"


@shape
class natural_exponential(Timed):
    """A natural exponential.

    value = exp(-rate * t / every)

    With `staircase=True` t/every is rounded down. Without arguments it falls to 0.7 % over the run.

    >>> natural_exponential(rate=1, every=2).over(3).values().round(4).tolist()
    [1.0, 0.6065, 0.3679]

    Source: TensorFlow's natural_exp_decay (tf.compat.v1.train).
    """

    rate: Positive = field(default=5.0, kw_only=False)
    every: Length = field(default="100%", kw_only=False)
    jumps: Flag = argument(default=False, alias="staircase")

    def _formula(self, window: Window) -> Value:
        every = window.updates(self.every)
        return _counted(lambda x, m: m.exp(-self.rate * x), every, self.jumps, window)

    def words(self) -> str:
        steps = " in steps" if self.jumps else ""
        return f"falls exponentially, by exp(-{self.rate:g}) every {plain(self.every)}{steps}"


@shape
class inverse_time(Timed):
    """One over time.

    value = 1 / (1 + rate * t / every)

    With `staircase=True` t/every is rounded down. Without arguments it falls to 1/11 over the run.

    >>> inverse_time(rate=1, every=2).over(3).values().round(4).tolist()
    [1.0, 0.6667, 0.5]

    Robbins & Monro, A Stochastic Approximation Method, 1951.
    """

    rate: Positive = field(default=1.0, kw_only=False)
    every: Length = field(default="10%", kw_only=False)
    jumps: Flag = argument(default=False, alias="staircase")

    def _formula(self, window: Window) -> Value:
        every = window.updates(self.every)
        return _counted(lambda x, m: 1 / (1 + self.rate * x), every, self.jumps, window)

    def words(self) -> str:
        steps = " in steps" if self.jumps else ""
        return f"falls as one over time, to 1/{1 + self.rate:g} after {plain(self.every)}{steps}"


@shape
class inverse_sqrt(Timed):
    """One over the square root of time, beginning at the base LR.

    value = (1 + t / timescale) ** -0.5

    >>> inverse_sqrt(1).over(4).values().round(4).tolist()
    [1.0, 0.7071, 0.5774, 0.5]

    Raffel et al., T5, 2020, arXiv:1910.10683, section 3.1.2; Zhai et al., Scaling Vision Transformers, 2022,
    arXiv:2106.04560, section 3.5 (timescale).
    """

    timescale: Length = field(default="2%", kw_only=False)

    def _formula(self, window: Window) -> Value:
        scale = float(window.updates(self.timescale))
        return lambda t, m: 1 / m.sqrt(1 + t / scale)

    def words(self) -> str:
        return f"falls as one over the square root of time, on a scale of {plain(self.timescale)}"


@shape
class inverse_power(Timed):
    """One over a power of time, beginning at the base LR.

    value = (1 + t / timescale) ** -power

    With `staircase=True` t/timescale is rounded down.

    >>> inverse_power(1, power=1).over(4).values().round(4).tolist()
    [1.0, 0.5, 0.3333, 0.25]

    Shen et al., Power Scheduler, 2024, arXiv:2408.13359 (over tokens, with its b = -0.51).
    """

    timescale: Length = field(default="2%", kw_only=False)
    power: Positive = field(default=0.51, kw_only=True)
    jumps: Flag = argument(default=False, alias="staircase")

    def _formula(self, window: Window) -> Value:
        scale = window.updates(self.timescale)
        return _counted(lambda x, m: m.power(1.0 + x, -self.power), scale, self.jumps, window)

    def words(self) -> str:
        steps = " in steps" if self.jumps else ""
        return f"falls as time to the power of -{self.power:g}{steps}, on a scale of {plain(self.timescale)}"


@shape
class cosine_wave(Timed):
    """A cosine that swings between the base LR and `to` without end.

    value = to + (1 - to) * (1 + cos(2 * pi * (waves * t / every + phase))) / 2

    `waves` full periods in every `every`, not necessarily whole updates; `phase` is where in the period it begins.

    >>> cosine_wave(1.5, every=6, to=0.5).over(5).values().round(4).tolist()
    [1.0, 0.75, 0.5, 0.75, 1.0]

    Source: what the 'cosine' of Hugging Face Transformers (num_cycles) and PyTorch's CosineAnnealingLR go on with after
    their end.
    """

    waves: Positive = field(default=0.5, kw_only=False)
    every: Length = field(default="100%", kw_only=False)
    to: Number = field(default=0.0, kw_only=True)
    phase: Number = field(default=0.0, kw_only=True)

    def _formula(self, window: Window) -> Value:
        every, to = float(window.updates(self.every)), self.to
        period = (Fraction(self.waves) / window.updates(self.every)).denominator  # updates: whole waves

        def value(t: Time, m: Maths) -> Real:
            if isinstance(m, JaxMaths | KerasMaths) and period < 2**31:
                t = t % period  # float32 cannot hold the place within a late wave
            c = m.cos(math.pi * (self.waves * t / every + self.phase))
            return to + (1 - to) * (c * c)

        return value

    def words(self) -> str:
        return f"swings as a cosine between 1 and {self.to:g}, {self.waves:g} times every {plain(self.every)}"


@shape
class noam(Timed):
    """A linear rise, then one over the square root of time; the peak, at the last update of the rise, is 1.

    value = min((t + 1) / warmup, sqrt(warmup / (t + 1)))

    >>> noam(2).over(4).values().round(4).tolist()
    [0.5, 1.0, 0.8165, 0.7071]

    Vaswani et al., Attention Is All You Need, 2017, arXiv:1706.03762, eq. 3 (there in units of d_model**-0.5
    * warmup**-0.5).
    """

    warmup: Length = field(default="5%", kw_only=False)

    def _formula(self, window: Window) -> Value:
        rise = max(rounded(window.updates(self.warmup)), 1)
        return lambda t, m: m.minimum((t + 1) / rise, m.sqrt(rise / (t + 1)))

    def words(self) -> str:
        return f"rises linearly to 1 over {plain(self.warmup)}, then falls as one over the square root of time"


def _counted(formula: Value, every: Fraction, staircase: bool, window: Window) -> Value:
    """A formula of x = t/every, rounded down on a staircase."""
    if staircase:
        count = drops(every, window)
        return lambda t, m: formula(count(t, m) * 1.0, m)
    size = float(every)
    return lambda t, m: formula(t / size, m)


def _decaying(smooth: Value, factor: float, every: Fraction, staircase: bool, window: Window) -> Value:
    """factor**(t/every): on a staircase as a power, so that 0.1 after one drop is 0.1 to the last bit."""
    if staircase:
        return _counted(lambda x, m: m.power(factor, x), every, True, window)
    return _counted(smooth, every, False, window)


def plain(span: object) -> str:
    """A duration in words."""
    text = str(Span.of(span))
    if text.endswith("%"):
        return f"{text[:-1]} % of the run"
    return f"{text} update{'' if text == '1' else 's'}" if text.isdigit() else text
