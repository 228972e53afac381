"""Range tests and choices in processes of their own."""

import errno
import json
import os
import time

import pytest

import lrlab as lr
from lrlab.desk import alone, auto, choices
from lrlab.desk.alone import ALIVE, ASKED
from lrlab.desk.choices import Choice
from lrlab.desk.wanted import RESULT
from lrlab.errors import LrlabError
from lrlab.record.runs.files import in_words
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
    (folder / RESULT).write_text('{"status": "failed", "said": "no"}')
    assert choices.standing(tmp_path, folder.name) == {
        "kind": "find", "task": "digits", "name": folder.name, "parts": [], "status": "failed", "said": "no",
    }  # fmt: skip
    assert choices.listing(tmp_path) == [{"name": folder.name, "kind": "find", "task": "digits", "status": "failed"}]


def test_where_the_disk_is_full_it_may_go_on(tmp_path, monkeypatch):
    """Not what was asked for is at fault."""

    def full(*given, **named):
        with in_words("the store cannot be written", str(tmp_path)):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(auto, "auto", full)
    found = choices.answered(Choice("auto", "control", budget=20.0), tmp_path)
    assert found["status"] == "failed"
    assert "No space left" in found["said"]


def test_what_is_not_possible_does_not_go_on(tmp_path):
    """A budget that is too small stays so; nothing is started again."""
    name = choices.begin(tmp_path, Choice("auto", "control", 40, 2.0))
    until(lambda: choices.standing(tmp_path, name)["status"] != "running")
    found = choices.standing(tmp_path, name)
    assert (found["status"], found["said"].partition("\n")[0]) == ("refused", "the budget is too small")
    choices.go_on(tmp_path, name)
    assert choices.standing(tmp_path, name) == found


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
