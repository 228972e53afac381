"""Axes and numbers as every drawer writes them: round ticks (1-2-5), and '3.0e-4' for what is very small."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


def number(value: float | None, digits: int = 3) -> str:
    """A number for reading, to `digits` significant digits; no value is a dash.

    >>> number(0.0003, 2), number(0.26512), number(12000), number(1.0), number(float("inf")), number(None)
    ('3.0e-4', '0.265', '12,000', '1', 'inf', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{int(value):,}"
    if not 1e-3 <= abs(value) < 1e6:
        return _exponent(value, digits - 1)
    text = f"{value:,.{max(0, digits - 1 - _magnitude(value))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def numbers(values: Sequence[float | None], digits: int = 4, finest: float = 0.0) -> list[str]:
    """A column of numbers with the same decimals, `digits` significant ones for the largest, fewer if exact.

    More than four decimals only where the largest would have fewer than three digits, or up to six where a difference
    of `finest` would not be seen. Beside one of 1 or more, a number that these leave fewer than two digits of has its
    own.

    >>> numbers([0.26512, 0.2891, None, 0.418]), numbers([0.3, 1.0, 3.0]), numbers([0.1, 0.00012], finest=0.00002)
    (['0.2651', '0.2891', '–', '0.4180'], ['0.3', '1.0', '3.0'], ['0.10000', '0.00012'])
    >>> numbers([72516.25, 0.5312, 38.04])
    ['72,516', '0.531', '38']
    """
    finite = [v for v in values if v is not None and math.isfinite(v)]
    largest = max((abs(v) for v in finite), default=0.0)
    if largest >= 1e6:
        return [number(v, digits - 1) for v in values]
    if 0 < largest < 1e-3:
        return [_exponent(v, digits - 2) if v and math.isfinite(v) else number(v) for v in values]
    size = _magnitude(largest)
    most = max(0, min(digits - 1 - size, max(4, 2 - size)))
    most = max(most, min(6, -_magnitude(finest))) if finest else most
    places = next((p for p in range(most) if all(round(v, p) == v for v in finite)), most)
    lost = 10.0 ** (1 - places) if places < digits and not finest else 0.0

    def worded(v: float | None) -> str:
        if v is None or not math.isfinite(v):
            return number(v)
        rounded = round(v, places) + 0.0  # turns a rounded -0.0 into 0.0
        if rounded != v and _DUST * largest < abs(v) < lost:
            return number(v, digits - 1)
        return f"{rounded:,.{places}f}"

    return [worded(v) for v in values]


_DUST = 1e-9  # values that differ by a smaller share are one value: ticks between them would have one label
# The ticks within each decade of a logarithmic axis, from dense to sparse.
_MULTIPLES = ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))


@dataclass(frozen=True)
class Axis:
    """A range with its ticks. `share` places a value: 0 at `low`, 1 at `high`, in logarithms where `log`."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies between the ends.

        >>> axis([0, 10], 5).share(5)
        0.5
        """
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def axis(values: Iterable[float], count: int, *, log: bool = False, exact: bool = False) -> Axis:
    """The axis for some finite values (positive where `log`), with about `count` ticks.

    The ends go outwards to half a tick, or stay at the extremes where `exact`. Values that are all equal get
    room on both sides; no values at all, the range from 0 to 1 (1 to 10 where `log`).

    >>> axis([0.03, 0.97], 5).labels
    ('0', '0.2', '0.4', '0.6', '0.8', '1.0')
    """
    values = list(values)
    low, high = (min(values), max(values)) if values else (1.0, 10.0) if log else (0.0, 1.0)
    alike = high - low <= _DUST * max(abs(low), abs(high))
    if log:
        return _log_axis(*((low / 2, high * 2) if alike else (low, high)), count, exact)
    if alike:
        room = abs(low) / 2 or 0.5
        low, high = low - room, high + room
    if not exact:
        half = _round_step((high - low) / max(count, 1)) / 2
        low, high = math.floor(low / half + 1e-9) * half, math.ceil(high / half - 1e-9) * half
    return _linear_axis(low, high, count)


def _log_axis(low: float, high: float, count: int, exact: bool) -> Axis:
    decades = math.log10(high / low)
    if not exact:
        low, high = low / 10 ** (decades / 40), high * 10 ** (decades / 40)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: tuple[float, ...] = ()
    for multiples, every in (*((m, 1) for m in _MULTIPLES), *(((1,), e) for e in range(2, 400))):
        grid = [_clean(m * 10.0**e) for e in exponents if e % every == 0 for m in multiples]
        ticks = tuple(t for t in grid if low * (1 - 1e-9) <= t <= high * (1 + 1e-9))
        if len(ticks) <= count + 1:
            break
    if len(ticks) < 2:
        return replace(_linear_axis(low, high, count), log=True)
    return Axis(low, high, ticks, tuple(_power(t) for t in ticks), log=True)


def _linear_axis(low: float, high: float, count: int) -> Axis:
    step = _round_step((high - low) / max(count, 1))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple(_clean(i * step) for i in range(first, last + 1))
    return Axis(low, high, ticks, _tick_labels(ticks, step))


def _round_step(raw: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below `raw`."""
    power = 10.0 ** math.floor(math.log10(raw))
    return float(next(s * power for s in (1, 2, 5, 10) if s * power >= raw * (1 - 1e-9)))


def _tick_labels(ticks: Sequence[float], step: float) -> tuple[str, ...]:
    largest = max((abs(t) for t in ticks), default=0.0)
    if largest and not 1e-3 <= largest < 1e7:
        places = max(0, _magnitude(largest) - _magnitude(step))
        return tuple(_exponent(t, places) if t else "0" for t in ticks)
    places = max(0, -_magnitude(step))
    return tuple(f"{t:,.{places}f}" if t else "0" for t in ticks)


def _power(tick: float) -> str:
    return _exponent(tick, 0) if not 1e-3 <= tick < 1e6 else number(tick)


def _exponent(value: float, places: int) -> str:
    mantissa, exponent = f"{value:.{max(0, places)}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _magnitude(value: float) -> int:
    """The decimal exponent, 0 for zero; the margin takes 9.99...e-5 for the 1e-4 that was meant."""
    return math.floor(math.log10(abs(value)) + 1e-9) if value else 0


def _clean(value: float) -> float:
    """A multiple of a decimal step without the dust of binary multiplication (0.6000000000000001)."""
    return float(f"{value:.12g}")
