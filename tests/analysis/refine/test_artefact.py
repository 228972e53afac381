"""The rise of the norm by weight decay, against a simulation of the weights and against public runs."""

import numpy as np
import pytest

from lrlab.analysis.refine.artefact import rise

UPDATES, STRETCHES = 20_000, 200


def simulated(lrs, decay, *, normed):
    """|g| of weights behind a normalisation, update by update, in units of its balance at the peak LR."""
    peak = lrs.max()
    length = 1.0  # |w|^2
    factors = []
    for lr in lrs:
        gradient = 2 * decay / peak / (1 if normed else length)  # |g|^2, whose balance at the peak is at length 1
        length = length * (1 - lr * decay) ** 2 + lr**2 * gradient
        factors.append(length**-0.5)
    return np.array(factors)


@pytest.mark.parametrize("normed", [True, False])
@pytest.mark.parametrize("end", [0.0, 0.1, 1.0])
def test_it_is_what_the_weights_do(normed, end):
    """Under a constant LR and under linear decays; a warmup is left out."""
    lrs = 2e-3 * np.linspace(1, end, UPDATES)
    there = simulated(lrs, 0.1, normed=normed)
    size = UPDATES // STRETCHES
    found = rise(lrs.reshape(STRETCHES, size).mean(1), size, 0.1, normed=normed)
    assert found == pytest.approx(there[size - 1 :: size], rel=0.03)
    assert found[-1] > 1.2 or end == 1.0


@pytest.mark.parametrize("normed", [True, False])
def test_the_weights_follow_a_drop_of_the_lr_at_their_own_speed(normed):
    """At once halved, then held: the whole way of the norm, and not its ends alone."""
    lrs = 2e-3 * np.repeat([1.0, 0.5], UPDATES // 2)
    there = simulated(lrs, 0.1, normed=normed)
    size = UPDATES // STRETCHES
    found = rise(lrs[::size], size, 0.1, normed=normed)
    assert found == pytest.approx(there[size - 1 :: size], rel=1e-3)


def test_nothing_rises_without_weight_decay_or_without_a_change_of_the_lr():
    lrs = np.linspace(1, 0, 50)
    assert rise(lrs, 100, 0.0, normed=True).tolist() == [1.0] * 50
    assert rise(np.full(50, 0.1), 100, 0.1, normed=True) == pytest.approx(np.ones(50))


def test_a_short_run_leaves_the_weights_no_time():
    """The length follows over 1 / (2 LR decay) updates."""
    assert rise(np.linspace(1e-3, 0, 50), 1, 0.01, normed=True)[-1] < 1.01


def test_it_is_near_what_public_runs_show():
    """A language model of 124M parameters, AdamW at 2e-3, weight decay 0.1, 50 000 updates, linear decay to zero: the
    norm rose from 0.15 in the middle to 0.23 at the end (logs of arXiv:2501.18965), a factor of 1.53."""
    lrs = 2e-3 * (1 - (np.arange(200) + 0.5) / 200)
    found = rise(lrs, 250, 0.1, normed=True)
    assert found[-1] / found[100] == pytest.approx(1.53, rel=0.1)
