"""Where calls of a scheduler's step() are counted: what else is said of the run must be counted in calls as well.

A horizon in epochs of 391 updates each, stepped once an epoch, would leave the LR where it is for 391 epochs.
"""

from __future__ import annotations

from typing import Literal

from lrlab.core.plan.plan import Plan
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded

Follow = Literal["updates", "calls"]
CURE = (
    'step() once an epoch: {length}epochs as plain numbers, step(10) for "10ep"; or step() after every '
    'optimizer.step(), follow="updates" and Horizon(epochs={epochs}, updates_per_epoch=len(loader))'
)


def known_follow(follow: Follow, plan: Plan, horizon: int | Horizon | None) -> Follow:
    """What a scheduler follows. Raises `LrlabError` if it is not known, or if calls are counted and nothing says how
    many of them an epoch of the plan has."""
    if follow not in ("updates", "calls"):
        raise LrlabError(worded("follow is not known", follow, '"updates", "calls"'))
    run = Horizon.of(horizon)
    if follow == "calls" and run.rate("epochs") is None:
        spans = (span for one in plan.schedules for part in one.walk() for span in part._own_spans())
        found = next((span for span in spans if span.unit == "epochs"), None)
        if found is not None:
            what = f'follow="calls" counts calls of step(), and nothing says how many of them {found!r} has'
            raise LrlabError(worded(what, run if run.record() else None, hint=_cure(run)))
    return follow


def refuse_epoch(epoch: object) -> None:
    """Raise `LrlabError`: a metric or an epoch was given to step(), as to PyTorch's."""
    raise LrlabError(
        worded(
            "step() takes no argument: it counts the position itself, and observe() takes the metric",
            epoch,
            hint="scheduler.step(); scheduler.observe(val_loss)",
        )
    )


class Apart:
    """How many updates the optimizers make before the first call, which tells a call an epoch from one an update."""

    def __init__(self, optimizers: int) -> None:
        self._made = [0] * optimizers

    def stepped(self, place: int) -> None:
        """One of them has made an update."""
        self._made[place] += 1

    def refuse(self, horizon: Horizon) -> None:
        """At the first call. Raises `LrlabError` if it comes after several updates of every optimizer, and the horizon
        says how much one update is."""
        made = min(self._made, default=0)
        in_updates = [horizon.samples_per_update, horizon.tokens_per_update]
        if made > 1 and ((horizon.rate("epochs") or 1) > 1 or any(in_updates)):
            what = f'the first call came after {made} updates: follow="calls" counts calls, and this horizon updates'
            raise LrlabError(worded(what, horizon, hint=_cure(horizon)))


def _cure(horizon: Horizon) -> str:
    epochs = horizon.epochs or horizon.total
    return CURE.format(length=f"horizon={epochs:g}, " if epochs else "", epochs=f"{epochs or 30:g}")
