"""A control: a task on which nothing should be called better.

The disease progression of 442 patients (scikit-learn's diabetes data) from ten measurements, by a linear model with
AdamW. Half of the variance cannot be explained from the measurements, and the rest is learnt by every strategy long
before the end. Where a comparison calls one of them worse here, doubt the comparison.

Cross-validated. Judged by the mean squared error of the standardised target, in units of its variance.

Base LRs by a scan in factors of three under warmup and linear decay: .005 .015 .05 .15 gave .491 .490 .489 .494.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from lrlab.lab.task.declaration import Settings, task
from lrlab.lab.tasks.common.data import batches, parts, sized, tensors
from lrlab.lab.tasks.common.fitting import fit_supervised

if TYPE_CHECKING:
    import torch

    from lrlab.lab.training.run import TrainingRun

BATCH = 32
LRS = {
    "adamw": 0.05,
    "sgd": 0.05,
    "momentum": 0.01,
    "adagrad": 0.3,
    "rmsprop": 0.02,
    "adam": 0.05,
    "schedule-free sgd": 0.1,
    "schedule-free adamw": 0.05,
}
SIZES = {"tiny": 200, "std": 442}  # patients


@task(
    metric="mse",
    updates=400,
    folds=8,
    evals=16,
    quick=Settings(updates=100, folds=5, lrs=(1.0, 2.0), evals=10),
    needs=("torch", "sklearn.datasets"),
)
def train(run: TrainingRun) -> None:
    """Train ten weights and a bias on the squared error."""
    import torch

    x, y = (column[: sized(run.config, SIZES)] for column in data())
    train_part, held_out = parts(len(x), run.fold, run.folds)
    trained, judged = (x[train_part], y[train_part]), (x[held_out], y[held_out])
    loss = torch.nn.functional.mse_loss
    fit_supervised(run, torch.nn.Linear(10, 1), LRS, batches(BATCH, *trained), loss, judged, mse=float)


@functools.cache
def data() -> tuple[torch.Tensor, torch.Tensor]:
    """Measurements (patients, 10) and progression (patients, 1), each column of mean 0 and spread 1."""
    from sklearn.datasets import load_diabetes

    diabetes = load_diabetes()
    columns = (diabetes.data, diabetes.target[:, None])
    x, y = tensors(*((column - column.mean(axis=0)) / column.std(axis=0) for column in columns))
    return x, y
