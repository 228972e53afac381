"""Ticks and numbers: golden cases by hand, laws for the rest."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlab.views.axes import axis, number, numbers

values = st.floats(-1e12, 1e12).filter(lambda v: v == 0 or abs(v) > 1e-12)
positive = st.floats(1e-12, 1e12)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.0, "0"), (1.0, "1"), (12000, "12,000"), (-3, "-3"), (0.26512, "0.265"), (123.456, "123"),
        (0.001, "0.001"), (0.00099, "9.90e-4"), (1.5e7, "1.50e7"), (0.5, "0.5"), (9.999, "10"),
        (math.nan, "–"), (None, "–"), (math.inf, "inf"), (-math.inf, "-inf"),
    ],
)  # fmt: skip
def test_number_as_people_write_it(value, text):
    """Thousands have commas, small numbers an exponent without padding, and nothing trails."""
    assert number(value) == text


def test_numbers_of_a_column_share_their_decimals():
    """Columns line up: four digits for the largest, no more than the values have, '-0' never."""
    assert numbers([0.26512, 0.418]) == ["0.2651", "0.4180"]
    assert numbers([0.3, 1.0, None, math.inf]) == ["0.3", "1.0", "–", "inf"]
    assert numbers([0.0162, 0.007]) == ["0.0162", "0.0070"]
    assert numbers([0.00421, 0.1], 3) == ["0.004", "0.100"]
    assert numbers([-1e-7, 0.25, 0.333]) == ["0.0000", "0.2500", "0.3330"]
    assert numbers([3e-5, 2.5e-4, 0.0]) == ["3.00e-5", "2.50e-4", "0"]
    assert numbers([]) == []


def test_numbers_beside_a_large_one_keep_their_digits():
    """A mean that exploded does not round the others to 0 or 1; a grid stays one, and dust is 0."""
    assert numbers([72516.25, 0.5312, -0.2067, 1.06, 4.4]) == ["72,516", "0.531", "-0.207", "1.06", "4.4"]
    assert numbers([16.06, 0.2509, 0.0011, 1.0]) == ["16.06", "0.25", "0.0011", "1.00"]
    assert numbers([1.0, 0.00042]) == ["1.000", "4.20e-4"]
    assert numbers([150.5, 3.0, 0.0, 1e-12]) == ["150.5", "3.0", "0.0", "0.0"]
    assert numbers([1e9, 1.0, 0.25, -2.5e7, math.inf]) == ["1.00e9", "1", "0.25", "-2.50e7", "inf"]


@given(st.lists(st.floats(-9e5, 9e5).filter(lambda v: v == 0 or abs(v) > 1e-2), min_size=1).filter(any))
def test_law_no_number_of_a_column_is_off_by_more_than_a_twentieth(drawn):
    """Where the largest is at least 1, what is read is what stands there, to two digits."""
    for value, text in zip(drawn, numbers([1.0, *drawn])[1:], strict=True):
        assert math.isclose(float(text.replace(",", "")), value, rel_tol=0.051)


@pytest.mark.parametrize(
    ("ends", "labels"),
    [
        ((0, 1), ("0", "0.2", "0.4", "0.6", "0.8", "1.0")),
        ((0.262, 0.418), ("0.25", "0.30", "0.35", "0.40")),
        ((0, 2e-4), ("0", "5.0e-5", "1.0e-4", "1.5e-4", "2.0e-4")),
        ((0, 12345), ("0", "5,000", "10,000")),
        ((-0.004, 0.14), ("0", "0.05", "0.10", "0.15")),
        ((0.5, 0.5), ("0.3", "0.4", "0.5", "0.6", "0.7")),
    ],
)
def test_linear_ticks(ends, labels):
    """One, two or five times a power of ten, with the decimals that the step needs."""
    assert axis(ends, 5).labels == labels


def test_logarithmic_ticks():
    """Powers of ten over many decades, multiples of them over few, round steps within one."""
    assert axis([1e-5, 1], 5, log=True).labels == ("1e-5", "1e-4", "0.001", "0.01", "0.1", "1")
    assert axis([1e-9, 1], 5, log=True).labels == ("1e-8", "1e-6", "1e-4", "0.01", "1")
    assert axis([0.26, 2.4], 5, log=True).labels == ("0.3", "0.5", "0.7", "1", "2")
    assert axis([0.31, 0.33], 4, log=True).labels == ("0.31", "0.32", "0.33")


def test_axis_without_values():
    """A figure whose lines are all gaps still has axes."""
    assert (axis([], 5).low, axis([], 5).high) == (0, 1)
    assert axis([], 3, log=True).labels


@given(st.lists(values, min_size=1), st.integers(1, 12), st.booleans())
def test_law_linear_axis(drawn, count, exact):
    """Every value has its place in [0, 1]; ticks rise, lie inside, differ in their labels, are not many."""
    found = axis(drawn, count, exact=exact)
    assert found.low < found.high
    assert all(-1e-6 <= found.share(v) <= 1 + 1e-6 for v in drawn)
    assert all(-1e-6 <= found.share(t) <= 1 + 1e-6 for t in found.ticks)
    assert all(a < b for a, b in pairwise(found.ticks))
    assert len(set(found.labels)) == len(found.ticks) == len(found.labels) <= count + 3


@given(st.lists(positive, min_size=1), st.integers(2, 12))
def test_law_logarithmic_axis(drawn, count):
    """The same on a logarithmic axis, which has at least one tick whatever its range."""
    found = axis(drawn, count, log=True)
    assert 0 < found.low < found.high
    assert all(-1e-6 <= found.share(v) <= 1 + 1e-6 for v in drawn)
    assert all(a < b for a, b in pairwise(found.ticks))
    assert 1 <= len(set(found.labels)) == len(found.ticks) <= count + 3
