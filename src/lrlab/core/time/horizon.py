"""What is known about a run: `Horizon`.

Horizon(epochs=90, updates_per_epoch=391).resolve(Span.of("3ep"))    -> 1173 updates
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from fractions import Fraction

from lrlab.core.time.span import MOST, MOST_OF_A_UNIT, Span, rounded, whole
from lrlab.errors import LrlabError, LrlabTypeError, worded

# One name for the words in `Horizon` that say how long the run is, in each unit, and its rate.
_TOTALS = {"epochs": "epochs", "samples": "samples", "tokens": "tokens", "seconds": "minutes"}
LENGTH = "horizon=10_000, or .over(10_000)"  # how to give the length of a run, if it is missing
RATES = {
    "epochs": "updates_per_epoch=391",
    "samples": "samples_per_update=256",
    "tokens": "tokens_per_update=524288",
    "seconds": "minutes=30 beside updates=",
}


@dataclass(frozen=True)
class Horizon:
    """What is known about a run: its length, and how many updates an epoch, a sample, a token or a minute are.

    >>> Horizon(epochs=90, updates_per_epoch=391).total
    35190
    >>> Horizon(tokens=2e9, tokens_per_update=524288).total
    3815

    Totals: `updates`, `epochs`, `samples`, `tokens`, `minutes`. Rates: `updates_per_epoch`, `samples_per_update`,
    `tokens_per_update`. What is left out is inferred if it follows; contradictions raise `LrlabError`. The horizon is
    where the schedule ends, not where this run stops.
    """

    updates: int | None = None
    epochs: float | None = None
    samples: float | None = None
    tokens: float | None = None
    minutes: float | None = None
    updates_per_epoch: float | None = None
    samples_per_update: float | None = None
    tokens_per_update: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            given = getattr(self, field.name)
            if given is not None:
                object.__setattr__(self, field.name, _fact(given, field.name))
        if self.total is not None and not 1 <= self.total <= MOST:
            raise LrlabError(
                worded(f"Horizon: a run of {self.total} updates", self._facts(), f"1 to {MOST:.0e} updates in all")
            )
        self._refuse_contradictions()

    @staticmethod
    def of(given: object) -> Horizon:
        """A horizon from a number of updates, None (unknown) or a `Horizon`."""
        if isinstance(given, Horizon):
            return given
        if given is None:
            return Horizon()
        if isinstance(given, str):
            raise LrlabTypeError(
                worded(
                    "the horizon is a text",
                    given,
                    "a number of updates or a Horizon",
                    "Horizon(epochs=90, updates_per_epoch=391)",
                )
            )
        try:
            return Horizon(updates=given)  # type: ignore[arg-type]
        except LrlabError as error:
            raise type(error)(
                worded(
                    "the horizon must be a positive whole number of updates",
                    given,
                    hint="10_000, or Horizon(epochs=90, updates_per_epoch=391)",
                )
            ) from None

    @property
    def total(self) -> int | None:
        """The number of updates in the whole run, or None if it does not follow from what is known."""
        if self.updates is not None:
            return self.updates
        for unit in ("epochs", "samples", "tokens"):
            amount, rate = getattr(self, _TOTALS[unit]), self._given_rate(unit)
            if amount is not None and rate is not None:
                return rounded(_exact(amount) * rate)
        return None

    def rate(self, unit: str) -> Fraction | None:
        """Updates per unit (epoch, sample, token, second), or None if that is not known."""
        given = self._given_rate(unit)
        amount = getattr(self, _TOTALS[unit])
        if given is not None or amount is None or self.total is None:
            return given
        return self.total / (_exact(amount) * (60 if unit == "seconds" else 1))

    def resolve(self, span: Span) -> Fraction:
        """A span in updates, exactly; it may be a fraction, because boundaries are rounded later.

        Raises `LrlabError`, naming the missing fact, if the horizon does not say how long the unit is.
        """
        if span.unit == "updates":
            return span.amount
        if span.unit == "share":
            if self.total is None:
                raise LrlabError(
                    worded(
                        f"{span!r} is a share of a run whose length is not known",
                        self._facts(),
                        hint=next(
                            (f"Horizon(..., {RATES[unit]})" for unit, total in _TOTALS.items() if getattr(self, total)),
                            LENGTH,
                        ),
                    )
                )
            return span.amount * self.total
        rate = self.rate(span.unit)
        if rate is None:
            raise LrlabError(
                worded(
                    f"{span!r} cannot be turned into updates: the horizon does not say how long its unit is",
                    self._facts(),
                    hint=f"Horizon(..., {RATES[span.unit]})",
                )
            )
        return span.amount * rate

    def record(self) -> dict[str, float]:
        """The known facts as plain numbers (for JSON and for comparison)."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}

    def __repr__(self) -> str:
        return f"Horizon({', '.join(f'{name}={value}' for name, value in self.record().items())})"

    def _facts(self) -> Horizon | None:
        return self if self.record() else None

    def _given_rate(self, unit: str) -> Fraction | None:
        if unit == "epochs" and self.updates_per_epoch is not None:
            return _exact(self.updates_per_epoch)
        if unit == "samples" and self.samples_per_update is not None:
            return 1 / _exact(self.samples_per_update)
        if unit == "tokens" and self.tokens_per_update is not None:
            return 1 / _exact(self.tokens_per_update)
        return None

    def _refuse_contradictions(self) -> None:
        for unit in ("epochs", "samples", "tokens"):
            amount, rate = getattr(self, _TOTALS[unit]), self._given_rate(unit)
            if amount is None or rate is None or self.total is None:
                continue
            if abs(_exact(amount) * rate - self.total) > 1:  # a last partial update is no contradiction
                counted = float(_exact(amount) * rate)
                raise LrlabError(
                    worded(
                        f"Horizon: {amount:g} {_TOTALS[unit]} are {counted:g} updates, not {self.total}",
                        self,
                        hint="leave one of them out: it follows from the others",
                    )
                )


def _fact(given: object, name: str) -> float:
    """A fact of a horizon: a number above 0, whole if it was given so."""
    count = whole(given)
    if count is None:
        if isinstance(given, (bool, str)) or not hasattr(given, "__float__") or getattr(given, "ndim", 0) != 0:
            raise LrlabTypeError(worded(f"Horizon: {name} is not a number", given))
        value = float(given)
        if name == "updates":
            if not value.is_integer():
                hint = str(round(value)) if math.isfinite(value) else ""
                raise LrlabError(worded("Horizon: updates must be whole", given, hint=hint))
            value = int(value)
    else:
        value = count
    if not 0 < value <= MOST_OF_A_UNIT:
        raise LrlabError(worded(f"Horizon: {name} is out of range", given, f"above 0, at most {MOST_OF_A_UNIT:.0e}"))
    return value


def _exact(x: float) -> Fraction:
    """A number as it was written: 0.1 is one tenth."""
    return Fraction(str(x)) if isinstance(x, float) else Fraction(x)
