"""A logged run: what is repaired with a note, and what is refused with a sentence."""

import re

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


def test_what_is_not_said_of_a_run_is_not_known():
    """Neither a weight decay nor a name, nothing was repaired, and it counts updates."""
    run = LogRun.from_arrays([1, 2], [2.0, 1.0], LRS)
    for each in (run, LogRun(run.updates, run.loss, run.lrs)):
        assert (each.weight_decay, each.name, each.notes, each.other_losses) == (None, "", (), ())
        assert (each.batch_changes, each.unit, each.horizon) == (False, "update", 100)


def test_the_first_and_the_last_update_are_within_the_run():
    """A loss before any update is left out; one after the horizon, too, and that is said."""
    run = LogRun.from_arrays([0, 1, 100, 101], [4.0, 3.0, 2.0, 1.0], LRS)
    assert run.updates.tolist() == [1, 100]
    assert run.notes == ("1 points after the last update with a known LR (100) were left out",)


def test_how_many_points_were_repaired_is_said():
    """Each kind by itself."""
    run = LogRun.from_arrays([1, 1, 1, 2, 3, np.nan], [4.0, 3.0, 2.0, 1.0, np.inf, 1.0], LRS, notes=["told before"])
    assert run.notes == (
        "told before",
        "2 points that are not finite were left out",
        "2 points were logged again later; the last of each is kept",
    )
    assert LogRun.from_arrays([1, 2], [2.0, 1.0], LRS).notes == ()


@pytest.mark.parametrize(("decay", "is_one"), [(0, True), (0.1, True), (-0.1, False), (np.nan, False), (np.inf, False)])
def test_a_weight_decay_is_a_finite_number_of_at_least_0(decay, is_one):
    """Or not known."""
    if is_one:
        assert LogRun.from_arrays([1, 2], [2.0, 1.0], LRS, decay).weight_decay == decay
    else:
        with pytest.raises(LrlabError, match="a number of at least 0, or None if unknown"):
            LogRun.from_arrays([1, 2], [2.0, 1.0], LRS, decay)


def test_what_is_refused_is_shown():
    """How long columns are, how many points are left, the entry that is no number, the first LRs."""
    for updates, loss, lrs, given in (
        ([1, 2, 3], [1.0], LRS, "given:   '3 updates, 1 losses'"),
        ([1, 2, 300], [1.0, np.nan, 1.0], LRS, "given:   '1 usable of 3'"),
        ([1, 2], [1.0, 2.0], [0.0] * 9, "given:   [0.0, 0.0, 0.0]\n"),
        ([1, 2], [1.0, "x"], LRS, "given:   'x'"),
        ([1, 2], "1.0, 2.0", LRS, "given:   '1.0, 2.0'"),
        ([], [], LRS, "given:   '0 usable of 0'"),
        ([1, 2], [[1.0, 2.0]], LRS, "given:   'shape (1, 2)'"),
    ):
        with pytest.raises(LrlabError, match=re.escape(given)):
            LogRun.from_arrays(updates, loss, lrs)
