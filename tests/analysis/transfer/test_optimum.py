"""The optimum of a sweep: where a parabola has it, wide where little is seen, one-sided at an edge."""

import numpy as np
import pytest
from scipy.special import logsumexp

from lrlab.analysis.transfer.optimum import CURVATURE, optima
from lrlab.analysis.transfer.sweeps import gather
from lrlab.record.trials import Trial


def sweeps(*places, k=0.06, noise=1e-4, lrs=tuple(2.0**n for n in range(7)), seeds=1):
    """One sweep for each place of the optimum (in octaves), its size the number of the sweep."""
    draw = np.random.default_rng(0).standard_normal

    def loss(lr, place, seed):
        return 3 * np.exp(0.5 * k * np.log(lr / 2**place) ** 2 + noise * draw() + 0.1 * seed)

    return gather(
        [
            Trial(n, 1, 1, lr, loss(lr, place, seed), str(seed))
            for n, place in enumerate(places, 1)
            for seed in range(seeds)
            for lr in lrs
        ]
    )  # fmt: skip


def larger_pay_more():
    """Sweeps of four sizes, each four times as large and twice as steep."""
    draw = np.random.default_rng(1).standard_normal
    trials = []
    for size in (1, 4, 16, 64):
        for batch in (1, 2):
            for rate in 2.0 ** np.arange(7):
                above = 0.5 * 0.02 * size**0.5 * np.log(rate / 8) ** 2
                trials.append(Trial(size, batch, 1, rate, 3 * np.exp(above + 2e-3 * draw()), "0"))
    return gather(trials)


def middle(found, row, level):
    share = np.cumsum(np.exp(found.likelihood[row]))
    return np.interp(level, share / share[-1], found.grid) / np.log(2)


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_optimum_of_a_parabola(seeds):
    """Between the LRs that were tried; a seed that lies higher as a whole changes nothing."""
    found = optima(sweeps(2.3, 3.6, seeds=seeds), prior=True)
    assert [middle(found, row, 0.5) for row in (0, 1)] == pytest.approx([2.3, 3.6], abs=0.06)
    assert np.exp(found.curvature.mean[0]) == pytest.approx(0.06, rel=0.3)
    assert found.noise < 1e-3


def test_noise_makes_it_wider():
    """And is measured."""
    clear, noisy = (optima(sweeps(2.3, 3.6, 3.0, 2.8, noise=noise), prior=True) for noise in (1e-4, 1e-2))
    assert noisy.noise == pytest.approx(1e-2, rel=0.6)
    spread = [middle(found, 0, 0.95) - middle(found, 0, 0.05) for found in (clear, noisy)]
    assert spread[1] > 1.5 * spread[0]


def test_an_edge_says_the_side_and_little_more():
    """The optimum at octave 9 of LRs up to octave 6: beyond the edge, far wider than one inside."""
    found = optima(sweeps(3.0, 9.0, 2.5), prior=True)
    assert middle(found, 1, 0.05) > 6.0
    assert middle(found, 1, 0.95) - middle(found, 1, 0.05) > 5 * (middle(found, 0, 0.95) - middle(found, 0, 0.05))


def test_public_curvatures_help_where_two_lrs_are_all():
    """Without them a slope says nothing of how far the optimum is."""
    given = sweeps(0.7, 1.3, lrs=(1.0, 4.0))
    widths = [
        middle(found, 0, 0.95) - middle(found, 0, 0.05)
        for found in (optima(given, prior=True), optima(given, prior=False))
    ]
    assert widths[0] <= widths[1]


def integrated(sweep, grid, curvature, noise):
    """The log likelihood of every place, by a sum over curvatures and skews; levels of seeds are integrated over."""
    k = curvature * (np.arange(160)[:, None, None] + 0.5) / 50
    s = curvature * np.linspace(-1.9, 1.1, 101)[:, None]
    found = -0.5 * ((k / curvature - 1) / 0.4) ** 2 - 0.5 * ((s / curvature + 0.4) / 0.3) ** 2 + np.zeros(len(grid))
    for group in set(sweep.group):
        own = sweep.group == group
        x, z = sweep.log_lr[own], sweep.log_loss[own]
        weights = 1 / (noise**2 + (0.15 * (z - z.min())) ** 2)
        away = [place - grid for place in x]
        off = [loss - k * d**2 / 2 - s * d**3 / 6 for d, loss in zip(away, z, strict=True)]
        level = sum(w * each for w, each in zip(weights, off, strict=True)) / weights.sum()
        found -= 0.5 * sum(w * (each - level) ** 2 for w, each in zip(weights, off, strict=True))
        found += 0.5 * np.log(weights).sum() - 0.5 * np.log(weights.sum())
    return logsumexp(found, axis=(0, 1))


@pytest.mark.parametrize(
    ("given", "prior"),
    [
        (sweeps(2.3, 9.0, k=0.2, noise=3e-3, seeds=2), True),
        (sweeps(0.7, 1.3, k=0.02, noise=1e-3, lrs=(1.0, 4.0)), True),
        (sweeps(1.7, 3.3, k=0.5, noise=1e-2), False),
        (larger_pay_more(), True),
    ],
)
def test_likelihoods_are_what_integration_gives(given, prior):
    """At the curvature of each and the noise that are found."""
    found = optima(given, prior=prior)
    rough = slice(None, None, 5)  # of the places
    for sweep, likely in zip(given, found.likelihood[:, rough], strict=True):
        curvature = np.exp(found.curvature.at(sweep.setting)[0])
        direct = integrated(sweep, found.grid[rough], curvature, found.noise)
        seen = likely > -15
        assert likely[seen] - likely.max() == pytest.approx(direct[seen] - direct[likely.argmax()], abs=0.05)
    assert found.likelihood.max(axis=1).tolist() == [0.0] * len(given)


def test_the_curvature_is_a_power_of_size_batch_and_horizon():
    """An LR that is off costs a larger model more; what no sweep varies is not known, and what is far away less."""
    found = optima(larger_pay_more(), prior=True).curvature
    assert found.mean[1] == pytest.approx(0.5, abs=0.15)
    for size in (1, 8, 64):
        known, unsure = found.at((size, 1, 1))
        assert known == pytest.approx(np.log(0.02 * size**0.5), abs=2.5 * unsure)
    assert found.at((1e4, 1, 1))[1] > 2 * found.at((8, 1, 1))[1]
    assert np.sqrt(found.covariance[3, 3]) == pytest.approx(0.5)


def test_a_side_that_flattens_moves_no_optimum():
    """Of a transformer beyond its best LR: losses rise, and then no more; a plain parabola had its optimum at 1/6."""
    above = [0.009, 0.0, 0.033, 0.108, 0.145, 0.168, 0.181]
    trials = [Trial(1, 1, 1, 2.0**n, np.exp(rise), "0") for n, rise in enumerate(above)]
    found = optima(gather([*trials, *(Trial(2, 1, 1, t.lr, t.loss, "0") for t in trials)]), prior=True)
    assert 0 < middle(found, 0, 0.5) < 1


def test_places_are_sought_beyond_the_trials():
    """Three and a half powers of e on each side, in steps of a fortieth."""
    grid = optima(sweeps(2.0), prior=True).grid
    assert (grid[0], grid[-1]) == pytest.approx((-3.5, np.log(64) + 3.5), abs=0.03)
    assert np.diff(grid) == pytest.approx(0.025)


def test_public_sweeps_are_within_a_loss_as_they_were():
    """Within 0.25 % of the best loss a factor of 2 in the LR, within 0.5 % one of 2.8."""
    for share, factor in ((0.0025, 2.0), (0.005, 2.8)):
        assert 2 * np.sqrt(2 * share / CURVATURE) == pytest.approx(np.log(factor), rel=0.06)
