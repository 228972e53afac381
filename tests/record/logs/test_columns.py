"""Columns gathered from rows."""

from array import array

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs import columns
from lrlab.record.logs.columns import Column, LogTable, collect
from lrlab.record.logs.readers import read_run
from lrlab.record.logs.rows import Config, Remark, Unreadable, Unusable


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


@pytest.mark.parametrize("column", ["run", "seed", "fold", "Replicate"])
def test_the_rows_of_several_runs_in_one_table_are_refused(column):
    """They would be read as one run that begins again and again."""
    with pytest.raises(LrlabError, match=rf"(?s)several runs in one table.*{column} a.*{column} b"):
        gathered([{column: run, "step": 1, "loss": 1.0} for run in "ab"])
    assert gathered([{column: "a", "step": 1, "loss": 1.0}]).rows == 1


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


def test_nothing_is_there_before_a_row_is_met():
    """Neither in a table nor in a column."""
    table, column = LogTable(), Column()
    assert (table.rows, table.unreadable, table.first_unreadable, table.stepless) == (0, 0, "", 0)
    assert (column.strangers, column.stranger, column.met, column.stride, len(column.values)) == (0, "", 0, 1, 0)
    assert column.steps("step").tolist() == column.numbers().tolist() == []


@pytest.mark.parametrize(("points", "stride", "kept"), [(1_999_999, 1, 1_999_999), (2_000_000, 2, 1_000_000)])
def test_two_million_points_of_a_column_are_too_many(points, stride, kept):
    """From there on every second is kept."""
    before = points - 1
    column = Column(
        array("d", bytes(8 * before)), {"step": array("d", bytes(8 * before))}, {"step": before}, met=before
    )
    column.add({"step": 7.0}, {}, 3.0)
    assert (column.met, column.stride, len(column.values), len(column.at["step"])) == (points, stride, kept, kept)
    assert (column.values[-1], column.at["step"][-1], column.own) == (3.0, 7.0, {"step": points})


def test_a_counter_that_comes_later_says_nothing_of_what_was_before():
    """And one that is not there says nothing at all."""
    table = gathered([{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.0}, {"epoch": 1, "loss": 1.0}])
    loss = table.series["loss"]
    assert [str(value) for value in loss.steps("epoch")] == ["nan", "nan", "1.0"]
    assert loss.steps("step").tolist() == [1, 2, 2]
    assert [str(value) for value in loss.steps("tokens")] == ["nan"] * 3
    assert (loss.own, table.rows) == ({"step": 2, "epoch": 1}, 3)


def test_whole_losses_are_kept_up_to_two_thousand_columns():
    """An LR and a part of a loss up to a thousand, the first ones."""
    whole = {f"run{k} - loss": 1.0 for k in range(2500)}
    table = gathered([{"step": 1, **whole, "lr": 0.1}])
    assert list(table.series) == list(whole)[:2000]
    assert "lr" in table.others
    assert "lr" in gathered([{"step": 1, **dict(list(whole.items())[:999]), "lr": 0.1}]).series


def test_long_names_are_not_named():
    """200 characters are the most."""
    table = gathered([{"step": 1, "c" * 200: 1.0, "c" * 201: 1.0, "loss": 1.0}])
    assert list(table.others) == ["c" * 200]


def test_what_is_said_of_a_log_is_said_of_each_column():
    """A remark once, the first line that could not be read, and how many there were; a broken column by its name."""
    source = [Remark("twice"), Remark("twice"), Unreadable("line 2", "a"), Unreadable("line 3", "b")]
    table = gathered([*source, Unusable("acc", "doubled"), {"step": 1, "loss": 1.0, "lr": "x"}, {"step": 2, "lr": ""}])
    assert table.remarks("loss") == ("twice", "2 lines could not be read and were left out (line 2: a)")
    assert table.remarks("lr")[-1] == "1 entries of lr are not numbers (the first: 'x'); left out"
    assert table.unusable == {"acc": "doubled"}
    with pytest.raises(LrlabError, match=r"(?s)no rows with a step and numbers.*acc: doubled.*a column that counts"):
        gathered([Unusable("acc", "doubled"), {"step": 1}])


def test_a_column_that_is_asked_for_is_read_whatever_it_is():
    """A counter then counts nothing, an object has no number, and a name may stand behind that of a run."""
    table = gathered([{"step": 1, "epoch": 2, "acc": {"top1": 1}, "big - acc": 0.5}], asked={"epoch", "acc"})
    assert list(table.counters) == ["step"]
    assert {name: column.numbers().tolist() for name, column in table.series.items()} == {
        "epoch": [2.0], "big - acc": [0.5]
    }  # fmt: skip


def test_what_names_a_run_is_a_text_or_a_number():
    """An entry that is nothing names none; of very many the first twelve are named."""
    rows = [{"Run": value, "step": 1, "loss": 1.0} for value in (None, 0.5, 7, 7)]
    assert list(gathered(rows).runs) == ["Run 7"]
    with pytest.raises(LrlabError) as refused:
        gathered([{"seed": k, "step": 1, "loss": 1.0} for k in range(20)])
    assert "'seed 11'" in str(refused.value)
    assert "'seed 12'" not in str(refused.value)


def test_a_law_is_told_from_a_log(tmp_path):
    """Handed to a command that takes logs: the ones that take a law are named."""
    law = tmp_path / "law.json"
    law.write_text('{"version": 3, "law": "elr", "prior": "generic", "fits": []}')
    with pytest.raises(
        LrlabError, match=r"(?s)is a law, which `lrlab forecast fit` wrote.*predict or rank.*--schedule"
    ):
        read_run(law)
    others = {"law.txt": law.read_text(), "a.json": '{"law": "of large numbers"}', "b.json": '{"prior": "generic"}'}
    for name, text in others.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(LrlabError) as refused:
            read_run(tmp_path / name)
        assert "is a law" not in str(refused.value)
