"""Handwritten digits, a little distorted, and a small convolutional network: it separates strategies.

Plain digits are solved by every strategy alike. Small random shifts, rotations and noise leave enough to
learn in a short run for the strategy to matter well beyond the noise between seeds. Data: the 1797 images of
8 x 8 pixels that come with scikit-learn. Judged by the negative log-likelihood on the held-out fold.

The libraries are imported while training, so that planning a comparison does not wait for them.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

from lrlab.lab.tasks.common.data import parts
from lrlab.lab.tasks.common.fitting import problem
from lrlab.lab.tasks.common.problem import Problem, supervised

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from lrlab.lab.training.run import TrainingRun

COPIES = 8  # distorted copies of each image, made once
DEGREES, PIXELS, NOISE = 15.0, 0.75, 0.15
BATCH = 32
LRS = {
    "momentum": 0.08,
    "sgd": 0.6,
    "adagrad": 0.08,
    "rmsprop": 0.008,
    "adam": 0.015,
    "adamw": 0.015,
    "schedule-free sgd": 1.5,
    "schedule-free adamw": 0.02,
}
SIZES = {"tiny": 1, "std": 4}  # distorted copies of each held-out image that are judged


# At equal cost many folds of short runs found more differences than few of long ones.
@problem(
    metric="val_loss",
    updates=320,
    quick=160,
    folds=8,
    lrs=LRS,
    sizes=SIZES,
    widen=True,
    needs=("torch", "sklearn.datasets"),
)
def train(run: TrainingRun, copies: int) -> Problem:
    """Three convolutions and a linear layer; no normalisation."""
    import torch

    images, labels = distorted()
    train_part, held_out = map(torch.from_numpy, parts(len(labels), run.fold, run.folds))
    judged = images[:copies, held_out].flatten(0, 1), labels[held_out].repeat(copies)

    def batches() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        while True:  # tensors are indexed: a DataLoader would cost more than the network
            rows = train_part[torch.randint(len(train_part), (BATCH,))]
            yield images[torch.randint(COPIES, (BATCH,)), rows], labels[rows]

    loss = torch.nn.functional.cross_entropy
    return supervised(network(), batches(), loss, judged, l2=5e-4, val_loss=float)


@functools.cache
def distorted() -> tuple[torch.Tensor, torch.Tensor]:
    """The pool of distorted images, (COPIES, images, 1, 8, 8) in float32, and the labels, (images,).

    The same in every process: made once, from a seed of its own.
    """
    import torch
    from sklearn.datasets import load_digits

    digits = load_digits()
    plain = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None].repeat(COPIES, 1, 1, 1)
    generator = torch.Generator().manual_seed(0)

    def uniform(*shape: int) -> torch.Tensor:
        return 2 * torch.rand(shape, generator=generator) - 1

    angle = math.radians(DEGREES) * uniform(len(plain))
    shift = PIXELS / 4 * uniform(len(plain), 2)  # an image is 2 wide for grid_sample: 4 pixels are 1
    rows = [(angle.cos(), -angle.sin(), shift[:, 0]), (angle.sin(), angle.cos(), shift[:, 1])]
    affine = torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
    grid = torch.nn.functional.affine_grid(affine, plain.shape, align_corners=False)
    moved = torch.nn.functional.grid_sample(plain, grid, align_corners=False)
    noisy = moved + NOISE * torch.randn(moved.shape, generator=generator)
    return noisy.unflatten(0, (COPIES, -1)), torch.tensor(digits.target)


def network() -> torch.nn.Module:
    """About 6000 weights, initialised after He et al. 2015, from (batch, 1, 8, 8) to (batch, 10)."""
    from torch import nn

    def convolution(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        layer = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        return [layer, nn.ReLU()]

    return nn.Sequential(
        *convolution(1, 8, 1),
        *convolution(8, 16, 2),
        *convolution(16, 32, 2),
        nn.Flatten(),
        nn.Linear(128, 10),
    )
