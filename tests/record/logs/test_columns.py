"""Columns gathered from rows."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.columns import choose, collect
from lrlab.record.logs.readers import read_run
from lrlab.record.logs.rows import Config, Unreadable


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
    source = [
        {"step": 1, "loss": "x"},
        Unreadable("line 2", "it is cut off"),
        {"step": 3, "loss": 1.0},
        {"step": 4, "loss": None},
    ]
    first, second = collect(source, None, {"loss"}).remarks("loss")
    assert first == "1 lines could not be read and were left out (line 2: it is cut off)"
    assert "1 entries of loss are not numbers (the first: 'x')" in second


def test_a_row_without_a_step_is_said():
    """Where it holds a number that was asked for."""
    table = collect(
        [{"step": "x", "loss": 1.0}, {"loss": 2.0}, {"other": 1.0}, {"step": 1, "loss": 3.0}], None, {"loss"}
    )
    assert table.remarks("loss") == ("2 rows have no step that counts updates, and were left out",)


def test_a_column_of_several_runs_is_not_chosen_by_chance():
    """Which one is meant is for the user to say."""
    table = collect([{"Step": 1, "big - loss": 1.0, "small - loss": 2.0}], None, {"loss"})
    with pytest.raises(LrlabError, match=r'(?s)several runs have a column loss.*loss="big - loss"'):
        choose(table, None, ("loss",), "loss", "log")
    assert choose(table, "small - loss", (), "loss", "log") == "small - loss"


def test_marks_are_no_columns():
    """A column may have any name."""
    rows = [{"step": k, "loss": k, "config": {"a": 1}, "unreadable": 1, "uneven": {}} for k in (1, 2)]
    table = collect([*rows, Config({"weight_decay": 0.1})], None, {"loss", "unreadable"})
    assert table.column("unreadable")[1].tolist() == [1, 1]
    assert (table.column("loss")[0].tolist(), table.unreadable, table.config) == ([1, 2], 0, {"weight_decay": 0.1})


def test_an_error_names_the_first_twelve_columns(tmp_path):
    """A log may have thousands."""
    path = tmp_path / "log.csv"
    path.write_text("step," + ",".join(f"c{k}" for k in range(20)) + "\n1" + ",2" * 20 + "\n")
    with pytest.raises(LrlabError) as refused:
        read_run(path, loss="nothing", lr="cosine()")
    assert "'c11'" in str(refused.value)
    assert "'c12'" not in str(refused.value)
