"""What every built-in task promises: the same bits again, other folds, learning, sizes, and every optimizer."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.stages.stage import train
from lrlab.lab.task.declaration import Settings, built_in_tasks, load_task
from lrlab.lab.tasks import finetune
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
    """docs/tasks.md has a row for each."""
    table = (Path(__file__).parents[3] / "docs" / "tasks.md").read_text(encoding="utf-8")
    listed, _, _ = table.partition("## What holds")
    assert set(re.findall(r"^\| `(\w+)` \|", listed, re.MULTILINE)) == set(TASKS)


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
    finetune.pretrained.cache_clear()  # tests before this one may have made it by fewer threads
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True, timeout=300
    )
    assert other.stdout.splitlines() == [printed(name) for name in TASKS]


@pytest.mark.parametrize(("name", "kind"), [*((name, None) for name in TASKS), *(("teacher", k) for k in OPTIMIZERS)])
def test_a_shared_beginning_gives_the_same_bits(name, kind, tmp_path):
    """Two arms that part after three updates: trained together up to there, each is as if it were trained alone."""
    arms = [Arm(str(k), lr.parse(text), config={"optimizer": kind} if kind else {}) for k, text in enumerate(PARTING)]
    jobs = jobs_of(arms, Settings(updates=6, folds=5, lrs=(1.0,), evals=2), config={"size": "tiny"})[:2]
    runs, effort = run_jobs(load_task(name), jobs, Store(tmp_path), Here(load_task(name)))
    assert effort.trained == 9
    for job, run in zip(jobs, runs, strict=True):
        alone = train(load_task(name), job)
        assert (run.loss, run.evals, run.fingerprint) == (alone.loss, alone.evals, alone.fingerprint)


@pytest.mark.parametrize("name", TASKS)
def test_training_beats_no_training(name):
    """After some updates at its own LR it is better than after one with next to none; how much better is not asked."""
    before = trained(name, 1, schedule="0.0001 * constant()").score
    assert trained(name, 100, schedule="linear()").score < before


@pytest.mark.parametrize("name", TASKS)
def test_the_quick_settings_are_smaller(name):
    """Fewer updates, the task's own LR between others, and enough folds for a t test on their means."""
    task = load_task(name)
    assert task.quick.updates <= task.settings.updates / 2
    for settings in (task.quick, task.settings):
        assert min(settings.lrs) < 1.0 < max(settings.lrs)
        assert 1.0 in settings.lrs
        assert settings.folds >= 5


@pytest.mark.parametrize("name", TASKS)
def test_its_configuration_is_declared(name):
    """Sizes, and every optimizer, its own first; what it does not have is refused with what it has."""
    config = load_task(name).config
    assert config["size"] == ("std", "tiny")
    assert set(config["optimizer"]) == set(OPTIMIZERS)
    assert trained(name, optimizer=config["optimizer"][0]).loss == trained(name).loss
    for wrong, said in (({"size": "huge"}, "tiny"), ({"optimizer": "adams"}, "adam"), ({"siz": "tiny"}, "size")):
        with pytest.raises(LrlabError, match=f"(?s)the task {name} has no.*{said}"):
            trained(name, **wrong)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_optimizer_trains(kind):
    """At the LR of its table, with a loss that falls, and the same bits again."""
    run = trained("teacher", 60, optimizer=kind)
    assert run.score < trained("teacher", 1, schedule="0.0001 * constant()").score
    assert trained("teacher", 60, optimizer=kind).loss == run.loss
