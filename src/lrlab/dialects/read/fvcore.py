"""fvcore and detectron2: `fvcore.common.param_scheduler`, a constructor call over a run of `updates` updates.

    from_fvcore("CosineParamScheduler(0.1, 0.0)", updates=1000)
    from_fvcore("CompositeParamScheduler", updates=1000, lengths=[0.1, 0.9], interval_scaling=["rescaled", "rescaled"],
                schedulers=["LinearParamScheduler(0, 1)", "CosineParamScheduler(1, 0)"])

Its rules: values are absolute, and functions of progress, where = t / updates, below 1; a boundary takes effect 1e-6
early; a part of a composite is `rescaled` to its share, or `fixed`: that part of a curve over the whole run.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.timescales import exponential
from lrlab.core.shapes.transitions import linear, polynomial
from lrlab.dialects.parts.fractional import piece
from lrlab.dialects.parts.imported import LONGEST, Imported, Rule, imported, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import known, real, steps, then
from lrlab.dialects.source.call_syntax import Call, made, read_call
from lrlab.errors import LrlabError, LrlabTypeError, worded

EPSILON = 1e-6  # of the run: a boundary takes effect this much early


@dataclass(frozen=True)
class Place:
    """The updates at ... stop-1 of a run, the real times at which progress is 0 and 1, and the scale of values."""

    at: int
    stop: int
    begin: float
    length: float
    scale: float = 1.0

    def where(self, t: int) -> float:
        """The progress at update t."""
        return (t - self.begin) / self.length

    def first(self, reached: Callable[[float], bool]) -> int:
        """The first update for whose progress `reached` is true, or the end of the place."""
        return self.at + bisect_left(range(self.at, self.stop), True, key=lambda t: reached(self.where(t)))

    def levels(self, edges: Sequence[int], levels: Sequence[float]) -> Schedule | None:
        """Levels between edges, cut to the updates of the place."""
        bounds = [min(max(edge, self.at), self.stop) for edge in edges]
        spans = [(b - a, level) for (a, b), level in zip(pairwise(bounds), levels, strict=True) if b > a]
        return then(*(constant(n, level=self.scale * level) for n, level in spans)) if spans else None


Drawn = Callable[[Place], Schedule | None]  # None if the place has no updates


@reading("fvcore")
def from_fvcore(scheduler: str, *args: Any, updates: int, **kwargs: Any) -> Imported:
    """The schedule of an fvcore param scheduler over a run of `updates` updates.

    `scheduler` is a class name, with its arguments in `args` and `kwargs`, or the whole call as a text; members of a
    composite are such texts. The base LR is the greatest value. Raises `LrlabError` where fvcore raises.

    >>> found = from_fvcore("CosineParamScheduler(0.1, 0.0)", updates=1000)
    >>> found.schedule, found.base_lr
    (cosine(1000), 0.1)
    """
    n = steps(updates, "updates", 1)
    if n > LONGEST:
        raise LrlabError(worded("fvcore: so long a run is not looked through", updates, f"at most {LONGEST:,} updates"))
    call = read_call(scheduler) if "(" in scheduler else Call(scheduler, args, kwargs)
    drawn, whole = _drawn(call), Place(0, n, 0.0, n)
    absolute = drawn(whole)
    assert absolute is not None  # there is at least one update
    peak = float(abs(absolute.over(n).values()).max()) or 1.0
    schedule = drawn(replace(whole, scale=1 / peak))
    assert schedule is not None
    after = "fvcore asks for progress below 1 only; here the last value is held"
    return imported(f"fvcore {call.name}", Rule(schedule, peak, n, after), base_lr=peak)


def _drawn(given: Any) -> Drawn:
    call = read_call(given) if isinstance(given, str) else given
    if not isinstance(call, Call):
        raise LrlabTypeError(worded("fvcore: a member must be a call", call, hint='"ConstantParamScheduler(0.1)"'))
    found: Drawn = made(known(call.name, RECIPES, "fvcore: the class"), call, "fvcore")
    return found


def _constant(value: float) -> Drawn:
    level = real(value, "value")
    return lambda p: p.levels([p.at, p.stop], [level])


def _leg(shape: Any, start: float, to: float, **arguments: float) -> Drawn:
    a, b = real(start, "the first value"), real(to, "the last value")
    return lambda p: piece(shape, p.at, p.stop, p.begin, p.length, start=p.scale * a, to=p.scale * b, **arguments)


def _cosine(start_value: float, end_value: float) -> Drawn:
    return _leg(cosine, start_value, end_value)


def _linear(start_value: float, end_value: float) -> Drawn:
    return _leg(linear, start_value, end_value)


def _polynomial(base_value: float, power: float) -> Drawn:
    return _leg(polynomial, base_value, 0.0, power=power)


def _exponential(start_value: float, decay: float) -> Drawn:
    start, factor = real(start_value, "start_value"), real(decay, "decay")
    if factor <= 0:
        raise LrlabError(worded("fvcore: decay must be above 0", decay))

    def drawn(p: Place) -> Schedule | None:
        if p.stop <= p.at:
            return None
        falls = exponential(gamma=factor ** (1 / p.length), span=p.stop - p.at)
        made: Schedule = p.scale * start * factor ** p.where(p.at) * falls
        return made

    return drawn


def _stairs(levels: Sequence[float], index: Callable[[float], int]) -> Drawn:
    """Levels; `index(progress)` is the number of the level in use."""

    def drawn(p: Place) -> Schedule | None:
        edges = [p.first(lambda where, k=k: index(where) >= k) for k in range(len(levels))]  # type: ignore[misc]
        return p.levels([*edges, p.stop], levels)

    return drawn


def _step(num_updates: int, values: Sequence[float]) -> Drawn:
    levels = _values(values)
    if num_updates <= 0:
        raise LrlabError(worded("fvcore: num_updates must be above 0", num_updates))
    return _stairs(levels, lambda where: int((where + EPSILON) * len(levels)))


def _values(given: object) -> list[float]:
    if not isinstance(given, (list, tuple)) or not given:
        raise LrlabTypeError(worded("fvcore: values must be a list, of one at least", given))
    return [real(value, "a value") for value in given]


def _fixed_gamma(base_value: float, num_decays: int, gamma: float, num_updates: int) -> Drawn:
    numbers = all(isinstance(x, (int, float)) and x > 0 for x in (base_value, gamma))
    if not numbers or not all(isinstance(k, int) and k > 0 for k in (num_decays, num_updates)):
        raise LrlabError(worded("fvcore: all of these must be above 0", (base_value, num_decays, gamma, num_updates)))
    return _step(num_updates, [base_value * gamma**k for k in range(num_decays + 1)])


def _multi_step(
    values: Sequence[float], num_updates: int | None = None, milestones: Sequence[int] | None = None
) -> Drawn:
    levels = _values(values)
    if milestones is None and num_updates is None:
        raise LrlabError(worded("fvcore: MultiStepParamScheduler needs num_updates or milestones", values))
    if milestones is None:
        width = math.ceil(steps(num_updates, "num_updates", 1) / len(levels))
        milestones = [width * (k + 1) for k in range(len(levels) - 1)]
    elif isinstance(milestones, dict) or len(milestones) != len(levels) - (num_updates is not None):
        raise LrlabError(worded(f"fvcore: {len(levels)} values do not fit these milestones", milestones))
    bounds = list(milestones)
    whole = bounds.pop() if num_updates is None else num_updates
    if whole < len(levels) or not all(a < b for a, b in pairwise([0, *bounds, whole])):
        raise LrlabError(worded("fvcore: milestones must rise, from above 0 to below num_updates", [*bounds, whole]))
    return _stairs(levels, lambda where: sum(bound <= int((where + EPSILON) * whole) for bound in bounds))


def _composite(schedulers: Sequence[Any], lengths: Sequence[float], interval_scaling: Sequence[str]) -> Drawn:
    if not len(schedulers) == len(lengths) == len(interval_scaling) or not schedulers:
        raise LrlabError(worded("fvcore: schedulers, lengths and interval_scaling must be as many", len(schedulers)))
    if abs(sum(lengths) - 1.0) >= 1e-3:
        raise LrlabError(worded("fvcore: the lengths must add up to 1", list(lengths)))
    for word in interval_scaling:
        known(word, {"rescaled": None, "fixed": None}, "fvcore: interval_scaling")
    members = [_drawn(scheduler) for scheduler in schedulers]
    ends = [sum(lengths[: k + 1]) for k in range(len(lengths) - 1)]

    def drawn(p: Place) -> Schedule | None:
        edges = [p.at, *(p.first(lambda where, end=end: where + EPSILON > end) for end in ends), p.stop]  # type: ignore[misc]
        parts = []
        for member, word, (at, stop), (a, b) in zip(
            members, interval_scaling, pairwise(edges), pairwise([0.0, *ends, 1.0]), strict=True
        ):
            rescaled = replace(p, at=at, stop=stop, begin=p.begin + a * p.length, length=(b - a) * p.length)
            parts.append(member(rescaled if word == "rescaled" else replace(p, at=at, stop=stop)))
        return then(*parts) if any(parts) else None

    return drawn


RECIPES: dict[str, Callable[..., Drawn]] = {
    "ConstantParamScheduler": _constant,
    "CosineParamScheduler": _cosine,
    "ExponentialParamScheduler": _exponential,
    "LinearParamScheduler": _linear,
    "MultiStepParamScheduler": _multi_step,
    "PolynomialDecayParamScheduler": _polynomial,
    "StepParamScheduler": _step,
    "StepWithFixedGammaParamScheduler": _fixed_gamma,
    "CompositeParamScheduler": _composite,
}


def _words(name: str, /, *args: Any, updates: int | None = None, **given: Any) -> Imported:
    if updates is None:
        raise LrlabError(
            worded("fvcore: its schedulers are stretched over the run", name, hint="updates=..., or --steps")
        )
    return from_fvcore(name, *args, updates=updates, **given)


LIBRARY = Library("fvcore", words=_words, calls=RECIPES, modules=("fvcore",), facts={"steps": "updates"})
