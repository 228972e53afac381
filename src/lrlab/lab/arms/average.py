"""How the weights of an arm are averaged, from a number or a text: 0.1, "swa 25%", "lawa 5", "merge linear()"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.merging import falling

ALLOWED = (
    '0.1 or "ema 10%" (the memory), "swa 25%" (the last part of the run), "lawa 5" (the latest states), '
    '"merge wsd(warmup=0)" (the decay that it stands for)'
)


@dataclass(frozen=True)
class Average:
    """A kind of average: the share of the run that it remembers, or that is its last part, or a number of states.

    Of a merge it is the whole run, and `decay` the schedule that it stands for, as a text.
    """

    name: Literal["ema", "swa", "lawa", "merge"]
    amount: float
    decay: str = ""

    def __str__(self) -> str:
        """In words.

        >>> str(average_of(0.1)), str(average_of("lawa 5"))
        ('weights averaged over 10% of the run', 'weights averaged over the latest 5 of 20 states (LAWA)')
        """
        if self.name == "merge":
            return f"weights merged as {self.decay} would have left them"
        if self.name == "lawa":
            return f"weights averaged over the latest {self.amount:g} of 20 states (LAWA)"
        last = "the last " if self.name == "swa" else ""
        return f"weights averaged over {last}{self.amount:.0%} of the run{' (SWA)' if last else ''}"


def average_of(given: float | str) -> Average:
    """Read it. Raises `LrlabError` where it is none.

    >>> average_of("swa 25%")
    Average(name='swa', amount=0.25, decay='')
    """
    wrong = LrlabError(
        worded("averaging is a share of the run, or a kind with its amount", given, ALLOWED, "averaging=0.1")
    )
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 < given <= 1:
        return Average("ema", float(given))
    if not isinstance(given, str):
        raise wrong
    name, _, amount = given.partition(" ")
    if name == "merge":
        return Average("merge", 1.0, str(falling(amount)))
    try:
        value = float(amount.removesuffix("%"))
    except ValueError:
        raise wrong from None
    if name == "lawa" and value in range(1, 21) and not amount.endswith("%"):
        return Average("lawa", value)
    if name in ("ema", "swa") and 0 < value <= 100 and amount.endswith("%"):
        return Average(cast(Literal["ema", "swa"], name), value / 100)
    raise wrong
