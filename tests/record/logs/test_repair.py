"""Steps in order: what was trained again counts once."""

import numpy as np
import pytest

from lrlab.record.logs.repair import ordered


def kept(at, values=None):
    at = np.array(at, float)
    return ordered(at, np.arange(len(at), dtype=float) if values is None else np.array(values, float))


def test_a_resume_takes_the_place_of_what_it_repeats():
    """Also where the steps of the two do not coincide."""
    points, (said,) = kept([10, 20, 30, 40, 50, 25, 35, 45, 55])
    assert points.tolist() == [0, 1, 5, 6, 7, 8]
    assert "go back from 50 to 25: a resume; the 3 earlier points" in said


def test_a_resume_of_a_resume():
    """The last counts."""
    points, said = kept([10, 20, 30, 20, 30, 40, 20, 30, 40, 50])
    assert points.tolist() == [0, 6, 7, 8, 9]
    assert len(said) == 2


def test_what_was_not_trained_again_stays():
    """A second start that broke off early does not cost the run."""
    points, (said,) = kept([10, 20, 30, 40, 50, 15, 25, 35])
    assert points.tolist() == [0, 5, 6, 7, 3, 4]
    assert "beyond 35 the later rows end" in said


def test_the_same_rows_once_more_are_no_resume():
    """An export that was merged: what lies between stays."""
    points, (said,) = kept([10, 20, 30, 40, 10, 30, 40], [5, 4, 3, 2, 5, 3, 2])
    assert points.tolist() == [4, 1, 5, 6]
    assert said == "3 points were logged again later; the last of each is kept"


@pytest.mark.parametrize("at", [[10, 30, 20, 40, 50], [5, 3, 1, 4, 2], [np.nan, 1, 2, np.nan, 3]])
def test_rows_in_no_order_are_sorted(at):
    """One that came late, or all of them; without a step there is no point."""
    points, said = kept(at)
    assert said == ()
    assert np.array(at)[points].tolist() == sorted(value for value in at if value == value)
