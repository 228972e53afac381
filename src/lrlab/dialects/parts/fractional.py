"""Legs, stairs and cycles that end between two updates, as some libraries allow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import WHOLE, constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.piecewise import step
from lrlab.core.shapes.transitions import polynomial
from lrlab.dialects.parts.phases import drops, then, tidy
from lrlab.errors import LrlabError, worded

MANY = 50  # most cycles of fractional length that are written out one by one
MOST = 1000  # most cycles in total, where a library limits their number
LONGEST = 1e9  # updates: cycles are written out up to here


def piece(
    shape: Any, at: int, stop: int, begin: float | Fraction, length: float | Fraction, **arguments: float
) -> Schedule | None:
    """The updates `at` ... stop-1 of a leg that begins at the real time `begin` and is `length` updates long."""
    if stop <= at:
        return None
    if shape is polynomial and arguments.get("power") == 0:  # whatever to the power of 0 is 1
        return constant(stop - at, level=arguments.get("start", 1.0))
    ends = (float((at - begin) / length), float((stop - begin) / length))
    part = WHOLE if ends == WHOLE else (max(ends[0], 0.0), ends[1])
    made: Schedule = shape(stop - at, part=part, **arguments)
    return made


def stairs(every: Fraction, gamma: float) -> Schedule:
    """A factor `gamma` every `every` updates; a drop between two updates takes effect at the next one."""
    if every.denominator == 1:
        falls: Schedule = step(int(every), gamma=gamma)
        return falls
    cycle, count = every.numerator, every.denominator  # `cycle` updates have `count` drops, the last one at their end
    bounds = [-(-k * cycle // count) for k in range(1, count)]
    return drops(bounds, gamma).repeat(cycle=cycle, gain=gamma**count)


def cosines(begins: Sequence[float | Fraction], to: float = 0.0, gain: float = 1.0) -> Schedule:
    """Half cosines between real-valued times; each starts `gain` times as high as the one before."""
    edges = [math.ceil(tidy(float(begin))) for begin in begins]
    falls = [
        piece(cosine, edges[k], edges[k + 1], begin, end - begin, start=gain**k, to=to)
        for k, (begin, end) in enumerate(pairwise(begins))
    ]
    return then(*falls)


def boundaries(index: Callable[[int], int], guesses: Sequence[float], first: int = 0) -> list[int]:
    """The first update of cycle 0, 1, 2 ... by the library's own rounding: `index(t)` is the cycle that update t is in.

    `guesses` are the real-valued times at which the cycles begin; each boundary is searched within two updates of its
    guess. The list stops before the first update for which `index` raises.
    """
    if len(guesses) > MOST + 1:
        raise LrlabError(worded("these are too many cycles to write out", len(guesses) - 1, f"at most {MOST}"))
    found: list[int] = []
    for cycle, guess in enumerate(guesses):
        nearby = range(max(math.floor(guess) - 1, 0), math.ceil(guess) + 3)
        try:
            at = next((t for t in nearby if index(t) >= cycle), None)
        except ValueError:
            break
        if at is None:
            break
        found.append(max(at, first))
    return found


@dataclass(frozen=True)
class Growing:
    """Cycles, each `mul` times as long as the one before, in the floating-point arithmetic of timm and fairseq."""

    first: float
    mul: float

    def index(self, t: int) -> int:
        """The cycle that update t is in; raises `ValueError` after the end of shrinking cycles."""
        if self.mul == 1:
            return int(t // self.first)
        return math.floor(math.log(1 - t / self.first * (1 - self.mul), self.mul))

    def begin(self, i: int) -> float:
        """The time at which cycle i begins."""
        return float(self.first * i) if self.mul == 1 else (1 - self.mul**i) / (1 - self.mul) * self.first

    def length(self, i: int) -> float:
        """The length of cycle i."""
        return self.mul**i * self.first

    def until(self, update: int) -> int:
        """The number of cycles up to this update, at most as many as can be written out."""
        return next((i for i in range(1, MOST) if self.begin(i) > update), MOST)

    def edges(self, count: int, first: int = 0) -> list[int]:
        """The first update of each of the first `count` cycles, and of the cycle after them."""
        return boundaries(self.index, [self.begin(i) for i in range(min(count, MOST + 1) + 1)], first)
