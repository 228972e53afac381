"""A curve of a run, with the states of its controllers, as a value. An observation gives a new one.

    track = Track.of(curve)
    track, decisions = track.heard(600, meter, 2.31, {})

So an observation takes effect as a whole or not at all, at one place of a run (`core/run/pacer.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from lrlab.core.feedback.active import ActiveController
from lrlab.core.feedback.base import Controller, State
from lrlab.core.run.curve import Curve
from lrlab.core.run.log import Decision
from lrlab.core.run.meter import Meter
from lrlab.errors import LrlabError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Track:
    """A curve and the state of each of its controllers.

    `names` are the run's names for the controllers: with several curves, no two are the same.
    """

    curve: Curve
    names: Mapping[str, str]  # by the name on the curve
    states: Mapping[str, State]  # by the run's name
    starts: tuple[tuple[int, int], ...] = ()  # of the segments of a curve in units other than updates

    @classmethod
    def of(cls, curve: Curve, names: Mapping[str, str], records: Mapping[str, Any] | None = None) -> Self:
        """A curve with the recorded states that fit, by the run's names, and fresh states for the others."""
        found = ((names[placed.name], placed.controller) for placed in curve.controllers)
        return cls(curve, names, {name: carried(one, (records or {}).get(name)) for name, one in found})

    @property
    def units(self) -> frozenset[str]:
        """What the curve is measured in besides updates: what the loop has to report."""
        return frozenset()

    @property
    def factors(self) -> list[float]:
        """The present factor of each controller, in the order of `curve.controllers`."""
        return [placed.controller.factor(self.states[self.names[placed.name]]) for placed in self.curve.controllers]

    @property
    def factor_of(self) -> dict[str, float]:
        """The present factor of each controller, by its name."""
        return {self.names[p.name]: factor for p, factor in zip(self.curve.controllers, self.factors, strict=True)}

    @property
    def controllers(self) -> dict[str, Controller]:
        """The controllers, by name."""
        return {self.names[placed.name]: placed.controller for placed in self.curve.controllers}

    def restored(self, records: Mapping[str, Any], starts: Sequence[tuple[int, int]]) -> Self:
        """The track in recorded states. Raises `LrlabError` if they do not fit."""
        return replace(self, states={name: one.restore(records[name]) for name, one in self.controllers.items()})

    # -- the present position, for a curve in updates ----------------------------------------------------------------

    def moved(self, meter: Meter) -> Self:
        """The track at the position consumed so far."""
        return self

    def acting(self, update: int, meter: Meter) -> list[ActiveController]:
        """The controllers that listen now, each with its window."""
        return [placed for placed in self.curve.controllers if placed.acts(update)]

    def ahead(self, update: int, meter: Meter) -> tuple[int, NDArray[np.float64]]:
        """The values that are known around an update: the first update, and one value for each from there on."""
        return self.curve.block(update, self.factors)

    def between(self, start: int, stop: int) -> NDArray[np.float64]:
        """The values of the updates start ... stop-1 with the present factors: shape (stop-start,)."""
        return self.curve.between(start, stop, self.factors)

    # -- what changes it ------------------------------------------------------------------------------------------

    def heard(
        self, update: int, meter: Meter, reading: float | None, named: Mapping[str, float]
    ) -> tuple[Self, list[Decision]]:
        """The track after an observation, and what its controllers decided on it.

        `reading` reaches every controller that acts now; a named number reaches those whose metric it is, which receive
        only it.
        """
        states, decisions = dict(self.states), list[Decision]()
        heard = set[str]()
        for placed in self.acting(update, meter):
            name, controller = self.names[placed.name], placed.controller
            seen = named if controller.metric in named else reading
            if seen is None or name in heard:
                continue
            heard.add(name)
            before, after = states[name], controller.observe(states[name], seen, update)
            states[name] = after
            if after.event:
                old, new = controller.factor(before), controller.factor(after)
                decisions.append(Decision(update, name, after.event, old, new, after.cause))
        return replace(self, states=states), decisions

    def refuse_change(self, how: str) -> None:
        """Raise `LrlabError` if the updates of the curve cannot be located."""


def apart(curves: Sequence[Curve], labels: Sequence[str]) -> list[dict[str, str]]:
    """A run's names for the controllers of its curves: if two have the same name, the label of the curve goes before
    it.

    >>> import lrlab as lr
    >>> fed = (lr.linear() * lr.plateau()).over(10)
    >>> apart([fed, fed], ["lr/", "momentum/"])
    [{'plateau1': 'plateau1'}, {'plateau1': 'momentum/plateau1'}]
    """
    taken, found = set[str](), []
    for curve, label in zip(curves, labels, strict=True):
        names = {}
        for own in dict.fromkeys(placed.name for placed in curve.controllers):
            name = own
            while name in taken:
                name = label + name
            names[own] = name
        taken |= set(names.values())
        found.append(names)
    return found


def carried(controller: Controller, record: Mapping[str, Any] | None) -> State:
    """The state that a controller goes on with: the recorded one if it is of its kind, otherwise a fresh one."""
    try:
        return controller.init() if record is None else controller.restore(record)
    except LrlabError:
        return controller.init()
