"""A chaotic series forecast twelve steps ahead from noisy past values: a recurrent network (GRU) with AdamW.

The Mackey-Glass equation dx/dt = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x, seen through noise of a fifth of its
spread. Averaging over noisy batches is what a decay is for, and a fixed LR loses clearly; among the strategies that
decay, differences are small.

Every fold draws its own pieces of the series. Judged by log10 of the mean squared error over the variance of what was
to be foreseen, without noise.

Base LRs by a scan in factors of two under warmup and linear decay: .02 .04 .08 .16 gave -1.61 -1.67 -1.69 -1.67.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from lrlab.lab.tasks.common.data import Size, batches, draws, tensors
from lrlab.lab.tasks.common.fitting import problem
from lrlab.lab.tasks.common.problem import Problem, supervised

if TYPE_CHECKING:
    import torch

    from lrlab.lab.training.run import TrainingRun

DELAY, PAST, APART, AHEAD = 17, 16, 3, 12  # 16 past values, 3 steps apart
SETTLED = 300  # steps until a series has forgotten how it began
NOISE = 0.2
BATCH = 32
LRS = {
    "adamw": 0.04,
    "sgd": 0.3,
    "momentum": 0.08,
    "adagrad": 0.1,
    "rmsprop": 0.01,
    "adam": 0.02,
    "schedule-free sgd": 0.8,
    "schedule-free adamw": 0.02,
}
SIZES = {"tiny": Size(1000, 500, 16), "std": Size(4000, 2000, 32)}  # pieces of the series, width of the GRU's state


@problem(metric="log10_nmse", updates=800, lrs=LRS, sizes=SIZES)
def train(run: TrainingRun, size: Size) -> Problem:
    """A GRU over 16 past values."""
    import torch

    x, y, judged_x, clean = data(size, run.fold)

    def log10_nmse(mse: torch.Tensor) -> torch.Tensor:
        return (mse / clean.var()).log10()

    loss, judged = torch.nn.functional.mse_loss, (judged_x, clean)
    return supervised(network(size.width), batches(BATCH, x, y), loss, judged, log10_nmse=log10_nmse)


@functools.cache
def data(size: Size, fold: int) -> tuple[torch.Tensor, ...]:
    """Noisy past (pieces, PAST, 1) and target (pieces, 1) to train on; noisy past and clean target to be judged by."""
    rng = draws("series", fold)
    spread = mackey_glass(draws("spread"), 500).std()

    def pieces(count: int) -> tuple[np.ndarray, np.ndarray]:
        values = mackey_glass(rng, count) / spread
        past, target = values[:, : PAST * APART : APART], values[:, -1:]
        return (past + NOISE * rng.normal(size=past.shape))[:, :, None], target

    x, y = pieces(size.trained)
    return tensors(x, y + NOISE * rng.normal(size=y.shape), *pieces(size.judged))


def mackey_glass(rng: np.random.Generator, count: int) -> np.ndarray:
    """`count` pieces of independent series less their mean, (count, steps): one step is one unit of time."""
    wanted = (PAST - 1) * APART + 1 + AHEAD
    halves = 2  # of a step, for Euler's method
    x = np.empty((halves * (DELAY + SETTLED + wanted), count))
    x[: halves * DELAY] = rng.uniform(0.5, 1.3, size=(halves * DELAY, count))
    for now in range(halves * DELAY, len(x)):
        late, last = x[now - halves * DELAY], x[now - 1]
        x[now] = last + (0.2 * late / (1 + late**10) - 0.1 * last) / halves
    return x[::halves][-wanted:].T - 0.92


def network(width: int) -> torch.nn.Module:
    """From (batch, PAST, 1) to (batch, 1)."""
    from torch import nn

    class Forecaster(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.past = nn.GRU(1, width, batch_first=True)
            self.ahead = nn.Linear(width, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.ahead(self.past(x)[0][:, -1])

    return Forecaster()
