"""One job: what is trained, in what order, and the way to another process."""

import json
from dataclasses import replace

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.arms.controls import ControlSpec
from lrlab.lab.stages.job import Job, jobs_of
from lrlab.lab.task.declaration import Settings

ARMS = (Arm("fixed", lr.constant()), Arm("cosine", lr.cosine()))


def test_a_job_survives_the_way_to_another_process():
    """As JSON, to the last bit."""
    arm = Arm("WSD", lr.wsd() * lr.plateau(), 0.1, {"optimizer": "adam"})
    original = Job(arm, 1 / 3, 0, 0, 2, 60, 6, {"a": [1, 2.5, None]}, threads=2, device="cuda")
    assert Job.from_json(json.loads(json.dumps(original.to_json()))) == original


@pytest.mark.parametrize("n", [500, 100_000])
def test_a_listed_schedule_of_any_length_travels(quadratic, n):
    """A table with a value for every update: what the refusal of a function advises."""
    listed = lr.table(lr.wsd().over(n).values())
    settings = replace(quadratic.settings, lrs=(1.0,), folds=2, updates=n)
    job, _ = jobs_of([Arm("listed", listed, also={"momentum": listed})], settings)
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job
    assert [ControlSpec.from_json(json.loads(json.dumps(job.regime.to_json())))] == [job.regime]


def test_the_configuration_of_the_arm_lies_on_top():
    """A study sets the size, an arm the optimizer; where both speak, the arm does."""
    job = Job(Arm("a", lr.constant(), config={"b": 2}), 1.0, 0, 0, 2, 60, 6, {"a": 1, "b": 1})
    assert job.whole_config == {"a": 1, "b": 2}


def test_the_configuration_is_the_same_in_every_process():
    """As JSON has it, also where no other process takes part; what it does not have is named."""
    given = {"sizes": (1, 2), "by": {3: (4,)}}
    here = Job(ARMS[0], 1.0, 0, 0, 2, 60, 6, given)
    there = Job.from_json(json.loads(json.dumps(here.to_json())))
    assert here.whole_config == there.whole_config == {"sizes": [1, 2], "by": {"3": [4]}}
    with pytest.raises(LrlabError, match=r"(?s)object.*given:   \{'thing'"):
        _ = Job(ARMS[0], 1.0, 0, 0, 2, 60, 6, {"thing": object()}).whole_config


def test_a_comparison_pairs_everything(quadratic):
    """Every arm at every LR on the same seeds and folds; whole folds come one after the other."""
    jobs = jobs_of(ARMS, quadratic.settings)
    assert len(jobs) == len(set((j.arm.name, j.lr, j.seed, j.fold) for j in jobs)) == 2 * 2 * 1 * 2
    assert [job.fold for job in jobs] == [0] * 4 + [1] * 4
    assert {(job.folds, job.updates, job.evals) for job in jobs} == {(2, 60, 6)}
    assert {job.seed for job in jobs_of(ARMS, quadratic.settings, first_seed=7)} == {7}


def test_a_comparison_that_cannot_be_carried_out_is_refused(quadratic):
    """Before anything is trained: two arms of one name, a schedule that does not fit."""
    with pytest.raises(LrlabError, match=r"same name"):
        jobs_of((ARMS[0], ARMS[0]), quadratic.settings)
    with pytest.raises(LrlabError, match=r"add up to 1000 of 60"):
        jobs_of((Arm("long", lr.warmup(1000) >> lr.cosine()),), quadratic.settings)


def test_a_comparison_begins_at_seed_0_with_one_thread():
    """Where nothing else is said, on a CPU; seeds, folds and LRs are those of the settings."""
    settings = Settings(updates=10, folds=2, seeds=2, lrs=(1.0, 2.0), evals=3)
    jobs = jobs_of([Arm("a", lr.constant())], settings)
    assert {(job.seed, job.fold, job.lr) for job in jobs} == {(s, f, x) for s in (0, 1) for f in (0, 1) for x in (1, 2)}
    assert {(job.updates, job.evals, job.folds, job.threads, job.device) for job in jobs} == {(10, 3, 2, 1, "cpu")}
    later = jobs_of([Arm("a", lr.constant())], settings, first_seed=5)
    assert {job.seed for job in later} == {5, 6}


def test_a_job_where_nothing_more_is_said():
    """One thread, on a CPU, with sets in the order that is pinned."""
    made = Job(ARMS[0], 1.0, 0, 0, 2, 60, 6)
    assert (made.config, made.threads, made.device, made.order) == ({}, 1, "cpu", "0")
