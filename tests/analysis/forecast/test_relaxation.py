"""The near-linear sum against the plain one."""

import numpy as np
import pytest

from lrlab.analysis.forecast import relaxation
from lrlab.analysis.forecast.relaxation import remembered


@pytest.mark.parametrize(("scale", "power"), [(90.0, 0.4), (90.0, 0.05), (2000.0, 1.5), (0.1, 0.6)])
def test_the_mixture_of_exponentials_is_the_power_law(monkeypatch, scale, power):
    """Sources of both signs and scales that differ from source to source; error below 1e-4 as promised."""
    rng = np.random.default_rng(0)
    clock = np.cumsum(rng.uniform(0, 2e-3, 2500))
    scales = scale * np.exp(rng.uniform(0, 3, 2500))
    source = rng.normal(size=2500) / 50
    at = np.arange(2500)
    monkeypatch.setattr(relaxation, "_MANY", 10**9)
    plain = remembered(source, clock, scales, power, at)
    monkeypatch.setattr(relaxation, "_MANY", 0)
    assert np.abs(remembered(source, clock, scales, power, at) - plain).max() < 1e-4
