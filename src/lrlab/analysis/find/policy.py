"""What a range test trains, one after the other: a sweep, complete runs at three LRs, and what these ask for.

    policy = Policy(updates=1000, budget=500)
    asked = policy.first()                  # a sweep and the model as it is at the beginning
    while asked:
        asked = policy.told([... what was measured, one for each ...])

It only asks and is told, so that the lab's engine and a loop of one's own can train for it. An eighth of the budget is
the sweep; the rest are four complete runs. Three are around where the sweep was lowest, one of them at the task's own
LR; where that is farther off, one is at each of the two places, and two are around the better one. While the best lies
at an end and the budget allows, another goes beyond it. Else what is left is split into two of half the length, which
tell what the length does among them, and how much another fold or seed does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.find.profile import Probe, Profile, profile
from lrlab.analysis.find.sweep import Sweep, read_sweep
from lrlab.errors import LrlabError, LrlabTypeError, worded

Floats = NDArray[np.float64]

DECADES = 3  # the sweep goes so far below and above the task's own LR
APART = 4.0  # the factor between the runs: what the length does to the best LR is less sure than that
OWN_VARIES = 1.0  # of log LR: LRs that somebody tuned are a factor of 2 off, textbooks' of 4 (medians); see `profile`
DOUBTED = 4.0  # the same where the task's own LR is doubted: it may lie anywhere in the sweep
BROKEN = float(np.log(2.0))  # of log loss: a run that ends so far above the untrained model is no training
SHORTEST = 8  # updates: less is not a run with a schedule
MOST_SWEPT = 100  # updates: a longer sweep says no more
RUNS = 4  # that the budget has
BUDGET = 0.5  # of a run, where none is given
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


def allowed_of(updates: int, budget: float | None) -> int:
    """The updates that a budget in runs allows; by default half a run, or 80 updates where that is more.

    Raises `LrlabError` where it is no budget or too small, or where runs are too short for a range test.

    >>> allowed_of(1000, None), allowed_of(50, None), allowed_of(50, 2)
    (500, 80, 100)
    """
    if updates < 2 * SHORTEST:
        raise LrlabError(
            worded("runs so short cannot be tested", f"{updates} updates", f"{2 * SHORTEST} updates or more")
        )
    if budget is None:
        return round(max(BUDGET, least_budget(updates)) * updates)
    if isinstance(budget, bool) or not isinstance(budget, (int, float)) or not 0 < budget < np.inf:
        raise LrlabTypeError(worded("budget is in runs", budget, "a finite number above 0", "0.5"))
    if budget < least_budget(updates):
        given, enough = f"{budget:g} runs of {updates} updates", f"{_up(least_budget(updates)):g} runs or more"
        raise LrlabError(worded("the budget is too small for one short run at each LR", given, enough))
    return round(budget * updates)


def _up(value: float) -> float:
    """Three digits, never below the value."""
    unit = 10.0 ** (np.floor(np.log10(value)) - 2)
    return float(np.ceil(value / unit - 1e-9) * unit)


def lengths_of(updates: int, budget: int) -> Lengths:
    """The lengths for so many updates in all (see `allowed_of`).

    >>> lengths_of(800, 400)
    Lengths(sweep=49, run=87, half=43)
    """
    sweep = min(MOST_SWEPT, budget // 8 - 1)
    run = min(updates, (budget - 1 - sweep) // RUNS)
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
        self.updates, self.budget, self.lengths = updates, budget, lengths_of(updates, budget)
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
        """What they and the task's own LR say about the best LR of the whole run."""
        return self._profile(self.updates, OWN_VARIES)

    def doubting(self) -> Profile:
        """What they say about it almost alone, the task's own LR being doubted."""
        return self._profile(self.updates, DOUBTED)

    def _profile(self, updates: int, within: float) -> Profile:
        assert self.sweep is not None
        return _profile(tuple(self.probes), updates, within, tuple(_thought(self.sweep)))

    @property
    def edge(self) -> Probe | None:
        """The best run, where it was made at the lowest or the highest LR: then the best LR may lie beyond.

        What broke above it bounds it.
        """
        by_lr = self._longest()
        finite = [probe for probe in by_lr if np.isfinite(probe.loss)]
        if not finite:
            return None
        best = min(finite, key=lambda probe: probe.loss)
        inner = any(probe.loss <= best.loss for probe in by_lr[1:-1])
        return None if inner else best

    def broke(self, probe: Probe) -> bool:
        """Whether a run diverged, or ended so far above the untrained model that it is no training."""
        return bool(probe.loss > self.untrained + BROKEN or not np.isfinite(probe.loss))

    def _longest(self) -> list[Probe]:
        """The runs of the greater length, by LR."""
        return sorted((p for p in self.probes if p.updates == self.lengths.run), key=lambda probe: probe.log_lr)

    def _next(self) -> list[Asked]:
        if self.sweep is None:  # not even the first losses are finite
            return []
        run, half, step = self.lengths.run, self.lengths.half, float(np.log(APART))
        left = self.budget - sum(asked.updates for asked, _ in self.done)
        by_lr = self._longest()
        if not by_lr:
            return [self._run(at, run) for at in _first(self._profile(run, OWN_VARIES).best, step)]
        if len(self.probes) > len(by_lr):  # those of half the length were the last
            return []
        if len(by_lr) == 2 and np.isfinite(min(probe.loss for probe in by_lr)):
            at = min(by_lr, key=lambda probe: probe.loss).log_lr
            return [self._run(at - step, run), self._run(at + step, run)]
        edge = self.edge or (None if any(np.isfinite(probe.loss) for probe in by_lr) else by_lr[0])
        if edge is not None:
            beyond = edge.log_lr + (-step if edge.log_lr == by_lr[0].log_lr else step)
            farther = left >= run and abs(beyond) < DECADES * np.log(10.0)
            return [self._run(beyond, run)] if farther else []
        if left < 2 * half:
            return []
        best = min(by_lr, key=lambda probe: probe.loss)
        return [self._run(best.log_lr + side * step, half) for side in (-0.5, 0.5)]

    def _run(self, log_lr: float, updates: int) -> Asked:
        return Asked("run", updates, float(np.exp(log_lr)), int(updates == self.lengths.half))


@lru_cache(maxsize=8)
def _profile(probes: tuple[Probe, ...], updates: int, within: float, short: tuple[tuple[float, float], ...]) -> Profile:
    """Kept, as the answer, its tables and its figure ask for the same ones."""
    return profile(probes, updates=updates, around=0.0, within=within, short=short)


def _first(middle: float, step: float) -> list[float]:
    """The first LRs (as logarithms): three around the middle, of which one is the task's own; two where that is far."""
    away = round(middle / step)
    if abs(away) > 1:
        return [middle, 0.0]
    return [(away + side) * step for side in (-1, 0, 1)]


def _thought(sweep: Sweep) -> list[tuple[float, float]]:
    """Where one thinks that the best LR of short runs is, of log LR, by a sweep, and how far off that may be.

    A factor of 2.5 below where it was lowest, and 20 below where it broke: means of the built-in tasks.
    """
    said = [(sweep.at - float(np.log(2.5)), 1.7 if sweep.learns else 3.0)]
    return said if sweep.breaks is None else [*said, (sweep.breaks - float(np.log(20.0)), 1.3)]
