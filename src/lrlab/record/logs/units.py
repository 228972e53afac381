"""The units that a log counts in: updates, micro-batches, epochs, samples or tokens; and their rates per update."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Literal

from lrlab.errors import LrlabTypeError, worded

Unit = Literal["updates", "batches", "epochs", "samples", "tokens"]

LONGEST = 200  # characters of a name that is read

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_COUNTED: dict[Unit, tuple[str, ...]] = {  # the rest of a counter's name, the clearest first
    "updates": (
        "iter", "iters", "iteration", "iterations", "global step", "global steps", "updates", "update", "step", "steps",
        "itr", "it",
    ),
    "batches": ("batch", "batches", "minibatch", "micro step", "micro steps", "microstep", "micro batch", "microbatch"),
    "epochs": ("epoch", "epochs", "ep"),
    "samples": ("sample", "samples", "example", "examples", "sequences", "images", "imgs"),
    "tokens": ("token", "tokens"),
}  # fmt: skip
_COMPOSER = {("batch",), ("sample",), ("token",), ("epoch",)}  # Composer names them time/batch and so on
_FILLING = {"train", "trainer", "training", "num", "number", "n", "of", "current", "completed", "optimizer", "opt"}
_FILLING_SEEN = _FILLING | {"seen", "consumed", "processed", "trained", "total", "input", "inputs"}
_FILLING_INDEX = _FILLING | {"idx", "index", "id", "global"}


def words(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case.

    >>> words("train/globalStep"), words("lr-AdamW/pg1")
    (('train', 'global', 'step'), ('lr', 'adam', 'w', 'pg', '1'))
    """
    return tuple(word.lower() for word in _WORD.findall(name))


def counted(name: str) -> tuple[Unit, int] | None:
    """The unit that a column counts, and its rank among the names of that unit, the clearest first; None if no counter.

    >>> counted("trainer/global_step"), counted("num_input_tokens_seen"), counted("max_steps"), counted("epoch_loss")
    (('updates', 4), ('tokens', 1), None, None)
    """
    return _counted(name) if len(name) <= LONGEST else None


@lru_cache(4096)
def _counted(name: str) -> tuple[Unit, int] | None:
    found = words(name)
    if found[:1] == ("time",) and found[1:] in _COMPOSER:
        found = found[1:]
    for unit, names in _COUNTED.items():
        filling = {"samples": _FILLING_SEEN, "tokens": _FILLING_SEEN, "batches": _FILLING_INDEX}.get(unit, _FILLING)
        rest = " ".join(word for word in found if word not in filling)
        if rest in names:
            # Trackers count their own records as _step, beside the real counters.
            return unit, len(names) if name.startswith("_") else names.index(rest)
    return None


def best(names: Collection[str], unit: Unit) -> list[str]:
    """The names that count in this unit, the clearest first."""
    found = [(place[1], name) for name in names if (place := counted(name)) and place[0] == unit]
    return [name for _, name in sorted(found, key=lambda each: each[0])]


@dataclass(frozen=True)
class Rates:
    """The rates that convert other units to updates: each is a positive number, or None if not known.

    `accumulate` is the number of the log's steps (micro-batches) that make one update.

    >>> Rates(updates_per_epoch=391).updates_per_epoch
    391
    """

    updates_per_epoch: float | None = None
    samples_per_update: float | None = None
    tokens_per_update: float | None = None
    accumulate: int | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            whole = field.name == "accumulate"
            kinds = (int,) if whole else (int, float)
            if value is not None and (type(value) not in kinds or not (math.isfinite(value) and value > 0)):
                allowed = "1, 2, 3, ..." if whole else "a number above 0"
                raise LrlabTypeError(worded(field.name, value, allowed, f"{field.name}={_EXAMPLES[field.name]}"))


_EXAMPLES = {"updates_per_epoch": 391, "samples_per_update": 256, "tokens_per_update": 524288, "accumulate": 4}
