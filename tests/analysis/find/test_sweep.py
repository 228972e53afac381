"""A sweep is read: where it begins, where it is lowest, where it breaks, and whether anything was learned."""

import numpy as np
import pytest
from scipy import ndimage

from lrlab.analysis.find.sweep import _smoothed, read_sweep

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


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("count", [3, 7, 30])
def test_smoothing_is_a_median_of_three_and_a_mean_of_what_is_near(count, width):
    """Beyond its ends the loss is held for the medians, and is not there for the means."""
    losses = np.random.default_rng(count).standard_normal(count)
    medians = ndimage.median_filter(losses, 3, mode="nearest")
    means = [medians[max(0, k - width) : k + width + 1].mean() for k in range(count)]
    assert _smoothed(losses, width) == pytest.approx(means)


@pytest.mark.parametrize(("count", "lowest"), [(39, -6.0), (40, -3.6), (59, -3.6), (60, -18 / 7)])
def test_a_twentieth_of_a_sweep_is_smoothed_to_each_side(count, lowest):
    """One update at least: three low losses are a dip of that depth, or a part of it."""
    losses = np.zeros(count)
    losses[20:23] = -6.0
    assert read_sweep(np.linspace(-7.0, 7.0, count), losses).lowest == pytest.approx(lowest)


def test_a_short_sweep_begins_with_three_losses():
    """Where a quarter of it is fewer."""
    losses = np.array([3.0, 1.0, 2.0, 9.0, 9.0, 9.0, 9.0, 9.0])
    assert read_sweep(np.arange(8.0), losses).begin == 2.0
    assert read_sweep(np.arange(20.0), np.append([4.0, 3.0, 2.0, 1.0], np.full(16, 0.0))).begin == 2.0


@pytest.mark.parametrize(("rise", "broke"), [(4.5, False), (5.5, True)])
def test_a_rise_counts_beyond_five_standard_deviations(rise, broke):
    """Of the smoothed loss, where nothing was learned before."""
    x = np.linspace(-7.0, 7.0, 480)
    rough = np.where(np.arange(480) % 2, 0.1, -0.1) * np.where(np.arange(480) % 4 < 2, 1.0, 0.5)
    error = read_sweep(x, 2.0 + rough).noise / np.sqrt(24)  # so many updates to each side
    found = read_sweep(x, np.where(x < 2, 2.0, 2.0 + rise * error) + rough)
    assert (found.breaks is not None) == broke


def test_what_breaks_in_the_beginning_is_none_of_it():
    """At the end of the first quarter the LR is still too low to do anything: it breaks at the next update."""
    at_once = np.where(np.arange(40) < 5, 2.0, 9.0)
    x = np.linspace(-7.0, 7.0, 40)
    assert read_sweep(x, np.where(np.arange(40) < 11, 2.0, 9.0)).breaks == x[11]
    assert read_sweep(x, np.where(np.arange(40) < 20, 2.0, 9.0)).breaks == x[18]  # two are smoothed to each side
    assert read_sweep(x, at_once).begin == pytest.approx(5.5)
