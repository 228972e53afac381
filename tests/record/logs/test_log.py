"""A logged run: what is repaired with a note, and what is refused with a sentence."""

import numpy as np
import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.log import LogRun

LRS = np.full(100, 1e-3)


def test_points_are_put_in_order_and_the_last_of_duplicates_is_kept():
    """Merged restarts log a stretch twice, out of order."""
    run = LogRun.from_arrays([30, 10, 20, 10], [1.0, 9.0, 2.0, 3.0], LRS)
    assert run.updates.tolist() == [10, 20, 30]
    assert run.loss.tolist() == [3.0, 2.0, 1.0]
    assert "logged again" in run.notes[0]


def test_points_that_are_not_finite_or_beyond_the_horizon_are_left_out_with_a_note():
    """Nothing is dropped silently."""
    run = LogRun.from_arrays([10, 20, 30, 40, 200], [3.0, np.nan, np.inf, 2.0, 1.0], LRS)
    assert run.updates.tolist() == [10, 40]
    assert any("2 points that are not finite" in note for note in run.notes)
    assert any("after the last update" in note for note in run.notes)


@pytest.mark.parametrize(
    ("updates", "loss", "lrs", "sentence"),
    [
        ([10, 20], [1.0], LRS, "differ in length"),
        ([10, 20], ["a", 2.0], LRS, "not numbers"),
        ([10], [1.0], LRS, "too few points"),
        ([10, 20], [np.nan, np.nan], LRS, "too few points"),
        ([10, 20], [2.0, 1.0], [], "LR of every update"),
        ([10, 20], [2.0, 1.0], [1e-3, -1e-3] * 50, "LR of every update"),
        ([10, 20], [2.0, 1.0], [np.nan] * 100, "LR of every update"),
        ([10, 20], [2.0, 1.0], np.zeros(100), "LR of every update"),
        ([10, 20], [[2.0, 1.0]], LRS, "one dimension"),
    ],
)
def test_what_cannot_be_a_run_is_refused_with_a_sentence(updates, loss, lrs, sentence):
    """Each kind of bad column has its own sentence."""
    with pytest.raises(LrlabError, match=sentence):
        LogRun.from_arrays(updates, loss, lrs)


@pytest.mark.parametrize(
    ("lrs", "warmup"),
    [([1, 2, 3, 3, 2], 2), ([3, 2, 1], 0), ([0, 0, 1, 2, 2], 3), ([2, 2, 3, 3], 0), ([1, 2, 3], 2)],
)
def test_warmup_is_the_first_rise(lrs, warmup):
    """Counted to the update before which the LR stops rising; a later rise is none."""
    assert LogRun.from_arrays([1, 2], [2.0, 1.0], np.array(lrs) * 1e-3).warmup == warmup


def test_the_first_lr_that_cannot_be_one_is_named():
    """A LR of 0 can: a warmup may begin with it."""
    with pytest.raises(LrlabError, match=r"(?s)lrs must be the LR of every update.*given: +-0\.5"):
        LogRun.from_arrays([1, 2], [1.0, 1.0], [0.0, 1.0, -0.5])
    with pytest.raises(LrlabError, match="not all 0"):
        LogRun.from_arrays([1, 2], [1.0, 1.0], [0.0, 0.0, 0.0])
