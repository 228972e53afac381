"""Manual: a factor that a person sets during the run."""

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import NamedTuple

from lrlab.core.expression.fields import Name
from lrlab.core.expression.vocabulary import shape
from lrlab.core.feedback.base import Controller, State


class ManualState(NamedTuple):
    """`factor` is the last one that was set."""

    factor: float = 1.0
    observed: int = 0
    event: str = ""
    cause: str = ""


@shape
class manual(Controller):
    """The live factor: what a person sets while the run goes on.

    value = the last observation of its metric (1 before the first)

    It only takes `observe(live=0.5)`, never an observation without a name, and keeps that factor until the next one. A
    factor below 0 or not finite is refused, as an event.

    >>> from lrlab import *
    >>> p = Pacer((cosine() * manual()).over(100))
    >>> p.observe(live=0.5)
    >>> p.value, p.decisions[0].event
    (0.5, 'set')

    From a terminal: `lrlab live RUN --factor 0.5`, for a run whose scheduler was given that folder.

    Zhang et al., OPT, 2022, arXiv:2205.01068, section 2.5 (the LR of a run in hand, lowered several times).
    """

    _: KW_ONLY
    metric: Name = "live"

    survives = True
    state_type = ManualState

    def observe(self, state: State, metrics: float | Mapping[str, float], update: int) -> State:
        """The state after an observation by name; one without a name is a loss, not a factor."""
        if isinstance(metrics, Mapping):
            return super().observe(state, metrics, update)
        return state._replace(event="", cause="")

    def decide(self, state: ManualState, metric: float, update: int) -> ManualState:
        if not (math.isfinite(metric) and metric >= 0):
            return state._replace(event="refused", cause=f"{metric} is not a factor")
        if metric == state.factor:
            return state
        return state._replace(factor=metric, event="set", cause=f"{self.metric} was set to {metric:g}")

    def words(self) -> str:
        return f"is multiplied by what {self.metric} was last set to"
