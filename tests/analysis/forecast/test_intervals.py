"""The width of an interval: from parameters, from run noise, from doubts."""

import numpy as np
import pytest
from scipy.stats import norm

from lrlab.analysis.forecast.fit import Fitted
from lrlab.analysis.forecast.intervals import CONFORMAL, GENERIC, RUN_NOISE, difference_half_width, gradient, half_width
from lrlab.analysis.forecast.laws import FORMS, Scale, every
from lrlab.analysis.forecast.offsets import Walk

FORM, SCALE = FORMS["elr"], Scale()
INNER = np.array([0.53, 4.5, 0.4, 0.1, 0.8, -0.3, 0.3, -3.0])
OUTER = np.array([2.5, 0.6, 0.5])
LRS = np.interp(np.arange(3000), [0, 100, 3000], [1e-5, 1e-3, 1e-4])
LOSS = every(FORM, INNER, LRS) @ OUTER


def fitted(spread):
    return Fitted(INNER, OUTER, np.eye(11) * spread**2, 0.0, Walk(1e-3, (), 0.0, 0.0))


def test_known_parameters_leave_the_noise_between_runs():
    """No spread, no doubt: the noise alone, at the quantile of the level."""
    half = half_width(FORM, fitted(0.0), SCALE, LRS, LOSS, 0 * LOSS, 0.8)
    assert half == pytest.approx(norm.ppf(0.9) * RUN_NOISE * LOSS)


def test_doubts_add_in_squares():
    """The noise and four thirds of it make five thirds."""
    both = half_width(FORM, fitted(0.0), SCALE, LRS, LOSS, 4 / 3 * RUN_NOISE * LOSS, 0.9)
    assert both == pytest.approx(5 / 3 * half_width(FORM, fitted(0.0), SCALE, LRS, LOSS, 0 * LOSS, 0.9))


def test_the_spread_is_that_of_the_losses_of_drawn_parameters():
    """The gradient carries the covariance over: against five hundred draws, at the end of the run."""
    spread = 2e-3
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(500, 11)) * spread
    last = [(every(FORM, INNER + d[:8], LRS) @ (OUTER + d[8:]))[-1] for d in draws]
    half = half_width(FORM, fitted(spread), SCALE, LRS, LOSS, 0 * LOSS, 0.9)[-1]
    noise = RUN_NOISE * LOSS[-1]
    assert half / norm.ppf(0.95) == pytest.approx(np.hypot(CONFORMAL * np.std(last), noise), rel=0.1)


def test_the_gradient_in_the_outer_coefficients_is_the_columns():
    """The law is linear in them."""
    slopes = gradient(FORM, fitted(1e-3), SCALE, LRS, np.array([1000, 3000]))
    assert slopes.shape == (2, 11)
    assert slopes[:, 8].tolist() == [1.0, 1.0]


def test_the_gradient_in_the_inner_parameters_is_that_of_the_loss():
    """By differences on both sides, a hundred times as far apart."""
    times = np.array([300, 3000])
    slopes = gradient(FORM, fitted(1e-3), SCALE, LRS, times)
    for index in range(8):
        step = np.zeros(8)
        step[index] = 1e-4
        up, down = (every(FORM, INNER + sign * step, LRS)[times - 1] @ OUTER for sign in (1, -1))
        assert slopes[:, index] == pytest.approx((up - down) / 2e-4, rel=2e-2, abs=1e-3)


def test_the_spread_is_exact_at_every_update_of_a_short_run():
    """Nothing is interpolated up to two hundred updates, and the ends never are."""
    lrs = LRS[:150]
    loss = LOSS[:150]
    slopes = gradient(FORM, fitted(2e-3), SCALE, lrs, np.arange(1, 151))
    spread = 2e-3 * np.sqrt((slopes**2).sum(1))
    half = half_width(FORM, fitted(2e-3), SCALE, lrs, loss, 0 * loss, 0.8)
    assert half == pytest.approx(norm.ppf(0.9) * np.hypot(CONFORMAL * spread, RUN_NOISE * loss))


def test_what_two_runs_share_cancels():
    """A difference is as wide as the difference of the gradients makes it, and what is doubted of it."""
    runs = (LRS, LRS[::-1].copy())
    slopes = [gradient(FORM, fitted(2e-3), SCALE, lrs, np.array([3000]))[0] for lrs in runs]
    doubts = np.array([3e-3, 4e-3])
    for level in (0.5, 0.9):
        half = difference_half_width(FORM, fitted(2e-3), SCALE, runs, doubts, level)
        sd = np.hypot(CONFORMAL * 2e-3 * np.linalg.norm(slopes[0] - slopes[1]), 5e-3)
        assert half == pytest.approx(norm.ppf((1 + level) / 2) * sd)
    assert difference_half_width(FORM, fitted(2e-3), SCALE, (LRS, LRS), 0 * doubts, 0.9) == 0


def test_the_widths_are_calibrated():
    """By held-out runs (`forecast_regimes.py`, `forecast_calibration.py --lab`): others were never measured."""
    assert (CONFORMAL, GENERIC, RUN_NOISE) == (0.33, 1.0, 4.5e-4)
