"""The running thing: a curve, a position and the states of its controllers; it tells what the next update uses.

    pacer = Pacer(schedule.over(10_000))
    pacer.value            the multiplier that the next update uses
    pacer.advance()        one more update is completed
    pacer.observe(2.31)    feeds the controllers

Its state is plain JSON: the position, the controllers' records and the decisions that were taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lrlab.core.curve import LAST, Curve
from lrlab.core.fields import not_negative_count
from lrlab.errors import LrlabError, LrlabTypeError, worded

VERSION = 1


@dataclass(frozen=True)
class Decision:
    """What a controller did: `event` ("cut", "nan") after `update` completed updates, from factor `old` to `new`."""

    update: int
    controller: str
    event: str
    old: float
    new: float
    cause: str


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
        self.states = [placed.controller.init() for placed in curve.controllers]
        self._decisions: list[Decision] = []
        self._start = 0  # of the block in hand
        self._block: list[float] = []

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers did, in order."""
        return tuple(self._decisions)

    @property
    def factors(self) -> list[float]:
        """The present factor of each controller, in the order of `curve.controllers`."""
        return [p.controller.factor(state) for p, state in zip(self.curve.controllers, self.states, strict=True)]

    @property
    def value(self) -> float:
        """The multiplier that the next update uses."""
        offset = self.update - self._start
        if not 0 <= offset < len(self._block):
            self._start, values = self.curve.block(self.update, self.factors)
            self._block = values.tolist()
            offset = self.update - self._start
        return self._block[offset]

    def advance(self, updates: int = 1) -> None:
        """So many more updates are completed."""
        self.update += not_negative_count(updates, "advance: updates")

    def observe(self, value: float | None = None, /, **metrics: float) -> None:
        """Feed the controllers: `value` reaches every one that acts now, `acc=0.9` those with metric="acc".

        A controller whose metric is given by name hears that alone. Raises `LrlabError` where nothing is given, or
        something that is no number, or only names while no controller listens to a name.
        """
        if value is None and not metrics:
            raise LrlabError(worded("observe needs a number", hint="observe(2.31), observe(val_loss=2.31)"))
        reading = None if value is None else _number(value, "value")
        named = {name: _number(given, name) for name, given in metrics.items()}
        if reading is None:
            self._refuse_unheard(named)
        for k, placed in enumerate(self.curve.controllers):
            seen = named if placed.controller.metric in named else reading
            if seen is None or not placed.acts(self.update):
                continue
            before = self.states[k]
            after = placed.controller.observe(before, seen, self.update)
            self.states[k] = after
            old, new = placed.controller.factor(before), placed.controller.factor(after)
            if after.event:
                self._decisions.append(Decision(self.update, placed.name, after.event, old, new, after.cause))
            if new != old:
                self._block = []

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

    def state(self) -> dict[str, Any]:
        """Position, controllers' records and decisions, as plain JSON."""
        return {
            "version": VERSION,
            "update": self.update,
            "controllers": {
                placed.name: state._asdict() for placed, state in zip(self.curve.controllers, self.states, strict=True)
            },
            "decisions": [asdict(decision) for decision in self._decisions],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go to a recorded state. Raises `LrlabError`, and changes nothing, where it does not fit this curve."""
        update, records, decisions = checked(state)
        mine = [placed.name for placed in self.curve.controllers]
        if sorted(records) != sorted(mine):
            raise LrlabError(
                worded(
                    "the recorded controllers are not those of this schedule",
                    sorted(records),
                    ", ".join(mine) or "none",
                    "the schedule that the run was started with, or name= on the controllers",
                )
            )
        states = [placed.controller.restore(records[placed.name]) for placed in self.curve.controllers]
        self.update, self.states, self._decisions = update, states, list(decisions)
        self._block = []


def checked(state: Mapping[str, Any]) -> tuple[int, Mapping[str, Mapping[str, Any]], tuple[Decision, ...]]:
    """The parts of a recorded state, held against what `Pacer.state` writes."""
    try:
        version, update = state["version"], state["update"]
        records = {str(name): dict(record) for name, record in state["controllers"].items()}
        decisions = tuple(Decision(**decision) for decision in state["decisions"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise LrlabError(
            worded(
                f"this is no state of a schedule: {error}",
                dict(state) if isinstance(state, Mapping) else state,
            )
        ) from None
    if version != VERSION:
        raise LrlabError(worded("this state was written in another format", version, f"version {VERSION}"))
    if not isinstance(update, int) or isinstance(update, bool) or not 0 <= update <= LAST:
        raise LrlabError(worded("the recorded position is no number of completed updates", update))
    return update, records, decisions


def _number(given: Any, name: str) -> float:
    try:
        if isinstance(given, str):  # float() would read it
            raise TypeError
        return float(given)
    except OverflowError:  # a whole number beyond every float
        return math.inf
    except (TypeError, ValueError):
        raise LrlabTypeError(worded(f"observe: {name} is no number", given, hint="observe(float(loss))")) from None
