"""A built-in task is the training that it was: the published comparisons were measured on it, at these base LRs."""

import importlib
import json
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.lab.task.declaration import built_in_tasks, load_task
from lrlab.lab.training.run import TrainingRun

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

THEN = json.loads(Path(__file__).with_name("tasks_1.json").read_text(encoding="utf-8"))


def test_every_task_is_known():
    """A new task adds its row."""
    assert set(THEN) == set(built_in_tasks())


@pytest.mark.parametrize("name", THEN)
def test_base_lrs(name):
    """Multiples of them are what `--lrs` means, and what the tables of docs/tasks.md were measured at."""
    lrs = importlib.import_module(f"lrlab.lab.tasks.{name}").LRS
    assert lrs == THEN[name]["lrs"]


@pytest.mark.parametrize("name", [name for name, then in THEN.items() if "losses" in then])
def test_first_losses(name):
    """Data, model, batches and LR together, as far as processors agree. `charlm` has none: it reads Python's source."""
    task, then = load_task(name), THEN[name]
    for library in task.needs:
        importlib.import_module(library)
    updates, config = len(then["losses"]), {"size": then["size"]}
    run = TrainingRun(
        lr.constant(), updates, seed=0, fold=0, folds=5, config=config, evals=1, metric=task.metric, mode=task.mode
    )
    torch.manual_seed(0)
    task.function(run)
    assert [*run.loss.values, run.score] == pytest.approx([*then["losses"], then["score"]], rel=2e-3)
