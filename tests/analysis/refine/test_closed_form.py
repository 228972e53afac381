"""From norms to a schedule: against the bound that it minimises, and against other running medians."""

import numpy as np
import pytest
from scipy.ndimage import median_filter, uniform_filter1d
from scipy.optimize import minimize

from lrlab.analysis.refine.closed_form import closed_form, smoothed, thinned


@pytest.mark.parametrize("power", [1, 2])
def test_equal_norms_give_a_linear_decay(power):
    """To zero, whatever the norm."""
    times, values = closed_form(np.full(50, 7.0), power)
    assert values == pytest.approx(1 - times)


def test_no_other_schedule_has_a_lower_bound():
    """The bound on the last iterate, of which this is the minimum: weights w, the LR w(t) times what comes after.

    With D the distance to the solution: D^2 / (2 sum w) + sum w^2 G^2 / (2 sum w), over the weights w.
    """
    norms = np.array([3.0, 2.0, 1.0, 1.0, 1.5, 4.0])

    def bound(logs):
        w = np.exp(logs)
        return (1 + (w**2 * norms**2).sum()) / (2 * w.sum())

    best = np.exp(minimize(bound, np.zeros(6), tol=1e-12).x)
    after = np.cumsum(best[::-1])[::-1] - best / 2
    _, values = closed_form(norms, 2)
    mine = values[1:-1] / values[1:-1].max()
    assert best * after / (best * after).max() == pytest.approx(mine, rel=1e-4)


def test_the_unit_of_the_norms_does_not_matter():
    """Nor does their size, which may be near that of the smallest numbers."""
    norms = np.array([3.0, 2.0, 1.0, 5.0])
    for unit in (1e-200, 1e200):
        assert closed_form(norms * unit, 2)[1] == pytest.approx(closed_form(norms, 2)[1])


@pytest.mark.parametrize("count", [20, 51])
def test_the_median_and_the_mean_are_those_of_scipy(count):
    """Both ends are reflected."""
    norms = np.random.default_rng(0).random(count)
    size = 2 * (int(0.2 * count) // 2) + 1
    other = uniform_filter1d(median_filter(norms, size, mode="reflect"), size, mode="reflect")
    assert smoothed(norms, 0.2) == pytest.approx(other, rel=1e-12)


def test_a_width_below_one_norm_changes_nothing():
    norms = np.array([1.0, 5.0, 1.0])
    assert smoothed(norms, 0.1).tolist() == norms.tolist()


def test_few_points_stay_near_all():
    """As near as is asked; the ends stay."""
    times = np.linspace(0, 1, 101)
    values = np.cos(3 * times)
    for tolerance in (0.1, 0.01, 0.001):
        kept = thinned(times, values, tolerance)
        at, there = np.array(kept).T
        assert np.abs(np.interp(times, at, there) - values).max() <= tolerance
        assert (at[0], at[-1]) == (0.0, 1.0)
    assert len(thinned(times, values, 0.1)) < len(thinned(times, values, 0.001)) < 101


def test_a_point_between_two_is_kept_where_it_is_farther_than_asked():
    """At the very distance it is not."""
    times, values = np.array([0.0, 0.5, 1.0]), np.array([1.0, 0.75, 0.0])
    assert thinned(times, values, 0.25) == [(0.0, 1.0), (1.0, 0.0)]
    assert thinned(times, values, 0.24) == [(0.0, 1.0), (0.5, 0.75), (1.0, 0.0)]


def test_the_values_by_hand():
    """Of four stretches with the weights 1, 1/4, 1/4 and 1/4: each times what comes after it, at first 7/4."""
    times, values = closed_form(np.array([3.0, 6.0, 6.0, 6.0]), 2)
    assert times.tolist() == [0.0, 0.125, 0.375, 0.625, 0.875, 1.0]
    assert values * 7 / 4 == pytest.approx([7 / 4, 5 / 4, 5 / 32, 3 / 32, 1 / 32, 0.0])
