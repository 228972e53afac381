"""From a question to its runs: the plan, what is reused, and what an interruption costs."""

import dataclasses
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms import Arm, default_arms
from lrlab.lab.job import Job, train
from lrlab.lab.runner import plan, run_jobs
from lrlab.lab.task import load_task
from lrlab.record.store import Store

ARMS = (Arm("fixed", lr.constant()), Arm("cosine", lr.cosine()))


def test_the_plan_pairs_everything(quadratic):
    """Every arm at every LR on the same seeds and folds; whole folds come one after the other."""
    jobs = plan(ARMS, quadratic.settings)
    assert len(jobs) == len(set((j.arm.name, j.lr, j.seed, j.fold) for j in jobs)) == 2 * 2 * 1 * 2
    assert [job.fold for job in jobs] == [0] * 4 + [1] * 4
    assert {(job.folds, job.updates, job.evals) for job in jobs} == {(2, 60, 6)}
    assert {job.seed for job in plan(ARMS, quadratic.settings, first_seed=7)} == {7}


def test_a_plan_that_cannot_be_carried_out_is_refused(quadratic):
    """Before anything is trained: two arms of one name, a schedule that does not fit."""
    with pytest.raises(LrlabError, match=r"same name"):
        plan((ARMS[0], ARMS[0]), quadratic.settings)
    with pytest.raises(LrlabError, match=r"add up to 1000 of 60"):
        plan((Arm("long", lr.warmup(1000) >> lr.cosine()),), quadratic.settings)


@pytest.mark.parametrize("workers", [0, 2])
def test_runs_come_in_the_order_of_the_jobs_and_are_not_made_twice(quadratic, tmp_path, workers):
    """In this process or in others; the second call reads the store and trains nothing."""
    jobs, seen = plan(default_arms(), quadratic.settings), []
    runs = run_jobs(quadratic, jobs, Store(tmp_path), workers=workers, on_progress=seen.append)
    assert [(r.arm, r.lr, r.seed, r.fold) for r in runs] == [(j.arm.name, j.lr, j.seed, j.fold) for j in jobs]
    assert [p.done for p in seen] == list(range(1, len(jobs) + 1))
    assert {p.total for p in seen} == {len(jobs)}
    assert not any(p.reused for p in seen)
    assert seen[-1].seconds_left == 0
    again = []
    moved = dataclasses.replace(quadratic, function=None)
    assert run_jobs(moved, jobs, Store(tmp_path), workers=workers, on_progress=again.append) == runs
    assert all(p.reused for p in again)


def test_equal_jobs_are_trained_once_and_keep_their_names(quadratic, tmp_path):
    """Two arms may mean the same: one training, two results."""
    jobs = plan((*ARMS, Arm("half a cosine", lr.parse("cosine(to=0)"))), quadratic.settings)
    seen = []
    runs = run_jobs(quadratic, jobs, Store(tmp_path), workers=0, on_progress=seen.append)
    assert len(seen) == 8
    assert [r.arm for r in runs] == [j.arm.name for j in jobs]
    by_name = {(r.arm, r.lr, r.fold): r.score for r in runs}
    assert by_name["cosine", 1.0, 1] == by_name["half a cosine", 1.0, 1]


def test_a_number_of_workers_that_is_none_is_refused(quadratic, tmp_path):
    """Rather than waiting for ever."""
    with pytest.raises(LrlabError, match=r"(?s)workers.*-1"):
        run_jobs(quadratic, plan(ARMS, quadratic.settings), Store(tmp_path), workers=-1)


def test_an_interruption_loses_nothing_that_was_finished(quadratic, tmp_path):
    """Interrupted after three runs: three are stored, and the next call trains the rest."""
    jobs = plan(ARMS, quadratic.settings)

    def interrupt(progress):
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_jobs(quadratic, jobs, Store(tmp_path), workers=0, on_progress=interrupt)
    assert len(Store(tmp_path).listing().runs) == 3
    seen = []
    run_jobs(quadratic, jobs, Store(tmp_path), workers=0, on_progress=seen.append)
    assert [p.reused for p in seen].count(True) == 3
    assert len(seen) == len(jobs)


def test_a_damaged_run_is_made_again(quadratic, tmp_path):
    """Half a file is no run; its place is taken by the whole one."""
    jobs = plan(ARMS, quadratic.settings)
    runs = run_jobs(quadratic, jobs, Store(tmp_path), workers=0)
    path = tmp_path / f"{runs[0].key}.json"
    path.write_bytes(path.read_bytes()[:100])
    seen = []
    run_jobs(quadratic, jobs, Store(tmp_path), workers=0, on_progress=seen.append)
    assert [p.run.key for p in seen if not p.reused] == [runs[0].key]
    assert Store(tmp_path).listing().skipped == ()


def test_longer_jobs_begin_first(quadratic, tmp_path):
    """So that the last worker is not left alone with the longest."""
    jobs = [Job(ARMS[0], 1.0, 0, 0, 2, updates, 1) for updates in (5, 50, 20)]
    seen = []
    runs = run_jobs(quadratic, jobs, Store(tmp_path), workers=0, on_progress=lambda p: seen.append(p.run.updates))
    assert seen == [50, 20, 5]
    assert [r.updates for r in runs] == [5, 50, 20]


def test_a_source_that_changes_while_it_is_trained_is_noticed(quadratic, tmp_path):
    """Half of the runs by one text and half by another would be no comparison."""
    path = tmp_path / "mine.py"
    path.write_text(Path(quadratic.text.removesuffix(":train")).read_text())
    task = load_task(f"{path}:train")
    path.write_text(path.read_text() + "\n# changed\n")
    with pytest.raises(LrlabError, match=r"mine:train changed while"):
        run_jobs(task, plan(ARMS, task.settings), Store(tmp_path / "runs"), workers=1)
    changed = load_task(f"{path}:train")
    (kept,) = Store(tmp_path / "runs").listing().runs
    assert kept.key == train(changed, plan(ARMS, task.settings)[0]).key
