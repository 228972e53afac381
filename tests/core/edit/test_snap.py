"""Round places and levels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrlab as lr
from lrlab.core.edit.snap import length, level, place


@given(st.floats(0, 1e6), st.floats(0, 1e5))
def test_a_place_is_an_update_within_reach(x, reach):
    """Or the nearest one, where nothing round is near."""
    at = place(x, (x - reach, x + reach), lr.Horizon(updates=10**6, updates_per_epoch=391))
    assert abs(at - x) <= max(reach, 0.5) + 1


@given(st.floats(0, 1e3), st.floats(0, 0.5))
def test_a_level_is_within_reach_or_has_three_digits(y, reach):
    found = level(y, (y * (1 - reach), y * (1 + reach)))
    assert found == float(f"{y:.3g}") or abs(found - y) <= y * reach * 1.001
    assert found >= 0


@pytest.mark.parametrize(
    ("y", "near", "unit", "to"),
    [(0.48, (0.4, 0.6), 1, 0.5), (0.48, (0.45, 0.52), 3e-4, 0.48), (0.68, (0.6, 0.7), 3e-4, 2 / 3), (-1, None, 1, 0)],
)
def test_levels_are_round_in_the_unit_that_is_shown(y, near, unit, to):
    """Two thirds of 3e-4 are 2e-4."""
    assert level(y, near, (), unit) == pytest.approx(to)


@pytest.mark.parametrize(
    ("x", "near", "run", "to"),
    [
        (52, (48, 53), {"updates": 1000}, 50),
        (49, (49, 50), {"updates": 1000}, 50),
        (51, (50, 51), {"updates": 1000}, 50),
        (76, (70, 80), {"updates": 1000}, 76),
        (76, (50, 100), {"updates": 1000}, 100),
        (16, (15, 18), {"updates": 333}, 17),
        (760, (700, 800), {"updates": 10_000, "updates_per_epoch": 391}, 782),
        (990, (950, 1010), {"updates": 10_000, "updates_per_epoch": 391}, 1000),
        (1180, (900, 1300), {"updates": 10_000, "updates_per_epoch": 391}, 1173),
        (3.4, (2.5, 3.5), {"updates": 10, "updates_per_epoch": 0.3}, 3),
    ],
)
def test_a_place_is_round_by_twentieths_of_the_run_and_by_epochs(x, near, run, to):
    """The nearer of the two; twentieths are rounded half up."""
    assert place(x, near, lr.Horizon(**run)) == to


@pytest.mark.parametrize(
    ("y", "near", "others", "to"),
    [
        (0.2, (0.2, 0.2), (), 0.2),
        (0.32, (0.1, 0.6), (), 0.5),
        (0.31, (0.1, 0.6), (), 0.2),
        (0.0705, (0.05, 0.1), (), 0.05),
        (0.071, (0.05, 0.1), (), 0.1),
        (9.6, (9, 11), (), 10),
        (0.213, (0.205, 0.22), (), 0.213),
        (0.5, (0, 1), (), 0),
        (0.4567, (0.45, 0.46), (), 0.457),
        (0.33, (0.3, 0.34), (0.333, 0.31), 0.333),
        (0.5, (0.4, 0.6), (0.5001,), 0.5),
        (0.50006, (0.4, 0.6), (0.5001,), 0.5001),
        (3, (2.5, 5.5), (0, -3), 5),
        (0.25, (0.24, 0.26), (0.24, 0.26), 0.26),
        (0, (0.001, 2), (0.5,), 0.5),
        (12_345, None, (0.5,), 12_300),
    ],
)
def test_the_nearest_round_level_is_meant(y, near, others, to):
    """Near is a ratio, 2 is as far from 1 as from 4; 0 is meant wherever it is near."""
    assert level(y, near, others) == pytest.approx(to, rel=1e-12)


@pytest.mark.parametrize(
    ("x", "near", "to"),
    [
        (10_300, (9_800, 10_800), 10_000),
        (12_345, (12_000, 13_000), 12_300),
        (9.6, (9, 11), 10),
        (2, (2, 2), 2),
        (210, (200, 220), 200),
        (190, (180, 200), 200),
        (15_000, (9_000, 21_000), 10_000),
        (0, (0, 9), 1),
        (0.6, None, 1),
        (99_960, None, 100_000),
    ],
)
def test_a_length_is_round_where_such_a_one_is_near(x, near, to):
    assert length(x, near) == to


def test_a_run_has_at_least_an_update():
    assert [length(x, None) for x in (-5, 0.2, 99_999)] == [1, 1, 100_000]
