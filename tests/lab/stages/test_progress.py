"""What is told of a training on the way: every stage that has ended, for all jobs that went through it."""

import os

import lrlab as lr
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.progress import Effort, Trained
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store

QUADRATIC = os.path.join(os.path.dirname(os.path.dirname(__file__)), "quadratic.py") + ":train"
ARMS = [Arm(name, lr.wsd(warmup=0, decay=decay)) for name, decay in (("late", "20%"), ("early", "50%"))]


def stages(store, jobs):
    told = []
    task = load_task(QUADRATIC)
    _, effort = run_jobs(task, jobs, Store(store), Here(task), on_stage=told.append)
    return told, effort


def test_a_stage_is_told_for_every_job_that_went_through_it(tmp_path):
    """The common beginning once for both; what is stored is not told again."""
    jobs = [Job(arm, 1.0, 0, 0, 2, 60, 2) for arm in ARMS]
    told, effort = stages(tmp_path, jobs)
    assert all(type(stage) is Trained for stage in told)
    ways = sorted((stage.begin, stage.stop, sorted(job.arm.name for job in stage.jobs)) for stage in told)
    fork = ways[0][1]
    assert ways == [(0, fork, ["early", "late"]), (fork, 60, ["early"]), (fork, 60, ["late"])]
    assert effort == Effort(120, 60 + 60 - fork, 3)
    assert stages(tmp_path, jobs) == ([], Effort())


def test_an_effort_begins_with_nothing_and_adds_up():
    """Reasons once each."""
    assert (Effort().naive, Effort().trained, Effort().stages, Effort().alone) == (0, 0, 0, ())
    both = Effort(100, 60, 3, ("a", "b")) + Effort(50, 30, 2, ("b", "c"))
    assert both == Effort(150, 90, 5, ("a", "b", "c"))
    assert (both.saved, Effort().saved) == (0.4, 0.0)


def test_an_effort_is_told_in_a_sentence():
    """What sharing has saved, or that it saved nothing, and why."""
    assert str(Effort()) == ""
    assert str(Effort(100, 100, 2)) == "100 updates in 2 stages, every run alone"
    assert str(Effort(100, 100, 2, ("it draws", "no"))) == "100 updates in 2 stages, every run alone; for it draws"
    shared = (
        "75 updates in 3 stages instead of 100: 25% saved, because strategies that agree so far are trained together"
    )
    assert str(Effort(100, 75, 3)) == shared
    assert str(Effort(100, 75, 3, ("it draws",))) == f"{shared}; not more, for it draws"
