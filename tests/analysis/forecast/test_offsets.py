"""The walk of the offsets over the logarithm of the peak LR."""

import numpy as np
import pytest

from lrlab.analysis.forecast.offsets import Walk, distinct, near

WALK = Walk(1e-3, (2e-3, 8e-3, 5e-4), floor=0.1, noise=0.2)


def test_offsets_on_one_side_are_correlated():
    """Of a random walk: the variance of the nearer one is their covariance; across the anchor there is none."""
    floors = WALK.prior[::2, ::2]
    assert floors == pytest.approx(0.01 * np.array([[1, 1, 0], [1, 3, 0], [0, 0, 1]]))
    assert WALK.prior[1::2, 1::2] == pytest.approx(4 * floors)
    assert not WALK.prior[::2, 1::2].any()


@pytest.mark.parametrize(
    ("peak", "shares", "variance"),
    [
        (1e-3, [0, 0, 0], 0.0),
        (2e-3, [1, 0, 0], 0.0),
        (4e-3, [0.5, 0.5, 0], 0.5),
        (16e-3, [0, 1, 0], 1.0),
        (2.5e-4, [0, 0, 1], 1.0),
    ],
)
def test_elsewhere_the_walk_is_bridged_or_goes_on(peak, shares, variance):
    """At the anchor and at logged peaks nothing is unknown; between two, the bridge; beyond the last, the walk."""
    matrix, found = WALK.at(peak)
    assert matrix[0, 3::2] == pytest.approx(shares)
    assert matrix[2, 4::2] == pytest.approx(shares)
    assert found == pytest.approx([0.01 * variance, 0.0, 0.04 * variance])


def test_a_curve_at_another_logged_peak_has_columns_of_its_own():
    """Those of its offsets; a curve at the anchor has none."""
    plain = np.array([[1.0, 0.5, 0.25]])
    assert WALK.columns(plain, 1.1e-3)[0, 3:].tolist() == [0] * 6
    assert WALK.columns(plain, 8e-3)[0, 3:].tolist() == [0, 0, 1, 0.25, 0, 0]


def test_peaks_within_a_fifth_are_one():
    """From either side; at the bound they are."""
    for unit in (1.0, 1e-3):
        assert [near(unit, other * unit) for other in (1.2, 1.21, 2.0)] == [True, False, False]
        assert [near(other * unit, unit) for other in (1.2, 1.21, 2.0)] == [True, False, False]
    assert distinct([1.0, 1.2, 1.3, 1.21, 0.9]) == [1.0, 1.3]
