"""GreedyLR: raise the LR while a metric improves, cut it while it does not."""

import math
from dataclasses import KW_ONLY
from typing import NamedTuple

from lrlab.core.expression.fields import (
    Count,
    NotNegative,
    NotNegativeCount,
    OptionalMode,
    Positive,
    Share,
    ThresholdMode,
)
from lrlab.core.expression.vocabulary import argument, shape
from lrlab.core.feedback.base import Controller, better
from lrlab.core.feedback.direction import normal, refuse_turned
from lrlab.errors import LrlabError, worded


class GreedyState(NamedTuple):
    """`good` and `bad`: observations in a row that improved on `best`, or did not; `rest`: how many more are not
    judged.

    `recent` are the last observations, which are averaged; `low` counts the cuts that were due at the least factor.
    """

    best: float | None = None
    good: int = 0
    bad: int = 0
    rest: int = 0
    low: int = 0
    factor: float = 1.0
    observed: int = 0
    event: str = ""
    cause: str = ""
    recent: tuple[float, ...] = ()


@shape
class greedy(Controller):
    """Raise the LR while a metric improves, and cut it while it does not.

    value = factor ** (cuts - raises)

    After `patience` observations in a row that improve on the best by `threshold`, everything it multiplies is divided
    by `factor`, up to `max` in all; after as many that do not, multiplied by it, down to `min`. Then `warmup` (after a
    raise) or `cooldown` (after a cut) observations are not judged. After `reset` cuts that were due at `min` it starts
    again from 1 (0: never). `window=k` judges the mean of the last k observations. One that is not finite is only the
    event 'nan': it changes nothing else. `mode` is that of `plateau`.

    >>> from lrlab import *
    >>> g = greedy(factor=0.5, patience=2)
    >>> state = g.init()
    >>> for loss in (4.0, 3.0): state = g.observe(state, loss, 0)
    >>> g.factor(state), state.cause
    (2.0, '2 observations in a row that improve, now 3')

    Paper: Subramanian, Krishnamoorthy and Murthy, Dynamic Learning Rate Scheduling based on Loss Changes Leads to
    Faster Convergence, arXiv 2512.14527 (2025): the LR is divided by F in (0, 1) where the loss fell, multiplied by
    F where it did not; `patience=1` and `threshold=0` are that rule, the rest is the authors' code. Theirs acts
    after more than `patience` observations, one later than here, and its bounds are absolute; 0.01 and 10 are theirs
    for an LR of 0.1.
    """

    _: KW_ONLY
    cut: Share = argument(default=0.95, alias="factor")
    patience: Count = 10
    mode: OptionalMode = None
    threshold: NotNegative = 1e-6
    threshold_mode: ThresholdMode = "abs"
    cooldown: NotNegativeCount = 0
    warmup: NotNegativeCount = 0
    min: Positive = 0.01
    max: Positive = 10.0
    reset: NotNegativeCount = 500
    window: Count = 1

    state_type = GreedyState

    def _check(self) -> None:
        super()._check()
        object.__setattr__(self, "mode", normal(self.metric, self.mode))
        if not self.min <= 1 <= self.max:
            raise LrlabError(worded("greedy: it begins at 1", [self.min, self.max], "min <= 1 <= max"))

    def refuse_turned(self, metric: str) -> None:
        refuse_turned("greedy", metric, self.mode)

    def decide(self, state: GreedyState, metric: float, update: int) -> GreedyState:
        if not math.isfinite(metric):
            return state._replace(event="nan", cause=f"the observation is {metric}")
        if self.window > 1:
            state = state._replace(recent=(*state.recent, metric)[-self.window :])
            metric = math.fsum(state.recent) / len(state.recent)
        if state.rest > 0:
            return state._replace(rest=state.rest - 1, good=0, bad=0)
        if state.best is None or better(metric, state.best, self.mode or "min", self.threshold, self.threshold_mode):
            state = state._replace(best=metric, good=state.good + 1, bad=0)
        else:
            state = state._replace(good=0, bad=state.bad + 1)
        if state.good >= self.patience:
            return self._raised(state)
        return self._cut(state) if state.bad >= self.patience else state

    def _raised(self, state: GreedyState) -> GreedyState:
        cause = f"{state.good} observations in a row that improve, now {state.best:.6g}"
        after = state._replace(factor=min(state.factor / self.cut, self.max), good=0, rest=self.warmup, low=0)
        return after if after.factor == state.factor else after._replace(event="raise", cause=cause)

    def _cut(self, state: GreedyState) -> GreedyState:
        cause = f"{state.bad} observations in a row without improvement on {state.best:.6g}"
        after = state._replace(factor=max(state.factor * self.cut, self.min), bad=0, rest=self.cooldown)
        if after.factor <= self.min:
            after = after._replace(low=state.low + 1)
        if 0 < self.reset <= after.low:
            cause = f"{self.reset} cuts were due at the least factor"
            return GreedyState(rest=self.cooldown, event="restart", cause=cause)
        return after if after.factor == state.factor else after._replace(event="cut", cause=cause)

    def words(self) -> str:
        return f"is divided by {self.cut:g} while the metric improves, multiplied by it while it does not"
