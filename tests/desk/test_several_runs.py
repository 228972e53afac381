"""Several runs beside each other, and for other programs."""

import csv
import io
import json

import pytest

from lrlab.desk.several_runs import beside, exported
from lrlab.errors import LrlabError
from lrlab.record.runs.store import Store
from lrlab.views.model import Figure, Table
from stored import stored

RUNS = [stored(f"arm{k}", "constant()", k, 1.0 + k) for k in range(8)]


@pytest.fixture
def store(tmp_path):
    for each in RUNS:
        Store(tmp_path).put(each)
    return tmp_path


def test_they_stand_in_one_picture_each(store):
    """A line a run, in the order that was asked for; and in what they differ."""
    report = beside(store, [RUNS[2].key, RUNS[0].key])
    table = next(section for section in report.sections if isinstance(section, Table))
    assert [row[0] for row in table.rows] == ["arm", "fold"]
    assert table.rows[0][1:] == ("arm2", "arm0")
    figures = {section.title: section for section in report.sections if isinstance(section, Figure)}
    for figure in figures.values():
        assert [line.name.partition(" ×")[0] for line in figure.lines] == ["arm2", "arm0"]
    assert list(figures["Training loss"].lines[0].y) == list(RUNS[2].loss.values)
    assert len(figures["Learning rate"].lines[0].y) == RUNS[0].updates


@pytest.mark.parametrize("many", [0, 1, 8])
def test_a_few_at_a_time(store, many):
    with pytest.raises(LrlabError, match="2 to 7"):
        beside(store, [each.key for each in RUNS[:many]])


def test_a_run_that_is_not_there_is_named(store):
    with pytest.raises(LrlabError, match="no such runs"):
        beside(store, [RUNS[0].key, "zz"])


def test_they_are_written_out(store):
    """A table that reads back, with tags; and JSON with everything that was recorded."""
    keys, tags = [each.key for each in RUNS[:3]], {RUNS[1].key: ["a", "b"]}
    rows = list(csv.DictReader(io.StringIO(exported(store, keys, "csv", tags))))
    assert [row["key"] for row in rows] == keys
    assert [row["tags"] for row in rows] == ["", "a, b", ""]
    assert [(row["arm"], float(row["score"])) for row in rows] == [(each.arm, each.score) for each in RUNS[:3]]
    found = json.loads(exported(store, keys, "json", tags))
    assert found["version"] == 1
    assert [each["loss"]["values"] for each in found["runs"]] == [[*each.loss.values] for each in RUNS[:3]]
    assert found["runs"][1]["tags"] == ["a", "b"]
