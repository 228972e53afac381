"""So many values are held, and no more."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.held import MOST, held


def test_the_bound():
    """The last number that is held, and the first that is not, with the way out."""
    assert held(MOST, "the log") == MOST
    with pytest.raises(LrlabError, match=r"(?s)the log has too many updates.*try: +horizon="):
        held(MOST + 1, "the log", "horizon=1000")


def test_a_hundred_million_values_are_held():
    """0.8 GB; another number where it is given."""
    assert MOST == 10**8
    assert held(3, "the log", most=3) == 3
    with pytest.raises(LrlabError, match="at most 3"):
        held(4, "the log", most=3)
