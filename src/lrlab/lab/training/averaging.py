"""Weight averaging: an average of a model's state over its updates, which replaces that state during an evaluation.

It uses no framework: a model is any object with `state_dict` and `load_state_dict`, and its state is a mapping of
numbers and arrays. It is the alternative to every decay: a constant LR with averaged weights needs no schedule.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Protocol

from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.average import EVERY, Average
from lrlab.lab.arms.merging import factors

_COARSE = re.compile(r"float(?:4|6|8|16)(?!\d)")  # bfloat16, float8_e4m3fn ...


class Stateful(Protocol):
    """What the lab requires of a model, an optimizer or a sampler."""

    def state_dict(self) -> Mapping[str, Any]: ...
    def load_state_dict(self, state: Any, /) -> Any: ...


class WeightAverage:
    """An average of a model's state over its updates, after update n of so many:

    EMA   average += (1 - d) * (state - average),  d = min(1 - 1/window, n / (n + 9))
    SWA   the mean of the states after every update of the last `window`; before them the state itself
    LAWA  the mean of the latest `states` of the states after every 5 % of the run; before the first the state itself
    merge average += w * (state - the state before),  w = the decay in this update (see `lrlab.lab.arms.merging`)

    `window` is in updates. The second term of d makes the average follow quickly at first, so that it forgets the
    initial weights. Floating-point entries are averaged; others, such as counters, are copied. Raises `LrlabError` for
    complex entries, and for those of 16 bits or fewer, in which the average would stand still (but LAWA).

    EMA: Polyak and Juditsky, Acceleration of stochastic approximation by averaging, 1992. SWA: Izmailov et al., 2018,
    arXiv:1803.05407. LAWA: Kaddour, 2022, arXiv:2209.14981.

    >>> class Scalar:
    ...     w = 0.0
    ...     def state_dict(self): return {"w": self.w}
    ...     def load_state_dict(self, state): self.w = state["w"]
    >>> model = Scalar(); average = WeightAverage(model, Average("ema", 1.0), updates=2)
    >>> model.w = 1.0; average.update(); model.w = 3.0; average.update()
    >>> average.swap_in(); inside = model.w; average.swap_out(); round(inside, 3), model.w
    (2.618, 3.0)
    """

    def __init__(self, model: Stateful, kind: Average, updates: int) -> None:
        self._model, self._kind = model, kind
        self._window = kind.amount * updates  # of lawa, that many states
        self._first = updates - max(1, round(self._window))  # swa: the updates before the window
        self._every = max(1, round(EVERY * updates))
        self._updates = 0
        self._average = _copied(model)
        _refuse_coarse(self._average, kind)
        self._held: list[dict[str, Any]] = []  # lawa: the latest states, the oldest first
        self._decay = factors(parse(kind.decay), updates) if kind.name == "merge" else None
        self._before: dict[str, Any] = {}  # merge: the state after the last update, as soon as the decay has begun
        self._live: dict[str, Any] | None = None

    @property
    def inside(self) -> bool:
        """Whether the model holds the average now."""
        return self._live is not None

    def update(self) -> None:
        """Add the state after one more update to the average."""
        self._updates += 1
        if self._kind.name == "lawa":
            self._take()
            return
        if self._decay is not None:
            self._merge(float(self._decay[self._updates - 1]))
            return
        weight = self._weight()
        for name, value in self._model.state_dict().items():
            if is_floating(value) and weight < 1:
                self._average[name] = self._average[name] + weight * (value - self._average[name])
            else:
                self._average[name] = copy.deepcopy(value)

    def _weight(self) -> float:
        """How much the newest state counts."""
        if self._kind.name == "swa":
            return 1.0 / max(1, self._updates - self._first)
        return 1 - min(1 - 1 / max(1.0, self._window), self._updates / (self._updates + 9))

    def _merge(self, factor: float) -> None:
        state = _copied(self._model)
        if factor == 1 and not self._before:
            self._average = state
            return
        before = self._before or self._average
        self._average = {
            name: self._average[name] + factor * (value - before[name]) if is_floating(value) else value
            for name, value in state.items()
        }
        self._before = state

    def _take(self) -> None:
        if self._updates % self._every == 0:
            self._held = [*self._held, _copied(self._model)][-int(self._kind.amount) :]
        elif self._held:
            return
        states = self._held or [_copied(self._model)]
        self._average = {
            name: sum(state[name] for state in states) / len(states) if is_floating(value) else value
            for name, value in states[-1].items()
        }

    def swap_in(self) -> None:
        """Put the average into the model and set the trained state aside; a second call does nothing."""
        if self._live is None:
            self._live = _copied(self._model)
            self._model.load_state_dict(self._average)

    def judged(self) -> None:
        """Put the trained state back after an evaluation. Raises `LrlabError` where that was none of the average."""
        if self._live is None:
            raise LrlabError(
                worded(
                    "this arm is judged by averaged weights, which the model holds after run.eval_now alone",
                    None,
                    "a loop that evaluates between run.eval_now and run.report, which model.fit of Keras does not",
                    "if run.eval_now: run.report(...)",
                )
            )
        self.swap_out()

    def swap_out(self) -> None:
        """Put the trained state back; without an earlier `swap_in` it does nothing.

        Raises `LrlabError` if the model was trained in between, because that update would be lost.
        """
        if self._live is None:
            return
        now = self._model.state_dict()
        # Running statistics, such as those of BatchNorm, may have been recomputed for the average.
        beside = {name for name, _ in getattr(self._model, "named_buffers", tuple)()}
        changed = [name for name, value in self._average.items() if name not in beside and not same(now[name], value)]
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
        """The average, how many updates are in it, and the states that it is made of."""
        held = {"held": list(self._held)} if self._kind.name == "lawa" else {}
        before = {"before": self._before} if self._before else {}
        return {"updates": self._updates, "average": self._average, **held, **before}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from the result of `state_dict`."""
        self._updates, self._average = state["updates"], dict(state["average"])
        self._held = [dict(each) for each in state.get("held", ())]
        self._before = dict(state.get("before", {}))


def is_floating(value: object) -> bool:
    """Whether an entry of a state can be averaged: a float, or an array of floats from any library."""
    return isinstance(value, float) or "float" in str(getattr(value, "dtype", ""))


def same(a: Any, b: Any) -> bool:
    """Whether two entries are equal; NaN equals NaN."""
    equal = (a == b) | ((a != a) & (b != b)) if is_floating(a) else a == b
    return bool(equal.all() if hasattr(equal, "all") else equal)


def _refuse_coarse(state: Mapping[str, Any], kind: Average) -> None:
    """Raise `LrlabError` for entries of which no average is made, or whose average in their own type stands still: what
    one state adds to it is lost in rounding. LAWA is the mean of a few whole states."""
    for name, value in state.items():
        dtype = str(getattr(value, "dtype", ""))
        if "complex" in dtype:
            raise LrlabError(worded("complex weights are not averaged", f"{name}: {dtype}", "real ones"))
        if kind.name != "lawa" and _COARSE.search(dtype):
            raise LrlabError(
                worded(
                    "weights of so few bits are not averaged: what one state adds is lost in rounding",
                    f"{name}: {dtype}",
                    "weights of 32 bits, as autocast trains them, or lawa 5",
                )
            )


def _copied(model: Stateful) -> dict[str, Any]:
    return {name: copy.deepcopy(value) for name, value in model.state_dict().items()}
