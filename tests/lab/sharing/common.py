"""What the tasks of this folder have in common: a small problem, a small network, and what each must come to.

equal      it is shared, and every bit is that of training alone
alone      it is not shared: every arm is trained alone, and the reason names what it is about
refused    it is not trained: the error names what it is about
"""

import numpy as np
import torch

import lrlab as lr

UPDATES = 24
RNG = torch.Generator().manual_seed(0)
X = torch.randn(64, 4, generator=RNG)
Y = torch.tanh(X @ torch.randn(4, 1, generator=RNG))
XS, YS = X.numpy(), Y.numpy()


def task(must, words="", updates=UPDATES, evals=4, **given):
    """A task of this folder, with what it must come to, and the words that must be said."""
    declare = lr.task(metric="val_loss", updates=updates, folds=1, seeds=1, lrs=(1.0,), evals=evals, **given)

    def mark(function):
        function = declare(function)
        function.must, function.words = must, words
        return function

    return mark


def net(width=8, dropout=0.1):
    return torch.nn.Sequential(
        torch.nn.Linear(4, width), torch.nn.Tanh(), torch.nn.Dropout(dropout), torch.nn.Linear(width, 1)
    )


def loss_of(model, x, y):
    return torch.nn.functional.mse_loss(model(x), y)


def evaluate(model):
    """As most write it: evaluation mode, and back."""
    model.eval()
    with torch.no_grad():
        value = loss_of(model, X, Y).item()
    model.train()
    return value


def draw():
    """Batches of random rows, without a memory."""
    while True:
        rows = torch.randint(len(X), (8,))
        yield X[rows], Y[rows]


def loader(**options):
    return torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(X, Y), **{"batch_size": 16, "shuffle": True, **options}
    )


def rng(seed=0):
    return np.random.default_rng(seed)
