"""What optimizers see before their steps: norms, and by how much weights behind a normalisation raise them."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn

from lrlab.desk.gradients import watched

INPUTS = torch.randn(64, 12, generator=torch.Generator().manual_seed(0))
TARGETS = torch.sin(INPUTS.sum(1, keepdim=True))


def trained(model, *, decay, steps=60, lr=0.5, loss=None):
    """What was seen of SGD with an LR that falls to nothing."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, weight_decay=decay)
    with watched() as seen:
        for k in range(steps):
            optimizer.param_groups[0]["lr"] = lr * (1 - k / steps)
            optimizer.zero_grad()
            (loss(model) if loss else (model(INPUTS) - TARGETS).square().mean()).backward()
            optimizer.step()
    (its,) = seen.values()
    return its


def network(*between):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(12, 16), *between, nn.ReLU(), nn.Linear(16, 1))


class Direction(nn.Module):
    """Weights of which only the direction matters."""

    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.linspace(-1, 2, 24, dtype=torch.float64).reshape(4, 6))


def away(model):
    """How far the direction is from one that is given."""
    towards = torch.ones(4, 6, dtype=torch.float64) / math.sqrt(24)
    return (model.weights / model.weights.norm() - towards).square().sum()


@pytest.mark.parametrize("l1", [False, True])
def test_the_norm_is_raised_as_the_weights_are_shortened(l1):
    """Exactly, where one tensor is all that there is: a gradient behind a normalisation goes by 1 / length."""
    its = trained(Direction(), decay=0.02, loss=away)
    norms, rises = its.norms(l1=l1)
    lengths = np.array([next(iter(step.values())).length for step in its.steps])
    assert lengths[-1] < 0.8 * lengths.max()
    assert rises == pytest.approx(np.maximum.accumulate(lengths) / lengths)
    assert norms[0] == pytest.approx(first_norm(1 if l1 else 2))


def first_norm(order):
    model = Direction()
    away(model).backward()
    return float(model.weights.grad.norm(p=order))


def test_weights_that_only_grow_raise_nothing():
    """Without a decay, steps at a right angle lengthen them."""
    assert trained(Direction(), decay=0.0, loss=away).norms(l1=False)[1].tolist() == [1.0] * 60


@pytest.mark.parametrize(
    ("between", "raised"),
    [((nn.BatchNorm1d(16),), True), ((nn.LayerNorm(16, bias=False),), True), ((), False)],
    ids=["batch norm", "layer norm", "none"],
)
def test_weights_behind_a_normalisation_are_known_by_their_gradients(between, raised):
    """Those of the layer before it, and no others: the length of the others is seen by the loss. Behind a LayerNorm a
    bias is left out, as weights and bias are scaled alike only together."""
    model = network(*between)
    if raised and isinstance(between[0], nn.LayerNorm):
        model[0].bias = None
    its = trained(model, decay=0.05)
    norms, rises = its.norms(l1=False)
    assert (rises.max() > 1.02) == raised
    first = [step[id(model[0].weight)] for step in its.steps]
    lengths = np.array([each.length for each in first])
    kept = np.array([each.square for each in first]) * (1 - (lengths / np.maximum.accumulate(lengths)) ** 2)
    assert norms / rises == pytest.approx(np.sqrt(norms**2 - raised * kept))


def test_what_has_no_gradient_says_nothing():
    """Neither a layer without one, nor one whose gradient is 0 for a while, nor all of them."""
    model = network(nn.BatchNorm1d(16))
    model[3].requires_grad_(requires_grad=False)
    its = trained(model, decay=0.05)
    assert {len(step) for step in its.steps} == {4}
    dead = trained(Direction(), decay=0.05, loss=lambda model: 0 * model.weights.sum())
    norms, rises = dead.norms(l1=True)
    assert (norms.max(), rises.tolist()) == (0.0, [1.0] * 60)


def test_a_right_angle_without_a_decay_shortens_nothing():
    """Near the minimum of a linear network all gradients are so; a loss that sees the length may shorten weights."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(12, 4, bias=False), nn.Linear(4, 12, bias=False))
    for each in model:
        each.weight.data *= 2
    its = trained(model, decay=0.0, steps=200, loss=lambda model: (model(INPUTS) - INPUTS).square().mean())
    assert its.norms(l1=False)[1].tolist() == [1.0] * 200
    its = trained(model, decay=1e-3, steps=200, loss=lambda model: (model(INPUTS) - INPUTS).square().mean())
    assert its.norms(l1=False)[1].tolist() == [1.0] * 200


@pytest.mark.parametrize("fused", [False, True])
def test_the_scale_of_mixed_precision_is_no_norm(fused):
    """A fused optimizer divides by it itself."""

    def seen(scaler):
        torch.manual_seed(0)
        model = nn.Linear(12, 1)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=fused)
        with watched() as found:
            for _ in range(5):
                optimizer.zero_grad()
                loss = (model(INPUTS) - TARGETS).square().mean()
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
        return next(iter(found.values())).norms(l1=True)[0]

    scaled = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2)
    assert seen(scaled) == pytest.approx(seen(torch.amp.GradScaler("cpu", enabled=False)), rel=1e-5)


@pytest.mark.parametrize("kind", [torch.complex64, torch.bfloat16, torch.float64])
def test_norms_are_those_of_all_kinds_of_numbers(kind):
    weights = nn.Parameter(torch.randn(6, 4, dtype=kind, generator=torch.Generator().manual_seed(1)))
    optimizer = torch.optim.SGD([weights], lr=0.1, weight_decay=0.1)
    with watched() as found:
        (weights.abs() ** 2).sum().backward()
        optimizer.step()
    (step,) = next(iter(found.values())).steps
    (each,) = step.values()
    gradient = weights.grad.to(torch.complex128 if kind.is_complex else torch.float64)
    assert math.sqrt(each.square) == pytest.approx(float(gradient.abs().square().sum().sqrt()))
    assert each.along == pytest.approx(math.sqrt(48 if kind.is_complex else 24), rel=1e-2)  # 2 w, along the weights


def test_a_sparse_gradient_is_that_of_a_dense_one():
    """Rows that are looked up twice count as one."""

    def seen(*, sparse):
        torch.manual_seed(0)
        model = nn.Embedding(50, 4, sparse=sparse)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with watched() as found:
            model(torch.tensor([3, 7, 7])).square().sum().backward()
            optimizer.step()
        its = next(iter(found.values()))
        return [*its.norms(l1=True)[0], *its.norms(l1=False)[0], *its.bounded()[1]]

    assert seen(sparse=True) == pytest.approx(seen(sparse=False))


def test_a_gradient_that_is_infinite_raises_nothing():
    its = trained(network(nn.BatchNorm1d(16)), decay=0.05, steps=3)
    its.steps[1] = {tensor: dataclasses.replace(each, square=math.inf) for tensor, each in its.steps[1].items()}
    norms, rises = its.norms(l1=False)
    assert (np.isfinite(norms).tolist(), np.isfinite(rises).all()) == ([True, False, True], True)


def test_each_optimizer_has_its_own():
    """With its LR of the time."""
    one, other = (nn.Linear(2, 1) for _ in range(2))
    optimizers = [torch.optim.SGD(one.parameters(), lr=0.1), torch.optim.Adam(other.parameters(), lr=0.2)]
    with watched() as seen:
        for model, optimizer in zip((one, other), optimizers, strict=True):
            model(torch.ones(1, 2)).square().sum().backward()
            optimizer.step()
    optimizers[0].step()
    assert [its.lrs for its in seen.values()] == [[0.1], [0.2]]
    assert [its.optimizer for its in seen.values()] == optimizers
