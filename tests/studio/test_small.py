"""Small pictures of curves."""

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.time.horizon import Horizon
from lrlab.studio.small import FEW, small


@pytest.mark.parametrize("text", ["cosine()", "wsd()", "0.3 * step(100)", "constant(level=0)", "cosine().repeat(20)"])
def test_it_is_the_curve_between_0_and_1(text):
    points = np.array(small(lr.parse(text), Horizon(updates=1000)))
    values = lr.parse(text).over(1000).values()
    assert len(points) <= 2 * FEW + 1
    assert points.min() >= 0
    assert points.max() <= 1
    at = np.rint(points[:, 0] * 1000).astype(int)
    assert np.abs(points[:, 1] * max(values.max(), 1e-300) - values[at]).max() < 1e-3
