"""The power law of the best LR: exponents found again, priors that yield, distances that widen."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from lrlab.analysis.transfer.exponents import PUBLIC, _Smoothed, exponents, form_of, mixture
from lrlab.analysis.transfer.optimum import STEP, Curvature, Optima

GRID = np.arange(-12.0, 4.0, STEP)
CURVATURE = Curvature(np.array([np.log(0.05), 0.0, 0.0, 0.0]), np.zeros((4, 4)), np.zeros(3))
CROSSED = [(n, b, t) for n in (1e6, 4e6, 16e6) for b in (8, 32) for t in (1e3, 4e3)]


def optimum(setting, powers=(-0.3, 0.5, -0.2, 0.2)):
    n, b, t = np.log(np.array(setting) / (4e6, 16, 2e3))
    return -5.0 + np.dot(powers, (n, b, t, b * t))


def seen(settings, sd=0.05, seed=0):
    """Optima with an error of `sd`."""
    draw = np.random.default_rng(seed).standard_normal
    places = np.array([optimum(setting) + sd * draw() for setting in settings])
    return Optima(GRID, -0.5 * ((GRID - places[:, None]) / sd) ** 2, CURVATURE, 1e-3)


@pytest.mark.parametrize("prior", [PUBLIC, None])
def test_exponents_are_found_again(prior):
    """Within three of their standard deviations, and those are small."""
    found = exponents(seen(CROSSED), CROSSED, prior).terms()
    for (term, (mean, sd)), power in zip(found.items(), (-0.3, 0.5, -0.2, 0.2), strict=True):
        assert abs(mean - power) < 3 * sd, term
        assert sd < 0.25, term


def test_farther_is_wider():
    """A setting among the sweeps, 10 times and 1000 times their size."""
    law = exponents(seen(CROSSED), CROSSED, PUBLIC)

    def sd(size):
        shares, means, sds = np.array(law.places((size, 16, 2e3))).T
        return np.sqrt(shares @ (sds**2 + means**2) - (shares @ means) ** 2)

    assert sd(5e6) < 0.7 * sd(1.6e8) < 0.5 * sd(1.6e10)


def test_a_factor_of_one_value_has_no_exponent():
    """Nor has a product that the settings do not cross, unless a prior knows it."""
    line = [(1e6, b, 1e3) for b in (8, 16, 32)]
    assert form_of(line, crossed=True).terms == ("batch",)
    uncrossed = [(1e6, 8, 1e3), (1e6, 16, 1e3), (1e6, 8, 2e3)]
    assert "batch x horizon" not in exponents(seen(uncrossed), uncrossed, None).terms()
    assert exponents(seen(uncrossed), uncrossed, PUBLIC).terms()["batch x horizon"] == pytest.approx(
        (0.1, 0.1), abs=0.02
    )


def test_intervals_hold_on_laws_of_this_kind():
    """Of 90 % intervals at a size that was left out, over 40 laws with a scatter, between 80 and 100 % hold."""
    asked, held = (64e6, 32, 4e3), 0
    for seed in range(40):
        draw = np.random.default_rng(seed).standard_normal
        places = np.array([optimum(setting) + 0.1 * draw() for setting in CROSSED])
        found = Optima(GRID, -0.5 * ((GRID - places[:, None]) / 0.05) ** 2, CURVATURE, 1e-3)
        density = np.exp(mixture(exponents(found, CROSSED, PUBLIC).places(asked), GRID))
        low, high = np.interp((0.05, 0.95), np.cumsum(density) / density.sum(), GRID)
        held += low <= optimum(asked) + 0.1 * draw() <= high
    assert 0.8 <= held / 40 <= 1.0


def test_a_mixture_sums_its_parts():
    """Of one part it is that normal density, up to a factor."""
    grid = np.linspace(-1, 1, 5)
    assert np.diff(mixture([(0.4, 0.0, 0.5), (0.6, 0.0, 0.5)], grid)) == pytest.approx(np.diff(-2 * grid**2))


def test_what_is_believed_beforehand_lets_in_the_rules_of_the_field():
    """The fit of public sweeps lies in its midst; 1/width, the square root of the batch and horizon^-0.25 lie within
    two standard deviations; an exponent that is off by 1 lies beyond three of them."""
    fits = {"size": -0.62, "batch": 0.29, "horizon": 0.01, "batch x horizon": 0.14}
    rules = {"size": -0.5, "batch": 0.5, "horizon": -0.25}
    assert fits.keys() == PUBLIC.keys()
    for term, (mean, sd) in PUBLIC.items():
        assert abs(fits[term] - mean) < 0.5 * sd
        assert abs(rules.get(term, mean) - mean) < 2 * sd
        assert 3 * sd < min(abs(mean + 1 - fits[term]), abs(mean - 1 - fits[term]))


def exact(settings, places, sd, prior, asked, powers=(0, 0, 0)):
    """The same law where each sweep tells of its optimum by a normal error: all of it is one normal distribution for
    each size of offsets and scatter, and SciPy's density of it says how likely they are. `powers` are those of K."""
    logs = np.log(np.array(settings, float))
    centre = logs.mean(axis=0)
    levels = [(at, value) for at in range(3) for value in sorted({setting[at] for setting in settings})]

    def row(setting):
        n, b, t = np.log(np.array(setting, float)) - centre
        return [1.0, n, b, t, b * t, n**2, b**2, t**2, *(float(setting[at] == value) for at, value in levels)]

    design, new = np.array([row(setting) for setting in settings]), np.array(row(asked))
    unmet = sum((at, asked[at]) not in levels for at in range(3))
    flat = np.exp(-(logs - centre) @ powers)
    flat_there = np.exp(-(np.log(asked) - centre) @ powers)
    parts = []
    for off, scatter in product((0.02, 0.1, 0.2, 0.4), (0.04, 0.08, 0.15, 0.25, 0.4, 0.7)):
        means = np.array([places.mean(), *(mean for mean, _ in prior), 0, 0, 0, *(0 for _ in levels)])
        spread = np.diag([10.0, *(sd for _, sd in prior), 0.05, 0.08, 0.2, *(off for _ in levels)]) ** 2
        noise = np.diag(sd**2 + (scatter * flat) ** 2)
        seen = design @ spread @ design.T + noise
        gain = spread @ design.T @ np.linalg.inv(seen)
        mode, left = means + gain @ (places - design @ means), spread - gain @ design @ spread
        weight = stats.multivariate_normal(design @ means, seen).logpdf(places)
        weight += stats.halfnorm(scale=0.3).logpdf(off) + stats.halfnorm(scale=0.4).logpdf(scatter)
        variance = new @ left @ new + unmet * off**2 + (scatter * flat_there) ** 2
        parts.append((weight + np.log(off * scatter), mode[1:5], np.diag(left)[1:5], new @ mode, variance))
    weights, *rest = (np.array(each) for each in zip(*parts, strict=True))
    shares = np.exp(weights - weights.max())
    shares /= shares.sum()
    for means, variances in (rest[:2], rest[2:]):
        mean = shares @ means
        yield mean, np.sqrt(shares @ (variances + (means - mean) ** 2))


@pytest.mark.parametrize("asked", [(4e6, 32, 4e3), (64e6, 8, 4e3), (64e6, 100, 9e3)])
@pytest.mark.parametrize("scatter", [0.05, 0.5])
@pytest.mark.parametrize("prior", [PUBLIC, None])
@pytest.mark.parametrize("powers", [(0, 0, 0), (0.4, 0, -0.2)])
def test_normal_errors_give_the_exact_posterior(prior, scatter, asked, powers):
    """At a setting that has a sweep, and at such of levels that none has; sweeps scatter the more the flatter they
    are."""
    draw = np.random.default_rng(1).standard_normal(len(CROSSED))
    places = np.round((np.array([optimum(setting) for setting in CROSSED]) + scatter * draw) / STEP) * STEP
    curvature = Curvature(np.array([-3.0, *powers]), np.zeros((4, 4)), np.zeros(3))
    law = exponents(Optima(GRID, -0.5 * ((GRID - places[:, None]) / 0.1) ** 2, curvature, 1e-3), CROSSED, prior)
    believed = [*prior.values()] if prior else [(0.0, 10.0)] * 4
    (terms, sds), (place, sd) = exact(CROSSED, places, 0.1, believed, asked, powers)
    assert pytest.approx(np.array([terms, sds]), abs=2e-3) == np.array([*law.terms().values()]).T
    shares, means, spreads = np.array(law.places(asked)).T
    assert shares @ means == pytest.approx(place, abs=5e-3)
    assert np.sqrt(shares @ (spreads**2 + (means - shares @ means) ** 2)) == pytest.approx(sd, rel=5e-3)


def test_sweeps_that_say_nothing_leave_what_was_believed():
    """Every place as likely as any other."""
    flat = Optima(GRID, np.zeros((len(CROSSED), len(GRID))), CURVATURE, 1e-3)
    for (mean, sd), believed in zip(exponents(flat, CROSSED, PUBLIC).terms().values(), PUBLIC.values(), strict=True):
        assert (mean, sd) == pytest.approx(believed, abs=0.01)


def test_beyond_the_places_that_were_looked_at_the_likelihood_falls_by_fifty_a_unit():
    """From that of the last one on, on either side, and for each sweep that lies there; with no slope of its own."""
    flat = _Smoothed(Optima(GRID, np.zeros((2, len(GRID))), CURVATURE, 1e-3), np.full(2, 0.1))
    inside = np.array([GRID[0], GRID[-1]])
    for off, fall in ((np.zeros(2), 0.0), (np.array([-0.5, 0.0]), 25.0), (np.array([-0.5, 0.25]), 37.5)):
        value, slope, bend = flat.at(inside + off)
        assert value == pytest.approx(-fall, abs=1e-9)
        assert [*slope, *bend] == pytest.approx([0.0] * 4, abs=1e-6)
