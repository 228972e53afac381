"""What is a number in a log, and what a step."""

import math

import pytest

from lrlab.record.logs.steps import count, number


@pytest.mark.parametrize("value", [None, True, [], {}, "", "x", "1_0", "0x10", "2,5", "1 2", "1\0", b"1", "\ud800"])
def test_what_is_no_number(value):
    """Nothing is guessed."""
    assert number(value) is None


@pytest.mark.parametrize(
    ("value", "found"), [(3, 3.0), (" 2.5 ", 2.5), ("1e3", 1000.0), ("-inf", -math.inf), (-(10**400), -math.inf)]
)
def test_what_is_one(value, found):
    """Of any size."""
    assert number(value) == found
    assert number("9" * 401) == math.inf


def test_a_step_is_finite_and_told_from_the_next():
    """Beyond 2**53 a float is not a count."""
    assert (count("7"), count(2**53), count(-3.0)) == (7, 2**53, -3)
    assert [count(value) for value in ("nan", 2**54, 10**400, None, "x")] == [None] * 5
