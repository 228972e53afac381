"""What a search may propose: strategies with slots, and the values for each slot.

    warmup("{warmup: 2|5|10}%") >> linear(to={floor: 0|0.01|0.1})
    wsd(warmup="5%", decay="{decay: 10..60 by 10}%", shape="{shape: linear|cosine|one_minus_sqrt}")
    constant() @ ema {memory: 5|10|25}%

A strategy is the text of an arm with slots in braces: a list of values, or a range in steps. Every slot is finite on
purpose: candidates on one grid meet, and what meets is trained once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np

from lrlab.core.expression.node import Schedule
from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.arms import Arm, arm_of
from lrlab.lab.arms.refusals import refuse_absolute, refuse_one_state

# The strategies that `lrlab tune` searches, by name: families that were near the top on the built-in tasks.
STRATEGIES: Mapping[str, str] = {
    "linear": 'warmup("{warmup: 1|2|5|10|20}%") >> linear(to={floor: 0|0.01|0.03|0.1})',
    "cosine": 'warmup("{warmup: 1|2|5|10|20}%") >> cosine(to={floor: 0|0.01|0.03|0.1})',
    "WSD": 'wsd(warmup="{warmup: 1|2|5|10}%", decay="{decay: 10..90 by 10}%",'
    ' shape="{shape: linear|cosine|one_minus_sqrt}", to={floor: 0|0.01|0.03})',
    "power": 'warmup("{warmup: 1|2|5|10}%") >> polynomial(power={power: 0.5..3 by 0.5})',
}

# Multiples of the task's own LR.
LRS: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)

_SLOT = re.compile(r"\{([^{}]*)\}")
_FORM = re.compile(r"\s*([a-z_]\w*)\s*:\s*(.+?)\s*")
_RANGE = re.compile(r"(\S+?)\s*\.\.\s*(\S+)\s+by\s+(\S+)")
_MOST = 1000  # values of one slot
UNSCALED = 1.1  # the highest value of a schedule: in few updates a shape may miss its peak by so much
LIKENESS = 0.03  # of the peak, on average, beside the rounding of boundaries: what is alike at two lengths


@dataclass(frozen=True)
class Slot:
    """A place in a strategy's text, and the values allowed there, in order.

    >>> Slot.read("decay: 10..40 by 10")
    Slot(name='decay', values=('10', '20', '30', '40'))
    >>> Slot.read("shape: linear|cosine").ordered
    False
    """

    name: str
    values: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Slot:
        """The slot of a text `name: a|b|c` or `name: low..high by step`. Raises `LrlabError` for any other."""
        form = _FORM.fullmatch(text)
        if form is None:
            raise _misread(text)
        name, given = form.groups()
        stepped = _RANGE.fullmatch(given)
        values = _steps(text, *stepped.groups()) if stepped else tuple(part.strip() for part in given.split("|"))
        if not all(values) or len({*values}) < len(values) or (".." in given and not stepped):
            raise _misread(text)
        return cls(name, values)

    @property
    def ordered(self) -> bool:
        """Whether the values are numbers, so that neighbours are alike."""
        try:
            return all(np.isfinite(float(value)) for value in self.values)
        except ValueError:
            return False


@dataclass(frozen=True)
class Strategy:
    """The text of an arm with slots: a schedule, and behind an @ how the weights are averaged.

    >>> strategy = Strategy("WSD", 'wsd(decay="{decay: 10|20}%")')
    >>> strategy.size, strategy.filled({"decay": "20"}).text
    (2, 'warmup("5%") >> constant() >> one_minus_sqrt("20%")')
    """

    name: str
    text: str

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Its slots in the order of the text; a name that comes twice is one slot, with one value."""
        found: dict[str, Slot] = {}
        for inside in _SLOT.findall(self.text):
            slot = Slot.read(inside)
            if found.setdefault(slot.name, slot) != slot:
                raise LrlabError(worded(f"{self.name}: the slot {slot.name} is given twice, differently", inside))
        return tuple(found.values())

    @property
    def size(self) -> int:
        """The number of schedules that it can be."""
        return prod(len(slot.values) for slot in self.slots)

    def filled(self, values: Mapping[str, str]) -> Arm:
        """The arm with these values in its slots. Raises `LrlabError` if the text is none, or has an optimizer."""
        arm = arm_of(self.name, _SLOT.sub(lambda found: values[Slot.read(found[1]).name], self.text))
        if arm.config:
            what = f"{self.name}: a search is of schedules and averages, all with the optimizer of the task"
            raise LrlabError(worded(what, self.text, hint="--config optimizer=..., or lrlab compare"))
        return arm

    def corners(self) -> Iterable[dict[str, str]]:
        """The first and last value of every slot, in every combination."""
        slots = self.slots
        for ends in product(*(dict.fromkeys((s.values[0], s.values[-1])) for s in slots)):
            yield {slot.name: value for slot, value in zip(slots, ends, strict=True)}


# What the winner is judged against: the usual choice, at the LR that suits it best.
BASELINE = Strategy("warmup + linear", 'warmup("5%") >> linear()')


def strategies_of(texts: Mapping[str, str], lengths: Sequence[int], lrs: Sequence[float] = LRS) -> tuple[Strategy, ...]:
    """The baseline and these strategies, by name; each must be the same schedule at each of the lengths.

    Raises `LrlabError` if a text cannot be read, does not last a length, changes its shape with it, listens to the
    run, averages nothing in the shortest, or looks like an absolute LR at these `lrs`.

    >>> [strategy.name for strategy in strategies_of({"mine": "cosine()"}, (100, 400))]
    ['warmup + linear', 'mine']
    """
    if BASELINE.name in texts:
        raise LrlabError(worded("this is the name of what the winner is judged against", BASELINE.name))
    found = (BASELINE, *(Strategy(name, text) for name, text in texts.items()))
    for strategy in found:
        for values in strategy.corners():
            arm = strategy.filled(values)
            refuse_another(strategy.name, arm.schedule, lengths, lrs)
            refuse_one_state(strategy.name, arm.averaging, min(lengths))
    return found


def refuse_another(name: str, schedule: Schedule, lengths: Sequence[int], lrs: Sequence[float] = (1.0,)) -> None:
    """Raise `LrlabError` where a schedule is another one at a shorter length, so that its short runs say nothing."""
    *shorter, longest = sorted(lengths)
    lasting = ", ".join(map(str, shorter))
    curve = schedule.over(longest)
    if curve.controllers:
        what = "a schedule that listens to the run is another one in a shorter run, so that it cannot be searched"
        raise LrlabError(worded(what, str(schedule), "schedules without controllers", "lrlab compare"))
    refuse_absolute(name, schedule, longest, lrs)
    whole = curve.values()
    for length in shorter:
        short = schedule.over(length).values()
        stretched = whole[np.arange(length) * longest // length]
        if np.abs(stretched - short).mean() > (LIKENESS + 1 / length) * np.abs(whole).max():
            raise LrlabError(
                worded(
                    f"a search begins with runs of {lasting} updates, where this is another schedule",
                    str(schedule),
                    "spans as shares of the run",
                    'warmup("5%") instead of warmup(500)',
                )
            )


def refuse_scaled(schedule: Schedule, updates: int) -> None:
    """Raise `LrlabError` where the highest value of a schedule is not 1, so that the LR that is found is no peak."""
    peak = float(schedule.over(updates).values().max())
    if not 1 / UNSCALED <= peak <= UNSCALED:
        raise LrlabError(
            worded(
                f"the LR that is found is the peak, and the highest value of this schedule is {peak:.3g}",
                str(schedule),
                "a schedule whose highest value is 1",
                "leave out the factor",
            )
        )


def _steps(text: str, low: str, high: str, step: str) -> tuple[str, ...]:
    try:
        first, last, by = (Fraction(part) for part in (low, high, step))
    except (ValueError, ZeroDivisionError):
        raise _misread(text) from None
    if by <= 0 or last < first or (last - first) / by >= _MOST:
        raise _misread(text)
    return tuple(f"{float(first + k * by):.12g}" for k in range(int((last - first) / by) + 1))


def _misread(text: str) -> LrlabError:
    return LrlabError(
        worded(
            "a slot cannot be read",
            f"{{{text}}}",
            f"{{name: a|b|c}} with different values, or {{name: low..high by step}} with at most {_MOST}",
            "{decay: 10..50 by 10}",
        )
    )
