"""Labels that do not cover each other."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlab.views.labels import spread


@pytest.mark.parametrize(
    ("wanted", "placed"),
    [
        ([], []),
        ([5], [5]),
        ([-5], [0]),
        ([120], [100]),
        ([50, 50], [45, 55]),
        ([50, 50, 50], [40, 50, 60]),
        ([50, 52, 80], [46, 56, 80]),
        ([99, 100], [90, 100]),
        ([80, 20], [80, 20]),
        ([0, 0, 3], [0, 10, 20]),
    ],
)
def test_spread_by_hand(wanted, placed):
    """Pairs move apart by equal shares, groups stay together, the ends are walls."""
    assert spread(wanted, 10, 0, 100) == pytest.approx(placed)


@given(st.lists(st.floats(-50, 150), min_size=1, max_size=30), st.floats(0.1, 20))
def test_law_spread(wanted, gap):
    """Apart, inside and in order; without conflict nothing moves."""
    placed = spread(wanted, gap, 0, 100)
    fits = min(gap, 100 / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    ranked = [placed[i] for i in order]
    assert all(b - a >= fits - 1e-6 for a, b in pairwise(ranked))
    assert all(-1e-6 <= p <= 100 + 1e-6 for p in placed)
    calm = sorted(wanted)
    if all(b - a >= gap for a, b in pairwise(calm)) and calm[0] >= 0 and calm[-1] <= 100:
        assert placed == pytest.approx(wanted)
