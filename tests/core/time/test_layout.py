"""The windows that schedules are laid out in: what one value may cost."""

import pytest

import lrlab as lr
from lrlab.errors import LrlabError


def nested(levels):
    """Repeats within each other whose cycles are not a whole number of updates."""
    schedule = lr.linear()
    for _ in range(levels):
        schedule = schedule.repeat(3)
    return schedule


def test_six_levels_of_uneven_repeats_are_allowed():
    """One value of each needs two of the level below: 64 at most."""
    longest = 3**7 + 1
    assert len(nested(6).over(longest).values()) == longest
    with pytest.raises(LrlabError, match=r"(?s)the work of thousands.*6 levels whose cycles are not a whole number"):
        nested(7).over(longest)
    assert len(nested(7).over(3**8).values()) == 3**8  # even cycles cost nothing
