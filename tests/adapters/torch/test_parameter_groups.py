"""The parameters of a model, put into the groups that a plan needs."""

from __future__ import annotations

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch import Scheduler, parameter_groups
from lrlab.errors import LrlabError


def test_the_parameters_of_a_model_are_put_into_groups_by_the_plan():
    """Layer-wise decay without decay of biases and norms, as timm's param_groups_layer_decay, from the plan alone."""
    net = torch.nn.ModuleDict(
        {"embed": torch.nn.Linear(2, 2), "blocks": torch.nn.ModuleList(torch.nn.Linear(2, 2) for _ in range(12))}
    )
    net["norm"], net["head"] = torch.nn.LayerNorm(2), torch.nn.Linear(2, 1)
    net["embed"].weight.requires_grad = False
    p = lr.plan(
        lr="warmup(3) >> cosine(to=0.1)",
        weight_decay=1,
        groups={"*.bias": {"weight_decay": 0}, "norm.*": {"weight_decay": 0}},
        layer_decay=0.75,
        layers=["embed.*", "blocks.{}.*", "[nh]*"],
    )
    optimizer = torch.optim.AdamW(parameter_groups(net, p), lr=0.1, weight_decay=0.05)
    Scheduler(optimizer, p, 20)
    found = {name: group for group in optimizer.param_groups for name in group["param_names"]}
    assert set(found) == {name for name, _ in net.named_parameters()} - {"embed.weight"}
    assert len(optimizer.param_groups) == 1 + 12 * 2 + 4
    for name, group in found.items():
        layer = 0 if name.startswith("embed") else int(name.split(".")[1]) + 1 if name.startswith("blocks") else 13
        decay = 0.0 if name.endswith("bias") or name.startswith("norm") else 0.05
        assert group["lr"] == pytest.approx(0.1 * 0.25 * 0.75 ** (13 - layer), rel=1e-14), name
        assert group["weight_decay"] == decay


def test_what_has_no_order_or_no_parameter_is_refused():
    net = torch.nn.Sequential(torch.nn.Linear(2, 2))
    with pytest.raises(LrlabError, match=r"no order of their own(.|\n)*layers="):
        parameter_groups(net, lr.plan(lr=1, layer_decay=0.5))
    with pytest.raises(LrlabError, match="matches no parameter group"):
        parameter_groups(net, lr.plan(lr=1, groups={"blocks.12.*": {"lr": 0.5}}))
