"""Columns gathered from rows."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs import columns
from lrlab.record.logs.columns import collect
from lrlab.record.logs.readers import read_run
from lrlab.record.logs.rows import Config, Unreadable


def gathered(rows, step=None, asked=()):
    return collect([rows], step, asked)


def test_only_what_matters_is_kept_and_the_rest_is_named():
    """Memory for losses, LRs and batch sizes; names for the error."""
    table = gathered([{"step": 1, "loss": "2.5", "grad": 9.0, "lr": 0.1}])
    assert list(table.series) == ["loss", "lr"]
    assert (table.series["loss"].steps("step").tolist(), table.series["loss"].numbers().tolist()) == ([1], [2.5])
    assert list(table.others) == ["grad"]
    assert list(gathered([{"step": 1, "grad": 9.0}], asked={"grad"}).series) == ["grad"]


def test_a_row_has_what_counts_it_and_what_was_counted_last():
    """An evaluation that knows its epoch alone came after the step before it."""
    table = gathered([{"step": 5, "epoch": 0, "loss": 3}, {"epoch": 1, "val_loss": 2}, {"step": 9, "val_loss": 1}])
    assert table.series["val_loss"].steps("step").tolist() == [5, 9]
    assert table.series["val_loss"].steps("epoch").tolist() == [1, 1]
    assert table.series["val_loss"].own == {"epoch": 1, "step": 1}


def test_what_one_file_counted_last_is_not_the_next_file_s():
    """Each begins anew."""
    table = collect([[{"step": 5, "loss": 3}], [{"epoch": 1, "val_loss": 2}]], None, ())
    assert [str(value) for value in table.series["val_loss"].steps("step")] == ["nan"]


def test_what_was_left_out_is_counted():
    """Text, and lines that could not be read."""
    source = [
        {"step": 1, "loss": "x"},
        Unreadable("line 2", "it is cut off"),
        {"step": 3, "loss": 1.0},
        {"step": 4, "loss": None},
    ]
    first, second = gathered(source).remarks("loss")
    assert first == "1 lines could not be read and were left out (line 2: it is cut off)"
    assert "1 entries of loss are not numbers (the first: 'x')" in second


def test_a_row_without_a_step_is_said():
    """Where it holds a number that matters."""
    table = gathered([{"step": "x", "loss": 1.0}, {"loss": 2.0}, {"other": 1.0}, {"step": 1, "loss": 3.0}])
    assert table.remarks("loss") == ("2 rows have no step that counts updates, and were left out",)


def test_the_rows_of_several_runs_in_one_table_are_refused():
    """They would be read as one run that begins again and again."""
    with pytest.raises(LrlabError, match=r"(?s)several runs in one table.*run a.*run b"):
        gathered([{"run": run, "step": 1, "loss": 1.0} for run in "ab"])
    assert gathered([{"run": "a", "step": 1, "loss": 1.0}]).rows == 1


def test_marks_are_no_columns():
    """A column may have any name."""
    rows = [{"step": k, "loss": k, "config": {"a": 1}, "unreadable": 1, "uneven": {}} for k in (1, 2)]
    table = gathered([*rows, Config({"weight_decay": 0.1})], asked={"unreadable"})
    assert table.series["unreadable"].numbers().tolist() == [1, 1]
    assert (table.unreadable, table.config) == (0, {"weight_decay": 0.1})


def test_an_error_names_the_first_twelve_columns(tmp_path):
    """A log may have thousands."""
    path = tmp_path / "log.csv"
    path.write_text("step," + ",".join(f"c{k}" for k in range(20)) + "\n1" + ",2" * 20 + "\n")
    with pytest.raises(LrlabError) as refused:
        read_run(path, loss="nothing", lr="cosine()")
    assert "'c11'" in str(refused.value)
    assert "'c12'" not in str(refused.value)


def test_of_very_many_points_every_second_is_kept(monkeypatch):
    """Then every fourth, and so on, with what counts them; and it is said."""
    monkeypatch.setattr(columns, "_MOST", 8)
    for rows, stride in ((7, 1), (8, 2), (15, 2), (16, 4), (31, 4), (32, 8)):
        table = gathered([{"step": k, "epoch": k / 2, "loss": 10.0 * k} for k in range(1, rows + 1)])
        series = table.series["loss"]
        kept = list(range(stride, rows + 1, stride))
        assert (series.met, series.stride) == (rows, stride)
        assert series.steps("step").tolist() == kept
        assert series.steps("epoch").tolist() == [k / 2 for k in kept]
        assert series.numbers().tolist() == [10.0 * k for k in kept]
        said = (f"{rows} entries of loss: every {stride}th is used",)
        assert table.remarks("loss") == (said if stride > 1 else ())
        assert series.own == {"step": rows, "epoch": rows}


def test_columns_are_told_apart_up_to_a_number(monkeypatch):
    """A log with a column for each row would fill the memory."""
    monkeypatch.setattr(columns, "_NAMES", 3)
    rows = [{"step": k, f"loss{k}": 1.0, f"grad{k}": 1.0} for k in range(1, 6)]
    table = gathered(rows)
    assert (list(table.series), len(table.others)) == (["loss1", "loss2", "loss3"], 3)


def test_an_asked_step_alone_counts():
    """A row without it has no step, whatever else counts it."""
    table = gathered([{"step": 1, "iteration": 10, "loss": 1.0}, {"step": 2, "loss": 2.0}], step="iteration")
    assert table.series["loss"].steps("iteration").tolist() == [10]
    assert table.stepless == 1


def test_what_has_neither_steps_nor_numbers_is_said():
    """With the columns that there were, or what was broken."""
    with pytest.raises(LrlabError, match=r"(?s)no rows with a step and numbers.*no rows"):
        gathered([])
    with pytest.raises(LrlabError, match=r"(?s)no rows with a step and numbers.*1 lines, line 3: torn"):
        gathered([Unreadable("line 3", "torn")])
    with pytest.raises(LrlabError, match=r"(?s)no rows with a step and numbers.*'a', 'b'.*a column tick"):
        gathered([{"a": 1.0, "b": 2.0}], step="tick")


def test_names_without_end_are_not_held():
    """Neither many nor long ones; a whole loss among them is."""
    row = {"step": 1, **{f"loss_{k}": 1 for k in range(3000)}, **{f"c{k}": 1 for k in range(3000)}, "c" * 10_000: 1}
    row |= {f"step{'_' * k}": 1 for k in range(1, 100)}
    table = gathered([row, {"step": 2, "val_loss": 1.0}])
    assert len(table.series) == len(table.others) + 1 == 1001
    assert len(table.counters) == 20
    assert "val_loss" in table.series
