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
