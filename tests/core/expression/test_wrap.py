"""One schedule, changed."""

import pytest

import lrlab as lr


def test_clip():
    """Bounds, one or both; low above high, and no bound at all, are refused."""
    assert lr.linear().clip(0.3, 0.8).over(4).values().tolist() == [0.8, 0.75, 0.5, 0.3]
    assert lr.linear().clip(high=0.5).over(4).values().tolist() == [0.5, 0.5, 0.5, 0.25]
    for wrong in ((), (2, 1), ("x",)):
        with pytest.raises(lr.LrlabError, match="clip"):
            lr.linear().clip(*wrong)


def test_lasting():
    """One phase of a given length, whatever it is made of."""
    inner = (lr.warmup(2) >> lr.linear()).lasting(6)
    curve = (inner >> lr.constant()).over(9)
    assert [(p.start, p.stop) for p in curve.phases] == [(0, 6), (6, 9)]
    with pytest.raises(lr.LrlabError, match="8 of 6"):
        lr.cosine(8).lasting(6).over(9)


def test_reverse():
    """value(t) = schedule(n - t); a schedule without an end has no reverse."""
    assert (lr.constant(1) >> lr.linear(3)).reverse().over(4).values() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    with pytest.raises(lr.LrlabError, match="how long the schedule lasts"):
        lr.exponential(gamma=0.5).reverse().over()
