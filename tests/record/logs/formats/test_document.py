"""JSON documents: rows, columns and groups of columns, whatever stands between them."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.formats.document import claims, rows
from lrlab.record.logs.rows import Remark, Unusable

DEEP = "[" * 100_000


def made(read, tmp_path, text):
    (tmp_path / "log.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(tmp_path / "log.json"))


@pytest.mark.parametrize("text", [DEEP, "{", b"\xff", "3", "null", '"x"', "NaN", "9" * 5000, ""])
def test_a_document_that_is_none_is_a_sentence(tmp_path, text):
    """With the name of the file."""
    with pytest.raises(LrlabError, match=r"log\.json"):
        made(rows, tmp_path, text)


def test_what_is_no_row_in_a_history_is_said(tmp_path):
    """And a configuration that is none is passed over; so is a byte-order mark."""
    text = '\ufeff{"config": [1], "history": [{"step": 1}, 3, null]}'
    remark = Remark("2 entries of the history are no rows, and were left out")
    assert made(rows, tmp_path, text) == [remark, {"step": 1}]
    assert made(rows, tmp_path, '{"history": 3}') == []


def test_columns_that_nothing_counts_are_epochs(tmp_path):
    """Keras' `history.history`; a column of another length is named."""
    remark, *found = made(rows, tmp_path, '{"loss": [3, 2], "val_loss": [4, 3], "accuracy": [0, 1], "lr": [1]}')
    assert "taken for epochs" in remark.sentence
    assert {"epoch": 1, "val_loss": 3} in found
    assert Unusable("lr", "1 entries for 2 epochs") in found


def test_one_tag_that_tensorboard_downloads_has_the_name_of_its_file(tmp_path):
    """Rows of wall time, step and value."""
    file = tmp_path / "run-tag-Loss_val.json"
    file.write_text("[[1.5e9, 10, 2.5], [1.5e9, 20, 2.0]]")
    assert list(rows(file)) == [{"step": 10, "Loss_val": 2.5}, {"step": 20, "Loss_val": 2.0}]


def test_its_rows_are_counted_where_all_of_it_is_one(tmp_path):
    """Lines of JSON are no document."""
    (tmp_path / "a").write_text('{"step": [1, 2], "loss": [3, 2]}')
    (tmp_path / "b").write_text('{"step": 1, "loss": 3}\n{"step": 2, "loss": 2}\n')
    assert (claims(tmp_path / "a"), claims(tmp_path / "b")) == (2, 0)
