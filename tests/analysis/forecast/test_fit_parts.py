"""The pieces of a fit, each by its own definition: posterior, covariance, noise of points, distance at the end."""

import numpy as np
import pytest

from lrlab.analysis.forecast import fit as fitting
from lrlab.analysis.forecast.fit import Fitted, _Problem, _Weights, ending, fit, plain, prepare, roughness
from lrlab.analysis.forecast.laws import FORMS, Scale, every
from lrlab.analysis.forecast.offsets import Walk
from lrlab.analysis.forecast.priors import prior_for
from lrlab.record.logs.log import LogRun

FORM, PRIOR, SCALE = FORMS["momentum"], prior_for("momentum", "llm"), Scale()
INNER, OUTER = np.array([0.6, 5.8]), np.array([2.5, 0.6, 0.5])
AT = np.arange(100, 3001, 100)


def log(peak=1e-3, end=0.1, bend=0.0, scatter=0.0, seed=0):
    """A run of a known law, with scatter and a bend that the law does not know."""
    lrs = peak * np.interp(np.arange(3000), [0, 100, 1500, 3000], [0.01, 1, 1, end])
    loss = (every(FORM, INNER, lrs, SCALE) @ OUTER)[AT - 1] + bend * np.sin(AT / 400)
    return LogRun.from_arrays(AT, loss * (1 + scatter * np.random.default_rng(seed).normal(size=30)), lrs, 0.1)


def problem(*logs, anchor=1e-3, apart=False):
    return _Problem([prepare(each, PRIOR.early, PRIOR.moved) for each in logs], FORM, PRIOR, SCALE, anchor, apart)


def test_roughness_is_the_scatter_of_neighbouring_points():
    """Of normal scatter the standard deviation, also along a fall and beside a broken point; 0 for seven points."""
    rng = np.random.default_rng(0)
    loss = np.linspace(4.0, 2.0, 20_000) * np.exp(0.01 * rng.normal(size=20_000))
    assert roughness(loss) == pytest.approx(0.01, rel=0.02)
    loss[77] = 100.0
    assert roughness(loss) == pytest.approx(0.01, rel=0.02)
    assert (roughness(loss[:7]), roughness(loss[:8]) > 0) == (0.0, True)


def test_the_plain_error_leaves_out_the_farthest_tenth():
    """Rounded down, and weighs the others."""
    assert plain(np.array([0.1, -0.2, 0.3]), np.array([1.0, 3.0, 1.0])) == pytest.approx(1.0 / 5)
    eleven = np.append(np.full(10, 0.1), 9.0)
    assert plain(eleven, np.ones(11)) == pytest.approx(0.1)
    assert plain(np.append(eleven, np.full(9, 0.1))[:19], np.ones(19)) == pytest.approx(0.1)


def test_the_distance_at_the_end_is_that_of_the_last_fifth():
    """Its root mean square, without the farthest tenth."""
    run = log()
    walk = Walk(1e-3, (), 0.0, 0.0)
    exact = Fitted(INNER, OUTER, np.zeros((5, 5)), 0.0, walk)
    for until, seen in ((2400, False), (2500, True)):
        moved = run.loss * np.where(run.updates <= until, 1.05, 1.0)
        assert (ending(prepare(LogRun.from_arrays(AT, moved, run.lrs, 0.1), 0.04), exact, FORM, SCALE) > 0.01) == seen
    last = run.loss.copy()
    last[-6:] /= 1 + np.array([0.01, -0.01, 0.02, 0.02, -0.01, 0.01])
    found = ending(prepare(LogRun.from_arrays(AT, last, run.lrs, 0.1), 0.04), exact, FORM, SCALE)
    assert found == pytest.approx(np.sqrt((4 * 0.01**2 + 2 * 0.02**2) / 6), rel=2e-2)


def residuals(some, inner, outer, weights):
    """Of the least-squares problem, by its definition: points, outer and inner priors."""
    misses = (some.columns(inner) @ outer / some.loss - 1) / some.sigma
    return np.concatenate(
        [
            np.sqrt(weights.points) * misses,
            some.whitening @ (outer - some.outer_mean),
            weights.pull * (inner - some.mean) / some.sd,
        ]
    )


def test_outer_coefficients_are_solved_for_exactly():
    """No step in any of them makes the sum of squares less."""
    some = problem(log(scatter=1e-3), log(end=1.0, seed=1), log(peak=3e-3, seed=2), apart=True)
    weights = _Weights(some.weight, np.ones(2))
    outer = some.solve(some.columns(INNER), some.weight)
    least = np.square(residuals(some, INNER, outer, weights)).sum()
    assert np.square(some.residuals(INNER, weights)).sum() == pytest.approx(least, rel=1e-9)
    assert len(outer) == 5  # floor and noise of the other peak
    for step in np.eye(5) * 1e-4:
        for sign in (1, -1):
            assert np.square(residuals(some, INNER, outer + sign * step, weights)).sum() > least


def test_floor_progress_and_noise_are_not_negative():
    """Offsets may be."""
    some = problem(log(), log(peak=3e-3, seed=2), apart=True)
    falling = LogRun.from_arrays(AT, log().loss + 0.9 * np.linspace(0, 1, 30) * np.linspace(0, 1, 30), log().lrs, 0.1)
    other = problem(falling, log(peak=3e-3), apart=True)
    for each in (some, other):
        for inner in (INNER, np.array([0.1, 8.0])):
            assert (each.solve(each.columns(inner), each.weight)[:3] >= 0).all()


def test_the_posterior_has_heavy_tails():
    """Of points log(1 + r^2) beyond a knee of two sigma, of inner parameters Student's t of 8 degrees of freedom."""
    some = problem(log(scatter=2e-3))
    weights, cost = some.reweigh(INNER, some.weight, False)
    outer = some.solve(some.columns(INNER), some.weight)
    misses = (some.columns(INNER) @ outer / some.loss - 1) / some.sigma
    away = np.square((INNER - some.mean) / some.sd)
    posterior = 0.5 * (
        4 * np.sum(some.weight * np.log(1 + misses**2 / 4))
        + np.square(some.whitening @ (outer - some.outer_mean)).sum()
        + 9 * np.log(1 + away / 8).sum()
    )
    assert cost == pytest.approx(posterior, rel=1e-9)
    assert weights.points == pytest.approx(some.weight / (1 + misses**2 / 4))
    assert weights.pull == pytest.approx(np.sqrt(9 / (8 + away)))


def test_a_lenient_knee_follows_the_typical_miss():
    """Where half of the points are farther than two sigma: the median over 0.6745, as of a normal distribution."""
    some = problem(log(bend=0.1))
    lenient, cost = some.reweigh(INNER, some.weight, True)
    outer = some.solve(some.columns(INNER), some.weight)
    misses = np.abs((some.columns(INNER) @ outer / some.loss - 1) / some.sigma)
    knee = np.median(misses) / 0.6745
    assert knee > 2
    away = np.square((INNER - some.mean) / some.sd)
    posterior = 0.5 * (
        knee**2 * np.sum(some.weight * np.log(1 + (misses / knee) ** 2))
        + np.square(some.whitening @ (outer - some.outer_mean)).sum()
        + 9 * np.log(1 + away / 8).sum()
    )
    assert cost == pytest.approx(posterior, rel=1e-9)
    assert lenient.points == pytest.approx(some.weight / (1 + (misses / knee) ** 2))
    near = problem(log(scatter=1e-3))
    assert near.reweigh(INNER, near.weight, True)[1] == near.reweigh(INNER, near.weight, False)[1]


def test_parameters_stay_within_five_spreads():
    """Of the prior, on either side."""
    some = problem(log())
    assert some.boxed(some.mean + 9 * some.sd) == pytest.approx(some.mean + 5 * some.sd)
    assert some.boxed(some.mean - 9 * some.sd) == pytest.approx(some.mean - 5 * some.sd)
    assert some.boxed(INNER).tolist() == INNER.tolist()


@pytest.mark.parametrize(("scatter", "bend"), [(5e-4, 0.0), (0.0, 0.02)])
def test_the_covariance_is_that_of_the_curvature(scatter, bend):
    """Of the least-squares problem at the optimum, by differences on both sides; wider where points miss by more."""
    logs = [log(scatter=scatter, bend=bend), log(end=1.0, scatter=scatter, seed=1), log(peak=3e-3, seed=2)]
    found = fit([prepare(each, PRIOR.early, PRIOR.moved) for each in logs], FORM, PRIOR, SCALE, 1e-3)
    some = problem(*logs)
    weights, _ = some.reweigh(found.inner, some.weight, False)
    for _ in range(4):
        weights, _ = some.reweigh(found.inner, weights.points, False)
    whole = np.append(found.inner, found.outer)
    steps = 1e-5 * np.append(some.sd, np.ones(len(found.outer)))
    slopes = [
        (
            residuals(some, *np.split(whole + step, [2]), weights)
            - residuals(some, *np.split(whole - step, [2]), weights)
        )
        / (2 * step.sum())
        for step in np.diag(steps)
    ]
    misses = residuals(some, found.inner, found.outer, weights)[: len(some.loss)]
    spread = np.square(misses).sum() / weights.points.sum()
    assert (spread > 1) == (bend > 0)
    wanted = np.linalg.inv(np.array(slopes) @ np.transpose(slopes)) * max(1.0, spread)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(np.sqrt(np.diag(wanted)), rel=0.03)


def test_the_misfit_is_the_plain_error_of_the_worst_curve_at_the_peak():
    """A curve at another peak does not count."""
    logs = [log(), log(end=1.0, bend=0.05), log(peak=3e-3, bend=0.5)]
    curves = [prepare(each, PRIOR.early, PRIOR.moved) for each in logs]
    found = fit(curves, FORM, PRIOR, SCALE, 1e-3)
    errors = [
        plain(FORM.columns(found.inner, curve.cells, SCALE) @ found.outer[:3] / curve.loss - 1, curve.weight)
        for curve in curves[:2]
    ]
    assert found.misfit == pytest.approx(max(errors), rel=1e-6)


def test_a_fit_elsewhere_has_the_offsets_and_their_doubt():
    """Half way to the other peak half of its offset, and the doubt of a bridge; coefficients not below 0."""
    walk = Walk(1e-3, (4e-3,), floor=0.1, noise=0.2)
    outer = np.array([2.0, 0.5, 0.1, 0.4, -0.6])
    covariance = np.diag([0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07])
    here = Fitted(INNER, outer, covariance, 0.0, walk).at(2e-3)
    assert here.outer.tolist() == pytest.approx([2.2, 0.5, 0.0])
    assert np.diag(here.covariance) == pytest.approx(
        [0.01, 0.02, 0.03 + 0.25 * 0.06 + 0.005, 0.04, 0.05 + 0.0175 + 0.02]
    )
    assert (here.walk.anchor, here.walk.others) == (2e-3, ())
    assert here.inner.tolist() == INNER.tolist()


def test_the_prior_of_the_outer_coefficients_is_independent_but_for_the_walk():
    """Spreads of floor, progress and noise, and the covariance of the offsets."""
    some = problem(log(), log(peak=3e-3), log(peak=9e-3), apart=True)
    wanted = np.zeros((7, 7))
    _, sd = PRIOR.outer(float(some.loss.min()), float(some.loss.max()), True)
    wanted[range(3), range(3)], wanted[3:, 3:] = sd**2, some.walk.prior
    assert np.linalg.inv(some.whitening.T @ some.whitening) == pytest.approx(wanted, abs=1e-9)


def test_the_search_has_come_to_rest(monkeypatch):
    """A finer one moves no parameter by a tenth of what is not known of it."""
    curves = [
        prepare(each, PRIOR.early, PRIOR.moved) for each in (log(scatter=1e-3), log(end=1.0, scatter=1e-3, seed=1))
    ]
    found = fit(curves, FORM, PRIOR, SCALE, 1e-3)
    search = fitting.least_squares
    monkeypatch.setattr(
        fitting, "least_squares", lambda *given, **how: search(*given, **{**how, "ftol": 1e-12, "xtol": 1e-12})
    )
    finer = fit(curves, FORM, PRIOR, SCALE, 1e-3)
    assert np.abs(finer.inner - found.inner).max() < 0.1 * np.sqrt(np.diag(found.covariance)[:2].min())
