"""Candidates and the winner are never judged on the same data."""

import pytest

from lrlab.lab.search.units import split_of
from lrlab.lab.task.declaration import Settings


@pytest.mark.parametrize("folds", [1, 2, 5, 20])
def test_nothing_is_tried_and_judged(folds):
    """Folds are told apart by their number where there are several, by their seed where there is one."""
    split = split_of(Settings(folds=folds))
    assert not {*split.tried} & {*split.judged}
    assert {unit.fold for unit in (*split.tried, *split.judged)} == set(range(split.folds))
    assert len(split.tried) == 2
    assert len(split.judged) >= 6


def test_eight_folds_or_ten_seeds():
    """Two to search on, six folds or eight seeds to judge on."""
    split = split_of(Settings(folds=2))
    assert [(unit.seed, unit.fold) for unit in split.tried] == [(0, 0), (0, 1)]
    assert [(unit.seed, unit.fold) for unit in split.judged] == [(0, fold) for fold in range(2, 8)]
    split = split_of(Settings(folds=1))
    assert [(unit.seed, unit.fold) for unit in split.tried] == [(0, 0), (1, 0)]
    assert [(unit.seed, unit.fold) for unit in split.judged] == [(seed, 0) for seed in range(2, 10)]
