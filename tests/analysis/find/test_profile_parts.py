"""The parts of a profile: what is believed, what runs make likely, and which LRs are held."""

import numpy as np
import pytest
from scipy import integrate, stats

from lrlab.analysis.find.profile import (
    CURVATURE,
    CURVATURE_VARIES,
    HORIZON,
    HORIZON_VARIES,
    Probe,
    Profile,
    _believed,
    _likelihood,
    _reach,
    _shape,
)


def test_each_normal_number_moves_what_it_stands_for():
    """m; both k by their common factor, and each by its own; a; the noise; b. Nothing else moves."""
    z = np.concatenate([np.zeros((1, 7)), np.eye(7), 2 * np.eye(7)])
    m, below, above, among, horizon, noise = _believed(z, -3.0, 1.5)
    one = np.ones(len(z))
    assert m == pytest.approx(-3.0 + 1.5 * stats.t(2).ppf(stats.norm.cdf(z[:, 0])))
    common = np.exp(CURVATURE_VARIES * z[:, 1])
    assert below == pytest.approx(CURVATURE * common * np.exp(0.5 * z[:, 2]))
    assert above == pytest.approx(CURVATURE * np.exp(0.8) * common * np.exp(0.5 * z[:, 3]))
    assert among == pytest.approx(HORIZON * one + HORIZON_VARIES * z[:, 4])
    assert horizon == pytest.approx(HORIZON * one + HORIZON_VARIES * z[:, 6])
    assert noise == pytest.approx(0.015 * np.exp(0.8 * z[:, 5]))


@pytest.mark.parametrize("d", [-9.0, -2.0, -0.1, 0.0, 0.1, 3.0])
def test_f_is_a_parabola_with_a_curvature_on_either_side(d):
    assert _shape(np.array([d]), np.array([0.3]), np.array([0.7]))[0] == pytest.approx((0.15 if d < 0 else 0.35) * d**2)


@pytest.mark.parametrize("regret", [0.001, 0.05, 0.5, 3.0])
@pytest.mark.parametrize("k", [0.01, 0.06, 0.5, 2.0])
def test_a_regret_is_reached_where_the_loss_is_that_much_higher(regret, k):
    """On either side."""
    reach, held = _reach(regret, np.array([k])), np.array([k])
    assert _shape(np.concatenate([-reach, reach]), held, held) == pytest.approx(np.log1p([regret] * 2))


PROBES = {
    "two": [Probe(-3.0, 50, 0, 0.30), Probe(-2.0, 50, 0, 0.34)],
    "three, of which one is far off": [Probe(-3.0, 50, 0, 0.30), Probe(-2.0, 50, 0, 0.26), Probe(-5.0, 50, 0, 0.9)],
    "of the whole length": [Probe(-3.0, 200, 0, 0.30), Probe(-2.0, 200, 0, 0.34)],
    "of a model that was at 0.7": [Probe(-3.0, 50, 0, 0.30, 0.7), Probe(-2.0, 50, 0, 0.34, 0.7)],
    "that learned next to nothing": [Probe(-3.0, 50, 0, 0.30, 0.301), Probe(-2.0, 50, 0, 0.34, 0.301)],
}


@pytest.mark.parametrize("name", PROBES)
def test_the_likelihood_is_that_of_normal_noise_with_the_level_integrated_out(name):
    """By plain integration over c, each draw beside the first. A run far above the best has more noise, and the loss
    rises no higher than 1.3 times what was learned, which is 0.02 at least."""
    probes = PROBES[name]
    draws = [(-2.5, 0.06, 0.1, -0.1, 0.015), (-3.5, 0.2, 0.1, 0.3, 0.03), (-1.0, 0.01, 0.3, -0.4, 0.02)]
    best = min(probe.loss for probe in probes)

    def likely(m, below, above, a, noise):
        c, density = np.linspace(-3.0, 2.0, 50_001), 1.0
        for probe in probes:
            d = probe.log_lr - m - a * np.log(probe.updates / 200)
            loss = (below if d < 0 else above) * d**2 / 2
            if np.isfinite(probe.untrained):
                s = 1.3 * max(probe.untrained - best, 0.02)
                loss = s * (1 - np.exp(-loss / s))
            scale = np.sqrt(noise**2 + (0.2 * (probe.loss - best)) ** 2)
            density = density * stats.norm.pdf(probe.loss, c + loss, scale)
        return np.log(integrate.simpson(density, x=c))

    found = _likelihood(probes, 200, *(np.array(part) for part in zip(*draws, strict=True)))
    expected = np.array([likely(*draw) for draw in draws])
    assert found - found[0] == pytest.approx(expected - expected[0], rel=1e-6, abs=1e-6)


def test_one_run_alone_says_nothing_and_one_that_diverged_that_the_best_is_lower():
    """By a normal distribution of 0.7 in log LR, at the optimum of its own length."""
    draws = [np.array(part) for part in ([-2.5, -1.0], [0.1, 0.1], [0.1, 0.1], [0.3, -0.1], [0.02, 0.02])]
    assert _likelihood([Probe(-2.0, 50, 0, 0.3)], 200, *draws).tolist() == [0.0, 0.0]
    assert _likelihood([Probe(-2.0, 50, 0, np.inf)], 200, *draws) == pytest.approx(
        [stats.norm.logcdf((-2.0 - (m + a * np.log(0.25))) / 0.7) for m, a in ((-2.5, 0.3), (-1.0, -0.1))]
    )


def made(m, k, grid=None):
    """A profile of these draws, both sides alike."""
    m, k = (np.asarray(each, float) for each in (m, k))
    found = Profile(m, k, k, np.zeros(len(m)), np.zeros(len(m)), np.full(len(m), 0.01))
    if grid is not None:
        found.__dict__["grid"] = np.asarray(grid)
    return found


def test_the_regret_has_a_bound_and_the_expected_one_counts_at_most_3():
    found = made([0.0, 0.0, 0.0, 10.0], [0.5] * 4)
    assert found.regret(100.0) == pytest.approx(np.expm1(5.0))
    assert found.regret(0.5) == pytest.approx(np.expm1([0.5 * 0.25 / 2] * 3 + [5.0]))
    assert found.expected(1.0) == pytest.approx(0.75 * np.expm1(0.25) + 0.25 * 3.0)


def test_answers_are_sought_half_a_unit_beyond_the_draws():
    """In steps of 0.05 of log LR."""
    found = made(np.linspace(-1.0, 1.0, 1001), np.ones(1001)).grid
    assert np.diff(found) == pytest.approx(0.05)
    assert found[0] == pytest.approx(-1.49, abs=0.003)
    assert found[-1] == pytest.approx(1.49, abs=0.05)
    assert found[-1] < 1.49


def test_a_span_may_begin_where_the_regret_is_reached():
    """Both ends of it hold, in all draws and no more."""
    reach = _reach(0.1, np.array([0.5]))[0]
    found = made([0.0] * 10, [0.5] * 10, [-reach - 1, -reach, 0.0])
    assert found.span(0.1, 1.0) == (-reach, reach)


def test_a_span_holds_in_as_many_draws_as_it_was_asked_for():
    """Nine of ten at a level of 0.9; all ten above it."""
    k = 2 * np.log1p(0.1) / 0.25
    found = made([0.0] * 9 + [0.3], [k] * 10, [-0.5, -0.2])
    assert found.span(0.1, 0.9) == (-0.5, 0.5)
    assert found.span(0.1, 0.91) == (-0.2, 0.5)


def test_no_span_has_no_width_and_of_two_alike_it_is_the_first():
    one = made([0.0], [0.5], [0.0])
    assert one.span(0.0, 0.9) is None
    half = 2 * np.log1p(0.1) / 0.25
    two = made([0.0, 8.0], [half, half], [-0.5, 7.5])
    assert _reach(0.1, two.below).tolist() == [0.5, 0.5]
    assert two.span(0.1, 0.5) == (-0.5, 0.5)
