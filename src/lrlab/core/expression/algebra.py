"""What joins schedules: one after another, multiplied, added.

Each keeps a normal form: sequences, products and sums are flat, their numbers are folded, and the terms of products and
sums are sorted, so that a*b == b*a. A product or sum of schedules is one phase.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import field
from fractions import Fraction
from functools import partial
from typing import Annotated

from lrlab.core.expression import write
from lrlab.core.expression.fields import Number, items, number
from lrlab.core.expression.maths import OPEN_LOOP, Maths, Real, Time, Value
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import node
from lrlab.core.time.horizon import LENGTH
from lrlab.core.time.layout import Phase, TimeBase, Unfolded, Window, beyond, bounded
from lrlab.core.time.span import Span, rounded
from lrlab.errors import LrlabError, LrlabTypeError, worded


def one(given: object, what: str) -> Schedule:
    """A schedule."""
    if isinstance(given, Schedule):
        return given
    hint = f"constant(level={given})" if isinstance(given, (int, float)) else ""
    raise LrlabTypeError(worded(f"{what} must be a schedule", given, hint=hint))


def several(given: object, what: str) -> tuple[Schedule, ...]:
    """A tuple of at least one schedule."""
    return tuple(one(item, f"{what}[{k}]") for k, item in enumerate(items(given, what)))


REST = Span(Fraction(1), "share")  # stands for what a phase without a span takes
One = Annotated[Schedule, one]
Several = Annotated[tuple[Schedule, ...], several]


@node
class Sequence(Schedule):
    """One phase after another (`>>`). Phases without a span share the remaining updates equally."""

    phases: Several

    _binds = write.SEQUENCE

    def _text(self) -> str:
        return write.chain(" >> ", [write.bracketed(phase, write.SUM) for phase in self.phases])

    def _canonical(self) -> Schedule:
        return sequence(*self.phases)

    def _in_turn(self) -> tuple[Schedule, ...]:
        return tuple(self.phases)

    def _spans(self) -> Iterator[Span]:
        for phase in self.phases:
            yield from list(phase._spans()) or [REST]

    def _least(self, clock: TimeBase) -> int:
        return sum(phase._least(clock) for phase in self.phases)

    def _first(self, n: int, clock: TimeBase) -> Schedule:
        kept: list[Schedule] = []
        left = n
        for phase in self.phases:
            length = phase._length(clock)
            kept.append(phase if length is not None and length <= left else phase._first(left, clock))
            left -= left if length is None or length > left else int(length)
            if left <= 0:
                break
        return sequence(*kept)

    def _level_after(self) -> float | None:
        return self.phases[-1]._level_after()

    def _last(self) -> Schedule:
        return self.phases[-1]._last()

    def _ending(self, down: Schedule) -> Schedule:
        return sequence(*self.phases[:-1], self.phases[-1]._ending(down))

    def _length(self, clock: TimeBase) -> Fraction | None:
        lengths = [phase._length(clock) for phase in self.phases]
        known = [n for n in lengths if n is not None]
        return sum(known, Fraction(0)) if len(known) == len(lengths) else None

    def _bounds(self, window: Window) -> list[tuple[int, int | None]]:
        """The start and stop of each phase, in updates from the window's start, rounded."""
        lengths = [phase._length(window.clock) for phase in self.phases]
        fixed = sum((n for n in lengths if n is not None), Fraction(0))
        free = lengths.count(None)
        if window.length is None:
            if None in lengths[:-1]:
                phase = self.phases[lengths.index(None)]
                raise LrlabError(
                    worded(
                        f"{phase} takes a share of a run whose length is not known",
                        str(self),
                        hint=LENGTH,
                    )
                )
            share = None
        else:
            if fixed >= window.length + 1:  # less than an update too long: the window's own ends were rounded
                raise beyond(list(self.phases), lengths, window.length)
            share = max(window.length - fixed, Fraction(0)) / free if free else None
        bounds: list[tuple[int, int | None]] = []
        at = Fraction(0)
        for n in lengths:
            size = share if n is None else n
            stop = None if size is None else bounded(at + size)
            bounds.append((rounded(at), stop if stop is None or window.length is None else min(stop, window.length)))
            at += size or 0
        return bounds

    def _unfolded(self, window: Window) -> list[Unfolded]:
        placed = zip(self.phases, self._bounds(window), strict=True)
        return [
            Unfolded(phase, window.inside(start, stop, None))
            for phase, (start, stop) in placed
            if start != stop or phase is self.phases[-1]
        ]

    def _windows(self, window: Window) -> list[tuple[Window, Value]]:
        """The window of each phase and its function."""
        made: list[tuple[Window, Value]] = []
        here: Callable[[], float] | None = window.here
        for phase, (start, stop) in zip(self.phases, self._bounds(window), strict=True):
            inside = window.inside(start, stop, here)
            value = phase._compile(inside)
            made.append((inside, value))
            here = None if inside.length is None else partial(_end, value, inside.length)
        return made

    def _compile(self, window: Window) -> Value:
        made = self._windows(window)
        starts = [inside.start - window.start for inside, _ in made]
        values = [value for _, value in made]
        return lambda t, m: m.choose(starts, values.__getitem__, t)

    def _phases(self, window: Window) -> tuple[Phase, ...]:
        scratch = dataclasses.replace(window, controllers=[])
        return tuple(
            part
            for phase, (inside, _) in zip(self.phases, self._windows(scratch), strict=True)
            for part in phase._phases(inside)
        )

    def words(self) -> str:
        return ", then ".join(phase.words() for phase in self.phases)


def _end(value: Value, length: int) -> float:
    """The value at which a phase ends; only needed if the next phase starts "here"."""
    return float(value(length, OPEN_LOOP))


class Terms(Schedule):
    """Abstract: several schedules at the same time; as long as the longest, endless if one is."""

    terms: tuple[Schedule, ...]

    def _length(self, clock: TimeBase) -> Fraction | None:
        lengths = [term._length(clock) for term in self.terms if not term.neutral]
        return None if not lengths or None in lengths else max(lengths)  # type: ignore[type-var]

    @property
    def neutral(self) -> bool:  # type: ignore[override]
        return all(term.neutral for term in self.terms)

    def _first(self, n: int, clock: TimeBase) -> Schedule:
        def first(term: Schedule) -> Schedule:
            length = term._length(clock)
            return term if term.neutral or (length is not None and length <= n) else term._first(n, clock)

        return self._mapped(first)

    def _placed(self, window: Window) -> tuple[Schedule, Window]:
        """The first of the terms, and its window."""
        return self.terms[0], window.fit(self.terms[0])

    def _values(self, window: Window) -> list[Value]:
        return [term._compile(window.fit(term)) for term in self.terms]

    def _phases(self, window: Window) -> tuple[Phase, ...]:
        spoken = [term for term in self.terms if not term.neutral]
        return spoken[0]._phases(window.fit(spoken[0])) if len(spoken) == 1 else super()._phases(window)


@node
class Product(Terms):
    """`factor` times the product of the terms."""

    factor: Number = field(default=1.0, kw_only=True)
    terms: Several

    _binds = write.PRODUCT

    def _text(self) -> str:
        terms = [write.bracketed(term, write.ATOM) for term in self.terms]
        return write.chain(" * ", [*([write.literal(self.factor)] if self.factor != 1 else []), *terms])

    def _canonical(self) -> Schedule:
        return product(self.factor, *self.terms)

    def _unfolded(self, window: Window) -> list[Unfolded] | None:
        return None if len(self.terms) > 1 else [Unfolded(*self._placed(window), scale=self.factor)]

    def _last(self) -> Schedule:
        spoken = [term for term in self.terms if not term.neutral]
        return spoken[0]._last() if len(spoken) == 1 else self

    def _ending(self, down: Schedule) -> Schedule:
        spoken = [term for term in self.terms if not term.neutral]
        acting = [term for term in self.terms if term.neutral]
        return product(
            self.factor, product(*spoken)._ending(down) if len(spoken) == 1 else product(*spoken) >> down, *acting
        )

    def _open_loop(self) -> Schedule:
        spoken = [term for term in self.terms if not term.neutral] or self.terms[:1]
        return product(self.factor, *(term._open_loop() for term in spoken))

    def _compile(self, window: Window) -> Value:
        values, factor = self._values(window), self.factor

        def value(t: Time, m: Maths) -> Real:
            out = values[0](t, m)
            for term in values[1:]:
                out = out * term(t, m)
            return out if factor == 1 else factor * out

        return value

    def _phases(self, window: Window) -> tuple[Phase, ...]:
        phases = super()._phases(window)
        if self.factor == 1 or phases[0].schedule is self:
            return phases
        return tuple(Phase(self.factor * phase.schedule, phase.start, phase.stop) for phase in phases)

    def words(self) -> str:
        said = ", times what ".join(term.words() for term in self.terms)
        return said if self.factor == 1 else f"{said}, all times {self.factor:g}"


@node
class Sum(Terms):
    """`offset` plus the sum of the terms."""

    offset: Number = field(default=0.0, kw_only=True)
    terms: Several

    _binds = write.SUM

    def _text(self) -> str:
        terms = [write.bracketed(term, write.PRODUCT) for term in self.terms]
        return write.chain(" + ", [*([write.literal(self.offset)] if self.offset != 0 else []), *terms])

    def _canonical(self) -> Schedule:
        return total(self.offset, *self.terms)

    def _unfolded(self, window: Window) -> list[Unfolded] | None:
        return None if len(self.terms) > 1 else [Unfolded(*self._placed(window), scale=1.0, offset=self.offset)]

    def _compile(self, window: Window) -> Value:
        values, offset = self._values(window), self.offset

        def value(t: Time, m: Maths) -> Real:
            out = values[0](t, m)
            for term in values[1:]:
                out = out + term(t, m)
            return out if offset == 0 else offset + out

        return value

    def words(self) -> str:
        said = ", plus what ".join(term.words() for term in self.terms)
        return said if self.offset == 0 else f"{said}, all raised by {self.offset:g}"


# -- constructors that keep the normal form -----------------------------------------------------------------------


def sequence(*schedules: Schedule) -> Schedule:
    """One after another, flat."""
    for given in schedules:
        if not isinstance(given, Schedule):
            hint = f"constant(level={given})" if isinstance(given, (int, float)) else "parse(text)"
            raise LrlabTypeError(worded(">> joins schedules", given, "a schedule on both sides", hint))
    phases = [part for s in schedules for part in (s.phases if isinstance(s, Sequence) else (s,))]
    return phases[0] if len(phases) == 1 else Sequence(tuple(phases))


def ordered(terms: list[Schedule]) -> tuple[Schedule, ...]:
    return tuple(sorted(terms, key=lambda term: (term.neutral, str(term))))


def _operand(given: object, operator: str) -> Schedule | float:
    if isinstance(given, Schedule):
        return given
    return number(given, f"the other side of {operator}")


def product(*factors: Schedule | float) -> Schedule:
    """The product, flat: numbers folded, terms in one order."""
    scale = 1.0
    terms: list[Schedule] = []
    for given in factors:
        operand = _operand(given, "*")
        if isinstance(operand, float):
            scale *= operand
        elif isinstance(operand, Product):
            scale *= operand.factor
            terms.extend(operand.terms)
        else:
            terms.append(operand)
    if scale == 1 and len(terms) == 1:
        return terms[0]
    return Product(ordered(terms), factor=scale)


def total(*summands: Schedule | float) -> Schedule:
    """The sum, flat: numbers folded, terms in one order."""
    offset = 0.0
    terms: list[Schedule] = []
    for given in summands:
        operand = _operand(given, "+")
        if isinstance(operand, float):
            offset += operand
        elif isinstance(operand, Sum):
            offset += operand.offset
            terms.extend(operand.terms)
        else:
            terms.append(operand)
    if offset == 0 and len(terms) == 1:
        return terms[0]
    return Sum(ordered(terms), offset=offset)
