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

from lrlab.lab.tasks.common.data import batches, parts, tensors
from lrlab.lab.tasks.common.fitting import problem
from lrlab.lab.tasks.common.problem import Problem, supervised

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


@problem(metric="mse", updates=400, folds=8, lrs=LRS, sizes=SIZES, needs=("torch", "sklearn.datasets"))
def train(run: TrainingRun, patients: int) -> Problem:
    """Ten weights and a bias on the squared error."""
    import torch

    x, y = (column[:patients] for column in data())
    train_part, held_out = parts(len(x), run.fold, run.folds)
    trained, judged = (x[train_part], y[train_part]), (x[held_out], y[held_out])
    return supervised(torch.nn.Linear(10, 1), batches(BATCH, *trained), torch.nn.functional.mse_loss, judged, mse=float)


@functools.cache
def data() -> tuple[torch.Tensor, torch.Tensor]:
    """Measurements (patients, 10) and progression (patients, 1), each column of mean 0 and spread 1."""
    from sklearn.datasets import load_diabetes

    diabetes = load_diabetes()
    columns = (diabetes.data, diabetes.target[:, None])
    x, y = tensors(*((column - column.mean(axis=0)) / column.std(axis=0) for column in columns))
    return x, y
