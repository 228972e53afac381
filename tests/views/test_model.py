"""The records: what they refuse, what they normalise."""

import math

import numpy as np
import pytest

from lrlab.errors import LrlabError
from lrlab.views.model import Figure, Interval, Line, Mark, Report, Table, Text


def test_line_takes_any_sequence_and_keeps_plain_floats():
    """Ranges and NumPy arrays become tuples of float, so that equal lines are equal records."""
    line = Line("a", range(3), np.array([1, 2, 3]))
    assert line == Line("a", (0.0, 1.0, 2.0), (1.0, 2.0, 3.0))
    assert all(type(v) is float for v in (*line.x, *line.y))


def test_what_cannot_be_drawn_is_a_gap():
    """None, NaN and both infinities are one thing: a break in the line, also in a band's edges."""
    odd = [None, math.nan, math.inf, -math.inf, 1]
    assert Line("a", range(5), odd, odd, odd).y == (None, None, None, None, 1.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(x=[0, 1], y=[1]), "y has another length than x"),
        (dict(x=[0, 1], y=[1, 2], low=[1, 1]), "two edges"),
        (dict(x=[0, 1], y=[1, 2], low=[1, 1], high=[2]), "high has another length than x"),
        (dict(x=[0, 1], y=[1, 2], low=[1, 3], high=[2, 2]), "low <= high"),
        (dict(x=[], y=[]), "no points"),
        (dict(x=[0, 0], y=[1, 2]), r"x\[1\]"),
        (dict(x=[1, 0], y=[1, 2]), r"x\[1\]"),
        (dict(x=[0, math.nan], y=[1, 2]), r"x\[1\]"),
        (dict(x=[math.inf], y=[1]), r"x\[0\]"),
        (dict(x=[0], y=[1], name="  "), "needs a name"),
    ],
)
def test_line_refuses_what_is_no_function_of_x(given, message):
    """Each refusal names the field and what is allowed there."""
    with pytest.raises(LrlabError, match=message):
        Line(**{"name": "a", **given})


def test_figure_needs_lines_with_names_of_their_own():
    """A name is how every view, and the reader, knows a line."""
    line = Line("a", [0], [0])
    with pytest.raises(LrlabError, match="no lines"):
        Figure("f", "x", "y", ())
    with pytest.raises(LrlabError, match="two lines have one name"):
        Figure("f", "x", "y", (line, Line("a", [1], [1])))


def test_an_x_without_a_logarithm_is_refused_on_a_logarithmic_axis():
    """A line without its first points would be another one."""
    Figure("f", "x", "y", (Line("a", [0.1, 1], [0, 0]),), log_x=True)
    for x in (0, -1):
        with pytest.raises(LrlabError, match=r"(?s)line 'a': x\[0\] on a logarithmic axis.*positive"):
            Figure("f", "x", "y", (Line("b", [0.1], [0]), Line("a", [x, 1], [0, 0])), log_x=True)


def test_table_rows_have_one_cell_per_column():
    """The message says which row is wrong."""
    with pytest.raises(LrlabError, match="row 1 has 1 cells"):
        Table(("a", "b"), ((1, 2), (3,)))


@pytest.mark.parametrize("given", [(1, 0, 2), (0, 3, 2), (0, math.nan, 1), (-math.inf, 0, 1)])
def test_interval_is_ordered_and_finite(given):
    """An interval that no picture can show is refused where it is made."""
    with pytest.raises(LrlabError, match="out of order"):
        Interval(*given)


@pytest.mark.parametrize(
    ("given", "excludes"),
    [((1, 2, 3), True), ((-3, -2, -1), True), ((-1, 0, 1), False), ((0, 1, 2), False), ((-2, -1, 0), False)],
)
def test_interval_that_touches_zero_does_not_exclude_it(given, excludes):
    """The limits belong to the interval."""
    assert Interval(*given).excludes_zero is excludes


def test_mark_knows_three_tones():
    """Another word would silently lose its colour."""
    with pytest.raises(LrlabError, match="tone"):
        Mark("fine", "nice")


def test_records_are_values():
    """Equal contents are equal records, and a report keeps its own copy of the facts."""
    facts = {"seed": "0"}
    report = Report("t", "l", [Text("a")], facts)
    facts["seed"] = "1"
    assert report.facts["seed"] == "0"
    assert report == Report("t", "l", (Text("a"),), {"seed": "0"})
    with pytest.raises(TypeError):
        report.facts["seed"] = "2"
