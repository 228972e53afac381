"""Decay now or later: both branches are what they claim to be, and the advice follows from them alone."""

from dataclasses import replace

import numpy as np
import pytest

from lrlab.analysis.forecast.branching import BranchForecast
from lrlab.analysis.forecast.curves import Prediction
from lrlab.analysis.forecast.doubts import Seen
from lrlab.analysis.forecast.fit import Fitted
from lrlab.analysis.forecast.intervals import RUN_NOISE
from lrlab.analysis.forecast.law import Law
from lrlab.analysis.forecast.laws import Scale
from lrlab.analysis.forecast.offsets import Walk
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
    """Ten further updates change less than two runs differ: the gain may be either way."""
    found = law.branch("constant()", at=7590, decay=400, base_lr=1e-3, horizon=8000)
    assert found.advice == "undecided"
    assert "Undecided" in found.sentence


def test_the_difference_is_surer_than_its_ends():
    """Both ends owe the same to a floor that is not known: the intervals overlap, and the gain is known."""
    walk = Walk(1e-3, (), 0.0, 0.0)
    fitted = Fitted(np.array([0.5, 6.2]), np.array([2.5, 0.5, 0.4]), np.diag([0, 0, 0.3**2, 0, 0]), 0.0, walk)
    sure = Law("momentum", (fitted,), (), Scale(), Seen((1e-3,), 8000, True))
    found = sure.branch("constant()", at=2000, decay=400, base_lr=1e-3, horizon=8000)
    assert found.later.high[-1] > found.now.low[-1]
    assert found.advice == "train on"
    noise = 1.645 * np.sqrt(2) * RUN_NOISE * found.now.loss[-1]
    assert found.gain_high - found.gain == pytest.approx(found.gain - found.gain_low)
    assert found.gain - found.gain_low == pytest.approx(noise, rel=1e-2)
    assert found.record()["gain_low"] == found.gain_low


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
    with pytest.raises(LrlabError, match="shape is not a decay"):
        law.branch("constant()", at=50, decay=10, base_lr=1e-3, horizon=100, shape=shape)


def ending(updates, loss, low, high):
    """A run that ends at a loss within an interval."""
    return Prediction("constant()", *(np.full(updates, value) for value in (loss, low, high)), 0.9, ())


def test_the_sentence_holds_all_numbers():
    """Both ends with their intervals, the further updates, what they gain, and for a thousand of them."""
    found = BranchForecast(100, 20, ending(120, 3.0, 2.9, 3.1), ending(2120, 2.5, 2.4, 2.6), 0.45, 0.55)
    assert (found.further, found.gain, found.gain_per_update) == (2000, 0.5, 0.5 / 2000)
    assert found.sentence == (
        "Decaying now ends after 120 updates at 3.0000 (2.9000 ... 3.1000); training on ends after 2120 updates at "
        "2.5000 (2.4000 ... 2.6000): 2000 further updates lower the final loss by 0.5000 (between 0.4500 and 0.5500 "
        "with 90%), that is 0.2500 per 1000. Training on lowers the loss; whether it is worth its price is yours to "
        "say."
    )
    assert found.record()["later"] == {"updates": 2120, "final": found.later.end, "warnings": []}


@pytest.mark.parametrize(
    ("loss", "low", "high", "advice"),
    [
        (2.7, 0.0, 0.6, "undecided"),  # may buy nothing
        (2.7, 0.1, 0.5, "train on"),
        (3.3, -0.6, 0.0, "undecided"),
        (3.3, -0.5, -0.1, "decay now"),
    ],
)
def test_a_difference_that_touches_nothing_is_undecided(loss, low, high, advice):
    """On either side; whether the ends overlap does not matter."""
    now = ending(10, 3.0, 2.0, 4.0)
    assert BranchForecast(5, 5, now, ending(20, loss, 2.0, 4.0), low, high).advice == advice


def test_a_flat_shape_is_a_decay():
    """It begins at 1 to the last digits, and does not rise."""
    law = Law.from_parameters("momentum", MOMENTUM, peak=1e-3, horizon=8000)
    flat = law.branch("constant()", at=2000, decay=400, base_lr=1e-3, horizon=8000, shape="constant()")
    assert flat.now.loss[-1] == law.predict(np.full(2400, 1e-3)).loss[-1]
    shortest = law.branch("constant()", at=1, decay=1, base_lr=1e-3, horizon=3)
    assert (len(shortest.now.loss), len(shortest.later.loss)) == (2, 3)


def test_nothing_gained_is_no_reason_to_train_on(law):
    """A gain of 0 without any doubt is undecided; a shape may begin at 1 but for rounding, and never rises."""
    curve = law.predict(np.full(50, 1e-3))
    longer = replace(curve, loss=np.append(curve.loss, curve.loss[-1]))
    same = BranchForecast(40, 10, curve, longer, -1.0, -0.5)
    assert (same.gain, same.advice) == (0.0, "decay now")
    assert "further updates raise the final loss by 0.0000" in same.sentence
    for shape in (np.array([1.0, 0.5, 0.6]), np.array([1 + 1e-6, 0.5, 0.0]), np.array([1 - 1e-6, 0.5, 0.0])):
        with pytest.raises(LrlabError, match="shape is not a decay"):
            law.branch(np.full(100, 1e-3), at=5, decay=3, shape=shape)
    assert law.branch(np.full(100, 1e-3), at=5, decay=3, shape=np.array([1 + 1e-12, 0.5, 0.5]))
