"""Range tests in processes of their own."""

import json
import os
import time

import pytest

from lrlab.desk import ranges
from lrlab.desk.wanted import ALIVE, ASKED, RESULT
from lrlab.errors import LrlabError
from waiting import training, until


@pytest.fixture
def folder(tmp_path):
    made = tmp_path.joinpath(*ranges.FOLDER, "0123456789ab")
    made.mkdir(parents=True)
    (made / ASKED).write_text(json.dumps({"task": "digits", "updates": None, "budget": None}))
    return made


def test_how_it_stands_is_told(tmp_path, folder):
    """Alive or not; then what came of it."""
    assert ranges.standing(tmp_path, folder.name)["status"] == "stopped"
    (folder / ALIVE).touch()
    assert ranges.standing(tmp_path, folder.name)["status"] == "running"
    os.utime(folder / ALIVE, (0, time.time() - 2 * ranges.SILENT))
    assert ranges.standing(tmp_path, folder.name)["status"] == "stopped"
    (folder / RESULT).write_text('{"said": "no"}')
    assert ranges.standing(tmp_path, folder.name) == {
        "task": "digits", "name": folder.name, "status": "failed", "said": "no",
    }  # fmt: skip
    assert ranges.listing(tmp_path) == [{"name": folder.name, "task": "digits", "status": "failed"}]


def test_a_task_that_fails_says_why(tmp_path):
    (tmp_path / "mine.py").write_text(training(64, 0).replace("run.log", "raise KeyError('cheese'); run.log"))
    name = ranges.begin(tmp_path / "runs", f"{tmp_path / 'mine.py'}:train", None, None)
    until(lambda: ranges.standing(tmp_path / "runs", name)["status"] != "running")
    found = ranges.standing(tmp_path / "runs", name)
    assert found["status"] == "failed"
    assert "cheese" in found["said"]


@pytest.mark.parametrize("name", ["..", "x", "0123456789abc", "", "../../runs"])
def test_a_name_is_no_way_to_a_file(tmp_path, name):
    with pytest.raises(LrlabError, match="no range test"):
        ranges.standing(tmp_path, name)
