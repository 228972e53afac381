"""Weight averaging: a moving average of a model's state, which replaces that state during an evaluation.

It uses no framework: a model is any object with `state_dict` and `load_state_dict`, and its state is a mapping of
numbers and arrays. It is the alternative to every decay: a constant LR with averaged weights needs no schedule.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Protocol

from lrlab.errors import LrlabError, worded


class Stateful(Protocol):
    """What the lab requires of a model, an optimizer or a sampler."""

    def state_dict(self) -> Mapping[str, Any]: ...
    def load_state_dict(self, state: Any, /) -> Any: ...


class WeightAverage:
    """The exponential moving average of a model's state over its updates.

    after update n:  average = average + (1 - d) * (state - average),  d = min(1 - 1/window, n / (n + 9))

    `window` is the memory in updates. The second term of d makes the average follow quickly at first, so that it
    forgets the initial weights. Floating-point entries are averaged; others, such as counters, are copied.

    Polyak and Juditsky, Acceleration of stochastic approximation by averaging, 1992.

    >>> class Scalar:
    ...     w = 0.0
    ...     def state_dict(self): return {"w": self.w}
    ...     def load_state_dict(self, state): self.w = state["w"]
    >>> model = Scalar(); average = WeightAverage(model, window=2)
    >>> model.w = 1.0; average.update(); model.w = 3.0; average.update()
    >>> average.swap_in(); inside = model.w; average.swap_out(); round(inside, 3), model.w
    (2.618, 3.0)
    """

    def __init__(self, model: Stateful, window: float) -> None:
        self._model = model
        self._longest = 1 - 1 / max(1.0, window)
        self._updates = 0
        self._average = _copied(model)
        self._live: dict[str, Any] | None = None

    def update(self) -> None:
        """Add the state after one more update to the average."""
        self._updates += 1
        weight = 1 - min(self._longest, self._updates / (self._updates + 9))
        for name, value in self._model.state_dict().items():
            if is_floating(value):
                self._average[name] = self._average[name] + weight * (value - self._average[name])
            else:
                self._average[name] = copy.deepcopy(value)

    def swap_in(self) -> None:
        """Put the average into the model and set the trained state aside; a second call does nothing."""
        if self._live is None:
            self._live = _copied(self._model)
            self._model.load_state_dict(self._average)

    def swap_out(self) -> None:
        """Put the trained state back; without an earlier `swap_in` it does nothing.

        Raises `LrlabError` if the model was trained in between, because that update would be lost.
        """
        if self._live is None:
            return
        now = self._model.state_dict()
        changed = [name for name, value in self._average.items() if not same(now[name], value)]
        if changed:
            raise LrlabError(
                worded(
                    "the model changed while its averaged weights were being evaluated",
                    changed,
                    "between run.eval_now and run.report: evaluation only, in the model's evaluation mode",
                    "opt.step() first; then  if run.eval_now: run.report(val_loss=evaluate(model))",
                )
            )
        self._model.load_state_dict(self._live)
        self._live = None

    def state_dict(self) -> dict[str, Any]:
        """The average and how many updates are in it."""
        return {"updates": self._updates, "average": self._average}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from the result of `state_dict`."""
        self._updates, self._average = state["updates"], dict(state["average"])


def is_floating(value: object) -> bool:
    """Whether an entry of a state can be averaged: a float, or an array of floats from any library."""
    return isinstance(value, float) or "float" in str(getattr(value, "dtype", ""))


def same(a: Any, b: Any) -> bool:
    """Whether two entries are equal; NaN equals NaN."""
    equal = (a == b) | ((a != a) & (b != b)) if is_floating(a) else a == b
    return bool(equal.all() if hasattr(equal, "all") else equal)


def _copied(model: Stateful) -> dict[str, Any]:
    return {name: copy.deepcopy(value) for name, value in model.state_dict().items()}
