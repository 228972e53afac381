"""The running thing: a curve, a position and the states of its controllers; it tells what the next update uses.

    pacer = Pacer(schedule.over(10_000))
    pacer.value            the multiplier that the next update uses
    pacer.advance()        one more update is completed
    pacer.observe(2.31)    feeds the controllers

Its state is plain JSON: the position, the controllers' records, and the log of what was decided and changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lrlab.core.expression.fields import not_negative_count, positive
from lrlab.core.feedback.active import ActiveController
from lrlab.core.feedback.base import Controller, State
from lrlab.core.run.curve import LAST, Curve
from lrlab.core.run.meter import Meter
from lrlab.errors import LrlabError, LrlabTypeError, Stopped, worded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 2


@dataclass(frozen=True)
class Decision:
    """What a controller did: `event` ("cut", "nan") after `update` completed updates, from factor `old` to `new`."""

    update: int
    controller: str
    event: str
    old: float
    new: float
    cause: str


@dataclass(frozen=True)
class Change:
    """What somebody changed after `update` completed updates: `how` ("scale", "splice", "rescale-rest" ...).

    `before` is what was in force until then and `after` what shall be from then on: {"schedule": text, "horizon":
    facts}, {"scale": number} or {"base_lrs": list}.
    """

    update: int
    how: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Pacer:
    """The position of a run on its curve, and what its controllers have decided.

    >>> import lrlab as lr
    >>> p = Pacer((lr.constant() * lr.plateau(patience=1, factor=0.5)).over(100))
    >>> p.observe(1.0); p.observe(2.0)
    >>> p.value, p.decisions[0].cause
    (0.5, '1 observations without improvement on 1')
    """

    def __init__(self, curve: Curve) -> None:
        self.curve = curve
        self.update = 0
        self.states: dict[str, State] = {p.name: p.controller.init() for p in curve.controllers}
        self._scale = 1.0
        self._decisions: list[Decision] = []
        self._changes: list[Change] = []
        self._start = 0  # of the block in hand
        self._block: list[float] = []

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers did, in order."""
        return tuple(self._decisions)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed while the run went on, in order."""
        return tuple(self._changes)

    @property
    def factors(self) -> list[float]:
        """The present factor of each controller, in the order of `curve.controllers`."""
        return [placed.controller.factor(self.states[placed.name]) for placed in self.curve.controllers]

    @property
    def factor_of(self) -> dict[str, float]:
        """The present factor of each controller, by its name."""
        return dict(zip((placed.name for placed in self.curve.controllers), self.factors, strict=True))

    @property
    def scale(self) -> float:
        """What every value is multiplied by: 1, or what `rescale` has set."""
        return self._scale

    @property
    def value(self) -> float:
        """The multiplier that the next update uses."""
        offset = self.update - self._start
        if not 0 <= offset < len(self._block):
            self._start, values = self.curve.block(self.update, self.factors)
            self._block = (self._scale * values).tolist()
            offset = self.update - self._start
        return self._block[offset]

    def between(self, start: int, stop: int) -> NDArray[np.float64]:
        """The multipliers of the updates start ... stop-1 with the present factors and scale: shape (stop-start,)."""
        return self._scale * self.curve.between(start, stop, self.factors)

    def advance(self, updates: int = 1) -> None:
        """So many more updates are completed."""
        self.update += not_negative_count(updates, "advance: updates")

    def consume(self, **amounts: float) -> None:
        """What the update at hand consumes (`tokens=524_288`): of no effect where the schedule is measured in updates.

        So that a loop may report it under every schedule. Raises `LrlabError` where it is no amount.
        """
        Meter(()).consume(**amounts)

    def observe(self, value: float | None = None, /, **metrics: float) -> None:
        """Feed the controllers: `value` reaches every one that acts now, `acc=0.9` those with metric="acc".

        A controller whose metric is given by name hears that alone. Raises `LrlabError` where nothing is given, or
        something that is no number, or only names while no controller listens to a name; and `Stopped`, with the
        decision in the log, where a controller decides on "stop".
        """
        if value is None and not metrics:
            raise LrlabError(worded("observe needs a number", hint="observe(2.31), observe(val_loss=2.31)"))
        reading = None if value is None else _number(value, "value")
        named = {name: _number(given, name) for name, given in metrics.items()}
        if reading is None:
            self._refuse_unheard(named)
        heard, logged = set(), len(self._decisions)
        for placed in self.acting():
            name, controller = placed.name, placed.controller
            seen = named if controller.metric in named else reading
            if seen is None or name in heard:
                continue
            heard.add(name)
            before = self.states[name]
            after = self.states[name] = controller.observe(before, seen, self.update)
            old, new = controller.factor(before), controller.factor(after)
            if after.event:
                self._decisions.append(Decision(self.update, name, after.event, old, new, after.cause))
            if new != old:
                self._block = []
        for decision in self._decisions[logged:]:
            if decision.event == "stop":
                raise Stopped(worded(f"{decision.controller} stops the run: {decision.cause}"))

    def acting(self) -> list[ActiveController]:
        """The controllers that listen now, each with its window."""
        return [placed for placed in self.curve.controllers if placed.acts(self.update)]

    def _refuse_unheard(self, named: Mapping[str, float]) -> None:
        """Names that can reach nobody, because no controller listens to any name, are a mistake."""
        controllers = [placed.controller for placed in self.curve.controllers]
        if controllers and not any(controller.metric for controller in controllers):
            name, value = next(iter(named.items()))
            raise LrlabError(
                worded(
                    f"no controller of the schedule listens to {name}",
                    dict(named),
                    ", ".join(map(str, controllers)) + ": what is given without a name",
                    f'observe({value:g}), or {type(controllers[0]).__name__}(metric="{name}") in the schedule',
                )
            )

    # -- changes ------------------------------------------------------------------------------------------------

    def rescale(self, scale: float) -> None:
        """Multiply every value from the next update on by `scale`, in place of the scale before; said in `changes`.

        Setting the scale that is set already changes nothing, so a script may say it at every start.
        """
        scale = positive(scale, "scale")
        if scale != self._scale:
            self.note("scale", {"scale": self._scale}, {"scale": scale})
            self._scale, self._block = scale, []

    def go_on(self, curve: Curve, how: str, toward: Curve | None = None) -> None:
        """Go on with another curve from the next update on; said in `changes`, as going `toward` that curve.

        A controller keeps the state under its name where that is a state of its kind.
        """
        records = self.state()["controllers"]
        self.note(how, configuration(self.curve), configuration(toward or curve))
        self.states = {p.name: carried(p.controller, records.get(p.name)) for p in curve.controllers}
        self.curve, self._block = curve, []

    def note(self, how: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Say in `changes` what somebody has changed at the present update."""
        self._changes.append(Change(self.update, how, before, after))

    # -- state --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Position, controllers' records, decisions and changes, as plain JSON."""
        return {
            "version": VERSION,
            "update": self.update,
            "scale": self._scale,
            "controllers": {name: state._asdict() for name, state in self.states.items()},
            "decisions": [asdict(decision) for decision in self._decisions],
            "changes": [asdict(change) for change in self._changes],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go to a recorded state. Raises `LrlabError`, and changes nothing, where it does not fit this curve."""
        found = checked(state)
        if found.controllers.keys() != self.states.keys():
            raise LrlabError(
                worded(
                    "the recorded controllers are not those of this schedule",
                    sorted(found.controllers),
                    ", ".join(self.states) or "none",
                    "the schedule that the run was started with, or name= on the controllers",
                )
            )
        states = {p.name: p.controller.restore(found.controllers[p.name]) for p in self.curve.controllers}
        self.update, self.states, self._scale = found.update, states, found.scale
        self._decisions, self._changes = list(found.decisions), list(found.changes)
        self._block = []


@dataclass(frozen=True)
class Recorded:
    """The parts of a recorded state."""

    update: int
    scale: float
    controllers: Mapping[str, Mapping[str, Any]]
    decisions: tuple[Decision, ...]
    changes: tuple[Change, ...]


def checked(state: Mapping[str, Any]) -> Recorded:
    """The parts of a recorded state of any version, held against what `Pacer.state` writes."""
    try:
        version, update = state["version"], state["update"]
        parts = upgraded(state)
        found = Recorded(
            update,
            parts["scale"],
            {str(name): dict(record) for name, record in parts["controllers"].items()},
            tuple(Decision(**decision) for decision in parts["decisions"]),
            tuple(Change(**change) for change in parts["changes"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        lacks = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        given = dict(state) if isinstance(state, Mapping) else state
        raise LrlabError(
            worded(f"this is no state of a schedule: {lacks}", given, "what a scheduler of lrlab wrote by state_dict()")
        ) from None
    if isinstance(version, bool) or version not in (1, VERSION):
        raise LrlabError(worded("this state was written in another format", version, f"version 1 to {VERSION}"))
    if not isinstance(update, int) or isinstance(update, bool) or not 0 <= update <= LAST:
        raise LrlabError(worded("the recorded position is no number of completed updates", update))
    positive(found.scale, "the recorded scale")
    return found


def upgraded(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """A state of the present version. Version 1 had neither scale nor changes; its one controller was the plateau."""
    if state["version"] != 1:
        return state
    records = {name: {**record, "mean": None, "pending": 0} for name, record in state["controllers"].items()}
    return {**state, "version": VERSION, "scale": 1.0, "changes": [], "controllers": records}


def configuration(curve: Curve) -> dict[str, Any]:
    """What a curve was made of, as plain JSON."""
    return {"schedule": str(curve.schedule), "horizon": curve.horizon.record()}


def carried(controller: Controller, record: Mapping[str, Any] | None) -> State:
    """The state that a controller goes on with: the recorded one where it is of its kind, or else a fresh one."""
    try:
        return controller.init() if record is None else controller.restore(record)
    except LrlabError:
        return controller.init()


def _number(given: Any, name: str) -> float:
    try:
        if isinstance(given, str):  # float() would read it
            raise TypeError
        return float(given)
    except OverflowError:  # a whole number beyond every float
        return math.inf
    except (TypeError, ValueError):
        raise LrlabTypeError(worded(f"observe: {name} is no number", given, hint="observe(float(loss))")) from None
