"""What a range test trains, one after the other: a sweep, short complete runs at two lengths, and no more.

    policy = Policy(updates=1000, budget=500)
    asked = policy.first()                  # a sweep and the model as it is at the beginning
    while asked:
        asked = policy.told([... what was measured, one for each ...])
    policy.range()

It only asks and is told, so that the lab's engine and a loop of one's own can train for it. Of `budget` updates an
eighth is the sweep, three eighths are three runs of a quarter of what the second length has ... see `lengths_of`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.find.profile import Probe, Profile, profile
from lrlab.analysis.find.sweep import Sweep, read_sweep
from lrlab.errors import LrlabError, worded

Floats = NDArray[np.float64]

DECADES = 3  # the sweep goes so far below and above the task's own LR
APART = 3.0  # the factor between the first runs
NEAR = 1.7  # and between the last ones and the best so far
SHORTEST = 8  # updates: less is not a run with a schedule
MOST_SWEPT = 100  # updates: a longer sweep says no more
FIRST, SECOND = 3, 2  # runs of the first length, and of the second
Kind = Literal["untrained", "sweep", "run"]


@dataclass(frozen=True)
class Asked:
    """Something to train: so many updates, at this multiple of the LR (a sweep: from its lowest to its highest).

    Runs of one `unit` begin alike and see the same batches; another unit is another fold or seed.
    """

    kind: Kind
    updates: int
    multiple: float
    unit: int = 0


@dataclass(frozen=True)
class Told:
    """What came of it: the score at its end, as log loss (inf where it diverged), and the training losses."""

    score: float
    losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class Lengths:
    """How many updates each part has."""

    sweep: int
    first: int
    second: int

    @property
    def total(self) -> int:
        """All updates together."""
        return 1 + self.sweep + FIRST * self.first + SECOND * self.second


def lengths_of(updates: int, budget: int) -> Lengths:
    """The lengths for so many updates in all; the second length is a quarter of them, the first an eighth.

    Raises `LrlabError` where that is too little.

    >>> lengths_of(800, 400)
    Lengths(sweep=49, first=50, second=100)
    """
    second = min(updates, budget // 4)
    first = second // 2
    if first < SHORTEST:
        least = 8 * SHORTEST
        given, enough = f"{budget / updates:.3g} runs of {updates} updates", f"{least / updates:.3g} runs or more"
        raise LrlabError(worded("the budget is too small for one short run at each LR", given, enough))
    return Lengths(min(MOST_SWEPT, budget // 8 - 1), first, second)


def least_budget(updates: int) -> float:
    """The budget, in runs of so many updates, below which nothing can be said."""
    return 8 * SHORTEST / updates


def swept(updates: int) -> Floats:
    """The multiples of a sweep of so many updates."""
    return np.geomspace(10.0**-DECADES, 10.0**DECADES, updates, endpoint=False)


class Policy:
    """Asks for what is to be trained, and keeps what it is told."""

    def __init__(self, updates: int, budget: int) -> None:
        self.updates, self.lengths = updates, lengths_of(updates, budget)
        self.sweep: Sweep | None = None
        self.losses: tuple[float, ...] = ()
        self.untrained = np.inf
        self.done: list[tuple[Asked, Told]] = []
        self._asked: Sequence[Asked] = ()

    def first(self) -> list[Asked]:
        """The sweep, and one update at its lowest LR: the model as it is at the beginning."""
        self._asked = [Asked("untrained", 1, 10.0**-DECADES), Asked("sweep", self.lengths.sweep, 1.0)]
        return [*self._asked]

    def told(self, told: Sequence[Told]) -> list[Asked]:
        """Hear what came of the last ones, and ask for more; nothing more at the end."""
        begins = not self.done
        self.done += zip(self._asked, told, strict=True)
        if begins:
            self.untrained, self.losses = told[0].score, told[1].losses
            padded = np.full(self.lengths.sweep, np.inf)
            padded[: len(self.losses)] = self.losses
            self.sweep = read_sweep(np.log(swept(self.lengths.sweep)), padded)
        self._asked = self._next()
        return [*self._asked]

    @property
    def probes(self) -> list[Probe]:
        """The complete runs so far."""
        return [
            Probe(float(np.log(asked.multiple)), asked.updates, asked.unit, told.score)
            for asked, told in self.done
            if asked.kind == "run"
        ]

    def profile(self) -> Profile:
        """What they say about the best LR of the whole run."""
        assert self.sweep is not None
        return self._profile(self.updates)

    def _profile(self, updates: int) -> Profile:
        assert self.sweep is not None
        around = min(self.sweep.at, np.inf if self.sweep.breaks is None else self.sweep.breaks) - _BELOW
        return profile(self.probes, updates=updates, around=around, within=_WITHIN if self.sweep.learns else _DOUBT)

    def _next(self) -> list[Asked]:
        if self.sweep is None:  # not even the first losses are finite
            return []
        first, second, probes = self.lengths.first, self.lengths.second, self.probes
        short = [probe for probe in probes if probe.updates == first]
        if not short:
            middle = self._profile(first).best
            return [self._run(middle + step * np.log(APART), first) for step in (-1, 0, 1)]
        if len(probes) > len(short):
            return []
        lowest = min(short, key=lambda probe: (probe.loss, probe.log_lr)).log_lr
        edge = np.sign(lowest - sorted(probe.log_lr for probe in short)[1]) if len(short) == FIRST else 0
        if edge:  # the best is at an end: two runs beyond it take the place of one of the second length
            return [self._run(lowest + step * edge * np.log(APART), first) for step in (1, 2)]
        if not np.isfinite([probe.loss for probe in short]).any():
            return []
        best = self._profile(second).best
        steps = (-0.5, 0.5) if len(short) == FIRST else (0.0,)
        return [self._run(best + step * np.log(NEAR), second) for step in steps]

    def _run(self, log_lr: float, updates: int) -> Asked:
        return Asked("run", updates, float(np.exp(log_lr)), int(updates != self.lengths.first))


_BELOW, _WITHIN, _DOUBT = float(np.log(1.7)), 1.1, 1.6  # of log LR, beside the lowest loss of the sweep
