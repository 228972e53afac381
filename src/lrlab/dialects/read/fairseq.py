"""fairseq: `lr_scheduler` and its options, as a dict (convert a Namespace or a Hydra config to one).

    from_fairseq({"lr_scheduler": "inverse_sqrt", "lr": [5e-4], "warmup_updates": 4000})

Its rules: LRs are absolute; update t uses f(t), also update 0, because its trainer asks for f(0) before it; the peak
is at the end of the warmup. Schedulers that count epochs (several LRs, `manual`, `reduce_lr_on_plateau`) are not read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.logarithms import geometric
from lrlab.core.shapes.piecewise import step
from lrlab.core.shapes.timescales import inverse_sqrt
from lrlab.core.shapes.transitions import linear, polynomial
from lrlab.dialects.parts.fractional import MOST, Growing, piece
from lrlab.dialects.parts.imported import FOREVER, HOLDS, Imported, Rule, imported, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import climb, flat, known, real, steps, then
from lrlab.dialects.source.documents import filled, plainly, words_of
from lrlab.errors import LrlabError, worded

Options = Mapping[str, Any]


@reading("fairseq")
def from_fairseq(config: Mapping[str, Any]) -> Imported:
    """The schedule of a fairseq configuration; it may contain options of a run that do not concern the LR.

    The options are at one level, or in groups as in Hydra: {"lr_scheduler": {"_name": ...}, "optimization":
    {"lr": ...}}. Raises `LrlabError` if fairseq itself refuses or divides by 0, and for schedulers that count epochs.

    >>> from_fairseq({"lr_scheduler": "polynomial_decay", "lr": 1e-3, "warmup_updates": 10, "total_num_update": 100})
    ... # doctest: +ELLIPSIS
    Imported(schedule=linear(10, start=0, to=1) >> linear(90), base_lr=0.001, horizon=Horizon(updates=100), ...
    """
    merged = _merged(config)
    name = merged.get("_name", merged.get("lr_scheduler"))
    recipe = known(name, RECIPES, "fairseq: lr_scheduler")
    given = words_of("fairseq", merged, {*COMMON, *OPTIONS[str(name)]}, OTHERS, LIBRARY.keys)
    lrs = given.get("lr")
    lrs = list(lrs) if isinstance(lrs, Sequence) and not isinstance(lrs, str) else [lrs]
    if len(lrs) != 1:
        raise LrlabError(worded("fairseq: several LRs are one for each epoch", lrs, "one LR"))
    found: Rule = recipe(real(lrs[0], "fairseq: lr"), given)
    return imported(f"fairseq {name}", found, base_lr=found.base)


def _merged(config: Mapping[str, Any]) -> dict[str, Any]:
    """The options at one level, also if Hydra has them in groups."""
    groups = [config.get("optimization"), {k: v for k, v in config.items() if not isinstance(v, Mapping)}]
    groups.append(config.get("lr_scheduler"))
    return {name: value for group in groups if isinstance(group, Mapping) for name, value in plainly(group).items()}


def _updates(given: Options, name: str, otherwise: float = 0) -> int:
    return steps(given.get(name, otherwise), f"fairseq: {name}")


def _number(given: Options, name: str, otherwise: float = 0.0) -> float:
    return real(given.get(name, otherwise), f"fairseq: {name}")


def _rise(lr: float, given: Options, otherwise: float = 0.0) -> tuple[int, Schedule | None]:
    """The length of the warmup, and its rise from warmup_init_lr, or from `otherwise` if that is negative."""
    n, start = _updates(given, "warmup_updates"), _number(given, "warmup_init_lr", -1)
    return n, climb(n, (otherwise if start < 0 else start) / lr)


def _fixed(lr: float, given: Options) -> Rule:
    if given.get("force_anneal") is not None:
        raise LrlabError(worded("fairseq: force_anneal goes by epochs", given["force_anneal"]))
    n = _updates(given, "warmup_updates")
    rise = climb(n - 1, 1 / n) if n else None  # update t has (t + 1) / n of the peak
    return Rule(then(rise, constant()), lr, after="after the warmup the LR never changes")


def _inverse_sqrt(lr: float, given: Options) -> Rule:
    warmup, rise = _rise(lr, {"warmup_updates": 4000, **given})
    if warmup == 0:
        raise LrlabError(worded("fairseq: inverse_sqrt divides by warmup_updates", 0))
    return Rule(then(rise, inverse_sqrt(warmup)), lr, after=FOREVER)


def _polynomial(lr: float, given: Options) -> Rule:
    warmup, power = _updates(given, "warmup_updates"), _number(given, "power", 1.0)
    total = _updates(given, "total_num_update", given.get("max_update", 0))
    end = _number(given, "end_learning_rate") / lr
    if total == 0:
        raise LrlabError(worded("fairseq: polynomial_decay needs total_num_update or max_update", sorted(given)))
    n = total - warmup
    if n <= 0:  # the last update of the warmup is always its peak
        return Rule(then(climb(warmup), flat(1), constant(level=end)), lr, total)
    fall = linear(n, to=end) if power == 1 else piece(polynomial, 0, n, 0, n, to=end, power=power)
    return Rule(then(climb(warmup), fall, constant(level=end) if power == 0 else None), lr, total)


def _cosine(lr: float, given: Options) -> Rule:
    low = _number(given, "min_lr")
    if not 0 <= low <= lr:
        raise LrlabError(worded("fairseq: lr must be above min_lr", lr))
    warmup, rise = _rise(lr, given, low)
    total = _updates(given, "max_update")
    period = _number(given, "lr_period_updates", -1)
    if period <= 0 and not total:
        hint = "max_update=..., or --steps 10000"
        raise LrlabError(worded("fairseq: cosine needs lr_period_updates or max_update", sorted(given), hint=hint))
    n = steps(period if period > 0 else total - warmup, "fairseq: lr_period_updates", 1)
    shrink = _number(given, "lr_shrink", 0.1)
    cycles, end = _cycles(Growing(n, _number(given, "t_mult", 1.0)), low / lr, shrink, 2 * (total or 100 * n))
    after = f"after every period it starts again, {shrink:g} as high, floor and all"
    after += "; min_lr is lr, which some versions of fairseq refuse" if low == lr else ""
    if end is not None and end < total and _number(given, "t_mult", 1.0) >= 1:
        raise LrlabError(
            worded("fairseq: these are too many cycles to write out", given.get("t_mult"), f"{MOST} cycles")
        )
    after = after if end is None else f"{after}; its cycles are written out up to update {warmup + end:,}"
    return Rule(then(rise, cycles), lr, total or warmup + n, after)


def _cycles(growing: Growing, floor: float, shrink: float, far: int) -> tuple[Schedule, int | None]:
    """Cosines in fairseq's own floats, which may give the last value of a cycle where the next cycle should begin.

    If they follow no rule, they are written out beyond update `far`, up to the update that is returned; cycles that
    become shorter are written out up to where fairseq raises.
    """
    n, mul = int(growing.first), growing.mul
    if mul <= 0:
        raise LrlabError(worded("fairseq: t_mult must be above 0", mul))
    edges = growing.edges(growing.until(far))
    if mul == int(mul) and edges == [growing.begin(i) for i in range(len(edges))]:
        return cosine(to=floor).repeat(cycle=n, stretch=mul, gain=shrink), None
    if mul < 1:
        edges.append(math.ceil(n / (1 - mul)))
    parts = [
        piece(cosine, at, stop, growing.begin(i), growing.length(i), start=shrink**i, to=floor * shrink**i)
        for i, (at, stop) in enumerate(pairwise(edges))
    ]
    return then(*parts).repeat(), edges[-1]  # repeated: only the run says where it ends


def _tri_stage(lr: float, given: Options) -> Rule:
    first, last = _number(given, "init_lr_scale", 0.01), _number(given, "final_lr_scale", 0.01)
    if last <= 0:
        raise LrlabError(worded("fairseq: final_lr_scale must be above 0", last))
    names = ("warmup_steps", "hold_steps", "decay_steps")
    shares = given.get("phase_ratio")
    if shares is not None:
        total = _updates(given, "max_update")
        if not total or sum(shares) != 1 or len(shares) != len(names):
            raise LrlabError(worded("fairseq: phase_ratio needs max_update, and adds up to 1", shares))
        given = {**given, **{name: int(total * share) for name, share in zip(names, shares, strict=True)}}
    warmup, held, decay = (_updates(given, name) for name in names)
    if decay == 0:
        raise LrlabError(worded("fairseq: tri_stage divides by decay_steps", 0))
    fall = geometric(decay, to=last)
    return Rule(then(climb(warmup, first), flat(held), fall), lr, warmup + held + decay, HOLDS)


def _triangular(lr: float, given: Options) -> Rule:
    top = _number(given, "max_lr")
    if not top > lr:
        raise LrlabError(worded("fairseq: triangular needs a max_lr above lr", given.get("max_lr")))
    half = steps(float(_number(given, "lr_period_updates", 5000) // 2), "half of lr_period_updates", 1)
    low, shrink = lr / top, _number(given, "lr_shrink", 0.1)
    if given.get("shrink_min") or shrink == 1:
        return Rule((linear(half, start=low, to=1) >> linear(half, to=low)).repeat(gain=shrink), top, after=FOREVER)
    # Only the peak shrinks: low + (shrink**k - low) * triangle, as the difference of two repetitions.
    triangle = linear(half, start=0, to=1) >> linear(half)
    falls = low + (triangle.repeat(gain=shrink) + -low * triangle.repeat())
    if not 0 < shrink < 1:
        return Rule(falls, top, after=FOREVER)
    crossed = math.ceil(math.log(low) / math.log(shrink))
    return Rule(falls, top, after=f"{FOREVER}; from cycle {crossed} on its top lies below its bottom")


def _step(lr: float, given: Options) -> Rule:
    low, gamma = _number(given, "min_lr"), _number(given, "lr_decay", 0.5)
    if not 0 <= low < lr or gamma > 1:
        raise LrlabError(worded("fairseq asserts that lr is above min_lr and lr_decay at most 1", (lr, low, gamma)))
    _, rise = _rise(lr, given, low)
    falls: Schedule = step(steps(given.get("lr_deacy_period", 25000), "fairseq: lr_deacy_period", 1), gamma=gamma)
    falls = falls.clip(low=low / lr) if low > 0 else falls
    return Rule(then(rise, falls), lr, after="it has no end but min_lr")


RECIPES: dict[str, Callable[[float, Options], Rule]] = {
    "fixed": _fixed,
    "inverse_sqrt": _inverse_sqrt,
    "polynomial_decay": _polynomial,
    "cosine": _cosine,
    "tri_stage": _tri_stage,
    "triangular": _triangular,
    "step": _step,
}


# -- its words and files ------------------------------------------------------------------------------------------

COMMON = ("lr_scheduler", "_name", "lr", "max_update")
OPTIONS: dict[str, tuple[str, ...]] = {  # of each scheduler; lr_deacy_period is fairseq's own spelling
    "fixed": ("force_anneal", "lr_shrink", "warmup_updates"),
    "inverse_sqrt": ("warmup_updates", "warmup_init_lr"),
    "polynomial_decay": ("warmup_updates", "force_anneal", "end_learning_rate", "power", "total_num_update"),
    "cosine": ("warmup_updates", "warmup_init_lr", "min_lr", "t_mult", "lr_period_updates", "lr_shrink"),
    "tri_stage": ("warmup_steps", "hold_steps", "decay_steps", "phase_ratio", "init_lr_scale", "final_lr_scale"),
    "triangular": ("max_lr", "lr_period_updates", "lr_shrink", "shrink_min"),
    "step": ("warmup_updates", "warmup_init_lr", "min_lr", "lr_deacy_period", "lr_decay"),
}
OTHERS = ("stop_min_lr", "max_epoch", "lr_float")  # say when to stop, do not change the curve
MARKS = frozenset(
    ["warmup_updates", "max_update", "total_num_update", "lr_period_updates", "lr_deacy_period", "phase_ratio"]
)


def _words(name: str, /, *args: Any, **given: Any) -> Imported:
    if args:
        raise LrlabError(worded("fairseq: options are given by their names", args, hint="warmup_updates=..."))
    return from_fairseq({**given, "lr_scheduler": name})


def _file(document: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Any]) -> Imported:
    return from_fairseq(filled("fairseq", _merged(document), given, known))


def _is_fairseq(document: Mapping[str, Any]) -> bool:
    """Whether it names a scheduler of fairseq and has options that only fairseq has."""
    merged = _merged(document)
    name = merged.get("_name", merged.get("lr_scheduler"))
    return isinstance(name, str) and name in RECIPES and bool(MARKS & set(merged)) and "lr" in merged


LIBRARY = Library(
    "fairseq",
    words=_words,
    file=_file,
    recognise=_is_fairseq,
    keys={*COMMON, *(option for options in OPTIONS.values() for option in options)},
    facts={"steps": "max_update", "lr": "lr"},
)
