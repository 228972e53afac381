"""torchtitan: the `lr_scheduler` section of its configuration, over the steps of a run.

    from_torchtitan("cosine", steps=1000, warmup_steps=200, decay_ratio=0.8, min_lr_factor=0.1)

Its rules: update t of a warmup of W uses (t + 1)/W, the peak is at update W - 1; the decay takes the last `decay_ratio`
of the steps, or all steps after the warmup. Its end value, `min_lr_factor`, would come one update after the last: no
update has it. If `total_steps` is less than the steps of the run, the formula continues beyond its end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.transitions import linear, one_minus_sqrt
from lrlab.dialects.parts.fractional import piece
from lrlab.dialects.parts.imported import Imported, Rule, imported, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import climb, flat, known, real, then, wave
from lrlab.dialects.parts.phases import steps as whole
from lrlab.dialects.source.call_syntax import Call, bound
from lrlab.dialects.source.documents import filled, within, words_of
from lrlab.errors import LrlabError, worded

SHAPES = {"linear": linear, "sqrt": one_minus_sqrt, "cosine": cosine}
STOPS = "torchtitan stops there; beyond, the last value is held"


@reading("torchtitan")
def from_torchtitan(
    decay_type: str = "linear",
    *,
    steps: int,
    warmup_steps: int = 200,
    total_steps: int | None = None,
    decay_ratio: float | None = None,
    min_lr_factor: float = 0.0,
    lr: float | None = None,
) -> Imported:
    """The schedule of torchtitan's `lr_scheduler` section over `steps` steps, in multiples of the optimizer's LR.

    Raises `LrlabError` for options and decay types that torchtitan does not have.

    >>> from_torchtitan("linear", steps=100, warmup_steps=10, decay_ratio=0.5).schedule
    linear(9, start=0.1, to=1) >> constant(42) >> linear(49, part=[0.02, 1])
    """
    shape = known(decay_type, SHAPES, "torchtitan: decay_type")
    run = whole(steps, "steps", 1)
    end = run if total_steps is None else whole(total_steps, "total_steps", 1)
    warmup = min(whole(warmup_steps, "warmup_steps"), end)
    decay = end - warmup
    if decay_ratio is not None:
        decay = min(round(end * real(decay_ratio, "decay_ratio")), decay)
    if decay < 0:
        raise LrlabError(worded("torchtitan: decay_ratio must not be below 0", decay_ratio))
    begin = end - decay  # the update before the first of the decay
    held = flat(begin + 1 - max(warmup - 1, 0))
    low = real(min_lr_factor, "min_lr_factor")
    fall = _fall(shape, begin, decay, max(run, end), low) if decay and low != 1 else None
    rise = climb(warmup - 1, 1 / warmup) if warmup else None
    after = STOPS if end >= run else f"its decay ends at update {end:,}, and the formula goes on; {STOPS}"
    rule = Rule(then(rise, held, fall or constant()), 1.0, run, after)
    return imported(f"torchtitan {decay_type}", rule, base_lr=None if lr is None else real(lr, "lr"))


def _fall(shape: Any, begin: int, decay: int, stop: int, low: float) -> Schedule | None:
    """The decay up to `stop`, also beyond its end: there the same formula continues."""
    further = max(1.0, (stop - begin) / decay)
    if shape is cosine and further > 1:
        return wave(decay, 0.5, low, 0.5 / decay)
    to = 1 - further if shape is linear else 1 - math.sqrt(further) if further > 1 else 0.0
    return piece(shape, begin + 1, stop, begin, decay * further, to=low + (1 - low) * (to if further > 1 else 0.0))


KEYS = ("warmup_steps", "total_steps", "decay_ratio", "decay_type", "min_lr_factor")


def _words(name: str, /, *args: Any, steps: int | None = None, **given: Any) -> Imported:
    if args:
        raise LrlabError(worded("torchtitan: arguments are given by their names", args, hint="warmup_steps=..."))
    if steps is None:
        raise LrlabError(
            worded("torchtitan: its schedule asks for the run's length", name, hint="steps=..., or --steps")
        )
    call = Call(name, (name,), {"steps": steps, **given})
    return from_torchtitan(**bound(from_torchtitan, call, "torchtitan"))


def _file(document: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Any]) -> Imported:
    """The configuration of a run, from its sections lr_scheduler, training and optimizer."""
    section = words_of("torchtitan", within(document, "lr_scheduler"), KEYS)
    facts = {"steps": within(document, "training", "steps"), "lr": within(document, "optimizer", "lr")}
    saved = {**section, **{word: value for word, value in facts.items() if value != {}}}
    words = filled("torchtitan", saved, given, known)
    return _words(str(words.pop("decay_type", "linear")), **words)


def _is_torchtitan(document: Mapping[str, Any]) -> bool:
    section = document.get("lr_scheduler")
    ours = isinstance(section, Mapping) and bool(section) and "_name" not in section and set(section) <= set(KEYS)
    return ours and isinstance(document.get("training"), Mapping)


LIBRARY = Library(
    "torchtitan",
    words=_words,
    file=_file,
    recognise=_is_torchtitan,
    keys=KEYS,
    facts={"steps": "steps", "lr": "lr"},
)
