"""Cells in words."""

from lrlab.views.model import Interval, Mark, Table
from lrlab.views.rows import columns


def one(*cells):
    (column,) = columns(Table(("c",), tuple((cell,) for cell in cells)))
    return column


def test_numbers_and_texts():
    """Floats share decimals, integers have none, an empty cell is empty; only numbers go to the right."""
    assert one(0.25, 1, None, 0.5).texts == ("0.25", "1", "", "0.50")
    assert one(0.25, 1, None).numeric
    assert one("a", Mark("best", "good")).texts == ("a", "best")
    assert not one("a").numeric


def test_intervals_share_decimals_and_a_scale_with_zero():
    """A difference shows its sign, a point stands alone, and zero is on the scale also if no interval holds it."""
    column = one(Interval(0, 0, 0), Interval(0.01, 0.123, 0.2), Interval(-0.2, -0.1, 0))
    assert column.texts == ("0", "+0.123 [0.010, 0.200]", "-0.100 [-0.200, 0.000]")
    assert one(Interval(1, 2, 3)).scale.low == 0
    assert one("text").scale is None


def test_intervals_that_hold_zero_are_seen_to_do_so():
    """One arm that is far off does not round the others to nothing."""
    column = one(Interval(0.03, 0.0724, 0.1149), Interval(-0.0001, 0.00005, 0.0002), Interval(-0.0002, 0, 0.0002))
    assert column.texts[1:] == ("+0.0001 [-0.0001, 0.0002]", "0.0000 [-0.0002, 0.0002]")
