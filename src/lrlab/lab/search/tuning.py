"""The search of `lrlab tune`: candidates are proposed, trained as complete schedules at a quarter, a half and the whole
of the run, and sifted. What is found is a winner of the search, not yet better than anything: others judge it.

The budget is in updates and is never exceeded. At least half of the candidates go on at each rung. Their number is
chosen so that two thirds could, if nothing were shared; this, and what sharing saves, is the room for candidates that
cannot be told from those that go on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import LrlabError, worded
from lrlab.lab.search.proposals import Candidate, Proposals
from lrlab.lab.search.rungs import lengths_of, ranking
from lrlab.lab.search.units import Unit
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.resources import Resources
from lrlab.record.runs.run import StoredRun

Array = NDArray[np.float64]

AT_ONCE = 8  # proposals that do not know of each other; a fixed number, so that more workers change nothing
FEWEST, MOST = 4, 10_000  # candidates beside the baseline


@dataclass(frozen=True)
class Field:
    """What all runs of a search share: where candidates are tried, and how their runs are judged.

    `train` gives the runs of jobs, in their order; `price` the updates that jobs take together.
    """

    units: tuple[Unit, ...]
    folds: int
    updates: int
    evals: int
    maximise: bool
    train: Callable[[Sequence[Job]], Sequence[StoredRun]]
    price: Callable[[Sequence[Job]], int]
    config: Mapping[str, Any] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)

    def jobs(self, candidates: Sequence[Candidate], updates: int) -> list[Job]:
        """The runs of some candidates at one length, unit by unit."""
        whole = updates == self.updates
        return [
            Job(
                c.arm,
                c.lr,
                unit.seed,
                unit.fold,
                self.folds,
                updates,
                self.evals if whole else 1,
                self.config,
                self.resources.threads,
                self.resources.device,
                self.resources.order,
            )
            for unit in self.units
            for c in candidates
        ]

    def scores(self, candidates: Sequence[Candidate], updates: int) -> Array:
        """Train: the scores (candidates, units), lower is better, inf where a run diverged."""
        runs = self.train(self.jobs(candidates, updates))
        sign = -1.0 if self.maximise else 1.0
        found = [np.inf if run.outcome == "diverged" else sign * run.score for run in runs]
        return np.array(found).reshape(len(self.units), len(candidates)).T


@dataclass(frozen=True)
class Rung:
    """One length: how many were tried, how many go on, how many of these only because of the noise, what it took.

    `dropped` could not be told from those that went on either, but the budget had no room for them.
    """

    updates: int
    tried: int
    kept: int
    carried: int
    dropped: int
    noise: float
    spent: int
    naive: int


@dataclass(frozen=True)
class Found:
    """What a search found on its own data: the best candidate, the baseline at its best LR, and the rungs."""

    winner: Candidate
    baseline: Candidate
    rungs: tuple[Rung, ...]

    @property
    def spent(self) -> int:
        """Updates that were trained, each stage once."""
        return sum(rung.spent for rung in self.rungs)

    @property
    def naive(self) -> int:
        """Updates of all runs, each alone."""
        return sum(rung.naive for rung in self.rungs)


def candidates_within(budget: int, updates: int, units: int, baselines: int) -> int:
    """How many candidates, beside the baselines, can be sifted with so many updates though nothing be shared; or 0.

    >>> candidates_within(budget=2000, updates=100, units=2, baselines=3)
    6
    """
    count = 0
    while count < MOST and _cost(count + 1, updates, units, baselines) <= budget:
        count += 1
    return count if count >= FEWEST else 0


def least_budget(updates: int, units: int, baselines: int) -> int:
    """The updates without which no search is begun."""
    return _cost(FEWEST, updates, units, baselines)


def search(proposals: Proposals, baselines: int, field: Field, budget: int) -> Found:
    """Search with at most `budget` updates. The first `baselines` proposals are the baseline at each LR.

    Baselines and the others are sifted apart, so that the LR of the baseline is as well chosen as the winner's.

    Raises `LrlabError` if the budget is too small, or nothing is left because all runs diverged.
    """
    count = candidates_within(budget, field.updates, len(field.units), baselines)
    if not count:
        least = least_budget(field.updates, len(field.units), baselines) / field.updates
        raise LrlabError(
            worded("the budget is too small to search", f"{budget / field.updates:g} runs", f"{least:g} runs or more")
        )
    rungs: list[Rung] = []
    lengths = lengths_of(field.updates)
    candidates, scores, spent = _opened(proposals, field, lengths[0], baselines + count)
    for shorter, length in pairwise(lengths):
        left = budget - spent - sum(rung.spent for rung in rungs)
        sifted = _sifted(candidates, scores, baselines, field, length, left)
        rungs.append(_rung(field, shorter, candidates, sifted, spent))
        candidates, baselines = sifted.kept, sifted.baselines
        _judged_by(candidates[:baselines])
        spent = field.price(field.jobs(candidates, length))
        scores = field.scores(candidates, length)
    order = ranking(scores).order
    own = [k for k in order if k < baselines]
    _judged_by(own)
    last = Sifted([candidates[order[0]]], 0, 0, 0, ranking(scores).noise)
    rungs.append(_rung(field, field.updates, candidates, last, spent))
    return Found(candidates[order[0]], candidates[own[0]], tuple(rungs))


def _judged_by(baselines: Sequence[object]) -> None:
    """Refuse to go on without a baseline that has not diverged."""
    if not baselines:
        raise LrlabError(
            worded("the baseline diverged at every LR, so that there is nothing to judge by", hint="--lrs 0.1,0.2,0.5")
        )


def _opened(proposals: Proposals, field: Field, length: int, count: int) -> tuple[list[Candidate], Array, int]:
    """The first rung, some proposals at a time; what they take is counted by batches, for each shares within itself."""
    candidates: list[Candidate] = []
    scores: list[Array] = []
    spent = 0
    while batch := proposals.ask(min(AT_ONCE, count - len(candidates))):
        spent += field.price(field.jobs(batch, length))
        found = field.scores(batch, length)
        for candidate, score in zip(batch, found, strict=True):
            proposals.tell(candidate, float(score.mean()))
        candidates += batch
        scores.append(found)
    return candidates, np.concatenate(scores), spent


@dataclass(frozen=True)
class Sifted:
    """Who goes on, baselines first; how many are baselines, how many are there only because of the noise, and how many
    more would be, had there been room."""

    kept: list[Candidate]
    baselines: int
    carried: int
    dropped: int
    noise: float


def _sifted(
    candidates: Sequence[Candidate], scores: Array, baselines: int, field: Field, length: int, left: int
) -> Sifted:
    """Who goes on to this length, with so many updates `left` for it and all after it."""
    own, others = ranking(scores[:baselines]), ranking(scores[baselines:])
    stay = [candidates[k] for k in own.order[: own.half]]
    rest = [candidates[baselines + k] for k in others.order]

    def fits(count: int) -> bool:
        after = 0 if length == field.updates else _half(len(stay)) + _half(count)
        price = field.price(field.jobs([*stay, *rest[:count]], length))
        return price + after * field.updates * len(field.units) <= left

    room = bisect_left(range(others.half + 1, others.close + 1), True, key=lambda count: not fits(count))
    count = others.half + room
    return Sifted([*stay, *rest[:count]], len(stay), room, others.close - count, others.noise)


def _rung(field: Field, updates: int, candidates: Sequence[Candidate], sifted: Sifted, spent: int) -> Rung:
    naive = len(candidates) * updates * len(field.units)
    kept, carried, dropped = len(sifted.kept), sifted.carried, sifted.dropped
    return Rung(updates, len(candidates), kept, carried, dropped, sifted.noise, spent, naive)


def _half(count: int) -> int:
    return ceil(count / 2)


def _cost(count: int, updates: int, units: int, baselines: int) -> int:
    """Updates of a search where two thirds of `count` candidates go on, and half of the baselines; nothing shared."""
    total = 0
    for length in lengths_of(updates):
        total += (count + baselines) * length * units
        count, baselines = ceil(2 * count / 3), _half(baselines)
    return total
