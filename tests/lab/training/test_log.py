"""The record that travels with the state: whole again after any interruption, thinned for long runs, divergence."""

import json
import math

import numpy as np
import pytest

from lrlab.lab.training.log import DIVERGENCE, FIRST_LOSSES, LOSS_POINTS, TrainingLog
from lrlab.record.runs.run import Series


@pytest.mark.parametrize("updates", [20, 3 * LOSS_POINTS + 1])
def test_a_ledger_taken_up_again_is_the_same(updates):
    """After every update, through JSON, to the last bit, also within a stretch of which the mean is kept."""
    rng = np.random.default_rng(0)
    losses = rng.normal(size=updates) ** 2
    whole, broken = TrainingLog(updates), TrainingLog(updates)
    for update, loss in enumerate(losses):
        for ledger in (whole, broken):
            ledger.add_loss(update, float(loss))
            if update % 7 == 0:
                ledger.add_report(update + 1, {"val_loss": float(loss), "error": 0.5})
        if updates == 20 or update % 100 == 0:
            broken = TrainingLog.of(json.loads(json.dumps(broken.record())), updates)
    assert broken.record() == whole.record()
    assert (broken.loss, broken.evals) == (whole.loss, whole.evals)
    assert len(whole.loss.values) <= LOSS_POINTS


def test_what_else_is_logged_travels_too():
    """By name, thinned as the loss is; a record without any is as it ever was."""
    updates = 2 * LOSS_POINTS
    log = TrainingLog(updates)
    log.add_loss(0, 1.0)
    assert "logged" not in log.record()
    for update in range(updates):
        log.add_value("grad_norm", update, float(update))
        if update == updates // 2:
            log = TrainingLog.of(json.loads(json.dumps(log.record())), updates)
    found = log.logged["grad_norm"]
    assert found.updates == tuple(range(0, updates, 2))
    assert found.values == tuple(first + 0.5 for first in range(0, updates, 2))


def test_the_last_word_on_an_update_counts():
    """A loss told twice, a metric reported twice."""
    ledger = TrainingLog(5)
    for loss in (1.0, 2.0):
        ledger.add_loss(0, loss)
        ledger.add_report(1, {"val_loss": loss})
    assert ledger.loss == Series((0,), (2.0,))
    assert ledger.evals == {"val_loss": Series((1,), (2.0,))}


@pytest.mark.parametrize("loss", [math.nan, math.inf, 2 * DIVERGENCE + 0.1])
def test_explosions_are_seen(loss):
    """Not finite, or many times the greatest of the first losses."""
    ledger = TrainingLog(100)
    for update in range(FIRST_LOSSES):
        ledger.add_loss(update, 2.0)
        assert not ledger.exploded(2.0)
    ledger.add_loss(FIRST_LOSSES, loss)
    assert ledger.exploded(loss)
    assert not ledger.exploded(2 * DIVERGENCE)


def test_a_long_run_keeps_the_mean_of_each_stretch():
    """Of three updates each, beginning at multiples of three; told at the first of them."""
    updates = 2 * LOSS_POINTS + 1
    log = TrainingLog(updates)
    for update in range(updates):
        log.add_loss(update, float(update))
    assert log.loss.updates == tuple(range(0, updates, 3))
    assert log.loss.values == tuple(min(first + 1.0, (first + updates - 1) / 2) for first in range(0, updates, 3))
    short = TrainingLog(LOSS_POINTS)
    for update in range(LOSS_POINTS):
        short.add_loss(update, float(update))
    assert short.loss.values == tuple(map(float, range(LOSS_POINTS)))


def test_a_run_has_diverged_beyond_ten_times_the_greatest_of_ten_losses():
    """Not at the bound, nor by a loss after them; one that may be 0 or below has no multiple to go by."""
    log = TrainingLog(100)
    for update, loss in enumerate([0.5, 2.0, *([1.0] * 8), 50.0]):
        log.add_loss(update, loss)
    assert [log.exploded(loss) for loss in (20.0, 20.5)] == [False, True]
    for least, exploded in ((0.5, True), (0.0, False), (-1.0, False)):
        other = TrainingLog(100)
        other.add_loss(0, 1.0)
        other.add_loss(1, least)
        assert other.exploded(1e6) == exploded
        assert other.exploded(math.inf)
    assert LOSS_POINTS == 1000


def test_a_stretch_that_begins_between_is_one_all_the_same():
    """Where a loss is not logged at every update: told at the first that was."""
    log = TrainingLog(2 * LOSS_POINTS + 1)
    for update in (1, 2, 4, 6, 8):
        log.add_loss(update, float(update))
    assert log.loss == Series((1, 4, 6), (1.5, 4.0, 7.0))


def test_a_record_begins_with_nothing():
    """No time was spent, and nothing reported."""
    log = TrainingLog(5)
    assert (log.seconds, log.reports, log.loss) == (0.0, [], Series())
