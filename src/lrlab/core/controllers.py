"""Feedback: schedules whose factor depends on what is observed. Their open-loop value is 1.

    s = warmup("5%") >> cosine() * plateau(patience=5)

A controller is frozen configuration; its state is a small named record that goes in and comes out:

    controller = plateau()
    state = controller.init()
    state = controller.observe(state, {"val_loss": 2.31}, update=1000)
    controller.factor(state)

The state holds plain numbers and words only, so it is JSON. `event` says what the last observation did ("" for
nothing), `cause` with which numbers: whoever drives the controller logs it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from fractions import Fraction
from typing import Any, NamedTuple, Protocol, TypeVar, dataclass_transform

from lrlab.core.fields import Count, Mode, NotNegative, NotNegativeCount, OptionalName, Share
from lrlab.core.maths import Value
from lrlab.core.schedule import Clock, Schedule, Window
from lrlab.core.vocabulary import argument, shape
from lrlab.errors import LrlabError, worded


class State(Protocol):
    """What every controller's state offers beside its own fields; a NamedTuple of plain numbers and words."""

    @property
    def event(self) -> str: ...
    @property
    def cause(self) -> str: ...
    def _asdict(self) -> dict[str, Any]: ...


@dataclass_transform(frozen_default=True)
@dataclass(frozen=True, repr=False)
class Controller(Schedule):
    """Abstract: `init() -> state`, `observe(state, metrics, update) -> state`, `factor(state) -> float`.

    `metric` is the name of the observation it listens to (None: only what comes without a name), `name` the key of
    its state in a checkpoint (None: its kind and ordinal).
    """

    _: KW_ONLY
    metric: OptionalName = None
    name: OptionalName = None

    neutral = True

    def init(self) -> State:
        """The state before anything was observed."""
        raise NotImplementedError

    def observe(self, state: Any, metrics: float | Mapping[str, float], update: int) -> State:
        """The state after an observation made when `update` updates were completed.

        `metrics` is one number, or numbers by name; where the metric it listens to is not among them, the state
        stays as it is.
        """
        reading = metrics.get(self.metric or "") if isinstance(metrics, Mapping) else metrics
        return state if reading is None else self.decide(state, float(reading), update)

    def decide(self, state: Any, metric: float, update: int) -> State:
        """The state after one more value of its metric."""
        raise NotImplementedError

    def factor(self, state: Any) -> float:
        """What the schedule around it is multiplied by now."""
        raise NotImplementedError

    def restore(self, record: Mapping[str, Any]) -> State:
        """The state from its JSON record (`state._asdict()`). Raises `LrlabError` where it is none."""
        raise NotImplementedError

    def _length(self, clock: Clock) -> Fraction | None:
        return None

    def _compile(self, window: Window) -> Value:
        index = len(window.controllers)
        stop = None if window.length is None else window.start + window.length
        window.controllers.append((self, window.start, stop))
        return lambda t, m: m.factors[index]


_State = TypeVar("_State", bound=State)


def restored(kind: Callable[..., _State], record: Mapping[str, Any], controller: Controller) -> _State:
    """A state from its JSON record: every field there, of the type that the fresh state's field has."""
    fresh = kind()._asdict()
    wrong = sorted(set(record) ^ set(fresh)) or [
        name for name, default in fresh.items() if not _like(record[name], default)
    ]
    if wrong:
        raise LrlabError(
            worded(
                f"this is no state of {controller}: {', '.join(map(str, wrong))}",
                dict(record),
                ", ".join(fresh),
            )
        )
    return kind(**record)


def _like(value: object, default: object) -> bool:
    """Whether a recorded value has the type of the fresh one; None stands for a number that is not there yet."""
    if default is None:
        return value is None or _like(value, 0.0)
    if isinstance(default, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is type(default)


class PlateauState(NamedTuple):
    """`best` None: nothing was observed yet; `bad`: observations in a row that did not improve on it."""

    best: float | None = None
    bad: int = 0
    cooldown: int = 0
    factor: float = 1.0
    observed: int = 0
    event: str = ""
    cause: str = ""


@shape
class plateau(Controller):
    """Cut the LR when a metric stops improving.

    value = factor ** cuts

    After `patience` observations in a row that are not better than the best by `threshold` * |best|, everything it
    multiplies is cut by `factor`, but never below `min` in all. For `cooldown` observations after a cut none counts
    as bad. An observation that is not finite is an event of its own ('nan'): it changes nothing else.

    >>> from lrlab import *
    >>> p = plateau(factor=0.5, patience=2)
    >>> state = p.init()
    >>> for loss in (1.0, 1.0, 1.0): state = p.observe(state, loss, 0)
    >>> p.factor(state), state.cause
    (0.5, '2 observations without improvement on 1')

    Units: `patience` and `cooldown` count observations, `factor` and `min` are multiples. PyTorch's
    ReduceLROnPlateau(patience=k) cuts one observation later, at k + 1.
    """

    _: KW_ONLY
    cut: Share = argument(default=0.1, alias="factor")
    patience: Count = 10
    mode: Mode = "min"
    threshold: NotNegative = 1e-4
    cooldown: NotNegativeCount = 0
    min: NotNegative = 0.0

    def init(self) -> PlateauState:
        return PlateauState()

    def factor(self, state: PlateauState) -> float:
        return state.factor

    def restore(self, record: Mapping[str, Any]) -> PlateauState:
        return restored(PlateauState, record, self)

    def decide(self, state: PlateauState, metric: float, update: int) -> PlateauState:
        state = state._replace(observed=state.observed + 1, event="", cause="")
        if not math.isfinite(metric):
            return state._replace(event="nan", cause=f"the observation is {metric}")
        bad, cooldown, best = state.bad, state.cooldown, state.best
        if best is None or self._improves(metric, best):
            best, bad = metric, 0
        else:
            bad += 1
        if cooldown > 0:
            cooldown, bad = cooldown - 1, 0
        state = state._replace(best=best, bad=bad, cooldown=cooldown)
        if bad < self.patience:
            return state
        state = state._replace(bad=0, cooldown=self.cooldown)
        least = max(state.factor * self.cut, min(self.min, state.factor))
        if least == state.factor:
            return state  # already at its floor
        cause = f"{bad} observations without improvement on {best:.6g}"
        return state._replace(factor=least, event="cut", cause=cause)

    def _improves(self, metric: float, best: float) -> bool:
        margin = self.threshold * abs(best)  # |best|: a negative metric must not turn the margin round
        return metric < best - margin if self.mode == "min" else metric > best + margin

    def words(self) -> str:
        return f"is cut by {self.cut:g} after {self.patience} observations without improvement"
