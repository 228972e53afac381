"""What a run has consumed: updates, samples, tokens, seconds. For schedules that are measured in one of them.

    meter = Meter({"tokens"})
    meter.consume(tokens=524_288)     what the update at hand consumes; several calls add up
    meter.settle(1)                   one update is completed: what it consumed is past
    meter.ticks("tokens")             524288

Time is a whole number in every unit: samples, tokens, milliseconds. Report what all processes together consumed, so
that the LR does not depend on how many there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lrlab.core.expression.fields import not_negative, not_negative_count
from lrlab.errors import LrlabError, worded

UNITS = ("samples", "tokens", "seconds")  # what a loop can report; an epoch has no length of its own
TICKS = {"updates": 1, "samples": 1, "tokens": 1, "seconds": 1000}  # of the integer time, in one of the unit

ReadClock = Callable[[], float]


def wall() -> float:
    """The clock on the wall, in seconds: it does not stop for a validation, and is not set back."""
    return time.monotonic()


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
        self.update = 0  # completed updates whose consumption is past
        self._clock = clock if "seconds" in self.needed else None
        self._mark = self._now()
        self._past: dict[str, float] = {}
        self._pending: dict[str, float] = {}

    def fresh(self) -> Meter:
        """One that counts the same from the beginning."""
        return Meter(self.needed, self._clock)

    def keep_time(self, clock: ReadClock) -> None:
        """Take the seconds from another clock from now on."""
        if self._clock:
            self._clock = clock
            self._mark = clock()

    def consume(self, **amounts: float) -> None:
        """What the update at hand consumes. Raises `LrlabError` for another unit, or an amount that is none."""
        for unit, amount in amounts.items():
            if unit not in UNITS:
                raise LrlabError(worded(f"consume: {unit} is not counted", amounts, ", ".join(UNITS)))
            if unit == "seconds" and self._clock:
                raise LrlabError(worded("consume: seconds come from the clock", amount, hint="clock=None"))
            kind = not_negative if unit == "seconds" else not_negative_count
            self._pending[unit] = self._pending.get(unit, 0) + kind(amount, f"consume: {unit}")

    def settle(self, update: int) -> None:
        """So many updates are completed: what was reported since is past.

        Raises `LrlabError` where an update has not reported a unit that is needed.
        """
        if update == self.update:
            return
        for unit in sorted(self.needed - self._pending.keys()):
            if unit != "seconds" or not self._clock:
                raise LrlabError(
                    worded(
                        f"update {self.update} has not said how many {unit} it consumed",
                        hint=f"scheduler.consume({unit}=n) before scheduler.step()",
                    )
                )
        now = self._now()
        if self._clock:
            self._pending["seconds"] = max(now - self._mark, 0.0)
        for unit, amount in self._pending.items():
            self._past[unit] = self._past.get(unit, 0) + amount
        self._pending, self._mark, self.update = {}, now, update

    def ticks(self, unit: str) -> int:
        """What is past, in the integer time of a unit: updates, samples, tokens, milliseconds."""
        return self.update if unit == "updates" else int(self._past.get(unit, 0) * TICKS[unit])

    def position(self) -> dict[str, float]:
        """What is past in each unit that is known: {"updates": 12, "tokens": 6291456}."""
        return {"updates": self.update, **{unit: self._past[unit] for unit in UNITS if unit in self._past}}

    def state(self) -> dict[str, Any]:
        """As plain JSON. The clock is not read: the time since the last update is not in it."""
        return {"update": self.update, "past": dict(self._past), "pending": dict(self._pending)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go to a recorded state; the time since it was recorded does not count.

        Raises `LrlabError`, and changes nothing, where it is none.
        """
        try:
            update = not_negative_count(state["update"], "update")
            past, pending = (_amounts(state[key]) for key in ("past", "pending"))
        except (KeyError, TypeError, AttributeError, LrlabError) as error:
            raise LrlabError(worded(f"this is no record of what was consumed: {error}", state)) from None
        self.update, self._past, self._pending = update, past, pending
        self._mark = self._now()

    def _now(self) -> float:
        return self._clock() if self._clock else 0.0


def _amounts(recorded: Mapping[str, float]) -> dict[str, float]:
    if unknown := set(recorded) - set(UNITS):
        raise LrlabError(worded("units that are not counted", sorted(unknown), ", ".join(UNITS)))
    return {
        unit: not_negative(amount, unit) if unit == "seconds" else not_negative_count(amount, unit)
        for unit, amount in recorded.items()
    }
