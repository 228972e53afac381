"""The LR profile of an arm: how it is widened, and where the order of two arms flips."""

import numpy as np
import pytest
from scipy import stats

from lrlab.analysis.comparison.profile import Flip, Point, flips, profile, wider

NOISE = np.array([0.00, 0.03, 0.01, 0.02, 0.04])


def grid(*means, first=0.5):
    """Scores at LRs from `first` on, each twice the one before; nearly the same in each unit."""
    return {first * 2**k: mean + (NOISE if k % 2 else NOISE[::-1]) for k, mean in enumerate(means)}


def test_a_profile_is_the_mean_at_each_lr():
    """In the values of the metric; None where a run diverged, and how many did."""
    cells = {1.0: np.array([-1.0, -3.0]), 0.5: np.array([-1.0, np.inf])}
    assert profile(cells, -1.0) == (Point(0.5, None, 1), Point(1.0, 2.0, 0))


@pytest.mark.parametrize(
    ("means", "first", "found"),
    [
        ((3, 2, 1), 0.5, 4.0),
        ((1, 2, 3), 0.5, 0.25),
        ((2, 1, 2), 0.5, None),
        ((2, 1, np.inf), 0.5, None),
        ((1, np.inf, np.inf), 0.5, 0.25),
        ((np.inf, np.inf, np.inf), 0.5, 0.25),
        ((1, 1, 1), 0.5, None),
        ((3, 2, 1), 16.0, None),
        ((3, 2, 1), 8.0, 64.0),
        ((1, 2, 3), 1 / 64, None),
        ((1, 2, 3), 1 / 32, 1 / 64),
    ],
)
def test_a_grid_is_widened_until_the_best_is_inside(means, first, found):
    """By a factor of 2, never beyond 64 or a 64th; lower where every run diverged; not where nothing is best."""
    assert wider(grid(*means, first=first)) == found


def test_the_order_of_two_arms_flips():
    """Each is clearly ahead at some LR: who, where and by how much."""
    found = flips({"wsd": grid(1.0, 2.0, 3.0), "cosine": grid(1.5, 2.0, 2.7)})
    assert found == (Flip("cosine", "wsd", 2.0, pytest.approx(0.3), 0.5, pytest.approx(0.5)),)
    assert str(found[0]) == (
        "Which of cosine and wsd is ahead depends on the LR: cosine at × 2, by 0.3; wsd at × 0.5, by 0.5."
    )


def test_what_may_be_chance_is_no_flip():
    """Nor what is ahead everywhere, nor at an LR that only one was tried at, or where a run diverged."""
    rng = np.random.default_rng(0)
    equal = [flips({arm: {lr: rng.normal(size=5) for lr in (0.5, 1.0, 2.0)} for arm in "abcde"}) for _ in range(300)]
    assert np.mean([len(found) > 0 for found in equal]) < 0.03
    one = grid(1.0, 2.0, 3.0)
    assert flips({"a": one, "b": grid(1.5, 2.5, 3.5)}) == ()
    assert flips({"a": one, "b": grid(1.5, 2.0, 2.7, first=8.0)}) == ()
    assert flips({"a": one, "b": grid(1.5, 2.0, np.inf)}) == ()


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_a_flip_is_as_sure_as_a_paired_t_test_says(level):
    """At both of its LRs, each among all tests of all pairs: SciPy's own test beside ours."""
    rng = np.random.default_rng(3)
    told = set()
    for _ in range(400):
        grids = {arm: {lr: rng.normal(scale=0.4, size=5) for lr in (0.5, 1.0)} for arm in "ab"}
        grids["a"][0.5] += 0.9
        grids["b"][1.0] += 0.9
        p = [stats.ttest_rel(grids["a"][lr], grids["b"][lr]).pvalue for lr in (0.5, 1.0)]
        signs = [np.sign((grids["a"][lr] - grids["b"][lr]).mean()) for lr in (0.5, 1.0)]
        expected = max(p) < (1 - level) / 2 and signs == [1, -1]
        assert (len(flips(grids, level)) == 1) == expected
        told.add(expected)
    assert told == {True, False}


@pytest.mark.parametrize(("units", "found"), [(4, 0), (5, 1)])
def test_the_same_difference_in_few_units_is_no_flip(units, found):
    """It may be that of a coarse metric; in five it is one."""
    low, high = np.zeros(units), np.ones(units)
    assert len(flips({"a": {0.5: low, 1.0: high}, "b": {0.5: high, 1.0: low}})) == found


def test_who_is_ahead_at_one_learning_rate_alone_is_no_flip():
    same = np.arange(5.0)
    assert flips({"a": {0.5: same, 1.0: same}, "b": {0.5: same, 1.0: same + 1}}) == ()
    assert flips({"a": {0.5: same, 1.0: same}, "b": {0.5: same, 1.0: same - 1}}) == ()


def test_the_clearest_flip_comes_first():
    """By the smaller of its two differences."""
    found = flips({"a": grid(1, 2, 3), "b": grid(1.3, 2, 2.7), "c": grid(2.3, 2, 1.7)})
    assert [(flip.one, flip.other) for flip in found] == [("a", "c"), ("b", "c"), ("a", "b")]
