"""From jobs to runs by way of the stage tree: the same bits as alone, nothing twice, whatever is killed in between."""

import dataclasses
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm, default_arms
from lrlab.lab.arms.controls import ControlTrace
from lrlab.lab.arms.tree import tree, updates_of
from lrlab.lab.executors.named import opened
from lrlab.lab.stages.engine import TaskError, _left, _named, run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import Job, jobs_of
from lrlab.lab.stages.progress import Effort
from lrlab.lab.stages.recipe import cell_of
from lrlab.lab.stages.resources import Resources
from lrlab.lab.stages.stage import train
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.states import States, Torn
from lrlab.record.runs.store import Store

ARMS = (Arm("fixed", lr.constant()), Arm("cosine", lr.cosine()))

# Arms that share long prefixes, some of them driven by reports.
FAMILY = (
    Arm("fixed", lr.constant()),
    Arm("late", lr.wsd(warmup=0, decay="20%")),
    Arm("early", lr.wsd(warmup=0, decay="60%")),
    Arm("early, straight", lr.wsd(warmup=0, decay="60%", shape="linear")),
    Arm("steps", lr.multistep(["30%", "70%"], gamma=0.3)),
    Arm("plateau", lr.plateau(patience=1, factor=0.5)),
    Arm("slow plateau", lr.plateau(patience=3, factor=0.5)),
    Arm("decay on a plateau", lr.wsd(warmup=0, decay="20%") * lr.plateau(patience=1, factor=0.5)),
    Arm("averaged", lr.constant(), averaging=0.2),
    Arm("averaged, then late", lr.wsd(warmup=0, decay="20%"), averaging=0.2),
)


def pooled(task, jobs, store, workers, **how):
    """Train in worker processes, or with none in this one."""
    with opened(Resources(workers), task) as executor:
        return run_jobs(task, jobs, store, executor, **how)


def same(run, other):
    """Equal to the last bit; how long it took aside."""
    return dataclasses.replace(run, seconds=other.seconds) == other


def reference(jobs):
    """The size of the stage tree of open-loop jobs: updates and stages."""
    cells = {}
    for job in jobs:
        key = (job.seed, job.fold, job.arm.averaging, str(job.whole_config))
        cells.setdefault(key, []).append(ControlTrace(job.regime, job.updates))
    trees = [tree(controls, jobs[0].updates) for controls in cells.values()]
    return sum(map(updates_of, trees)), sum(map(len, trees))


@pytest.mark.parametrize("workers", [0, 2])
def test_runs_come_in_the_order_of_the_jobs_and_are_not_made_twice(quadratic, tmp_path, workers):
    """In this process or in others; the second call reads the store and trains nothing."""
    jobs, seen = jobs_of(default_arms(), quadratic.settings), []
    runs, effort = pooled(quadratic, jobs, Store(tmp_path), workers, on_progress=seen.append)
    assert [(r.arm, r.lr, r.seed, r.fold) for r in runs] == [(j.arm.name, j.lr, j.seed, j.fold) for j in jobs]
    assert [p.done for p in seen] == list(range(1, len(jobs) + 1))
    assert {p.total for p in seen} == {len(jobs)}
    assert not any(p.reused for p in seen)
    assert seen[0].seconds_left is None
    assert seen[-1].seconds_left == 0
    assert effort.naive == sum(job.updates for job in jobs)
    again = []
    moved = dataclasses.replace(quadratic, function=None)
    assert pooled(moved, jobs, Store(tmp_path), workers, on_progress=again.append) == (runs, Effort())
    assert all(p.reused for p in again)


def test_the_steps_that_are_executed_are_the_size_of_the_tree(quadratic, tmp_path):
    """Exactly, counted by the training function itself."""
    log = tmp_path / "log"
    jobs = jobs_of([arm for arm in FAMILY if "plateau" not in arm.name], quadratic.settings, config={"log": str(log)})
    _, effort = run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic))
    updates, stages = reference(jobs)
    assert (effort.trained, effort.stages) == (updates, stages)
    assert len(log.read_text().splitlines()) == updates
    assert effort.saved > 0.3


@pytest.mark.parametrize("evals", [6, 7])
def test_shared_is_alone_to_the_last_bit(quadratic, tmp_path, evals):
    """Every loss, evaluation, decision and the state at the end; with arms that are driven by reports."""
    jobs = jobs_of(FAMILY, dataclasses.replace(quadratic.settings, evals=evals))
    runs, effort = run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic))
    assert all(itertools.starmap(same, zip(runs, (train(quadratic, job) for job in jobs), strict=True)))
    assert any(run.decisions for run in runs)
    assert effort.saved > 0.2
    assert all(run.fingerprint for run in runs)


LOADERS = ["shuffled", "with a generator", "list", "generator", "batches", "sampler", "iterator"]


@pytest.mark.parametrize("kind", LOADERS)
def test_any_loader_is_taken_up_again_where_it_was(network, tmp_path, kind):
    """BatchNorm, dropout, AdamW, three kinds of random numbers; forks anywhere, at the ends of epochs, or nowhere."""
    settings = dataclasses.replace(network.settings, folds=1)
    jobs = jobs_of(FAMILY[2:6], settings, config={"loader": kind})
    runs, effort = run_jobs(network, jobs, Store(tmp_path), Here(network))
    assert all(itertools.starmap(same, zip(runs, (train(network, job) for job in jobs), strict=True)))
    assert (effort.saved > 0.1) == (kind != "iterator")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("remembers", "a range_iterator in the batches"),
        ("remembers, shuffled", "a list_iterator in the batches"),
        ("stateful, with a generator", "the next batch"),
        ("iterator", "a cycle cannot be taken up again"),
    ],
)
def test_what_cannot_be_taken_up_again_is_trained_alone_and_the_reason_is_said(network, tmp_path, kind, said):
    """A generator around a loader, a state that does not lead to the same batches, an iterator; never other bits."""
    jobs = jobs_of(FAMILY[:3], dataclasses.replace(network.settings, folds=1), config={"loader": kind})
    runs, effort = run_jobs(network, jobs, Store(tmp_path), Here(network))
    assert all(itertools.starmap(same, zip(runs, (train(network, job) for job in jobs), strict=True)))
    assert effort.saved <= 0
    assert said in effort.alone[0]


def test_why_arms_that_agree_go_alone_is_said(network, tmp_path):
    """A plateau that listens in the middle of an epoch; arms that part within the first."""
    settings = dataclasses.replace(network.settings, folds=1, evals=7)
    plateau = (Arm("fixed", lr.constant()), Arm("plateau", lr.plateau(patience=3, factor=0.5)))
    _, effort = run_jobs(network, jobs_of(plateau, settings), Store(tmp_path / "a"), Here(network))
    assert "every 11 updates" in str(effort)
    assert "plateau listens to evaluations in between" in str(effort)
    early = (Arm("fixed", lr.constant()), Arm("early", lr.wsd(warmup=0, decay="90%")))
    _, effort = run_jobs(network, jobs_of(early, settings), Store(tmp_path / "b"), Here(network))
    assert "every run alone; for" in str(effort)
    assert "early part before" in str(effort)


def test_a_place_where_training_cannot_go_on_is_not_tried_again(network, tmp_path):
    """The state before the fork is dropped: the next study begins at once alone."""
    jobs = jobs_of(FAMILY[:4], dataclasses.replace(network.settings, folds=1), config={"trap": "buffers"})
    _, effort = run_jobs(network, jobs[:3], Store(tmp_path), Here(network))
    assert "running_mean" in effort.alone[0]
    _, effort = run_jobs(network, jobs[3:], Store(tmp_path), Here(network))
    assert effort.trained == 60


def across(task, folder, threads, workers):
    """Stages in worker processes, the runs alone in fresh ones."""
    jobs = jobs_of(FAMILY[1:6], dataclasses.replace(task.settings, folds=1), threads=threads)
    runs, effort = pooled(task, jobs, Store(folder / "shared"), workers)
    alone, naive = pooled(task, jobs, Store(folder / "alone"), workers, fork_every=0)
    assert all(itertools.starmap(same, zip(runs, alone, strict=True)))
    assert (effort.saved > 0.1, naive.saved) == (True, 0)


def test_shared_is_alone_across_processes(quadratic, tmp_path):
    """Whoever trains what."""
    across(quadratic, tmp_path, 1, 2)


@pytest.mark.exhaustive
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_network_is_the_same_across_processes(network, tmp_path, threads, workers):
    """With one thread and with two."""
    across(network, tmp_path, threads, workers)


def test_forks_may_be_kept_to_multiples(quadratic, tmp_path):
    """Of a number of updates: what lies between the last of them and where the arms part is trained by each."""
    jobs = jobs_of(FAMILY[:3], dataclasses.replace(quadratic.settings, folds=1, lrs=(1.0,)))
    runs, effort = run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic), fork_every=20)
    controls = [ControlTrace(job.regime, job.updates) for job in jobs]
    assert effort.trained == updates_of(tree(controls, 60, 20)) == 60 + 40 + 20
    assert all(itertools.starmap(same, zip(runs, (train(quadratic, job) for job in jobs), strict=True)))


def test_a_later_study_goes_on_from_the_states_of_an_earlier_one(quadratic, tmp_path):
    """Whatever its arms are called; here the new arm leaves the trunk where another did before."""
    settings = dataclasses.replace(quadratic.settings, folds=1, lrs=(1.0,))
    run_jobs(quadratic, jobs_of(FAMILY[:3], settings), Store(tmp_path), Here(quadratic))
    new = jobs_of((Arm("new", lr.wsd(warmup=0, decay="60%", to=0.5)),), settings)
    (run,), effort = run_jobs(quadratic, new, Store(tmp_path), Here(quadratic))
    assert (effort.trained, effort.naive) == (35, 60)
    assert same(run, train(quadratic, new[0]))


def test_arms_may_schedule_more_than_the_lr(network, tmp_path):
    """Momentum and weight decay, too, are what arms share or part by."""
    arms = (
        Arm("late", lr.wsd(warmup=0, decay="20%"), also={"beta1": lr.wsd(warmup=0, decay="40%") * 0.9}),
        Arm("early", lr.wsd(warmup=0, decay="60%"), also={"beta1": lr.constant(level=0.9)}),
        Arm("fixed", lr.constant(), also={"beta1": lr.constant(level=0.9)}),
        Arm("the LR alone", lr.constant()),
    )
    jobs = jobs_of(arms, dataclasses.replace(network.settings, folds=1), config={"loader": "generator"})
    runs, effort = run_jobs(network, jobs, Store(tmp_path), Here(network))
    assert all(itertools.starmap(same, zip(runs, (train(network, job) for job in jobs), strict=True)))
    assert effort.trained == 60 + (60 + 60 - 37 + 60 - 25)
    assert len({run.fingerprint for run in runs[:3]}) == 3


@pytest.mark.parametrize("kind", ["shuffled", "with a generator", "generator", "sampler"])
def test_states_on_the_way_change_nothing(network, tmp_path, monkeypatch, kind):
    """Stored wherever training could fork; and gone on from where the ends are lost."""
    monkeypatch.setattr("lrlab.lab.training.run.KEEP_EVERY", 0.0)
    jobs = jobs_of(FAMILY[:3], dataclasses.replace(network.settings, folds=1), config={"loader": kind})
    alone = [train(network, job) for job in jobs]
    runs, _ = run_jobs(network, jobs, Store(tmp_path), Here(network))
    assert all(itertools.starmap(same, zip(runs, alone, strict=True)))
    for path in [*tmp_path.glob("*.json"), *tmp_path.glob("states/*/*.end/state.json")]:
        path.unlink()
    runs, effort = run_jobs(network, jobs, Store(tmp_path), Here(network))
    assert all(itertools.starmap(same, zip(runs, alone, strict=True)))
    assert effort.trained <= 3 * 11


def test_divergence_in_a_shared_stage_is_the_result_of_all_its_arms(quadratic, tmp_path):
    """Once trained, the same for each; and it is not trained again."""
    jobs = jobs_of(FAMILY[:2], dataclasses.replace(quadratic.settings, folds=1, lrs=(10.0,), updates=200))
    runs, effort = run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic))
    assert [run.outcome for run in runs] == ["diverged"] * 2
    assert effort.stages == 1
    assert all(itertools.starmap(same, zip(runs, (train(quadratic, job) for job in jobs), strict=True)))


@pytest.mark.parametrize("trouble", ["raise below", "die below"])
def test_what_fails_takes_only_those_along_that_depend_on_it(quadratic, tmp_path, trouble):
    """The others are finished; every failed run is named with its cause; and the same call trains only what failed."""
    path = tmp_path / "level"
    path.write_text("0.5")
    jobs = jobs_of(FAMILY[:5], quadratic.settings, config={trouble: str(path)})
    fine = {(job.arm.name, job.lr) for job in jobs if min(job.regime.schedule.over(60).values()) * job.lr >= 0.5}
    with pytest.raises(TaskError) as caught:
        pooled(quadratic, jobs, Store(tmp_path), 2)
    said = str(caught.value)
    stored = Store(tmp_path).listing().runs
    assert {(run.arm, run.lr) for run in stored} == fine != set()
    assert said.startswith(f"{len(jobs) - len(stored)} of {len(jobs)} runs failed")
    cause = "RuntimeError: out of cheese" if trouble == "raise below" else "3 worker processes died of it, exit code 9"
    assert all((f"  {job.title}: {cause}" in said) == ((job.arm.name, job.lr) not in fine) for job in jobs)
    path.write_text("0")
    before = sum(place.at for _, place in States(tmp_path).stored())
    runs, effort = pooled(quadratic, jobs, Store(tmp_path), 2)
    assert all(itertools.starmap(same, zip(runs, (train(quadratic, job) for job in jobs), strict=True)))
    assert 0 < effort.trained < before


def test_failures_are_counted_and_told(quadratic):
    """How many of how many; those that were given up when the first all failed alike; and the whole of the first."""
    jobs = jobs_of(FAMILY[:5], quadratic.settings)
    failed = [(job, f"cause {k}\n  in line {k}") for k, job in enumerate(jobs[:3])]
    told = [f"  {job.title}: cause {k}" for k, job in enumerate(jobs[:3])]
    first = ["", "The first of them:", "  in line 0"]
    rest = "the others are stored, and the same line goes on with these"
    assert _named(failed, 10, False).splitlines() == [f"3 of 10 runs failed; {rest}", *told, *first]
    rest = "all alike, and none got anywhere: 7 more were not begun"
    assert _named(failed, 10, True).splitlines() == [f"3 of 10 runs failed; {rest}", *told, *first]
    assert "not begun" not in _named(failed, 3, True)
    assert _named([(jobs[0], "a cause")], 1, False).splitlines()[1:] == [f"  {jobs[0].title}: a cause"]


def test_the_seconds_left_are_those_of_the_runs_so_far():
    """The mean time between two, for each that is missing; told from two runs on, and after a twentieth of all."""
    assert _left([5.0], 4) is None
    assert _left([5.0, 8.0], 4) == 6.0
    assert _left([5.0, 8.0, 9.0], 7) == (9.0 - 5.0) / 2 * 4
    assert _left([5.0, 8.0, 9.0], 3) == 0
    assert _left([1.0] * 5, 100) is None
    assert _left([0.0, 2.0, 4.0, 6.0, 8.0, 10.0], 100) == 2.0 * 94


def test_equal_jobs_are_trained_once_and_keep_their_names(quadratic, tmp_path):
    """Two arms may mean the same, by their text or by their values: one training, two results."""
    arms = (*ARMS, Arm("half a cosine", lr.parse("cosine(to=0)")), Arm("steps of none", lr.multistep([30], gamma=1.0)))
    jobs = jobs_of(arms, quadratic.settings)
    runs, effort = run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic))
    assert [r.arm for r in runs] == [j.arm.name for j in jobs]
    by_name = {(r.arm, r.lr, r.fold): r.score for r in runs}
    assert by_name["cosine", 1.0, 1] == by_name["half a cosine", 1.0, 1]
    assert by_name["fixed", 1.0, 1] == by_name["steps of none", 1.0, 1]
    assert effort.trained <= 2 * 60 * 4


def test_the_configuration_of_an_arm_reaches_the_task_and_parts_it_from_others(quadratic, tmp_path):
    """On top of the study's own; two arms of one schedule and two configurations share nothing."""
    arms = (Arm("a", lr.constant(), config={"slow": 0}), Arm("b", lr.constant(), config={"slow": 0.0001}))
    settings = dataclasses.replace(quadratic.settings, folds=1, lrs=(1.0,))
    (a, b), effort = run_jobs(quadratic, jobs_of(arms, settings), Store(tmp_path), Here(quadratic))
    assert effort.saved == 0
    assert (a.loss, a.key != b.key) == (b.loss, True)


def test_an_interruption_loses_nothing_that_was_finished(quadratic, tmp_path):
    """Interrupted after three runs: three are stored, and the next call trains the rest."""
    jobs = jobs_of(ARMS, quadratic.settings)

    def interrupt(progress):
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic), on_progress=interrupt)
    assert len(Store(tmp_path).listing().runs) == 3
    seen = []
    run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic), on_progress=seen.append)
    assert [p.reused for p in seen].count(True) == 3
    assert len(seen) == len(jobs)


def test_a_damaged_run_is_there_again(quadratic, tmp_path):
    """Half a file is not a run; its place is taken by the whole one, from the state at its end."""
    jobs = jobs_of(ARMS, quadratic.settings)
    runs, _ = run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic))
    path = tmp_path / f"{runs[0].key}.json"
    path.write_bytes(path.read_bytes()[:100])
    seen = []
    again, effort = run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic), on_progress=seen.append)
    assert [p.run.key for p in seen if not p.reused] == [runs[0].key]
    assert (again, effort.trained) == (runs, 0)
    assert Store(tmp_path).listing().skipped == ()


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "cut record", "no record"])
def test_a_torn_state_is_made_again(quadratic, network, tmp_path, damage):
    """Cut short, changed on the disk, or half there: never trained from."""
    jobs = jobs_of(FAMILY[:3], dataclasses.replace(network.settings, folds=1), config={"loader": "generator"})
    runs, _ = run_jobs(network, jobs, Store(tmp_path), Here(network))
    for path in tmp_path.glob("*.json"):
        path.unlink()
    for end in tmp_path.glob("states/*/*.end"):
        (end / "state.json").write_text("{")
    for tensors in tmp_path.glob("states/*/*/tensors.safetensors"):
        whole, record = tensors.read_bytes(), tensors.with_name("state.json")
        if damage == "cut":
            tensors.write_bytes(whole[: len(whole) // 2])
        elif damage == "changed":
            tensors.write_bytes(whole[:-8] + bytes(255 - byte for byte in whole[-8:]))
        elif damage == "gone":
            tensors.unlink()
        elif damage == "cut record":
            record.write_bytes(record.read_bytes()[:99])
        else:
            record.unlink()
    again, effort = run_jobs(network, jobs, Store(tmp_path), Here(network))
    assert all(itertools.starmap(same, zip(again, runs, strict=True)))
    assert effort.trained >= reference(jobs)[0]


def test_a_source_that_changes_while_it_is_trained_is_noticed(quadratic, tmp_path):
    """Half of the runs by one text and half by another would be no comparison."""
    path = tmp_path / "mine.py"
    path.write_text(Path(quadratic.text.removesuffix(":train")).read_text())
    task = load_task(f"{path}:train")
    path.write_text(path.read_text() + "\n# changed\n")
    with pytest.raises(LrlabError, match=r"mine:train changed while"):
        pooled(task, jobs_of(ARMS, task.settings), Store(tmp_path / "runs"), 1)
    assert Store(tmp_path / "runs").listing().runs == ()


def test_a_function_in_no_file_is_trained_here_or_not_at_all(quadratic, tmp_path):
    """Other processes could not find it; what to do is said."""
    homeless = dataclasses.replace(quadratic, text="")
    jobs = jobs_of(ARMS, quadratic.settings)
    with pytest.raises(LrlabError, match=r"(?s)in no file.*workers=0"):
        pooled(homeless, jobs, Store(tmp_path), 1)
    assert len(run_jobs(homeless, jobs, Store(tmp_path), Here(homeless))[0]) == len(jobs)


def test_states_that_nobody_waits_for_are_forgotten_beyond_a_budget(quadratic, tmp_path, monkeypatch):
    """Those that somebody waits for are not: the runs are the same."""
    monkeypatch.setattr("lrlab.lab.stages.engine.KEPT", 0)
    jobs = jobs_of(FAMILY, quadratic.settings)
    runs, _ = run_jobs(quadratic, jobs, Store(tmp_path), Here(quadratic))
    assert all(itertools.starmap(same, zip(runs, (train(quadratic, job) for job in jobs), strict=True)))
    assert all(place.end for _, place in States(tmp_path).stored())


def whole(states, cell, place):
    """Whether a state is not torn."""
    try:
        return states.get(cell, place)
    except Torn:
        return False


def stored_stages(task, jobs, folder):
    """How many stages of the tree have a stored end."""
    states, done = States(folder), 0
    cells = {}
    for job in jobs:
        cells.setdefault(cell_of(task, job), []).append(ControlTrace(job.regime, job.updates))
    for cell, controls in cells.items():
        there = {(place.at, place.digest) for place in states.places(cell) if whole(states, cell, place)}
        for node in tree(controls, jobs[0].updates):
            done += (node.stop, controls[node.arms[0]].digests([node.stop])[node.stop]) in there
    return done


DRIVER = """
import json, sys
from lrlab.lab.executors.named import opened
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store
jobs = [Job.from_json(job) for job in json.loads(sys.argv[2])]
task = load_task(sys.argv[1])
with opened(Resources(2), task) as executor:
    run_jobs(task, jobs, Store(sys.argv[3]), executor)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("kills", [(1, 2), pytest.param((3, 6), marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("scheme", ["", "file://"])
def test_drivers_and_workers_may_be_killed(quadratic, tmp_path, kills, scheme):
    """No finished stage is trained again, no torn file is accepted, and the results are those of no kill at all."""
    (drivers, workers), store = kills, f"{scheme}{tmp_path}"
    pids = tmp_path / "pids"
    pids.mkdir()
    arms = [arm for arm in FAMILY if "plateau" not in arm.name]
    jobs = jobs_of(arms, quadratic.settings, config={"slow": 0.002, "pids": str(pids)})
    _, stages = reference(jobs)
    for _ in range(drivers):
        text = json.dumps([job.to_json() for job in jobs])
        driver = subprocess.Popen([sys.executable, "-c", DRIVER, quadratic.text, text, store])
        before = stored_stages(quadratic, jobs, store)
        while stored_stages(quadratic, jobs, store) < before + 3 and driver.poll() is None:
            time.sleep(0.02)
        driver.kill()
        driver.wait()
    done = stored_stages(quadratic, jobs, store)
    assert 0 < done < stages

    def kill_some():
        for _ in range(workers):
            before = len(list(tmp_path.glob("states/*/[0-9]*")))
            while len(list(tmp_path.glob("states/*/[0-9]*"))) == before:  # three deaths in one stage would be its fault
                time.sleep(0.01)
            for path in pids.iterdir():
                path.unlink()
            while not (found := list(pids.iterdir())):
                time.sleep(0.01)
            os.kill(int(found[0].name), signal.SIGKILL)
            killed.append(found[0].name)

    killed = []
    killer = threading.Thread(target=kill_some, daemon=True)
    killer.start()
    runs, effort = pooled(quadratic, jobs, Store(store), 2)
    assert len(killed) == workers
    assert effort.stages == stages - done
    assert all(itertools.starmap(same, zip(runs, (train(quadratic, job) for job in jobs), strict=True)))
    assert Store(store).listing().skipped == ()


@pytest.mark.parametrize(("scheme", "workers"), [("memory", 0), ("file", 2)])
def test_a_url_keeps_what_a_folder_keeps(quadratic, tmp_path, scheme, workers):
    """The same runs from as many updates, which are not trained again; where a run is lost its end is there."""
    store = Store(f"{scheme}://{tmp_path}/url")
    jobs = jobs_of(FAMILY, quadratic.settings)
    runs, effort = pooled(quadratic, jobs, store, workers)
    expected, as_there = run_jobs(quadratic, jobs, Store(tmp_path / "folder"), Here(quadratic))
    assert all(itertools.starmap(same, zip(runs, expected, strict=True)))
    assert effort == as_there
    assert run_jobs(quadratic, jobs, store, Here(quadratic)) == (runs, Effort())
    for file in store.files():
        store.forget(file)
    again, effort = run_jobs(quadratic, jobs, store, Here(quadratic))
    assert (again, effort.trained) == (runs, 0)


@pytest.mark.parametrize(
    ("scheme", "said"),
    [("memory://", "in the memory of this process"), ("", "cannot be read"), ("file://", "cannot be read")],
)
def test_what_could_not_be_kept_is_not_trained(quadratic, tmp_path, scheme, said):
    """Where workers would not find it, or nobody can write."""
    log, file = tmp_path / "log", tmp_path / "file"
    file.touch()
    jobs = jobs_of(ARMS, quadratic.settings, config={"log": str(log)})
    with pytest.raises(LrlabError, match=f"(?s){said}.*file/runs"):
        pooled(quadratic, jobs, Store(f"{scheme}{file}/runs"), 1)
    assert not log.exists()


def test_a_store_that_can_only_be_read_is_said_before_anything_is_trained(quadratic, tmp_path, monkeypatch):
    """Its finished runs are of use all the same."""
    log = tmp_path / "log"
    jobs = jobs_of(ARMS, quadratic.settings, config={"log": str(log)})
    store = Store(f"memory://{tmp_path}")
    runs, _ = run_jobs(quadratic, jobs[:2], store, Here(quadratic))
    log.unlink()

    def refuse(*_, **__):
        raise PermissionError(13, "Forbidden")

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.pipe_file", refuse)
    with pytest.raises(LrlabError, match=r"(?s)nothing can be stored: .*Forbidden"):
        run_jobs(quadratic, jobs, store, Here(quadratic))
    assert not log.exists()
    assert run_jobs(quadratic, jobs[:2], store, Here(quadratic)) == (runs, Effort())


def test_longer_jobs_begin_first(quadratic, tmp_path):
    """So that the last worker is not left alone with the longest."""
    jobs = [Job(ARMS[0], 1.0, 0, 0, 2, updates, 1) for updates in (5, 50, 20)]
    seen = []
    runs, _ = run_jobs(
        quadratic, jobs, Store(tmp_path), Here(quadratic), on_progress=lambda p: seen.append(p.run.updates)
    )
    assert sorted(seen) == [5, 20, 50]
    assert seen.index(50) < seen.index(20)
    assert [r.updates for r in runs] == [5, 50, 20]


@pytest.mark.parametrize("first", ["workers", "here"])
def test_a_library_that_the_task_does_not_use_may_be_loaded_or_not(quadratic, tmp_path, first):
    """Training begun in a process with PyTorch goes on in one without, and the other way round, to the same bits."""
    pytest.importorskip("torch")
    store = Store(tmp_path)
    later = (*FAMILY[:2], Arm("late, straight", lr.wsd(warmup=0, decay="20%", shape="linear")))
    before, after = jobs_of(FAMILY[:2], quadratic.settings), jobs_of(later, quadratic.settings)
    places = (1, 0) if first == "workers" else (0, 1)
    pooled(quadratic, before, store, places[0])
    runs, effort = pooled(quadratic, after, store, places[1])
    assert effort.alone == ()
    assert 0 < effort.trained < effort.naive
    assert all(same(run, train(quadratic, job)) for run, job in zip(runs, after, strict=True))
