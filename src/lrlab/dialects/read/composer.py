"""Composer: its schedulers by class name, with time strings ("10ep", "500ba", "0.1dur", "64000sp", "2000000tok").

    from_composer("CosineAnnealingWithWarmupScheduler", t_warmup="100ba", alpha_f=0.1,
                  max_duration="10ep", batches_per_epoch=391)

Its rules: update t uses f(t); a time is rounded down to whole batches, samples or tokens; a warmup begins at 0, its
peak is at its end, and `t_max` includes it; after the end the LR is held. `scale_schedule_ratio` stretches everything
except the warmup. Composer documents (t - t_warmup) / t_max for a decay after a warmup, but its code divides by
t_max - t_warmup.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.timescales import exponential
from lrlab.core.shapes.transitions import linear, polynomial
from lrlab.core.time.horizon import Horizon
from lrlab.dialects.parts.fractional import MANY, MOST, cosines, piece, stairs
from lrlab.dialects.parts.imported import FOREVER, Imported, Rule, imported, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import drops, flat, known, real, steps, then
from lrlab.dialects.source.call_syntax import Call, made
from lrlab.dialects.source.documents import filled, number, within
from lrlab.errors import LrlabError, LrlabTypeError, worded

_TIME = re.compile(r"\s*(\d+(?:\.\d*)?(?:e-?\d+)?|\.\d+)\s*(ep|ba|sp|tok|dur)\s*")
WORDS = {"ep": "batches_per_epoch", "sp": "samples_per_batch", "tok": "tokens_per_batch"}
DROPS_END = "after the last milestone the LR stays where it is"


@dataclass(frozen=True)
class Times:
    """Converts time strings to updates with Composer's own rounding; `ratio` is its scale_schedule_ratio."""

    duration: tuple[int, str]
    rates: Mapping[str, int]
    ratio: float

    def whole(self, text: str, ratio: float | None = None) -> tuple[int, str]:
        """A time as a whole number of batches, samples or tokens, and its unit."""
        amount, unit = _split(text)
        if unit == "dur":
            whole, unit = self.duration
            return (int(amount * self.rate("ep") * whole), "ba") if unit == "ep" else (int(amount * whole), unit)
        if unit == "ep":
            amount, unit = amount * self.rate("ep"), "ba"
        return int(amount * (self.ratio if ratio is None else ratio)), unit

    def updates(self, text: str, ratio: float | None = None) -> Fraction:
        """A time in updates; given in samples or tokens, it may lie between two updates."""
        amount, unit = self.whole(text, ratio)
        return Fraction(amount, self.rate(unit))

    def some(self, text: str, what: str) -> Fraction:
        """A time in updates that must be above 0, because Composer divides by it."""
        return _above_0(self.updates(text), what, text)

    @property
    def run(self) -> int:
        """The length of the run in updates."""
        return math.ceil(self.updates("1dur"))

    def rate(self, unit: str) -> int:
        """The number of batches per epoch, or of a unit per batch."""
        if unit == "ba":
            return 1
        if unit not in self.rates:
            what = f"composer: {WORDS[unit].replace('_', ' ')} are not known, and {unit!r} is used"
            raise LrlabError(worded(what, hint=f"{WORDS[unit]}=..."))
        return self.rates[unit]


def _split(text: object) -> tuple[float, str]:
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None or (match[2] != "dur" and not float(match[1]).is_integer()):
        allowed = '"10ep", "500ba", "0.1dur", "64000sp", "2000tok": only dur may be a fraction'
        raise LrlabTypeError(worded("composer: this is not a time", text, allowed))
    return float(match[1]), match[2]


def _above_0(length: Fraction, what: str, text: str) -> Fraction:
    if length <= 0:
        raise LrlabError(worded(f"composer divides by {what}, which is cut down to 0", text))
    return length


@reading("composer")
def from_composer(
    scheduler: str,
    *args: Any,
    max_duration: str,
    batches_per_epoch: int | None = None,
    samples_per_batch: int | None = None,
    tokens_per_batch: int | None = None,
    scale_schedule_ratio: float = 1.0,
    **arguments: Any,
) -> Imported:
    """The schedule of a Composer scheduler over `max_duration`, in multiples of the optimizer's own LR.

    Each unit in use needs its rate. Raises `LrlabError` if a rate is missing, for classes and arguments that Composer
    does not have, and where Composer itself raises: a `t_max` below `max_duration` after a warmup, and a warmup in
    another unit than `t_max`.

    >>> from_composer("LinearWithWarmupScheduler", t_warmup="0.1dur", max_duration="500ba").schedule
    linear(50, start=0, to=1) >> linear(450)
    """
    recipe = known(scheduler, RECIPES, "composer: the scheduler")
    ratio = real(scale_schedule_ratio, "scale_schedule_ratio")
    given = {"ep": batches_per_epoch, "sp": samples_per_batch, "tok": tokens_per_batch}
    rates = {unit: steps(rate, WORDS[unit], 1) for unit, rate in given.items() if rate is not None}
    amount, unit = _split(max_duration)
    if unit == "dur" or int(amount * ratio) < 1:
        raise LrlabError(worded("composer: max_duration is not a length of a run", max_duration, '"10ep", "500ba"'))
    times = Times((int(amount * ratio), unit), rates, ratio)
    found: Rule = made(recipe, Call(scheduler, args, arguments), "composer", times)
    names = {"ep": "updates_per_epoch", "sp": "samples_per_update", "tok": "tokens_per_update"}
    horizon = Horizon(updates=times.run, **{names[unit]: rate for unit, rate in rates.items()})
    return imported(f"composer {scheduler}", found, horizon=horizon)


# -- without a warmup ---------------------------------------------------------------------------------------------


def _step(times: Times, step_size: str, gamma: float = 0.1) -> Rule:
    return Rule(stairs(times.some(step_size, "step_size"), gamma), 1.0, after=FOREVER)


def _multistep(times: Times, milestones: Sequence[str], gamma: float = 0.1) -> Rule:
    return Rule(drops([math.ceil(times.updates(m)) for m in milestones], gamma), 1.0, after=DROPS_END)


def _constant(times: Times, alpha: float = 1.0, t_max: str = "1dur") -> Rule:
    n = math.ceil(times.updates(t_max))
    return Rule(then(flat(n, alpha), constant()), 1.0, after="after t_max the LR is the optimizer's own")


def _exponential(times: Times, gamma: float, decay_period: str = "1ep") -> Rule:
    n = times.some(decay_period, "decay_period")
    whole = n.denominator == 1
    made = exponential(decay=gamma, every=int(n)) if whole else exponential(gamma=gamma ** (1 / float(n)))
    return Rule(made, 1.0, after=FOREVER)


def _linear(times: Times, alpha_i: float = 1.0, alpha_f: float = 0.0, t_max: str = "1dur") -> Rule:
    return Rule(_leg(linear, Fraction(0), times.some(t_max, "t_max"), start=alpha_i, to=alpha_f), 1.0)


def _cosine(times: Times, t_max: str = "1dur", alpha_f: float = 0.0) -> Rule:
    return Rule(_leg(cosine, Fraction(0), times.some(t_max, "t_max"), start=1.0, to=alpha_f), 1.0)


def _polynomial(times: Times, power: float, t_max: str = "1dur", alpha_f: float = 0.0) -> Rule:
    return Rule(_leg(polynomial, Fraction(0), times.some(t_max, "t_max"), start=1.0, to=alpha_f, power=power), 1.0)


def _leg(shape: Any, begin: Fraction, end: Fraction, **arguments: float) -> Schedule:
    """A leg between two times; constant without end if it has no duration or both levels are equal."""
    if end <= begin or arguments["start"] == arguments["to"]:
        return constant(level=arguments["start"])
    leg = piece(shape, math.ceil(begin), math.ceil(end), begin, end - begin, **arguments)
    return constant(level=arguments["to"]) if leg is None else leg


def _restarts(times: Times, t_0: str, t_mult: float = 1.0, alpha_f: float = 0.0) -> Rule:
    first = times.some(t_0, "t_0")
    if first.denominator == 1 and t_mult == int(t_mult) and t_mult >= 1:
        return Rule(cosine(to=alpha_f).repeat(cycle=int(first), stretch=t_mult), 1.0, after=FOREVER)
    if t_mult == 1 and first.denominator <= MANY:
        falls = cosines([k * first for k in range(first.denominator + 1)], to=alpha_f)
        return Rule(falls.repeat(), 1.0, after=FOREVER)
    length, unit = times.whole(t_0)
    begins = [0, length]
    while length and begins[-1] < 2 * times.run * times.rate(unit) and len(begins) < MOST:
        length = int(t_mult * length)  # rounded down at every cycle, as in Composer
        begins.append(begins[-1] + length)
    falls = cosines([Fraction(begin, times.rate(unit)) for begin in begins], to=alpha_f)
    after = "its cycles are written out" if length else "composer raises where a cycle has no length"
    return Rule(falls.repeat(), 1.0, after=f"{after}, up to update {begins[-1] // times.rate(unit):,}")


# -- after a warmup -----------------------------------------------------------------------------------------------


def _rise(times: Times, t_warmup: str, scale_warmup: bool, to: float = 1.0) -> tuple[Fraction, Schedule | None]:
    """The end of the warmup (never stretched) and the rise (possibly stretched): then the two do not match."""
    end, length = times.updates(t_warmup, 1.0), times.updates(t_warmup, None if scale_warmup else 1.0)
    if end == 0:
        return end, None
    _above_0(length, "the stretched t_warmup", t_warmup)
    return end, piece(linear, 0, math.ceil(end), 0, length, start=0.0, to=to)


def _warmed(
    times: Times, shape: Any, t_warmup: str, t_max: str, scale_warmup: bool, start: float = 1.0, **arguments: float
) -> Rule:
    """A leg after a warmup, with Composer's own checks."""
    (end, unit), (_, warmup_unit), (run, run_unit) = times.whole(t_max), times.whole(t_warmup, 1.0), times.whole("1dur")
    if unit != warmup_unit:
        raise LrlabError(worded("composer: t_warmup and t_max must have the same unit", (t_warmup, t_max)))
    if unit == run_unit and end < run:
        raise LrlabError(worded("composer: t_max must not be below max_duration", t_max, '"1dur" or longer'))
    begin, rise = _rise(times, t_warmup, scale_warmup, start)
    return Rule(then(rise, _leg(shape, begin, times.updates(t_max), start=start, **arguments)), 1.0)


def _multistep_warmup(
    times: Times, t_warmup: str, milestones: Sequence[str], gamma: float = 0.1, scale_warmup: bool = False
) -> Rule:
    begin, rise = _rise(times, t_warmup, scale_warmup)
    falls = drops([math.ceil(times.updates(m)) - math.ceil(begin) for m in milestones], gamma)
    return Rule(then(rise, falls), 1.0, after=DROPS_END)


def _linear_warmup(
    times: Times,
    t_warmup: str,
    alpha_i: float = 1.0,
    alpha_f: float = 0.0,
    t_max: str = "1dur",
    scale_warmup: bool = False,
) -> Rule:
    return _warmed(times, linear, t_warmup, t_max, scale_warmup, alpha_i, to=alpha_f)


def _constant_warmup(
    times: Times, t_warmup: str, alpha: float = 1.0, t_max: str = "1dur", scale_warmup: bool = False
) -> Rule:
    return _linear_warmup(times, t_warmup, alpha, alpha, t_max, scale_warmup)  # as in Composer: alpha also after t_max


def _cosine_warmup(
    times: Times, t_warmup: str, t_max: str = "1dur", alpha_f: float = 0.0, scale_warmup: bool = False
) -> Rule:
    return _warmed(times, cosine, t_warmup, t_max, scale_warmup, to=alpha_f)


def _polynomial_warmup(
    times: Times,
    t_warmup: str,
    power: float = 2.0,
    t_max: str = "1dur",
    alpha_f: float = 0.0,
    scale_warmup: bool = False,
) -> Rule:
    return _warmed(times, polynomial, t_warmup, t_max, scale_warmup, to=alpha_f, power=power)


RECIPES: dict[str, Callable[..., Rule]] = {
    "StepScheduler": _step,
    "MultiStepScheduler": _multistep,
    "ConstantScheduler": _constant,
    "LinearScheduler": _linear,
    "ExponentialScheduler": _exponential,
    "CosineAnnealingScheduler": _cosine,
    "CosineAnnealingWarmRestartsScheduler": _restarts,
    "PolynomialScheduler": _polynomial,
    "MultiStepWithWarmupScheduler": _multistep_warmup,
    "ConstantWithWarmupScheduler": _constant_warmup,
    "LinearWithWarmupScheduler": _linear_warmup,
    "CosineAnnealingWithWarmupScheduler": _cosine_warmup,
    "PolynomialWithWarmupScheduler": _polynomial_warmup,
}


# -- its words and files ------------------------------------------------------------------------------------------

FOUNDRY = {  # the names in LLM Foundry
    "constant_with_warmup": "ConstantWithWarmupScheduler",
    "cosine_with_warmup": "CosineAnnealingWithWarmupScheduler",
    "linear_decay_with_warmup": "LinearWithWarmupScheduler",
}


def _words(name: str, /, *args: Any, updates: int | None = None, epochs: float | None = None, **given: Any) -> Imported:
    if epochs is not None and "max_duration" not in given and "batches_per_epoch" in given:
        given["max_duration"] = f"{epochs:g}ep"
    if updates is not None and "max_duration" not in given:
        given["max_duration"] = f"{updates}ba"
    if "max_duration" not in given:
        raise LrlabError(
            worded("composer: its schedulers ask how long the run is", name, hint='max_duration="10ep", or --steps')
        )
    return from_composer(FOUNDRY.get(name, name), *args, **given)


def _file(document: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Any]) -> Imported:
    """A training configuration of LLM Foundry: its `scheduler`, `max_duration` and the optimizer's LR."""
    section = {**within(document, "scheduler")}
    name = str(section.pop("name", None))
    facts = {"max_duration": document.get("max_duration"), "samples_per_batch": document.get("global_train_batch_size")}
    known = {
        word: value for word, value in known.items() if word not in ("updates", "epochs") or not facts["max_duration"]
    }
    words = filled("composer", {**facts, **{word: number(value) for word, value in section.items()}}, given, known)
    found = _words(name, **{word: value for word, value in words.items() if value is not None})
    lr = within(document, "optimizer", "lr")
    return found.based(real(lr, "optimizer: lr")) if lr != {} else found


def _is_composer(document: Mapping[str, Any]) -> bool:
    name = within(document, "scheduler", "name")
    return (name in FOUNDRY if isinstance(name, str) else False) and "max_duration" in document


LIBRARY = Library(
    "composer",
    words=_words,
    file=_file,
    recognise=_is_composer,
    keys=("scheduler", "max_duration", "t_warmup", "t_max", "alpha_f"),
    calls=(*RECIPES, *FOUNDRY),
    modules=("composer", "llmfoundry"),
    facts={"steps": "updates", "epochs": "epochs", "updates_per_epoch": "batches_per_epoch"},
)
