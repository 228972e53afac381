"""What a range test trains, one after the other: a sweep, complete runs at three LRs, and what these ask for.

    policy = Policy(updates=1000, budget=500)
    asked = policy.first()                  # a sweep and the model as it is at the beginning
    while asked:
        asked = policy.told([... what was measured, one for each ...])

It only asks and is told, so that the lab's engine and a loop of one's own can train for it. An eighth of the budget is
the sweep; the rest are four complete runs. Three are around where the sweep was lowest. Where the best of them is at an
end, the fourth goes beyond it; else it is split into two of half its length, which tell what the length does.
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
APART = 2.2  # the factor between the runs
SHORTEST = 8  # updates: less is not a run with a schedule
MOST_SWEPT = 100  # updates: a longer sweep says no more
RUNS = 4  # that the budget has
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
    """How many updates each part has: the sweep, the complete runs, and those of half their length."""

    sweep: int
    run: int
    half: int

    @property
    def total(self) -> int:
        """All updates together, at most."""
        return 1 + self.sweep + RUNS * self.run


def lengths_of(updates: int, budget: int) -> Lengths:
    """The lengths for so many updates in all.

    Raises `LrlabError` where that is too little.

    >>> lengths_of(800, 400)
    Lengths(sweep=49, run=87, half=43)
    """
    sweep = min(MOST_SWEPT, budget // 8 - 1)
    run = min(updates, (budget - 1 - sweep) // RUNS)
    if run // 2 < SHORTEST:
        given, enough = f"{budget / updates:.3g} runs of {updates} updates", f"{least_budget(updates):.3g} runs or more"
        raise LrlabError(worded("the budget is too small for one short run at each LR", given, enough))
    return Lengths(sweep, run, run // 2)


def least_budget(updates: int) -> float:
    """The budget, in runs of so many updates, below which nothing can be said."""
    return 10 * SHORTEST / updates


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
            Probe(float(np.log(asked.multiple)), asked.updates, asked.unit, told.score, self.untrained)
            for asked, told in self.done
            if asked.kind == "run"
        ]

    def profile(self) -> Profile:
        """What they say about the best LR of the whole run."""
        assert self.sweep is not None
        return self._profile(self.updates)

    def _profile(self, updates: int) -> Profile:
        assert self.sweep is not None
        around, within = _thought(self.sweep)
        return profile(self.probes, updates=updates, around=around, within=within)

    def _next(self) -> list[Asked]:
        if self.sweep is None or len(self.probes) >= RUNS:  # not even the first losses are finite, or all is done
            return []
        run, half = self.lengths.run, self.lengths.half
        by_lr = sorted(self.probes, key=lambda probe: probe.log_lr)
        if not by_lr:
            middle = self._profile(run).best
            return [self._run(middle + step * np.log(APART), run) for step in (-1, 0, 1)]
        best = min(by_lr, key=lambda probe: probe.loss)
        if best is by_lr[1]:
            return [self._run(best.log_lr + step * np.log(APART), half) for step in (-0.5, 0.5)]
        beyond = -1 if best is by_lr[0] else 1
        return [self._run(best.log_lr + beyond * np.log(APART), run)]

    def _run(self, log_lr: float, updates: int) -> Asked:
        return Asked("run", updates, float(np.exp(log_lr)), int(updates == self.lengths.half))


def _thought(sweep: Sweep) -> tuple[float, float]:
    """Where a sweep lets one think that the best LR of a short run is, of log LR, and how far off that may be.

    A factor of 1.7 below where the loss was lowest, and 7 below where it broke: medians of the built-in tasks.
    """
    said = [(sweep.at - np.log(1.7), 1.1 if sweep.learns else 3.0)]
    if sweep.breaks is not None:
        said.append((sweep.breaks - np.log(7.0), 1.3))
    weights = np.array([within**-2 for _, within in said])
    return float(np.average([at for at, _ in said], weights=weights)), float(max(1.0, weights.sum() ** -0.5))
