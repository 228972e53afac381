"""Range tests and choices in processes of their own."""

import json
import os
import time

import pytest

import lrlab as lr
from lrlab.desk import alone, choices
from lrlab.desk.alone import ALIVE, ASKED
from lrlab.desk.choices import Choice
from lrlab.desk.wanted import RESULT
from lrlab.errors import LrlabError
from waiting import training, until


@pytest.fixture
def folder(tmp_path):
    made = tmp_path.joinpath(*choices.FOLDER, "0123456789ab")
    made.mkdir(parents=True)
    (made / ASKED).write_text(json.dumps({"kind": "find", "task": "digits"}))
    return made


def test_how_it_stands_is_told(tmp_path, folder):
    """Alive or not; then what came of it."""
    assert choices.standing(tmp_path, folder.name)["status"] == "stopped"
    (folder / ALIVE).touch()
    assert choices.standing(tmp_path, folder.name)["status"] == "running"
    os.utime(folder / ALIVE, (0, time.time() - 2 * alone.SILENT))
    assert choices.standing(tmp_path, folder.name)["status"] == "stopped"
    (folder / RESULT).write_text('{"said": "no"}')
    assert choices.standing(tmp_path, folder.name) == {
        "kind": "find", "task": "digits", "name": folder.name, "parts": [], "status": "failed", "said": "no",
    }  # fmt: skip
    assert choices.listing(tmp_path) == [{"name": folder.name, "kind": "find", "task": "digits", "status": "failed"}]


def test_a_task_that_fails_says_why(tmp_path):
    (tmp_path / "mine.py").write_text(training(64, 0).replace("run.log", "raise KeyError('cheese'); run.log"))
    name = choices.begin(tmp_path / "runs", Choice("find", f"{tmp_path / 'mine.py'}:train"))
    until(lambda: choices.standing(tmp_path / "runs", name)["status"] != "running")
    found = choices.standing(tmp_path / "runs", name)
    assert found["status"] == "failed"
    assert "cheese" in found["said"]


@pytest.mark.parametrize("name", ["..", "x", "0123456789abc", "", "../../runs"])
def test_a_name_is_no_way_to_a_file(tmp_path, name):
    with pytest.raises(LrlabError, match="no choice"):
        choices.standing(tmp_path, name)


def test_a_choice_is_stopped_and_goes_on(tmp_path):
    """What was trained is kept; then the schedule, its LR, the gain and the cost are those of `lr.auto`."""
    (tmp_path / "mine.py").write_text(training(160, 0.5))
    task, store = f"{tmp_path / 'mine.py'}:train", tmp_path / "runs"
    name = choices.begin(store, Choice("auto", task, budget=12.0))
    until(lambda: any(part["done"] for part in choices.standing(store, name)["parts"]), 60)
    choices.stop(store, name)
    until(lambda: choices.standing(store, name)["status"] == "stopped")
    choices.go_on(store, name)
    assert choices.standing(store, name)["status"] == "running"
    until(lambda: choices.standing(store, name)["status"] != "running")
    found = choices.standing(store, name)
    assert found["status"] == "finished", found
    same = lr.auto(task, budget=12, store=store, quiet=True)
    assert same.trained == 0
    assert (found["schedule"], found["lr"], found["updates"]) == (same.schedule, same.lr, same.updates)
    assert same.code.strip() in [each.get("code", "").strip() for each in found["report"]["sections"]]
    assert "Cost" in dict(found["report"]["facts"])
    kinds = [part["text"].partition(":")[0] for part in found["parts"]]
    assert list(dict.fromkeys(kinds)) == ["range test", "screening", "verdict"]
    assert all(part["done"] == part["total"] for part in found["parts"][-2:])
