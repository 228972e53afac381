"""Logs as the desk reads them."""

import json
from pathlib import Path

import jsonschema

from lrlab.desk import VERSION, read
from lrlab.desk.schemas import of_command
from lrlab.record.runs.run import to_json
from stored import stored

LOGS = Path(__file__).parents[1] / "record" / "logs" / "corpus" / "logs"
SCHEMA = of_command("read", "lrlab.desk.read:ReadDocument", closed=True)


def document(found):
    told = json.loads(json.dumps({"version": VERSION, **read.record(found)}, allow_nan=False))
    jsonschema.validate(told, SCHEMA)
    return told


def test_a_document_has_all_of_it():
    """Also where something is missing, and where a run of the store is read."""
    told = document(read.read([LOGS / "keras_csv" / "training.log"], updates_per_epoch=40))
    assert (told["formats"], told["counter"], told["unit"]) == (["table"], "epoch", "updates")
    assert told["run"] == {
        "points": 15, "updates": 600, "first_lr": 0.003000000026077032, "peak_lr": 0.003000000026077032,
        "last_lr": told["run"]["last_lr"], "warmup": 0, "weight_decay": None, "final_loss": told["run"]["final_loss"],
    }  # fmt: skip
    assert told["losses"][0]["points"][-1] == [600, told["run"]["final_loss"]]
    assert document(read.read([LOGS / "nanogpt_text_without_lr" / "out.log"]))["run"] is None


def test_a_run_of_the_store_is_read_too(tmp_path):
    """Under the LR that it had."""
    run = stored("linear", "linear()", lr=2.0)
    (tmp_path / "k.json").write_text(to_json(run))
    told = document(read.read([tmp_path / "k.json"]))
    assert (told["run"]["points"], told["run"]["peak_lr"], told["losses"][0]["name"]) == (2, 2.0, "val_loss")


def test_numbers_that_are_none_are_null(tmp_path):
    """JSON has no NaN; a long curve is told by a thousand points."""
    rows = "".join(f"{k},{'nan' if k == 1 else 1 / k},0.1\n" for k in range(1, 3001))
    (tmp_path / "log.csv").write_text("step,val_loss,lr\n" + rows)
    told = document(read.read([tmp_path / "log.csv"]))
    assert told["losses"][0]["points"][0] == [1, None]
    assert (told["losses"][0]["count"], len(told["losses"][0]["points"])) == (3000, 1000)
