"""A training in several calls, each with a schedule of its own from beginning to end: said at once."""

from __future__ import annotations

import gc

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch import Scheduler


def train(parameter, updates=4, schedule="linear()", horizon=4, **options):
    """One call, as a trainer that is made anew makes it: with a new optimizer and a new scheduler."""
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = Scheduler(optimizer, schedule, horizon, **options)
    used = []
    for _ in range(updates):
        used.append(optimizer.param_groups[0]["lr"])
        parameter.grad = torch.ones_like(parameter)
        optimizer.step()
        scheduler.step()
    return used, scheduler


@pytest.mark.parametrize("options", [{}, {"follow": "calls"}])
def test_the_same_schedule_begun_again_is_said_once(caplog, options):
    """Epoch by epoch, the LR is a sawtooth."""
    weight = torch.nn.Parameter(torch.ones(2))
    used = []
    for _ in range(3):
        used += train(weight, **options)[0]
        gc.collect()
    assert used == 3 * [1.0, 0.75, 0.5, 0.25]
    (record,) = caplog.records
    assert "begins anew on parameters that it has trained before (4 updates)" in record.getMessage()
    assert "at=4" in record.getMessage()


def test_what_is_no_piece_of_one_training_says_nothing(caplog):
    """Another schedule, another length, another model, one that goes on, one that was never stepped."""
    weight, other = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    train(weight, 2, horizon=12)
    train(weight, 2, horizon=12, at=2)
    train(weight, schedule="cosine()")
    train(weight, horizon=5)
    train(other, horizon=5)
    optimizer = torch.optim.SGD([other], lr=1.0)
    resumed = Scheduler(optimizer, "linear()", 5)
    resumed.load_state_dict(Scheduler(torch.optim.SGD([weight], lr=1.0), "linear()", 5, at=3).state_dict())
    other.grad = torch.ones_like(other)
    optimizer.step()
    resumed.step()
    Scheduler(torch.optim.SGD([weight], lr=1.0), lr.constant(), 5)
    train(weight, schedule=lr.constant(), horizon=5)
    assert not caplog.records


def test_nothing_is_kept_alive():
    """What is remembered of a parameter goes with it."""
    from lrlab.adapters.torch.again import _DRIVEN

    gc.collect()
    before = len(_DRIVEN)
    weight = torch.nn.Parameter(torch.ones(2))
    train(weight)
    assert len(_DRIVEN) == before + 1
    del weight
    gc.collect()
    assert len(_DRIVEN) == before
