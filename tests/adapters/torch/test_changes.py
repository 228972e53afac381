"""A run that is changed while it goes on, or resumed under another code: LR, moments, groups and log."""

from __future__ import annotations

import copy
import json
import logging
from typing import Any

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.errors import LrlabError

TEXT = "(warmup(5) >> cosine(to=0.1)) * plateau(patience=1, factor=0.5)"
ORDERS = ["bos", "obs", "bso"]
CHANGES = {
    "rescale-rest": lambda s: s.extend(80, how="rescale-rest"),
    "hold-then-decay": lambda s: s.extend(80, how="hold-then-decay"),
    "re-warm": lambda s: s.extend(80, how="re-warm", peak=0.9),
    "keep": lambda s: s.extend(80, how="keep"),
    "finish": lambda s: s.finish(over=9),
    "scale": lambda s: s.resume(s.state_dict(), scale=0.25),
    "peak": lambda s: s.resume(s.state_dict(), peak=0.03),
    "base LRs": lambda s: setattr(s, "base_lrs", [0.2, 0.3]),
    "splice": lambda s: s.load_state_dict(foreign(s), on_change="splice"),
    "two": lambda s: (s.extend(60, how="rescale-rest"), s.finish("50%"), s.resume(s.state_dict(), scale=0.5)),
}


def adamw() -> torch.optim.Optimizer:
    first, second = (torch.nn.Parameter(torch.tensor([1.0, -2.0])) for _ in range(2))
    return torch.optim.AdamW([{"params": [first], "lr": 0.1}, {"params": [second], "lr": torch.tensor(0.01)}])


def foreign(scheduler: Scheduler) -> dict[str, Any]:
    """The state that the scheduler would have under another schedule."""
    other = Scheduler(adamw(), "linear(to=0.3)", 55)
    other.load_state_dict(scheduler.state_dict(), on_change="take")
    return other.state_dict()


def lrs(optimizer: torch.optim.Optimizer) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def train(optimizer: torch.optim.Optimizer, scheduler: Scheduler, start: int, stop: int) -> list[list[float]]:
    used = []
    for i in range(start, stop):
        used.append(lrs(optimizer))
        for group in optimizer.param_groups:
            for p in group["params"]:
                p.grad = p.detach() + 0.1 * i
        optimizer.step()
        scheduler.step()
        if i % 10 == 9:
            scheduler.observe(1.0)
    return used


def started(update: int = 24) -> tuple[torch.optim.Optimizer, Scheduler]:
    optimizer = adamw()
    scheduler = Scheduler(optimizer, TEXT, 40)
    train(optimizer, scheduler, 0, update)
    return optimizer, scheduler


def reloaded(optimizer: Any, scheduler: Scheduler, order: str, **arguments: Any) -> tuple[Any, Scheduler]:
    """A new process whose code still says the old horizon."""
    saved = copy.deepcopy(optimizer.state_dict()), json.loads(json.dumps(scheduler.state_dict()))
    again = adamw()
    with torch.no_grad():
        for mine, theirs in zip(again.param_groups, optimizer.param_groups, strict=True):
            mine["params"][0].copy_(theirs["params"][0])
    for act in order:
        if act == "b":
            scheduler = Scheduler(again, TEXT, 40, **arguments)
        elif act == "o":
            again.load_state_dict(copy.deepcopy(saved[0]))
        else:
            scheduler.load_state_dict(saved[1])
    return again, scheduler


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("how", CHANGES)
def test_a_changed_run_is_resumed_bit_for_bit(how, order):
    """Saved at the change and later, loaded in each order, by code that still says the old horizon."""
    optimizer, scheduler = started()
    CHANGES[how](scheduler)
    again, resumed = reloaded(optimizer, scheduler, order, on_change="keep")
    assert lrs(again) == lrs(optimizer)
    assert resumed.changes == scheduler.changes
    assert train(optimizer, scheduler, 24, 50) == train(again, resumed, 24, 50)
    later, twice = reloaded(again, resumed, order, on_change="keep")
    assert train(optimizer, scheduler, 50, 90) == train(later, twice, 50, 90)
    for mine, theirs in zip(optimizer.param_groups, later.param_groups, strict=True):
        assert torch.equal(mine["params"][0], theirs["params"][0])
    assert scheduler.changes == twice.changes


@pytest.mark.parametrize("how", list(CHANGES)[:5])
def test_a_change_has_no_jump_and_is_in_the_log(how):
    """In the optimizer at once; the LRs of the updates before stay what they were."""
    optimizer, scheduler = started()
    before, past = lrs(optimizer), scheduler.pacer.curve.values()[:24].tolist()
    CHANGES[how](scheduler)
    assert lrs(optimizer) == pytest.approx(before, rel=1e-6)
    assert scheduler.pacer.curve.values()[:24].tolist() == past
    change = scheduler.changes[-1]
    assert (change.update, change.how) == (24, how)
    assert change.before["horizon"] != change.after["horizon"]


def test_code_that_still_says_the_old_horizon_is_told_so():
    optimizer, scheduler = started()
    scheduler.extend(80, how="rescale-rest")
    with pytest.raises(LrlabError) as raised:
        reloaded(optimizer, scheduler, "bos")
    for part in ("{'updates': 40} -> {'updates': 80}", "rescale-rest", '"keep"', "the changed run goes on"):
        assert part in str(raised.value)


# -- another code -------------------------------------------------------------------------------------------------


def test_each_policy_of_the_constructor_and_of_the_call():
    """on_change is the scheduler's own, or said at the call."""
    optimizer, scheduler = started()
    state = scheduler.state_dict()
    present = lrs(optimizer)
    for said in ("constructor", "call"):
        arguments = [{"on_change": p} for p in ("keep", "take", "splice")]
        found = []
        for argument in arguments:
            again = adamw()
            mine = Scheduler(again, "linear()", 100, **(argument if said == "constructor" else {}))
            mine.load_state_dict(state, **({} if said == "constructor" else argument))
            assert mine.update == 24
            found.append((lrs(again), mine))
        assert found[0][0] == present
        assert found[1][0] == pytest.approx([0.1 * 0.76, 0.01 * 0.76], rel=1e-6)
        assert found[2][0] == pytest.approx(present, rel=1e-6)
        assert [m.horizon.total for _, m in found] == [40, 100, 100]
        assert found[2][1].pacer.curve(100) == pytest.approx(0, abs=1e-12)
    with pytest.raises(LrlabError, match="on_change is not known"):
        Scheduler(adamw(), "linear()", 100, on_change="replace")


def test_a_policy_that_fails_changes_nothing():
    _, scheduler = started()
    state = scheduler.state_dict()
    again = adamw()
    mine = Scheduler(again, "linear()", 20)
    before = mine.state_dict(), lrs(again)
    with pytest.raises(LrlabError, match="nothing is left"):
        mine.load_state_dict(state, on_change="splice")
    assert (mine.state_dict(), lrs(again)) == before


# -- scale and peak -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "exact"), [(0.5, True), (4.0, True), (0.3, False)])
def test_every_later_lr_is_scaled_and_nothing_else(scale, exact):
    """Moments, group ratios and decisions stay; a power of two scales to the last bit."""
    optimizer, scheduler = started()
    moments = copy.deepcopy(optimizer.state_dict()["state"])
    state = scheduler.state_dict()
    scaled, halved = reloaded(optimizer, scheduler, "bos", on_change="stop")
    halved.resume(state, scale=scale)
    assert all(
        torch.equal(mine["exp_avg"], theirs["exp_avg"])
        for mine, theirs in zip(moments.values(), scaled.state_dict()["state"].values(), strict=True)
    )
    expected = [[scale * x for x in row] for row in train(optimizer, scheduler, 24, 60)]
    found = train(scaled, halved, 24, 60)
    assert found == expected if exact else [[pytest.approx(x, rel=1e-6) for x in row] for row in expected] == found
    assert halved.changes[-1].how == "scale"
    assert halved.changes[-1].after == {"scale": scale}


def test_a_scale_is_not_applied_twice():
    """Neither by loading later, nor by the same script at every start."""
    optimizer, scheduler = started()
    scheduler.resume(scheduler.state_dict(), scale=0.5)
    present = lrs(optimizer)
    for _ in range(3):
        again = adamw()
        resumed = Scheduler(again, TEXT, 40)
        resumed.resume(scheduler.state_dict(), scale=0.5)
        assert lrs(again) == present
        assert len(resumed.changes) == 1
        scheduler = resumed
    scheduler.resume(scheduler.state_dict(), scale=1.0)
    assert lrs(scheduler.optimizer) == pytest.approx([2 * x for x in present])


def test_a_new_peak_is_the_greatest_lr_of_the_plan():
    optimizer = adamw()
    scheduler = Scheduler(optimizer, "0.5 * (warmup(5) >> cosine())", 40)
    state = scheduler.state_dict()
    scheduler.resume(state, peak=0.02)
    used = train(optimizer, scheduler, 0, 40)
    assert max(row[0] for row in used) == pytest.approx(0.02, rel=1e-15)
    assert max(row[1] for row in used) == pytest.approx(0.002, rel=1e-6)
    with pytest.raises(LrlabError, match="a scale or a peak"):
        scheduler.resume(state, peak=0.02, scale=2)
    with pytest.raises(LrlabError, match="above 0"):
        scheduler.resume(state, peak=0)


# -- groups -------------------------------------------------------------------------------------------------------


def test_groups_that_were_re_ordered_keep_their_base_lrs():
    """Also in the middle, where the first and the last stay."""
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": base} for base in (0.1, 0.2, 0.3, 0.4)]
    optimizer = torch.optim.SGD(groups)
    scheduler = Scheduler(optimizer, "linear()", 10)
    optimizer.param_groups[1:3] = reversed(optimizer.param_groups[1:3])
    assert scheduler.base_lrs == [0.1, 0.3, 0.2, 0.4]
    assert scheduler.state_dict()["base_lrs"] == [0.1, 0.3, 0.2, 0.4]
    optimizer.param_groups.reverse()
    optimizer.step()
    scheduler.step()
    assert lrs(optimizer) == [base * 0.9 for base in (0.4, 0.2, 0.3, 0.1)]


def test_a_frozen_group_stays_at_zero_and_a_thawed_one_begins():
    """A base LR of 0 is no mistake; setting it later takes effect at once, and is in the log."""
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": base} for base in (0.1, 0.0)]
    optimizer = torch.optim.SGD(groups)
    scheduler = Scheduler(optimizer, "linear()", 10)
    for _ in range(5):
        optimizer.step()
        scheduler.step()
    assert lrs(optimizer) == [0.05, 0.0]
    scheduler.base_lrs = [0.1, 0.2]
    assert lrs(optimizer) == [0.05, 0.1]
    assert scheduler.changes[-1].after == {"base_lrs": [0.1, 0.2]}
    fresh = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": base} for base in (0.1, 0.0)]
    again = Scheduler(torch.optim.SGD(fresh), "linear()", 10)
    with pytest.raises(LrlabError, match=r"base LR of group 1: in the checkpoint 0\.2, in the code 0\.0"):
        again.load_state_dict(scheduler.state_dict())
    again.load_state_dict(scheduler.state_dict(), on_change="keep")
    assert again.base_lrs == [0.1, 0.2]


def test_a_run_with_an_added_group_is_resumed_by_code_that_adds_it():
    """Unfrozen at update 4, saved at 7: the new process has the groups before it loads."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    scheduler = Scheduler(optimizer, "linear()", 10)
    for i in range(7):
        if i == 4:
            optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.5})
        optimizer.step()
        scheduler.step()
    again = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    resumed = Scheduler(again, "linear()", 10)
    with pytest.raises(LrlabError, match="parameter groups: in the checkpoint 2, in the code 1"):
        resumed.load_state_dict(scheduler.state_dict())
    again.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.5})
    resumed.load_state_dict(scheduler.state_dict())
    assert lrs(again) == lrs(optimizer) == pytest.approx([0.03, 0.15])


# -- branch -------------------------------------------------------------------------------------------------------


def test_a_branch_is_the_planned_run_and_leaves_the_stable_one_alone(caplog):
    """From one checkpoint: the stable run goes on, the branch decays as planned with its horizon."""
    stable = adamw()
    scheduler = Scheduler(stable, "wsd(warmup=5, decay=8)", 1000)
    train(stable, scheduler, 0, 32)
    checkpoint = scheduler.state_dict()
    branch = adamw()
    decaying = Scheduler(branch, "wsd(warmup=5, decay=8)", 1000)
    decaying.load_state_dict(checkpoint)
    with caplog.at_level(logging.WARNING):
        decaying.branch(decay=8)
    assert caplog.text == ""
    planned = lr.wsd(warmup=5, decay=8).over(40)
    assert [row[0] for row in train(branch, decaying, 32, 40)] == (0.1 * planned.values()[32:]).tolist()
    assert decaying.pacer.curve.values().tolist() == planned.values().tolist()
    assert train(stable, scheduler, 32, 40)[-1][0] == 0.1
    assert decaying.changes[-1].how == "branch"


def test_a_branch_with_a_relative_warmup_says_so(caplog):
    optimizer = adamw()
    scheduler = Scheduler(optimizer, "wsd(warmup='5%')", 1000)
    train(optimizer, scheduler, 0, 300)
    with caplog.at_level(logging.WARNING):
        scheduler.branch(decay=100)
    assert "relative warmup" in caplog.text


def test_a_change_that_cannot_be_changes_nothing():
    optimizer, scheduler = started()
    before = scheduler.state_dict(), lrs(optimizer)
    for attempt in (
        lambda: scheduler.branch(decay=5),
        lambda: scheduler.extend(10, how="keep"),
        lambda: scheduler.extend(100, how="stretch"),
        lambda: scheduler.finish(0),
    ):
        with pytest.raises(LrlabError):
            attempt()
        assert (scheduler.state_dict(), lrs(optimizer)) == before


# -- old and torn -------------------------------------------------------------------------------------------------


def test_a_torn_or_changed_state_is_refused_and_changes_nothing():
    """Whatever on_change says."""
    optimizer, scheduler = started()
    state = scheduler.state_dict()
    before = copy.deepcopy(state), lrs(optimizer)
    missing = {name: value for name, value in state.items() if name != "lrs"}
    for broken in ({**state, "update": 5}, {**state, "base_lrs": [0.1, 0.2]}, missing):
        for policy in ("stop", "keep", "take", "splice"):
            with pytest.raises(LrlabError, match="not as it was written"):
                scheduler.load_state_dict(broken, on_change=policy)
    assert (scheduler.state_dict(), lrs(optimizer)) == before


def test_nothing_grows_with_saves_and_loads():
    """A thousand saves and restores: the record has the size of the first."""
    _, scheduler = started()
    size = len(json.dumps(scheduler.state_dict()))
    for _ in range(1000):
        scheduler.load_state_dict(scheduler.state_dict())
    assert len(json.dumps(scheduler.state_dict())) == size


def test_a_peak_of_nothing_is_refused():
    """No scale makes one of LRs that are all 0."""
    scheduler = Scheduler(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.0), "cosine()", 10)
    with pytest.raises(LrlabError, match="always 0"):
        scheduler.resume(scheduler.state_dict(), peak=0.1)


def test_extend_without_how_is_told_in_words():
    scheduler = Scheduler(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0), "linear()", 4)
    with pytest.raises(LrlabError, match="extend needs how="):
        scheduler.extend(9)
    assert scheduler.horizon.total == 4
