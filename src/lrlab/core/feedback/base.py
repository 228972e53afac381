"""Feedback: schedules whose factor depends on what is observed. Their open-loop value is 1.

    s = warmup("5%") >> cosine() * plateau(patience=5)

A controller is frozen configuration; its state is a small record that is passed in and returned:

    controller = plateau()
    state = controller.init()
    state = controller.observe(state, {"val_loss": 2.31}, update=1000)
    controller.factor(state)

The state holds only plain numbers and words, so it is JSON. `event` says what the last observation did ("" for nothing)
and `cause` with which numbers; whatever drives the controller logs them. The event "stop" asks it to end the run.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from fractions import Fraction
from typing import Any, ClassVar, Protocol, TypeVar, dataclass_transform

from lrlab.core.expression.fields import OptionalName
from lrlab.core.expression.maths import Value
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import argument
from lrlab.core.shapes.base import constant
from lrlab.core.time.layout import TimeBase, Window
from lrlab.errors import LrlabError, worded


class State(Protocol):
    """What the state of every controller has besides its own fields; a NamedTuple of plain numbers and words.

    `observed` counts the observations taken; `event` and `cause` belong to the last one.
    """

    @property
    def observed(self) -> int: ...
    @property
    def event(self) -> str: ...
    @property
    def cause(self) -> str: ...
    def _asdict(self) -> dict[str, Any]: ...
    @property
    def _replace(self) -> Callable[..., "State"]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field, argument))
@dataclass(frozen=True, repr=False)
class Controller(Schedule):
    """Abstract: `init() -> state`, `observe(state, metrics, update) -> state`, `factor(state) -> float`.

    A new kind defines its state in `state_type`, a NamedTuple whose defaults are the state before any observation, and
    in `decide` what it does with a value.

    `metric` is the name of the observation that it listens to (None: only one without a name), `name` the key of its
    state in a checkpoint (None: its kind and number).
    """

    _: KW_ONLY
    metric: OptionalName = None
    name: OptionalName = None

    neutral = True
    survives = False  # whether it keeps its state when a run goes back to a snapshot
    state_type: ClassVar[type[State]]

    def init(self) -> State:
        """The state before anything was observed."""
        return self.state_type()

    def observe(self, state: State, metrics: float | Mapping[str, float], update: int) -> State:
        """The state after an observation made when `update` updates were completed.

        `metrics` is one number, or numbers by name; if the metric it listens to is not among them, the state stays as
        it is.
        """
        reading = metrics.get(self.metric or "") if isinstance(metrics, Mapping) else metrics
        if reading is None:
            return state
        after = self.decide(state._replace(event="", cause=""), float(reading), update)
        return after._replace(observed=state.observed + 1)

    def decide(self, state: Any, metric: float, update: int) -> State:
        """The state after one more value of its metric; `observe` counts it, and has already cleared the last event."""
        raise NotImplementedError

    def refuse_turned(self, metric: str) -> None:
        """Raise `LrlabError` if it would read a metric of this name the wrong way round; this base class has no
        direction."""

    def _check(self) -> None:
        if self.metric is not None:
            self.refuse_turned(self.metric)

    def factor(self, state: Any) -> float:
        """What the schedule around it is now multiplied by, the `factor` of its state."""
        return float(state.factor)

    def restore(self, record: Mapping[str, Any]) -> State:
        """The state from its JSON record (`state._asdict()`). Raises `LrlabError` for anything else."""
        return restored(self.state_type, record, self)

    def _length(self, clock: TimeBase) -> Fraction | None:
        return None

    def _open_loop(self) -> Schedule:
        return constant()

    def _compile(self, window: Window) -> Value:
        index = len(window.controllers)
        stop = None if window.length is None else window.start + window.length
        window.controllers.append((self, window.start, stop))
        return lambda t, m: m.factors[index]


_State = TypeVar("_State", bound=State)


def restored(kind: Callable[..., _State], record: Mapping[str, Any], controller: Controller) -> _State:
    """A state from its JSON record: every field must be there, have the type of the fresh state's field, and be
    possible.

    Numbers must be finite, and counts, the factor and a variance not negative: no LR is made of anything else.
    """
    fresh = kind()._asdict()
    wrong = sorted(set(record) ^ set(fresh)) or [
        name for name, default in fresh.items() if not (_like(record[name], default) and _possible(name, record[name]))
    ]
    if wrong:
        raise LrlabError(
            worded(
                f"this is not a state of {controller}: {', '.join(map(str, wrong))}",
                dict(record),
                ", ".join(fresh),
            )
        )
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in record.items()})


def _like(value: object, default: object) -> bool:
    """Whether a recorded value has the type of the fresh one; None stands for a number that is not there yet."""
    if default is None:
        return value is None or _like(value, 0.0)
    if isinstance(default, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if isinstance(default, tuple):  # a list of numbers, which JSON brings back as a list
        return isinstance(value, (list, tuple)) and all(_like(item, 0.0) for item in value)
    return type(value) is type(default)


def _possible(name: str, value: object) -> bool:
    """Whether a recorded number can be one."""
    if isinstance(value, (list, tuple)):
        return all(_possible(name, item) for item in value)
    if isinstance(value, int) or name in ("factor", "variance"):
        return 0 <= value < math.inf  # type: ignore[operator]
    return not isinstance(value, float) or math.isfinite(value)


def better(metric: float, best: float, mode: str, threshold: float, threshold_mode: str, margin: float = 0.0) -> bool:
    """Whether a metric is an improvement: below (mode="max": above) the best by more than the threshold.

    "rel": threshold * |best|, "abs": threshold itself, "signed": threshold * best, which for a best below 0 lets a
    worse metric pass, as PyTorch and Optax do. `margin` is asked for on top.

    >>> better(-9.9995, -10.0, "min", 1e-4, "rel"), better(-9.9995, -10.0, "min", 1e-4, "signed")
    (False, True)
    """
    down = 1.0 if mode == "min" else -1.0
    if threshold_mode == "signed":
        bar = best * (1.0 - down * threshold)
    else:
        bar = best - down * threshold * (abs(best) if threshold_mode == "rel" else 1.0)
    return down * metric < down * (bar - down * margin)
