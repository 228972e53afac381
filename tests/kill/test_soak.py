"""A long run with saves and restores at random points: no growth of memory, no drift from the closed form."""

import copy
import gc
import json
import random
import sys

import numpy as np
import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler

TEXT = "(warmup(1000) >> cosine(to=0.01)) * plateau(patience=3, factor=0.99, min=0.5)"


def soak(updates, restores, tensor):
    """Train; the greatest relative error of any LR against base x curve x factor, and how many objects were added.

    Memory is counted in Python's allocated blocks, at the middle and at the end.
    """
    rng = random.Random(5)
    points = set(rng.sample(range(updates), restores))
    points |= {updates // 2 - 1, updates - 1}
    base = torch.tensor(0.1) if tensor else 0.1
    held = float(base)
    optimizer = torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": base}])
    scheduler = Scheduler(optimizer, TEXT, updates)
    group = optimizer.param_groups[0]
    curve = lr.parse(TEXT).over(updates)
    open_loop, worst, sizes = curve.values(), 0.0, []
    for i in range(updates):
        expected = held * open_loop[i] * scheduler.pacer.factors[0]
        worst = max(worst, abs(float(group["lr"]) / expected - 1))
        optimizer.step()
        scheduler.step()
        if i % 1000 == 999:
            scheduler.observe(rng.random())
        if i in points:
            states = copy.deepcopy(optimizer.state_dict()), json.loads(json.dumps(scheduler.state_dict()))
            optimizer.load_state_dict(states[0])
            scheduler.load_state_dict(states[1])
            group = optimizer.param_groups[0]
        if i in (updates // 2 - 1, updates - 1):
            gc.collect()
            sizes.append(sys.getallocatedblocks())
    assert scheduler.update == updates
    assert len(scheduler.decisions) < 80
    return worst, sizes[1] - sizes[0]


@pytest.mark.parametrize("tensor", [False, True])
def test_a_run_neither_drifts_nor_grows(tensor):
    """The reduced count: 3000 updates, 30 restores."""
    worst, grown = soak(3000, 30, tensor)
    assert worst < (1e-7 if tensor else 1e-12)
    assert grown < 2000


@pytest.mark.exhaustive
@pytest.mark.parametrize("tensor", [False, True])
def test_a_million_updates_neither_drift_nor_grow(tensor):
    worst, grown = soak(1_000_000, 1000, tensor)
    assert worst < (1e-7 if tensor else 1e-12)
    assert grown < 2000


def test_the_closed_form_is_asked_for_anywhere_without_the_past():
    """The millionth value is the same whether the others were asked for or not."""
    curve = lr.parse("warmup(1000) >> cosine(to=0.01)").over(1_000_000)
    values = curve.values()
    for at in (0, 999, 1000, 4095, 4096, 777_777, 999_999):
        assert curve.between(at, at + 1)[0] == values[at]
    assert np.isfinite(values).all()
