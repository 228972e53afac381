"""Stored runs: what is listed, shown and compared is what was trained; pruning forgets what it says."""

import os

import pytest

import lrlab as lr
from lrlab.desk import runs as desk
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import Job
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.states import States
from lrlab.record.runs.store import Store
from stored import stored as a_run

QUADRATIC = os.path.join(os.path.dirname(os.path.dirname(__file__)), "lab", "quadratic.py") + ":train"
ARMS = (Arm("fixed", lr.constant()), Arm("late", lr.wsd(warmup=0, decay="20%")), Arm("p", lr.plateau(patience=1)))


@pytest.fixture
def stored(tmp_path):
    jobs = [Job(arm, 1.0, 0, fold, 2, 60, 6) for fold in (0, 1) for arm in ARMS]
    runs, _ = run_jobs(load_task(QUADRATIC), jobs, Store(tmp_path), Here(load_task(QUADRATIC)))
    return tmp_path, {(run.arm, run.fold): run for run in runs}


def test_a_mean_is_of_one_strategy(tmp_path):
    """Runs of one name with averaged weights and without have two rows; alone they have their own name."""
    store = Store(tmp_path)
    for fold in (0, 1):
        store.put(a_run("mine", "constant()", fold, score=1.0, key=f"{fold:064x}"))
        store.put(a_run("mine", "constant()", fold, score=3.0, lr=2.0, key=f"{2 + fold:064x}"))
    assert [row[1] for row in desk.listing(tmp_path).tables[0].rows] == ["mine"] * 2
    for fold in (2, 3):
        store.put(a_run("mine", "constant()", fold, score=5.0, averaging=0.1, key=f"{4 + fold:064x}"))
    rows = {(row[1], row[2]): row[6] for row in desk.listing(tmp_path).tables[0].rows}
    assert rows == {
        ("mine: constant()", 1.0): 1.0,
        ("mine: constant()", 2.0): 3.0,
        ("mine: constant(), averaging=0.1", 1.0): 5.0,
    }


def test_the_list_has_every_run(stored):
    """By strategy with the mean, or each with its key; damaged files are named."""
    store, runs = stored
    (store / "torn.json").write_text("{")
    answer = desk.listing(store)
    assert [row[1:5] for row in answer.tables[0].rows] == [(a.name, 1.0, 60, 2) for a in ARMS]
    assert answer.tables[0].rows[0][6] == pytest.approx((runs["fixed", 0].score + runs["fixed", 1].score) / 2)
    assert "6 runs" in answer.sentences[0]
    assert answer.sentences[1].startswith("not read: torn.json")
    assert len(desk.listing(store, each=True).tables[0].rows) == len(answer.record["runs"]) == 6
    assert desk.listing(store, "another").tables == ()


def test_rows_of_several_recipes_are_not_passed_over(stored):
    """Their mean is of runs that nobody compared."""
    store, _ = stored
    assert not any("several recipes" in sentence for sentence in desk.listing(store).sentences)
    other = Job(ARMS[0], 1.0, 0, 0, 2, 60, 6, {"another": "configuration"})
    run_jobs(load_task(QUADRATIC), [other], Store(store), Here(load_task(QUADRATIC)))
    assert any("several recipes" in sentence for sentence in desk.listing(store).sentences)
    assert not any("several recipes" in sentence for sentence in desk.listing(store, each=True).sentences)


def test_one_run_is_shown_by_the_beginning_of_its_key(stored):
    """Its facts, reports and decisions; an unknown or ambiguous beginning is said."""
    store, runs = stored
    run = runs["p", 1]
    facts, reports, decisions = desk.show(store, run.key[:10]).tables
    assert ("schedule", run.schedule) in facts.rows
    assert [row[0] for row in reports.rows] == list(run.evals["val_loss"].updates)
    assert len(decisions.rows) == len(run.decisions) > 0
    for key in ("", "zz"):
        with pytest.raises(LrlabError, match="runs have a key that begins like this"):
            desk.show(store, key)


def test_where_two_runs_part_is_said(stored):
    """In what was asked, from which update on in LR and loss, and in what was trained."""
    store, runs = stored
    a, b = runs["fixed", 0], runs["late", 0]
    answer = desk.compared(store, a.key, b.key)
    lrs = [lr.wsd(warmup=0, decay="20%").over(60)(k) for k in range(60)]
    first = next(k for k, value in enumerate(lrs) if value != 1)
    assert answer.record["first"] == {"lr": first, "loss": first + 1}
    assert answer.record["differ"] == ["arm", "schedule"]
    assert "What they have trained is different." in answer.sentences
    same = desk.compared(store, a.key, a.key)
    assert same.record["first"] == {"lr": None, "loss": None}
    assert same.sentences[-1] == "What they have trained is the same."


def test_pruning_forgets_states_and_old_runs(stored):
    """First only said, then done; runs stay unless they are too old."""
    store, runs = stored
    said = desk.pruned(store, days=1, dry=True)
    assert States(store).stored()
    assert (said.record["runs"], said.record["states"] > 0) == (0, True)
    os.utime(store / f"{runs['p', 0].key}.json", (0, 0))
    done = desk.pruned(store, days=1)
    assert (done.record["runs"], States(store).stored()) == (1, {})
    assert len(Store(store).listing().runs) == 5
    assert "1 runs forgotten" in done.sentences[0]


def test_decisions_have_their_places_on_the_time_line(stored):
    """At the update after which the LR is another one."""
    store, runs = stored
    run = runs["p", 1]
    found = desk.marks(store, run.key)
    assert [mark["x"] for mark in found] == [decision.update for decision in run.decisions]
    assert found
    assert all("plateau" in mark["text"] for mark in found)
    assert desk.marks(store, runs["fixed", 0].key) == []
