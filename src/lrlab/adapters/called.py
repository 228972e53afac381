"""Readable errors for calls that do not fit: a PyTorch or Transformers name for an argument, one too many, none at
all."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from lrlab.errors import LrlabTypeError, nearest, worded

# What says elsewhere how long a training is, and how it begins.
_LENGTH = {"T_max", "total_iters", "total_steps", "num_training_steps", "decay_steps", "max_steps", "steps", "epochs"}
_WARMUP = {"num_warmup_steps", "warmup_steps", "warmup_ratio", "warmup"}

_P = ParamSpec("_P")
_R = TypeVar("_R")


def called(name: str, example: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Wrap a function so that a call that does not fit raises an `LrlabTypeError` that names the arguments and shows a
    call.

    >>> @called("halve", "halve(0.1)")
    ... def halve(rate): return rate / 2
    >>> halve(0.1, 10)
    Traceback (most recent call last):
        ...
    lrlab.errors.LrlabTypeError: halve: too many positional arguments: 0.1, 10
      allowed: rate
      try:     halve(0.1)
    """

    def mark(function: Callable[_P, _R]) -> Callable[_P, _R]:
        signature = inspect.signature(function)
        known = [parameter for parameter in signature.parameters if parameter != "self"]

        @functools.wraps(function)
        def made(*given: _P.args, **named: _P.kwargs) -> _R:
            try:
                signature.bind(*given, **named)
            except TypeError as error:
                foreign = next((word for word in named if word not in known), "")
                what = f"{name}: {error}"
                if "too many" in str(error):
                    of_self = len(signature.parameters) - len(known)
                    what += f": {', '.join(map(_shown, given[of_self:]))}"
                allowed = ", ".join(word for word in known if word != "arguments")
                hint = _ours(foreign, known) or example
                told = {foreign: named[foreign]} if foreign else None
                raise LrlabTypeError(worded(what, told, allowed, hint)) from None
            return function(*given, **named)

        return made

    return mark


def _shown(value: object) -> str:
    """A value that fits on one line as it is; any other by its type."""
    return repr(value) if isinstance(value, bool | int | float | str | None) else f"a {type(value).__name__}"


def _ours(foreign: str, known: list[str]) -> str:
    """What another library's argument is called here; empty if there is nothing like it."""
    if foreign in _LENGTH:
        return "horizon=, the number of updates of the training"
    if foreign in _WARMUP:
        return "warmup(500) >> ..., in the schedule"
    near = nearest(foreign, known) if foreign else ""
    return f"{near}=" if near else ""
