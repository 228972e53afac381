"""JSON logs: rows, one a line or in a document, whatever stands between them."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.json_logs import document, is_line, json_lines
from lrlab.record.logs.rows import Config, Remark, Unreadable

DEEP = "[" * 100_000


def made(read, tmp_path, text):
    (tmp_path / "log.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(tmp_path / "log.json"))


def test_a_column_may_be_called_config(tmp_path):
    """A line without a step is the configuration."""
    found = made(
        json_lines, tmp_path, '{"config": {"wd": 1}}\n{"step": 1, "config": {"a": 1}}\n{"step": 2, "config": 3}\n'
    )
    assert found == [Config({"wd": 1}), {"step": 1, "config": {"a": 1}}, {"step": 2, "config": 3}]


@pytest.mark.parametrize("line", [DEEP, '{"a":' * 20_000, "9" * 5000, "[1]", "3", '"x"', "\0\0", "{", "nonsense"])
def test_a_line_that_is_no_row_is_left_out(tmp_path, line):
    """However deep, however long."""
    found = made(json_lines, tmp_path, f'{{"step": 1}}\n{line}\n{{"step": 2}}\n')
    assert found == [{"step": 1}, Unreadable("line 2", "it is not a JSON object"), {"step": 2}]


def test_a_line_that_is_cut_off_is_said(tmp_path):
    """The last one."""
    assert made(json_lines, tmp_path, '{"step": 1}\n{"step": 2, "lo') == [
        {"step": 1},
        Unreadable("line 2", "it is cut off"),
    ]


@pytest.mark.parametrize("text", [DEEP, "{", b"\xff", "3", "null", '"x"', "NaN", "9" * 5000, ""])
def test_a_document_that_is_none_is_a_sentence(tmp_path, text):
    """With the name of the file."""
    with pytest.raises(LrlabError, match=r"log\.json"):
        made(document, tmp_path, text)


def test_what_is_no_row_in_a_history_is_said(tmp_path):
    """And a configuration that is none is passed over; so is a byte-order mark."""
    text = '\ufeff{"config": [1], "history": [{"step": 1}, 3, null]}'
    remark = Remark("2 entries of the history are no rows, and were left out")
    assert made(document, tmp_path, text) == [remark, {"step": 1}]
    assert made(document, tmp_path, '{"history": 3}') == []


def test_lines_are_told_from_documents():
    """By the first one."""
    assert is_line(b'{"step": 1, "history": 2}')
    assert not any(map(is_line, (b'{"history": []}', b"[1]", b"{", DEEP.encode())))
