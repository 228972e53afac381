"""Fine-tuning after a shift: a network that knows upright digits learns 300 that are turned, inverted and noisy.

The network is trained on 900 of scikit-learn's digits first, once per process and always to the same weights; then on
300 shifted images of others with AdamW. Too high an LR forgets what was learnt before, too early a decay leaves the
shift half learnt: strategies differ by many times the noise between runs.

The remaining 897 images are dealt to the folds. Judged by the negative log-likelihood in nats on the shifted images of
the held-out fold.

Base LRs by a scan in factors of two under warmup and linear decay: .003 .006 .012 .024 gave .39 .31 .34 .39.
"""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING

import numpy as np

from lrlab.lab.tasks.common.data import batches, draws, parts, tensors
from lrlab.lab.tasks.common.fitting import problem
from lrlab.lab.tasks.common.problem import Problem, supervised
from lrlab.lab.tasks.digits import network

if TYPE_CHECKING:
    import torch

    from lrlab.lab.training.run import TrainingRun

UPRIGHT, SHIFTED = 900, 300  # images: to learn first, and to learn anew
NOISE, COPIES = 0.25, 4  # copies of each shifted image, each with its own noise
BATCH = 32
LRS = {
    "adamw": 0.006,
    "sgd": 0.1,
    "momentum": 0.01,
    "adagrad": 0.04,
    "rmsprop": 0.004,
    "adam": 0.006,
    "schedule-free sgd": 0.1,
    "schedule-free adamw": 0.005,
}
SIZES = {"tiny": 60, "std": 300}  # updates of the training before the shift


@problem(metric="val_loss", updates=400, lrs=LRS, sizes=SIZES, needs=("torch", "sklearn.datasets"))
def train(run: TrainingRun, updates: int) -> Problem:
    """The network that was trained on upright digits."""
    import torch

    model = copy.deepcopy(pretrained(updates))
    _, _, shifted, labels = data()
    train_part, held_out = parts(len(labels), run.fold, run.folds)

    def pairs(images: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        return shifted[images].flatten(0, 1), labels[images].repeat_interleave(COPIES)

    x, y = pairs(train_part[:SHIFTED])
    loss = torch.nn.functional.cross_entropy
    return supervised(model, batches(BATCH, x, y), loss, pairs(held_out), val_loss=float)


@functools.cache
def data() -> tuple[torch.Tensor, ...]:
    """Upright images (UPRIGHT, 1, 8, 8) with labels; shifted ones (others, COPIES, 1, 8, 8) with labels (others,)."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images, labels = (digits.images / 16)[:, None], digits.target
    others = 1 - np.rot90(images[UPRIGHT:], axes=(2, 3))
    noisy = others[:, None] + NOISE * draws("finetune").normal(size=(len(others), COPIES, 1, 8, 8))
    return tensors(images[:UPRIGHT], labels[:UPRIGHT], noisy, labels[UPRIGHT:])


@functools.cache
def pretrained(updates: int) -> torch.nn.Module:
    """The network after its training on upright images; PyTorch's random numbers are left as they were."""
    import torch

    x, y, _, _ = data()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = network()
        opt = torch.optim.Adam(model.parameters(), lr=0.005, fused=True)
        for _, (images, labels) in zip(range(updates), batches(BATCH, x, y), strict=False):
            opt.zero_grad()
            torch.nn.functional.cross_entropy(model(images), labels).backward()
            opt.step()
    return model
