"""A schedule for editing: its successive phases, each with its place and its two ends.

Factors, offsets, bounds and feedback around the phases stay around them: the ends are values of the whole schedule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from lrlab.core.expression.algebra import Product, Sequence, Sum, product, sequence, total
from lrlab.core.expression.maths import OPEN_LOOP
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.wrap import Clip
from lrlab.core.shapes.base import hold
from lrlab.core.time.horizon import LENGTH, Horizon
from lrlab.core.time.layout import TimeBase, Window
from lrlab.errors import LrlabError, worded

SAME = 1e-9  # ends that differ by less than this share of the greatest are the same level


@dataclass(frozen=True)
class Piece:
    """A phase over the updates `start` ... `stop`-1, and its values at u = 0 and u = 1, before any bounds."""

    phase: Schedule
    start: int
    stop: int
    begin: float
    end: float

    @property
    def follows(self) -> bool:
        """Whether its text says that it begins where the phase before ends."""
        return isinstance(self.phase, hold) or "here" in (
            getattr(self.phase, "start", None),
            getattr(self.phase, "level", None),
        )


@dataclass(frozen=True)
class Spine:
    """The phases of a schedule over a run, and what is around them: value = `scale` * phase + `offset`, bounded."""

    schedule: Schedule
    horizon: Horizon
    pieces: tuple[Piece, ...]
    scale: float
    offset: float
    low: float | None
    high: float | None
    around: Callable[[Schedule], Schedule]

    @property
    def total(self) -> int:
        """The number of updates of the run."""
        return _total(self.horizon)

    @property
    def clock(self) -> TimeBase:
        """The time base that converts spans to updates."""
        return TimeBase(self.horizon, self.total)

    @property
    def greatest(self) -> float:
        """The greatest of all ends, for comparisons."""
        return max(abs(v) for piece in self.pieces for v in (piece.begin, piece.end)) or 1.0

    def inner(self, value: float) -> float:
        """A value of the whole schedule as a value of a phase. Raises `LrlabError` if everything is multiplied by 0."""
        if self.scale == 0:
            raise LrlabError(worded("everything is multiplied by 0", str(self.schedule), hint="take the factor away"))
        if self.scale == 1 and self.offset == 0:
            return value
        return float(f"{(value - self.offset) / self.scale:.6g}")

    def shown(self, value: float) -> float:
        """A value, limited to the bounds."""
        value = value if self.low is None else max(value, self.low)
        return value if self.high is None else min(value, self.high)

    def joined(self, border: int) -> bool:
        """Whether the phases before and after this border meet at the same level."""
        before, after = self.pieces[border - 1], self.pieces[border]
        return abs(before.end - after.begin) <= SAME * self.greatest

    def phases(self) -> list[Schedule]:
        """The phases alone."""
        return [piece.phase for piece in self.pieces]

    def of(self, phases: Iterable[Schedule]) -> Schedule:
        """The schedule with these phases in place of its own."""
        return self.around(sequence(*phases))

    def at(self, update: float) -> int:
        """The index of the piece that contains an update; after the end, the last piece."""
        inside = [k for k, piece in enumerate(self.pieces) if piece.start <= update < piece.stop]
        return inside[0] if inside else len(self.pieces) - 1


@lru_cache(maxsize=16)  # a hand that moves asks again and again for the phases that it began with
def spine_of(schedule: Schedule, horizon: int | Horizon) -> Spine:
    """The phases at the top of a schedule.

    Raises `LrlabError` if the length of the run is not known, or the schedule does not fit into it.

    >>> from lrlab import *
    >>> found = spine_of(linear("20%", start=0, to=1) >> cosine(), 50)
    >>> [(str(piece.phase), piece.start, piece.stop, piece.begin, piece.end) for piece in found.pieces]
    [('linear("20%", start=0, to=1)', 0, 10, 0.0, 1.0), ('cosine()', 10, 50, 1.0, 0.0)]
    """
    run = Horizon.of(horizon)
    schedule.over(run)  # raises the curve's own error if something does not fit
    window = Window(TimeBase(run, _total(run)), 0, _total(run)).fit(schedule)
    scale, offset = 1.0, 0.0
    lows, highs = list[float](), list[float]()
    inner, layers = schedule, list[_Layer]()
    while True:
        match inner:
            case Product(terms=terms) if len(spoken := [t for t in terms if not t.neutral]) == 1:
                layers.append(_times(inner.factor, *(term for term in terms if term.neutral)))
                scale, inner = scale * inner.factor, spoken[0]
            case Sum(terms=(term,)):
                layers.append(_plus(inner.offset))
                offset, inner = offset + scale * inner.offset, term
            case Clip() if scale >= 0:
                layers.append(_clipped(inner.low, inner.high))
                lows += [scale * low + offset for low in (inner.low,) if low is not None]
                highs += [scale * high + offset for high in (inner.high,) if high is not None]
                inner = inner.schedule
            case _:
                break
        window = window.fit(inner)
    placed = inner._windows(window) if isinstance(inner, Sequence) else [(window, inner._compile(window))]
    pieces = []
    for phase, (inside, value) in zip(inner._in_turn(), placed, strict=True):
        length = _total(run) - inside.start if inside.length is None else inside.length
        ends = (scale * float(value(t, OPEN_LOOP)) + offset for t in (0, length))
        pieces.append(Piece(phase, inside.start, inside.start + length, *ends))
    bounds = max(lows, default=None), min(highs, default=None)
    return Spine(schedule, run, tuple(pieces), scale, offset, *bounds, _all(layers))


def _total(horizon: Horizon) -> int:
    if horizon.total is None:
        raise LrlabError(worded("the length of the run is not known", horizon, hint=LENGTH))
    return horizon.total


_Layer = Callable[[Schedule], Schedule]


def _times(factor: float, *beside: Schedule) -> _Layer:
    return lambda schedule: product(factor, schedule, *beside)


def _plus(offset: float) -> _Layer:
    return lambda schedule: total(offset, schedule)


def _clipped(low: float | None, high: float | None) -> _Layer:
    return lambda schedule: schedule.clip(low, high)


def _all(layers: list[_Layer]) -> _Layer:
    """All layers around the phases, the innermost last."""

    def around(schedule: Schedule) -> Schedule:
        for layer in reversed(layers):
            schedule = layer(schedule)
        return schedule

    return around
