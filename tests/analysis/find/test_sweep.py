"""A sweep is read: where it begins, where it is lowest, where it breaks, and whether anything was learned."""

import numpy as np
import pytest

from lrlab.analysis.find.sweep import read_sweep

LOG_LR = np.linspace(-7.0, 7.0, 80, endpoint=False)


def falling(lowest, breaks, seed=0, noise=0.02):
    """Two above zero, falling by one around `lowest` - 1, broken from `breaks` on."""
    loss = 2 - 1 / (1 + np.exp(-3 * (LOG_LR - lowest + 1)))
    found = np.where(breaks > LOG_LR, loss, 2 + 3 * (LOG_LR - breaks + 0.5))
    return found + noise * np.random.default_rng(seed).standard_normal(len(LOG_LR))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("lowest", "breaks"), [(-1.0, 2.0), (0.0, 3.0), (2.0, 5.0)])
def test_it_finds_the_lowest_and_where_it_breaks(lowest, breaks, seed):
    """Within the smoothing, whatever the noise."""
    found = read_sweep(LOG_LR, falling(lowest, breaks, seed))
    assert lowest - 0.5 < found.at < breaks
    assert found.breaks == pytest.approx(breaks, abs=0.9)
    assert found.begin == pytest.approx(2.0, abs=0.05)
    assert found.noise == pytest.approx(0.02, rel=0.8)
    assert found.learns


@pytest.mark.parametrize("seed", range(8))
def test_noise_alone_teaches_nothing(seed):
    """A loss that never falls is not said to have been learned."""
    losses = 2 + 0.1 * np.random.default_rng(seed).standard_normal(len(LOG_LR))
    found = read_sweep(LOG_LR, losses)
    assert not found.learns
    assert found.breaks is None


def test_a_loss_that_ends_breaks_where_it_ends():
    """What diverged has no more values."""
    losses = falling(0.0, 9.0)
    losses[50:] = np.inf
    assert read_sweep(LOG_LR, losses).breaks == pytest.approx(LOG_LR[50])


@pytest.mark.parametrize("first", [np.nan, np.inf])
def test_nothing_can_be_read_where_nothing_was_finite(first):
    assert read_sweep(LOG_LR, np.full(len(LOG_LR), first)) is None


def test_one_wild_batch_decides_nothing():
    """A single loss, however low or high, is not the lowest, and does not break the sweep."""
    losses = falling(0.0, 3.0)
    wild = losses.copy()
    wild[30], wild[44] = -50.0, 50.0
    assert read_sweep(LOG_LR, wild).at == pytest.approx(read_sweep(LOG_LR, losses).at, abs=0.9)
    assert read_sweep(LOG_LR, wild).breaks == pytest.approx(3.0, abs=0.9)
