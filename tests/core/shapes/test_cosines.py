"""Transitions along a cosine."""

import pytest

import lrlab as lr


def test_no_cancellation_near_the_end():
    """The last value of a decay over 1e6 updates is accurate to the last digits (golden in 50-digit decimals)."""
    n = 10**6
    assert lr.cosine().over(n)(n - 1) == pytest.approx(2.4674011002703103e-12, rel=1e-15)


def test_a_cycle_comes_back():
    """A full cosine ends where it began, and is no decay for wsd."""
    assert lr.cosine_cycle(10, start=0.8, to=0.2).over(10)(10) == 0.8
    with pytest.raises(lr.LrlabError, match="is not a decay"):
        lr.wsd(shape="cosine_cycle")


def test_powers_of_time_and_of_the_value():
    """k and power of 1 are the half cosine itself."""
    half = lr.cosine().over(50).values()
    assert lr.k_decay(k=1).over(50).values() == pytest.approx(half, rel=1e-15)
    assert lr.cosine(power=2).over(50).values() == pytest.approx(half**2, rel=1e-15)
