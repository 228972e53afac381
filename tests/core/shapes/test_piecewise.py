"""Schedules by boundaries: drops, levels and lines between points."""

import pytest

import lrlab as lr


def test_boundaries_that_cross():
    """Milestones of different units may cross over one horizon and not over another."""
    schedule = lr.multistep([50, "60%"])
    assert schedule.over(100)(55) == pytest.approx(0.1)
    with pytest.raises(lr.LrlabError, match="must rise"):
        schedule.over(50)
    with pytest.raises(lr.LrlabError, match="must rise"):
        lr.piecewise_linear([(50, 1), ("60%", 0)]).over(50)


def test_piecewise():
    """Levels between boundaries, lines between points, jumps at equal times."""
    assert lr.piecewise_constant([2, 3], [1, 0.5, 0.1]).over(5).values().tolist() == [1, 1, 0.5, 0.1, 0.1]
    assert lr.piecewise_linear([(1, 1), (2, 0.5), (2, 2), (4, 0)]).over(6).values().tolist() == [1, 1, 2, 1, 0, 0]
    assert lr.piecewise_linear([(3, 0.5)]).over(5).values().tolist() == [0.5] * 5
    with pytest.raises(lr.LrlabError, match="one more value"):
        lr.piecewise_constant([1], [1])
