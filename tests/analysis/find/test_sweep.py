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


def test_the_noise_is_that_of_one_loss():
    """Of normal noise its standard deviation, also beside a slow fall."""
    log_lr = np.linspace(-7.0, 7.0, 40_000)
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(log_lr))
    for slope in (0.0, -0.1):
        found = read_sweep(log_lr, 5 + slope * log_lr + noise)
        assert found.noise == pytest.approx(0.1, rel=0.02)


def test_three_losses_can_be_read_and_two_cannot():
    """The beginning of a sweep is the median of its first quarter."""
    losses = np.full(80, np.inf)
    losses[:3] = (3.0, 1.0, 2.0)
    found = read_sweep(LOG_LR, losses)
    assert (found.begin, found.breaks) == (2.0, LOG_LR[3])
    losses[2] = np.inf
    assert read_sweep(LOG_LR, losses) is None
    quarter = np.where(np.arange(80) < 20, np.linspace(2.0, 4.0, 80), 1.0)
    assert read_sweep(LOG_LR, quarter).begin == pytest.approx(np.median(quarter[:20]))


def test_it_breaks_where_the_loss_is_half_as_far_above_the_beginning_as_it_was_below():
    """Without noise; what it begins with, and a rise that stays below that, is none."""
    x = np.linspace(-7.0, 7.0, 2000)

    def clear(top):
        return np.interp(x, [-7, -2, 0, 2, 7], [2, 2, 1, 1, top])

    found = read_sweep(x, clear(4.0))
    assert found.breaks == pytest.approx(2 + 5 * 1.5 / 3, abs=0.1)
    assert (found.begin, found.lowest, found.learns) == (2.0, pytest.approx(1.0), True)
    assert 0 <= found.at <= 2
    assert read_sweep(x, clear(2.4)).breaks is None


@pytest.mark.parametrize(("fall", "learns"), [(0.15, True), (0.08, False)])
def test_a_fall_counts_beyond_two_and_a_half_standard_deviations(fall, learns):
    """Of the smoothed loss: with a fifth of that of one loss, where 25 updates are smoothed to each side."""
    x = np.linspace(-7.0, 7.0, 500)
    rough = np.where(np.arange(500) % 2, 0.1, -0.1) * np.where(np.arange(500) % 4 < 2, 1.0, 0.5)
    found = read_sweep(x, np.where(x < 0, 2.0, 2.0 - fall) + rough)
    assert found.learns == learns
