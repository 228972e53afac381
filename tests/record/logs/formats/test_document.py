"""JSON documents: rows, columns and groups of columns, whatever stands between them."""

import json
import os

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


def test_of_several_counters_updates_count(tmp_path):
    """Then tokens, samples and epochs; each column by the steps of its own group."""
    columns = {"loss": [3, 2], "epoch": [0, 1], "samples": [8, 16], "tokens": [80, 160], "step": [10, 20]}
    for counter in ("step", "tokens", "samples", "epoch"):
        found = made(rows, tmp_path, json.dumps(columns))
        assert {counter: columns[counter][1], "loss": 2} in found
        assert not any("loss" in row and len(row.keys() - {counter, "loss"}) for row in found)
        del columns[counter]
    groups = {"a": {"step": [1], "loss": [3]}, "b": {"iter": [7, 8], "lr": [1, 2], "note": [], "name": "x"}}
    assert made(rows, tmp_path, json.dumps(groups)) == [
        {"step": 1, "loss": 3}, {"iter": 7, "lr": 1}, {"iter": 8, "lr": 2}
    ]  # fmt: skip


def test_lists_of_three_are_scalars_where_all_are(tmp_path):
    """A list of other lists holds none."""
    assert made(rows, tmp_path, "[[1.5e9, 10, 2.5]]") == [{"step": 10, "log": 2.5}]
    for text in ("[[1, 2]]", "[[1, 2, 3, 4]]", "[[1, 2, 3], [1, 2]]", "[1, 2]"):
        assert all(isinstance(item, Remark) for item in made(rows, tmp_path, text))
    assert made(rows, tmp_path, '[{"step": 1}, [1, 2, 3]]')[1] == {"step": 1}
    assert made(rows, tmp_path, '[{"step": 1}]') == [{"step": 1}]


def test_a_document_of_more_than_200_million_bytes_is_refused(tmp_path):
    """Before it is held."""
    (tmp_path / "log.json").write_bytes(b"[" + b" " * 999_999 + b"\n")
    os.truncate(tmp_path / "log.json", 200_000_001)
    with pytest.raises(OSError, match="larger than 200000000 bytes"):
        list(rows(tmp_path / "log.json"))


def test_a_history_that_nothing_counts_has_as_many_epochs_as_its_longest_column(tmp_path):
    """From 0; where something in it counts, or it holds neither losses nor LRs, it says nothing."""
    remark, *found = made(rows, tmp_path, '{"history": {"loss": [3, 2], "lr": [], "note": [1, 2, 3]}}')
    assert found == [{"epoch": 0, "loss": 3}, {"epoch": 1, "loss": 2}]
    assert "they are taken for epochs" in remark.sentence
    assert made(rows, tmp_path, '{"history": {"acc": [1, 2]}}') == []
