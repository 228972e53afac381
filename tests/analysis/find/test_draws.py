"""Draws of what is believed after something was seen, beside what is known in closed form."""

import numpy as np
import pytest
from scipy import special, stats

from lrlab.analysis.find.draws import DRAWS, drawn


def seen(likely, dimensions):
    return drawn(likely, dimensions, np.random.default_rng(1))


def test_nothing_seen_changes_nothing():
    z = seen(lambda z: np.zeros(len(z)), 3)
    assert z.shape == (DRAWS, 3)
    assert z.mean(axis=0) == pytest.approx(np.zeros(3), abs=0.05)
    assert np.cov(z.T) == pytest.approx(np.eye(3), abs=0.05)


@pytest.mark.parametrize(("at", "give"), [(1.0, 1.0), (3.0, 0.1), (8.0, 0.5), (-20.0, 0.3)])
def test_a_measurement_of_a_sum_gives_the_normal_distribution_that_it_should(at, give):
    """However far off, and however sure: conjugate, so that the posterior is known."""
    direction = np.array([1.0, -2.0, 0.5, 0.0])
    z = seen(lambda z: -0.5 * ((z @ direction - at) / give) ** 2, 4)
    spread = np.linalg.inv(np.eye(4) + np.outer(direction, direction) / give**2)
    assert z.mean(axis=0) == pytest.approx(spread @ direction * at / give**2, abs=0.08)
    assert np.cov(z.T) == pytest.approx(spread, abs=0.08)
    assert len(np.unique(z[:, 0])) > 0.95 * DRAWS


def test_two_places_that_are_as_likely_keep_their_shares():
    """Of three and one in four, far from each other."""

    def likely(z):
        one, other = (stats.norm.logpdf(z[:, 0], at, 0.1) for at in (-1.5, 1.5))
        return np.logaddexp(np.log(0.75) + one, np.log(0.25) + other)

    z = seen(likely, 2)
    assert (z[:, 0] < 0).mean() == pytest.approx(0.75, abs=0.03)
    assert z[z[:, 0] > 0, 0].mean() == pytest.approx(1.5 / 1.01, abs=0.02)


def test_what_is_seen_may_be_no_parabola():
    """A bound: the truncated normal distribution."""
    z = seen(lambda z: special.log_ndtr((z[:, 0] - 2.5) / 0.01), 1)
    above = stats.truncnorm(2.5, np.inf)
    for share in (0.1, 0.5, 0.9):
        assert np.quantile(z, share) == pytest.approx(above.ppf(share), abs=0.05)
