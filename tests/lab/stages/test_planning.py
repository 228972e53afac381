"""The plan: what the engine then does, counted before; nothing is spent on it."""

import dataclasses

import pytest

import lrlab as lr
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.stages.planning import Pace, StagePlan, measured, plan_of
from lrlab.record.runs.store import Store

ARMS = tuple(Arm(f"{decay}", lr.wsd(warmup=0, decay=decay)) for decay in ("20%", "40%", "60%"))


def test_the_plan_is_what_happens(quadratic, tmp_path):
    """Updates and stages exactly; afterwards nothing is left to do."""
    jobs = jobs_of(ARMS, quadratic.settings)
    plan = plan_of(quadratic, jobs, Store(tmp_path), workers=2)
    assert not any(tmp_path.iterdir())
    _, effort = run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic))
    assert (plan.naive, plan.shared, plan.stages, plan.saved) == (
        effort.naive,
        effort.trained,
        effort.stages,
        effort.saved,
    )
    assert (plan.total, plan.runs, plan.critical) == (12, 12, 60)
    after = plan_of(quadratic, jobs, Store(tmp_path), workers=2)
    assert (after.runs, after.shared, after.seconds) == (0, 0, None)
    assert str(after).splitlines()[0] == "12 runs, 12 of them stored"
    assert "the key of a run covers the code of 1 file" in str(after)
    assert "if training can fork at any update" in str(plan)  # which a loader may not allow


def test_the_plan_says_what_it_is_about(quadratic, tmp_path):
    """In words; 'about' where controllers may act, the time where the pace is known."""
    settings = dataclasses.replace(quadratic.settings, folds=1, lrs=(1.0,))
    jobs = jobs_of((*ARMS, Arm("plateau", lr.plateau())), settings)
    plan = plan_of(quadratic, jobs, Store(tmp_path), workers=2, pace=Pace(0.5, 1))
    assert plan.reactive
    assert f"240 updates each alone, about {plan.shared} in 7 stages" in str(plan)
    assert plan.seconds == 0.5 * max(60, plan.shared / 2)
    assert "at least 60 updates one after the other" in str(plan)
    assert "measure" not in str(plan)


def test_the_pace_is_measured_without_storing_anything(quadratic, tmp_path):
    """How long an update takes, and where training may fork."""
    slow = jobs_of(ARMS, quadratic.settings, config={"slow": 0.002})[0]
    pace = measured(quadratic, slow)
    assert 0.002 <= pace.seconds < 0.2
    assert pace.every == 1
    epochs = dataclasses.replace(quadratic, function=lambda run: quadratic.function(Epochs(run)))
    assert measured(epochs, slow).every == 7
    assert not any(tmp_path.iterdir())


def test_the_pace_of_what_diverges_at_once_is_not_known(quadratic):
    """There is no second update to measure by."""

    made = quadratic.function.__globals__

    def diverging(run):
        run.track(opt=made["SGD"](made["Model"](), lr=0.1))
        for _ in run.steps([0]):
            run.log(loss=float("nan"))

    job = jobs_of(ARMS, quadratic.settings)[0]
    assert measured(dataclasses.replace(quadratic, function=diverging), job).seconds == 0.0


class Epochs:
    """The run with a loader that has a length and no order."""

    def __init__(self, run):
        self.__dict__ = {"_run": run}

    def __getattr__(self, name):
        return getattr(self._run, name)

    def steps(self, batches):
        return self._run.steps(dict.fromkeys(batches[:7], 0))


def test_the_words_of_a_plan():
    """With all its numbers; what is saved as a share of the updates, and the longest way as the least time."""
    plan = StagePlan(30, 20, naive=3000, shared=1200, stages=70, critical=100, workers=4, pace=Pace(0.1, 1))
    assert (plan.saved, plan.seconds) == (0.6, pytest.approx(30.0))
    assert str(plan).splitlines() == [
        "30 runs, 10 of them stored",
        "3000 updates each alone, 1200 in 70 stages: 60% saved",
        "at least 100 updates one after the other",
        "at least 30 s with 4 at once, evaluations aside",
    ]
    assert dataclasses.replace(plan, workers=20).seconds == pytest.approx(10.0)
    assert dataclasses.replace(plan, workers=0).seconds == pytest.approx(120.0)
    widens = str(dataclasses.replace(plan, widens=True)).splitlines()
    assert widens[3] == "and more where the best LR of an arm is at an edge: lrs=(...) stays at these"
    assert "about 1200 in" in str(dataclasses.replace(plan, reactive=True))
    alone = dataclasses.replace(plan, pace=None, shared=3000, covers=("the key",))
    assert str(alone).splitlines()[1:] == [
        "3000 updates each alone, 3000 in 70 stages: 0% saved",
        "at least 100 updates one after the other",
        "the key",
    ]
    assert "if training can fork at any update" in str(dataclasses.replace(plan, pace=None))
    assert StagePlan(3, 0, naive=0, shared=0, stages=0, critical=0, workers=1).saved == 0.0


def test_cells_that_are_alike_are_counted_for_each_of_them(quadratic, tmp_path):
    """Two folds and two seeds take four times as long; forks every so many updates share less."""
    settings = dataclasses.replace(quadratic.settings, folds=1, seeds=1, lrs=(1.0,))
    one = plan_of(quadratic, jobs_of(ARMS, settings), Store(tmp_path), workers=1)
    four = plan_of(
        quadratic, jobs_of(ARMS, dataclasses.replace(settings, folds=2, seeds=2)), Store(tmp_path), workers=1
    )
    assert (four.shared, four.stages, four.naive) == (4 * one.shared, 4 * one.stages, 4 * one.naive)
    assert one.shared < plan_of(quadratic, jobs_of(ARMS, settings), Store(tmp_path), workers=1, fork_every=25).shared
    never = plan_of(quadratic, jobs_of(ARMS, settings), Store(tmp_path), workers=1, fork_every=0)
    assert never.shared == never.naive
    both = plan_of(quadratic, jobs_of(ARMS, settings), Store(tmp_path), workers=1, fork_every=4, pace=Pace(0.1, 6))
    alone = plan_of(quadratic, jobs_of(ARMS, settings), Store(tmp_path), workers=1, fork_every=12)
    assert both.shared == alone.shared  # a multiple of both


def test_twenty_updates_measure_the_pace(quadratic):
    """Or all of a shorter run."""
    for updates, trained in ((60, 20), (20, 20), (7, 7)):
        seen = []

        def counted(run, seen=seen):
            quadratic.function(run)
            seen.append((run.updates, len(run.evals["val_loss"].updates)))

        settings = dataclasses.replace(quadratic.settings, updates=updates)
        measured(dataclasses.replace(quadratic, function=counted), jobs_of(ARMS, settings)[0])
        assert seen == [(trained, 1)]


def test_a_finished_comparison_takes_nothing(quadratic, tmp_path):
    """No way to go, nothing to train; the order of sets that counts is that of its jobs."""
    jobs = jobs_of(ARMS, dataclasses.replace(quadratic.settings, folds=1, lrs=(1.0,)))
    run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic))
    plan = plan_of(quadratic, jobs, Store(tmp_path), workers=2)
    whole = (plan.total, plan.runs, plan.naive, plan.shared, plan.stages, plan.critical, plan.reactive)
    assert whole == (len(jobs), 0, 0, 0, 0, 0, False)
    assert plan_of(quadratic, [], Store(tmp_path), workers=2).total == 0
    assert plan_of(quadratic, jobs[:1], Store(tmp_path), workers=2).total == 1


@pytest.mark.parametrize(("order", "can", "said"), [("0", False, False), ("a9", False, True), ("a9", True, False)])
def test_threads_that_are_not_pinned_are_said(quadratic, tmp_path, monkeypatch, order, can, said):
    """A worker has pinned them; this process may not be able to. One job is a comparison, too."""
    monkeypatch.setattr("lrlab.lab.stages.planning.can_pin_numpy", lambda threads: can)
    job = dataclasses.replace(jobs_of(ARMS, quadratic.settings)[0], order=order)
    plan = plan_of(quadratic, [job], Store(tmp_path), workers=1)
    assert ("NumPy's threads are not pinned" in str(plan)) == said
    assert plan.critical == 60
