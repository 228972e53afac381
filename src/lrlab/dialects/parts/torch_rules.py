"""The rule of a single PyTorch scheduler (no chain, no sequence) for one parameter group, from its attributes.

Most classes multiply the optimizer's current LR, others set it. Floors such as `eta_min` are absolute and the same for
all parameter groups. Schedulers of Transformers are recognised.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import Transition, constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.piecewise import step
from lrlab.core.shapes.tables import function
from lrlab.core.shapes.timescales import exponential
from lrlab.core.shapes.transitions import linear, polynomial
from lrlab.dialects.parts.fractional import piece
from lrlab.dialects.parts.imported import Rule
from lrlab.dialects.parts.phases import drops, flat, real, steps, then, tidy, wave
from lrlab.dialects.parts.plateaus import as_torch
from lrlab.dialects.read.transformers import recipe_of
from lrlab.errors import LrlabError, LrlabTypeError, worded


@dataclass(frozen=True)
class Member(Rule):
    """The rule of one scheduler for one parameter group, from its own update 0 on; it may be a member of a chain.

    `multiplies` is false if the class sets the LR without looking at the optimizer's current LR. `restart` is the
    factor that torch adds if a step, not the constructor, brings the class to its update 0.
    """

    multiplies: bool = True
    restart: float = 1.0


HOLDS = "after the end the LR stays where it is"
ENDLESS = "it has no end"


def read(scheduler: Any, group: int) -> Member:
    """The rule of one scheduler that is not a chain or sequence."""
    name = type(scheduler).__name__
    if name not in READERS:
        hint = "its optimizer's LR at each update, as table([...])"
        raise LrlabError(worded(f"torch: the class {name} is not known", name, ", ".join(READERS), hint))
    return READERS[name](scheduler, group)


def _base(scheduler: Any, group: int) -> float:
    base = real(scheduler.base_lrs[group], "the base LR")
    if base == 0:
        raise LrlabError(worded("the base LR is 0: a schedule multiplies it", base))
    return base


def _step(s: Any, group: int) -> Member:
    falls = step(steps(s.step_size, "StepLR: step_size", 1), gamma=s.gamma)
    return Member(falls, _base(s, group), after=ENDLESS)


def _multi_step(s: Any, group: int) -> Member:
    bounds = [int(b) for b in s.milestones.elements() if b >= 0 and b == int(b)]  # torch never reaches any other
    after = "after the last milestone the LR stays where it is"
    return Member(drops(bounds, s.gamma), _base(s, group), after=after)


def _constant(s: Any, group: int) -> Member:
    n, base = s.total_iters, _base(s, group)
    if n <= 0 or n != int(n):
        return Member(constant(level=s.factor), base, after=f"total_iters={n} is never met: the LR stays at the factor")
    if s.factor == 0:
        return Member(constant(level=0), base, after=f"torch divides by 0 at update {n}")
    return Member(then(flat(int(n), s.factor), constant()), base, after=f"from update {n} on it uses the base LR")


def _linear(s: Any, group: int) -> Member:
    n, base = s.total_iters, _base(s, group)
    if n <= 0 or n != int(n):
        return Member(
            constant(level=s.start_factor), base, after=f"total_iters={n}: the LR stays at start_factor forever"
        )
    line = linear(int(n), start=s.start_factor, to=s.end_factor)
    ends = int(n) if s.end_factor < s.start_factor else None
    return Member(then(line, constant(level=s.end_factor)), base, after=HOLDS, updates=ends)


def _exponential(s: Any, group: int) -> Member:
    base = _base(s, group)
    if s.gamma == 0:
        return Member(then(flat(1), constant(level=0)), base, after=ENDLESS, restart=0.0)
    if s.gamma < 0:
        raise LrlabError(worded("ExponentialLR: a factor below 0 makes the LR negative", s.gamma, "gamma > 0"))
    return Member(exponential(gamma=s.gamma), base, after=ENDLESS, restart=s.gamma)


def _polynomial(s: Any, group: int) -> Member:
    n, base = s.total_iters, _base(s, group)
    if n <= 0:
        return Member(constant(), base, after=f"total_iters={n}: the LR never changes")
    if s.power == 0:
        return Member(constant(), base, after="power=0: the LR never changes")
    n = steps(n, "PolynomialLR: total_iters")
    return Member(polynomial(n, power=s.power), base, after=HOLDS, updates=n, restart=(n / (n + 1)) ** s.power)


def _cosine(s: Any, group: int) -> Member:
    base, n = _base(s, group), real(s.T_max, "CosineAnnealingLR: T_max")
    if n <= 0:
        raise LrlabError(worded("CosineAnnealingLR: T_max must be above 0", s.T_max))
    after = f"the cosine is a wave: after update {s.T_max} the LR climbs back"
    swing = wave(n, 0.5, real(s.eta_min, "eta_min") / base)
    return Member(
        swing, base, after=after, updates=math.ceil(n), restart=2 / (1 + math.cos(math.pi / n)) if n > 1 else 2.0
    )


def _warm_restarts(s: Any, group: int) -> Member:
    base = _base(s, group)
    fall = cosine(to=real(s.eta_min, "eta_min") / base)
    return Member(fall.repeat(cycle=s.T_0, stretch=s.T_mult), base, after=ENDLESS, multiplies=False)


def _cyclic(s: Any, group: int) -> Member:
    top = real(s.max_lrs[group], "CyclicLR: max_lr")
    low = real(s.base_lrs[group], "CyclicLR: base_lr") / top
    up = steps(round(s.total_size * s.step_ratio, 6), "CyclicLR: step_size_up", 1)
    down = steps(round(s.total_size - up, 6), "CyclicLR: step_size_down", 1)
    after = "it has no end; the base LR of the schedule is max_lr"

    def triangle(floor: float, gain: float = 1.0) -> Schedule:
        return (linear(up, start=floor, to=1) >> linear(down, to=floor)).repeat(gain=gain)

    if getattr(s, "_scale_fn_custom", None) is not None:
        if s.scale_mode == "cycle":
            raise LrlabError(
                worded("CyclicLR: a scale_fn of the number of the cycle cannot be expressed", s.scale_mode)
            )
        scale = s._scale_fn_custom
        read = scale.rule()[0].schedule if hasattr(scale, "rule") else None
        shrinking: Schedule = read or function(scale, name=_name(scale, "scale_fn"))
    elif s.mode == "triangular" or (s.mode == "exp_range" and s.gamma == 1):
        return Member(triangle(low), top, after=after, multiplies=False)
    elif s.mode == "triangular2":
        return Member(low + (1 - low) * triangle(0.0, 0.5), top, after=after, multiplies=False)
    else:
        shrinking = exponential(gamma=s.gamma)
    return Member(low + (1 - low) * (triangle(0.0) * shrinking), top, after=after, multiplies=False)


def _one_cycle(s: Any, group: int) -> Member:
    given, n = s.optimizer.param_groups[group], int(s.total_steps)
    top = real(given["max_lr"], "OneCycleLR: max_lr")
    shape: type[Transition] = cosine if getattr(s, "_anneal_func_type", "cos") == "cos" else linear
    ends = [tidy(float(phase["end_step"])) for phase in s._schedule_phases]  # they may be between two updates
    sides = [[real(given[phase[side]], side) / top for side in ("start_lr", "end_lr")] for phase in s._schedule_phases]
    begins = [0.0, *ends[:-1]]

    def at(t: int) -> float:
        k = next((k for k, end in enumerate(ends) if t <= end), len(ends) - 1)
        u, (start, to) = (t - begins[k]) / (ends[k] - begins[k]), sides[k]
        return to + (start - to) * ((1 + math.cos(math.pi * u)) / 2 if shape is cosine else 1 - u)

    phases, t = [], 0
    for begin, end, (start, to) in zip(begins, ends, sides, strict=True):
        stop = min(max(math.ceil(end), t), n - 1)
        phases.append(piece(shape, t, stop, begin, end - begin, start=start, to=to))
        t = stop
    try:
        beyond = at(n)
        after = f"torch goes past its end: {beyond:.3g} of the peak at update {n}, and raises at update {n + 1}"
    except ZeroDivisionError:
        beyond, after = at(n - 1), f"torch divides by 0 at update {n}"
    return Member(
        then(*phases, flat(1, at(n - 1)), constant(level=beyond)), top, after=after, updates=n, multiplies=False
    )


def _lambda(s: Any, group: int) -> Member:
    target = s.lr_lambdas[group]
    found = recipe_of(target)
    if found is not None:
        return Member(found.schedule, _base(s, group), found.updates, found.after, multiplies=False)
    if hasattr(target, "rule"):  # read from its source
        rule, _ = target.rule()
        return Member(rule.schedule, _base(s, group), rule.updates, rule.after, multiplies=False)
    followed = function(target, name=_name(target, "lr_lambda"))
    return Member(followed, _base(s, group), after="it follows the function forever", multiplies=False)


def _name(target: Any, otherwise: str) -> str:
    name = str(getattr(target, "__name__", otherwise))
    return otherwise if name == "<lambda>" else name


def _plateau(s: Any, group: int) -> Member:
    base = real(s.optimizer.param_groups[group]["lr"], "the LR")
    words = ("mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "eps")
    rule = as_torch(base, min_lr=s.min_lrs[group], **{word: getattr(s, word) for word in words})
    return Member(rule.schedule, base, after=rule.after)


def _swa(s: Any, group: int) -> Member:
    given = s.optimizer.param_groups[group]
    base = _base(s, group)
    to, n = real(given["swa_lr"], "swa_lr") / base, s.anneal_epochs
    shape: type[Transition] = cosine if s._anneal_strategy == "cos" else linear
    schedule = then(shape(n, to=to) if n else None, constant(level=to))
    return Member(schedule, base, after="after the annealing it stays at swa_lr", updates=n or None, multiplies=False)


def _ours(s: Any, group: int) -> Member:
    raise LrlabTypeError(worded("this is lrlab's own scheduler already", type(s).__name__, hint="scheduler.schedule"))


READERS: dict[str, Callable[[Any, int], Member]] = {
    "StepLR": _step,
    "MultiStepLR": _multi_step,
    "ConstantLR": _constant,
    "LinearLR": _linear,
    "ExponentialLR": _exponential,
    "PolynomialLR": _polynomial,
    "CosineAnnealingLR": _cosine,
    "CosineAnnealingWarmRestarts": _warm_restarts,
    "CyclicLR": _cyclic,
    "OneCycleLR": _one_cycle,
    "LambdaLR": _lambda,
    "ReduceLROnPlateau": _plateau,
    "SWALR": _swa,
    "Scheduler": _ours,
}
