"""The Trainer's own record."""

import json

from lrlab.record.logs.formats.registry import of
from lrlab.record.logs.formats.trainer_state import claims, rows
from lrlab.record.logs.rows import Remark


def test_the_summary_at_the_end_is_no_point(tmp_path):
    """The mean loss of the whole training stands under `train_loss`."""
    file = tmp_path / "trainer_state.json"
    last = {"step": 10, "train_loss": 9.0, "train_runtime": 3.0}
    history = [{"step": 5, "loss": 3.0}, 7, {"step": 10, "eval_loss": 2.0}, last]
    file.write_text(json.dumps({"best_metric": None, "log_history": history, "max_steps": 10}, indent=2))
    assert of(file).NAME.startswith("Hugging Face")
    assert list(rows(file)) == [
        Remark("1 entries of the history are no rows, and were left out"),
        {"step": 5, "loss": 3.0},
        {"step": 10, "eval_loss": 2.0},
        {"step": 10, "train_runtime": 3.0},
    ]


def test_another_document_is_not_its_own(tmp_path):
    """Nor one that is broken."""
    for text in ('{"history": []}', "[1]", "{", '{"log_history": 3}'):
        (tmp_path / "log").write_text(text)
        assert claims(tmp_path / "log") == 0


def test_of_a_history_of_rows_nothing_is_said(tmp_path):
    """Each is one."""
    (tmp_path / "log").write_text('{"log_history": [{"step": 5, "loss": 3.0}]}')
    assert list(rows(tmp_path / "log")) == [{"step": 5, "loss": 3.0}]
