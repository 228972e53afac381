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


@pytest.mark.parametrize(("backs", "points", "resumed"), [(3, 20, True), (4, 20, False), (6, 60, True), (7, 60, False)])
def test_steps_that_go_back_too_often_are_merely_in_no_order(backs, points, resumed):
    """More than three times, and at more than a tenth of the points."""
    at = []
    for _ in range(backs + 1):
        at += range(1, points // (backs + 1) + 1)
    at += range(at[-1] + 1, at[-1] + 1 + points - len(at))
    assert len(at) == points
    assert any("the steps go back" in sentence for sentence in kept(at)[1]) is resumed


@pytest.mark.parametrize(
    ("at", "resumed"),
    [
        ([10, 20, 30, 25, 35], False),  # one point later
        ([10, 20, 30, 40, 25, 45], False),  # two points, of which one repeats
        ([10, 20, 30, 40, 25, 40], True),
        ([10, 20, 30, 40, 30, 40], True),
    ],
)
def test_a_resume_repeats_two_points_at_least(at, resumed):
    """By two rows; one row that came late is none."""
    assert ("a resume" in "".join(kept(at)[1])) is resumed


@pytest.mark.parametrize(("same", "resumed"), [(1, True), (2, False)])
def test_rows_of_which_half_are_the_same_were_written_twice(same, resumed):
    """Half of those at one step; fewer are chance."""
    first, again = [4.0, 3.0, 2.0, 1.0], [4.0, 3.0, 2.0, 1.0]
    again[same:] = [value + 0.5 for value in again[same:]]
    assert ("the steps go back" in "".join(kept([10, 20, 30, 40] * 2, first + again)[1])) is resumed


def test_a_log_that_goes_back_to_its_beginning_is_no_resume():
    """Two runs in one file, or one begun anew; the later one counts."""
    points, said = kept([10, 20, 30, 40, 10, 20, 30, 40], [4.0, 3.0, 2.0, 1.0, 5.0, 4.0, 3.0, 2.0])
    assert points.tolist() == [4, 5, 6, 7]
    assert said == (
        "the steps go back from 40 to 10: begun anew, or another run; the 4 earlier points from there on are left out",
    )


def test_how_far_a_resume_went_is_said():
    """Beyond its last row the earlier ones stay; where it went as far there are none."""
    assert kept([10, 20, 30, 20, 30])[1] == (
        "the steps go back from 30 to 20: a resume; the 2 earlier points from there on are left out",
    )
    assert kept([10, 20, 30, 40, 20, 30])[1] == (
        "the steps go back from 40 to 20: a resume; the 2 earlier points from there on are left out; "
        "beyond 30 the later rows end, and the earlier ones stay",
    )


def test_nothing_is_kept_of_nothing():
    """Nor said."""
    assert [part if isinstance(part, tuple) else part.tolist() for part in kept([])] == [[], ()]
    assert kept([np.nan, np.nan])[0].tolist() == []


def test_rows_at_one_step_do_not_go_back():
    """As where each process wrote its own: a resume among them is one all the same."""
    points, said = kept([k for step in (10, 20, 30, 40, 50, 30, 40, 50, 60) for k in (step, step)])
    assert points.tolist() == [1, 3, 11, 13, 15, 17]
    assert "go back from 50 to 30: a resume; the 6 earlier points" in said[0]
