"""Megatron-LM: its command-line arguments as a dict (Megatron makes an OptimizerParamScheduler of them).

    from_megatron({"lr": 3e-4, "min_lr": 3e-5, "lr_decay_style": "cosine", "train_iters": 1000,
                   "lr_warmup_fraction": 0.1})

Its rules: it counts samples, here with a fixed batch; update t uses f(t); the warmup begins at `lr_warmup_init` (0)
and the peak is at its end; the decay ends at `lr_decay_iters`, counted with the warmup; after that the LR is `min_lr`.
A warmup given as a fraction may end between two updates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.logarithms import geometric
from lrlab.core.shapes.timescales import inverse_sqrt
from lrlab.core.shapes.transitions import linear, one_minus_sqrt
from lrlab.core.text.lint import Finding
from lrlab.dialects.parts.fractional import piece
from lrlab.dialects.parts.imported import Imported, Rule, imported, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import cut, flat, known, real, settled, then, tidy
from lrlab.dialects.source.documents import filled, plainly, words_of
from lrlab.errors import LrlabError, nearest, worded

STAYS = "after the end the LR is min_lr"
STYLES = ("constant", "linear", "cosine", "inverse-square-root", "WSD")


@reading("megatron")
def from_megatron(config: Mapping[str, Any]) -> Imported:
    """The schedule of Megatron-LM's arguments, spelled with `_` or `-`; other arguments of the run may be among them.

    Raises `LrlabError` if one is missing or not known, where Megatron itself refuses, and for a growing batch size.

    >>> from_megatron({"lr": 1e-3, "train_iters": 1000, "lr_warmup_fraction": 0.1, "min_lr": 1e-4}).schedule
    linear(100, start=0, to=1) >> linear(900, to=0.1)
    """
    given = words_of("megatron", config, WORDS, OTHERS)
    if given.get("rampup_batch_size"):
        raise LrlabError(worded("megatron: a batch that grows gives no fixed updates", given["rampup_batch_size"]))
    if "lr" not in given:
        raise LrlabError(worded("megatron: its LRs are absolute: it needs the peak", hint="lr=3e-4, or --lr 3e-4"))
    base = real(given["lr"], "megatron: lr")
    kind = "samples" if {"train_samples", "lr_decay_samples"} & set(given) else "iters"
    end = _updates(given, f"lr_decay_{kind}", f"train_{kind}")
    if end is None:
        raise LrlabError(
            worded(
                "megatron: the length of the run is missing", sorted(given), hint="train_iters=..., or --steps 10000"
            )
        )
    share = given.get("lr_warmup_fraction")
    counted = _updates(given, f"lr_warmup_{kind}") or 0.0
    warmup = counted if share is None else tidy(real(share, "lr_warmup_fraction") * end)
    note = f"lr_warmup_fraction takes the place of lr_warmup_{kind}, {counted:g} updates, which is not used"
    twice = (Finding("two-warmups", note, "leave one of them out"),) if counted and share is not None else ()
    floor, start = (real(given.get(name, 0.0), name) / base for name in ("min_lr", "lr_warmup_init"))
    if not (0 <= warmup < end and 0 <= floor <= 1 and start <= 1):
        fits = "0 <= warmup < decay, 0 <= min_lr <= lr, lr_warmup_init <= lr"
        raise LrlabError(worded("megatron asserts that these fit", (warmup, end, floor * base, start * base), fits))
    style = str(given.get("lr_decay_style", "linear"))
    fall, after = _fall(style, given, Decay(warmup, end, floor), _updates(given, f"lr_wsd_decay_{kind}"))
    rise = piece(linear, 0, math.ceil(warmup), 0, warmup, start=start, to=1.0)
    rule = Rule(then(rise, fall), base, math.ceil(end), after)
    return imported(f"megatron {style}", rule, base_lr=base, findings=twice)


def _updates(given: Mapping[str, Any], *names: str) -> float | None:
    """The first of these arguments that is given, in updates."""
    for name in names:
        if name in given and name.endswith("samples"):
            if "global_batch_size" not in given:
                raise LrlabError(worded(f"megatron: {name} needs global_batch_size", sorted(given)))
            return real(given[name], name) / real(given["global_batch_size"], "global_batch_size")
        if name in given:
            return real(given[name], name)
    return None


@dataclass(frozen=True)
class Decay:
    """The decay from the end of the warmup to its end, in possibly fractional updates, down to `floor`."""

    begin: float
    end: float
    floor: float

    @property
    def at(self) -> int:
        """The first update of the decay."""
        return math.ceil(self.begin)

    def leg(self, shape: Any) -> Schedule:
        """One leg over the whole decay."""
        leg = piece(shape, self.at, math.ceil(self.end), self.begin, self.end - self.begin, to=self.floor)
        return constant(level=self.floor) if leg is None else settled(leg, self.floor)


def _fall(style: str, given: Mapping[str, Any], decay: Decay, tail: float | None) -> tuple[Schedule, str]:
    match style:
        case "constant":
            return constant(), "after the warmup the LR never changes"
        case "linear":
            return decay.leg(linear), STAYS
        case "cosine":
            return decay.leg(cosine), STAYS
        case "inverse-square-root":
            n = math.floor(decay.end) + 1  # update lr_decay_iters still follows the decay
            root = cut(_inverse_root(decay, given), n - decay.at)
            return then(root, constant(level=decay.floor)), f"{STAYS}: a jump, at update {n:,}"
        case "WSD":
            if not tail or tail <= 0:
                raise LrlabError(worded("megatron: WSD needs lr_wsd_decay_iters", tail))
            return _stable_decay(str(given.get("lr_wsd_decay_style", "exponential")), decay, tail), STAYS
    what = "megatron: lr_decay_style is not known"
    raise LrlabError(worded(what, style, ", ".join(STYLES), nearest(style, STYLES)))


def _inverse_root(decay: Decay, given: Mapping[str, Any]) -> Schedule:
    """sqrt(warmup / t) from the end of the warmup on; both are at least one sample."""
    if decay.begin < 1 and "global_batch_size" not in given:
        hint = "global_batch_size=..."
        raise LrlabError(worded("megatron: with so short a warmup single samples count", decay.begin, hint=hint))
    batch = real(given.get("global_batch_size", 1), "global_batch_size")
    warmup, first = max(decay.begin, 1 / batch), max(decay.at, 1)
    falls = math.sqrt(warmup / first) * inverse_sqrt(first)
    return then(flat(first - decay.at), falls.clip(low=decay.floor) if decay.floor > 0 else falls)


def _stable_decay(style: str, decay: Decay, tail: float) -> Schedule:
    """The peak, then a decay over the last `tail` updates; if it begins within the warmup, the LR jumps to it."""
    shapes = {"linear": linear, "cosine": cosine, "minus_sqrt": one_minus_sqrt, "exponential": None}
    shape = known(style, shapes, "megatron: lr_wsd_decay_style")
    peaks = decay.at + (0 < decay.begin == decay.at)  # the last update of a warmup is always its peak
    begin = decay.end - tail
    at, stop, floor = max(math.ceil(begin), peaks), math.ceil(decay.end), decay.floor
    if shape is None:  # 2 * 0.5**u - 1, above the floor
        halved = piece(geometric, at, stop, begin, tail, to=0.5)
        fall = None if halved is None else (2 * floor - 1) + 2 * (1 - floor) * halved
    else:
        fall = piece(shape, at, stop, begin, tail, to=floor)
    held = flat(at - decay.at)
    return then(held, constant(level=floor)) if fall is None else settled(then(held, fall), floor)


# -- its words and files ------------------------------------------------------------------------------------------

WORDS = frozenset(
    [
        "lr",
        "min_lr",
        "lr_decay_style",
        "lr_decay_iters",
        "lr_decay_samples",
        "lr_warmup_fraction",
        "lr_warmup_iters",
        "lr_warmup_samples",
        "lr_warmup_init",
        "lr_wsd_decay_style",
        "lr_wsd_decay_iters",
        "lr_wsd_decay_samples",
        "train_iters",
        "train_samples",
        "global_batch_size",
        "rampup_batch_size",
    ]
)
OTHERS = frozenset(  # named like LR options, without effect on the curve of the ordinary parameters
    [
        "decoupled_lr",
        "decoupled_min_lr",
        "override_opt_param_scheduler",
        "use_checkpoint_opt_param_scheduler",
        "override_lr_scheduler",
        "use_checkpoint_lr_scheduler",
        "eval_iters",
        "exit_interval",
    ]
)
ENDS = frozenset(["train_iters", "train_samples", "lr_decay_iters", "lr_decay_samples"])


def _words(name: str, /, *args: Any, **given: Any) -> Imported:
    if args:
        raise LrlabError(worded("megatron: arguments are given by their names", args, hint="train_iters=..."))
    return from_megatron({**given, "lr_decay_style": name})


def _file(document: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Any]) -> Imported:
    saved = plainly(document)
    if not WORDS & set(saved) - {"lr", "min_lr", "global_batch_size"}:
        raise LrlabError(
            worded("megatron: no argument of its schedule is in this", sorted(saved)[:10], "lr_decay_style")
        )
    known = {word: value for word, value in known.items() if word != "train_iters" or not ENDS & set(saved)}
    return from_megatron(filled("megatron", saved, given, known))


def _is_megatron(document: Mapping[str, Any]) -> bool:
    """Whether it has Megatron's key for the style with one of its styles, one of its keys for the end, and an LR."""
    saved = plainly(document)
    style, lr = saved.get("lr_decay_style"), saved.get("lr")
    ends = ENDS & set(saved) or {word for word in saved if word.startswith("lr_warmup_")}
    neox = "warmup" in saved or isinstance(saved.get("optimizer"), Mapping)
    return style in STYLES and bool(ends) and not neox and not isinstance(lr, Mapping)


LIBRARY = Library(
    "megatron",
    words=_words,
    file=_file,
    recognise=_is_megatron,
    keys=WORDS,
    facts={"steps": "train_iters", "lr": "lr"},
)
