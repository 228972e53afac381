"""Columns gathered from rows."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.columns import choose, collect


def test_only_what_is_wanted_is_kept_and_the_rest_is_named():
    """Memory for the columns in question; names for the error."""
    table = collect([{"step": 1, "loss": "2.5", "grad": 9.0}], None, {"loss"})
    at, values = table.column("loss")
    assert (at.tolist(), values.tolist()) == ([1], [2.5])
    assert list(table.others) == ["grad"]
    with pytest.raises(LrlabError, match="'grad'"):
        choose(table, "gradient", (), "loss", "log")


def test_the_step_is_the_most_telling_of_several():
    """Trackers count their own records beside the true iterations."""
    table = collect([{"_step": 3, "iter": 600, "loss": 1.0}], None, {"loss"})
    assert table.column("loss")[0].tolist() == [600]


def test_a_run_name_before_the_column_does_not_hide_it():
    """Exports of several runs put it there."""
    table = collect([{"Step": 1, "big - val/loss": 1.0}], None, {"val/loss"})
    assert choose(table, "val/loss", (), "loss", "log") == "big - val/loss"


def test_what_was_left_out_is_counted():
    """Text, and lines that could not be read."""
    source = [{"step": 1, "loss": "x"}, {"unreadable": 2}, {"step": 3, "loss": 1.0}, {"step": 4, "loss": None}]
    first, second = collect(source, None, {"loss"}).remarks("loss")
    assert first.startswith("1 lines")
    assert "1 entries of loss are not numbers (the first: 'x')" in second
