"""An interval as a picture."""

import re

from lrlab.views.forest import forest, scale_of
from lrlab.views.model import Interval, Table
from lrlab.views.rows import columns


def test_points_lie_on_the_scale_of_the_column():
    """Also those beyond the intervals; what is no interval has no picture."""
    (column,) = columns(Table(("d",), ((Interval(0, 1, 2, (-2.0, 6.0)),), (None,), (Interval(1, 1, 1),))))
    scale = scale_of(column)
    pictures = [forest(cell, scale) for cell in column.cells]
    assert pictures[1] == ""
    assert re.findall(r'class="dot" cx="([\d.]+)"', pictures[0]) == ["4.0", "164.0"]
    assert 'class="dot"' not in pictures[2]
    assert ['class="clear"' in picture for picture in pictures] == [False, False, True]


def test_a_column_without_intervals_has_no_scale():
    """Numbers alone."""
    (column,) = columns(Table(("d",), ((1.0,),)))
    assert scale_of(column) is None
    assert forest(1.0, None) == ""
