"""The profile: it finds the optimum of known losses, and widens with the noise."""

import dataclasses

import numpy as np
import pytest

from lrlab.analysis.find.profile import Probe, profile


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


def test_the_horizon_is_measured():
    """Runs whose optimum falls with their length move the optimum of the whole run, and the power, that way."""
    falls, rises = (profile(probes(0.0, k=2.0, power=p), updates=800, around=0.0, within=2.0) for p in (-0.5, 0.5))
    assert falls.quantile(falls.horizon, 0.5) < rises.quantile(rises.horizon, 0.5)
    assert falls.quantile(falls.horizon, 0.95) < 0.3


def test_a_run_that_diverged_bounds_the_optimum():
    runs = [Probe(0.0, 50, 0, 1.0), Probe(1.0, 50, 0, np.inf)]
    found = profile(runs, updates=50, around=1.0, within=1.5)
    assert found.quantile(found.m, 0.9) < 1.5
    assert found.best < profile(runs[:1], updates=50, around=1.0, within=1.5).best


def test_a_span_holds_both_its_ends():
    """Every LR within it is within the regret, in the share of draws that it was asked for; more regret, wider."""
    found = profile(probes(0.0), updates=800, around=0.0, within=1.1)
    for regret in (0.2, 0.5):
        low, high = found.span(regret, 0.9)
        held = (found.regret(low) <= regret * 1.001) & (found.regret(high) <= regret * 1.001)
        assert found.weights[held].sum() >= 0.9
    narrow, wide = found.span(0.2, 0.9), found.span(0.5, 0.9)
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
    assert found.span(1e-6, 0.99) is None


def test_noise_widens():
    """Runs of one LR that differ are noise, and less is claimed."""
    again = [dataclasses.replace(p, loss=p.loss + 0.3 * (-1) ** n) for n, p in enumerate(probes(0.0) * 2)]
    clean, noisy = (profile(p, updates=800, around=0.0, within=1.1) for p in (probes(0.0) * 2, again))
    assert noisy.quantile(noisy.noise, 0.5) > 2 * clean.quantile(clean.noise, 0.5)
    assert noisy.expected(noisy.best) > clean.expected(clean.best)


def test_the_same_runs_give_the_same_profile():
    a, b = (profile(probes(0.3), updates=800, around=0.0, within=1.0) for _ in range(2))
    assert a.best == b.best
    assert np.array_equal(a.weights, b.weights)
