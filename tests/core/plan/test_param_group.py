"""The hyper-parameters in a group, by the names of a plan."""

from __future__ import annotations

import pytest
import torch

from lrlab.core.plan.param_group import fields, is_tensor, kept, put, read, write, write_all


def group(optimizer: str, **arguments: object) -> dict[str, object]:
    made = getattr(torch.optim, optimizer)([torch.nn.Parameter(torch.ones(2, 2))], **arguments)
    return made.param_groups[0]


@pytest.mark.parametrize(
    ("optimizer", "has"),
    [
        ("SGD", {"lr", "weight_decay", "momentum"}),
        ("AdamW", {"lr", "weight_decay", "beta1", "beta2", "eps"}),
        ("RMSprop", {"lr", "weight_decay", "momentum", "eps"}),
        pytest.param(
            "Adafactor",  # its eps is a pair
            {"lr", "weight_decay"},
            marks=pytest.mark.skipif(not hasattr(torch.optim, "Adafactor"), reason="this PyTorch has no Adafactor"),
        ),
        ("LBFGS", {"lr"}),
    ],
)
def test_what_a_plan_can_drive_in_each_optimizer(optimizer, has):
    """Found by what is there, not by the optimizer's name."""
    assert fields(group(optimizer, lr=0.1)) == has


@pytest.mark.parametrize("hyper", ["lr", "weight_decay", "beta1", "beta2", "eps"])
def test_a_float_is_replaced_and_nothing_else_changes(hyper):
    """One beta of the pair alone."""
    changed = group("AdamW", lr=0.1)
    before = {name: read(changed, name) for name in fields(changed)}
    write(changed, hyper, 0.25)
    assert {name: read(changed, name) for name in fields(changed)} == {**before, hyper: 0.25}
    assert type(changed["betas"]) is tuple


def test_a_tensor_is_written_in_place():
    """The same object, also in the pair of betas."""
    lr, beta = torch.tensor(0.1), torch.tensor(0.9)
    changed = group("Adam", lr=lr, betas=(beta, torch.tensor(0.999)), capturable=True, foreach=True)
    write(changed, "lr", 0.5)
    write(changed, "beta1", 0.25)
    assert changed["lr"] is lr
    assert changed["betas"][0] is beta
    assert (read(changed, "lr"), read(changed, "beta1")) == (0.5, 0.25)


def test_many_groups_are_written_as_each_holds_its_value():
    """A number, a tensor, one of a pair: what is a tensor stays the same object."""
    tensor = torch.tensor(0.9)
    groups = [{"beta1": 0.5}, {"beta1": tensor}, {"betas": (0.9, 0.99)}, {"betas": [tensor.clone(), 0.99]}]
    write_all(groups, "beta1", 0.25)
    assert [read(group, "beta1") for group in groups] == [0.25] * 4
    assert groups[1]["beta1"] is tensor
    assert [is_tensor(kept(group, "beta1")) for group in groups] == [False, True, False, True]


def test_a_group_may_be_given_another_object():
    """As a tensor of its own in place of one that it shared."""
    own = torch.tensor(0.5)
    changed = group("Adam", lr=torch.tensor(0.1), betas=(torch.tensor(0.9), torch.tensor(0.99)), capturable=True)
    put(changed, "beta2", own)
    put(changed, "lr", own)
    assert changed["betas"][1] is own
    assert changed["lr"] is own
    assert float(changed["betas"][0]) == float(torch.tensor(0.9))


def test_what_a_group_has_not_is_nothing():
    assert kept({"lr": 0.1}, "beta1") is None
    assert kept({"betas": (0.9,)}, "beta2") is None
    assert kept({"betas": None}, "beta1") is None
    assert fields({"lr": None, "eps": (1e-8, 1e-3), "momentum": "0.9"}) == frozenset()
