"""Evenly spaced boundaries: the updates round(k * every), k = 1, 2 ..., computed exactly in whole numbers."""

from __future__ import annotations

from fractions import Fraction

from lrlab.core.expression.maths import JaxMaths, Maths, Real, Time, Value
from lrlab.core.time.layout import MOST_WITHIN, Window
from lrlab.core.time.span import narrowed, rounded
from lrlab.errors import LrlabError, worded


def drops(every: Fraction, window: Window) -> Value:
    """How many boundaries round(k * every), k = 1, 2 ..., are at or before update t.

    With every = p/q the condition is k * p/q + 1/2 < t + 1, in whole numbers.
    """
    if every < 1:
        raise LrlabError(worded(f"a drop every {float(every):g} updates", allowed="at least 1 update apart"))
    every = narrowed(every, window.length)
    p, q = every.numerator, every.denominator
    within = [rounded(k * every) for k in range(1, q)] if 1 < q <= MOST_WITHIN else []

    def count(t: Time, m: Maths) -> Real:
        if q == 1:
            return t // p
        if not isinstance(m, JaxMaths):
            return ((2 * t + 1) * q - 1) // (2 * p)
        rounds = t // p  # its integers may have 32 bits only: q drops in every p updates, and those within a round
        rest = t - rounds * p
        return rounds * q + (m.passed(within, rest) if within else m.ceil((rest + 0.5) / (p / q)) - 1)

    return count


def begins(every: Fraction, window: Window) -> Value:
    """The boundary at or before update t (0 before the first): where its stretch of `every` begins."""
    count = drops(every, window)
    every = narrowed(every, window.length)
    p, q = every.numerator, every.denominator
    within = [rounded(k * every) for k in range(q)] if 1 < q <= MOST_WITHIN else []

    def begin(t: Time, m: Maths) -> Time:
        k = count(t, m)
        if q == 1:
            return k * p
        if not isinstance(m, JaxMaths):
            return (2 * k * p + q) // (2 * q)
        if not within:
            return m.floor(k * (p / q) + 0.5)
        rounds = k // q
        return rounds * p + m.take(within, k - rounds * q)

    return begin
