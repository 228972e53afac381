"""The optimum of a sweep: where a parabola has it, wide where little is seen, one-sided at an edge."""

import numpy as np
import pytest

from lrlab.analysis.transfer.optimum import optima
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


def middle(found, row, level):
    share = np.cumsum(np.exp(found.likelihood[row]))
    return np.interp(level, share / share[-1], found.grid) / np.log(2)


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_optimum_of_a_parabola(seeds):
    """Between the LRs that were tried; a seed that lies higher as a whole changes nothing."""
    found = optima(sweeps(2.3, 3.6, seeds=seeds))
    assert [middle(found, row, 0.5) for row in (0, 1)] == pytest.approx([2.3, 3.6], abs=0.06)
    assert found.curvature == pytest.approx(0.06, rel=0.3)
    assert found.noise < 1e-3


def test_noise_makes_it_wider():
    """And is measured."""
    clear, noisy = (optima(sweeps(2.3, 3.6, 3.0, 2.8, noise=noise)) for noise in (1e-4, 1e-2))
    assert noisy.noise == pytest.approx(1e-2, rel=0.6)
    spread = [middle(found, 0, 0.95) - middle(found, 0, 0.05) for found in (clear, noisy)]
    assert spread[1] > 1.5 * spread[0]


def test_an_edge_says_the_side_and_little_more():
    """The optimum at octave 9 of LRs up to octave 6: beyond the edge, far wider than one inside."""
    found = optima(sweeps(3.0, 9.0, 2.5))
    assert middle(found, 1, 0.05) > 6.0
    assert middle(found, 1, 0.95) - middle(found, 1, 0.05) > 5 * (middle(found, 0, 0.95) - middle(found, 0, 0.05))


def test_public_curvatures_help_where_two_lrs_are_all():
    """Without them a slope says nothing of how far the optimum is."""
    given = sweeps(0.7, 1.3, lrs=(1.0, 4.0))
    widths = [middle(found, 0, 0.95) - middle(found, 0, 0.05) for found in (optima(given), optima(given, prior=False))]
    assert widths[0] <= widths[1]
