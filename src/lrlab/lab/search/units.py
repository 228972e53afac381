"""The folds and seeds on which a search tries its candidates, and the others on which its winner is judged."""

from __future__ import annotations

from dataclasses import dataclass

from lrlab.lab.task.declaration import Settings

SEARCHED, JUDGED_FOLDS, JUDGED_SEEDS = 2, 6, 8


@dataclass(frozen=True)
class Unit:
    """A fold under a seed; the same for every candidate."""

    seed: int
    fold: int


@dataclass(frozen=True)
class Split:
    """Where candidates are `tried`, where the winner is `judged`, and into how many `folds` the data are cut."""

    tried: tuple[Unit, ...]
    judged: tuple[Unit, ...]
    folds: int


def split_of(settings: Settings) -> Split:
    """Two folds to search on and six others to judge on; where the task has one fold, two seeds and eight others.

    >>> split_of(Settings(folds=5)).folds, len(split_of(Settings(folds=1)).judged)
    (8, 8)
    """
    if settings.folds == 1:
        units = [Unit(seed, 0) for seed in range(SEARCHED + JUDGED_SEEDS)]
        return Split(tuple(units[:SEARCHED]), tuple(units[SEARCHED:]), 1)
    units = [Unit(0, fold) for fold in range(SEARCHED + JUDGED_FOLDS)]
    return Split(tuple(units[:SEARCHED]), tuple(units[SEARCHED:]), len(units))
