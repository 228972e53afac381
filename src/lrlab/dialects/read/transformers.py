"""Hugging Face Transformers: `get_scheduler(name, num_warmup_steps, num_training_steps, scheduler_specific_kwargs)`.

    from_transformers("cosine", num_warmup_steps=100, num_training_steps=1000)

Its rules: update t uses f(t); a linear warmup of W updates starts at LR 0 and the peak is at t = W; of N updates the
decay takes N - W. What comes after N differs from name to name.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import Transition, constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.timescales import cosine_wave, inverse_sqrt
from lrlab.core.shapes.transitions import linear, one_minus_sqrt, polynomial
from lrlab.dialects.parts.fractional import MOST, boundaries, piece
from lrlab.dialects.parts.imported import Imported, imported, reading
from lrlab.dialects.parts.phases import climb, flat, known, real, settled, steps, then, wave
from lrlab.dialects.parts.plateaus import as_torch
from lrlab.errors import LrlabError, LrlabTypeError, worded

Recipe = tuple[Schedule, str]  # a schedule, and what it does after the end

STAYS_AT_0 = "after the end the LR stays at 0"
SWINGS = "the cosine is a wave: after the end the LR climbs back"


@reading("transformers")
def from_transformers(
    lr_scheduler_type: str,
    num_warmup_steps: float = 0,
    num_training_steps: int | None = None,
    scheduler_specific_kwargs: Mapping[str, Any] | None = None,
    *,
    learning_rate: float | None = None,
) -> Imported:
    """The schedule that `transformers.get_scheduler` makes.

    A `num_warmup_steps` below 1 is a share of the training steps, as in TrainingArguments. `learning_rate` is the
    optimizer's own LR; only floors that are given as absolute LRs (`lr_end`, `min_lr`) need it. Raises `LrlabError`
    where a name or an argument is not one of the library's.

    >>> found = from_transformers("linear", num_warmup_steps=100, num_training_steps=1000)
    >>> found.schedule
    linear(100, start=0, to=1) >> linear(900)
    >>> [finding.code for finding in found.findings]
    ['zero-first']
    """
    name = str(getattr(lr_scheduler_type, "value", lr_scheduler_type))
    recipe = known(name, RECIPES, "transformers: lr_scheduler_type")
    total = None if num_training_steps is None else steps(num_training_steps, "num_training_steps")
    warmup = num_warmup_steps
    if 0 < warmup < 1:
        if total is None:
            raise LrlabError(worded("a share of the training steps needs num_training_steps", num_warmup_steps))
        warmup = math.ceil(total * warmup)
    facts = {"warmup": steps(warmup, "num_warmup_steps"), "total": total, "learning_rate": learning_rate}
    wanted = inspect.signature(recipe).parameters
    given = dict(scheduler_specific_kwargs or {})
    allowed = [word for word in wanted if word not in facts]
    for word in given:
        if word not in allowed:
            raise LrlabTypeError(
                worded(f"transformers: {name} has no argument {word!r}", given, ", ".join(allowed) or "no arguments")
            )
    for fact in ("total", "learning_rate"):
        if fact in wanted and wanted[fact].default is inspect.Parameter.empty and facts[fact] is None:
            missing = {"total": "num_training_steps", "learning_rate": "learning_rate"}[fact]
            raise LrlabError(worded(f"transformers: {name} needs {missing}", hint=f"{missing}=..."))
    schedule, after = recipe(**{word: facts[word] for word in facts if word in wanted}, **given)
    base = None if learning_rate is None else real(learning_rate, "learning_rate")
    return imported(f"transformers {name}", schedule, after, base_lr=base, updates=total)


def recipe_of(target: Any) -> tuple[Schedule, str, int | None] | None:
    """The schedule, its end rule and its end, of a function that `get_scheduler` gave to a LambdaLR; else None."""
    function, given = getattr(target, "func", target), dict(getattr(target, "keywords", {}))
    if getattr(function, "__module__", "") != "transformers.optimization":
        return None
    name = LAMBDAS.get(function.__name__)
    if name is None:
        return None
    if name == "cosine" and "min_lr_rate" in given:
        name = "cosine_with_min_lr"
    renamed = {"num_warmup_steps": "warmup", "num_training_steps": "total", "lr_init": "learning_rate"}
    schedule, after = RECIPES[name](**{renamed.get(str(word), str(word)): value for word, value in given.items()})
    wsd = ("num_warmup_steps", "num_stable_steps", "num_decay_steps")
    end = sum(given[word] for word in wsd) if name == "warmup_stable_decay" else given.get("num_training_steps")
    return schedule, after, end


def _constant() -> Recipe:
    return constant(), "the LR never changes"


def _constant_with_warmup(warmup: int) -> Recipe:
    return then(climb(warmup), constant()), "after the warmup the LR never changes"


def _linear(warmup: int, total: int) -> Recipe:
    fall = linear(total - warmup) if total > warmup else constant(level=0)
    return then(climb(warmup), fall), STAYS_AT_0


def _cosine(warmup: int, total: int, num_cycles: float = 0.5) -> Recipe:
    return then(climb(warmup), wave(max(1, total - warmup), num_cycles)), SWINGS


def _cosine_with_restarts(warmup: int, total: int, num_cycles: float = 1) -> Recipe:
    n, cycles = max(1, total - warmup), float(num_cycles)
    if cycles <= 0:
        raise LrlabError(worded("transformers: num_cycles must be above 0", num_cycles))

    def index(t: int) -> int:
        return math.floor(cycles * (t / n))  # in floats, as there: at a boundary it may still say the old cycle

    length, count = n / cycles, min(math.ceil(cycles), MOST + 2)
    ends = [*boundaries(index, [k * length for k in range(count)]), n]
    if [n * k for k in range(count + 1)] == [end * count for end in ends] and cycles == count:
        falls: Schedule = cosine(n // count)
        return then(climb(warmup), falls if count == 1 else falls.repeat(count), constant(level=0)), STAYS_AT_0
    parts = [piece(cosine, ends[k], ends[k + 1], k * length, length) for k in range(count)]
    return then(climb(warmup), *parts, constant(level=0)), STAYS_AT_0


def _polynomial(warmup: int, total: int, learning_rate: float, lr_end: float = 1e-7, power: float = 1.0) -> Recipe:
    if not learning_rate > lr_end:
        raise LrlabError(worded("transformers: lr_end must be below the learning rate", lr_end))
    end = lr_end / learning_rate
    if total <= warmup:
        return then(climb(warmup), constant(level=end)), f"transformers raises at update {total}, where it divides by 0"
    fall = polynomial(total - warmup, to=end, power=power)
    return then(climb(warmup), fall), "after the end the LR stays at lr_end"


def _inverse_sqrt(warmup: int, timescale: int | None = None) -> Recipe:
    scale = (warmup or 10_000) if timescale is None else timescale
    return then(climb(warmup), inverse_sqrt(scale)), "the LR has no end: it falls for ever"


def _floor(min_lr: float | None, min_lr_rate: float | None, learning_rate: float | None) -> float:
    if (min_lr is None) == (min_lr_rate is None):
        raise LrlabError(worded("transformers needs one of min_lr and min_lr_rate", (min_lr, min_lr_rate)))
    if min_lr_rate is not None:
        return min_lr_rate
    if learning_rate is None:
        raise LrlabError(worded("min_lr is an absolute LR: it needs the learning rate", hint="learning_rate=..."))
    assert min_lr is not None
    return min_lr / learning_rate


def _cosine_with_min_lr(
    warmup: int,
    total: int,
    learning_rate: float | None = None,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
) -> Recipe:
    floor = _floor(min_lr, min_lr_rate, learning_rate)
    return then(climb(warmup), _above_0(wave(max(1, total - warmup), num_cycles, floor))), SWINGS


def _cosine_warmup_with_min_lr(
    warmup: int,
    total: int,
    learning_rate: float | None = None,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    warmup_lr_rate: float | None = None,
) -> Recipe:
    floor = _floor(min_lr, min_lr_rate, learning_rate)
    n = max(1, total - warmup)
    if warmup > (0 if warmup_lr_rate is None else 1):
        start = 1 / warmup if warmup_lr_rate is None else warmup_lr_rate
        swing = _above_0(wave(n, num_cycles, floor))  # the wave begins where the warmup reaches 1: at its last update
        return then(climb(warmup - 1, start), swing), SWINGS
    swing = _above_0(wave(n, num_cycles, floor, phase=num_cycles / n))
    return then(flat(warmup, warmup_lr_rate or 0.0), swing), SWINGS


def _above_0(schedule: Schedule) -> Schedule:
    to = getattr(schedule, "to", getattr(getattr(schedule, "schedule", None), "to", 0.0))
    return schedule.clip(low=0) if to < 0 else schedule


def _warmup_stable_decay(
    warmup: int,
    total: int | None = None,
    num_decay_steps: int | None = None,
    num_stable_steps: int | None = None,
    warmup_type: str = "linear",
    decay_type: str = "cosine",
    min_lr_ratio: float = 0.0,
    num_cycles: float = 0.5,
) -> Recipe:
    if num_decay_steps is None:
        raise LrlabError(worded("transformers: warmup_stable_decay needs num_decay_steps"))
    decay = steps(num_decay_steps, "num_decay_steps")
    if num_stable_steps is None:
        if total is None:
            raise LrlabError(worded("transformers: warmup_stable_decay needs num_training_steps or num_stable_steps"))
        stable = total - warmup - decay
    else:
        stable = steps(num_stable_steps, "num_stable_steps")
    rises: dict[str, tuple[type[Transition], dict[str, float]]] = {
        "linear": (linear, {}),
        "cosine": (cosine, {}),
        "1-sqrt": (polynomial, {"power": 0.5}),
    }
    shape, arguments = known(warmup_type, rises, "transformers: warmup_type")
    rise = shape(warmup, start=min_lr_ratio, to=1, **arguments) if warmup else None
    falls: dict[str, type[Transition]] = {"linear": linear, "cosine": cosine, "1-sqrt": one_minus_sqrt}
    fall = known(decay_type, falls, "transformers: decay_type")
    late = max(0, -stable)  # with no room for it the decay has already begun when the warmup ends
    end: Schedule | None = None
    if late < decay:
        if decay_type == "cosine" and num_cycles != 0.5:
            end = cosine_wave(
                abs(num_cycles), every=decay, to=min_lr_ratio, phase=num_cycles * late / decay, span=decay - late
            )
        else:
            end = piece(fall, late, decay, 0, decay, to=min_lr_ratio)
    after = "after the end the LR stays at its floor"
    if end is None:
        return then(rise, flat(stable), constant(level=min_lr_ratio)), after
    return settled(then(rise, flat(stable), end), min_lr_ratio), after


RECIPES: dict[str, Callable[..., Recipe]] = {
    "linear": _linear,
    "cosine": _cosine,
    "cosine_with_restarts": _cosine_with_restarts,
    "polynomial": _polynomial,
    "constant": _constant,
    "constant_with_warmup": _constant_with_warmup,
    "inverse_sqrt": _inverse_sqrt,
    "reduce_lr_on_plateau": as_torch,
    "cosine_with_min_lr": _cosine_with_min_lr,
    "cosine_warmup_with_min_lr": _cosine_warmup_with_min_lr,
    "warmup_stable_decay": _warmup_stable_decay,
}

# The functions behind the names, as they are called in the library.
LAMBDAS = {
    "_get_constant_lambda": "constant",
    "_get_constant_schedule_with_warmup_lr_lambda": "constant_with_warmup",
    "_get_linear_schedule_with_warmup_lr_lambda": "linear",
    "_get_cosine_schedule_with_warmup_lr_lambda": "cosine",
    "_get_cosine_with_hard_restarts_schedule_with_warmup_lr_lambda": "cosine_with_restarts",
    "_get_polynomial_decay_schedule_with_warmup_lr_lambda": "polynomial",
    "_get_inverse_sqrt_schedule_lr_lambda": "inverse_sqrt",
    "_get_cosine_with_min_lr_schedule_with_warmup_lr_rate_lambda": "cosine_warmup_with_min_lr",
    "_get_wsd_scheduler_lambda": "warmup_stable_decay",
}
