"""Regression on a generated table with heavy-tailed noise, and a multilayer perceptron trained with AdamW.

The target is a smooth function of six of eight columns, blurred by noise with Student's t of 3 degrees of freedom whose
width depends on the row. That noise decides how good a fit gets: a fixed LR loses, but between strategies that decay
"not distinguishable" is the right answer. Short runs differ by how far they get.

Every fold draws its own rows. Judged by log10 of the mean squared distance to the function without its noise.

Base LRs by a scan in factors of two under warmup and linear decay: .00075 .0015 .003 .006 gave -1.18 -1.18 -1.09 -.98.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING

import numpy as np

from lrlab.lab.tasks.common.data import Size, batches, draws, tensors
from lrlab.lab.tasks.common.fitting import problem
from lrlab.lab.tasks.common.problem import Problem, supervised

if TYPE_CHECKING:
    import torch

    from lrlab.lab.training.run import TrainingRun

COLUMNS = 8
BATCH = 64
LRS = {
    "adamw": 0.001,
    "sgd": 0.1,
    "momentum": 0.01,
    "adagrad": 0.03,
    "rmsprop": 0.001,
    "adam": 0.001,
    "schedule-free sgd": 0.1,
    "schedule-free adamw": 0.001,
}
SIZES = {"tiny": Size(500, 500, 32), "std": Size(2000, 2000, 64)}  # rows, width of the hidden layers


@problem(metric="log10_mse", updates=1600, lrs=LRS, sizes=SIZES)
def train(run: TrainingRun, size: Size) -> Problem:
    """Three hidden layers on the squared error."""
    import torch

    x, y, judged_x, clean = data(size, run.fold)
    loss = torch.nn.functional.mse_loss
    return supervised(network(size.width), batches(BATCH, x, y), loss, (judged_x, clean), log10_mse=torch.log10)


@functools.cache
def data(size: Size, fold: int) -> tuple[torch.Tensor, ...]:
    """Rows (rows, COLUMNS) and noisy targets (rows, 1) to train on, rows and clean targets to be judged by."""
    rng = draws("tabular", fold)
    x, judged = rng.normal(size=(size.trained, COLUMNS)), rng.normal(size=(size.judged, COLUMNS))
    width = 0.1 + 0.3 / (1 + np.exp(-2 * x[:, :1]))
    noisy = function(x) + width * rng.standard_t(3, size=(size.trained, 1))
    return tensors(x, noisy, judged, function(judged))


def function(x: np.ndarray) -> np.ndarray:
    """The clean target of rows (rows, COLUMNS): shape (rows, 1), of mean near 0 and spread near 1."""
    a, b, c, d, e, f = x.T[:6]
    target: np.ndarray = np.sin(1.5 * a) + 0.5 * b * c + 0.5 * np.abs(d) - 0.4 + 0.4 * np.tanh(e + f)
    return target[:, None]


def network(width: int) -> torch.nn.Module:
    """From (batch, COLUMNS) to (batch, 1)."""
    from torch import nn

    widths = (COLUMNS, width, width, width)
    hidden = [layer for pair in itertools.pairwise(widths) for layer in (nn.Linear(*pair), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(width, 1))
