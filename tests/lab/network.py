"""A small network with everything that a state can be hidden in: BatchNorm, dropout, momentum, shuffling, augmentation.

`config["loader"]` says where its batches come from; `config["trap"]` what it does wrong, for the audit to catch.
"""

import itertools
import os
import random

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from lrlab.lab.task.declaration import task

GENERATOR = np.random.default_rng(5)  # a state of the process that nobody tracks


class Hidden:
    """A tracked object that forgets its state."""

    def __init__(self, whole):
        self.whole = whole

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


@task(metric="val_loss", updates=60, folds=2, seeds=1, lrs=(1.0,), evals=6)
def train(run):
    """Train; eleven batches of six make an epoch."""
    trap = run.config.get("trap")
    if trap == "threads":
        torch.set_num_threads(int(os.environ["THREADS_OF_THE_TEST"]))
    width = 256 if trap == "threads" else 8
    model = torch.nn.Sequential(
        torch.nn.Linear(4, width), torch.nn.BatchNorm1d(width), torch.nn.Dropout(0.2), torch.nn.Linear(width, 1)
    )
    opt = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=run.config.get("fused"))
    if trap == "optimizer":
        opt.state_dict, opt.load_state_dict = dict, lambda state: None
    if trap == "buffers":
        whole = model.state_dict
        model.state_dict = lambda: {k: v for k, v in whole().items() if "running" not in k and "tracked" not in k}
        load = model.load_state_dict
        model.load_state_dict = lambda state: load(state, strict=False)
    data = torch.Generator().manual_seed(run.fold)
    x = torch.randn(64, 4, generator=data)
    y = x.sum(1, keepdim=True)
    batches = loader(run, x, y)
    run.track(model=model, opt=opt, **({"loader": batches} if isinstance(batches, Stateful) else {}))
    for _, (a, b) in run.steps(batches):
        model.train()
        noise = GENERATOR.normal() if trap == "random numbers" else random.random() + np.random.random()
        loss = ((model(a + 0.01 * noise) - b) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        run.log(loss=loss)
        if run.eval_now:
            model.eval()
            with torch.inference_mode():
                run.report(val_loss=((model(x) - y) ** 2).mean())


def loader(run, x, y):
    """The batches, in the form that is asked for."""
    kind = run.config.get("loader", "shuffled")
    data = TensorDataset(x, y)
    batches = run.batches(len(x), 6)
    return {
        "shuffled": lambda: DataLoader(data, 6, shuffle=True),
        "with a generator": lambda: DataLoader(
            data, 6, shuffle=True, generator=torch.Generator().manual_seed(run.seed)
        ),
        "list": lambda: list(DataLoader(data, 6)),
        "generator": lambda: drawn(x, y),
        "batches": lambda: Rows(x, y, batches),
        "sampler": lambda: DataLoader(data, batch_sampler=batches),
        "iterator": lambda: itertools.cycle(DataLoader(data, 6, shuffle=True)),
        "stateful": lambda: Stateful(x, y),
        "stateful, with a generator": lambda: Stateful(x, y, torch.Generator().manual_seed(run.seed)),
        "remembers": lambda: endless(DataLoader(data, 6)),
        "remembers, shuffled": lambda: endless(DataLoader(data, 6, shuffle=True)),
    }[kind]()


def drawn(x, y):
    """Batches of random rows, without a memory."""
    while True:
        rows = torch.randint(len(x), (6,))
        yield x[rows], y[rows]


def endless(batches):
    """What many write, and what cannot be taken up again in the middle."""
    while True:
        yield from batches


class Stateful:
    """As torchdata's StatefulDataLoader: a pass draws a base seed and then its order, from the same generator where one
    is given; its state, put back, is followed by another draw of the base seed before the order."""

    def __init__(self, x, y, generator=None):
        self.x, self.y, self.generator = x, y, generator
        self._passes, self._restored = 0, False

    def __len__(self):
        return len(self.x) // 6

    def __iter__(self):
        for _ in range(1 + self._restored):
            torch.randint(2**31, (), generator=self.generator)
        own = self.generator or torch.Generator().manual_seed(self._passes)
        order = torch.randperm(len(self.x), generator=own)
        self._passes, self._restored = self._passes + 1, False
        for k in range(len(self)):
            rows = order[6 * k : 6 * k + 6]
            yield self.x[rows], self.y[rows]

    def state_dict(self):
        return {"passes": self._passes, "draws": self.generator and self.generator.get_state()}

    def load_state_dict(self, state):
        self._passes, self._restored = state["passes"], self.generator is not None
        if self.generator:
            self.generator.set_state(state["draws"])


class Rows(list):
    """Batches by their indexes; a list of as many as the run needs."""

    def __init__(self, x, y, batches):
        super().__init__((x[batches[k]], y[batches[k]]) for k in range(60))
