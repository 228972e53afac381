"""Optax: the constructors of `optax.schedules`, by name with their arguments (their results cannot be read).

    from_optax("warmup_cosine_decay_schedule", 0.0, 1e-3, warmup_steps=100, decay_steps=1000)
    from_optax("optax.join_schedules([optax.linear_schedule(0, 1e-3, 100), optax.constant_schedule(1e-3)], [100])")

Its rules: values are absolute; count t uses f(t); `decay_steps` includes the warmup; after the end the value is held;
a duration of 0 gives a constant, and only a line in the log says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.piecewise import piecewise_constant, piecewise_linear
from lrlab.core.shapes.timescales import exponential
from lrlab.core.shapes.transitions import linear, polynomial
from lrlab.dialects.parts.imported import FOREVER, Imported, Rule, imported, peaked, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import cut, flat, known, real, steps, then
from lrlab.dialects.parts.plateaus import as_optax
from lrlab.dialects.source.call_syntax import Call, made, read_call
from lrlab.errors import LrlabError, LrlabTypeError, worded


@reading("optax")
def from_optax(constructor: str, *args: Any, **kwargs: Any) -> Imported:
    """The schedule that an Optax constructor makes, in multiples of its greatest given value.

    `constructor` is its name, with its arguments in `args` and `kwargs`, or the whole call as a text. Schedules inside
    `join_schedules` are such texts, or pairs of a name and a dict of arguments.

    >>> found = from_optax("optax.warmup_cosine_decay_schedule(0.0, 1e-3, 100, 1000, end_value=1e-4)")
    >>> found.schedule, found.base_lr
    (linear(100, start=0, to=1) >> cosine(900, to=0.1), 0.001)
    """
    call = read_call(constructor) if "(" in constructor else Call(constructor.rpartition(".")[2], args, kwargs)
    if "(" in constructor and (args or kwargs):
        raise LrlabTypeError(worded("the arguments stand in the text already", constructor))
    found = _make(call)
    name = f"optax {call.name}"
    return imported(name, found, base_lr=found.base)


def _make(call: Call) -> Rule:
    recipe = known(call.name, RECIPES, "optax: the constructor")
    found = made(recipe, call, "optax")
    assert isinstance(found, Rule)
    return found


def _constant(value: float) -> Rule:
    peak, level = peaked(value)
    return Rule(constant(level=level), peak, after="the value never changes")


def _polynomial(
    init_value: float, end_value: float, power: float, transition_steps: int, transition_begin: int = 0
) -> Rule:
    peak, start, to = peaked(init_value, end_value)
    n, begin = transition_steps, max(0, steps(transition_begin, "transition_begin", -(10**15)))
    if n <= 0 or power == 0:
        why = "power=0" if n > 0 else f"transition_steps={n}"
        return Rule(constant(level=start), peak, after=f"{why}: the value stays at init_value forever")
    n = steps(n, "transition_steps")
    leg = linear(n, start=start, to=to) if power == 1 else polynomial(n, start=start, to=to, power=power)
    return Rule(then(flat(begin, start), leg), peak, begin + n)


def _linear(init_value: float, end_value: float, transition_steps: int, transition_begin: int = 0) -> Rule:
    return _polynomial(init_value, end_value, 1, transition_steps, transition_begin)


def _warmup_constant(init_value: float, peak_value: float, warmup_steps: int) -> Rule:
    return _polynomial(init_value, peak_value, 1, warmup_steps)


def _piecewise_constant(init_value: float, boundaries_and_scales: dict[int, float] | None = None) -> Rule:
    bounds, values = _levels(init_value, boundaries_and_scales)
    peak, *levels = peaked(*values)
    passed = sum(bound <= 0 for bound in bounds)
    bounds, levels = bounds[passed:], levels[passed:]
    if not bounds:
        return Rule(constant(level=levels[0]), peak, after="the value never changes")
    return Rule(piecewise_constant(bounds, levels), peak, after="after the last boundary the value is held")


def _levels(init: float, scales: dict[int, float] | None) -> tuple[list[int], list[float]]:
    """The boundaries in order, and the values before, between and after them: the scales multiply."""
    bounds, values = [], [real(init, "init_value")]
    for bound, scale in sorted((scales or {}).items()):
        if scale < 0:
            raise LrlabError(worded("optax: scales must not be negative", scales))
        bounds.append(steps(bound, "a boundary", -(10**15)))
        values.append(values[-1] * real(scale, "a scale"))
    return bounds, values


def _piecewise_interpolate(
    interpolate_type: str, init_value: float, boundaries_and_scales: dict[int, float] | None = None
) -> Rule:
    bounds, values = _levels(init_value, boundaries_and_scales)
    if interpolate_type not in ("linear", "cosine"):
        raise LrlabError(worded("optax: interpolate_type is not known", interpolate_type, '"linear", "cosine"'))
    if bounds and bounds[0] < 0:
        raise LrlabError(worded("optax: a boundary below 0 cannot be expressed", bounds))
    peak, *levels = peaked(*values)
    end = bounds[-1] if bounds else None
    if interpolate_type == "linear" and bounds:
        return Rule(piecewise_linear(list(zip([0, *bounds], levels, strict=True))), peak, end)
    legs = [
        cosine(b - a, start=levels[k], to=levels[k + 1]) if b > a else None
        for k, (a, b) in enumerate(pairwise([0, *bounds]))
    ]
    return Rule(then(*legs, constant(level=levels[-1])), peak, end)


def _one_cycle(
    kind: str, transition_steps: int, peak_value: float, shares: Sequence[float], scales: Sequence[float], div: float
) -> Rule:
    n = steps(transition_steps, "transition_steps", 1)
    bounds = [int(share * n) for share in shares]  # truncated; of two at one update the later one counts
    return _piecewise_interpolate(kind, peak_value / div, {**dict(zip(bounds, scales, strict=False)), n: scales[-1]})


def _linear_onecycle(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    pct_final: float = 0.85,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Rule:
    scales = (div_factor, 1 / div_factor, 1 / final_div_factor)
    return _one_cycle("linear", transition_steps, peak_value, (pct_start, pct_final), scales, div_factor)


def _cosine_onecycle(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Rule:
    scales = (div_factor, 1 / (div_factor * final_div_factor))
    return _one_cycle("cosine", transition_steps, peak_value, (pct_start,), scales, div_factor)


def _exponential(
    init_value: float,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Rule:
    start = real(init_value, "init_value")
    if transition_steps <= 0 or decay_rate == 0:
        peak, level = peaked(start)
        return Rule(constant(level=level), peak, after="optax makes it a constant: transition_steps or decay_rate is 0")
    begin = max(0, steps(transition_begin, "transition_begin", -(10**15)))
    peak, level, *end = peaked(start, *([] if end_value is None else [end_value]))
    n = steps(transition_steps, "transition_steps")
    schedule = then(flat(begin, level), level * exponential(decay=decay_rate, every=n, staircase=staircase))
    if not end:
        return Rule(schedule, peak, after=FOREVER)
    bounded = schedule.clip(low=end[0]) if (decay_rate < 1) == (peak > 0) else schedule.clip(high=end[0])
    return Rule(bounded, peak, after="it has no end but its bound end_value")


def _cosine(init_value: float, decay_steps: int, alpha: float = 0.0, exponent: float = 1.0) -> Rule:
    peak, start = peaked(init_value)
    n = steps(decay_steps, "decay_steps", 1)
    if exponent == 0:
        return Rule(constant(level=start), peak, after="exponent=0: the value never changes")
    return Rule(cosine(n, start=start, to=alpha * start, power=exponent), peak, n)


def _warmup_cosine(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    decay_steps: int,
    end_value: float = 0.0,
    exponent: float = 1.0,
) -> Rule:
    rise = _polynomial(init_value, peak_value, 1, warmup_steps)
    alpha = 0.0 if peak_value == 0 else end_value / peak_value
    return _joined([rise, _cosine(peak_value, decay_steps - warmup_steps, alpha, exponent)], [warmup_steps])


def _warmup_exponential(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Rule:
    rise = _polynomial(init_value, peak_value, 1, warmup_steps)
    fall = _exponential(peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value)
    return _joined([rise, fall], [warmup_steps])


def _sgdr(cosine_kwargs: Sequence[dict[str, Any]]) -> Rule:
    ends = [sum(k["decay_steps"] for k in cosine_kwargs[: i + 1]) for i in range(len(cosine_kwargs))]
    return _joined(
        [made(_warmup_cosine, Call("sgdr_schedule", (), dict(k)), "optax") for k in cosine_kwargs], ends[:-1]
    )


def _join(schedules: Sequence[Any], boundaries: Sequence[int]) -> Rule:
    return _joined([_member(given) for given in schedules], [steps(b, "a boundary") for b in boundaries])


def _member(given: Any) -> Rule:
    if isinstance(given, Call):
        return _make(given)
    if isinstance(given, str):
        return _make(read_call(given))
    if isinstance(given, (tuple, list)) and len(given) == 2 and isinstance(given[1], dict):
        return _make(Call(str(given[0]), (), dict(given[1])))
    raise LrlabTypeError(worded("a joined schedule must be a call as text, or (name, arguments)", given))


def _joined(members: Sequence[Rule], boundaries: Sequence[int]) -> Rule:
    """Schedules one after another, each from its own count 0; surplus ones are never reached, as in Optax."""
    members = members[: len(boundaries) + 1]
    starts = [0, *boundaries]
    peak = max((member.base for member in members), key=abs)
    phases: list[Schedule | None] = []
    for k, member in enumerate(members):
        stop = min(starts[k + 1 : len(members)], default=None)
        if stop is not None and stop <= starts[k]:
            continue
        schedule = member.schedule if member.base == peak else member.base / peak * member.schedule
        phases.append(schedule if stop is None else cut(schedule, stop - starts[k]))
    last = members[-1]
    end = None if last.updates is None else starts[len(members) - 1] + last.updates
    return Rule(then(*phases), peak, end, last.after)


RECIPES: dict[str, Callable[..., Rule]] = {
    "constant_schedule": _constant,
    "linear_schedule": _linear,
    "polynomial_schedule": _polynomial,
    "cosine_decay_schedule": _cosine,
    "exponential_decay": _exponential,
    "piecewise_constant_schedule": _piecewise_constant,
    "piecewise_interpolate_schedule": _piecewise_interpolate,
    "linear_onecycle_schedule": _linear_onecycle,
    "cosine_onecycle_schedule": _cosine_onecycle,
    "warmup_constant_schedule": _warmup_constant,
    "warmup_cosine_decay_schedule": _warmup_cosine,
    "warmup_exponential_decay_schedule": _warmup_exponential,
    "sgdr_schedule": _sgdr,
    "join_schedules": _join,
    "reduce_on_plateau": as_optax,
}


LIBRARY = Library("optax", words=from_optax, calls=RECIPES, modules=("optax",))
