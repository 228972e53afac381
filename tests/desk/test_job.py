"""The process of one comparison."""

import json
from dataclasses import replace

import pytest

from lrlab.desk.job import Events, trained
from lrlab.desk.jobs import check
from lrlab.desk.wanted import Wanted
from lrlab.errors import LrlabError
from waiting import training


def test_a_line_after_a_torn_one_stands_on_its_own(tmp_path):
    place = tmp_path / "events.jsonl"
    place.write_text('{"kind": "ru')
    Events(place).write({"kind": "run"})
    Events(place).write({"kind": "finished"})
    assert [json.loads(line) for line in place.read_text().splitlines()[1:]] == [{"kind": "run"}, {"kind": "finished"}]


def test_the_stages_that_end_are_those_of_the_tree(tmp_path):
    """Of every fold; what is common is trained once, and told for all runs that it belongs to."""
    (tmp_path / "mine.py").write_text(training(20, 0))
    rows = []
    schedules = {"a": 'wsd(decay="20%")', "b": 'wsd(decay="50%")', "c": "cosine()"}
    wanted = Wanted(f"{tmp_path / 'mine.py'}:train", quick=False, schedules=schedules, workers=1, lrs=(1.0,), folds=2)
    found = trained(wanted, tmp_path / "runs", rows.append)
    tree = rows[0]["tree"]
    assert {name for node in tree for name, _ in node["runs"]} == {"a", "b", "c"}
    assert any(len(node["runs"]) == 2 for node in tree)
    stages = [row for row in rows if row["kind"] == "stage"]
    for fold in range(2):
        there = [(s["begin"], s["stop"], sorted(s["runs"])) for s in stages if s["fold"] == fold]
        assert sorted(there) == sorted((n["begin"], n["stop"], sorted(n["runs"])) for n in tree)
    assert sum(s["stop"] - s["begin"] for s in stages) == found.effort.trained < found.effort.naive


def test_wider_lrs_have_their_stages_too(tmp_path):
    """Every run that is trained stands in the last tree; the LR of each strategy is told update by update."""
    text = training(20, 0).replace("lrs=(0.5, 1.0)", 'lrs="auto"')
    (tmp_path / "mine.py").write_text(text)
    rows = []
    schedules = {"a": "linear()", "b": "constant()"}
    trained(Wanted(f"{tmp_path / 'mine.py'}:train", quick=False, schedules=schedules, workers=1), tmp_path, rows.append)
    widened = [row for row in rows if row["kind"] == "widened"]
    assert widened
    runs = {(row["arm"], row["lr"]) for row in rows if row["kind"] == "run"}
    assert {(arm, lr) for node in widened[-1]["tree"] for arm, lr in node["runs"]} == runs
    assert widened[-1]["lrs"] == sorted({lr for _, lr in runs})
    assert rows[0]["arms"][0]["lr"] == [[0, 1.0], [19, 0.05]]


def test_what_a_strategy_has_besides_is_told(tmp_path):
    """As it is typed; an average and an optimizer's name are all that is, for typed text names no code."""
    rows = []
    schedules = {"a": "constant() @ swa 50%", "b": "constant() @ adam"}
    wanted = Wanted("control", schedules=schedules, updates=12, folds=2, lrs=(1.0,), workers=0)
    found = trained(wanted, tmp_path, rows.append)
    assert {arm["name"]: arm["schedule"] for arm in rows[0]["arms"]} == schedules
    assert {run.arm: run.averaging for run in found.evidence.runs} == {"a": "swa 50%", "b": None}
    check(wanted)
    with pytest.raises(LrlabError, match=r"names no code(?s:.*)torch.optim.SGD\(lr=0.1\)"):
        check(replace(wanted, schedules={**schedules, "c": "linear() @ torch.optim.SGD(lr=0.1)"}))
