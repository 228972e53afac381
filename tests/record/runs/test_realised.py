"""The LR a run really had: decisions hold from their update on, and only where their controller acts."""

import dataclasses

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.run.pacer import Decision
from lrlab.errors import LrlabError
from lrlab.record.logs.readers import from_record
from lrlab.record.runs.realised import realised
from lrlab.record.runs.run import Series, StoredRun

RUN = StoredRun(
    "k", "t", "a", "constant()", 2.0, 0, 0, 100, "val_loss", 1.0, "finished", 1.0,
    Series(tuple(range(100)), (1.0,) * 100), {}, (), {},
)  # fmt: skip


PLATEAU = lr.plateau().over(100).controllers[0].name


def decision(update, new, controller=PLATEAU):
    return Decision(update, controller, "cut", 1.0, new, "")


def run(schedule, *decisions):
    return dataclasses.replace(RUN, schedule=schedule, decisions=decisions)


def test_without_decisions_it_is_the_schedule_times_the_lr():
    """Every update."""
    assert np.allclose(realised(run("linear()")), 2 * (1 - np.arange(100) / 100), atol=1e-12)


def test_a_decision_holds_from_its_update_on():
    """Twice."""
    lrs = realised(run("plateau()", decision(30, 0.1), decision(60, 0.01)))
    assert np.allclose(lrs, np.repeat([2.0, 0.2, 0.02], [30, 30, 40]))


def test_a_plateau_that_is_over_scales_nothing():
    """What follows it is not multiplied by its factor; nor is what is added to it."""
    after = realised(run('plateau().lasting("50%") >> linear(start=1)', decision(30, 0.1)))
    assert np.allclose(after[50:], 2 * (1 - np.arange(50) / 50), atol=1e-12)
    added = realised(run("plateau() + 0.1 * constant()", decision(30, 0.1)))
    assert np.allclose(added[30:], 2 * 0.2)


def test_a_stored_run_is_read_with_it():
    """By `read_run` and by the forecast of a comparison alike."""
    one = run("plateau() + 0.1 * constant()", decision(30, 0.1))
    assert np.array_equal(from_record(one, "loss").lrs, realised(one))


def test_a_decision_of_a_stranger_is_refused():
    """A record whose schedule and decisions do not belong together."""
    with pytest.raises(LrlabError, match="no such controller"):
        realised(run("plateau()", decision(30, 0.1, "somebody")))
