"""The running thing: a curve, a position and the states of its controllers; it tells what the next update uses.

    pacer = Pacer(schedule.over(10_000))
    pacer.value            the multiplier that the next update uses
    pacer.advance()        one more update is completed
    pacer.observe(2.31)    feeds the controllers

Its state is plain JSON: the position, the controllers' records and the decisions that were taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lrlab.core.curve import BLOCK, Curve
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
        self.decisions: tuple[Decision, ...] = ()
        self._index = -1  # of the block in hand
        self._block: list[float] = []

    @property
    def factors(self) -> list[float]:
        """The present factor of each controller, in the order of `curve.controllers`."""
        return [p.controller.factor(state) for p, state in zip(self.curve.controllers, self.states, strict=True)]

    @property
    def value(self) -> float:
        """The multiplier that the next update uses."""
        index, offset = divmod(self.update, BLOCK)
        if index != self._index:
            self._index = index
            self._block = self.curve.block(index, self.factors).tolist()
        return self._block[offset]

    def advance(self, updates: int = 1) -> None:
        """So many more updates are completed."""
        self.update += updates

    def observe(self, value: float | None = None, /, **metrics: float) -> None:
        """Feed the controllers: `value` reaches every one that acts now, `acc=0.9` those with metric="acc".

        Raises `LrlabError` where nothing is given, or something that is no number.
        """
        if value is None and not metrics:
            raise LrlabError(worded("observe needs a number", hint="observe(2.31), observe(val_loss=2.31)"))
        reading = None if value is None else _number(value, "value")
        named = {name: _number(given, name) for name, given in metrics.items()}
        for k, placed in enumerate(self.curve.controllers):
            if not placed.acts(self.update):
                continue
            for seen in ([reading] if reading is not None else []) + ([named] if named else []):
                before = self.states[k]
                after = placed.controller.observe(before, seen, self.update)
                if after is before:
                    continue
                self.states[k] = after
                old, new = placed.controller.factor(before), placed.controller.factor(after)
                if after.event:
                    self.decisions += (Decision(self.update, placed.name, after.event, old, new, after.cause),)
                if new != old:
                    self._index = -1

    def state(self) -> dict[str, Any]:
        """Position, controllers' records and decisions, as plain JSON."""
        return {
            "version": VERSION,
            "update": self.update,
            "controllers": {
                placed.name: state._asdict() for placed, state in zip(self.curve.controllers, self.states, strict=True)
            },
            "decisions": [asdict(decision) for decision in self.decisions],
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
        self.update, self.states, self.decisions = update, states, decisions
        self._index = -1


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
    if not isinstance(update, int) or isinstance(update, bool) or update < 0:
        raise LrlabError(worded("the recorded position is no number of completed updates", update))
    return update, records, decisions


def _number(given: Any, name: str) -> float:
    try:
        return float(given)
    except (TypeError, ValueError):
        raise LrlabTypeError(worded(f"observe: {name} is no number", given, hint="observe(float(loss))")) from None
