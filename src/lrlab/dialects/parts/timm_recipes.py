"""The schedules of timm from the arguments of its factory: one recipe for each name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import Transition, constant
from lrlab.core.shapes.cosines import cosine, k_decay
from lrlab.core.shapes.logarithms import geometric
from lrlab.core.shapes.piecewise import step
from lrlab.core.shapes.timescales import inverse_power
from lrlab.core.shapes.transitions import linear, one_minus_power, one_minus_sqrt, polynomial, tanh
from lrlab.dialects.parts.fractional import MANY, Growing, piece
from lrlab.dialects.parts.imported import FOREVER, Rule
from lrlab.dialects.parts.phases import climb, cut, drops, fixed, flat, known, settled, steps, then
from lrlab.dialects.parts.plateaus import as_torch
from lrlab.errors import LrlabError, worded

STAYS = "after the end the LR stays at min_lr"


@dataclass(frozen=True)
class Warmup:
    """A rise over `n` steps from `start`, before the schedule (`prefix`) or over its beginning; levels are shares."""

    n: int
    start: float
    prefix: bool

    @property
    def covered(self) -> int:
        """How many steps of the schedule the warmup covers."""
        return 0 if self.prefix else self.n

    def rise(self, to: float = 1.0) -> Schedule | None:
        """The phase of the warmup; None if it has no steps."""
        return climb(self.n, self.start, to)


@dataclass(frozen=True)
class Given:
    """The arguments of the factory: `n` in steps, levels as multiples of the LR `base`, the rest as given."""

    base: float
    warmup: Warmup
    n: int
    per_epoch: int
    floor: float
    rate: float
    cycles: Growing
    cycle_decay: float
    cycle_limit: int
    k: float
    decay_epochs: float | None
    milestones: tuple[float, ...]
    decay_fn: str | None
    timescale: float | None
    patience: int
    mode: str

    @property
    def total(self) -> int:
        """The number of steps of the run."""
        return self.n + (self.warmup.n if self.warmup.prefix else 0)


# -- cosine, tanh, poly: cycles -----------------------------------------------------------------------------------


def _cycled(shape: type[Transition], given: Given, **arguments: float) -> Rule:
    n, floor, cycles, warmup = given.n, given.floor, given.cycles, given.warmup
    waits = int(shape is tanh and warmup.n == 0)  # the curve does not begin at 1, but the optimizer does
    edges = cycles.edges(given.cycle_limit, warmup.covered + waits)
    make: Any = shape
    parts: list[Schedule | None] = []
    for i, (at, stop) in enumerate(pairwise(edges)):
        begin, length = cycles.begin(i), cycles.length(i)
        parts.append(piece(make, at, stop, begin, length, start=given.cycle_decay**i, to=floor, **arguments))
    if cycles.mul == given.cycle_decay == 1 < given.cycle_limit and warmup.covered + waits == 0:
        parts = [make(n, to=floor, **arguments).repeat(given.cycle_limit)]
    decay = settled(then(*parts), floor) if any(parts) else constant(level=floor)
    total = int(cycles.begin(max(1, given.cycle_limit))) + (warmup.n if warmup.prefix else 0)
    handover = decay.over(max(total, fixed(decay)))(0) if shape is tanh and not warmup.prefix else 1.0
    return Rule(then(flat(waits), warmup.rise(handover), decay), 1.0, total, STAYS)


def _cosine(given: Given) -> Rule:
    return _cycled(cosine, given) if given.k == 1 else _cycled(k_decay, given, k=given.k)


def _tanh(given: Given) -> Rule:
    return _cycled(tanh, given, lower=-7.0, upper=3.0)


def _poly(given: Given) -> Rule:
    return _cycled(polynomial, given, power=given.rate, k=given.k)


# -- step, multistep ----------------------------------------------------------------------------------------------


def _constant(given: Given) -> Rule:
    return Rule(then(given.warmup.rise(), constant()), 1.0, given.total, "after the warmup the LR never changes")


def _step(given: Given) -> Rule:
    every = (90 if given.decay_epochs is None else given.decay_epochs) * given.per_epoch
    covered, gamma = given.warmup.covered, given.rate
    exact = Fraction(str(every))

    def passed(t: int) -> int:
        return int(t // every)  # in floats, as in timm: 11 // 1.1 is 9

    def listed(first: int, last: int) -> list[int]:
        return [t - first for t in range(first + 1, last) for _ in range(passed(t) - passed(t - 1))]

    early, cycle, per_cycle = gamma ** passed(covered), exact.numerator, exact.denominator
    regular = all(passed(t + cycle) == passed(t) + per_cycle for t in range(4 * given.n))
    if per_cycle == 1 and covered % cycle == 0:
        falls: Schedule = step(cycle, gamma=gamma)
    elif per_cycle == 1:
        rest = cycle - covered % cycle
        falls = then(constant(rest), gamma * step(cycle, gamma=gamma))
    elif regular and covered == 0 and per_cycle <= MANY:
        falls = drops(listed(0, cycle), gamma).repeat(cycle=cycle, gain=gamma**per_cycle)
    else:
        falls = drops(listed(covered, 4 * given.n + covered), gamma)
    after = FOREVER if per_cycle == 1 or regular else f"its drops are listed up to step {4 * given.n + covered}"
    return Rule(then(given.warmup.rise(), falls if early == 1 else early * falls), 1.0, given.total, after)


def _multistep(given: Given) -> Rule:
    first = 0 if given.warmup.n else 1  # before the first step the optimizer has its own LR
    bounds = [max(math.ceil(m * given.per_epoch - 1) - given.warmup.covered, first) for m in given.milestones]
    after = "a milestone m acts at step m - 1; after the last the LR stays where it is"
    return Rule(then(given.warmup.rise(), drops(bounds, given.rate)), 1.0, given.total, after)


# -- wsd, rsqrt, plateau ------------------------------------------------------------------------------------------


def _wsd(given: Given, sched: str = "wsd") -> Rule:
    warmup, floor = given.warmup.n, given.floor
    length = given.n if given.warmup.prefix else given.n - warmup
    decay_epochs = 0.2 if given.decay_epochs is None else given.decay_epochs
    decay = round(decay_epochs * length if 0 < decay_epochs < 1 else decay_epochs * given.per_epoch)
    if not 0 < decay <= length:
        raise LrlabError(worded(f"timm: {sched} decays over {decay} of {length} steps", given.decay_epochs))
    scale = warmup if given.timescale is None else steps(given.timescale * given.per_epoch, "stable_timescale", 1)
    if sched == "rsqrt" and scale == 0:
        raise LrlabError(worded("timm: rsqrt without a warmup needs stable_timescale"))
    if floor > 1:  # the floor also holds in the stable phase; update 0 comes before the first step
        return Rule(then(given.warmup.rise() or flat(1), constant(level=floor)), 1.0, warmup + length, STAYS)
    fall = _decay(given.decay_fn or ("linear" if sched == "rsqrt" else "1-sqrt"), decay)
    stable = length - decay
    if sched == "wsd":
        plain = given.decay_fn != "exp"
        end = fall.replace(to=floor) if plain else floor + (1 - floor) * fall
        phases = (flat(stable), end)
    else:
        held = inverse_power(scale, power=0.5).clip(low=floor)
        shrunk = ((scale + stable) / scale) ** -0.5  # the same curve, seen from where the decay begins
        late = (shrunk * inverse_power(scale + stable, power=0.5)).clip(low=floor)
        phases = (cut(held, stable), (floor + (late + -floor) * fall).lasting(decay))
    return Rule(settled(then(given.warmup.rise(), *phases), floor), 1.0, warmup + length, STAYS)


def _rsqrt(given: Given) -> Rule:
    return _wsd(given, "rsqrt")


def _decay(name: str, n: int) -> Schedule:
    """A decay from 1 to 0."""
    if name == "exp":
        return (geometric(n, to=0.1) + -0.1) * (1 / 0.9)
    legs: dict[str, Schedule] = {
        "1-sqrt": one_minus_sqrt(n),
        "linear": linear(n),
        "cosine": cosine(n),
        "power": one_minus_power(n, power=0.5),
    }
    found: Schedule = known(name, {**legs, "exp": None}, "timm: decay_fn")
    return found


def _plateau(given: Given) -> Rule:
    cutting = as_torch(
        given.base, factor=given.rate, patience=given.patience, mode=given.mode, min_lr=given.floor * given.base
    )
    waits = flat(1) if given.warmup.n else None  # timm ignores the observation at the end of the warmup
    after = f"the LR is cut at the {given.patience + 1}th observation in a row that is not better"
    return Rule(then(given.warmup.rise(), waits, cutting.schedule), after=after)


def _none(given: Given) -> Rule:
    return Rule(constant(), 1.0, after="the LR never changes")


RECIPES: dict[str, Callable[[Given], Rule]] = {
    "cosine": _cosine,
    "tanh": _tanh,
    "poly": _poly,
    "step": _step,
    "multistep": _multistep,
    "wsd": _wsd,
    "rsqrt": _rsqrt,
    "constant": _constant,
    "plateau": _plateau,
    "none": _none,
}
