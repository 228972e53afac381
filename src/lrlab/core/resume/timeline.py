"""A plan and its parts: what has been played, what is left, and the controllers that go on.

A phase that depends on nothing around it (a length in updates, no "here") can be cut without changing; anything else is
kept whole, as an excerpt of the plan over its own horizon. `change.py` joins such parts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from lrlab.core.expression.excerpt import Excerpt
from lrlab.core.expression.node import Schedule
from lrlab.core.feedback.base import Controller
from lrlab.core.run.curve import BLOCK, Curve
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.layout import TimeBase
from lrlab.core.time.span import Span, rounded
from lrlab.errors import LrlabError, worded

NO_FACTORS: Mapping[str, float] = {}
NO_NAMES: Mapping[str, Any] = {}


def parts(curve: Curve) -> list[Schedule]:
    """The phases of a schedule."""
    return list(curve.schedule._in_turn())


def past(curve: Curve, at: int) -> list[Schedule]:
    """The phases that give the first `at` updates of a curve, to the last bit, whatever follows them."""
    if at == 0:
        return []
    done: list[Schedule] = []
    begun = 0
    for phase in parts(curve):
        n = _own_length(phase)
        if n is None:
            break
        if begun + n >= at:
            return [*done, phase if begun + n == at else _first(phase, at - begun, n)]
        done.append(phase)
        begun += int(n)
    return [excerpt(curve, 0, at)]


def excerpt(curve: Curve, start: int, stop: int | None = None) -> Excerpt:
    """A part of a plan, with what it needs of its horizon."""
    relative = any(span.unit not in ("updates", "share") for span in curve.schedule._spans())
    return Excerpt(curve.schedule, start, stop, over=curve.horizon if relative else curve.horizon.total)


def _own_length(phase: Schedule) -> float | None:
    """The updates of a phase that depends on nothing around it; None if it does."""
    if isinstance(phase, Excerpt) and phase.stop is None:
        return math.inf
    if not phase._keeps_to_itself():
        return None
    length = phase._length(TimeBase(Horizon(), None))
    return None if length is None else int(length)


def _first(phase: Schedule, k: int, n: float) -> Schedule:
    """The first k of a phase's n updates."""
    if isinstance(phase, Excerpt) and (phase.stop is None or n == phase.stop - phase.start):
        return phase.replace(stop=phase.start + k, span=None)
    return phase.excerpt(0, k, over=int(n))


def left_of(curve: Curve, at: int) -> list[Excerpt]:
    """What is left of a plan from update `at` on, as phases that can be stretched or held."""
    total, begun = curve.updates or 0, 0
    left: list[Excerpt] = []
    for phase in parts(curve):
        n = _own_length(phase)
        if n is None:
            return [excerpt(curve, at, total)]
        n = min(n, total - begun)
        if at < begun + n:
            left.append(_rest(phase, max(at - begun, 0), int(n)))
        begun += int(n)
    return left or [excerpt(curve, at, total)]


def _rest(phase: Schedule, k: int, n: int) -> Excerpt:
    """What a phase of n updates has left after k of them."""
    if not isinstance(phase, Excerpt):
        return Excerpt(phase, k, n, over=n)
    stop = phase.start + n if phase.stop is None else phase.stop
    start = float(Fraction(phase.start) + Fraction(stop - phase.start) * k / n)
    return Excerpt(phase.schedule, start, stop, over=phase.plan, span=None if stop - start == n - k else n - k)


def length(phase: Excerpt) -> int:
    """How many updates a part of a plan takes."""
    return int(_own_length(phase) or 0)


def stretched(phases: list[Excerpt], n: int) -> list[Schedule]:
    """Phases stretched over n updates, each by its share, the first to at least one, so that it starts without a
    jump."""
    whole, begun, first, made = sum(map(length, phases)), 0, 0, list[Schedule]()
    for phase in phases:
        begun += length(phase)
        last = max(rounded(Fraction(begun * n, whole)), 1)
        if last > first:
            made.append(phase.replace(span=last - first))
        first = last
    return made


def same(one: Curve, other: Curve, stop: int) -> bool:
    """Whether the first `stop` values of two curves are the same, to the last bit."""
    blocks = ((at, min(at + BLOCK, stop)) for at in range(0, stop, BLOCK))
    return all((one.between(*block) == other.between(*block)).all() for block in blocks)


def lengthened(horizon: Horizon, updates: int) -> Horizon:
    """The horizon of a run with this many updates and the same rates."""
    rates: dict[str, Any] = {}
    for unit, field in (("samples", "samples_per_update"), ("tokens", "tokens_per_update")):
        rates[field] = None if (rate := horizon.rate(unit)) is None else _plain(1 / rate)
    if (rate := horizon.rate("epochs")) is not None:
        rates["updates_per_epoch"] = _plain(rate)
    if (rate := horizon.rate("seconds")) is not None:
        rates["minutes"] = float(updates / rate / 60)
    return Horizon(updates=updates, **rates)


def _plain(x: Fraction) -> float:
    return int(x) if x.denominator == 1 else float(x)


def decay_length(curve: Curve, at: int, span: int | str | Span, what: str) -> int:
    """How many updates a decay that starts at update `at` takes; a share refers to the run as it will then be."""
    given = Span.of(span, what)
    if given.unit == "share":
        if given.amount >= 1:
            raise LrlabError(worded(f"{what}: the decay is the whole run", span, "less than 100%"))
        n = rounded(at / (1 - given.amount)) - at
    else:
        n = rounded(lengthened(curve.horizon, max(at, 1)).resolve(given))
    if n < 1:
        raise LrlabError(worded(f"{what}: the decay has no update", span, "at least one", f"{what.split()[-1]}=100"))
    return n


# -- controllers --------------------------------------------------------------------------------------------------


def named(curve: Curve, taken: Mapping[str, Schedule] = NO_NAMES, names: Mapping[str, str] = NO_NAMES) -> Curve:
    """The same curve with a name on every controller, by which its state goes on wherever it is.

    `taken` are names of other controllers: one that differs from its namesake gets another name. `names` are the run's
    names for the controllers, if they differ.
    """
    if curve.unit != "updates":
        curve._known("a change of plan")
    given = iter([names.get(placed.name, placed.name) for placed in curve.controllers])

    def rename(part: Schedule) -> Schedule:
        if not isinstance(part, Controller):
            return part._mapped(rename)
        made = part.replace(name=next(given))
        while taken.get(name := str(made.name), made) != made:  # type: ignore[attr-defined]
            made = made.replace(name=f"{name}-2")
        return made

    return Curve(rename(curve.schedule), curve.horizon) if curve.controllers else curve


def acting_at(curve: Curve, at: int) -> list[Controller]:
    """The controllers that act at update `at` or later, each once."""
    found = {p.name: p.controller for p in curve.controllers if p.stop is None or p.stop > at}
    return list(found.values())


def value_at(curve: Curve, at: int, factors: Mapping[str, float]) -> float:
    """The value of update `at` with the controllers at these factors."""
    present = [factors.get(placed.name, 1.0) for placed in curve.controllers]
    return float(curve.between(at, at + 1, present)[0])


def product_of(controllers: list[Controller], factors: Mapping[str, float]) -> float:
    """The product of the present factors."""
    return math.prod(factors.get(str(controller.name), 1.0) for controller in controllers)


def now(curve: Curve, at: int, factors: Mapping[str, float]) -> tuple[list[Controller], float]:
    """The controllers that go on, and the factor with which they give the present LR."""
    acting = acting_at(curve, at)
    return acting, value_at(curve, at, factors) / (product_of(acting, factors) or 1.0)


def end(curve: Curve) -> float:
    """The value at which a plan ends; 0 if its end is not known."""
    return 0.0 if curve.updates is None else float(curve.between(curve.updates, curve.updates + 1)[0])
