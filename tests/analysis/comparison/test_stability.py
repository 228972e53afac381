"""Learning rates at which some runs diverged."""

import numpy as np
import pytest

from lrlab.analysis.comparison.stability import Unstable, spared, stable, unstable

GONE = np.inf
GRID = {
    0.5: np.array([5.0, 7.0, 6.0, 6.0]),
    1.0: np.array([2.0, 4.0, 3.0, 3.0]),
    2.0: np.array([1.0, 3.5, GONE, 2.0]),
    4.0: np.array([0.0, 0.0, GONE, GONE]),
}


def test_stable_is_where_nothing_diverged():
    """And nothing else is taken out."""
    assert list(stable(GRID)) == [0.5, 1.0]


def test_what_is_missing_is_filled_from_the_best_stable_rate():
    """Its score there, and the mean difference in the other units; a rate that diverged in half of them is no rate."""
    found = spared(GRID)
    assert list(found) == [0.5, 1.0, 2.0]
    assert found[2.0].tolist() == [1.0, 3.5, pytest.approx(3.0 - 2.5 / 3), 2.0]
    assert spared({1.0: np.array([1.0, GONE, 1.0])}) == {}


def test_a_rate_is_lost_where_it_would_be_the_best():
    """Not where a stable one is better, nor where none is stable."""
    assert unstable(GRID) == Unstable(2.0, 1, 4)
    assert unstable({**GRID, 2.0: GRID[2.0] + 3}) is None
    assert unstable({2.0: GRID[2.0]}) is None
    assert unstable({1.0: GRID[1.0]}) is None
