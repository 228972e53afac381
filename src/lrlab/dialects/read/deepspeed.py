"""DeepSpeed: the "scheduler" of ds_config.json, a type and its params.

    from_deepspeed({"type": "WarmupDecayLR", "params": {"total_num_steps": 1000, "warmup_num_steps": 100}})

Its rules differ between types. The engine steps the scheduler after each update. The Warmup types then use the number
of that update, not of the next one: they lag by one, and the first two updates are at the bottom. Warmup is logarithmic
by default and has at least two steps. LRs are absolute, except in WarmupCosineLR, which has ratios.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from inspect import Parameter, signature
from itertools import pairwise
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.logarithms import logarithmic
from lrlab.core.shapes.timescales import inverse_time
from lrlab.core.shapes.transitions import linear
from lrlab.core.text.lint import Finding
from lrlab.dialects.parts.fractional import piece
from lrlab.dialects.parts.imported import HOLDS, Imported, Rule, imported, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import flat, known, real, steps, then
from lrlab.dialects.source.call_syntax import Call, bound, made, without_optimizer
from lrlab.dialects.source.documents import filled, within
from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

LAGS = "DeepSpeed's count lags by one update"
DRAWN = 1000  # the least number of intervals that are written out of a range test, which has no end


@reading("deepspeed")
def from_deepspeed(
    config: Mapping[str, Any], *, lr: float | None = None, updates: int | None = None, **given: Any
) -> Imported:
    """The schedule of a DeepSpeed configuration: the whole of ds_config.json, its "scheduler", or a type and params.

    `lr` is the optimizer's own LR (read from the configuration if it is there). WarmupCosineLR multiplies it; it is
    the peak of a WarmupLR without a peak of its own. `lr`, `updates` (the length of the run) and the parameters in
    `given` replace those that are missing or "auto", which a trainer would fill in. Raises `LrlabError` for types and
    parameters that DeepSpeed does not have.

    >>> found = from_deepspeed({"type": "WarmupLR", "params": {"warmup_max_lr": 1e-3, "warmup_num_steps": 10}})
    >>> found.schedule
    constant(1, level=0) >> logarithmic(10, start=0, to=1, closed=True, ratio=10) >> constant()
    """
    own = _inside(_inside(config, "optimizer"), "params").get("lr")
    lr = own if lr is None and own != "auto" else lr
    config = _inside(config, "scheduler") if "scheduler" in config else config
    unknown = [word for word in config if word not in ("type", "params", "optimizer")]
    if unknown:
        hint = nearest(str(unknown[0]), ("type", "params"))
        raise LrlabTypeError(worded(f"deepspeed: the word {unknown[0]!r} is not known", config, "type, params", hint))
    name, params = config.get("type"), filled("deepspeed", _inside(config, "params"), given, {})
    params.pop("last_batch_iteration", None)
    recipe = known(name, RECIPES, "deepspeed: the scheduler type")
    base = None if lr is None else real(lr, "deepspeed: lr")
    wanted = signature(recipe).parameters
    facts = {"warmup_max_lr": base, "total_num_steps": updates, "warmup_min_lr": 0.0}
    left_out = [word for word in wanted if params.get(word, wanted[word].default) in ("auto", None, Parameter.empty)]
    params |= {word: facts[word] for word in left_out if facts.get(word) is not None}
    if "auto" in params.values():
        hint = ", ".join(f"{word}=..." for word, value in params.items() if value == "auto") + " beside the file"
        raise LrlabError(worded('deepspeed: "auto" is filled in by the trainer', params, "its values", hint))
    if "total_num_steps" in wanted and "total_num_steps" not in params:
        hint = "total_num_steps=..., or --steps 10000"
        raise LrlabTypeError(worded(f"deepspeed: {name} needs the length of the run", dict(params), hint=hint))
    if name == "LRRangeTest":
        params["updates"] = updates
    found: Rule = made(recipe, Call(str(name), (), params), "deepspeed")
    multiplied = name == "WarmupCosineLR"
    findings = () if base is None or multiplied or found.base == base else (_unused(base, found.base, str(name)),)
    return imported(f"deepspeed {name}", found, base_lr=base if multiplied else found.base, findings=findings)


def _unused(own: float, used: float, name: str) -> Finding:
    """The optimizer's own LR is not what the multiples mean, as their name there tells."""
    word = {"OneCycle": "cycle_max_lr", "LRRangeTest": "lr_range_test_min_lr"}.get(name, "warmup_max_lr")
    message = f"1 is an LR of {used:g}, {word}: the optimizer's own {own:g} is not used"
    return Finding("own-lr", message, f"an optimizer with lr={used:g}, under these multiples")


def _inside(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(name, {})
    if not isinstance(found, Mapping):
        raise LrlabError(worded(f"deepspeed: {name!r} must be a dict", found))
    return found


# -- warmup -------------------------------------------------------------------------------------------------------


def _rise(given: int, kind: str, start: float, first: float) -> tuple[int, Schedule, str]:
    """The length n of the warmup, its n + 1 updates (the first one is a phase of its own), and a description."""
    n = max(2, steps(given, "warmup_num_steps", 1))
    if kind == "linear":
        rise: Schedule = linear(n, start=start, to=1)
    else:
        rise = logarithmic(n, start=start, to=1, closed=True, ratio=n)
    unknown = "" if kind in ("linear", "log") else f"; warmup_type {kind!r} is not known there and counts as log"
    return n, then(flat(1, first), rise), LAGS + unknown


def _peak(warmup_max_lr: float | None) -> float:
    if warmup_max_lr is None or real(warmup_max_lr, "warmup_max_lr") == 0:
        raise LrlabError(worded("deepspeed: the peak is the optimizer's own LR", warmup_max_lr, hint="lr=..."))
    return real(warmup_max_lr, "warmup_max_lr")


def _warmup(
    warmup_min_lr: float = 0.0,
    warmup_max_lr: float | None = None,
    warmup_num_steps: int = 1000,
    warmup_type: str = "log",
) -> Rule:
    top = _peak(warmup_max_lr)
    start = real(warmup_min_lr, "warmup_min_lr") / top
    _, rise, lags = _rise(warmup_num_steps, warmup_type, start, start)
    return Rule(then(rise, constant()), top, after=f"{lags}; after the warmup the LR never changes")


def _warmup_decay(
    total_num_steps: int,
    warmup_min_lr: float = 0.0,
    warmup_max_lr: float = 0.001,
    warmup_num_steps: int = 1000,
    warmup_type: str = "log",
) -> Rule:
    top, total = _peak(warmup_max_lr), steps(total_num_steps, "total_num_steps")
    start = real(warmup_min_lr, "warmup_min_lr") / top
    n, rise, lags = _rise(warmup_num_steps, warmup_type, start, start)
    left = total - n - 1  # of the fall: its last step would be at update `total`, which the run does not have
    fall = linear(left, to=start + (1 - start) / (left + 1)) if left > 0 else None
    after = f"{lags}, so that its last value is not used; after the end the bottom is held" if total > n else lags
    return Rule(then(rise, fall, constant(level=start)), top, total, after)


def _warmup_cosine(
    total_num_steps: int,
    warmup_min_ratio: float = 0.0,
    warmup_num_steps: int = 1000,
    cos_min_ratio: float = 0.0001,
    warmup_type: str = "log",
) -> Rule:
    total, low = steps(total_num_steps, "total_num_steps"), real(cos_min_ratio, "cos_min_ratio")
    n, rise, lags = _rise(warmup_num_steps, warmup_type, real(warmup_min_ratio, "warmup_min_ratio"), 0.0)
    length = max(1, total - n)
    fall = piece(cosine, 1, length, 0, length, to=low)  # its count is one ahead: the peak is not used again
    return Rule(then(rise, fall, constant(level=low)), 1.0, total, f"{lags}; {HOLDS}")


# -- range test and one cycle -------------------------------------------------------------------------------------


def _range_test(
    lr_range_test_min_lr: float = 1e-3,
    lr_range_test_step_size: int = 2000,
    lr_range_test_step_rate: float = 1.0,
    lr_range_test_staircase: bool = False,
    *,
    updates: int | None = None,
) -> Rule:
    n = steps(lr_range_test_step_size, "lr_range_test_step_size", 1)
    # It rises without end: a line far beyond the run, minus the gap between the line and the stairs.
    rate, low = (
        real(lr_range_test_step_rate, "lr_range_test_step_rate"),
        real(lr_range_test_min_lr, "lr_range_test_min_lr"),
    )
    drawn = max(DRAWN, -(-2 * (updates or 0) // n))
    line: Schedule = linear(drawn * n, start=1, to=1 + rate * drawn)
    if lr_range_test_staircase and n > 1:
        line = line + -1 * linear(n, start=0, to=rate).repeat()
    return Rule(line, low, after=f"the LR rises forever; it is drawn up to update {drawn * n:,}", drawn=True)


def _one_cycle(
    cycle_min_lr: float,
    cycle_max_lr: float,
    decay_lr_rate: float = 0.0,
    cycle_first_step_size: int = 2000,
    cycle_second_step_size: int | None = None,
    cycle_first_stair_count: int = 0,
    cycle_second_stair_count: int | None = None,
    decay_step_size: int = 0,
    cycle_momentum: bool = True,
    cycle_min_mom: float = 0.8,
    cycle_max_mom: float = 0.9,
    decay_mom_rate: float = 0.0,
) -> Rule:
    first = steps(cycle_first_step_size, "cycle_first_step_size", 1)
    second = first if cycle_second_step_size is None else steps(cycle_second_step_size, "cycle_second_step_size")
    above = steps(cycle_first_stair_count, "cycle_first_stair_count")
    below = above if cycle_second_stair_count is None else steps(cycle_second_stair_count, "cycle_second_stair_count")
    top = _peak(cycle_max_lr)
    low = real(cycle_min_lr, "cycle_min_lr") / top
    cycle = then(_side(first, above, low, 1.0), _side(second, below, 1.0, low) if second else None)
    momentum = "; the momentum that it cycles is not carried over" if cycle_momentum else ""
    if decay_step_size == 0 or decay_lr_rate == 0:
        after = f"after the cycle the LR stays at the bottom{momentum}"
        return Rule(then(cycle, constant(level=low)), top, first + second, after)
    decay = low * inverse_time(real(decay_lr_rate, "decay_lr_rate") / real(decay_step_size, "decay_step_size"), every=1)
    after = f"after the cycle the LR falls as one over time, forever{momentum}"
    return Rule(then(cycle, decay), top, first + second, after)


def _side(n: int, count: int, start: float, to: float) -> Schedule:
    """A straight line, or `count` stairs; a stair that would begin between two updates begins at the next one."""
    if count == 0:
        line: Schedule = linear(n, start=start, to=to)
        return line
    low, high = sorted((start, to))
    shares = [math.floor((t if to > start else n - t) * Fraction(count, n)) / count for t in range(n)]
    begins = [t for t in range(n) if t == 0 or shares[t] != shares[t - 1]]
    return then(*(constant(b - a, level=low + (high - low) * shares[a]) for a, b in pairwise([*begins, n])))


RECIPES: dict[str, Callable[..., Rule]] = {
    "WarmupLR": _warmup,
    "WarmupDecayLR": _warmup_decay,
    "WarmupCosineLR": _warmup_cosine,
    "OneCycle": _one_cycle,
    "LRRangeTest": _range_test,
}


# -- its words and files ------------------------------------------------------------------------------------------


def _words(name: str, /, *args: Any, lr: float | None = None, updates: int | None = None, **given: Any) -> Imported:
    recipe = known(name, RECIPES, "deepspeed: the scheduler type")
    call = without_optimizer(Call(name, args, given))
    return from_deepspeed({"type": name, "params": bound(recipe, call, "deepspeed")}, lr=lr, updates=updates)


def _file(document: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Any]) -> Imported:
    own = within(document, "optimizer", "params", "lr")
    known = {word: value for word, value in known.items() if word != "lr" or own in ({}, "auto")}
    return from_deepspeed(document, **{**known, **given})


def _is_deepspeed(document: Mapping[str, Any]) -> bool:
    section = document.get("scheduler", document)
    if not isinstance(section, Mapping) or not isinstance(section.get("params", {}), Mapping):
        return False
    name = section.get("type")
    return isinstance(name, str) and name in RECIPES


LIBRARY = Library(
    "deepspeed",
    words=_words,
    file=_file,
    recognise=_is_deepspeed,
    keys=("scheduler", "zero_optimization", "train_micro_batch_size_per_gpu"),
    calls=RECIPES,
    modules=("deepspeed",),
    facts={"steps": "updates", "lr": "lr"},
)
