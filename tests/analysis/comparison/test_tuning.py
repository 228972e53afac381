"""The tuning curve: against every set of LRs that may be drawn, spelled out."""

from itertools import combinations

import numpy as np
import pytest

from lrlab.analysis.comparison.statistics import compare
from lrlab.analysis.comparison.tuning import common, tuning_curve


def by_every_draw(grid, lrs, k):
    """Draw every set of k LRs, choose the best of each on all other units, and judge it on the unit."""
    units = len(next(iter(grid.values())))
    found = []
    for unit in range(units):
        for drawn in combinations(lrs, k):
            best = min(drawn, key=lambda lr: np.delete(grid[lr], unit).mean())
            found.append(grid[best][unit])
    return np.mean(found)


def test_it_is_the_mean_over_every_draw():
    """Of five LRs, on six units; more is better by its sign."""
    rng = np.random.default_rng(0)
    lrs = (0.25, 0.5, 1.0, 2.0, 4.0)
    grid = {lr: rng.normal(size=6) + abs(np.log2(lr)) for lr in lrs}
    curve = tuning_curve(grid, lrs)
    assert [point.tried for point in curve] == [1, 2, 3, 5]
    for point in curve:
        assert point.mean == pytest.approx(by_every_draw(grid, lrs, point.tried))
    assert [point.mean for point in tuning_curve(grid, lrs, -1.0)] == [-point.mean for point in curve]


def test_an_lr_that_diverged_is_a_miss():
    """It comes last; where all that are drawn may be such, there is no mean to be expected."""
    grid = {0.5: np.array([2.0, 3.0]), 1.0: np.array([1.0, 1.0]), 2.0: np.array([np.inf, 0.0])}
    one, two, three = tuning_curve(grid, (0.5, 1.0, 2.0))
    assert one.mean is None
    assert two.mean == pytest.approx((1.0 + 1.0 + 2.5) / 3)
    assert three.mean == 1.0
    assert [point.mean for point in tuning_curve(dict.fromkeys(grid, grid[2.0]), (0.5, 1.0, 2.0))] == [None] * 3


def test_only_shared_lrs_are_drawn_and_one_lr_is_not_tuned():
    """A grid that was widened gives nobody more chances; an arm that finds its LR has its mean whatever is tried."""
    rng = np.random.default_rng(1)
    grids = {
        "a": {lr: rng.normal(size=(1, 5)) for lr in (0.5, 1.0, 2.0)},
        "b": {lr: rng.normal(size=(1, 5)) for lr in (0.25, 0.5, 1.0, 2.0)},
        "free": {1.0: rng.normal(size=(1, 5))},
    }
    lines = {line.arm: line for line in compare(grids).standings}
    assert common(grids) == (0.5, 1.0, 2.0)
    assert all([point.tried for point in line.tuning] == [1, 2, 3] for line in lines.values())
    assert [point.mean for point in lines["free"].tuning] == pytest.approx([grids["free"][1.0].mean()] * 3)
    apart = {"a": {1.0: grids["free"][1.0], 2.0: grids["free"][1.0]}, "b": {4.0: grids["a"][0.5], 8.0: grids["a"][1.0]}}
    assert [line.tuning for line in compare(apart).standings] == [(), ()]
