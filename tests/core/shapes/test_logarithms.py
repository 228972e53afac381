"""Straight lines on a logarithmic axis."""

import pytest

import lrlab as lr


def test_geometric_over_the_whole_range_of_floats():
    """Its ratio may be beyond every float."""
    curve = lr.geometric(start=1e300, to=1e-300).over(10)
    assert curve(5) == pytest.approx(1.0)
    assert curve(10) == 1e-300
    for wrong in ({"to": 0}, {"start": 0}, {"start": -1}):
        with pytest.raises(lr.LrlabError, match="above 0"):
            lr.geometric(**wrong)
    with pytest.raises(lr.LrlabError, match="starts here, at 0"):
        (lr.linear(5) >> lr.geometric(start="here")).over(10)


@pytest.mark.parametrize("ratio", [0.001, 0.07, 0.3, 7.1, 100, 1234.5])
def test_logarithmic_ends_exactly(ratio):
    """To the last bit, at every ratio and by either arithmetic."""
    curve = lr.logarithmic(9, to=0.1, ratio=ratio, closed=True).over(9)
    assert curve(8) == curve.values()[-1] == curve(9) == 0.1


def test_logarithmic_needs_a_ratio():
    """A ratio of 1 is a straight line, which has a word of its own; below 1 it is slow first."""
    with pytest.raises(lr.LrlabError, match="ratio must not be 1"):
        lr.logarithmic(ratio=1)
    first = lr.logarithmic(ratio=0.01).over(100)
    assert 1 - first(50) < 0.5 < 1 - lr.logarithmic(ratio=100).over(100)(50)
