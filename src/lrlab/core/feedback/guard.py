"""The divergence guard: notice a spike of the loss or a NaN, cut the LR, and stop the run if that does not help."""

import math
from dataclasses import KW_ONLY
from typing import NamedTuple

from lrlab.core.expression.fields import Count, NotNegativeCount, Positive, Share
from lrlab.core.expression.vocabulary import argument, shape
from lrlab.core.feedback.base import Controller
from lrlab.core.feedback.direction import told
from lrlab.errors import LrlabError, worded


class GuardState(NamedTuple):
    """Running `mean` and `variance` of the `seen` losses that were not odd; `odd`: how many odd ones came in a row.

    `rest`: observations that are not judged yet; `calm`: those since the last rescue; `rescues`: how many there were.
    """

    mean: float = 0.0
    variance: float = 0.0
    seen: int = 0
    odd: int = 0
    rest: int = 0
    calm: int = 0
    rescues: int = 0
    factor: float = 1.0
    observed: int = 0
    event: str = ""
    cause: str = ""


@shape
class guard(Controller):
    """Cut the LR where the loss spikes or is not a number, and ask for the run to go back; give up after `tries`.

    value = factor ** (rescues - rewarmings)

    A loss is odd if it is not finite, or above both mean + `deviations` * std and mean + (`multiple` - 1) * |mean|.
    Mean and std run over about the last `window` losses that were not odd; a spike needs `after` of them. `patience`
    odd losses in a row (one, if it is not finite) are a rescue: event 'spike' or 'nan'. The next `cooldown` losses are
    checked only for being finite. With `rewarm=k` one cut is taken back after every k losses without a rescue; with 0
    cuts last. The rescue after the last of the `tries` is the event 'stop'.

    >>> from lrlab import *
    >>> p = Pacer((constant() * guard(after=3, patience=1)).over(100))
    >>> for loss in (2.0, 2.1, 1.9, 2.0, 7.5): p.observe(loss)
    >>> p.value, p.decisions[0].cause
    (0.5, 'the loss 7.5 is above 2.42426, mean 2, std 0.0707107')

    `lrlab.adapters.torch.rescue.Rescue` goes back to the last snapshot of weights and optimizer; the guard alone only
    cuts the LR. Units: losses are counted; `factor` multiplies the LR, `multiple` the mean. The recipe is that of BLOOM
    and OPT: go back, lower the LR, go on, a bounded number of times.

    Zhang et al., OPT, 2022, arXiv:2205.01068, section 2.5 (by hand).
    """

    _: KW_ONLY
    cut: Share = argument(default=0.5, alias="factor")
    deviations: Positive = 6.0
    multiple: Positive = 1.1
    window: Count = 100
    after: Count = 20
    patience: Count = 2
    cooldown: NotNegativeCount = 10
    rewarm: NotNegativeCount = 0
    tries: Count = 3

    survives = True
    state_type = GuardState

    def _check(self) -> None:
        super()._check()
        if self.multiple < 1:
            raise LrlabError(worded("guard: multiple must be at least 1, which is the mean", self.multiple))

    def refuse_turned(self, metric: str) -> None:
        if told(metric) == "max":
            raise LrlabError(
                worded("guard watches a loss, of which less is better", metric, hint='metric="train_loss"')
            )

    def decide(self, state: GuardState, metric: float, update: int) -> GuardState:
        if not math.isfinite(metric):
            return self._rescued(state, "nan", f"the loss is {metric}")
        if state.rest > 0:
            return state._replace(rest=state.rest - 1)
        bar = self._bar(state)
        if metric <= bar:
            return self._calmed(state, metric)
        if state.odd + 1 < self.patience:
            return state._replace(odd=state.odd + 1)
        std = math.sqrt(state.variance)
        cause = f"the loss {metric:.6g} is above {bar:.6g}, mean {state.mean:.6g}, std {std:.6g}"
        return self._rescued(state, "spike", cause)

    def _bar(self, state: GuardState) -> float:
        """The highest loss that is not odd."""
        if state.seen < self.after:
            return math.inf
        by_spread = self.deviations * math.sqrt(state.variance)
        return state.mean + max(by_spread, (self.multiple - 1) * abs(state.mean))

    def _calmed(self, state: GuardState, metric: float) -> GuardState:
        """Include a loss that is not odd in mean and variance."""
        weight = 1 / min(state.seen + 1, self.window)
        away = metric - state.mean
        state = state._replace(
            mean=state.mean + weight * away,
            variance=(1 - weight) * (state.variance + weight * away * away),
            seen=state.seen + 1,
            odd=0,
            calm=state.calm + 1,
        )
        if not self.rewarm or state.factor == 1 or state.calm < self.rewarm:
            return state
        cause = f"{state.calm} losses without a rescue"
        return state._replace(factor=min(state.factor / self.cut, 1.0), calm=0, event="rewarm", cause=cause)

    def _rescued(self, state: GuardState, event: str, cause: str) -> GuardState:
        if state.rescues == self.tries:
            return state._replace(event="stop", cause=f"{cause}; {self.tries} rescues did not help")
        return state._replace(
            factor=state.factor * self.cut,
            odd=0,
            rest=self.cooldown,
            calm=0,
            rescues=state.rescues + 1,
            event=event,
            cause=cause,
        )

    def words(self) -> str:
        return f"is cut by {self.cut:g} where the loss spikes, at most {self.tries} times"
