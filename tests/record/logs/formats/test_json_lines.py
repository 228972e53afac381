"""JSON lines: one object each, whatever stands between them."""

import pytest

from lrlab.record.logs.formats.json_lines import claims, rows
from lrlab.record.logs.rows import Config, Unreadable

DEEP = "[" * 100_000


def made(read, tmp_path, text):
    (tmp_path / "log.json").write_text(text)
    return list(read(tmp_path / "log.json"))


def test_a_column_may_be_called_config(tmp_path):
    """A line without a step is the configuration."""
    found = made(rows, tmp_path, '{"config": {"wd": 1}}\n{"step": 1, "config": {"a": 1}}\n{"step": 2, "config": 3}\n')
    assert found == [Config({"wd": 1}), {"step": 1, "config": {"a": 1}}, {"step": 2, "config": 3}]


@pytest.mark.parametrize("line", [DEEP, '{"a":' * 20_000, "9" * 5000, "[1]", "3", '"x"', "\0\0", "{", "nonsense"])
def test_a_line_that_is_no_row_is_left_out(tmp_path, line):
    """However deep, however long."""
    found = made(rows, tmp_path, f'{{"step": 1}}\n{line}\n{{"step": 2}}\n')
    assert found == [{"step": 1}, Unreadable("line 2", "it is not a JSON object"), {"step": 2}]


def test_a_line_that_is_cut_off_is_said(tmp_path):
    """The last one."""
    assert made(rows, tmp_path, '{"step": 1}\n{"step": 2, "lo') == [
        {"step": 1},
        Unreadable("line 2", "it is cut off"),
    ]


def test_all_lines_are_counted(tmp_path):
    """Objects of plain values; one with lists is a document."""
    (tmp_path / "log").write_text(f'{{"step": 1}}\n{{"step": [1]}}\n[1]\n{DEEP}\nx\n{{"step": 2}}\n')
    assert claims(tmp_path / "log") == 2
    (tmp_path / "log").write_text('{"epoch": 1, "train_loss": 2, "test_coco_eval_bbox": [0.1, 0.2]}\n')
    assert claims(tmp_path / "log") == 1


def test_a_line_that_is_too_long_is_no_row(tmp_path):
    """It is said with its number, and blank lines are nothing."""
    found = made(rows, tmp_path, '{"step": 1}\n  \n{"a": "' + "x" * 1_000_000 + '"}\n  {"step": 2}\n')
    assert found == [{"step": 1}, Unreadable("line 3", "it is too long"), {"step": 2}]
    assert claims(tmp_path / "log.json") == 2


def test_an_object_of_columns_is_no_row(tmp_path):
    """Losses or counters that are lists, or a history."""
    for text, count in (
        ('{"loss": [1, 2]}', 0), ('{"epoch": [1, 2]}', 0), ('{"history": []}', 0), ('{"log_history": []}', 0),
        ('{"history": 3}', 1), ('{"bbox": [1, 2]}', 1), ('  {"step": 1}', 1),
    ):  # fmt: skip
        (tmp_path / "log").write_text(text + "\n")
        assert claims(tmp_path / "log") == count
