"""Bends a phase: finds the word with a curve through a point, or a power if no word fits."""

from __future__ import annotations

import math
from typing import Any

from lrlab.core.edit.spine import Piece
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import KINDS
from lrlab.core.run.curve import Curve
from lrlab.core.shapes.base import Transition, constant, hold, warmup
from lrlab.core.shapes.transitions import one_minus_power, polynomial
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded

NEAR = 0.02  # of the way from end to end: a word this close to the point is meant
FINE = 1000  # parts of a phase in which the words are compared
STEEPEST = 12.0  # the highest power


def words() -> tuple[str, ...]:
    """The words to which a phase can be bent: decays that reach their end, sorted by how high they stay.

    >>> words()[0], "cosine" in words(), "cosine_cycle" in words()
    ('linear', True, False)
    """
    known = [
        name
        for name, kind in KINDS.items()
        if issubclass(kind, Transition) and not kind.returns and kind.arrives and name != "linear"
    ]
    return ("linear", *sorted(known, key=lambda name: (-round(_height(name), 9), name)))


def bent(piece: Piece, u: float, value: float, inner: tuple[float, float]) -> Schedule:
    """The phase of this piece, bent to go through `value` at the share `u` of its length; `inner` has its end values.

    Raises `LrlabError` for a phase that does not go from one level to another.

    >>> from lrlab import *
    >>> from lrlab.core.edit.spine import spine_of
    >>> (piece,) = spine_of(linear(), 100).pieces
    >>> bent(piece, 0.25, 0.85, (1, 0)), bent(piece, 0.5, 0.25, (1, 0)), bent(piece, 0.5, 0.6, (1, 0))
    (cosine(), polynomial(power=2), one_minus_power(power=1.3))
    """
    begin, end = inner
    if begin == end:
        raise LrlabError(
            worded("a phase that is flat cannot be bent", str(piece.phase), hint="move one of its ends first")
        )
    u = min(max(u, 0.05), 0.95)
    fall = min(max((value - end) / (begin - end), 0.01), 0.99)
    near = [(abs(_fall(name, u, inner) - fall), name) for name in words() if not _powers(name) and _fits(name, inner)]
    best, word = min(near, key=lambda each: each[0])
    if best > NEAR:
        word, power = _power(u, fall)
        return _made(piece, inner, word, power=power)
    straight = abs(1 - u - fall) <= NEAR
    return _made(piece, inner, "linear" if straight else word)


def as_word(piece: Piece, word: str, inner: tuple[float, float]) -> Schedule:
    """The phase of this piece with another word, between the same levels.

    Raises `LrlabError` for a word that does not go from one level to another.
    """
    if word in ("constant", "hold"):
        return constant(_span(piece), level=inner[0]) if word == "constant" else hold(_span(piece))
    if word not in words():
        raise LrlabError(
            worded("this word is not a shape that goes from one level to another", word, ", ".join(words()))
        )
    return _made(piece, inner, word)


def _made(piece: Piece, inner: tuple[float, float], word: str, **more: float) -> Schedule:
    phase, (first, to) = piece.phase, inner
    start: float | str = "here" if piece.follows else float(f"{first:.6g}")
    kind: Any = KINDS[word]
    made: Schedule = kind(_span(piece), start=start, to=float(f"{to:.6g}"), **more)
    return phase if made == phase else made


def _span(piece: Piece) -> Span | None:
    """The span of a phase, None if it has none. Raises `LrlabError` for a phase that is not a plain shape."""
    if not isinstance(piece.phase, Transition | constant | hold | warmup):
        raise LrlabError(worded("this phase has a shape of its own", str(piece.phase), hint="change its text"))
    found: Span | None = piece.phase.span  # type: ignore[assignment]  # in normal form
    return found


def _fits(word: str, inner: tuple[float, float]) -> bool:
    return word != "geometric" or min(inner) > 0


def _powers(word: str) -> bool:
    """Whether the word has a power."""
    return word in (polynomial.kind, one_minus_power.kind)


def _power(u: float, fall: float) -> tuple[str, float]:
    """The word and power through a point: a power of the remaining way if it sags, of the past way if it stays high."""
    if fall < 1 - u:
        word, power = polynomial.kind, math.log(fall) / math.log(1 - u)
    else:
        word, power = one_minus_power.kind, math.log(1 - fall) / math.log(u)
    return word, float(f"{min(power, STEEPEST):.2g}")


def _fall(word: str, u: float, inner: tuple[float, float]) -> float:
    """The share of the way that is left at `u`, between these ends."""
    start, to = inner
    return float((_curve(word, inner)(round(FINE * u)) - to) / (start - to))


def _height(word: str) -> float:
    """How high the word's curve stays."""
    return float(_curve(word, (1.0, 0.01)).values().mean())


def _curve(word: str, inner: tuple[float, float]) -> Curve:
    start, to = inner
    kind: Any = KINDS[word]
    curve: Curve = kind(start=start, to=to).over(FINE)
    return curve
