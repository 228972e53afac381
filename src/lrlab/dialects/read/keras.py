"""Keras and TensorFlow: `keras.optimizers.schedules`, as an object, as `get_config()` or by class name and arguments.

    from_keras(keras.optimizers.schedules.CosineDecay(1e-3, 900, alpha=0.1))
    from_keras("CosineDecay", initial_learning_rate=1e-3, decay_steps=900)

Its rules: values are absolute and computed in float32 by default; step t uses f(t); `decay_steps` excludes the warmup;
a boundary step of PiecewiseConstantDecay still has the value before it; after the end the value is held.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from inspect import signature
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.piecewise import piecewise_constant
from lrlab.core.shapes.timescales import exponential, inverse_power, inverse_time
from lrlab.core.shapes.transitions import polynomial
from lrlab.dialects.parts.fractional import LONGEST, MANY, MOST, cosines, piece, stairs
from lrlab.dialects.parts.imported import FOREVER, Imported, Rule, imported, peaked, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import Name, climb, flat, known, real, steps, then
from lrlab.dialects.parts.plateaus import as_keras
from lrlab.dialects.source.call_syntax import Call, made, read_call
from lrlab.dialects.source.documents import filled
from lrlab.errors import LrlabError, LrlabTypeError, worded

LARGEST = 1000  # denominator, when decay_steps is read as a fraction
STAIRS = 200  # of a fractional length, if no formula describes them


@reading("keras")
def from_keras(schedule: Any, *args: Any, updates: int | None = None, **kwargs: Any) -> Imported:
    """The schedule of a Keras `LearningRateSchedule` (or of its ReduceLROnPlateau callback).

    `schedule` is the object, its class name with its arguments in `args` and `kwargs`, the whole call as a text, or
    the result of `keras.optimizers.schedules.serialize`: {"class_name": ..., "config": {...}}. `updates`, the length
    of the run, says how far to write out a curve without a formula.

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
        words = ("monitor", "factor", "patience", "mode", "min_delta", "cooldown", "min_lr")
        given = {word: getattr(schedule, word) for word in words}
        optimizer = getattr(schedule.model, "optimizer", None)  # once Keras has set it
        rate = kwargs if optimizer is None else {"learning_rate": float(optimizer.learning_rate)}
        call = Call("ReduceLROnPlateau", (), {**given, **rate})
    else:
        raise LrlabTypeError(
            worded("this is not a Keras schedule", schedule, hint='from_keras("CosineDecay", 1e-3, 900)')
        )
    recipe = known(call.name, RECIPES, "keras: the class")
    if updates is not None and recipe in (_inverse_time, _restarts):
        call = Call(call.name, call.args, {**call.kwargs, "updates": steps(updates, "updates", 1)})
    found: Rule = made(recipe, call, "keras")
    return imported(f"keras {call.name}", found, base_lr=found.base)


def _exponential(
    initial_learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool = False, name: str = ""
) -> Rule:
    peak, level = peaked(initial_learning_rate)
    if decay_rate == 0:
        n = steps(decay_steps, "decay_steps", 1) if staircase else 1
        return Rule(then(flat(n, level), constant(level=0)), peak, after=FOREVER)
    if not staircase and decay_steps != int(decay_steps):
        return Rule(level * exponential(gamma=decay_rate ** (1 / decay_steps)), peak, after=FOREVER)
    if decay_steps != int(decay_steps):
        every = Fraction(real(decay_steps, "decay_steps")).limit_denominator(LARGEST)
        return Rule(level * stairs(every, decay_rate), peak, after=FOREVER)
    n = steps(decay_steps, "decay_steps", 1)
    return Rule(level * exponential(decay=decay_rate, every=n, staircase=staircase), peak, after=FOREVER)


def _inverse_time(
    initial_learning_rate: float,
    decay_steps: float,
    decay_rate: float,
    staircase: bool = False,
    name: str = "",
    *,
    updates: int = 0,
) -> Rule:
    peak, level = peaked(initial_learning_rate)
    if decay_rate == 0:
        return Rule(constant(level=level), peak, after="decay_rate=0: the value never changes")
    if not staircase and decay_steps != int(decay_steps):
        return Rule(level * inverse_time(decay_rate / decay_steps, every=1), peak, after=FOREVER)
    if decay_steps != int(decay_steps):
        count = max(STAIRS, math.ceil(2 * updates / real(decay_steps, "decay_steps")))
        edges = [math.ceil(k * real(decay_steps, "decay_steps")) for k in range(1, count)]
        falls = piecewise_constant(edges, [level / (1 + decay_rate * k) for k in range(count)])
        return Rule(falls, peak, after=f"{FOREVER}; its stairs are drawn up to update {edges[-1]:,}", drawn=True)
    n = steps(decay_steps, "decay_steps", 1)
    return Rule(level * inverse_time(decay_rate, every=n, staircase=staircase), peak, after=FOREVER)


def _piecewise_constant(boundaries: Sequence[float], values: Sequence[float], name: str = "") -> Rule:
    if len(values) != len(boundaries) + 1:
        what = "keras: PiecewiseConstantDecay has one value more than boundaries"
        raise LrlabError(worded(what, (list(boundaries), list(values)), hint=f"{len(boundaries) + 1} values"))
    peak, *levels = peaked(*values)
    if list(boundaries) != sorted(boundaries):
        raise LrlabError(worded("keras: unsorted boundaries give sums of the values", list(boundaries), "rising ones"))
    edges = [math.floor(boundary) + 1 for boundary in boundaries]  # the boundary step has the value before it
    kept = [k for k, edge in enumerate(edges) if edge > 0 and edge not in edges[k + 1 :]]
    first = next((k for k, edge in enumerate(edges) if edge > 0), len(edges))
    after = "after the last boundary the value is held"
    if not kept:
        return Rule(constant(level=levels[-1]), peak, after="the value never changes")
    return Rule(
        piecewise_constant([edges[k] for k in kept], [levels[first], *(levels[k + 1] for k in kept)]), peak, after=after
    )


def _polynomial(
    initial_learning_rate: float,
    decay_steps: float,
    end_learning_rate: float = 1e-4,
    power: float = 1.0,
    cycle: bool = False,
    name: str = "",
) -> Rule:
    peak, start, to = peaked(initial_learning_rate, end_learning_rate)
    n = steps(decay_steps, "decay_steps", 1)
    if power == 0:
        return Rule(constant(level=start), peak, after="power=0: the value never changes")
    if not cycle:
        return Rule(polynomial(n, start=start, to=to, power=power), peak, n)
    # From update 1 on, cycle m goes from (1 - 1/m) to 0 in n updates, 1/m**power as high; its last update is at 0.
    fall = polynomial(n, start=((n - 1) / n) ** power, power=power, closed=True).repeat()
    shrinking = inverse_power(n, power=power, staircase=True)
    after = f"after every {n} updates it jumps up to a part of its height and falls again"
    return Rule(then(flat(1, start), to + (start - to) * (fall * shrinking)), peak, n, after)


def _cosine(
    initial_learning_rate: float,
    decay_steps: float,
    alpha: float = 0.0,
    name: str = "",
    warmup_target: float | None = None,
    warmup_steps: int = 0,
) -> Rule:
    n = real(decay_steps, "decay_steps")
    if n <= 0:
        raise LrlabError(worded("keras: decay_steps must be above 0", decay_steps))
    whole = math.ceil(n)
    if warmup_target is None:
        peak, start = peaked(initial_learning_rate)
        return Rule(then(piece(cosine, 0, whole, 0, n, start=start, to=alpha * start)), peak, whole)
    warmup = steps(warmup_steps, "warmup_steps")
    peak, start, top = peaked(initial_learning_rate, warmup_target)
    return Rule(
        then(climb(warmup, start, top), piece(cosine, 0, whole, 0, n, start=top, to=alpha * top)), peak, warmup + whole
    )


def _restarts(
    initial_learning_rate: float,
    first_decay_steps: float,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
    name: str = "",
    *,
    updates: int = 0,
) -> Rule:
    peak, level = peaked(initial_learning_rate)
    if t_mul < 1:
        raise LrlabError(worded("keras: cycles that shrink end in NaN", t_mul, "t_mul of at least 1"))
    first = real(first_decay_steps, "first_decay_steps")
    floor, height = alpha * level, (1 - alpha) * level
    if first == int(first) and t_mul == int(t_mul):
        cycles: Schedule = cosine().repeat(cycle=int(first), stretch=t_mul, gain=m_mul)
        if m_mul == 1 and level == 1:
            cycles = cosine(to=alpha).repeat(cycle=int(first), stretch=t_mul)
            return Rule(cycles, peak, after=FOREVER)
        return Rule(height * cycles + floor, peak, after=FOREVER)
    exact = Fraction(first).limit_denominator(MANY)
    if t_mul == 1 and abs(exact - first) < 1e-12 * first:  # this many cycles take a whole number of updates
        falls = cosines([first * k for k in range(exact.denominator + 1)], gain=m_mul)
        return Rule(height * falls.repeat(gain=m_mul**exact.denominator) + floor, peak, after=FOREVER)
    begins = [0.0]
    while begins[-1] < LONGEST and (len(begins) <= MANY or begins[-1] < 2 * updates):
        begins.append(begins[-1] + first * t_mul ** (len(begins) - 1))
        if len(begins) > MOST:
            raise LrlabError(worded("keras: these are too many cycles to write out", updates, f"{MOST} cycles"))
    after = f"{FOREVER}; its cycles are no whole updates long, and drawn up to update {math.ceil(begins[-1]):,}"
    return Rule(height * cosines(begins, gain=m_mul) + floor, peak, after=after, drawn=True)


RECIPES: dict[str, Callable[..., Rule]] = {
    "ExponentialDecay": _exponential,
    "InverseTimeDecay": _inverse_time,
    "PiecewiseConstantDecay": _piecewise_constant,
    "PolynomialDecay": _polynomial,
    "CosineDecay": _cosine,
    "CosineDecayRestarts": _restarts,
    "ReduceLROnPlateau": as_keras,
}


def _words(
    name: str, /, *args: Any, learning_rate: float | None = None, updates: int | None = None, **given: Any
) -> Imported:
    """A class and its arguments; the optimizer's LR is only for classes without absolute values."""
    if name == "ReduceLROnPlateau":
        if args and not (isinstance(args[0], str) and not isinstance(args[0], Name)):
            raise LrlabTypeError(worded("keras: its ReduceLROnPlateau begins with the name of a metric", args[0]))
        given = {**given, **({} if learning_rate is None else {"learning_rate": learning_rate})}
    elif learning_rate is not None and name in RECIPES and "initial_learning_rate" not in given and not args:
        first = next(iter(signature(RECIPES[name]).parameters))
        given = {first: learning_rate, **given} if first == "initial_learning_rate" else given
    return from_keras(name, *args, updates=updates, **given)


def _serialized(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The serialised schedule in a file: the whole file, or the learning rate of an optimizer."""
    config = document.get("config")
    if not isinstance(config, dict):
        return None
    if str(document.get("class_name")) in RECIPES:
        return document
    inner = config.get("learning_rate")
    return _serialized(inner) if isinstance(inner, dict) else None


def _file(document: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Any]) -> Imported:
    found = _serialized(document)
    if found is None:
        raise LrlabError(worded("keras: this is not a serialised schedule", sorted(document)[:10]))
    config = filled("keras", found["config"], given, {})
    return from_keras({**found, "config": config}, updates=known.get("updates"))


LIBRARY = Library(
    "keras",
    words=_words,
    file=_file,
    recognise=lambda document: _serialized(document) is not None,
    keys=("class_name", "config"),
    calls=RECIPES,
    modules=("keras", "tf", "tensorflow"),
    facts={"lr": "learning_rate", "steps": "updates"},
)
