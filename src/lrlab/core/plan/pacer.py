"""The running thing of a plan: one position on all its curves; it tells what the next update uses.

    pacer = PlanPacer(plan(lr=cosine(), momentum=linear(start=0.95, to=0.85)), 10_000)
    pacer.values           what each of plan.schedules gives the next update
    pacer.update = 1       so many updates are completed
    pacer.observe(2.31)    feeds the controllers, wherever they stand

It knows no parameter groups: which value goes where is the plan's `assign`, and the adapter's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.plan.plan import Plan
from lrlab.core.run.meter import TICKS, Meter, ReadClock, wall
from lrlab.core.run.metered import MeteredCurve, pacer_of
from lrlab.core.run.pacer import Decision, Pacer
from lrlab.core.run.segments import Measure
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded


class PlanPacer:
    """The position of a run on the curves of a plan, and what the controllers in it have decided.

    Schedules that are equal share one curve and one state. Seconds come from `clock`, as for a `MeteredPacer`.

    >>> import lrlab as lr
    >>> p = PlanPacer(lr.plan(lr=lr.cosine(), momentum=lr.linear(start=0.95, to=0.85)), 10)
    >>> p.update = 5
    >>> p.plan.schedules, [round(value, 3) for value in p.values]
    ((cosine(), linear(start=0.95, to=0.85)), [0.5, 0.9])
    """

    def __init__(self, plan: Plan, horizon: int | Horizon | None = None, clock: ReadClock | None = wall) -> None:
        self.plan, self.horizon = plan, Horizon.of(horizon)
        curves = plan.over(self.horizon)
        units = (curve.units for curve in curves.values() if isinstance(curve, MeteredCurve))
        self.meter = Meter(frozenset().union(*units), clock)
        self.pacers: dict[Schedule, Pacer] = {s: pacer_of(curve, meter=self.meter) for s, curve in curves.items()}
        self._joining = None if plan.joining is None else Pacer(plan.joining.over(_in_updates(self.horizon)))
        self._update = 0

    @property
    def update(self) -> int:
        """How many updates are completed."""
        return self._update

    @update.setter
    def update(self, update: int) -> None:
        self._update = update
        for pacer in self.pacers.values():
            pacer.update = update

    @property
    def values(self) -> list[float]:
        """What each of `plan.schedules` gives the next update."""
        return [pacer.value for pacer in self.pacers.values()]

    def joined(self, update: int) -> float:
        """What multiplies the LR of a group that joined before this update: 1 for those there from the beginning."""
        if self._joining is None or update == 0:
            return 1.0
        self._joining.update = self.update - update
        return self._joining.value

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers did, in order."""
        found = (decision for pacer in self.pacers.values() for decision in pacer.decisions)
        return tuple(sorted(found, key=lambda decision: decision.update))

    def observe(self, value: float | None = None, /, **metrics: float) -> None:
        """Feed the controllers of every schedule, as `Pacer.observe` does those of one."""
        hearing = [pacer for pacer in self.pacers.values() if pacer.curve.controllers]
        if value is None:  # names alone are for those that listen to names; where nobody does, that is said
            named = [p for p in hearing if any(placed.controller.metric for placed in p.curve.controllers)]
            hearing = named or hearing[:1]
        for pacer in hearing or list(self.pacers.values())[:1]:
            pacer.observe(value, **metrics)

    def consume(self, **amounts: float) -> None:
        """What the update at hand consumes, in all processes together: `consume(tokens=524_288)`."""
        self.meter.consume(**amounts)

    @property
    def position(self) -> dict[str, float]:
        """How far the run is, in each unit that was reported."""
        return {**self.meter.position(), "updates": self.update}

    @property
    def whole(self) -> dict[str, float]:
        """How long the run was meant to be, in the unit in which that is known."""
        measure = Measure(self.horizon)
        whole = measure.whole
        return {} if whole is None else {measure.budget: whole / TICKS[measure.budget]}

    # -- state --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """The position, and the state of the pacer of each schedule, by the schedule's text: plain JSON."""
        return {"update": self.update, "pacers": {str(s): pacer.state() for s, pacer in self.pacers.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go to a recorded state. Raises `LrlabError`, and changes nothing, where it does not fit this plan."""
        mine = list(map(str, self.pacers))
        recorded = state.get("pacers") if isinstance(state, Mapping) else None
        if not isinstance(recorded, Mapping) or sorted(recorded) != sorted(mine):
            raise LrlabError(worded("this is no state of this plan", recorded, ", ".join(mine)))
        meter = self.meter.fresh()
        made = {schedule: pacer_of(pacer.curve, meter=meter) for schedule, pacer in self.pacers.items()}
        for schedule, pacer in made.items():
            pacer.restore(recorded[str(schedule)])
        if {pacer.update for pacer in made.values()} != {state.get("update")}:
            raise LrlabError(worded("the recorded schedules are not at one update", dict(state)))
        self.pacers, self.meter, self._update = made, meter, state["update"]


def _in_updates(horizon: Horizon) -> Horizon:
    """The horizon where its length in updates is known: a group that joins is timed in updates."""
    return horizon if horizon.total is not None else Horizon()
