"""The near-linear sum against the plain one."""

import numpy as np
import pytest

from lrlab.analysis.forecast import relaxation
from lrlab.analysis.forecast.relaxation import remembered


@pytest.mark.parametrize(("scale", "power"), [(90.0, 0.4), (90.0, 0.05), (2000.0, 1.5), (0.1, 0.6)])
@pytest.mark.parametrize(("longest", "chunk"), [(1.0, 1024), (100.0, 7), (1e-6, 1024)])
def test_the_mixture_of_exponentials_is_the_power_law(monkeypatch, scale, power, longest, chunk):
    """Sources of both signs and scales that differ from source to source; error below 1e-4 as promised, on any clock
    and however many blocks are worked on at once."""
    rng = np.random.default_rng(0)
    clock = longest * np.cumsum(rng.uniform(0, 2e-3, 2500))
    monkeypatch.setattr(relaxation, "_CHUNK", chunk)
    scales = scale * np.exp(rng.uniform(0, 3, 2500))
    source = rng.normal(size=2500) / 50
    at = np.arange(2500)
    monkeypatch.setattr(relaxation, "_MANY", 10**9)
    plain = remembered(source, clock, scales, power, at)
    monkeypatch.setattr(relaxation, "_MANY", 0)
    assert np.abs(remembered(source, clock, scales, power, at) - plain).max() < 1e-4


@pytest.mark.parametrize(("times", "steps", "near"), [(1000, 1000, False), (101, 9901, True)])
def test_up_to_a_million_pairs_are_summed_plainly(monkeypatch, times, steps, near):
    """More would take more memory than there is."""
    asked = []
    monkeypatch.setattr(relaxation, "_every", lambda source, *more: asked.append(len(source)) or source)
    clock = np.arange(1.0, steps + 1)
    found = remembered(np.eye(1, steps)[0], clock, np.ones(steps), 1.0, np.arange(times))
    assert bool(asked) == near
    assert near or found == pytest.approx(1 / (1 + clock))


def test_a_clock_that_stands_still_forgets_nothing(monkeypatch):
    """As where every LR is 0."""
    monkeypatch.setattr(relaxation, "_MANY", 0)
    source = np.ones(40)
    assert remembered(source, np.zeros(40), source, 0.5, np.arange(40)) == pytest.approx(np.arange(1, 41), rel=1e-4)
