"""The question to a law, the LR of every update, and its answer, a prediction."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Protocol, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrlab.analysis.forecast.doubts import Seen
from lrlab.analysis.forecast.fit import Fitted
from lrlab.analysis.forecast.laws import Scale
from lrlab.core.expression.node import Schedule
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, worded
from lrlab.record.logs.log import numbers
from lrlab.shown import Shown

Floats = NDArray[np.float64]
ScheduleLike = Schedule | str | ArrayLike


class Final(TypedDict):
    """The loss after the last update, with its interval."""

    loss: float
    low: float
    high: float


class PredictionRecord(TypedDict):
    """The loss after every update of a run, with its interval, and what speaks against it."""

    schedule: str
    final: Final
    level: float
    warnings: list[str]
    loss: list[float]
    low: list[float]
    high: list[float]


@dataclass(frozen=True, eq=False)
class Prediction(Shown):
    """Loss after every update of a run, shape (updates,), with its interval and what speaks against it."""

    schedule: str
    loss: Floats
    low: Floats
    high: Floats
    level: float
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        """Its end."""
        loss, low, high = self.final
        between = f"{100 * self.level:g}%: {low:.4f} to {high:.4f}"
        return f"{self.schedule}: loss {loss:.4f} after {len(self.loss)} updates ({between})"

    @property
    def final(self) -> tuple[float, float, float]:
        """(loss, low, high) after the last update."""
        return float(self.loss[-1]), float(self.low[-1]), float(self.high[-1])

    @property
    def end(self) -> Final:
        """The same by name."""
        loss, low, high = self.final
        return {"loss": loss, "low": low, "high": high}

    def record(self) -> PredictionRecord:
        """The whole curve as plain JSON values, and its final loss."""
        return {
            "schedule": self.schedule,
            "final": self.end,
            "level": self.level,
            "warnings": list(self.warnings),
            "loss": self.loss.tolist(),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
        }


class FittedLaw(Protocol):
    """A law with its parameters, as seen by code that asks it for predictions."""

    @property
    def name(self) -> str: ...
    @property
    def fits(self) -> tuple[Fitted, ...]: ...
    @property
    def scale(self) -> Scale: ...
    @property
    def known(self) -> Seen: ...
    @property
    def unexplained(self) -> float: ...
    @property
    def holds(self) -> bool: ...
    def around(self, peak: float) -> Fitted: ...
    def predict(self, schedule: ScheduleLike, *, level: float = ...) -> Prediction: ...
    def difference(self, first: Floats, second: Floats, level: float = ...) -> tuple[float, float, float]: ...


def learning_rates(schedule: ScheduleLike, base_lr: float | None, horizon: int | None) -> Floats:
    """The LR of every update (updates,), from a schedule over a horizon or from such an array, which is absolute.

    Raises `LrlabError` if they are not LRs, if losses decide over them, or if `horizon` is missing or differs.

    >>> learning_rates("linear()", 0.1, 4)
    array([0.1  , 0.075, 0.05 , 0.025])
    """
    if base_lr is not None and not (isinstance(base_lr, Real) and 0 < base_lr < np.inf):
        raise LrlabError(worded("base_lr", base_lr, "a positive number", "base_lr=3e-4"))
    if isinstance(schedule, str):
        schedule = parse(schedule)
    if isinstance(schedule, Schedule):
        if horizon is None:
            raise LrlabError(worded("how long is the run?", str(schedule), "horizon= in updates", "horizon=10_000"))
        curve = schedule.over(horizon)
        if curve.controllers:
            told = "its LR depends on losses that are not there yet"
            raise LrlabError(worded(told, str(schedule), "a schedule without feedback, or the LR of every update"))
        lrs = curve.lr(1.0 if base_lr is None else base_lr)
    else:
        lrs = numbers(schedule, "lrs")
        if horizon is not None and horizon != len(lrs):
            raise LrlabError(worded("horizon and the number of LRs differ", f"{horizon} and {len(lrs)}"))
    if not len(lrs) or not np.isfinite(lrs).all() or lrs.min() < 0 or lrs.max() <= 0:
        raise LrlabError(worded("LRs must be finite, not negative, and not all 0", lrs[:3].tolist()))
    return lrs


def spoken(schedule: ScheduleLike) -> str:
    """How a prediction names its schedule.

    >>> spoken(np.ones(100))
    '100 learning rates'
    """
    if isinstance(schedule, Schedule | str):
        return str(schedule)
    return f"{np.size(schedule)} learning rates"
