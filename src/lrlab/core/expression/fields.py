"""What an argument of a schedule may be: each kind converts what was given to a normal form, or says why it cannot.

A kind is `kind(given, what) -> normal form`; `what` is "cosine: to", for the message. The annotation of a schedule's
field names its kind, and this is all: constructor, text, JSON and docs follow it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import Annotated, Literal, TypeAlias

from lrlab.core.time.span import MOST, Span, counted
from lrlab.errors import LrlabError, LrlabTypeError, worded


def number(given: object, what: str) -> float:
    """A finite number, as float."""
    if isinstance(given, (bool, str)) or not hasattr(given, "__float__") or getattr(given, "ndim", 0) != 0:
        raise LrlabTypeError(worded(f"{what} must be a number", given))
    try:
        value = float(given)
    except (OverflowError, TypeError, ValueError):
        value = math.inf
    if not math.isfinite(value):
        raise LrlabError(worded(f"{what} must be a finite number", given))
    return value + 0.0  # -0.0 would print, compare and hash differently from 0.0


def positive(given: object, what: str) -> float:
    """A number above 0."""
    value = number(given, what)
    if value <= 0:
        raise LrlabError(worded(f"{what} must be above 0", given))
    return value


def optional_positive(given: object, what: str) -> float | None:
    """A number above 0, or None."""
    return None if given is None else positive(given, what)


def not_negative(given: object, what: str) -> float:
    """A number of at least 0."""
    value = number(given, what)
    if value < 0:
        raise LrlabError(worded(f"{what} must not be negative", given))
    return value


def share(given: object, what: str) -> float:
    """A number strictly between 0 and 1."""
    value = number(given, what)
    if not 0 < value < 1:
        raise LrlabError(worded(f"{what} must lie between 0 and 1", given, "0 < value < 1"))
    return value


def optional_number(given: object, what: str) -> float | None:
    """A finite number, or None for no bound."""
    return None if given is None else number(given, what)


def level(given: object, what: str) -> float | str:
    """A multiple of the base LR, or "here": the value at which the phase before ends."""
    if isinstance(given, str):
        if given == "here":
            return "here"
        raise LrlabTypeError(worded(f"{what} must be a multiple of the base LR", given, 'a number, or "here"'))
    return number(given, what)


def optional_level(given: object, what: str) -> float | str | None:
    """A level, or None for the shape's own default."""
    return None if given is None else level(given, what)


def span(given: object, what: str) -> Span | None:
    """How long a phase lasts, or None for a share of the remaining updates."""
    return None if given is None else Span.of(given, what)


def length(given: object, what: str) -> Span:
    """A duration above 0."""
    value = Span.of(given, what)
    if value.amount <= 0:
        raise LrlabError(worded(f"{what} must be longer than 0", given))
    return value


def optional_length(given: object, what: str) -> Span | None:
    """A duration above 0, or None."""
    return None if given is None else length(given, what)


def count(given: object, what: str) -> int:
    """A whole number of at least 1."""
    value = counted(given)
    if value is None:
        raise LrlabTypeError(worded(f"{what} must be a whole number", given))
    if not 1 <= value <= MOST:
        raise LrlabError(worded(f"{what} must be at least 1", given, f"1 to {MOST:.0e}"))
    return int(value)


def optional_count(given: object, what: str) -> int | None:
    """A whole number of at least 1, or None for no end."""
    return None if given is None else count(given, what)


def not_negative_count(given: object, what: str) -> int:
    """A whole number of at least 0."""
    return 0 if counted(given) == 0 else count(given, what)


def flag(given: object, what: str) -> bool:
    """True or False."""
    if not isinstance(given, bool):
        raise LrlabTypeError(worded(f"{what} must be True or False", given))
    return given


def name(given: object, what: str) -> str:
    """A short word."""
    if not isinstance(given, str):
        raise LrlabTypeError(worded(f"{what} must be a word", given))
    if not given or len(given) > 200 or not given.isprintable():
        raise LrlabError(worded(f"{what} must be a word of 1 to 200 printable characters", given))
    return given


def optional_name(given: object, what: str) -> str | None:
    """A short word, or None."""
    return None if given is None else name(given, what)


def items(given: object, what: str) -> tuple[object, ...]:
    """A list of at least one item."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable) or getattr(given, "ndim", 1) == 0:
        raise LrlabTypeError(worded(f"{what} must be a list", given))
    found = tuple(given)
    if not found:
        raise LrlabError(worded(f"{what} is empty", [], "at least one"))
    return found


def numbers(given: object, what: str) -> tuple[float, ...]:
    """A list of at least one finite number."""
    return tuple(number(item, f"{what}[{k}]") for k, item in enumerate(items(given, what)))


def part(given: object, what: str) -> tuple[float, ...]:
    """The part of a shape that is used: from one share of it to a later one."""
    ends = numbers(given, what)
    if len(ends) != 2 or not 0 <= ends[0] < ends[1]:
        raise LrlabError(worded(f"{what} must be two rising shares of the shape", list(ends), hint="part=[0.25, 1]"))
    return ends


def lengths(given: object, what: str) -> tuple[Span, ...]:
    """A list of at least one duration; if all have the same unit, they must be in rising order."""
    spans = tuple(Span.of(item, f"{what}[{k}]") for k, item in enumerate(items(given, what)))
    for before, after in itertools.pairwise(spans):
        if before.unit == after.unit and before.amount >= after.amount:
            raise LrlabError(worded(f"{what} must rise: {after} stands after {before}", list(spans)))
    return spans


def points(given: object, what: str) -> tuple[tuple[Span, float], ...]:
    """A list of (duration from the start, multiple of the base LR); equal durations make a jump."""
    pairs = []
    for k, item in enumerate(items(given, what)):
        pair = tuple(item) if isinstance(item, (list, tuple)) else ()
        if len(pair) != 2:
            raise LrlabTypeError(worded(f"{what}[{k}] must be a pair", item, hint='("10%", 1.0)'))
        pairs.append((Span.of(pair[0], f"{what}[{k}]"), number(pair[1], f"{what}[{k}]")))
    for (before, _), (after, _) in itertools.pairwise(pairs):
        if before.unit == after.unit and before.amount > after.amount:
            raise LrlabError(worded(f"{what} must rise: {after} stands after {before}", [list(p) for p in pairs]))
    return tuple(pairs)


def optional_mode(given: object, what: str) -> str | None:
    """Which value of a metric is better, the lowest or the highest; None: the lowest, unless its name may mean
    otherwise."""
    if given is not None and (not isinstance(given, str) or given not in ("min", "max")):
        raise LrlabError(worded(f"{what} is not known", given, '"min" (lower is better) or "max"'))
    return given


def threshold_mode(given: object, what: str) -> str:
    """What a threshold is a share of: |best| ("rel"), nothing ("abs"), or the best with its sign ("signed")."""
    if not isinstance(given, str) or given not in ("rel", "abs", "signed"):
        raise LrlabError(worded(f"{what} is not known", given, '"rel" (of |best|), "abs", "signed" (of the best)'))
    return given


def nan_rule(given: object, what: str) -> str:
    """What an observation that is not finite does: nothing ("hold"), or it counts as bad ("bad")."""
    if not isinstance(given, str) or given not in ("hold", "bad"):
        raise LrlabError(worded(f"{what} is not known", given, '"hold" (it changes nothing), "bad"'))
    return given


# The annotations: what a type checker and a reader see, and the kind that checks it.
SpanLike: TypeAlias = "int | str | Span | None"
LengthLike: TypeAlias = "int | str | Span"

Number: TypeAlias = Annotated[float, number]
Positive: TypeAlias = Annotated[float, positive]
OptionalPositive: TypeAlias = Annotated[float | None, optional_positive]
NotNegative: TypeAlias = Annotated[float, not_negative]
Share: TypeAlias = Annotated[float, share]
OptionalNumber: TypeAlias = Annotated[float | None, optional_number]
Level: TypeAlias = Annotated[float | Literal["here"], level]
OptionalLevel: TypeAlias = Annotated[float | Literal["here"] | None, optional_level]
PhaseSpan: TypeAlias = Annotated[int | str | Span | None, span]
Length: TypeAlias = Annotated[int | str | Span, length]
OptionalLength: TypeAlias = Annotated[int | str | Span | None, optional_length]
Count: TypeAlias = Annotated[int, count]
OptionalCount: TypeAlias = Annotated[int | None, optional_count]
NotNegativeCount: TypeAlias = Annotated[int, not_negative_count]
Flag: TypeAlias = Annotated[bool, flag]
Name: TypeAlias = Annotated[str, name]
OptionalName: TypeAlias = Annotated[str | None, optional_name]
Numbers: TypeAlias = Annotated[Iterable[float], numbers]
Part: TypeAlias = Annotated[Iterable[float], part]
Lengths: TypeAlias = Annotated[Iterable[int | str | Span], lengths]
Points: TypeAlias = Annotated[Iterable[tuple[int | str | Span, float]], points]
OptionalMode: TypeAlias = Annotated[Literal["min", "max"] | None, optional_mode]
ThresholdMode: TypeAlias = Annotated[Literal["rel", "abs", "signed"], threshold_mode]
NanRule: TypeAlias = Annotated[Literal["hold", "bad"], nan_rule]
