"""The hand-written gradients against finite differences."""

import numpy as np
import pytest

from lrlab.analysis.forecast.adjoints import FINALS
from lrlab.analysis.forecast.cells import Cells
from lrlab.analysis.forecast.laws import FORMS, Scale

INNER = {
    "elr": np.array([0.53, 4.5, 0.4, 0.1, 0.8, -0.3, 0.3, -3.0]),
    "mpl": np.array([0.43, 0.7, 0.59, 0.63]),
}
OUTER = np.array([2.5, 0.6, 0.5])


@pytest.mark.parametrize("name", FINALS)
def test_adjoints_are_the_derivatives(name):
    """Against central differences, for a rise and random falls."""
    rng = np.random.default_rng(1)
    lr = np.concatenate([np.linspace(0.1, 1, 6), np.sort(rng.uniform(0.05, 1, 24))[::-1]]) * 1e-3
    width = rng.integers(20, 600, 30).astype(float)
    outer = OUTER if name == "elr" else np.array([2.5, 0.6, 500.0])

    def final(values):
        return FINALS[name](INNER[name], outer, Cells(values, width, np.array([29])), Scale())

    loss, slope = final(lr)
    assert loss == pytest.approx(
        (FORMS[name].columns(INNER[name], Cells(lr, width, np.array([29])), Scale()) @ outer)[0]
    )
    steps = np.eye(30) * 1e-9
    numeric = np.array([(final(lr + step)[0] - final(lr - step)[0]) / 2e-9 for step in steps])
    assert np.abs(numeric - slope).max() < 1e-6 * np.abs(slope).max()
