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


def test_a_run_has_at_least_an_update():
    assert [length(x, None) for x in (-5, 0.2, 99_999)] == [1, 1, 100_000]
