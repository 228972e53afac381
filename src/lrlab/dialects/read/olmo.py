"""OLMo-core: its schedulers by class name with their fields, or as a config saves them ("_CLASS_" and the fields).

    from_olmo("CosWithWarmup", max_steps=10_000, lr=3e-4, warmup=500, alpha_f=0.1)

Its rules: the trainer counts from 1, so update t uses f(t + 1): no update has the LR of step 0, and the last update of
`max_steps` has exactly the end value. A warmup begins at `warmup_min_lr` (0), its peak is at step `warmup`; fractions
are rounded. `warmup_min_lr`, `decay_min_lr` and `lr_min` are absolute LRs, `alpha_f` is a share of the LR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from itertools import accumulate, pairwise
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.logarithms import geometric
from lrlab.core.shapes.timescales import inverse_sqrt
from lrlab.core.shapes.transitions import linear
from lrlab.dialects.parts.fractional import piece
from lrlab.dialects.parts.imported import HOLDS, Imported, Rule, imported, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import cut, fixed, flat, known, real, settled, steps, then
from lrlab.dialects.source.call_syntax import Call, made
from lrlab.dialects.source.documents import filled, within
from lrlab.errors import LrlabError, worded

DIVIDES = "where a decay of 0 steps would begin OLMo-core divides by 0, and raises; here the LR is held"
BELOW = "beyond max_steps OLMo's line would go on below its floor; its trainer has stopped, and here the floor is held"
COMMON = ("_CLASS_", "lr_field", "initial_lr_field", "units")  # fields of every scheduler


@dataclass(frozen=True)
class Run:
    """The run of a scheduler: its number of steps, and the LR that it starts from (None: not known)."""

    steps: int
    lr: float | None

    def relative(self, absolute: float, what: str) -> float:
        """An absolute LR as a share of the run's LR; it must be below that."""
        if real(absolute, what) == 0:
            return 0.0
        if self.lr is None:
            raise LrlabError(worded(f"olmo: {what} is an absolute LR: it needs the LR", absolute, hint="lr=..."))
        if not 0 < absolute < self.lr:
            raise LrlabError(worded(f"olmo: {what} must be from 0 to below the LR, {self.lr:g}", absolute))
        return absolute / self.lr


@dataclass(frozen=True)
class Stretch:
    """A warmup or a decay as given: either in steps or as a share of the whole, and its floor."""

    what: str
    given: int | None = None
    share: float | None = None
    min_lr: float = 0.0

    def steps(self, whole: int) -> int:
        """The length in steps, of a whole of this many steps."""
        if (self.given is None) == (self.share is None):
            raise LrlabError(
                worded(f"olmo needs one of {self.what} and {self.what}_fraction", (self.given, self.share))
            )
        if self.share is None:
            return steps(self.given, self.what)
        if not 0 <= real(self.share, f"{self.what}_fraction") <= 1:
            raise LrlabError(worded(f"olmo: {self.what}_fraction must be from 0 to 1", self.share))
        return round(whole * self.share)

    def otherwise(self, share: float) -> Stretch:
        """The same stretch, with this share if no length is given."""
        return replace(self, share=share) if self.given is None and self.share is None else self

    def low(self, run: Run) -> float:
        """The floor, as a share of the LR."""
        return run.relative(self.min_lr, f"{self.what}_min_lr")


@reading("olmo")
def from_olmo(
    scheduler: str | Mapping[str, Any], *, max_steps: int, lr: float | None = None, **fields: Any
) -> Imported:
    """The schedule of an OLMo-core scheduler over `max_steps` steps, in multiples of the optimizer's own LR.

    Raises `LrlabError` for names and fields that OLMo-core does not have, where OLMo-core itself raises, and for
    schedulers that count tokens.

    >>> from_olmo("WSD", max_steps=1000, warmup=100, decay_fraction=0.2).schedule
    linear(99, start=0.01, to=1) >> constant(700) >> linear(200)
    """
    config = {**(scheduler if isinstance(scheduler, Mapping) else {"_CLASS_": scheduler}), **fields}
    run = Run(steps(max_steps, "max_steps", 1), None if lr is None else real(lr, "lr"))
    rule = replace(_asked(config, run), updates=run.steps)
    return imported(f"olmo {_name(config)}", rule, base_lr=run.lr)


def _name(config: Mapping[str, Any]) -> str:
    return str(config.get("_CLASS_")).rpartition(".")[2]


def _asked(config: Mapping[str, Any], run: Run) -> Rule:
    recipe = known(_name(config), RECIPES, "olmo: the scheduler")
    given = {word: value for word, value in config.items() if word not in COMMON and value is not None}
    if config.get("units", "steps") != "steps":
        raise LrlabError(worded("olmo: a scheduler that counts tokens has no fixed updates", config["units"], "steps"))
    for what in ("warmup", "decay"):
        if what in signature(recipe).parameters:
            given[what] = _stretch(what, given)
    found: Rule = made(recipe, Call(_name(config), (), given), "olmo", run)
    return found


def _stretch(what: str, given: dict[str, Any]) -> Stretch:
    """Take the fields of a warmup or decay out of `given`; `warmup_steps` is the old name of `warmup`."""
    old, share, low = (given.pop(f"{what}_{part}", None) for part in ("steps", "fraction", "min_lr"))
    return Stretch(what, given.pop(what, old), share, low or 0.0)


# -- counted from 1 -----------------------------------------------------------------------------------------------


def _leg(shape: Any, first: int, stop: int, begin: int, length: int, **arguments: float) -> Schedule | None:
    """The steps `first` ... stop-1, counted from 1, of a leg that begins at step `begin`."""
    return piece(shape, max(first, 1) - 1, stop - 1, begin - 1, length, **arguments)


def _rise(run: Run, warmup: Stretch, n: int, to: float = 1.0) -> Schedule | None:
    """The steps before the peak at step n: a line that begins with the value of step 1, in whole updates."""
    low = warmup.low(run)
    return linear(n - 1, start=low + (to - low) / n, to=to) if n > 1 else None


# -- the schedulers -----------------------------------------------------------------------------------------------


def _constant(run: Run) -> Rule:
    return Rule(constant(), after="the LR never changes")


def _constant_warmup(run: Run, warmup: Stretch) -> Rule:
    return Rule(
        then(_rise(run, warmup, warmup.steps(run.steps)), constant()), after="after the warmup the LR never changes"
    )


def _wsd(run: Run, warmup: Stretch, decay: Stretch) -> Rule:
    end, n, low = run.steps, warmup.steps(run.steps), decay.low(run)
    tail = decay.otherwise(0.1).steps(end)
    if tail == 0:
        return Rule(then(_rise(run, warmup, n), constant()), after=DIVIDES)
    first = max(end - tail, n + 1)  # step n is always the peak
    held, fall = flat(first - max(n, 1)), _leg(linear, first, end, end - tail, tail, to=low)
    return Rule(settled(then(_rise(run, warmup, n), held, fall or constant(level=low)), low), after=BELOW)


def _warmed(run: Run, shape: Any, warmup: Stretch, low: float, t_max: int | None, half: bool = False) -> Rule:
    """A leg after a warmup, or the second half of that leg."""
    end = run.steps if t_max is None else steps(t_max, "t_max", 1)
    n = warmup.steps(end)
    begin, length = (n - (end - n), 2 * (end - n)) if half else (n, end - n)
    fall = _leg(shape, n, end, begin, length, to=low) if end > n else None
    rise = _rise(run, warmup, n, (1 + low) / 2 if half else 1.0)
    return Rule(settled(then(rise, fall or constant(level=low)), low), after=HOLDS)


def _cosine(run: Run, warmup: Stretch, alpha_f: float = 0.1, t_max: int | None = None) -> Rule:
    return _warmed(run, cosine, warmup, real(alpha_f, "alpha_f"), t_max)


def _half_cosine(run: Run, warmup: Stretch, alpha_f: float = 0.1, t_max: int | None = None) -> Rule:
    return _warmed(run, cosine, warmup, real(alpha_f, "alpha_f"), t_max, half=True)


def _linear(run: Run, warmup: Stretch, alpha_f: float = 0.1, t_max: int | None = None) -> Rule:
    return _warmed(run, linear, warmup, real(alpha_f, "alpha_f"), t_max)


def _cosine_decay(run: Run, warmup: Stretch, decay: Stretch, alpha_f: float = 0.1, t_max: int | None = None) -> Rule:
    """A cosine that is cut off, followed by a line from there."""
    curve = _cosine(run, warmup, alpha_f, t_max).schedule
    tail, low = decay.otherwise(0.1).steps(run.steps), decay.low(run)
    cut_at = run.steps - tail - 1  # the update that uses the first step of the line
    if tail == 0:
        return Rule(curve, after=DIVIDES)
    if cut_at < -1:
        raise LrlabError(worded(f"olmo: a decay of {tail} of {run.steps} steps", decay.share, "up to all of them"))
    n = warmup.steps(run.steps if t_max is None else t_max)
    if cut_at == -1:  # cut at step 0, which no update uses
        top = warmup.low(run) if n else 1.0
        line = _leg(linear, 1, run.steps + 1, 0, tail, start=top, to=low)
        return Rule(settled(then(line), low), after=BELOW)
    top = curve.over(max(run.steps, fixed(curve)))(cut_at)
    if not low < top:
        raise LrlabError(worded("olmo: decay_min_lr must be below where the cosine is cut", low, f"below {top:.4g}"))
    return Rule(settled(then(cut(curve, cut_at), linear(tail, start=top, to=low)), low), after=BELOW)


def _inverse_sqrt(run: Run, warmup: Stretch, alpha_f: float = 0.1) -> Rule:
    n, low = warmup.steps(run.steps), real(alpha_f, "alpha_f")
    falls = low + (1 - low) * inverse_sqrt(n) if n else constant(level=low)
    return Rule(then(_rise(run, warmup, n), falls), after="it falls forever towards alpha_f of the LR")


def _sequential(
    run: Run,
    schedulers: Sequence[Mapping[str, Any]],
    schedulers_max: Sequence[int] | None = None,
    schedulers_max_steps: Sequence[int] | None = None,
) -> Rule:
    """Schedulers one after another; each counts from 1 and starts from the LR at which the one before ends."""
    ends = list((schedulers_max if schedulers_max is not None else schedulers_max_steps) or ())
    if len(ends) == len(schedulers) > 0:
        ends.pop()  # the last scheduler lasts to the end of the run
    if len(ends) != len(schedulers) - 1:
        raise LrlabError(worded("olmo: schedulers_max has one for each scheduler but the last", ends))
    phases: list[Schedule | None] = []
    height, left, after = 1.0, run.steps, ""
    for config, length in zip(schedulers, [*ends, run.steps], strict=True):
        if left <= 0:
            break
        n = min(left, steps(length, "schedulers_max", 1))
        inner = Run(n, None if run.lr is None else run.lr * height)
        rule = _asked(config, inner)
        schedule, after = rule.schedule, rule.after
        phases.append(height * (schedule if n == left else cut(schedule, n) or schedule))
        height *= schedule.over(max(n, fixed(schedule)))(n - 1)
        left -= n
    return Rule(then(*phases), after=f"{after}; OLMo itself raises beyond max_steps")


def _wsds(run: Run, warmup: Stretch, decay: Stretch, period_lengths: Sequence[int]) -> Rule:
    """Periods that each end with a decay; the step after the decay is at the peak again."""
    n, low = warmup.steps(period_lengths[0]), decay.low(run)
    ends = list(accumulate(steps(length, "period_lengths", 1) for length in period_lengths))
    phases = [_rise(run, warmup, n)]
    for (start, end), length in zip(pairwise([0, *ends]), period_lengths, strict=True):
        tail, first = decay.steps(length), start + 1 if start else max(n, 1)
        if not 0 <= tail <= length - (0 if start else n):
            raise LrlabError(worded(f"olmo: a decay of {tail} steps in a period of {length}", period_lengths))
        if tail == 0:  # the very last step has the floor at once
            phases.append(flat(end - first + (end < ends[-1])))
            continue
        begin = end - tail
        phases += [flat(begin - first), _leg(linear, max(begin, first), end + 1, begin, tail, to=low)]
    divides = f"; {DIVIDES}" if len(ends) > 1 and any(decay.steps(n) == 0 for n in period_lengths[:-1]) else ""
    after = f"after the last period the LR is decay_min_lr{divides}"
    return Rule(then(*phases, constant(level=low)), after=after)


def _exponential(run: Run, lr_min: float = 1e-9) -> Rule:
    low = run.relative(lr_min, "lr_min")
    if low == 0:
        raise LrlabError(worded("olmo: lr_min must be above 0", lr_min))
    rise = _leg(geometric, 1, run.steps, 0, run.steps, start=low, to=1.0)
    return Rule(settled(then(rise, flat(1)), 1.0), after=HOLDS)


RECIPES: dict[str, Callable[..., Rule]] = {
    "ConstantScheduler": _constant,
    "ConstantWithWarmup": _constant_warmup,
    "WSD": _wsd,
    "LinearWithWarmup": _linear,
    "InvSqrtWithWarmup": _inverse_sqrt,
    "CosWithWarmup": _cosine,
    "HalfCosWithWarmup": _half_cosine,
    "CosWithWarmupAndLinearDecay": _cosine_decay,
    "SequentialScheduler": _sequential,
    "WSDS": _wsds,
    "ExponentialScheduler": _exponential,
}


# -- its words and files ------------------------------------------------------------------------------------------


def _words(name: str, /, *args: Any, max_steps: int | None = None, lr: float | None = None, **given: Any) -> Imported:
    if args:
        raise LrlabError(worded("olmo: its fields are given by their names", args, hint="warmup=..."))
    if max_steps is None:
        raise LrlabError(worded("olmo: its schedulers ask how long the run is", name, hint="max_steps=..., or --steps"))
    fields = {word: _configured(value) for word, value in given.items()}
    return from_olmo(name, max_steps=max_steps, lr=lr, **fields)


def _configured(value: Any) -> Any:
    """A scheduler inside another one, as its configuration."""
    if isinstance(value, Call):
        return {"_CLASS_": value.name, **{word: _configured(inner) for word, inner in value.kwargs.items()}}
    return [_configured(item) for item in value] if isinstance(value, list) else value


def _file(document: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Any]) -> Imported:
    """A scheduler, or the configuration of a whole run, as OLMo-core saves it."""
    whole = "train_module" in document
    scheduler = within(document, "train_module", "scheduler") if whole else document
    duration = within(document, "trainer", "max_duration")
    of_the_run = {
        "lr": within(document, "train_module", "optim", "lr") or None,
        "max_steps": duration.get("value") if duration and duration.get("unit") == "steps" else None,
    }
    words = {word: value for word, value in filled("olmo", of_the_run, {}, known).items() if value is not None}
    section = {str(word): value for word, value in scheduler.items() if word != "_CLASS_"}
    inner = {word: value for word, value in given.items() if word not in ("lr", "max_steps")}
    words |= {word: value for word, value in given.items() if word in ("lr", "max_steps")}
    return _words(_name(scheduler), **{**filled("olmo", section, inner, {}), **words})


def _is_olmo(document: Mapping[str, Any]) -> bool:
    classes = [document.get("_CLASS_"), within(document, "train_module", "scheduler", "_CLASS_")]
    return any(isinstance(found, str) and found.rpartition(".")[2] in RECIPES for found in classes)


LIBRARY = Library(
    "olmo",
    words=_words,
    file=_file,
    recognise=_is_olmo,
    keys=("_CLASS_", "train_module"),
    calls=RECIPES,
    modules=("olmo_core", "olmo"),
    facts={"steps": "max_steps", "lr": "lr"},
)
