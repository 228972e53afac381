"""A plan in a run: one position on all its curves; it gives what the next update uses.

    pacer = PlanPacer(plan(lr=cosine(), momentum=linear(start=0.95, to=0.85)), 10_000)
    pacer.values           what each of plan.schedules gives the next update
    pacer.update = 1       so many updates are completed
    pacer.observe(2.31)    feeds the controllers, wherever they stand

It knows nothing of parameter groups: the plan's `assign` and the adapter decide which value goes where. The plan of one
schedule for the LR is that schedule: same values, same state, same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from lrlab.core.expression.node import Schedule
from lrlab.core.plan.plan import Plan
from lrlab.core.run.curve import Curve
from lrlab.core.run.meter import TICKS, ReadClock, wall
from lrlab.core.run.metered import MeteredPacer
from lrlab.core.run.pacer import Pacer
from lrlab.core.run.recorded import upgraded
from lrlab.core.run.segments import Measure
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class PlanPacer(MeteredPacer):
    """The position of a run on the curves of a plan, and what the controllers in it have decided.

    Equal schedules share one curve and one state. A scale multiplies only the LR. Seconds come from `clock`, as for a
    `MeteredPacer`.

    >>> import lrlab as lr
    >>> p = PlanPacer(lr.plan(lr=lr.cosine(), momentum=lr.linear(start=0.95, to=0.85)), 10)
    >>> p.update = 5
    >>> p.plan.schedules, [round(value, 3) for value in p.values]
    ((cosine(), linear(start=0.95, to=0.85)), [0.5, 0.9])
    """

    def __init__(
        self,
        plan: Plan,
        horizon: int | Horizon | None = None,
        clock: ReadClock | None = wall,
        *,
        absolute: bool = False,
    ) -> None:
        self.plan = plan
        self._begin(list(plan.over(horizon, absolute=absolute).values()), plan.labels, clock)
        self.joining = None if plan.joining is None else plan.joining.over(_in_updates(self.horizon))

    @property
    def schedule(self) -> Plan | Schedule:
        """The plan in force; if it drives only the LR, that schedule."""
        return self.plan.bare

    @property
    def curves(self) -> list[Curve]:
        """The curve of each of `plan.schedules`."""
        return [track.curve for track in self.now.tracks]

    @property
    def values(self) -> list[float]:
        """The value of each of `plan.schedules` for the next update."""
        ahead = self.ahead
        return [values[self.update - ahead.start] for values in ahead.plain]

    def value_of(self, schedule: int, hyper: str) -> float:
        """The value that one of `plan.schedules`, by its number, gives a hyper-parameter in the next update."""
        ahead = self.ahead
        return (ahead.scaled if hyper == "lr" else ahead.plain)[schedule][self.update - ahead.start]

    def joined(self, joined: int, start: int, stop: int) -> NDArray[np.float64]:
        """What multiplies the LR of a group that joined before update `joined`, in the updates start ... stop-1.

        It is 1 for groups that were there from the start.
        """
        import numpy as np

        factors = np.ones(stop - start)
        if self.joining is not None and joined:
            first = max(start, joined)
            factors[first - start :] = self.joining.between(first - joined, max(stop, first) - joined)
        return factors

    @property
    def position(self) -> dict[str, float]:
        """How far the run is, in each unit that was reported."""
        self._moved()
        return {**self.meter.position(), "updates": self.update}

    @property
    def whole(self) -> dict[str, float]:
        """The planned length of the run, in the unit in which it is known."""
        measure = Measure(self.horizon)
        whole = measure.whole
        return {} if whole is None else {measure.budget: whole / TICKS[measure.budget]}

    def configuration(self) -> dict[str, Any]:
        """What it was made of, as plain JSON."""
        made = super().configuration()
        return {**made, "plan": self.plan.record()} if self.schedule is self.plan else made

    def going_on(self, plan: Plan, curves: Iterable[Curve], how: str, toward: Pacer | None = None) -> Self:
        """The pacer that goes on with another plan and these curves; recorded in `changes`, as going `toward` that of a
        pacer.

        A controller keeps the state under its name if it is a state of its kind.
        """
        by_schedule = {curve.schedule: curve for curve in curves}
        made = self._on([by_schedule[schedule] for schedule in plan.schedules], plan.labels, how)
        made.plan = plan
        made.now = made._noted(how, self.configuration(), (toward or made).configuration())
        return made

    def restored(self, state: Mapping[str, Any]) -> Self:
        """A pacer of the same plan in a recorded state. Raises `LrlabError` if it does not fit."""
        return super().restored(self._merged(state) if isinstance(state, Mapping) and "pacers" in state else state)

    def _merged(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """A state of the present version, made of one that holds a state for each schedule, by its text."""
        recorded, mine = state["pacers"], list(map(str, self.plan.schedules))
        if not isinstance(recorded, Mapping) or sorted(recorded) != sorted(mine):
            raise LrlabError(worded("this is not a state of this plan", recorded, ", ".join(mine)))
        try:
            parts = [upgraded(recorded[text]) for text in mine]
            if {part["update"] for part in parts} != {state["update"]}:
                raise LrlabError(worded("the recorded schedules are not at one update", state["update"]))
            known = list(zip(parts, self.now.tracks, strict=True))
            told = [
                {**decision, "controller": track.names[decision["controller"]]}
                for part, track in known
                for decision in part["decisions"]
            ]
            consumed = next((p["consumed"] for p in parts if p["consumed"]["past"]), parts[0]["consumed"])
            return {
                **parts[0],
                "controllers": {
                    track.names[name]: one for part, track in known for name, one in part["controllers"].items()
                },
                "decisions": sorted(told, key=lambda decision: decision["update"]),
                "consumed": {**consumed, "starts": [part["consumed"]["starts"][0] for part in parts]},
            }
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise LrlabError(worded(f"this is not a state of this plan: {error}", dict(state))) from None


def _in_updates(horizon: Horizon) -> Horizon:
    """The horizon if its length in updates is known: a group that joins is timed in updates."""
    return horizon if horizon.total is not None else Horizon()
