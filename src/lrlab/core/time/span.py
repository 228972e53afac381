"""Durations with their unit: `Span`.

    Span.of("10%")   Span.of(500)   Span.of("3ep")   Span.of("2Gtok")

Amounts are exact fractions, so that sums of spans never drift; only boundaries are rounded (half up).
"""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from fractions import Fraction

from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

ALLOWED = 'updates (500), a share ("10%", "1/3"), "3ep", "64ksamples", "2Gtok", "30min"'

MOST = 10**15  # updates: longer than any run, and sums of it stay within 64-bit integers
MOST_OF_A_UNIT = 10**18

_PREFIX = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_CLOCK = {"s": 1, "min": 60, "h": 3600}
_COUNTED = {"ep": "epochs", "samples": "samples", "tok": "tokens"}
_WORDS = {  # what people write for a unit -> (unit, how many of it)
    **{word: ("updates", 1) for word in ("update", "updates")},
    **{word: ("epochs", 1) for word in ("ep", "epoch", "epochs")},
    **{word: ("samples", 1) for word in ("sample", "samples")},
    **{word: ("tokens", 1) for word in ("tok", "token", "tokens")},
    **{word: ("seconds", 1) for word in ("s", "sec", "second", "seconds")},
    **{word: ("seconds", 60) for word in ("min", "minute", "minutes")},
    **{word: ("seconds", 3600) for word in ("h", "hour", "hours")},
}
_UNITS = ("updates", "share", "epochs", "samples", "tokens", "seconds")

_NUMBER = r"\d{1,40}/\d{1,40}|(?:\d{1,40}(?:\.\d{0,90})?|\.\d{1,90})(?:e\+?\d{1,2})?"
_SPAN = re.compile(rf"\s*({_NUMBER})\s*([kMGT]?)\s*([A-Za-z]+|%|)\s*", re.ASCII)
_BARE = ("step", "steps", "it", "iter", "iters", "iteration", "iterations", "batch", "batches")  # updates, to others


def _decimal(x: Fraction) -> str | None:
    """The exact decimal notation of `x`, or None if it has none (1/3)."""
    rest = x.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return None
    digits = max(0, x.denominator.bit_length())
    scaled = str(int(x * 10**digits)).rjust(digits + 1, "0")
    whole, tail = scaled[: len(scaled) - digits], scaled[len(scaled) - digits :].rstrip("0")
    return f"{whole}.{tail}" if tail else whole


@dataclass(frozen=True)
class Span:
    """A duration: an exact amount of one unit (updates, share of the horizon, epochs, samples, tokens, seconds).

    >>> Span.of("10%"), Span.of(500), Span.of("64000 samples"), Span.of("1/3")
    ("10%", 500, "64ksamples", "1/3")
    """

    amount: Fraction
    unit: str

    def __post_init__(self) -> None:
        amount = self.amount
        if self.unit not in _UNITS or not isinstance(amount, (int, Fraction)) or isinstance(amount, bool):
            raise LrlabTypeError(
                worded("Span: this is not an amount of a unit", (amount, self.unit), ", ".join(_UNITS))
            )
        if not 0 <= amount <= MOST_OF_A_UNIT:
            raise LrlabError(worded("a span is too long, or negative", float(amount), f"0 to {MOST_OF_A_UNIT:.0e}"))
        if self.unit == "updates" and amount.denominator != 1:
            raise LrlabError(worded("a span is a part of an update", float(amount), "a whole number of updates"))
        object.__setattr__(self, "amount", Fraction(amount))

    @staticmethod
    def of(given: object, what: str = "span") -> Span:
        """Read a span as a user writes it.

        Raises `LrlabError` if it is not a duration: negative, without a unit, or of an unknown unit.
        """
        if isinstance(given, Span):
            return given
        count = whole(given)
        if count is not None:
            if count < 0:
                raise LrlabError(worded(f"{what} must not be negative", given, ALLOWED))
            if count > MOST:
                raise LrlabError(worded(f"{what} is longer than any run", given, f"at most {MOST:.0e} updates"))
            return Span(Fraction(count), "updates")
        if isinstance(given, float):
            share = f'"{given * 100:g}%"' if 0 < given < 1 else f"{int(given)}" if math.isfinite(given) else ""
            raise LrlabTypeError(worded(f"{what} is a number without a unit", given, ALLOWED, share))
        if not isinstance(given, str):
            raise LrlabTypeError(worded(f"{what} is not a duration", given, ALLOWED))
        match = _SPAN.fullmatch(given)
        if match is None:
            raise LrlabError(worded(f"{what} is not a duration", given, ALLOWED))
        number, prefix, word = match.groups()
        if "/" in number and int(number.partition("/")[2]) == 0:
            raise LrlabError(worded(f"{what} divides by zero", given, ALLOWED, '"1/3"'))
        amount = Fraction(number) * _PREFIX[prefix]
        if (word == "%" or ("/" in number and not word)) and not prefix:
            unit, many = "share", Fraction(1, 100) if word else Fraction(1)
        elif word in _WORDS:
            unit, many = _WORDS[word][0], Fraction(_WORDS[word][1])
        else:
            problem = f"has an unknown unit {prefix + word!r}" if prefix + word else "has no unit"
            raise LrlabError(worded(f"{what} {problem}", given, ALLOWED, _instead(number, prefix, word)))
        amount *= many
        if amount > (MOST if unit == "updates" else MOST_OF_A_UNIT):
            raise LrlabError(worded(f"{what} is longer than any run", given, f"at most {MOST:.0e} updates"))
        if unit == "updates" and amount.denominator != 1:
            raise LrlabError(worded(f"{what} is a part of an update", given, "a whole number of updates"))
        return Span(amount, unit)

    def __str__(self) -> str:
        """The shortest exact text that reads back as this span: `500`, `10%`, `64ksamples`."""
        if self.unit == "updates":
            return str(self.amount)
        if self.unit == "share":
            percent = _decimal(self.amount * 100)
            return f"{percent}%" if percent else str(self.amount)
        if self.unit == "seconds":
            sizes = {word: size for word, size in _CLOCK.items() if self.amount % size == 0 and self.amount}
            word = max(sizes or {"s": 1}, key=_CLOCK.__getitem__)
            return f"{_written(self.amount / _CLOCK[word])}{word}"
        word = next(word for word, unit in _COUNTED.items() if unit == self.unit)
        prefixes = [p for p, size in _PREFIX.items() if self.amount % size == 0 and self.amount]
        prefix = max(prefixes, key=_PREFIX.__getitem__) if prefixes and word != "ep" else ""
        return f"{_written(self.amount / _PREFIX[prefix])}{prefix}{word}"

    def __repr__(self) -> str:
        return str(self) if self.unit == "updates" else f'"{self}"'

    def portion(self, share: Fraction) -> Span:
        """A share of this span; in updates a whole number, rounded half up."""
        amount = self.amount * share
        return Span(Fraction(rounded(amount)) if self.unit == "updates" else amount, self.unit)


def _written(x: Fraction) -> str:
    """An exact amount: as a decimal number if possible, otherwise as a fraction."""
    return _decimal(x) or str(x)


def _instead(number: str, prefix: str, word: str) -> str:
    """What to type for a duration whose unit is not known."""
    if prefix + word == "":
        return f'"{number}ep" or {number}' if number.isdigit() else ""
    if word in ("B", "Btok"):
        return f'"{number}Gtok"'
    if word == "":
        return f'"{number}{prefix}tok" or "{number}{prefix}updates"'
    if word in _BARE:
        return f'"{number}{prefix}updates"' if prefix else f"{number}, without a unit: updates"
    return f'"{number}{prefix}{close}"' if (close := nearest(word, _WORDS)) else ""


def whole(given: object) -> int | None:
    """A whole number (also NumPy's) as int; None for anything else."""
    truth = isinstance(given, bool) or getattr(getattr(given, "dtype", None), "kind", None) == "b"  # also NumPy 1's
    if truth or not hasattr(given, "__index__"):
        return None
    try:
        return operator.index(given)
    except TypeError:  # an array has the method, but only one of whole numbers without dimensions has the value
        return None


def counted(given: object) -> int | None:
    """The same, also for a whole number given as a float (125.0, a tensor of one): libraries count updates like
    this."""
    number = whole(given)
    if number is not None or isinstance(given, (bool, str, bytes)) or not hasattr(given, "__float__"):
        return number
    if getattr(given, "ndim", 0) != 0 or "bool" in str(getattr(given, "dtype", "")):
        return None
    try:
        value = float(given)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(value) if value.is_integer() else None


def narrowed(x: Fraction, whole: int | None) -> Fraction:
    """A number of updates, approximated so that its products with the times of a run of `whole` updates fit 64-bit
    integers.

    It is exact up to a denominator of 2**30 in a run of 2**27 updates, and of 144 in the longest; beyond that, far
    closer than any boundary can show.
    """
    return x.limit_denominator(2**57 // max(whole or 0, 2**27))


def rounded(x: Fraction) -> int:
    """Half up: the rounding of every boundary.

    >>> rounded(Fraction(5, 2)), rounded(Fraction(12, 5))
    (3, 2)
    """
    return math.floor(x + Fraction(1, 2))
