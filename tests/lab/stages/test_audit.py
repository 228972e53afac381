"""The audit catches whatever makes a forked run another than the run alone; each known trap is a failing fixture."""

import dataclasses
import json
import math
import os

import pytest

import lrlab as lr
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.audit import Audit, AuditedRun, _compared, audited
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.task.declaration import Settings, task_of
from lrlab.record.runs.store import Store

ARMS = tuple(Arm(decay, lr.wsd(warmup=0, decay=decay)) for decay in ("20%", "50%"))


class Rates:
    """An optimizer that has nothing but its LR."""

    def __init__(self):
        self.param_groups = [{"lr": 1.0}]

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


def study(task, folder, updates=60, **config):
    """Runs out of shared stages, and their jobs."""
    jobs = jobs_of(ARMS, dataclasses.replace(task.settings, folds=1, updates=updates), config=config)
    _, effort = run_jobs(task, jobs, Store(folder), Here(task))
    assert effort.saved > 0.1
    return jobs


def test_what_is_right_passes(network, tmp_path):
    """Every run; it leaves nothing behind in the store."""
    jobs = study(network, tmp_path)
    before = sorted(tmp_path.iterdir())
    audit = audited(network, jobs, Store(tmp_path), 9, Here(network))
    assert (len(audit.findings), audit.passed) == (2, True)
    assert str(audit) == "2 runs of 2 that came out of forks trained again alone: identical to the last bit"
    assert sorted(tmp_path.iterdir()) == before


def test_it_is_drawn_among_the_runs_that_came_out_of_forks_the_deepest_first(quadratic, tmp_path):
    """Most of the arms share nothing: to train those again would prove nothing."""
    alone = tuple(Arm(f"{k}", lr.constant(level=0.5 + k / 100)) for k in range(12))
    deep = (Arm("late", lr.wsd(warmup=0, decay="20%")), Arm("later", lr.wsd(warmup=0, decay="10%")))
    settings = dataclasses.replace(quadratic.settings, folds=1, lrs=(1.0,))
    jobs = jobs_of((*alone, ARMS[1], *deep), settings)
    run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic))
    for _ in range(3):
        audit = audited(quadratic, jobs, Store(tmp_path), 2, Here(quadratic))
        assert audit.forked == 3
        assert {finding.job.split(",")[0] for finding in audit.findings} == {"arm late", "arm later"}


def test_a_study_without_forks_has_nothing_to_audit(quadratic, tmp_path):
    """Each run was alone already, and that is said."""
    jobs = jobs_of(ARMS, dataclasses.replace(quadratic.settings, folds=1))
    run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic), fork_every=0)
    audit = audited(quadratic, jobs, Store(tmp_path), 2, Here(quadratic))
    assert (audit.findings, audit.passed) == ((), True)
    assert str(audit) == "no run came out of a fork: each was trained alone"


@pytest.fixture
def unheld(monkeypatch):
    """Forks are held to nothing: what would be seen there is for the audit to find."""
    monkeypatch.setattr("lrlab.lab.training.fork.Lookout.look", lambda self, *given: {})
    monkeypatch.setattr("lrlab.lab.training.fork.Lookout.watch_outside", lambda self, tracked: None)


@pytest.mark.parametrize("trap", ["buffers", "optimizer", "random numbers"])
def test_state_that_nobody_tracks_is_caught(network, tmp_path, unheld, trap):
    """BatchNorm's running statistics, the optimizer's moments, random numbers of one's own."""
    jobs = study(network, tmp_path, trap=trap)
    audit = audited(network, jobs, Store(tmp_path), 9, Here(network))
    assert not audit.passed
    assert str(audit).startswith("NOT IDENTICAL")
    assert audit.record()["findings"][0]["largest"] > 0


def test_a_loader_that_remembers_is_caught(network, tmp_path, unheld):
    """Where the forks were not told by its place, the audit tells."""
    jobs = study(network, tmp_path, loader="remembers")
    assert not audited(network, jobs, Store(tmp_path), 9, Here(network)).passed


def test_a_stateful_loader_that_is_right_passes(network, tmp_path):
    """Its state is tracked as anything else's; it forks where a pass ends."""
    jobs = study(network, tmp_path, loader="stateful")
    assert audited(network, jobs, Store(tmp_path), 9, Here(network)).passed


def test_a_stateful_loader_that_does_not_restore_its_generator_is_caught(network, tmp_path, unheld):
    """Each pass after a fork has another order."""
    jobs = study(network, tmp_path / "audited", loader="stateful, with a generator")
    audit = audited(network, jobs, Store(tmp_path / "audited"), 9, Here(network))
    assert not audit.passed
    assert audit.record()["findings"][0]["largest"] > 0


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two cores")
def test_unpinned_threads_are_caught(network, tmp_path, monkeypatch):
    """The task sets them by the machine it is on: here one, there two."""
    monkeypatch.setattr("lrlab.lab.stages.executor.changed_since", lambda decided: ())  # another machine asks anew
    monkeypatch.setenv("THREADS_OF_THE_TEST", "1")
    jobs = study(network, tmp_path, updates=24, trap="threads", loader="generator")
    monkeypatch.setenv("THREADS_OF_THE_TEST", "2")
    assert not audited(network, jobs, Store(tmp_path), 9, Here(network)).passed


def test_a_run_that_diverged_or_reports_nan_is_held_against_its_like(tmp_path):
    """NaN equals NaN here: what trains the same is not called different for it."""

    def train(run):
        run.track(opt=(opt := Rates()))
        for update, _ in run.steps([0]):
            run.log(loss=math.nan if update > 8 and opt.param_groups[0]["lr"] < 0.5 else 1.0)
            if run.eval_now:
                run.report(val_loss=1.0, other=math.nan)

    task = dataclasses.replace(task_of(train), settings=Settings(updates=12, folds=1, lrs=(1.0,)))
    jobs = study(task, tmp_path, updates=12)
    audit = audited(task, jobs, Store(tmp_path), 9, Here(task))
    assert audit.passed
    assert {run.outcome for run in Store(tmp_path).listing().runs} == {"diverged"}


def test_the_record_is_strict_json():
    """Where one diverged and the other did not, no number says how far they are apart."""
    audit = Audit((AuditedRun("a", False, math.inf),))
    assert json.loads(json.dumps(audit.record(), allow_nan=False))["findings"][0]["largest"] == "inf"
    assert str(audit) == "NOT IDENTICAL: 1 of 1 runs trained again alone differs (a: another course)"


def test_nothing_is_claimed_of_nothing():
    """Whatever was to be trained again may have been pruned in between."""
    assert not Audit(()).passed
    assert "identical" not in str(Audit(()))


def test_the_worst_is_named():
    """Which run, and by how much."""
    audit = Audit((AuditedRun("a", True, 0.0), AuditedRun("b", False, 1e-6), AuditedRun("c", False, 0.5)))
    assert str(audit) == "NOT IDENTICAL: 2 of 3 runs trained again alone differ (c: by up to 0.5 of the metric)"
    assert audit.record()["passed"] is False


def test_the_largest_difference_is_a_share_of_the_greater_value(quadratic, tmp_path):
    """Infinite where only one diverged or was evaluated as often; 0 where the metric is the same."""
    job = study(quadratic, tmp_path)[0]
    (run,), _ = run_jobs(quadratic, [job], Store(tmp_path), Here(quadratic))
    judged = run.evals[run.metric]

    def against(values, **changes):
        series = dataclasses.replace(judged, updates=judged.updates[: len(values)], values=values)
        found = _compared(job, run, dataclasses.replace(run, evals={run.metric: series}, **changes))
        return found.identical, found.largest

    first, *rest = judged.values
    assert against(judged.values, seconds=9.0) == (True, 0.0)
    assert against((2 * first, *rest)) == (False, pytest.approx(0.5))
    assert against((first / 4, *rest)) == (False, pytest.approx(0.75))
    assert against((2 * first, *(4 * value for value in rest)))[1] == pytest.approx(0.75)
    assert against(judged.values[:-1]) == (False, math.inf)
    assert against(judged.values, outcome="diverged") == (False, math.inf)
    assert against((math.nan, *rest)) == (False, 0.0)
