"""The answer of a search: its winner against the baseline."""

import numpy as np
import pytest

from lrlab.analysis.comparison.statistics import compare
from lrlab.analysis.comparison.versus import Versus, versus

NOISE = np.array([[0.00, 0.03, 0.01, 0.02, 0.04]])


@pytest.mark.parametrize(
    ("new", "answer", "sign"),
    [(1.0, "better", -1), (3.0, "worse", 1), (2.001, "undecided", 1), (1.999, "undecided", -1)],
)
@pytest.mark.parametrize("maximise", [False, True])
def test_the_difference_is_that_of_the_new_one(new, answer, sign, maximise):
    """Below zero where it has less of the metric, whichever is better; its interval is in order."""
    turn = -1.0 if maximise else 1.0
    scores = {"new": {1.0: turn * (new + NOISE[:, ::-1])}, "old": {1.0: turn * (2.0 + NOISE)}}
    found = versus(compare(scores, maximise=maximise), "old", maximise=maximise)
    assert found.answer == answer
    assert np.sign(found.difference) == (-sign if maximise else sign)
    assert found.low < found.difference < found.high
    assert (found.low < 0 < found.high) == (answer == "undecided")


def test_without_a_rival_it_is_the_baseline():
    """There was nothing to judge; nor is there a number where a run diverged."""
    assert versus(None, "old", maximise=False) == Versus("baseline")
    gone = {"new": {1.0: np.full((1, 5), np.inf)}, "old": {1.0: 2.0 + NOISE}}
    assert versus(compare(gone), "old", maximise=False).difference is None


def test_an_interval_may_be_unbounded():
    """Five seeds bound no difference at 95 %: there is a difference and no interval, whoever is ahead."""
    seeds = np.arange(5.0)[:, None]
    for new, difference in ((1.0, -1.0), (3.0, 1.0)):
        found = versus(compare({"new": {1.0: seeds + new}, "old": {1.0: seeds + 2.0}}), "old", maximise=False)
        assert found == Versus("undecided", difference, None, None)
