"""The profile: it finds the optimum of known losses, and widens with the noise."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from lrlab.analysis.find.profile import Probe, Profile, profile


def probes(m, k=0.5, power=0.0, noise=0.0, seed=0, at=(-1.1, 0.0, 1.1), updates=800):
    """Runs at an eighth and a sixteenth of the whole length, around where m is thought to be."""
    draw = np.random.default_rng(seed)
    found = []
    for group, length in enumerate((updates // 16, updates // 8)):
        optimum = m + power * np.log(length / updates)
        for x in at:
            loss = 0.5 * k * (x - optimum) ** 2 + noise * draw.standard_normal() + group
            found.append(Probe(x, length, group, float(loss)))
    return found


@pytest.mark.parametrize("m", [-0.8, 0.0, 0.8])
def test_it_finds_the_optimum_at_the_length_of_the_runs(m):
    """Without noise, from three LRs a factor of three apart."""
    found = profile(probes(m), updates=100, around=0.2, within=1.1)
    assert found.best == pytest.approx(m, abs=0.35)


def test_the_power_among_the_runs_is_measured():
    """Runs whose optimum falls with their length move it that way."""
    falls, rises = (profile(probes(0.0, k=2.0, power=p), updates=800, around=0.0, within=2.0) for p in (-0.5, 0.5))
    assert np.quantile(falls.among, 0.5) < np.quantile(rises.among, 0.5)
    assert np.quantile(falls.among, 0.95) < 0.3


def test_what_two_short_lengths_say_is_not_carried_over_to_the_whole_run():
    """The power from the runs to the whole stays what was believed."""
    for power in (-0.5, 0.5):
        found = profile(probes(0.0, k=2.0, power=power), updates=800, around=0.0, within=9.0)
        assert np.quantile(found.horizon, 0.5) == pytest.approx(0.0, abs=0.1)
        assert np.quantile(found.horizon, stats.norm.cdf(1.0)) == pytest.approx(0.6, abs=0.15)


def test_a_run_that_diverged_bounds_the_optimum():
    runs = [Probe(0.0, 50, 0, 1.0), Probe(1.0, 50, 0, np.inf)]
    found = profile(runs, updates=50, around=1.0, within=1.5)
    assert np.quantile(found.m, 0.9) < 1.5
    assert found.best < profile(runs[:1], updates=50, around=1.0, within=1.5).best


def test_a_span_holds_both_its_ends():
    """Every LR within it is within the regret, in the share of draws that it was asked for; more regret, wider."""
    found = profile(probes(0.0), updates=100, around=0.0, within=1.1)
    for regret in (0.5, 1.0):
        low, high = found.span(regret, 0.9)
        held = (found.regret(low) <= regret * 1.001) & (found.regret(high) <= regret * 1.001)
        assert held.mean() >= 0.9
    narrow, wide = found.span(0.5, 0.9), found.span(1.0, 0.9)
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
    assert found.span(1e-6, 0.99) is None


def test_noise_widens():
    """Runs of one LR that differ are noise, and less is claimed."""
    again = [dataclasses.replace(p, loss=p.loss + 0.3 * (-1) ** n) for n, p in enumerate(probes(0.0) * 2)]
    clean, noisy = (profile(p, updates=100, around=0.0, within=1.1) for p in (probes(0.0) * 2, again))
    assert np.quantile(noisy.noise, 0.5) > 2 * np.quantile(clean.noise, 0.5)
    assert noisy.expected(noisy.best) > clean.expected(clean.best)


def test_the_same_runs_give_the_same_profile():
    a, b = (profile(probes(0.3), updates=800, around=0.0, within=1.0) for _ in range(2))
    assert a.best == b.best
    assert np.array_equal(a.m, b.m)


def test_without_runs_all_is_as_it_was_believed():
    """Medians, and where a sixth lies above: Student's t of log LR, normal distributions of the powers, and of the
    logarithms of the rest; the curvature above the best LR is that below times e^0.8, each with a spread of its own."""
    found = profile([], updates=100, around=-3.0, within=1.5)
    sixth = stats.norm.cdf(1.0)
    wide = np.hypot(1.4, 0.5)
    for values, middle, spread in (
        (found.m, -3.0, 1.5 * stats.t(2).ppf(sixth)),
        (np.log(found.below), np.log(0.15), wide),
        (np.log(found.above), np.log(0.15) + 0.8, wide),
        (found.among, 0.0, 0.6),
        (found.horizon, 0.0, 0.6),
        (np.log(found.noise), np.log(0.015), 0.8),
    ):
        assert np.quantile(values, 0.5) == pytest.approx(middle, abs=0.06 * spread)
        assert np.quantile(values, sixth) - middle == pytest.approx(spread, rel=0.08)
    apart = np.log(found.above / found.below)
    assert np.sqrt(np.mean((apart - 0.8) ** 2)) == pytest.approx(0.5 * np.sqrt(2), rel=0.08)


@pytest.mark.parametrize("diverged", [False, True])
def test_runs_weigh_what_was_believed_by_how_probable_they_are(diverged):
    """Plain draws of what was believed, weighted once: more of them, and no rounds."""
    runs = [Probe(-1.5, 50, 0, 1.0), Probe(0.0, 50, 0, 0.95), Probe(1.0, 50, 0, 1.2), Probe(0.3, 100, 1, 0.7)]
    runs += [Probe(1.2, 100, 1, np.inf if diverged else 0.8)]
    found = profile(runs, updates=400, around=0.2, within=1.1)
    z = np.random.default_rng(5).standard_normal((7, 400_000))
    m, k = 0.2 + 1.1 * stats.t(2).ppf(stats.norm.cdf(z[0])), np.log(0.15) + 1.4 * z[1]
    below, above, power = np.exp(k + 0.5 * z[2]), np.exp(k + 0.8 + 0.5 * z[3]), 0.6 * z[4]
    horizon = 0.6 * z[6]
    noise, weight = np.exp(np.log(0.015) + 0.8 * z[5]), np.zeros(z.shape[1])
    for group in (0, 1):
        own = [run for run in runs if run.group == group]
        ended = [run for run in own if np.isfinite(run.loss)]
        off = {run: run.log_lr - m - horizon * np.log(100 / 400) - power * np.log(run.updates / 100) for run in own}
        for run in own:
            if run not in ended:
                weight += stats.norm.logcdf(off[run] / 0.7)
        if len(ended) == 1:  # its c can be anything
            continue
        sd = [np.hypot(noise, 0.2 * (run.loss - min(each.loss for each in ended))) for run in ended]
        left = [run.loss - np.where(off[run] > 0, above, below) * off[run] ** 2 / 2 for run in ended]
        sure = sum(1 / each**2 for each in sd)
        level = sum(each / s**2 for each, s in zip(left, sd, strict=True)) / sure
        weight += sum(-0.5 * ((each - level) / s) ** 2 - np.log(s) for each, s in zip(left, sd, strict=True))
        weight -= 0.5 * np.log(sure)
    weight = np.exp(weight - weight.max())
    often = np.random.default_rng(6).choice(len(m), 20_000, p=weight / weight.sum())
    plain = Profile(*(each[often] for each in (m, below, above, power, horizon, noise)))
    for name in ("m", "among", "horizon"):
        for share in (0.1, 0.5, 0.9):
            one, other = np.quantile(getattr(found, name), share), np.quantile(getattr(plain, name), share)
            assert one == pytest.approx(other, abs=0.12), (name, share)
    for name in ("below", "above", "noise"):  # the whole run may be sharper or flatter alike
        one, other = (np.median(np.log(getattr(each, name))) for each in (found, plain))
        assert one == pytest.approx(other, abs=0.15), name


def test_runs_that_are_far_from_what_was_believed_do_not_leave_all_weight_to_a_few_draws():
    """Losses that fall by 4.7 within a factor of 4: not long ago two draws of ten thousand had all of the weight."""
    runs = [Probe(x, 22, 0, loss, 4.49) for x, loss in ((0.0, 2.169), (1.386, -2.510), (2.773, -2.119))]
    runs += [Probe(x, 11, 1, loss, 4.49) for x, loss in ((0.693, 2.143), (2.079, -1.819))]
    found = profile(runs, updates=200, around=0.0, within=1.0, short=[(0.97, 3.0), (2.66, 1.3)])
    assert len(np.unique(found.m)) > 5000
    low, high = (np.quantile(found.horizon, share) for share in (0.05, 0.95))
    assert high - low > 0.8


def known(below, above, m=0.0):
    return Profile(*(np.array([value]) for value in (m, below, above, 0.0, 0.0, 0.01)))


def test_a_regret_is_a_parabola():
    """Of log loss; told as a share, of at most e^5, and of at most 3 where it is expected."""
    found = known(0.5, 1.0)
    assert found.regret(1.0) == pytest.approx(np.expm1(0.5))
    assert found.regret(-1.0) == pytest.approx(np.expm1(0.25))
    assert found.regret(10.0) == pytest.approx(np.expm1(5.0))
    assert (found.expected(10.0), found.expected(0.0)) == (3.0, 0.0)


def test_far_from_the_best_the_loss_is_that_of_the_untrained_model():
    """Runs that have hardly learned are no noise about a parabola: here only the last has begun to."""
    runs = [Probe(x, 20, 0, loss, 0.1) for x, loss in ((-5.0, 0.099), (-4.0, 0.098), (-3.0, 0.095), (-2.0, 0.0))]
    bare = [dataclasses.replace(run, untrained=np.inf) for run in runs]
    found, without = (profile(each, updates=20, around=-2.0, within=2.0) for each in (runs, bare))
    assert np.median(found.noise) < 0.7 * np.median(without.noise)
    assert np.ptp(np.quantile(found.m, (0.1, 0.9))) < 0.5 * np.ptp(np.quantile(without.m, (0.1, 0.9)))


@pytest.mark.parametrize("below", [0.5, 0.05])
def test_a_span_of_what_is_known_ends_where_the_regret_is_reached(below):
    """To a step of what is looked at, which lies half a power of e around."""
    wide = dataclasses.replace(
        known(below, 1.0), m=np.repeat([-9.0, 0.0, 9.0], (2, 46, 2)), below=np.full(50, below), above=np.ones(50)
    )
    low, high = wide.span(0.2, 0.9)
    assert wide.regret(high)[2] == pytest.approx(0.2)
    assert wide.regret(low)[2] <= 0.2 < wide.regret(low - 0.05)[2] + 1e-9
    assert (wide.grid[0], wide.grid[-1]) == pytest.approx((-9.5, 9.45))
    assert [np.quantile(wide.m, share) for share in (0.01, 0.5, 0.99, 1.0)] == [-9, 0, 9, 9]


def test_what_is_thought_of_short_runs_says_less_of_a_longer_one():
    """By what the horizon may do to it, a power of 0, give or take 0.6; the best LR, by Student's t."""
    found = profile([Probe(0.0, 100, 0, 1.0)], updates=round(100 * np.e**2), around=0.0, within=2.0, short=[(3.0, 0.5)])
    x = np.linspace(-20, 20, 8001)
    density = stats.t(2).pdf(x / 2.0) * stats.norm.pdf(x, 3.0, np.hypot(0.5, 2 * 0.6))
    density /= density.sum()
    middle = density @ x
    assert found.m.mean() == pytest.approx(middle, abs=0.05)
    assert np.mean((found.m - middle) ** 2) == pytest.approx(density @ (x - middle) ** 2, rel=0.08)


def test_over_a_longer_run_a_curvature_may_become_another():
    """By a power of the length with a spread of 0.3, the same on both sides: what short runs say of k is not sure."""
    found = profile([Probe(0.0, 100, 0, 1.0)], updates=round(100 * np.e**5), around=-3.0, within=1.5)
    wide = np.sqrt(1.4**2 + 0.5**2 + (0.3 * 5) ** 2)
    for values, middle in ((found.below, np.log(0.15)), (found.above, np.log(0.15) + 0.8)):
        assert np.quantile(np.log(values), 0.5) == pytest.approx(middle, abs=0.06 * wide)
        assert np.quantile(np.log(values), stats.norm.cdf(1.0)) - middle == pytest.approx(wide, rel=0.08)
    apart = np.log(found.above / found.below)
    assert np.sqrt(np.mean((apart - 0.8) ** 2)) == pytest.approx(0.5 * np.sqrt(2), rel=0.08)
