"""Variants of the built-in tasks: each trains, is another training, and is judged as the task is."""

import importlib

import pytest

import lrlab as lr
from lrlab.desk.experiment import set_up
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.task.declaration import Settings, built_in_tasks, load_task
from lrlab.lab.tasks.common.data import Size
from lrlab.lab.tasks.common.problem import Problem
from lrlab.lab.tasks.common.variants import REPLACED, VARIANTS, sized, variants_of, varied
from lrlab.lab.training.run import TrainingRun
from lrlab.record.runs.store import Store

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

ALL = [(task, variant) for task in built_in_tasks() for variant in load_task(task).config["variant"]]


def trained(name, variant, updates=3):
    task = load_task(name)
    for library in task.needs:
        importlib.import_module(library)
    config = {"size": "tiny", "variant": variant}
    run = TrainingRun(lr.constant(), updates, fold=0, folds=5, config=config, evals=1, metric=task.metric)
    torch.manual_seed(1)
    task.function(run)
    return run


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_each_trains_and_is_another_training(name, variant):
    """The same bits again; the task itself is what it is without a variant, any other differs from it."""
    losses = trained(name, variant).loss.values
    assert losses == trained(name, variant).loss.values
    assert (losses == trained(name, "plain").loss.values) == (variant == "plain")


def test_every_task_has_variants_and_docs_say_which():
    """Half batches and noise everywhere; another width and less data where the size has them."""
    assert {variant for _, variant in ALL} == {"plain", *VARIANTS}
    lacking = {name: [v for v in VARIANTS if (name, v) not in ALL] for name in built_in_tasks()}
    assert {name for name, without in lacking.items() if without == ["wide", "less"]} == {
        "digits",
        "finetune",
        "control",
    }
    assert {name for name, without in lacking.items() if without == ["less"]} == {"teacher"}


def test_what_is_trained_changes_and_what_is_judged_does_not():
    """Of a batch the first half; in a noisy one about a tenth of the values are those of another row."""
    x, y = torch.arange(4000.0).reshape(400, 10), torch.arange(400)
    plain = Problem(None, [(x, y)], lambda *batch: 0.0, lambda: {"m": 1.0})
    (halved,) = varied(plain, "batch").batches
    assert [column.tolist() for column in halved] == [x[:200].tolist(), y[:200].tolist()]
    torch.manual_seed(0)
    ((noisy, labels),) = varied(plain, "noisy").batches
    assert labels is y
    assert (noisy != x).float().mean() == pytest.approx(REPLACED, abs=0.02)
    assert (noisy % 10 == x % 10).all()  # of the same column
    assert varied(plain, "wide") is varied(plain, "plain") is plain
    assert varied(plain, "noisy").judged() == {"m": 1.0}


def test_sizes():
    """Twice the width, a quarter of the data, and nothing else."""
    size = Size(1000, 500, 8)
    assert sized(size, "wide") == Size(1000, 500, 16)
    assert sized(size, "less") == Size(250, 500, 8)
    assert sized(size, "noisy") is size
    assert variants_of(4) == ("plain", "batch", "noisy")


def test_a_noisy_beginning_that_is_shared_gives_the_same_bits(tmp_path):
    """The noise is drawn from the random numbers that a fork restores."""
    arms = [Arm(str(k), lr.parse(text)) for k, text in enumerate(("constant()", 'multistep(["50%"], gamma=0.1)'))]
    settings = Settings(updates=6, folds=5, lrs=(1.0,), evals=2)
    jobs = jobs_of(arms, settings, config={"size": "tiny", "variant": "noisy"})[:2]
    task = load_task("tabular")
    shared, effort = run_jobs(task, jobs, Store(tmp_path / "shared"), Here(task))
    alone, _ = run_jobs(task, jobs, Store(tmp_path / "alone"), Here(task), fork_every=0)
    assert effort.trained == 9
    assert [run.fingerprint for run in shared] == [run.fingerprint for run in alone]


def test_a_variant_that_is_not_there_is_said(tmp_path):
    """Of a built-in task with those that there are; of a task of one's own with the way to have one."""
    arms = {"a": "constant()", "b": "linear()"}
    assert set_up("tabular", schedules=arms, variant="wide").config == {"variant": "wide"}
    with pytest.raises(LrlabError, match=r"(?s)no variant 'wide'.*plain, batch, noisy"):
        set_up("digits", schedules=arms, variant="wide")
    (tmp_path / "mine.py").write_text("def train(run): ...")
    with pytest.raises(LrlabError, match=r"(?s)mine:train has no variants.*--config"):
        set_up(f"{tmp_path}/mine.py:train", schedules=arms, variant="wide")
