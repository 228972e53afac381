"""What every built-in task promises: the same bits again, other folds, learning, sizes, and every optimizer."""

import importlib
import os
import subprocess
import sys

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.stages.stage import train
from lrlab.lab.task.declaration import Settings, built_in_tasks, load_task
from lrlab.lab.tasks.common.optimizers import OPTIMIZERS
from lrlab.lab.training.run import TrainingRun
from lrlab.record.runs.store import Store

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

TASKS = built_in_tasks()
PARTING = ("constant()", "constant(3) >> 0.5 * constant()")


def trained(name, updates=3, *, schedule="constant()", seed=0, fold=0, **config):
    """One short run at tiny size."""
    task = load_task(name)
    for library in task.needs:
        importlib.import_module(library)
    run = TrainingRun(
        lr.parse(schedule),
        updates,
        seed=seed,
        fold=fold,
        folds=5,
        config={"size": "tiny", **config},
        evals=2,
        metric=task.metric,
        mode=task.mode,
    )
    torch.manual_seed(1000 * seed + fold)
    task.function(run)
    return run


def printed(name):
    """All that a short run saw, to the last bit."""
    run = trained(name)
    return f"{name} {[value.hex() for value in run.loss.values]} {run.score.hex()}"


def test_there_are_as_many_tasks_as_documented():
    """docs/tasks.md lists them."""
    assert set(TASKS) == {"digits", "signals", "charlm", "tabular", "series", "finetune", "teacher", "control"}


@pytest.mark.parametrize("name", TASKS)
def test_a_run_is_the_same_bits_again(name):
    """To the last bit of every loss and evaluation; another seed is another run."""
    first = trained(name)
    assert first.completed == 3
    assert (first.loss, first.evals) == (trained(name).loss, trained(name).evals)
    assert first.loss != trained(name, seed=1).loss


def test_another_process_sees_the_same_data():
    """Data, initial weights and batches do not depend on the process, on hashing, or on what was drawn before."""
    program = f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})\n"
    program += "import random, numpy, torch; random.seed(9); numpy.random.seed(9); torch.manual_seed(9)\n"
    program += "import test_contract\nfor name in test_contract.TASKS: print(test_contract.printed(name))\n"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": str(torch.get_num_threads())}
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True, timeout=300
    )
    assert other.stdout.splitlines() == [printed(name) for name in TASKS]


@pytest.mark.parametrize(("name", "kind"), [*((name, None) for name in TASKS), *(("teacher", k) for k in OPTIMIZERS)])
def test_a_shared_beginning_gives_the_same_bits(name, kind, tmp_path):
    """Two arms that part after three updates: trained together up to there, each is as if it were trained alone."""
    arms = [Arm(str(k), lr.parse(text), config={"optimizer": kind}) for k, text in enumerate(PARTING)]
    jobs = jobs_of(arms, Settings(updates=6, folds=5, lrs=(1.0,), evals=2), config={"size": "tiny"})[:2]
    runs, effort = run_jobs(load_task(name), jobs, Store(tmp_path), Here(load_task(name)))
    assert effort.trained == 9
    for job, run in zip(jobs, runs, strict=True):
        alone = train(load_task(name), job)
        assert (run.loss, run.evals, run.fingerprint) == (alone.loss, alone.evals, alone.fingerprint)


@pytest.mark.parametrize("name", TASKS)
def test_training_beats_no_training(name):
    """After some updates the judged metric is clearly better than after one with an LR of next to nothing."""
    before = trained(name, 1, schedule="0.0001 * constant()").score
    after = trained(name, 100, schedule="linear()").score
    assert after < before - 0.1


@pytest.mark.parametrize("name", TASKS)
def test_the_tiny_size_and_the_quick_settings_are_smaller(name):
    """Fewer updates, the task's own LR still tried, and enough folds for a t test on their means."""
    task = load_task(name)
    assert task.quick.updates <= task.settings.updates / 2
    assert 1.0 in task.quick.lrs
    assert 1.0 in task.settings.lrs
    assert min(task.quick.folds, task.settings.folds) >= 5
    assert task.mode == "min"


@pytest.mark.parametrize("name", TASKS)
def test_an_unknown_size_or_optimizer_is_refused(name):
    """With a sentence that names those that exist."""
    with pytest.raises(LrlabError, match=r"this size(.|\n)*huge(.|\n)*tiny, std"):
        trained(name, size="huge")
    with pytest.raises(LrlabError, match=r"optimizer(.|\n)*adams(.|\n)*adam"):
        trained(name, optimizer="adams")


@pytest.mark.parametrize("name", TASKS)
def test_each_task_has_an_lr_for_each_optimizer(name):
    """In one table, its own optimizer first; the run without a name is the run with that name."""
    lrs = importlib.import_module(f"lrlab.lab.tasks.{name}").LRS
    assert set(lrs) == set(OPTIMIZERS)
    own = next(iter(lrs))
    assert trained(name, optimizer=own).loss == trained(name).loss


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_optimizer_trains(kind):
    """At the LR of its table, with a loss that falls, and the same bits again."""
    run = trained("teacher", 60, optimizer=kind)
    assert run.score < trained("teacher", 1, schedule="0.0001 * constant()").score
    assert trained("teacher", 60, optimizer=kind).loss == run.loss
