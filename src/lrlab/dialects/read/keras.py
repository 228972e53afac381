"""Keras and TensorFlow: `keras.optimizers.schedules`, as object, as `get_config()` or by class name and arguments.

    from_keras(keras.optimizers.schedules.CosineDecay(1e-3, 900, alpha=0.1))
    from_keras("CosineDecay", initial_learning_rate=1e-3, decay_steps=900)

Its rules: values are absolute and computed in float32 by default, step t uses f(t), `decay_steps` excludes the warmup,
a boundary of PiecewiseConstantDecay still belongs to the value before it, after the end the value is held.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.piecewise import piecewise_constant
from lrlab.core.shapes.timescales import exponential, inverse_power, inverse_time
from lrlab.core.shapes.transitions import polynomial
from lrlab.dialects.parts.fractional import LONGEST, MANY, cosines, piece
from lrlab.dialects.parts.imported import FOREVER, Imported, Made, imported, peaked, reading
from lrlab.dialects.parts.phases import climb, flat, known, real, steps, then
from lrlab.dialects.parts.plateaus import as_keras
from lrlab.dialects.source.call_syntax import Call, made, read_call
from lrlab.errors import LrlabError, LrlabTypeError, worded


@reading("keras")
def from_keras(schedule: Any, *args: Any, **kwargs: Any) -> Imported:
    """The schedule of a Keras `LearningRateSchedule` (or of its ReduceLROnPlateau callback).

    `schedule` is the object, its class name with the arguments after it, the whole call as a text, or what
    `keras.optimizers.schedules.serialize` gives: {"class_name": ..., "config": {...}}.

    >>> found = from_keras("CosineDecay", 0.0, 900, warmup_target=1e-3, warmup_steps=100)
    >>> found.schedule, found.base_lr, found.horizon
    (linear(100, start=0, to=1) >> cosine(900), 0.001, Horizon(updates=1000))
    """
    if isinstance(schedule, str):
        call = read_call(schedule) if "(" in schedule else Call(schedule.rpartition(".")[2], args, kwargs)
    elif isinstance(schedule, dict) and "class_name" in schedule:
        call = Call(str(schedule["class_name"]), (), dict(schedule.get("config", {})))
    elif hasattr(schedule, "get_config"):
        call = Call(type(schedule).__name__, (), dict(schedule.get_config()))
    elif type(schedule).__name__ == "ReduceLROnPlateau":
        words = ("factor", "patience", "mode", "min_delta", "cooldown", "min_lr")
        given = {word: getattr(schedule, word) for word in words}
        optimizer = getattr(schedule.model, "optimizer", None)  # once Keras has set it
        rate = kwargs if optimizer is None else {"learning_rate": float(optimizer.learning_rate)}
        call = Call("ReduceLROnPlateau", (), {**given, **rate})
    else:
        raise LrlabTypeError(worded("this is no Keras schedule", schedule, hint='from_keras("CosineDecay", 1e-3, 900)'))
    found: Made = made(known(call.name, RECIPES, "keras: the class"), call, "keras")
    return imported(f"keras {call.name}", found.schedule, found.after, base_lr=found.base, updates=found.updates)


def _exponential(
    initial_learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool = False, name: str = ""
) -> Made:
    peak, level = peaked(initial_learning_rate)
    if decay_rate == 0:
        n = steps(decay_steps, "decay_steps", 1) if staircase else 1
        return Made(then(flat(n, level), constant(level=0)), peak, after=FOREVER)
    if not staircase and decay_steps != int(decay_steps):
        return Made(level * exponential(gamma=decay_rate ** (1 / decay_steps)), peak, after=FOREVER)
    n = steps(decay_steps, "decay_steps", 1)
    return Made(level * exponential(decay=decay_rate, every=n, staircase=staircase), peak, after=FOREVER)


def _inverse_time(
    initial_learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool = False, name: str = ""
) -> Made:
    peak, level = peaked(initial_learning_rate)
    if decay_rate == 0:
        return Made(constant(level=level), peak, after="decay_rate=0: the value never changes")
    if not staircase and decay_steps != int(decay_steps):
        return Made(level * inverse_time(decay_rate / decay_steps, every=1), peak, after=FOREVER)
    n = steps(decay_steps, "decay_steps", 1)
    return Made(level * inverse_time(decay_rate, every=n, staircase=staircase), peak, after=FOREVER)


def _piecewise_constant(boundaries: Sequence[float], values: Sequence[float], name: str = "") -> Made:
    peak, *levels = peaked(*values)
    if list(boundaries) != sorted(boundaries):
        raise LrlabError(worded("keras: unsorted boundaries give sums of the values", list(boundaries), "rising ones"))
    edges = [math.floor(boundary) + 1 for boundary in boundaries]  # the boundary itself has the value before it
    kept = [k for k, edge in enumerate(edges) if edge > 0 and edge not in edges[k + 1 :]]
    first = next((k for k, edge in enumerate(edges) if edge > 0), len(edges))
    after = "after the last boundary the value is held"
    if not kept:
        return Made(constant(level=levels[-1]), peak, after="the value never changes")
    return Made(
        piecewise_constant([edges[k] for k in kept], [levels[first], *(levels[k + 1] for k in kept)]), peak, after=after
    )


def _polynomial(
    initial_learning_rate: float,
    decay_steps: float,
    end_learning_rate: float = 1e-4,
    power: float = 1.0,
    cycle: bool = False,
    name: str = "",
) -> Made:
    peak, start, to = peaked(initial_learning_rate, end_learning_rate)
    n = steps(decay_steps, "decay_steps", 1)
    if power == 0:
        return Made(constant(level=start), peak, after="power=0: the value never changes")
    if not cycle:
        return Made(polynomial(n, start=start, to=to, power=power), peak, n)
    # From update 1 on: cycle m goes from (1 - 1/m) to 0 in n updates, 1/m**power as high, its last update at the end.
    fall = polynomial(n, start=((n - 1) / n) ** power, power=power, closed=True).repeat()
    shrinking = inverse_power(n, power=power, staircase=True)
    after = f"after every {n} updates it jumps up to a part of its height and falls again"
    return Made(then(flat(1, start), to + (start - to) * (fall * shrinking)), peak, n, after)


def _cosine(
    initial_learning_rate: float,
    decay_steps: float,
    alpha: float = 0.0,
    name: str = "",
    warmup_target: float | None = None,
    warmup_steps: int = 0,
) -> Made:
    n = real(decay_steps, "decay_steps")
    if n <= 0:
        raise LrlabError(worded("keras: decay_steps must be above 0", decay_steps))
    whole = math.ceil(n)
    if warmup_target is None:
        peak, start = peaked(initial_learning_rate)
        return Made(then(piece(cosine, 0, whole, 0, n, start=start, to=alpha * start)), peak, whole)
    warmup = steps(warmup_steps, "warmup_steps")
    peak, start, top = peaked(initial_learning_rate, warmup_target)
    return Made(
        then(climb(warmup, start, top), piece(cosine, 0, whole, 0, n, start=top, to=alpha * top)), peak, warmup + whole
    )


def _restarts(
    initial_learning_rate: float,
    first_decay_steps: float,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
    name: str = "",
) -> Made:
    peak, level = peaked(initial_learning_rate)
    if t_mul < 1:
        raise LrlabError(worded("keras: cycles that shrink run into NaN", t_mul, "t_mul of at least 1"))
    first = real(first_decay_steps, "first_decay_steps")
    floor, height = alpha * level, (1 - alpha) * level
    if first == int(first) and t_mul == int(t_mul):
        cycles: Schedule = cosine().repeat(cycle=int(first), stretch=t_mul, gain=m_mul)
        if m_mul == 1 and level == 1:
            cycles = cosine(to=alpha).repeat(cycle=int(first), stretch=t_mul)
            return Made(cycles, peak, after=FOREVER)
        return Made(height * cycles + floor, peak, after=FOREVER)
    exact = Fraction(first).limit_denominator(MANY)
    if t_mul == 1 and abs(exact - first) < 1e-12 * first:  # so many cycles together are a whole number of updates
        falls = cosines([first * k for k in range(exact.denominator + 1)], gain=m_mul)
        return Made(height * falls.repeat(gain=m_mul**exact.denominator) + floor, peak, after=FOREVER)
    begins = [0.0]
    while len(begins) <= MANY and begins[-1] < LONGEST:
        begins.append(begins[-1] + first * t_mul ** (len(begins) - 1))
    after = f"it has no end; its cycles are no whole updates long, the first {len(begins) - 1} are written out"
    return Made(height * cosines(begins, gain=m_mul) + floor, peak, after=after)


RECIPES: dict[str, Callable[..., Made]] = {
    "ExponentialDecay": _exponential,
    "InverseTimeDecay": _inverse_time,
    "PiecewiseConstantDecay": _piecewise_constant,
    "PolynomialDecay": _polynomial,
    "CosineDecay": _cosine,
    "CosineDecayRestarts": _restarts,
    "ReduceLROnPlateau": as_keras,
}
