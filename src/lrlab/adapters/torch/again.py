"""The same schedule, begun again on parameters that it has trained before: a training in pieces, its LR a sawtooth.

A trainer that is made anew for each epoch makes a new scheduler each time, and each runs all of its schedule.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from torch.optim import Optimizer
from torch.utils.weak import WeakTensorKeyDictionary

from lrlab.core.plan.pacer import PlanPacer

log = logging.getLogger(__name__)


class Again:
    """Whether a run is one that was made before: asked when it begins, and said with its first update, once."""

    def __init__(self) -> None:
        self._pacer: PlanPacer | None = None
        self._made = 0  # by the run before
        self._said = False

    def begins(self, optimizers: Sequence[Optimizer], pacer: PlanPacer) -> None:
        """A run begins, or goes on from another state."""
        first = [next(iter(one.param_groups[0]["params"]), None) for one in optimizers if one.param_groups]
        for parameter in (each for each in first if each is not None):
            before = _DRIVEN.get(parameter, self)
            _DRIVEN[parameter] = self
            self._said = self._said or before._said
            if before is not self and before._pacer is not None and _alike(before._pacer, pacer):
                self._made = before._pacer.update
        if pacer.update or self._said:
            self._made = 0
        self._pacer = pacer

    def say(self, highest: float) -> None:
        """Its first update is made, and the next one has this LR."""
        if self._made:
            log.warning(
                "The same schedule begins anew on parameters that it has trained before (%d updates): the LR is back "
                "at its beginning, now %.6g. A training in several calls has one schedule over all of them: horizon= "
                "the sum of their updates, and at=%d or load_state_dict() in the next call.",
                *(self._made, highest, self._made),
            )
            self._made, self._said = 0, True


_DRIVEN = WeakTensorKeyDictionary()  # what drove a parameter last, by the first one of each optimizer


def _alike(one: PlanPacer, two: PlanPacer) -> bool:
    return one.plan == two.plan and one.horizon == two.horizon
