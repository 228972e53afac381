"""Decay now or later: both branches are what they claim to be, and the advice follows from them alone."""

import numpy as np
import pytest

from lrlab.analysis.forecast.law import Law
from lrlab.errors import LrlabError

MOMENTUM = {"alpha": 0.5, "log_memory": 6.2, "floor": 2.5, "progress": 0.5, "noise": 0.4}


@pytest.fixture(scope="module")
def law():
    return Law.from_parameters("momentum", MOMENTUM, peak=1e-3, horizon=8000)


def test_both_branches_are_the_trunk_and_then_the_decay(law):
    """Their losses are those of the curves written out by hand."""
    found = law.branch("constant()", at=2000, decay=400, base_lr=1e-3, horizon=8000)
    fall = 1e-3 * (1 - np.arange(400) / 400)
    for branch, trunk in ((found.now, 2000), (found.later, 7600)):
        by_hand = law.predict(np.append(np.full(trunk, 1e-3), fall))
        assert branch.loss == pytest.approx(by_hand.loss, rel=1e-12)


def test_gain_per_update_is_the_difference_of_the_finals_over_the_further_updates(law):
    """Five thousand six hundred further updates, whose gain adds up."""
    found = law.branch("constant()", at=2000, decay=400, base_lr=1e-3, horizon=8000)
    assert found.further == 5600
    assert found.gain_per_update * 5600 == pytest.approx(found.now.loss[-1] - found.later.loss[-1])
    assert found.advice == "train on"
    assert "5600 further updates lower the final loss" in found.sentence


def test_an_array_is_a_trunk_too(law):
    """And gives what the schedule gives."""
    by_text = law.branch("constant()", at=2000, decay=400, base_lr=1e-3, horizon=8000)
    by_array = law.branch(np.full(8000, 1e-3), at=2000, decay=400)
    assert by_array.gain == by_text.gain


def test_undecided_where_the_intervals_overlap(law):
    """Ten further updates change less than two runs differ."""
    found = law.branch("constant()", at=7590, decay=400, base_lr=1e-3, horizon=8000)
    assert found.advice == "undecided"
    assert "Undecided" in found.sentence


def test_decay_now_where_training_on_makes_it_worse(law):
    """A trunk whose LR will be ten times as high and hardly decay."""
    trunk = np.append(np.full(4000, 1e-3), np.full(1000, 1e-2))
    found = law.branch(trunk, at=3000, decay=10)
    assert found.gain < 0
    assert found.advice == "decay now"
    assert "further updates raise the final loss" in found.sentence


@pytest.mark.parametrize(
    "plan", [{"at": 0, "decay": 5}, {"at": 5, "decay": 0}, {"at": 95, "decay": 5}, {"at": 2.5, "decay": 5}]
)
def test_branches_that_do_not_fit_are_refused(law, plan):
    """Both need an update of trunk and of decay, and different ends."""
    with pytest.raises(LrlabError, match="both branches must fit"):
        law.branch("constant()", **plan, base_lr=1e-3, horizon=100)


@pytest.mark.parametrize("shape", ["warmup(3)", "0.5 * linear()"])
def test_a_shape_that_is_no_decay_is_refused(law, shape):
    """It begins at the trunk's LR and never rises."""
    with pytest.raises(LrlabError, match="shape is no decay"):
        law.branch("constant()", at=50, decay=10, base_lr=1e-3, horizon=100, shape=shape)
