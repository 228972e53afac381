"""Schedules by their well-known names: functions that return compositions of shapes, and print as those.

one_cycle()   ->   cosine("30%", start=0.04, to=1) >> cosine(to=4e-06)
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

from lrlab.core.expression.fields import flag, length, number, positive
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import KINDS, VOCABULARY, preset
from lrlab.core.shapes import base as shapes
from lrlab.core.shapes.base import Transition, constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.timescales import exponential
from lrlab.core.shapes.transitions import linear
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, nearest, worded

SpanLike = int | str | Span


def leg(name: str, span: SpanLike | None, what: str, **arguments: Any) -> Schedule:
    """A decay leg by its name. Raises `LrlabError` naming the known ones."""
    known = {word: kind for word, kind in KINDS.items() if issubclass(kind, Transition) and not kind.returns}
    if not isinstance(name, str) or name not in known:
        hint = nearest(name, known) if isinstance(name, str) else ""
        raise LrlabError(worded(f"{what} is not a decay", name, ", ".join(known), hint))
    return known[name](span, **arguments)


def _whole(span: SpanLike | None) -> Span:
    return Span.of("100%") if span is None else Span.of(span)


def _part(span: SpanLike | None, part: SpanLike, what: str) -> Span:
    """A part of a phase: a share of its span, or an absolute duration."""
    given = Span.of(part, what)
    return _whole(span).portion(given.amount) if given.unit == "share" else given


def _as_one(schedule: Schedule, span: SpanLike | None) -> Schedule:
    return schedule if span is None else schedule.lasting(span)


@preset
def wsd(
    span: SpanLike | None = None,
    *,
    warmup: SpanLike = "5%",
    decay: SpanLike = "20%",
    shape: str = "one_minus_sqrt",
    to: float = 0.0,
) -> Schedule:
    """Warmup, a stable phase at the base LR, then a decay: the trapezoid.

    value = warmup(warmup) >> constant() >> shape(decay, to=to)

    `shape` is any decay: linear, cosine, one_minus_sqrt, geometric ... (`geometric` needs to > 0).

    >>> wsd(decay=200, to=0.1)
    warmup("5%") >> constant() >> one_minus_sqrt(200, to=0.1)

    Hu et al., MiniCPM, 2024, arXiv:2404.06395, section 4; Hägele et al., 2024, arXiv:2405.18392.
    """
    rise = shapes.warmup(_part(span, warmup, "wsd: warmup"))
    tail = leg(shape, _part(span, decay, "wsd: decay"), "wsd: shape", to=to)
    return _as_one(rise >> constant() >> tail, span)


@preset
def one_cycle(
    span: SpanLike | None = None,
    *,
    rise: SpanLike = "30%",
    start: float = 1 / 25,
    to: float = 1 / 250_000,
    three_phase: bool = False,
    shape: Literal["cosine", "linear"] = "cosine",
) -> Schedule:
    """Up to the base LR and down again, far below where it began; the base LR is the peak.

    value = cosine(rise, start=start, to=1) >> cosine(to=to)

    With `three_phase` it comes down to `start` as fast as it rose, then goes to `to`. The defaults are those of
    PyTorch's OneCycleLR: 1/25 and 1/25/10 000 of the peak.

    >>> one_cycle(three_phase=True, shape="linear", to=0)
    linear("30%", start=0.04, to=1) >> linear("30%", to=0.04) >> linear(start=0.04)

    Smith & Topin, Super-Convergence, 2018, arXiv:1708.07120.
    """
    if not isinstance(shape, str) or shape not in ("cosine", "linear"):
        raise LrlabError(worded("one_cycle: shape is not known", shape, "cosine, linear"))
    draw = VOCABULARY[shape]
    up = _part(span, rise, "one_cycle: rise")
    climb = draw(up, start=start, to=1)
    if not flag(three_phase, "one_cycle: three_phase"):
        return _as_one(climb >> draw(to=to), span)
    return _as_one(climb >> draw(up, to=start) >> draw(start=start, to=to), span)


@preset
def warm_restarts(
    first_cycle: SpanLike = "25%", *, stretch: float = 1.0, gain: float = 1.0, to: float = 0.0
) -> Schedule:
    """Half cosines, again and again: each cycle `stretch` times as long and `gain` times as high as the one before.

    value = cosine(to=to).repeat(cycle=first_cycle, stretch=stretch, gain=gain)

    The floor `to` is not scaled by `gain`. The schedule has no end.

    >>> warm_restarts(500, stretch=2)
    cosine().repeat(stretch=2, cycle=500)
    >>> warm_restarts(500, gain=0.5, to=0.1)
    0.1 + 0.9 * cosine().repeat(gain=0.5, cycle=500)

    Loshchilov & Hutter, SGDR, 2017, arXiv:1608.03983, eq. 5.
    """
    cycle = length(first_cycle, "warm_restarts: first_cycle")
    floor, gain = number(to, "warm_restarts: to"), number(gain, "warm_restarts: gain")
    if gain == 1 or floor == 0:
        return cosine(to=floor).repeat(cycle=cycle, stretch=stretch, gain=gain)
    return floor + (1 - floor) * cosine().repeat(cycle=cycle, stretch=stretch, gain=gain)


def _triangle(half_cycle: SpanLike, start: float, gain: float = 1.0) -> Schedule:
    half = length(half_cycle, "half_cycle")
    return (linear(start=start, to=1) >> linear(to=start)).repeat(cycle=half.portion(Fraction(2)), gain=gain)


@preset
def triangular(half_cycle: SpanLike = "10%", *, low: float = 0.1) -> Schedule:
    """Straight up from `low` to the base LR in half a cycle and straight down again, without end.

    value = (linear(start=low, to=1) >> linear(to=low)).repeat(cycle=2 * half_cycle)

    >>> triangular(500, low=0.2)
    (linear(start=0.2, to=1) >> linear(to=0.2)).repeat(cycle=1000)

    Smith, Cyclical Learning Rates for Training Neural Networks, 2017, arXiv:1506.01186, section 3.
    """
    return _triangle(half_cycle, number(low, "triangular: low"))


@preset
def triangular2(half_cycle: SpanLike = "10%", *, low: float = 0.1) -> Schedule:
    """As `triangular`, with half the height above `low` in each cycle.

    value = low + (1 - low) * (linear(start=0, to=1) >> linear()).repeat(cycle=2 * half_cycle, gain=0.5)

    >>> triangular2(500, low=0)
    (linear(start=0, to=1) >> linear()).repeat(gain=0.5, cycle=1000)

    Smith, 2017, arXiv:1506.01186, section 3.
    """
    floor = number(low, "triangular2: low")
    return floor + (1 - floor) * _triangle(half_cycle, 0.0, gain=0.5)


@preset
def exp_range(half_cycle: SpanLike = "10%", *, low: float = 0.1, gamma: float = 0.9999) -> Schedule:
    """As `triangular`, with a height above `low` that shrinks by `gamma` at every update.

    value = low + (1 - low) * exponential(gamma=gamma) * triangle,
    triangle = (linear(start=0, to=1) >> linear()).repeat(cycle=2 * half_cycle)

    >>> exp_range(500, low=0, gamma=0.999)
    (linear(start=0, to=1) >> linear()).repeat(cycle=1000) * exponential(gamma=0.999)

    Smith, 2017, arXiv:1506.01186, section 3.
    """
    floor = number(low, "exp_range: low")
    fading = exponential(gamma=positive(gamma, "exp_range: gamma"))
    return floor + (1 - floor) * (_triangle(half_cycle, 0.0) * fading)


@preset
def slanted_triangular(span: SpanLike | None = None, *, rise: SpanLike = "10%", ratio: float = 32.0) -> Schedule:
    """A short straight rise from 1/ratio to the base LR, and a long straight fall to 1/ratio.

    value = linear(rise, start=1/ratio, to=1) >> linear(to=1/ratio)

    >>> slanted_triangular(ratio=4)
    linear("10%", start=0.25, to=1) >> linear(to=0.25)

    Howard & Ruder, ULMFiT, 2018, arXiv:1801.06146, eq. 3.
    """
    low = number(1 / positive(ratio, "slanted_triangular: ratio"), "slanted_triangular: 1 / ratio")
    up = _part(span, rise, "slanted_triangular: rise")
    return _as_one(linear(up, start=low, to=1) >> linear(to=low), span)
