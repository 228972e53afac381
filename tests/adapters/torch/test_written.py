"""What something else writes into a group is said, whichever group and hyper-parameter it is."""

from __future__ import annotations

import logging
import warnings

import pytest
import torch
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict

import lrlab as lr
from lrlab.adapters.torch import Scheduler
from lrlab.adapters.torch.written import as_stored

PLAN = lr.plan(lr=lr.linear(), momentum=lr.linear(start=0.9, to=0.8), weight_decay=lr.linear(to=2))


def groups(tensors: bool) -> list[dict[str, object]]:
    return [
        {"params": [torch.nn.Parameter(torch.ones(2))], "lr": torch.tensor(base) if tensors else base}
        for base in (0.5, 0.25, 0.5)
    ]


def run(follow: str, tensors: bool, meddle, when: str, plan=PLAN):
    """Six updates; before the third or after it something else writes. The values used, and what was logged."""
    optimizer = torch.optim.SGD(groups(tensors), momentum=0.9, weight_decay=0.1)
    scheduler = Scheduler(optimizer, plan, 10, follow=follow)
    used = []
    for i in range(6):
        if i == 2 and when == "before":
            meddle(optimizer)
        used.append([(float(g["lr"]), g["momentum"], g["weight_decay"]) for g in optimizer.param_groups])
        for group in optimizer.param_groups:
            group["params"][0].grad = torch.zeros(2)
        optimizer.step()
        if i == 2 and when == "after":
            meddle(optimizer)
        scheduler.step()
    return used


def put(group: int, key: str, value: object):
    def act(optimizer: torch.optim.Optimizer) -> None:
        optimizer.param_groups[group][key] = value

    return act


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("group", [0, 1, 2])
@pytest.mark.parametrize(("key", "name"), [("lr", "LR"), ("momentum", "momentum"), ("weight_decay", "weight_decay")])
def test_what_is_put_into_any_group_is_said_once(group, key, name, when, caplog):
    """An LR of 0 to freeze a layer, a momentum of one's own: the schedule goes on, and says so."""
    with caplog.at_level(logging.WARNING):
        used = run("updates", False, put(group, key, 0.0), when)
    (record,) = caplog.records
    assert f"set the {name} of group {group} to 0;" in record.getMessage()
    assert used[3:] == run("updates", False, lambda _: None, when)[3:]


@pytest.mark.parametrize("group", [0, 1, 2])
def test_it_is_said_under_follow_calls_where_an_update_uses_it(group, caplog):
    with caplog.at_level(logging.WARNING):
        run("calls", False, put(group, "lr", 0.0), "before")
    assert len(caplog.records) == 1


@pytest.mark.parametrize("follow", ["updates", "calls"])
def test_an_lr_that_is_put_aside_to_fill_the_optimizers_state_is_nobodys_wish(follow, caplog):
    """As `torch.distributed.checkpoint` does."""
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.5)
    scheduler = Scheduler(optimizer, lr.linear(), 10, follow=follow)
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING, "lrlab"):
        warnings.simplefilter("ignore")  # its own
        get_optimizer_state_dict(model, optimizer)
        optimizer.step()
        scheduler.step()
    assert not [record for record in caplog.records if record.name.startswith("lrlab")]
    assert optimizer.param_groups[0]["lr"] == 0.45


@pytest.mark.parametrize("act", [lambda t: t.fill_(0.0), lambda t: t.mul_(0.5)])
@pytest.mark.parametrize("group", [0, 1, 2])
def test_a_tensor_that_something_else_fills_is_noticed(group, act, caplog):
    """`group["lr"] *= 0.5` is the same object afterwards."""
    with caplog.at_level(logging.WARNING):
        run("updates", True, lambda o: act(o.param_groups[group]["lr"]), "after", lr.plan(lr=lr.linear()))
    (record,) = caplog.records
    assert f"the LR of group {group} " in record.getMessage()


@pytest.mark.parametrize("group", [0, 1, 2])
def test_a_float_that_is_made_a_tensor_is_written_in_place_from_then_on(group, caplog):
    """Nothing was meant by it but a compiled step()."""
    made = []

    def act(optimizer: torch.optim.Optimizer) -> None:
        made.append(torch.tensor(float(optimizer.param_groups[group]["lr"]), dtype=torch.float64))
        optimizer.param_groups[group]["lr"] = made[0]

    with caplog.at_level(logging.WARNING):
        run("updates", False, act, "before")
    assert not caplog.records
    assert float(made[0]) == (0.5, 0.25, 0.5)[group] * 0.4


def test_an_observation_says_it_too(caplog):
    """It writes every group: what somebody has just put there would be gone."""
    optimizer = torch.optim.SGD(groups(False))
    scheduler = Scheduler(optimizer, lr.linear() * lr.plateau(), 10)
    optimizer.param_groups[1]["lr"] = 0.125
    with caplog.at_level(logging.WARNING):
        scheduler.observe(1.0)
    assert "set the LR of group 1 to 0.125; the schedule goes on from 0.25" in caplog.text


def test_of_a_group_that_is_not_driven_nothing_is_said(caplog):
    optimizer = torch.optim.SGD(groups(False))
    with caplog.at_level(logging.WARNING):
        scheduler = Scheduler(optimizer, lr.plan(groups={"0": {"lr": lr.linear()}}), 10)
        caplog.clear()
        optimizer.param_groups[1]["lr"] = 0.125
        optimizer.step()
        scheduler.step()
    assert not caplog.records
    assert scheduler.get_last_lr() == [0.45, 0.125, 0.5]


def test_a_tensor_that_counts_no_writes_is_left_in_peace(caplog):
    """Tensors that were made under `torch.inference_mode()`."""
    with torch.inference_mode(), caplog.at_level(logging.WARNING):
        optimizer = torch.optim.SGD(groups(True))
        scheduler = Scheduler(optimizer, lr.linear(), 10, follow="calls")
        for _ in range(3):
            scheduler.step()
        scheduler.observe(1.0)
    assert not caplog.records


def test_a_value_is_stored_in_the_precision_of_its_tensor():
    assert as_stored(0.1, 0.3) == 0.1
    assert as_stored(0.1, torch.tensor(0.3)) == float(torch.tensor(0.1))


def driven(plan=PLAN, horizon=1000):
    """A scheduler, and what makes updates with it."""
    optimizer = torch.optim.SGD(groups(False), momentum=0.9, weight_decay=0.1)
    scheduler = Scheduler(optimizer, plan, horizon)

    def train(updates: int, write=lambda groups: None) -> None:
        for _ in range(updates):
            write(optimizer.param_groups)
            for group in optimizer.param_groups:
                group["params"][0].grad = torch.zeros(2)
            optimizer.step()
            scheduler.step()

    return optimizer.param_groups, train


def told(caplog):
    return [" ".join(record.getMessage().split()[4:9]) for record in caplog.records]


def test_each_hyper_parameter_is_said_and_not_the_first_of_a_run_alone(caplog):
    """A layer is frozen at the beginning; a weight decay that is set later is another thing."""
    held, train = driven()
    for group, key in [(1, "lr"), (1, "weight_decay"), (0, "momentum"), (0, "lr")]:
        train(3)
        held[group][key] = 0.25
    train(3)
    assert told(caplog) == [
        "the LR of group 1",
        "the weight_decay of group 1",
        "the momentum of group 0",
        "the LR of group 0",
    ]


def test_a_loop_that_writes_at_every_update_is_told_once_and_a_later_wish_again(caplog):
    held, train = driven()
    train(300, lambda groups: groups[0].update(lr=0.125))
    assert told(caplog) == ["the LR of group 0"]
    train(150)
    held[0]["lr"] = 0.125
    train(3)
    assert told(caplog) == ["the LR of group 0"] * 2


def test_of_many_groups_that_are_set_together_one_is_named(caplog):
    held, train = driven()
    for group in held:
        group["lr"], group["weight_decay"] = 0.125, 0.0
    train(2)
    assert told(caplog) == ["the LR of group 0", "the weight_decay of group 0"]
