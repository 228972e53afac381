"""The optimizers of a Keras model: which one is meant, how many updates it has made, and its LR."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from lrlab.errors import LrlabError, nearest, worded

SKIPS = 32  # updates in a row that a loss scale may skip: after as many halvings 2**15 is nothing


def optimizers(model: Any) -> dict[str, Any]:
    """The optimizers of a model, by attribute; in a list or a dict by place: `optimizers[0]`."""
    found: dict[int, tuple[str, Any]] = {}
    for name, held in vars(model).items():
        if not name.startswith("_"):
            for place, value in _within(name, held):
                if isinstance(value, keras.optimizers.Optimizer):
                    found.setdefault(id(value), (place, value))
    return dict(found.values())


def chosen(model: Any, which: Any) -> Any:
    """The optimizer to drive: given by the name of the model's attribute, as itself, or as None for the only one.

    Raises `LrlabError` if it is not there, if there are several and none was named, and if it has no plain LR.
    """
    held = optimizers(model)
    names = ", ".join(held) or "none"
    if which is None and len(held) > 1:
        hint = f'SchedulerCallback(..., optimizer="{list(held)[-1]}"), and a callback for each that has a schedule'
        raise LrlabError(worded("the model has several optimizers, and none was named", names, hint=hint))
    found = model.optimizer if which is None else held.get(which) if isinstance(which, str) else which
    if not isinstance(found, keras.optimizers.Optimizer):
        near = nearest(which, held) if isinstance(which, str) else ""
        hint = f'optimizer="{near or next(iter(held), "optimizer")}"'
        raise LrlabError(worded("the model has no such optimizer", which, names, hint))
    if hasattr(found, "optimizers") or not hasattr(found.learning_rate, "assign"):
        raise LrlabError(
            worded(
                "SchedulerCallback writes the LR of one optimizer that has a plain one",
                type(found).__name__,
                hint="model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.1), ...)",
            )
        )
    return found


def updates(optimizer: Any) -> int:
    """How many updates it has completed; in older versions a LossScaleOptimizer leaves that to the one it wraps."""
    return int(number(getattr(optimizer, "inner_optimizer", optimizer).iterations))


def rate(optimizer: Any) -> float:
    """The LR that it has, as it keeps it."""
    return number(optimizer.learning_rate)


def kept(optimizer: Any, lr: float) -> float:
    """An LR as the optimizer's variable stores it: float32, or what `keras.config.set_floatx()` said."""
    return number(keras.ops.convert_to_tensor(lr, dtype=optimizer.learning_rate.dtype))


def between_updates(optimizer: Any) -> int:
    """The most batches without an update: while gradients accumulate, or a loss scale is being found."""
    accumulated = getattr(optimizer, "gradient_accumulation_steps", None) or 1
    return accumulated * (SKIPS if isinstance(optimizer, keras.optimizers.LossScaleOptimizer) else 1)


def number(variable: Any) -> float:
    """The value of a variable."""
    return float(keras.ops.convert_to_tensor(variable))


def typed(stored: float) -> float:
    """A number as it was typed: 0.1, not the nearest float32.

    >>> typed(0.10000000149011612)
    0.1
    """
    return float(str(np.float32(stored))) if np.float32(stored) == stored else stored


def _within(name: str, held: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(held, (list, tuple)):
        yield from ((f"{name}[{k}]", value) for k, value in enumerate(held))
    elif isinstance(held, Mapping):
        yield from ((f"{name}[{key!r}]", value) for key, value in held.items())
    else:
        yield name, held
