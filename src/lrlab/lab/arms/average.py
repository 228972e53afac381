"""How the weights of an arm are averaged, by a number or a text: 0.1, "ema 10%", "swa 25%", "lawa 5", "merge linear()".

The text is what stands behind an @ of an arm: `constant() @ swa 25%`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal, cast

from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.merging import factors, falling

TYPED = {"ema": "ema 10%", "swa": "swa 25%", "lawa": "lawa 5", "merge": "merge linear()"}  # of each kind an example
ALLOWED = (
    '0.1 or "ema 10%" (the memory), "swa 25%" (the last part of the run), "lawa 5" (the latest states), '
    '"merge wsd(warmup=0)" (the decay that it stands for)'
)
EVERY = 0.05  # of the run: how often LAWA takes a state


@dataclass(frozen=True)
class Average:
    """A kind of average: the share of the run that it remembers, or that is its last part, or a number of states.

    Of a merge it is the whole run, and `decay` the schedule that it stands for, as a text.
    """

    name: Literal["ema", "swa", "lawa", "merge"]
    amount: float
    decay: str = ""

    @property
    def text(self) -> str:
        """What reads back as this average, to the last bit.

        >>> average_of(0.1).text, average_of("lawa 5").text
        ('ema 10%', 'lawa 5')
        """
        amount = {"lawa": f"{self.amount:g}", "merge": self.decay}
        return f"{self.name} {amount.get(self.name) or _percent(self.amount)}"

    @property
    def given(self) -> float | str:
        """Its one form among those that mean the same: of a moving average the number, else the text.

        >>> average_of("ema 10%").given, average_of("swa 25.0%").given
        (0.1, 'swa 25%')
        """
        return self.amount if self.name == "ema" else self.text

    def __str__(self) -> str:
        """In words, and how it is typed.

        >>> print(average_of(0.1))
        weights averaged over 10% of the run (ema 10%)
        >>> print(average_of("lawa 5"))
        weights averaged over the latest 5 of 20 states (lawa 5)
        """
        if self.name == "merge":
            return f"weights merged as {self.decay} would have left them ({self.text})"
        share = _percent(self.amount)
        over = {"lawa": f"the latest {self.amount:g} of 20 states", "swa": f"the last {share} of the run"}
        return f"weights averaged over {over.get(self.name, f'{share} of the run')} ({self.text})"

    def is_one_state(self, updates: int) -> bool:
        """Whether a run is so short that the weights after one update are all that is in it at the end.

        Raises `LrlabError` for a merge whose decay rises in a run of this length.

        >>> average_of(0.1).is_one_state(10), average_of(0.1).is_one_state(11)
        (True, False)
        """
        if self.name == "merge":
            return bool((factors(parse(self.decay), updates) == 1).all())
        if self.name == "lawa":
            return min(self.amount, updates // max(1, round(EVERY * updates))) <= 1
        window = self.amount * updates
        return round(window) <= 1 if self.name == "swa" else window <= 1


def average_of(given: float | str) -> Average:
    """Read it. Raises `LrlabError` where it is none.

    >>> average_of("swa 25%")
    Average(name='swa', amount=0.25, decay='')
    """
    wrong = LrlabError(
        worded("averaging is a share of the run, or a kind with its amount", given, ALLOWED, '"ema 10%"')
    )
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 < given <= 1:
        return Average("ema", float(given))
    if not isinstance(given, str):
        raise wrong
    name, _, amount = given.strip().partition(" ")
    if name == "merge" and amount:
        return Average("merge", 1.0, str(falling(amount)))
    try:
        value = Decimal(amount.strip().removesuffix("%"))
    except InvalidOperation:
        raise wrong from None
    if name == "lawa" and value in range(1, 21) and not amount.endswith("%"):
        return Average("lawa", float(value))
    if name in ("ema", "swa") and value.is_finite() and 0 < (share := float(value / 100)) <= 1 and amount.endswith("%"):
        return Average(cast(Literal["ema", "swa"], name), share)
    raise wrong


def _percent(share: float) -> str:
    """A share in per cent, with every digit that it has.

    >>> _percent(0.1), _percent(0.125)
    ('10%', '12.5%')
    """
    return f"{(100 * Decimal(repr(share))).normalize():f}%"
