"""Decay now, or train on and decay later? Two branches of one trunk, predicted by one law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.forecast.curves import Final, FittedLaw, Prediction, ScheduleLike, learning_rates
from lrlab.errors import LrlabError, worded

Floats = NDArray[np.float64]


Advice = Literal["train on", "decay now", "undecided"]


class EndRecord(TypedDict):
    """How one branch ends."""

    updates: int
    final: Final
    warnings: list[str]


class BranchRecord(TypedDict):
    """Two branches from update `at`: decay now, or train on and decay at the end; what further updates buy."""

    at: int
    decay: int
    level: float
    now: EndRecord
    later: EndRecord
    further: int
    gain: float
    gain_low: float
    gain_high: float
    gain_per_update: float
    advice: Advice
    sentence: str


@dataclass(frozen=True, eq=False)
class BranchForecast:
    """The two ends of a trunk: `now` decays after `at` updates, `later` so that it ends at the horizon."""

    at: int
    decay: int
    now: Prediction
    later: Prediction
    gain_low: float
    gain_high: float

    @property
    def further(self) -> int:
        """Updates that training on costs more."""
        return len(self.later.loss) - len(self.now.loss)

    @property
    def gain(self) -> float:
        """Predicted fall of the final loss by training on."""
        return self.now.final[0] - self.later.final[0]

    @property
    def gain_per_update(self) -> float:
        """Predicted fall of the final loss for each of the further updates."""
        return self.gain / self.further

    @property
    def advice(self) -> Advice:
        """ "train on" or "decay now" (training on buys nothing), or "undecided" where the gain may be either way."""
        if self.gain_low <= 0 <= self.gain_high:
            return "undecided"
        return "train on" if self.gain > 0 else "decay now"

    @property
    def sentence(self) -> str:
        """The gain and its price, in a sentence."""
        now, later = (f"after {len(p.loss)} updates at {_interval(p)}" for p in (self.now, self.later))
        trade = (
            f"Decaying now ends {now}; training on ends {later}: {self.further} further updates "
            f"{'lower' if self.gain > 0 else 'raise'} the final loss by {abs(self.gain):.4f} "
            f"(between {self.gain_low:.4f} and {self.gain_high:.4f} with {100 * self.now.level:g}%), that is "
            f"{1000 * abs(self.gain_per_update):.4f} per 1000."
        )
        verdict = {
            "undecided": "Undecided: the difference may be either way.",
            "train on": "Training on lowers the loss; whether it is worth its price is yours to say.",
            "decay now": "Decay now: training on buys nothing.",
        }
        return f"{trade} {verdict[self.advice]}"

    def record(self) -> BranchRecord:
        """Both ends, the price and the gain as plain JSON values."""
        return {
            "at": self.at,
            "decay": self.decay,
            "level": self.now.level,
            "now": _end(self.now),
            "later": _end(self.later),
            "further": self.further,
            "gain": self.gain,
            "gain_low": self.gain_low,
            "gain_high": self.gain_high,
            "gain_per_update": self.gain_per_update,
            "advice": self.advice,
            "sentence": self.sentence,
        }


def _end(branch: Prediction) -> EndRecord:
    return {"updates": len(branch.loss), "final": branch.end, "warnings": list(branch.warnings)}


def branch(
    law: FittedLaw,
    schedule: ScheduleLike,
    *,
    at: int,
    decay: int,
    base_lr: float | None = None,
    horizon: int | None = None,
    shape: ScheduleLike = "linear()",
    level: float = 0.9,
) -> BranchForecast:
    """Predict a run that follows `schedule` and decays after `at` updates, against one that decays at the end.

    Both follow the trunk `schedule` (a schedule with its horizon, or the LR of every update, (horizon,)) and then take
    the LR there times `shape` over `decay` updates:
    `now` ends after `at + decay` updates, `later` after `horizon`.

    Raises `LrlabError` unless 1 <= at and at + decay < horizon, and where `shape` is not a decay from 1.

    >>> from lrlab.analysis.forecast.law import Law
    >>> momentum = {"alpha": 0.5, "log_memory": 6.2, "floor": 2.5, "progress": 0.5, "noise": 0.4}
    >>> law = Law.from_parameters("momentum", momentum, peak=1e-3, horizon=8000)
    >>> found = branch(law, "constant()", at=2000, decay=400, base_lr=1e-3, horizon=8000)
    >>> found.advice, found.further, len(found.now.loss)
    ('train on', 5600, 2400)
    """
    trunk = learning_rates(schedule, base_lr, horizon)
    if not (isinstance(at, int) and isinstance(decay, int)) or min(at, decay) < 1 or at + decay >= len(trunk):
        raise LrlabError(
            worded(
                "both branches must fit",
                f"at={at}, decay={decay}",
                f"whole numbers of at least 1, their sum below {len(trunk)}",
            )
        )
    fall = learning_rates(shape, None, decay)
    if abs(fall[0] - 1.0) > 1e-9 or (np.diff(fall) > 0).any():
        raise LrlabError(
            worded("shape is not a decay", str(shape), "a schedule that begins at 1 and falls", "linear()")
        )
    first, last = (_decayed(trunk, start, fall) for start in (at, len(trunk) - decay))
    _, low, high = law.difference(first, last, level)
    return BranchForecast(at, decay, law.predict(first, level=level), law.predict(last, level=level), low, high)


def _decayed(trunk: Floats, start: int, fall: Floats) -> Floats:
    """The trunk up to `start`, and from the LR that it would have had there the decay."""
    return np.append(trunk[:start], trunk[start] * fall)


def _interval(prediction: Prediction) -> str:
    loss, low, high = prediction.final
    return f"{loss:.4f} ({low:.4f} ... {high:.4f})"
