"""The groups under a plan: known again by their parameters, with what they brought."""

from __future__ import annotations

import copy

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.plan_groups import PlanGroups
from lrlab.core.plan.pacer import PlanPacer
from lrlab.errors import LrlabError

LINEAR = lr.plan(lr=lr.linear(), weight_decay=lr.linear(to=2))


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(2))


def sgd(*lrs: object, **arguments: object) -> torch.optim.SGD:
    return torch.optim.SGD([{"params": [parameter()], "lr": base} for base in lrs], **arguments)


def lrs(optimizer: torch.optim.Optimizer) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def test_a_group_that_is_replaced_or_moved_keeps_what_it_brought():
    """load_state_dict() copies groups; somebody sorts them: neither reads a realised value as a base."""
    optimizer = sgd(0.1, 0.4, weight_decay=0.5)
    groups, pacer = PlanGroups([optimizer], LINEAR, None), PlanPacer(LINEAR, 4)
    pacer.update = 2
    groups.write(pacer)
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    optimizer.param_groups.reverse()
    assert groups.changed()
    pacer.update = 3
    groups.write(pacer)
    assert not groups.changed()
    assert lrs(optimizer) == [0.4 * 0.25, 0.1 * 0.25]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.5 * 1.75] * 2
    assert [known.name for known in groups.known] == ["1", "0"]


def test_names_come_from_the_group_from_the_optimizer_or_from_the_model():
    """A group's own name first; its parameters' names as the optimizer or else the model has them."""
    model = torch.nn.ModuleDict({"body": torch.nn.Linear(2, 2), "head": torch.nn.Linear(2, 1)})
    named = torch.optim.AdamW([{"params": list(model["body"].named_parameters()), "name": "body"}])
    bare = torch.optim.AdamW(model["head"].parameters())
    groups = PlanGroups([named, bare], LINEAR, model)
    assert [(known.name, known.parameters) for known in groups.known] == [
        ("body", ("weight", "bias")),
        ("1", ("head.weight", "head.bias")),
    ]
    assert [known.optimizer for known in groups.known] == ["AdamW", "AdamW"]
    assert PlanGroups([named], LINEAR, model).left_out() == ("head.weight", "head.bias")


def test_a_rule_waits_for_parameters_of_the_model_that_are_in_no_group_yet():
    """Gradual unfreezing: the rule is there before the group; without the model it is a typo."""
    model = torch.nn.ModuleDict({"body": torch.nn.Linear(2, 2), "head": torch.nn.Linear(2, 1)})
    plan = lr.plan(lr=lr.linear(), groups={"*body.*": {"lr": lr.constant()}})
    optimizer = torch.optim.SGD(model["head"].named_parameters(prefix="head"), lr=0.1)
    with pytest.raises(LrlabError, match="matches no parameter group"):
        PlanGroups([optimizer], plan, None)
    groups, pacer = PlanGroups([optimizer], plan, model), PlanPacer(plan, 4)
    pacer.update = 2
    optimizer.add_param_group({"params": list(model["body"].named_parameters(prefix="body"))})
    groups.write(pacer)
    assert lrs(optimizer) == [0.05, 0.1]
    del optimizer.param_groups[1]  # and frozen again: a rule that has had its group does not end the run
    groups.write(pacer)


def test_groups_that_were_given_one_tensor_get_one_each():
    """One object cannot hold two LRs; what it held when a group came later is not a base."""
    shared = torch.tensor(0.5, dtype=torch.float64)
    optimizer = torch.optim.SGD([{"params": [parameter()]}, {"params": [parameter()]}], lr=shared)
    plan = lr.plan(lr=lr.linear(), layer_decay=0.5)
    groups, pacer = PlanGroups([optimizer], plan, None), PlanPacer(plan, 4)
    assert optimizer.param_groups[0]["lr"] is shared
    pacer.update = 2
    groups.write(pacer)
    optimizer.add_param_group({"params": [parameter()], "lr": shared})
    groups.write(pacer)
    assert lrs(optimizer) == [0.125, 0.25, 0.25]
    assert groups.lrs == lrs(optimizer)


def test_what_has_no_order_or_no_lr_is_refused():
    """Layers over two optimizers, and a group without an LR."""
    plan = lr.plan(lr=lr.linear(), layer_decay=0.5)
    with pytest.raises(LrlabError, match=r"have no order(.|\n)*layers="):
        PlanGroups([sgd(0.1), sgd(0.1)], plan, None)
    optimizer = sgd(0.1)
    optimizer.param_groups[0]["lr"] = None
    with pytest.raises(LrlabError, match="no LR to multiply"):
        PlanGroups([optimizer], LINEAR, None)


def test_the_record_says_what_each_group_brought():
    """For the multiples alone: an absolute value needs no base."""
    optimizer = torch.optim.AdamW([parameter()], lr=0.1, weight_decay=0.5)
    plan = lr.plan(lr=lr.linear(), beta1=0.8)
    groups, pacer = PlanGroups([optimizer], plan, None), PlanPacer(plan, 4)
    pacer.update = 1
    groups.write(pacer)
    record = groups.record()
    own, now = {"lr": 0.1, "weight_decay": 0.5}, {"lr": pytest.approx(0.075), "weight_decay": 0.5}
    assert record == [{"name": "0", "joined": 0, "own": own, "now": now}]
    assert groups.differences(record) == []
    other = PlanGroups([torch.optim.AdamW([parameter()], lr=0.2, weight_decay=0.5)], plan, None)
    assert other.differences(record) == [("lr of group 0", 0.1, 0.2)]
    assert PlanGroups([sgd(0.1, 0.1, momentum=0.9)], lr.plan(lr=1), None).differences(record) == [
        ("groups", ["0"], ["0", "1"])
    ]
