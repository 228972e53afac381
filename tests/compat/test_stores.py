"""A store as `lrlab compare` wrote it in its format of then: its runs, states and ends read as they did."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from lrlab.core.run.pacer import Decision
from lrlab.desk.runs import compared, listing, show
from lrlab.lab.training.log import TrainingLog
from lrlab.lab.training.snapshot import TrainingSnapshot, restored, set_random_state
from lrlab.record.runs.realised import realised
from lrlab.record.runs.run import Series
from lrlab.record.runs.states import StateAddress, States
from lrlab.record.runs.store import Store

STORE = Path(__file__).with_name("store_2")
READ = json.loads(STORE.with_name("store_2_read.json").read_text())
STATES = [pytest.param(row, id=f"{row['cell'][:4]} {row['place'][:8]}") for row in READ["states"]]


def series(given):
    return Series(tuple(given["updates"]), tuple(map(float, given["values"])))


def test_the_runs_read():
    """All of them, field by field, with the LR of every update."""
    found = Store(STORE).listing()
    assert found.skipped == ()
    runs = {run.key: run for run in found.runs}
    assert len(runs) == len(READ["runs"]) == 8
    for row in READ["runs"]:
        then, now = row["run"], runs[row["run"]["key"]]
        for name in ("task", "arm", "schedule", "seed", "fold", "updates", "metric", "outcome", "fingerprint"):
            assert getattr(now, name) == then[name]
        assert (now.lr, now.score, now.seconds) == tuple(float(then[name]) for name in ("lr", "score", "seconds"))
        np.testing.assert_equal(now.loss, series(then["loss"]))
        assert dict(now.evals) == {name: series(given) for name, given in then["evals"].items()}
        assert now.decisions == tuple(Decision(**decision) for decision in then["decisions"])
        assert dict(now.versions) == then["versions"]
        assert realised(now).tolist() == row["realised"]
    assert sum(run.outcome == "diverged" for run in runs.values()) == 2
    assert any(run.decisions for run in runs.values())


def test_runs_are_found_by_their_keys():
    """As a comparison asks for them."""
    keys = [row["run"]["key"] for row in READ["runs"]]
    assert set(Store(STORE).find(keys)) == set(keys)


@pytest.mark.parametrize("row", STATES)
def test_a_state_reads(row):
    """What it has told, and what it goes on from: weights and random numbers."""
    found = States(STORE).get(row["cell"], StateAddress.of(row["place"]))
    assert (found.record["outcome"], found.record["fingerprint"]) == (row["outcome"], row["fingerprint"])
    log = TrainingLog.of(found.record["ledger"], 20)
    np.testing.assert_equal(log.loss, series(row["loss"]))
    assert log.evals == {name: series(given) for name, given in row["evals"].items()}
    assert bool(found.tensors) == ("w" in row)
    if found.tensors:
        snapshot = TrainingSnapshot(found.record["plain"], found.tensors)
        assert snapshot.fingerprint == row["fingerprint"]
        state = restored(snapshot)
        assert state["tracked"]["model"]["w"].tolist() == row["w"]
        before = random.getstate()
        set_random_state(state["random"])
        drawn = random.random()
        random.setstate(before)
        assert drawn == row["drawn"]


def test_all_states_are_listed():
    """By cell and place."""
    assert {(cell, place.name) for cell, place in States(STORE).stored()} == {
        (row["cell"], row["place"]) for row in READ["states"]
    }
    assert len(States(STORE).recipes()) == 2


def test_the_command_line_shows_them():
    """As `lrlab runs list`, `show` and `compare` do."""
    assert listing(STORE).record["states"]["count"] == len(READ["states"])
    keys = [row["run"]["key"] for row in READ["runs"] if row["run"]["fold"] == 0][:2]
    for key in keys:
        assert show(STORE, key).record["run"]["key"] == key
    assert compared(STORE, *keys).sentences
