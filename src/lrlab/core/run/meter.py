"""What a run has consumed: updates, samples, tokens, seconds, for schedules measured in one of them.

    meter = Meter({"tokens"})
    meter.consume(tokens=524_288)     what the current update consumes; several calls add up
    meter.settle(1)                   one update is completed: what it consumed is past
    meter.ticks("tokens")             524288

Time is a whole number in every unit: samples, tokens, milliseconds. Report what all processes consumed together, so
that the LR does not depend on their number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from lrlab.core.expression.fields import not_negative, not_negative_count
from lrlab.errors import LrlabError, worded

UNITS = ("samples", "tokens", "seconds")  # what a loop can report; an epoch has no length of its own
TICKS = {"updates": 1, "samples": 1, "tokens": 1, "seconds": 1000}  # of the integer time, in one of the unit

ReadClock = Callable[[], float]


def wall() -> float:
    """Wall time in seconds: it does not stop during validation, and never goes back."""
    return time.monotonic()


class Consumed(NamedTuple):
    """What was consumed in the `past` updates, what is `pending` since, and when the clock was read last."""

    update: int
    past: Mapping[str, float]
    pending: Mapping[str, float]
    mark: float


class Meter:
    """Counts what each update consumed; seconds come from `clock`, or with `clock=None` from the loop's reports.

    `needed` are the units that a schedule is measured in: an update that does not report them is an error.

    >>> meter = Meter({"samples"})
    >>> meter.consume(samples=32); meter.consume(samples=32)
    >>> meter.settle(1)
    >>> meter.ticks("samples"), meter.position()
    (64, {'updates': 1, 'samples': 64})
    """

    def __init__(self, needed: Iterable[str], clock: ReadClock | None = wall) -> None:
        self.needed = frozenset(needed) - {"updates"}
        self._clock = clock if "seconds" in self.needed else None
        self._at = Consumed(0, {}, {}, self._now())

    @property
    def update(self) -> int:
        """Completed updates whose consumption is past."""
        return self._at.update

    def keep_time(self, clock: ReadClock) -> None:
        """Read the seconds from another clock from now on."""
        if self._clock:
            self._at = self._at._replace(mark=clock())
            self._clock = clock

    def consume(self, **amounts: float) -> None:
        """Report what the current update consumes. Raises `LrlabError` for another unit, or an amount that is not a
        number."""
        pending = dict(self._at.pending)
        for unit, amount in amounts.items():
            if unit not in UNITS:
                raise LrlabError(worded(f"consume: {unit} is not counted", amounts, ", ".join(UNITS)))
            if unit == "seconds" and self._clock:
                raise LrlabError(worded("consume: seconds come from the clock", amount, hint="clock=None"))
            kind = not_negative if unit == "seconds" else not_negative_count
            pending[unit] = pending.get(unit, 0) + kind(amount, f"consume: {unit}")
        self._at = self._at._replace(pending=pending)

    def settle(self, update: int) -> None:
        """This many updates are completed: what was reported since the last call belongs to them.

        Raises `LrlabError` if an update has not reported a unit that is needed.
        """
        at = self._at
        if update == at.update:
            return
        for unit in sorted(self.needed - at.pending.keys()):
            if unit != "seconds" or not self._clock:
                raise LrlabError(
                    worded(
                        f"update {at.update} has not said how many {unit} it consumed",
                        hint=f"scheduler.consume({unit}=n) before scheduler.step()",
                    )
                )
        now, spent = self._now(), dict(at.pending)
        if self._clock:
            spent["seconds"] = max(now - at.mark, 0.0)
        past = {**at.past, **{unit: at.past.get(unit, 0) + amount for unit, amount in spent.items()}}
        self._at = Consumed(update, past, {}, now)

    def ticks(self, unit: str) -> int:
        """What was consumed, in the integer time of a unit: updates, samples, tokens, milliseconds."""
        return self.update if unit == "updates" else int(self._at.past.get(unit, 0) * TICKS[unit])

    def position(self) -> dict[str, float]:
        """What was consumed in each unit that is known: {"updates": 12, "tokens": 6291456}."""
        past = self._at.past
        return {"updates": self.update, **{unit: past[unit] for unit in UNITS if unit in past}}

    def state(self) -> dict[str, Any]:
        """As plain JSON. The clock is not read: the time since the last update is not in it."""
        return {"update": self.update, "past": dict(self._at.past), "pending": dict(self._at.pending)}

    def restored(self, state: Mapping[str, Any]) -> Meter:
        """A meter that goes on from a recorded state; the time since it was recorded does not count.

        Raises `LrlabError` if it is none.
        """
        try:
            update = not_negative_count(state["update"], "update")
            past, pending = (_amounts(state[key]) for key in ("past", "pending"))
        except (KeyError, TypeError, AttributeError, LrlabError) as error:
            raise LrlabError(worded(f"this is not a record of what was consumed: {error}", state)) from None
        made = Meter(self.needed, self._clock)
        made._at = Consumed(update, past, pending, made._now())
        return made

    def _now(self) -> float:
        return self._clock() if self._clock else 0.0


def _amounts(recorded: Mapping[str, float]) -> dict[str, float]:
    if unknown := set(recorded) - set(UNITS):
        raise LrlabError(worded("units that are not counted", sorted(unknown), ", ".join(UNITS)))
    return {
        unit: not_negative(amount, unit) if unit == "seconds" else not_negative_count(amount, unit)
        for unit, amount in recorded.items()
    }
