"""Shares: what is written together; a tensor of its own for each; who is driven by what."""

from __future__ import annotations

import copy

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch import Scheduler
from lrlab.adapters.torch.layout import Known, Layout
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.rules import Driven
from lrlab.errors import LrlabError

NAMED = pytest.mark.skipif(torch.__version__ < (2, 6), reason="optimizers take no names before PyTorch 2.6")
LINEAR = lr.plan(lr=lr.linear(), weight_decay=lr.linear(to=2))


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(2))


def sgd(*lrs: object, **arguments: object) -> torch.optim.SGD:
    return torch.optim.SGD([{"params": [parameter()], "lr": base} for base in lrs], **arguments)


def lrs(optimizer: torch.optim.Optimizer) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def update(optimizer: torch.optim.Optimizer, scheduler: Scheduler, times: int = 1) -> None:
    for _ in range(times):
        for group in optimizer.param_groups:
            for p in group["params"]:
                p.grad = torch.zeros_like(p)
        optimizer.step()
        scheduler.step()


def known(number: int, base: object, **driven: Driven) -> Known:
    group = {"params": [], "lr": base}
    return Known(group, 0, "SGD", str(number), (), {"lr": float(base)}, 0, driven)


def test_groups_of_one_value_are_one_share():
    """By hyper-parameter, schedule and factor: a thousand groups of one LR are written in one loop."""
    plan = lr.plan(lr=lr.linear(), groups={"x": {"lr": lr.cosine()}})
    line, cosine = plan.schedules
    groups = [
        known(0, 0.1, lr=Driven("lr", line)),
        known(1, 0.1, lr=Driven("lr", line)),
        known(2, 0.2, lr=Driven("lr", line, 0.5)),
        known(3, 0.1, lr=Driven("lr", cosine)),
        known(4, 0.2, lr=Driven("lr", line)),
        known(5, 0.7),
    ]
    layout = Layout(PlanPacer(plan, 10), groups, absolute=False)
    shares = [(share.schedule, share.factor, len(share.groups)) for share in layout.shares]
    assert shares == [(0, 0.1, 3), (1, 0.1, 1), (0, 0.2, 1)]
    absolute = Layout(PlanPacer(plan, 10), groups, absolute=True)
    assert [(share.schedule, share.factor) for share in absolute.shares] == [(0, 1.0), (0, 0.5), (1, 1.0)]


# -- tensors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", [lr.plan(lr=lr.linear(), layer_decay=0.5), lr.plan(groups={"1": {"lr": lr.linear()}})])
def test_a_tensor_of_groups_that_are_driven_apart_is_parted(plan):
    """`lr=torch.tensor(...)` is one object for all groups; one of them may be driven alone."""
    shared = torch.tensor(0.5, dtype=torch.float64)
    optimizer = torch.optim.SGD([{"params": [parameter()]}, {"params": [parameter()]}], lr=shared)
    scheduler = Scheduler(optimizer, plan, 4)
    first = 0.25 if plan.layer_decay else 0.5
    assert lrs(optimizer) == [first, 0.5]
    update(optimizer, scheduler, 2)
    assert lrs(optimizer) == [first / 2 if plan.layer_decay else first, 0.25]
    assert optimizer.param_groups[0]["lr"] is not optimizer.param_groups[1]["lr"]


def test_other_base_lrs_part_a_tensor():
    """What is reported is what is used."""
    shared = torch.tensor(0.5, dtype=torch.float64)
    optimizer = torch.optim.SGD([{"params": [parameter()]}, {"params": [parameter()]}], lr=shared)
    scheduler = Scheduler(optimizer, lr.linear(), 4)
    assert optimizer.param_groups[1]["lr"] is shared
    scheduler.base_lrs = [1.0, 0.1]
    assert lrs(optimizer) == scheduler.get_last_lr() == [1.0, 0.1]
    update(optimizer, scheduler)
    assert lrs(optimizer) == scheduler.get_last_lr() == [0.75, pytest.approx(0.075)]


def test_a_resumed_run_parts_a_tensor_too():
    """The checkpoint has two base LRs, the code one tensor."""
    apart = torch.optim.SGD([{"params": [parameter()], "lr": base} for base in (1.0, 0.1)])
    state = Scheduler(apart, lr.linear(), 4).state_dict()
    shared = torch.tensor(0.5, dtype=torch.float64)
    optimizer = torch.optim.SGD([{"params": [parameter()]}, {"params": [parameter()]}], lr=shared)
    Scheduler(optimizer, lr.linear(), 4).load_state_dict(state, on_change="keep")
    assert lrs(optimizer) == [1.0, 0.1]


def test_tensors_of_other_hyper_parameters_are_parted_too():
    """The betas of all groups are one tuple; an LR and a weight decay may be one tensor."""
    beta, both = torch.tensor(0.9, dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)
    groups = [{"params": [parameter()], "name": name} for name in ("a", "b")]
    optimizer = torch.optim.Adam(groups, lr=both, betas=(beta, torch.tensor(0.99)), capturable=True, foreach=True)
    for group in optimizer.param_groups:
        group["weight_decay"] = both
    plan = lr.plan(lr=1, weight_decay=0.5, groups={"b": {"beta1": lr.linear(start=0.5, to=0.1)}})
    Scheduler(optimizer, plan, 4, follow="calls")
    assert [float(group["betas"][0]) for group in optimizer.param_groups] == [0.9, 0.5]
    assert [float(group["weight_decay"]) for group in optimizer.param_groups] == [0.25, 0.25]
    assert lrs(optimizer) == [0.5, 0.5]


def test_a_new_group_that_takes_a_tensor_brings_what_the_tensor_was():
    """What it holds when the group comes was written here; of the weight decay, too."""
    rate, decay = torch.tensor(0.5, dtype=torch.float64), torch.tensor(0.25, dtype=torch.float64)
    optimizer = torch.optim.SGD([{"params": [parameter()]}], lr=rate, weight_decay=decay)
    scheduler = Scheduler(optimizer, lr.plan(lr=lr.linear(), weight_decay=lr.linear(to=2)), 4)
    update(optimizer, scheduler, 2)
    optimizer.add_param_group({"params": [parameter()]})
    update(optimizer, scheduler)
    assert lrs(optimizer) == [0.125, 0.125]
    assert [float(group["weight_decay"]) for group in optimizer.param_groups] == [0.25 * 1.75] * 2


# -- who is there -------------------------------------------------------------------------------------------------


def test_a_group_that_is_replaced_or_moved_keeps_what_it_brought():
    """load_state_dict() copies groups; somebody sorts them: neither reads a realised value as a base."""
    optimizer = sgd(0.1, 0.4, weight_decay=0.5)
    scheduler = Scheduler(optimizer, LINEAR, 4)
    update(optimizer, scheduler, 2)
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    optimizer.param_groups.reverse()
    update(optimizer, scheduler)
    assert lrs(optimizer) == [0.4 * 0.25, 0.1 * 0.25]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.5 * 1.75] * 2
    assert scheduler.group_names == ["1", "0"]


@NAMED
def test_names_come_from_the_group_from_the_optimizer_or_from_the_model():
    """A group's own name first; its parameters' names as the optimizer or else the model has them."""
    model = torch.nn.ModuleDict({"body": torch.nn.Linear(2, 2), "head": torch.nn.Linear(2, 1)})
    named = torch.optim.AdamW([{"params": list(model["body"].named_parameters()), "name": "body"}])
    bare = torch.optim.AdamW(model["head"].parameters())
    plan = lr.plan(lr=lr.linear(), groups={"head.*": {"lr": 0.5}})
    scheduler = Scheduler([named, bare], plan, 4, model=model)
    assert scheduler.group_names == ["body", "1"]
    assert [row.optimizer for row in scheduler.report().rows if row.hyper == "lr"] == ["AdamW", "AdamW"]
    assert bare.param_groups[0]["lr"] == 0.5 * 1e-3
    assert Scheduler(named, lr.linear(), 4, model=model).report().left_out == ("head.weight", "head.bias")


@NAMED
def test_a_rule_waits_for_parameters_of_the_model_that_are_in_no_group_yet():
    """Gradual unfreezing: the rule is there before the group; without the model it is a typo."""
    model = torch.nn.ModuleDict({"body": torch.nn.Linear(2, 2), "head": torch.nn.Linear(2, 1)})
    plan = lr.plan(lr=lr.linear(), groups={"*body.*": {"lr": lr.constant()}})
    optimizer = torch.optim.SGD(model["head"].named_parameters(prefix="head"), lr=0.1)
    with pytest.raises(LrlabError, match="matches no parameter group"):
        Scheduler(optimizer, plan, 4)
    scheduler = Scheduler(optimizer, plan, 4, model=model)
    update(optimizer, scheduler, 2)
    optimizer.add_param_group({"params": list(model["body"].named_parameters(prefix="body"))})
    scheduler.observe(1.0)
    assert lrs(optimizer) == [0.05, 0.1]
    del optimizer.param_groups[1]  # and frozen again: a rule that has had its group does not end the run
    update(optimizer, scheduler)
    assert lrs(optimizer) == [0.025]


def test_what_has_no_order_or_no_lr_is_refused():
    """Layers over two optimizers, and a group without an LR."""
    plan = lr.plan(lr=lr.linear(), layer_decay=0.5)
    with pytest.raises(LrlabError, match=r"have no order(.|\n)*layers="):
        Scheduler([sgd(0.1), sgd(0.1)], plan, 4)
    optimizer = sgd(0.1)
    optimizer.param_groups[0]["lr"] = None
    with pytest.raises(LrlabError, match="no LR to multiply"):
        Scheduler(optimizer, LINEAR, 4)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (torch.tensor(1), r"whole numbers(.|\n)*torch.tensor\(1.0\)"),
        (torch.tensor(0.1, requires_grad=True), "trained itself"),
    ],
)
def test_a_tensor_that_cannot_be_set_is_refused(tensor, words, late):
    """One of whole numbers would be 0 below a multiple of 1; one that is trained would fail inside torch."""
    optimizer = sgd(0.1, 0.1)
    if late:
        scheduler = Scheduler(optimizer, LINEAR, 4)
    optimizer.param_groups[1]["lr"] = tensor
    with pytest.raises(LrlabError, match=words):
        scheduler.write() if late else Scheduler(optimizer, LINEAR, 4)


def test_a_vector_is_no_lr():
    """Nor is it another value of a group that a plan could drive."""
    optimizer = sgd(0.1)
    optimizer.param_groups[0]["lr"] = torch.ones(2)
    with pytest.raises(LrlabError, match="no LR to multiply"):
        Scheduler(optimizer, LINEAR, 4)


def test_the_record_says_what_each_group_brought():
    """Of what is driven as a multiple: an absolute value needs no base."""
    optimizer = torch.optim.AdamW([parameter()], lr=0.1, weight_decay=0.5)
    scheduler = Scheduler(optimizer, lr.plan(lr=lr.linear(), weight_decay=2, beta1=0.8), 4)
    update(optimizer, scheduler)
    (held,) = scheduler.checkpoint().groups
    assert (held.name, held.joined) == ("0", 0)
    assert held.own == {"lr": 0.1, "weight_decay": 0.5}
    assert held.now == {"lr": pytest.approx(0.075), "weight_decay": 1.0}
    assert held.driven == {"lr": (0, 1.0), "weight_decay": (1, 1.0), "beta1": (2, 1.0)}
