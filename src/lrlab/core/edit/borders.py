"""Changes the lengths of phases: one border moves, all others stay, and the text stays short.

A span keeps its unit and gets the fewest digits that put its end at the right update. A phase without a span stays
without one if the spans of the others are enough.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence as Listed
from fractions import Fraction

from lrlab.core.edit.spine import Spine
from lrlab.core.expression.algebra import Product, Sequence, Sum
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.wrap import Clip, Lasting
from lrlab.core.time.layout import TimeBase, Window
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded

HALF = Fraction(1, 2)
LONG = 4  # decimals of an amount that is no longer short


def moved(spine: Spine, border: int, at: int) -> list[Schedule]:
    """The phases with this border (between phases border-1 and border) moved to the update `at`.

    Raises `LrlabError` if the border cannot be there.

    >>> from lrlab import *
    >>> from lrlab.core.edit.spine import spine_of
    >>> moved(spine_of(warmup("5%") >> constant() >> linear("20%"), 1000), 2, 700)
    [warmup("5%"), constant(), linear("30%")]
    """
    low, high = room(spine, border)
    if not low <= at <= high:
        raise LrlabError(worded("the border would pass its neighbour", at, f"{low} to {high}"))
    phases, clock = spine.phases(), spine.clock
    wanted = [piece.stop for piece in spine.pieces]
    wanted[border - 1] = at
    lengths = [phase._length(clock) for phase in phases]
    taken = _lengths(lengths, spine.total)
    before = sum(taken[: border - 1], Fraction(0))
    both = taken[border - 1] + (taken[border] if border < len(phases) else 0)
    left_has = lengths[border - 1] is not None
    right_has = border < len(phases) and lengths[border] is not None
    for left, right in dict.fromkeys([(left_has, right_has), (True, right_has), (True, True)]):
        if border == len(phases) and right:
            continue
        tried = list(phases)
        after = before + both
        if left:
            span = _fitting(_unit(phases[border - 1]), at - HALF - before, at + HALF - before, clock)
            tried[border - 1] = lasting(phases[border - 1], span)
            reached = before + clock.updates(span)
        if right:
            stop = wanted[border]
            unit = _unit(phases[border])
            if left:
                span = _fitting(unit, stop - HALF - reached, stop + HALF - reached, clock, after - reached)
            else:  # the length left for the phase before decides
                span = _fitting(unit, after - at - HALF, after - at + HALF, clock)
            tried[border] = lasting(phases[border], span)
        if borders(tried, clock, spine.total) == wanted:
            return tried
    for k, length in ((border - 1, at - before), (border, before + both - at)):  # exact, so that nothing else moves
        phases[k] = lasting(phases[k], _of(length, _unit(phases[k]), spine))
    return phases


def divided(spine: Spine, number: int, at: int, first: Schedule, second: Schedule) -> list[Schedule]:
    """Two phases to replace this one, which meet at the update `at`; all borders stay."""
    lengths = [phase._length(spine.clock) for phase in spine.phases()]
    taken = _lengths(lengths, spine.total)
    before, unit = sum(taken[:number], Fraction(0)), _unit(spine.phases()[number])
    size = _fitting(unit, at - HALF - before, at + HALF - before, spine.clock)
    if lengths[number] is None and lengths.count(None) == 1:
        return [lasting(first, size), lasting(second, None)]
    reached, stop = before + spine.clock.updates(size), spine.pieces[number].stop
    rest = before + taken[number] - reached
    wanted = [piece.stop for piece in spine.pieces]
    wanted[number:number] = [at]
    phases = spine.phases()
    for span in (
        _fitting(unit, stop - HALF - reached, stop + HALF - reached, spine.clock, rest),
        _of(rest, unit, spine),
    ):
        made = [lasting(first, size), lasting(second, span)]
        if borders([*phases[:number], *made, *phases[number + 1 :]], spine.clock, spine.total) == wanted:
            break
    return made


def united(spine: Spine, border: int, kept: Schedule) -> list[Schedule]:
    """The phases with one in place of the two that meet at this border; all other borders stay."""
    phases, clock = spine.phases(), spine.clock
    lengths = [phase._length(clock) for phase in phases]
    taken = _lengths(lengths, spine.total)
    before, both = sum(taken[: border - 1], Fraction(0)), taken[border - 1] + taken[border]
    stop = spine.pieces[border].stop
    wanted = [piece.stop for k, piece in enumerate(spine.pieces) if k != border - 1]
    unit = _unit(kept)
    span = _fitting(unit, stop - HALF - before, stop + HALF - before, clock, both)
    free = None in (lengths[border - 1], lengths[border])
    for tried in [*([None] if free else []), span, _of(both, unit, spine)]:
        made = [*phases[: border - 1], lasting(kept, tried), *phases[border + 1 :]]
        if borders(made, clock, spine.total) == wanted:
            return made
    return made


def room(spine: Spine, border: int) -> tuple[int, int]:
    """The range in which a border can move: each of its phases keeps an update, or the fixed length of its contents."""
    left = spine.pieces[border - 1]
    low, high = left.start + _least(left.phase, spine.clock), spine.total
    if border < len(spine.pieces):
        high = spine.pieces[border].stop - _least(spine.pieces[border].phase, spine.clock)
    return min(low, left.stop), max(high, left.stop)


def _least(phase: Schedule, clock: TimeBase) -> int:
    """The shortest length that `lasting` can give a phase, in updates."""
    match phase:
        case Product(terms=terms) | Sum(terms=terms) if len(spoken := [t for t in terms if not t.neutral]) == 1:
            return _least(spoken[0], clock)
        case Clip(schedule=inner):
            return _least(inner, clock)
        case Lasting(schedule=inner):
            return _fixed(inner, clock)
    return 1 if "span" in phase.arguments() else _fixed(phase, clock)


def _fixed(phase: Schedule, clock: TimeBase) -> int:
    """The shortest length of a phase that stays as it is."""
    length = phase._length(clock)
    return max(1, phase._least(clock) if length is None else math.ceil(length))


def lasting(phase: Schedule, span: Span | None) -> Schedule:
    """The phase with this length; None: the length that the others leave.

    >>> from lrlab import *
    >>> lasting(cosine(to=0.1), Span.of("5%")), lasting(0.5 * cosine("10%"), None), lasting(inverse_sqrt(), Span.of(9))
    (cosine("5%", to=0.1), 0.5 * cosine(), inverse_sqrt(span=9))
    """
    if "span" in phase.arguments() and not isinstance(phase, Lasting):
        return phase.replace(span=span)
    match phase:
        case Lasting(schedule=inner):
            return inner if span is None else inner.lasting(span)
        case Product(terms=terms) | Sum(terms=terms) if len([t for t in terms if not t.neutral]) == 1:
            return phase._mapped(lambda term: term if term.neutral else lasting(term, span))
        case Clip():
            return phase._mapped(lambda inner: lasting(inner, span))
    return phase if span is None else phase.lasting(span)


def borders(phases: Listed[Schedule], clock: TimeBase, whole: int) -> list[int] | None:
    """The update at which each phase stops; None if the phases do not fit."""
    window = Window(clock, 0, whole)
    try:
        if len(phases) == 1:
            inside = window.fit(phases[0])
            return [whole if inside.length is None else inside.length]
        return [whole if stop is None else stop for _, stop in Sequence(tuple(phases))._bounds(window)]
    except LrlabError:
        return None


def _lengths(lengths: Listed[Fraction | None], whole: int) -> list[Fraction]:
    """Every exact length; phases without one share the rest equally."""
    fixed = sum((n for n in lengths if n is not None), Fraction(0))
    free = sum(n is None for n in lengths)
    share = max(whole - fixed, Fraction(0)) / free if free else Fraction(0)
    return [share if n is None else n for n in lengths]


def _unit(phase: Schedule) -> str:
    """The unit of a phase's own span; "share" (of the run) if it has no span."""
    span = next((value for value in phase._spans() if value.amount), None)
    return "share" if span is None else span.unit


def _of(updates: Fraction, unit: str, spine: Spine) -> Span:
    """This many updates as an exact span in a unit, as a share of the run if they are no whole number of updates."""
    unit = "share" if unit == "updates" and updates.denominator > 1 else unit
    return Span(updates / spine.clock.updates(Span(Fraction(1), unit)), unit)


def _fitting(unit: str, low: Fraction, high: Fraction, clock: TimeBase, best: Fraction | None = None) -> Span:
    """The span with the fewest digits, from `low` to below `high` updates, in this unit.

    `best` if that is short, and else so many digits that it is near.
    """
    if unit == "updates":
        return Span(Fraction(max(1, math.ceil(low))), unit)
    scale = Fraction(1, 100) if unit == "share" else Fraction(1)  # a share is written in percent
    size = clock.updates(Span(scale, unit))
    if best is not None and low <= best < high and (best * 10 ** (LONG - 1) / size).denominator == 1:
        return Span(best / size * scale, unit)
    for digits in itertools.count(0 if best is None else LONG):
        step = 10**digits / size
        first, last = max(1, math.ceil(low * step)), math.ceil(high * step) - 1
        if first <= last:
            middle = min(max(round((low + high) / 2 * step), first), last)
            return Span(middle * scale / 10**digits, unit)
    raise AssertionError
