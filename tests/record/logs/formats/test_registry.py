"""Log files as rows: which format a file has is seen from what stands in it."""

import json
import os

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs import text
from lrlab.record.logs.formats import document
from lrlab.record.logs.formats.registry import every, of, rows
from lrlab.record.logs.rows import Config, Unreadable, Unusable


def made(path, content):
    path.write_text(content)
    return list(rows(path))


def test_a_table_by_its_header(tmp_path):
    """Whatever its ending; a byte-order mark and blanks around names are not part of them."""
    assert made(tmp_path / "log.txt", "\ufeffstep, loss\n1,2\n") == [{"step": "1", "loss": "2"}]


def test_json_lines_go_on_after_a_broken_one(tmp_path):
    """A crash leaves half a line."""
    found = made(tmp_path / "log", '{"step": 1}\n{"step":\n\n{"step": 3}\n')
    assert found == [{"step": 1}, Unreadable("line 2", "it is not a JSON object"), {"step": 3}]


def test_a_document_with_groups_of_columns(tmp_path):
    """Each group has its own steps; a column of another length is named, not guessed."""
    text = """{
    "config": {"weight_decay": 0.1},
    "history": {"val": {"iter": [1, 2], "loss": [3.0, 2.0], "acc": [0.5]}, "empty": {}}}"""
    found = made(tmp_path / "log.json", text)
    assert found[0] == Config({"weight_decay": 0.1})
    assert {"iter": 2, "loss": 2.0} in found
    assert Unusable("acc", "1 entries for 2 steps") in found


def test_a_document_that_is_columns_or_a_list(tmp_path):
    """Both are histories without a config."""
    assert {"step": 2, "loss": 4} in made(tmp_path / "a.json", '{\n"step": [1, 2], "loss": [5, 4]}')
    assert {"step": 1, "loss": 5} in made(tmp_path / "b.json", '[{"step": 1, "loss": 5}]')


@pytest.mark.parametrize(("name", "content"), [("a.bin", b"\0\1\2"), ("a.json", b"{ broken")])
def test_what_is_no_log_is_refused(tmp_path, name, content):
    """With a sentence."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LrlabError, match=r"not a text log|is not JSON"):
        list(rows(tmp_path / name))


def test_an_empty_directory_is_refused(tmp_path):
    """It holds no logs."""
    with pytest.raises(LrlabError, match="no logs in this directory"):
        of(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("name", ["log.csv", "log.json", "log.jsonl", "tfevents"])
def test_what_is_no_file_is_a_sentence(tmp_path, name):
    """A pipe is not waited for, a device has no end; nor is there a name that no file can have."""
    os.mkfifo(tmp_path / name)
    (tmp_path / f"device.{name}").symlink_to("/dev/zero")
    for path in (tmp_path / name, tmp_path / f"device.{name}", tmp_path / f"{name}\0", tmp_path / (name * 100)):
        with pytest.raises(LrlabError, match=r"(?s)cannot be read.*given"):
            list(rows(path))


def test_the_files_of_the_folder_are_the_formats():
    """Each has what a format needs, and a name."""
    names = {each.NAME for each in every()}
    assert len(every()) >= 9
    assert {"table", "JSON lines", "lines of text", "TensorBoard events"} <= names


def test_a_format_is_known_by_all_of_a_file(tmp_path):
    """A long preamble, and one line that looks like another format, decide nothing."""
    source = "loss, step = train(model)\nprint(loss)\n" * 50
    lines = "".join(f"iter {k}: loss {3 - k / 100:.2f}, time 3ms\n" for k in range(100))
    (tmp_path / "log").write_text(source + '{"step": 1, "loss": 2}\n' + lines)
    assert of(tmp_path / "log").NAME == "lines of text"
    (tmp_path / "log.csv").write_text("step,loss,note\n" + "".join(f"{k},2.5,loss 3\n" for k in range(9)))
    assert of(tmp_path / "log.csv").NAME == "table"


def test_objects_within_a_row_are_columns(tmp_path):
    """{"val": {"loss": 2}} is val/loss."""
    found = made(tmp_path / "log", '{"step": 1, "val": {"loss": 2.5, "acc": {"top1": 0.5}}}\n')
    assert found == [{"step": 1, "val/loss": 2.5, "val/acc/top1": 0.5}]


def test_the_long_form_is_made_wide(tmp_path):
    """A row for each value, as MLflow's metric history and TensorBoard's exports have it."""
    text = "key,value,timestamp,step\nval/loss,2.5,17,10\nlr,0.1,18,10\n"
    assert made(tmp_path / "log.csv", text) == [
        {"timestamp": "17", "step": "10", "val/loss": "2.5"},
        {"timestamp": "18", "step": "10", "lr": "0.1"},
    ]


def test_a_column_may_say_which_data_a_row_is_about(tmp_path):
    """As mmcv does: one name for both losses."""
    text = '{"mode": "train", "iter": 50, "loss": 3.0}\n{"mode": "val", "iter": 50, "loss": 2.0, "lr": 0.1}\n'
    found = made(tmp_path / "log", text)
    assert found[1] == {"mode": "val", "iter": 50, "val/loss": 2.0, "lr": 0.1}
    assert "loss" in found[0]


def test_three_objects_within_each_other_are_columns(tmp_path):
    """A fourth stays what it is."""
    (row,) = made(tmp_path / "log", '{"step": 1, "a": {"b": {"c": {"d": {"e": 1}, "f": 2}}}}\n')
    assert row == {"step": 1, "a/b/c/d": {"e": 1}, "a/b/c/f": 2}


def test_a_row_of_the_long_form_has_a_name_and_a_value(tmp_path):
    """Where either is missing, or the name is none, it is a row as others are."""
    for row in ('{"step": 1, "key": "loss"}', '{"step": 1, "value": 2}', '{"step": 1, "key": "", "value": 2}',
                 '{"step": 1, "key": 3, "value": 2}'):  # fmt: skip
        assert made(tmp_path / "log", row + "\n") == [json.loads(row)]
    two = '{"step": 1, "name": "run", "Metric": "loss", "Value": 2}\n'
    assert made(tmp_path / "log", two) == [{"step": 1, "name": "run", "loss": 2}]


def test_a_row_of_a_validation_is_said_in_words(tmp_path):
    """A number says nothing of it, and a loss whose name says it keeps it."""
    for mode, name in (("val", "val/loss"), ("test", "val/loss"), ("train", "loss"), (3, "loss")):
        (row,) = made(tmp_path / "log", json.dumps({"split": mode, "step": 1, "loss": 2, "acc": 1}) + "\n")
        assert row == {"split": mode, "step": 1, name: 2, "acc": 1}
    for column in ("type", "kind", "data", "partition", "Part"):
        (row,) = made(tmp_path / "log", json.dumps({column: "valid", "step": 1, "loss": 2}) + "\n")
        assert row == {column: "valid", "step": 1, "val/loss": 2}
    (row,) = made(tmp_path / "log", '{"Phase": "eval", "step": 1, "val_loss": 2}\n')
    assert row == {"Phase": "eval", "step": 1, "val_loss": 2}


def test_what_is_missing_or_unknown_is_a_sentence(tmp_path):
    """No such log; a text that is none of the formats."""
    with pytest.raises(LrlabError, match=r"(?s)no such log.*a CSV, JSON or JSON lines file"):
        of(tmp_path / "none")
    (tmp_path / "prose").write_text("once upon a time\n")
    (tmp_path / "list").write_text("[3]")
    assert (of(tmp_path / "prose").NAME, of(tmp_path / "list").NAME) == ("table", "JSON document")


LONG = {
    "table": "step,loss\n" + "".join(f"{k},2.5\n" for k in range(20_000)),
    "JSON lines": "".join(f'{{"step": {k}, "loss": 2.5}}\n' for k in range(20_000)),
    "lines of text": "".join(f"iter {k}: loss 2.5\n" for k in range(20_000)),
    "llm.c main.log": "".join(f"s:{k} trl:2.5 lr:0.1\n" for k in range(20_000)),
    "Keras, as printed": "".join(f"Epoch {k}/9\n9/9 - 2s - loss: 2.1\n" for k in range(10_000)),
}


@pytest.mark.parametrize("name", LONG)
def test_the_format_of_a_long_log_is_known_by_a_part_of_it(tmp_path, monkeypatch, name):
    """Nothing reads it whole, nor holds it."""
    monkeypatch.setattr(text, "_PIECE", 1000)
    monkeypatch.setattr(document, "content", lambda path, most: pytest.fail("the log is held in memory"))
    (tmp_path / "log").write_text(LONG[name])
    found = of(tmp_path / "log")
    assert name == found.NAME
    assert 0 < found.claims(tmp_path / "log") < 1000


def test_a_document_on_one_line_is_one(tmp_path):
    """Blank lines around it are no other document; a second object is."""
    line = '{"history": [{"step": 1, "loss": 2}]}'
    (tmp_path / "log").write_text(f"\n\n{line}\n\n")
    assert of(tmp_path / "log").NAME == "JSON document"
    (tmp_path / "log").write_text('{"step": 1, "loss": 2}\n{"step": 2, "loss": 1}\n')
    assert of(tmp_path / "log").NAME == "JSON lines"
    with pytest.raises(LrlabError, match="more than one document"):
        list(document.rows(tmp_path / "log"))
