"""A stage on a node: in a process of its own, with the driver's versions and store, or not at all."""

import dataclasses
import os
import re
import sys
import threading
import time

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.remote import _HELD, StageRequests, end, fulfil
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.recipe import cell_of
from lrlab.lab.stages.stage import Stage, StageResult, run_of, train
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.states import States


@pytest.fixture
def orders():
    """A driver's orders; what trained for them is ended."""
    given = StageRequests()
    yield given
    end(given.marks)
    given.close()
    assert not _HELD


def stage_of(task, folder, seed=0, **config):
    job = Job(Arm("cosine", lr.cosine()), 1.0, seed, 0, 2, 60, 6, config)
    return Stage(task.text, task.identity, str(folder), job, None, job.updates)


def soon(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_stage_is_trained_as_in_this_process_by_one_that_stays(quadratic, tmp_path, orders, scheme):
    """The same bits; the process is kept for the next stage, and is not this one."""
    pids = tmp_path / "pids"
    pids.mkdir()
    for seed in (0, 1):
        stage = stage_of(quadratic, f"{scheme}{tmp_path}", seed, pids=str(pids))
        reached = StageResult.from_json(fulfil(orders.of(stage)))
        record = States(stage.store).get(cell_of(quadratic, stage.job), reached.place).record
        here = train(quadratic, stage.job)
        assert dataclasses.replace(run_of(quadratic, stage.job, record), seconds=here.seconds) == here
    trained_by = {int(path.name) for path in pids.iterdir()} - {os.getpid()}
    assert len(trained_by) == 1
    assert [local.slots for _, _, local in _HELD.values()] == [1]


def test_an_error_is_the_stages_own_and_the_next_one_is_trained(quadratic, tmp_path, orders):
    """With the traceback of the training function; what it leaves behind is not handed to another stage."""
    failed = StageResult.from_json(fulfil(orders.of(stage_of(quadratic, tmp_path, **{"raise": True}))))
    assert re.search(r"(?s)^RuntimeError: out of cheese\n.*quadratic:train", failed.failed)
    assert StageResult.from_json(fulfil(orders.of(stage_of(quadratic, tmp_path)))).place.at == 60


def test_a_driver_ends_its_stages_and_no_others(quadratic, tmp_path, orders):
    """In the middle of a stage, from another thread."""
    pids, raised = tmp_path / "pids", []
    pids.mkdir()
    order = orders.of(stage_of(quadratic, tmp_path, slow=60, pids=str(pids)))

    def hand():
        try:
            fulfil(order)
        except LrlabError as error:
            raised.append(str(error))

    thread = threading.Thread(target=hand)
    thread.start()
    assert soon(lambda: list(pids.iterdir()))
    end(("another",))
    assert thread.is_alive()
    end(orders.marks)
    thread.join()
    assert raised == ["the workers are closed"]


def test_a_node_with_other_versions_is_refused(quadratic, tmp_path, orders):
    """By name, with both versions: its numbers would be others."""
    order = orders.of(stage_of(quadratic, tmp_path))
    order = dataclasses.replace(order, versions={**order.versions, "numpy": "1.0"})
    with pytest.raises(LrlabError, match=r"(?s)the node .* has other versions.*numpy .*, the driver has 1.0"):
        fulfil(order)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_store_that_a_node_does_not_see_is_named(quadratic, tmp_path, orders, scheme):
    """Also where the node has a folder of the same path: it lacks what the driver has put there."""
    order = orders.of(stage_of(quadratic, f"{scheme}{tmp_path}"))
    (tmp_path / order.mark).unlink()
    with pytest.raises(LrlabError, match=r"(?s)does not see the store.*all nodes share"):
        fulfil(order)


def test_why_a_node_does_not_see_a_url_is_said(quadratic, tmp_path, orders, monkeypatch):
    """It was not let in, or it lacks the library; in one line, with the name of the node."""
    order = orders.of(stage_of(quadratic, f"file://{tmp_path}"))

    def refuse(*_, **__):
        raise PermissionError(13, "Forbidden")

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.info", refuse)
    with pytest.raises(LrlabError, match=r"the node .* does not see the store of the driver: .*Forbidden\n"):
        fulfil(order)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(LrlabError, match=r"the node .* does not see the store of the driver: .*needs fsspec.*\n"):
        fulfil(order)
    monkeypatch.undo()


def test_a_function_in_no_file_is_refused_before_it_is_sent(quadratic, tmp_path, orders):
    """No node could find it."""
    with pytest.raises(LrlabError, match="in no file"):
        orders.of(stage_of(dataclasses.replace(quadratic, text=""), tmp_path))


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_the_marks_of_a_driver_are_taken_away(quadratic, tmp_path, scheme):
    """One for each store while it works, none afterwards; and they are no runs."""
    orders = StageRequests()
    marks = [orders.of(stage_of(quadratic, f"{scheme}{tmp_path}", seed)).mark for seed in (0, 1)]
    assert orders.marks == (marks[0],) == (marks[1],)
    assert [path.name for path in tmp_path.iterdir()] == [marks[0]]
    orders.close()
    assert list(tmp_path.iterdir()) == []


def test_what_nobody_asks_again_ends_by_itself(quadratic, tmp_path, orders, monkeypatch):
    """A driver that was killed does not tell."""
    monkeypatch.setattr("lrlab.lab.executors.remote.IDLE", 0.05)
    for seed in (0, 1):  # and the next order gets another process
        fulfil(orders.of(stage_of(quadratic, tmp_path, seed)))
        assert soon(lambda: not _HELD)


def test_libraries_compute_as_the_driver_has_chosen(tmp_path, orders, monkeypatch):
    """As by a task that sets the back end of Keras at its top: here before the order, there not yet."""
    path = tmp_path / "chooses.py"
    path.write_text(
        "import os\n"
        "class SGD:\n"
        "    param_groups = [{'lr': 1.0}]\n"
        "    def state_dict(self): return {}\n"
        "    def load_state_dict(self, state): pass\n"
        "def train(run):\n"
        "    run.track(opt=SGD())\n"
        "    for _ in run.steps([0]):\n"
        "        if run.eval_now: run.report(val_loss=len(os.environ.get('KERAS_BACKEND', '')))\n"
    )
    for name in ("tensorflow", "jax"):
        monkeypatch.setenv("KERAS_BACKEND", name)
        task = load_task(f"{path}:train")
        stage = stage_of(task, tmp_path)
        order, cell = orders.of(stage), cell_of(task, stage.job)
        monkeypatch.setenv("KERAS_BACKEND", "torch")
        reached = StageResult.from_json(fulfil(order))
        assert States(tmp_path).get(cell, reached.place).record["ledger"]["reports"][-1][1] == {"val_loss": len(name)}
