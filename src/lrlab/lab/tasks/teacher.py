"""A wide student learns from a narrow teacher whose answers are noisy: generated, and never the same batch twice.

Inputs are fresh in every update, so nothing can be overfitted, and the noise of the answers is all that keeps the
student from its teacher: the purest case of a loss that falls as far as the LR does. It separates strategies well,
above all by how long and how low they decay.

Every fold has a teacher of its own. Judged by log10 of the mean squared distance between student and teacher.

Base LRs by a scan in factors of two under warmup and linear decay: .015 .03 .06 .12 gave -2.29 -2.47 -2.13 -2.01.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrlab.lab.tasks.common.data import draws, tensors
from lrlab.lab.tasks.common.fitting import problem
from lrlab.lab.tasks.common.problem import Problem, supervised

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from lrlab.lab.training.run import TrainingRun

INPUTS, HIDDEN = 16, 8
NOISE = 0.5
BATCH = 32
LRS = {
    "momentum": 0.03,
    "sgd": 0.15,
    "adagrad": 0.2,
    "rmsprop": 0.01,
    "adam": 0.01,
    "adamw": 0.01,
    "schedule-free sgd": 0.5,
    "schedule-free adamw": 0.01,
}


@dataclass(frozen=True)
class Size:
    """How many inputs are judged, and the width of the student."""

    judged: int
    width: int


SIZES = {"tiny": Size(1000, 16), "std": Size(4000, 32)}


@problem(metric="log10_excess", updates=3000, evals=15, lrs=LRS, sizes=SIZES)
def train(run: TrainingRun, size: Size) -> Problem:
    """One hidden layer on the squared error."""
    import torch

    inner, outer = teacher(run.fold)
    (judged,) = tensors(draws("judged", run.fold).normal(size=(size.judged, INPUTS)))
    model = torch.nn.Sequential(torch.nn.Linear(INPUTS, size.width), torch.nn.Tanh(), torch.nn.Linear(size.width, 1))

    def answered(x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x @ inner) @ outer

    def batches() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        while True:
            x = torch.randn(BATCH, INPUTS)
            yield x, answered(x) + NOISE * torch.randn(BATCH, 1)

    loss = torch.nn.functional.mse_loss
    return supervised(model, batches(), loss, (judged, answered(judged)), log10_excess=torch.log10)


@functools.cache
def teacher(fold: int) -> tuple[torch.Tensor, ...]:
    """Its weights (INPUTS, HIDDEN) and (HIDDEN, 1): inputs of spread 1 give answers of spread near 1."""
    rng = draws("teacher", fold)
    inner, outer = rng.normal(size=(INPUTS, HIDDEN)), rng.normal(size=(HIDDEN, 1))
    return tensors(1.5 * inner / np.sqrt(INPUTS), 1.5 * outer / np.sqrt(HIDDEN))
