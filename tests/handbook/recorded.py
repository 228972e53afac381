"""The learning rate of every update that a script makes, whatever framework it is written in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def torch_rates() -> Iterator[list[list[float]]]:
    """The LRs of all groups, at every step of any optimizer of PyTorch."""
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    rates: list[list[float]] = []

    def note(optimizer: Any, *_: Any) -> None:
        rates.append([float(group["lr"]) for group in optimizer.param_groups])

    hook = register_optimizer_step_pre_hook(note)
    try:
        yield rates
    finally:
        hook.remove()


@contextmanager
def keras_rates() -> Iterator[list[list[float]]]:
    """The LR of every update of any optimizer of Keras; its back end must not compile the step."""
    import keras

    rates: list[list[float]] = []
    theirs = keras.optimizers.Optimizer.apply

    def apply(self: Any, *given: Any, **more: Any) -> Any:
        rates.append([float(self.learning_rate)])
        return theirs(self, *given, **more)

    keras.optimizers.Optimizer.apply = apply
    try:
        yield rates
    finally:
        keras.optimizers.Optimizer.apply = theirs


@contextmanager
def rates_of(code: str) -> Iterator[list[list[float]]]:
    """The LRs of a script, by the framework that it imports; of Optax none: there a schedule is a function."""
    if "import keras" in code:
        with keras_rates() as rates:
            yield rates
    elif "import torch" in code or ("torch" in sys.modules and "lightning" in code):
        with torch_rates() as rates:
            yield rates
    else:
        yield []
