"""Tables: every row under its header, and what is in the wrong place is left out and said."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.formats import table
from lrlab.record.logs.rows import Remark, Unreadable, Unusable


def made(tmp_path, text):
    (tmp_path / "log").write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(table.rows(tmp_path / "log"))


ROWS = [{"step": "1", "loss": "2.5"}, {"step": "2", "loss": "2.25"}]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\r"])
def test_separators_and_ends_of_lines(tmp_path, separator, end):
    """Whichever there are."""
    text = end.join(("step,loss", "1,2.5", "2,2.25", "")).replace(",", separator)
    assert [item for item in made(tmp_path, text) if not isinstance(item, Remark)] == ROWS


def test_a_header_that_is_none_is_a_sentence(tmp_path):
    """With what stands there."""
    with pytest.raises(LrlabError, match="the header of the table cannot be read"):
        made(tmp_path, "step,loss" + "x" * 140_000 + "\n1,2\n")


def test_a_row_with_other_fields_than_the_header_is_left_out(tmp_path):
    """Decimal commas, a torn line, two writers at once: the values may stand in the wrong columns."""
    found = made(tmp_path, "step,loss\n1,2.5\n1,2,5\n7\n2,2.25,,\n")
    assert found[0] == ROWS[0]
    assert found[1:3] == [
        Unreadable("line 3", "it has 3 fields, the header 2"),
        Unreadable("line 4", "it has 1 fields, the header 2"),
    ]
    assert found[3] == ROWS[1]


def test_a_last_line_without_end_may_be_cut_off(tmp_path):
    """2.2 may have been 2.25."""
    *rows, remark = made(tmp_path, "step,loss\n1,2.5\n2,2.2")
    assert rows[1]["loss"] == "2.2"
    assert remark == Remark("the last line has no end: it may be cut off, and its last number with it")


def test_a_field_that_is_too_long_costs_its_row(tmp_path):
    """Beyond what Python's reader takes, and beyond a line."""
    first, *others = made(tmp_path, f"step,loss,text\n1,2.5,a\n2,2,{'x' * 131_073}\n3,2,{'x' * 1_000_000}\n4,2,b\n")
    assert first["text"] == "a"
    assert [item.where if isinstance(item, Unreadable) else item["step"] for item in others] == [
        "line 3",
        "4",
        "line 4",
    ]


@pytest.mark.parametrize("rest", ["", "x" * 200_000 + "\n", '3,"2.0"x\n'])
def test_a_quote_that_is_not_closed_swallows_nothing(tmp_path, rest):
    """The rows behind it are in it: that is said, with the line."""
    with pytest.raises(LrlabError, match="a quote that is opened on line 3 is not closed"):
        made(tmp_path, f'step,loss\n1,2.5\n2,"2.25\n3,2.0\n{rest}')


def test_a_quoted_text_may_have_line_ends(tmp_path):
    """As spreadsheets write them."""
    assert made(tmp_path, 'step,loss,note\n1,2.5,"a\nb"\n') == [{**ROWS[0], "note": "a\nb"}]


def test_two_columns_of_one_name_are_not_chosen_by_chance(tmp_path):
    """The column is left out, and said; the others are there."""
    assert made(tmp_path, "step,loss,loss\n1,2.5,3\n") == [
        Unusable("loss", "two columns have this name"),
        {"step": "1"},
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "step,loss\n"])
def test_nothing_is_no_row(tmp_path, text):
    """An empty file, a header alone."""
    assert made(tmp_path, text) == []


@pytest.mark.parametrize(
    "text",
    ["epoch  train_loss  time\n0      2.5         00:03\n", "# epoch train_loss time\n0 2.5 00:03\n"],
)
def test_blanks_may_separate(tmp_path, text):
    """As fastai prints them, and NumPy saves them."""
    assert made(tmp_path, text) == [{"epoch": "0", "train_loss": "2.5", "time": "00:03"}]


def test_a_line_for_spreadsheets_is_no_header(tmp_path):
    """Which says what separates."""
    assert made(tmp_path, "sep=;\nstep;loss\n1;2.5\n") == ROWS[:1]
    assert table.claims(tmp_path / "log") == 1


def test_padded_names_are_names(tmp_path):
    """As ultralytics writes them."""
    assert made(tmp_path, "      step,      loss\n         1,       2.5\n")[0]["loss"].strip() == "2.5"


def test_row_numbers_are_epochs_where_nothing_else_counts(tmp_path):
    """A history that pandas wrote; where a column counts they are not looked at."""
    remark, row = made(tmp_path, ",loss,val_loss\n0,2.5,2.6\n")
    assert "taken for epochs" in remark.sentence
    assert row == {"epoch": "0", "loss": "2.5", "val_loss": "2.6"}
    assert made(tmp_path, ",step,loss\n0,10,2.5\n") == [{"": "0", "step": "10", "loss": "2.5"}]


def test_one_tag_that_tensorboard_downloads_has_the_name_of_its_file(tmp_path):
    """The column is called Value."""
    file = tmp_path / "run-1-tag-val_loss.csv"
    file.write_text("Wall time,Step,Value\n1.5e9,10,2.5\n")
    assert list(table.rows(file)) == [{"Wall time": "1.5e9", "Step": "10", "val_loss": "2.5"}]


def test_all_lines_are_counted(tmp_path):
    """Those that have the fields of the header."""
    (tmp_path / "log").write_text("step,loss\n1,2\n2,2\nx\n")
    assert table.claims(tmp_path / "log") == 2
    (tmp_path / "prose").write_text("once upon a time\nthere was a log\n")
    assert table.claims(tmp_path / "prose") == 0


def test_a_text_with_blanks_is_a_table_where_a_name_counts(tmp_path):
    """Two columns at least; a quoted number is one, and a line without a number is no row."""
    for text, count in (
        ("step loss\n1 2\n", 1), ("loss acc\n1 2\n", 0), ("step\n1\n", 0), ("step,loss\n\"1\",x\n", 1),
        ("step,loss\nx,y\n", 0), ("\n\nstep,loss\n\n1,2\n1,2,3\n", 1), ("loss,acc\n1,2\n", 1),
    ):  # fmt: skip
        (tmp_path / "log").write_text(text)
        assert table.claims(tmp_path / "log") == count, text


def test_how_many_lines_a_quote_swallows_is_said(tmp_path):
    """With the line it is opened in."""
    with pytest.raises(LrlabError, match=r"(?s)opened on line 3 is not closed properly.*'2 lines are in it'"):
        made(tmp_path, 'step,loss\n1,2.5\n2,"2.25\n3,2.0\n')


def test_the_first_of_several_separators_is_the_most_frequent(tmp_path):
    """A comma in the name of a column separates nothing."""
    assert made(tmp_path, "step;loss, mean;lr\n1;2.5;0.1\n") == [{"step": "1", "loss, mean": "2.5", "lr": "0.1"}]


def test_row_numbers_of_pandas_are_known_by_either_name(tmp_path):
    """Blank, or Unnamed: 0; a last empty field is nothing, and an empty row neither."""
    assert made(tmp_path, "Unnamed: 0,loss\n3,2.5\n")[1] == {"epoch": "3", "loss": "2.5"}
    assert made(tmp_path, "step,loss\n1,2.5,\n,,,,,\n2,2.25\n") == [ROWS[0], {"step": "", "loss": ""}, ROWS[1]]


def test_what_follows_a_closed_quote_costs_its_row(tmp_path):
    """It is no number with something behind it."""
    *rows, bad, last = made(tmp_path, 'step,loss\n1,2.5\n2,2.25\n3,"2.0"1\n4,2\n')
    assert rows == ROWS
    assert isinstance(bad, Unreadable)
    assert bad.where == "line 4"
    assert last == {"step": "4", "loss": "2"}


@pytest.mark.parametrize(
    "text",
    [
        "| step | loss |\n|---|:---:|\n| 1 | 2.5 |\n| 2 | 2.25 |\n",  # Markdown
        " step | loss\n------+------\n    1 |  2.5\n    2 | 2.25\n",  # a database
        "+---+---+\n| step | loss |\n+===+===+\n| 1 | 2.5 |\n| 2 | 2.25 |\n+---+---+\n",
        "┏━━━┳━━━┓\n┃ step ┃ loss ┃\n┡━━━╇━━━┩\n│ 1 │ 2.5 │\n│ 2 │ 2.25 │\n└───┴───┘\n",
        "| step | loss\n|---|---\n| 1 | 2.5\n| 2 | 2.25\n",  # Markdown without the closing bars
        "| step | loss |\n|---|---|\n| 1 | 2.5\n| 2 | 2.25 |\n",
        "# a remark\n| step | loss |\n|---|---|\n1 | 2.5 |\n2 | 2.25\n",
    ],
)
def test_a_table_that_is_drawn_is_read(tmp_path, text):
    """Bars around a row are no fields, and a line between rows is no row."""
    found = [{name: field.strip() for name, field in row.items()} for row in made(tmp_path, text)]
    assert found == ROWS
    assert table.claims(tmp_path / "log") == 2


def test_commas_in_a_table_that_is_drawn_are_told(tmp_path):
    """Each in its own column."""
    found = made(tmp_path, "| step | loss |\n|--|--|\n| 1,000 | 2.5 |\n| 12,000 | 2.25 |\n")
    assert [row["step"].strip() for row in found[1:]] == ["1000", "12000"]
    assert found[0] == Remark("commas within numbers are taken for separators of thousands")


def test_a_bar_behind_a_backslash_is_part_of_a_cell(tmp_path):
    """In a name and in a field, also in the last one; and both stay as they are where commas separate."""
    rows = "| step | a\\|b | loss |\n|---|---|---|\n| 1 | x\\|y | 2.5 |\n| 2 | z | 2\\|\n"
    assert made(tmp_path, rows) == [{"step": "1", "a|b": "x|y", "loss": "2.5"}, {"step": "2", "a|b": "z", "loss": "2|"}]
    assert made(tmp_path, "step,a\\|b\n1,x\\|y\n") == [{"step": "1", "a\\|b": "x\\|y"}]


def test_an_empty_first_entry_is_no_drawn_bar(tmp_path):
    """Where none stands before the header."""
    assert made(tmp_path, "run|step|loss\n|1|2.5\n") == [{"run": "", "step": "1", "loss": "2.5"}]


def test_lines_are_counted_with_the_blank_ones(tmp_path):
    """Also where the row that is left out stands behind them, and where it begins in one line and ends in another."""
    found = made(tmp_path, 'step,loss\n\n1,2.5\n\n\n2,3,4\n\n"3\n",4,5\n')
    assert [item.where for item in found if isinstance(item, Unreadable)] == ["line 6", "line 8"]


def test_bars_within_names_separate_nothing(tmp_path):
    """Where there is another separator."""
    found = made(tmp_path, "step,lr:0.1|wd:0.1|bs:3 - loss\n1,2.5\n")
    assert found == [{"step": "1", "lr:0.1|wd:0.1|bs:3 - loss": "2.5"}]


def test_a_later_table_of_other_columns_is_refused(tmp_path):
    """Its numbers would stand under the names of the first; the same header again, as after a restart, may."""
    first = "| step | lr | loss |\n|---|---|---|\n| 1 | 0.1 | 2.5 |\n"
    with pytest.raises(LrlabError, match="on line 5 a table of other columns begins"):
        made(tmp_path, first + "\n| step | loss | lr |\n|---|---|---|\n| 2 | 2.25 | 0.1 |\n")
    assert made(tmp_path, first + first)[-1] == {"step": "1", "lr": "0.1", "loss": "2.5"}


def test_an_entry_of_spaces_is_empty(tmp_path):
    """As cells of a drawn table are."""
    found = made(tmp_path, "| step | val |\n|---|---|\n| 1 |   |\n| 2 | 2.5 |\n")
    assert found == [{"step": "1", "val": ""}, {"step": "2", "val": "2.5"}]
