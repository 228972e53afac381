"""Plateau: cut the LR when a metric stops improving, by the rule of any library that has one.

The rules differ in what counts as an improvement (`threshold_mode`, `margin`), in what NaN means (`nan`), in the
smallest cut (`eps`), in whether observations are averaged (`average`), and in how `patience` and `cooldown` are
counted, which the importers of `lrlab.dialects` translate.
"""

import math
from dataclasses import KW_ONLY
from typing import NamedTuple

from lrlab.core.expression.fields import (
    Count,
    Flag,
    NanRule,
    NotNegative,
    NotNegativeCount,
    OptionalMode,
    Share,
    ThresholdMode,
)
from lrlab.core.expression.vocabulary import argument, shape
from lrlab.core.feedback.base import Controller, better
from lrlab.core.feedback.direction import normal, refuse_turned
from lrlab.errors import LrlabError, worded


class PlateauState(NamedTuple):
    """`best` None: nothing was observed yet; `bad`: observations in a row that did not improve on it.

    `mean` is that of the `pending` observations that are being averaged (None: one of them was not finite).
    """

    best: float | None = None
    bad: int = 0
    cooldown: int = 0
    factor: float = 1.0
    observed: int = 0
    event: str = ""
    cause: str = ""
    mean: float | None = None
    pending: int = 0


@shape
class plateau(Controller):
    """Cut the LR when a metric stops improving.

    value = factor ** cuts

    After `patience` observations in a row that are not better than the best by `threshold` * |best|, everything it
    multiplies is cut by `factor`, but never below `min` in all. For `cooldown` observations after a cut none counts as
    bad. An observation that is not finite is only the event 'nan': it changes nothing else.

    >>> from lrlab import *
    >>> p = plateau(factor=0.5, patience=2)
    >>> state = p.init()
    >>> for loss in (1.0, 1.0, 1.0): state = p.observe(state, loss, 0)
    >>> p.factor(state), state.cause
    (0.5, '2 observations without improvement on 1')

    `threshold_mode="abs"` takes `threshold` as it is, "signed" as a share of the best with its sign; `margin` is
    required on top. With `restart=True` a cut that `min` forbids resets the factor to 1 instead, and the best is
    forgotten. Cuts of at most `eps` are not made. `average=k` takes the mean of every k observations as one.
    `nan="bad"` counts an observation that is not finite as one without improvement.

    `mode="max"`: a higher metric is better; "min": a lower one. Without it lower is better, and a metric whose name may
    mean the opposite ("val_acc", "f1", "auc") is refused.

    Units: `patience` and `cooldown` count observations (means, where they are averaged); `factor`, `min` and `eps`
    are multiples; `margin` has the unit of the metric. PyTorch's ReduceLROnPlateau(patience=k) cuts one observation
    later, at k + 1.

    Source: ReduceLROnPlateau of PyTorch and Keras.
    """

    _: KW_ONLY
    cut: Share = argument(default=0.1, alias="factor")
    patience: Count = 10
    mode: OptionalMode = None
    threshold: NotNegative = 1e-4
    threshold_mode: ThresholdMode = "rel"
    margin: NotNegative = 0.0
    cooldown: NotNegativeCount = 0
    min: NotNegative = 0.0
    eps: NotNegative = 0.0
    restart: Flag = False
    average: Count = 1
    nan: NanRule = "hold"

    state_type = PlateauState

    def _check(self) -> None:
        super()._check()
        object.__setattr__(self, "mode", normal(self.metric, self.mode))
        if self.restart and self.min == 0:
            raise LrlabError(worded("plateau: restart=True needs a floor to restart from", hint="min=0.01"))

    def refuse_turned(self, metric: str) -> None:
        refuse_turned("plateau", metric, self.mode)

    def decide(self, state: PlateauState, metric: float, update: int) -> PlateauState:
        if not math.isfinite(metric):
            state = state._replace(event="nan", cause=f"the observation is {metric}")
            if self.nan == "hold":
                return state
        if self.average == 1:
            return self._judge(state, metric)
        pending, mean = state.pending, state.mean if state.pending else 0.0
        joined = math.nan if mean is None else (pending * mean + metric) / (pending + 1)
        if pending + 1 < self.average:
            return state._replace(pending=pending + 1, mean=joined if math.isfinite(joined) else None)
        return self._judge(state._replace(pending=0, mean=None), joined)

    def _judge(self, state: PlateauState, metric: float) -> PlateauState:
        """Count one more value (or mean) as better or not, and cut after too many that were not."""
        best, bad, cooldown = state.best, state.bad + 1, state.cooldown
        if math.isfinite(metric) and (best is None or self._improves(metric, best)):
            best, bad = metric, 0
        if cooldown > 0:
            cooldown, bad = cooldown - 1, 0
        state = state._replace(best=best, bad=bad, cooldown=cooldown)
        if bad < self.patience:
            return state
        state = state._replace(bad=0, cooldown=self.cooldown)
        since = "at all" if best is None else f"on {best:.6g}"
        cause = f"{bad} observations without improvement {since}"
        least = max(state.factor * self.cut, min(self.min, state.factor))
        if state.factor - least > self.eps:
            return state._replace(factor=least, event="cut", cause=cause)
        if self.restart:
            return state._replace(factor=1.0, best=None, event="restart", cause=f"{cause}, at the least factor")
        return state  # already at its floor

    def _improves(self, metric: float, best: float) -> bool:
        return better(metric, best, self.mode or "min", self.threshold, self.threshold_mode, self.margin)

    def words(self) -> str:
        return f"is cut by {self.cut:g} after {self.patience} observations without improvement"
