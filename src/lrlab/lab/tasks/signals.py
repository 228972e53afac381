"""Short signals of ten kinds, generated, and a convolutional network with batch normalisation.

Each kind is a smooth random template; a signal stretches, shifts, scales and tilts it and adds noise, in the manner of
MNIST-1D (Greydanus and Kobak 2020, arXiv:2011.14439), and one training label in twenty is wrong. Noisy gradients and
noisy labels make the end of a run matter: an LR that decays ends far below one that does not.

Every fold draws its own training and judged signals. Judged by the negative log-likelihood in nats on fresh signals
with true labels.

Base LRs by a scan in factors of two under warmup and linear decay: .025 .1 .2 .4 gave .091 .077 .071 .070.
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

LENGTH, KINDS, KNOTS = 40, 10, 12
NOISE, WRONG_LABELS = 0.4, 0.05
BATCH = 64
LRS = {
    "momentum": 0.1,
    "sgd": 1.0,
    "adagrad": 0.1,
    "rmsprop": 0.02,
    "adam": 0.02,
    "adamw": 0.02,
    "schedule-free sgd": 4.0,
    "schedule-free adamw": 0.02,
}
SIZES = {"tiny": Size(1000, 500, 8), "std": Size(4000, 2000, 16)}  # signals, channels of the first convolution


@problem(metric="val_loss", updates=1000, evals=20, lrs=LRS, sizes=SIZES)
def train(run: TrainingRun, size: Size) -> Problem:
    """Three normalised convolutions and a linear layer."""
    import torch

    x, y, judged_x, judged_y = data(size, run.fold)
    loss, judged = torch.nn.functional.cross_entropy, (judged_x, judged_y)
    return supervised(network(size.width), batches(BATCH, x, y), loss, judged, l2=5e-4, val_loss=float)


@functools.cache
def data(size: Size, fold: int) -> tuple[torch.Tensor, ...]:
    """Signals (signals, 1, LENGTH) and kinds (signals,) to train on, and the same to be judged by."""
    rng = draws("signals", fold)
    x, y = signals(rng, size.trained)
    wrong = rng.random(size.trained) < WRONG_LABELS
    y = np.where(wrong, rng.integers(KINDS, size=size.trained), y)
    return tensors(x, y, *signals(rng, size.judged))


def signals(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` noisy signals (count, 1, LENGTH), and the kind of each (count,)."""
    templates = draws("templates").normal(size=(KINDS, KNOTS))

    def uniform(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, size=(count, 1))

    kinds = rng.integers(KINDS, size=count)
    grid = np.linspace(0, 1, LENGTH)
    width = uniform(0.5, 0.9)
    place = (grid - (1 - width) * uniform(0, 1)) / width * (KNOTS - 1)  # 0 ... KNOTS - 1 within the template
    left = np.clip(np.floor(place), 0, KNOTS - 2).astype(np.int64)
    low, high = (templates[kinds[:, None], left + side] for side in (0, 1))
    inside = (place >= 0) & (place <= KNOTS - 1)
    shape = inside * (low + (place - left) * (high - low))
    noise = rng.normal(size=(count, LENGTH + 2))
    smooth = (noise[:, :-2] + noise[:, 1:-1] + noise[:, 2:]) / 3
    values = uniform(0.6, 1.4) * shape + uniform(-0.75, 0.75) * (grid - 0.5) + NOISE * smooth
    return values[:, None], kinds


def network(channels: int) -> torch.nn.Module:
    """From (batch, 1, LENGTH) to (batch, KINDS); about 8 000 weights with 16 channels."""
    from torch import nn

    def convolution(inputs: int, outputs: int) -> list[nn.Module]:
        layer = nn.Conv1d(inputs, outputs, 5, stride=2, padding=2, bias=False)
        return [layer, nn.BatchNorm1d(outputs), nn.ReLU()]

    return nn.Sequential(
        *convolution(1, channels),
        *convolution(channels, 2 * channels),
        *convolution(2 * channels, 2 * channels),
        nn.Flatten(),
        nn.Linear(2 * channels * 5, KINDS),
    )
