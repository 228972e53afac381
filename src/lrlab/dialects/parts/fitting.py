"""Finds the expression for a function of the step: proposed from a few values, kept only if all values agree.

Nothing is approximated. The numbers in the function's source are the ends, lengths and powers that are tried. A shape
is kept only if it has the function's value at every step that is checked, to 12 digits.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.piecewise import piecewise_constant, step
from lrlab.core.shapes.timescales import exponential, inverse_power, inverse_sqrt, inverse_time
from lrlab.core.shapes.transitions import linear, one_minus_power, one_minus_sqrt, polynomial
from lrlab.dialects.parts.fractional import piece
from lrlab.dialects.parts.phases import wave
from lrlab.errors import LrlabError

CLOSE = 1e-11
DENSE = 20_000  # steps that are all checked; in longer stretches the beginning, the end and a sample between them


@dataclass(frozen=True)
class Stretch:
    """The steps start ... stop-1 of a function; `endless` if the same formula continues after them."""

    value: Callable[[int], float]
    start: int
    stop: int
    endless: bool
    numbers: tuple[float, ...]

    @property
    def length(self) -> int:
        """The number of steps."""
        return self.stop - self.start

    def sample(self) -> list[int]:
        """The steps that are checked, counted from the start of the stretch."""
        n = self.length * (2 if self.endless else 1)
        if n <= DENSE:
            return list(range(n))
        few = DENSE // 4
        return sorted({*range(few), *range(n - few, n), *range(0, n, max(1, n // (2 * few)))})

    def of(self, k: int) -> float:
        """The value `k` steps after the start of the stretch."""
        return self.value(self.start + k)


def fitted(stretch: Stretch) -> Schedule | None:
    """The expression of a stretch, or None; for an endless stretch, an endless expression if there is one."""
    within = Stretch(stretch.value, stretch.start, stretch.stop, False, stretch.numbers)
    for one in [stretch, within] if stretch.endless and stretch.length > 3 else [within]:
        at = one.sample()
        seen = [one.of(k) for k in at]
        for make in _proposals(one, seen):
            try:
                made = make()
                if made is not None and _agrees(made, at, seen):
                    return made
            except (LrlabError, ArithmeticError, ValueError):
                continue
    return None


def _agrees(schedule: Schedule, at: Sequence[int], seen: Sequence[float]) -> bool:
    curve = schedule.over(at[-1] + 1)
    scale = max(map(abs, seen))
    first = list(zip(at, seen, strict=True))
    for k, value in [*first[:3], *first[len(first) // 2 :][:2], *first[-2:], *first]:
        if not abs(curve(k) - value) <= CLOSE * abs(value) + 1e-3 * CLOSE * scale:
            return False
    return True


def neat(x: float) -> float:
    """The number without rounding noise in its last digits, if it looks like one that a person wrote."""
    short = float(f"{x:.12g}")
    return short if len(repr(short)) <= 10 else x


def _proposals(s: Stretch, seen: Sequence[float]) -> Iterator[Callable[[], Schedule | None]]:
    span = None if s.endless else s.length
    first = seen[0]
    yield lambda: constant(span, level=first)
    if len(seen) < 3:
        yield lambda: linear(span, start=first, to=neat(2 * seen[-1] - first)) if len(seen) == 2 else None
        return
    if not s.endless:
        yield from _legs(s)
    yield from _stairs(s, seen)
    yield from _exponentials(s, span)
    yield from _powers_of_time(s, span)
    if s.endless:
        yield from _waves(s)


# -- legs ---------------------------------------------------------------------------------------------------------


def _ends(s: Stretch) -> list[float]:
    """Numbers in the function, and their sums, at which something may begin or end."""
    whole = sorted({x for x in s.numbers if x >= 1 and math.isfinite(x)})[:24]
    sums = {a + b for a, b in itertools.combinations(whole, 2)}
    return sorted({0.0, *whole, *sums})


def _places(s: Stretch) -> Iterator[tuple[float, float]]:
    """Possible beginnings and lengths of a leg that covers this stretch."""
    ends = _ends(s)
    begins = dict.fromkeys([s.start, s.start - 1, 0.0, *(x for x in ends if x <= s.start + 1)])
    stops = dict.fromkeys([s.stop, s.stop - 1, s.stop + 1, *(x for x in ends if x >= s.stop - 1)])
    for begin, stop in itertools.product(begins, stops):
        for length in (stop - begin, 2 * (stop - begin)):
            if length >= max(1, s.stop - 1 - begin):
                yield begin, length
    for begin, length in itertools.product(begins, ends):
        if length >= max(1, s.stop - 1 - begin):
            yield begin, length


def _legs(s: Stretch) -> Iterator[Callable[[], Schedule | None]]:
    powers = sorted({0.5, 1.0, 2.0, *(x for x in s.numbers if 0 < x < 10)})
    kinds: list[tuple[Any, Callable[[float], float], dict[str, float]]] = [
        (linear, lambda u: 1 - u, {}),
        (cosine, lambda u: (1 + math.cos(math.pi * u)) / 2, {}),
    ]
    for p in powers:
        if p != 1:
            kinds.append((polynomial, lambda u, p=p: max(1 - u, 0.0) ** p, {"power": p}))  # type: ignore[misc]
            shape, more = (one_minus_sqrt, {}) if p == 0.5 else (one_minus_power, {"power": p})
            kinds.append((shape, lambda u, p=p: 1 - max(u, 0.0) ** p, more))  # type: ignore[misc]
    places = list(dict.fromkeys(_places(s)))
    yield lambda: _leg(s, linear, lambda u: 1 - u, {}, s.start, s.length)
    for (shape, form, more), (begin, length) in itertools.product(kinds, places):
        yield lambda shape=shape, form=form, more=more, begin=begin, length=length: (  # type: ignore[misc]
            _leg(s, shape, form, more, begin, length)
        )


def _leg(
    s: Stretch, shape: Any, form: Callable[[float], float], more: dict[str, float], begin: float, length: float
) -> Schedule | None:
    """The leg of this form with the levels that two values determine, if a third value agrees."""

    def u(k: int) -> float:
        return (s.start + k - begin) / length

    early, middle, late = 0, s.length // 2, s.length - 1
    f0, f1 = form(u(early)), form(u(late))
    if f0 == f1:
        return None
    drop = (s.of(early) - s.of(late)) / (f0 - f1)
    low = s.of(late) - drop * f1
    top, low = neat(low + drop), neat(low)
    if abs(low) < 1e-11 * abs(top):
        low = 0.0
    expected = low + (top - low) * form(u(middle))
    if abs(expected - s.of(middle)) > 1e-9 * max(abs(top), abs(low)):
        return None
    return piece(shape, 0, s.length, begin - s.start, length, start=top, to=low, **more)


def _waves(s: Stretch) -> Iterator[Callable[[], Schedule | None]]:
    """A cosine that oscillates without end."""
    for begin in dict.fromkeys([s.start, s.start - 1, 0.0, *_ends(s)]):
        for length in [x for x in _ends(s) if x > 1]:
            yield lambda begin=begin, length=length: _wave(s, begin, length)  # type: ignore[misc]


def _wave(s: Stretch, begin: float, length: float) -> Schedule | None:
    def form(k: int) -> float:
        return (1 + math.cos(math.pi * (s.start + k - begin) / length)) / 2

    far = max(1, min(s.length - 1, int(length / 2)))
    if form(0) == form(far):
        return None
    drop = (s.of(0) - s.of(far)) / (form(0) - form(far))
    low = s.of(0) - drop * form(0)
    top = neat(low + drop)
    if top == 0:
        return None
    swing = wave(length, 0.5, neat(low / top), (s.start - begin) / length / 2)
    return swing if top == 1 else top * swing


# -- formulas of time ---------------------------------------------------------------------------------------------


def _floors(s: Stretch) -> list[float]:
    return list(dict.fromkeys([0.0, *(x for x in s.numbers if abs(x) <= 1e3)]))


def _exponentials(s: Stretch, span: int | None) -> Iterator[Callable[[], Schedule | None]]:
    for low in _floors(s):
        yield lambda low=low: _exponential(s, span, low)  # type: ignore[misc]


def _exponential(s: Stretch, span: int | None, low: float) -> Schedule | None:
    far = min(s.length - 1, 1000)
    a, b = s.of(0) - low, s.of(far) - low
    if a == 0 or b / a <= 0 or b == a:
        return None
    gamma = neat((b / a) ** (1 / far))
    if abs((s.of(1) - low) / a - gamma) > 1e-9 * gamma:
        return None
    made: Schedule = exponential(gamma=gamma, span=span)
    for n in sorted(x for x in s.numbers if x >= 2 and x == int(x)):
        decay = float(f"{(b / a) ** (n / far):.6g}")  # the factor over n steps, if a person wrote it
        if abs((b / a) ** (n / far) / decay - 1) < 1e-11 and decay in s.numbers:
            made = exponential(decay=decay, every=int(n), span=span)
    return _raised(a, made, low)


def _raised(factor: float, schedule: Schedule, low: float) -> Schedule:
    scaled = schedule if neat(factor) == 1 else neat(factor) * schedule
    return scaled if low == 0 else neat(low) + scaled


def _powers_of_time(s: Stretch, span: int | None) -> Iterator[Callable[[], Schedule | None]]:
    powers = dict.fromkeys([0.5, 1.0, *(abs(x) for x in s.numbers if 0 < abs(x) < 5)])
    for power, low in itertools.product(powers, _floors(s)):
        yield lambda power=power, low=low: _power_of_time(s, span, power, low)  # type: ignore[misc]


def _power_of_time(s: Stretch, span: int | None, power: float, low: float) -> Schedule | None:
    """(1 + k / scale) ** -power, raised by a floor."""
    far = min(s.length - 1, 1000)
    a, b = s.of(0) - low, s.of(far) - low
    if a == 0 or not 0 < b / a < 1:
        return None
    scale = neat(far / ((a / b) ** (1 / power) - 1))
    near = float(round(scale)) if abs(scale - round(scale)) < 1e-6 else scale
    if power == 1:
        made: Schedule = inverse_time(neat(1 / near), every=1, span=span)
    elif near != int(near) or near < 1:
        return None
    elif power == 0.5:
        made = inverse_sqrt(int(near), span=span)
    else:
        made = inverse_power(int(near), power=power, span=span)
    return _raised(a, made, low)


# -- stairs -------------------------------------------------------------------------------------------------------


def _stairs(s: Stretch, seen: Sequence[float]) -> Iterator[Callable[[], Schedule | None]]:
    if len(seen) > DENSE:
        return
    at = [k for k in range(1, len(seen)) if seen[k] != seen[k - 1]]
    if not at or len(at) > len(seen) // 2:
        return
    yield lambda: _regular(s, seen, at)
    if len(at) <= 50:
        span = None if s.endless else s.length
        yield lambda: piecewise_constant(at, [neat(seen[0]), *(neat(seen[k]) for k in at)], span=span)


def _regular(s: Stretch, seen: Sequence[float], at: Sequence[int]) -> Schedule | None:
    """Equal drops at equal distances; the first may come earlier."""
    if len(at) < 2:
        return None
    every, gamma = at[1] - at[0], neat(seen[at[0]] / seen[0])
    if any(b - a != every for a, b in itertools.pairwise(at)) or at[0] > every or gamma == 0:
        return None
    span = None if s.endless else s.length
    top = neat(seen[0])
    if at[0] == every:
        falls: Schedule = step(every, gamma=gamma, span=span)
        return falls if top == 1 else top * falls
    rest = None if span is None else span - at[0]
    later = step(every, gamma=gamma, span=rest)
    return constant(at[0], level=top) >> neat(top * gamma) * later
