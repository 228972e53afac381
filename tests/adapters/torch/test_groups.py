"""The parameter groups: ratios, tensor LRs, groups that come and go, and a second scheduler on one optimizer."""

from __future__ import annotations

import copy
import gc
import logging
import math

import numpy as np
import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.errors import LrlabError

TEXT = "warmup(3) >> cosine(to=0.1)"


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(2))


def group(base: object) -> dict[str, object]:
    return {"params": [parameter()], "lr": base}


def lrs(optimizer: torch.optim.Optimizer) -> list[float]:
    return [float(g["lr"]) for g in optimizer.param_groups]


def update(optimizer: torch.optim.Optimizer) -> None:
    for g in optimizer.param_groups:
        for p in g["params"]:
            p.grad = torch.ones_like(p)
    optimizer.step()


def value(i: int, n: int = 20) -> float:
    return float(lr.parse(TEXT).over(n).values()[i]) if i < n else 0.1


# -- ratios and tensors -----------------------------------------------------------------------------------------


def test_groups_keep_their_ratio_and_an_lr_of_zero_stays_zero():
    """The multiplier is one for all; the base LR is each group's own."""
    optimizer = torch.optim.SGD([group(0.1), group(0.02), group(0.0), group(np.float32(0.5)), group(1)])
    scheduler = Scheduler(optimizer, TEXT, 20)
    for i in range(25):
        expected = [base * value(i) for base in (0.1, 0.02, 0.0, 0.5, 1.0)]
        assert lrs(optimizer) == scheduler.get_last_lr() == expected
        update(optimizer)
        scheduler.step()


def test_a_tensor_lr_is_one_object_and_holds_the_rounded_closed_form():
    """Written in place; at update 1 000 000 the error is float32's own, for nothing accumulates."""
    schedule = lr.parse("warmup(1000) >> cosine(to=0.01)")
    curve = schedule.over(2_000_000)
    kept = [torch.tensor(0.1), torch.tensor(0.3, dtype=torch.float64), torch.tensor(0.1, dtype=torch.bfloat16)]
    optimizer = torch.optim.SGD([group(t) for t in kept], lr=0.5)
    scheduler = Scheduler(optimizer, schedule, 2_000_000, follow="calls")
    bases = [float(torch.tensor(0.1)), 0.3, float(torch.tensor(0.1, dtype=torch.bfloat16))]
    for at in (0, 500, 1000, 777_777, 1_000_000, 1_999_999):
        scheduler.pacer.update = at - 1 if at else 0
        if at:
            scheduler.step()
        exact = curve(at)
        assert all(g["lr"] is t for g, t in zip(optimizer.param_groups, kept, strict=True))
        assert float(kept[0]) == float(np.float32(bases[0] * exact))
        assert abs(float(kept[0]) / (bases[0] * exact) - 1) < 1e-7
        assert float(kept[1]) == pytest.approx(bases[1] * exact, rel=1e-15)
        assert kept[2].dtype == torch.bfloat16
        assert float(kept[2]) == pytest.approx(bases[2] * exact, rel=2**-8)


@pytest.mark.exhaustive
def test_a_tensor_lr_has_no_drift_in_a_million_steps():
    """Every one of a million steps, against the curve."""
    n = 1_000_000
    optimizer = torch.optim.SGD([group(torch.tensor(0.1))])
    scheduler = Scheduler(optimizer, TEXT, n, follow="calls")
    expected = (float(np.float32(0.1)) * lr.parse(TEXT).over(n).values()).astype(np.float32)
    for i in range(n):
        assert optimizer.param_groups[0]["lr"].item() == expected[i]
        scheduler.step()


def test_groups_that_share_one_tensor_are_scaled_once():
    """`lr=torch.tensor(...)` is given to every group as the same object."""
    shared = torch.tensor(0.5, dtype=torch.float64)
    optimizer = torch.optim.SGD([{"params": [parameter()]}, {"params": [parameter()]}], lr=shared)
    scheduler = Scheduler(optimizer, TEXT, 20)
    for i in range(10):
        assert lrs(optimizer) == [0.5 * value(i)] * 2
        update(optimizer)
        scheduler.step()
    assert optimizer.param_groups[1]["lr"] is shared


def test_a_new_group_that_takes_the_shared_tensor_has_the_base_lr_of_the_others():
    """The tensor holds what was written; read as a base LR it would scale every group twice."""
    shared = torch.tensor(0.5, dtype=torch.float64)
    optimizer = torch.optim.SGD([{"params": [parameter()]}], lr=shared)
    scheduler = Scheduler(optimizer, TEXT, 20)
    for _ in range(12):
        update(optimizer)
        scheduler.step()
    optimizer.add_param_group({"params": [parameter()]})
    assert optimizer.param_groups[1]["lr"] is shared
    for i in range(12, 20):
        assert scheduler.base_lrs == [0.5, 0.5]
        assert lrs(optimizer) == [0.5 * value(i)] * 2
        update(optimizer)
        scheduler.step()


def test_a_float_that_is_made_a_tensor_later_is_then_written_in_place(caplog):
    """As torch.compile() asks for; no value is lost and nothing is reported."""
    optimizer = torch.optim.SGD([group(0.5), group(0.1)])
    scheduler = Scheduler(optimizer, TEXT, 20)
    for g in optimizer.param_groups:
        g["lr"] = torch.tensor(g["lr"], dtype=torch.float64)
    kept = [g["lr"] for g in optimizer.param_groups]
    with caplog.at_level(logging.WARNING):
        update(optimizer)
        scheduler.step()
    assert all(g["lr"] is t for g, t in zip(optimizer.param_groups, kept, strict=True))
    assert lrs(optimizer) == [0.5 * value(1), 0.1 * value(1)]
    assert not caplog.records


# -- groups that come and go ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("at", [0, 1, 7, 19, 30])
@pytest.mark.parametrize("touch", ["nothing", "read", "state", "step", "observe"])
def test_a_group_that_is_added_has_its_own_lr_times_the_factor_from_its_first_update(at, touch, tensor):
    """Whatever is called between adding it and the update; the other groups are unchanged."""
    schedule = lr.parse(TEXT) * lr.plateau(patience=1, factor=0.5)
    optimizer = torch.optim.SGD([group(0.1)])
    scheduler = Scheduler(optimizer, schedule, 20)
    used = []
    optimizer.register_step_pre_hook(lambda *_: used.append(lrs(optimizer)))
    for i in range(at + 3):
        if i == at:
            optimizer.add_param_group(group(torch.tensor(0.5, dtype=torch.float64) if tensor else 0.5))
            if touch == "read":
                assert len(scheduler.get_last_lr()) == 2
            elif touch == "state":
                assert scheduler.state_dict()["base_lrs"] == [0.1, 0.5]
            elif touch == "step":
                scheduler.step()
            elif touch == "observe":
                scheduler.observe(1.0)
        update(optimizer)
        scheduler.step()
    for i, seen in enumerate(used):
        assert seen == ([0.1 * value(i), 0.5 * value(i)] if i >= at else [0.1 * value(i)])


def test_a_state_with_a_group_that_was_added_is_restored():
    """The new process builds the optimizer with both groups."""
    optimizer = torch.optim.SGD([group(0.1)], momentum=0.9)
    scheduler = Scheduler(optimizer, TEXT, 20)
    for i in range(8):
        if i == 4:
            optimizer.add_param_group(group(0.5))
        update(optimizer)
        scheduler.step()
    states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    for order in ("bos", "obs", "bso"):
        again = torch.optim.SGD([group(0.1), group(0.5)], momentum=0.9)
        for act in order:
            if act == "b":
                restored = Scheduler(again, TEXT, 20)
            elif act == "o":
                again.load_state_dict(copy.deepcopy(states[0]))
            else:
                restored.load_state_dict(states[1])
        assert lrs(again) == lrs(optimizer) == [0.1 * value(8), 0.5 * value(8)]
        update(again)
        restored.step()
        assert lrs(again) == [0.1 * value(9), 0.5 * value(9)]


def test_a_group_that_is_removed_or_replaced_takes_its_base_lr_with_it():
    """Groups are known by themselves, not by their place."""
    optimizer = torch.optim.SGD([group(0.1), group(0.2), group(0.4)])
    scheduler = Scheduler(optimizer, TEXT, 20)
    del optimizer.param_groups[0]
    assert scheduler.base_lrs == [0.2, 0.4]
    optimizer.param_groups.reverse()
    assert scheduler.base_lrs == [0.4, 0.2]
    optimizer.param_groups[0] = {**optimizer.defaults, **group(0.6)}
    assert scheduler.base_lrs == [0.6, 0.2]
    optimizer.param_groups[1:] = []
    optimizer.add_param_group(group(0.8))
    update(optimizer)
    scheduler.step()
    assert lrs(optimizer) == [0.6 * value(1), 0.8 * value(1)]


@pytest.mark.parametrize("follow", ["updates", "calls"])
@pytest.mark.parametrize("others", [0, 2])
def test_a_group_between_others_is_exchanged(follow, others):
    """Their number, the first and the last stay: each group is looked at before every update."""
    optimizer = torch.optim.SGD([group(0.1), group(0.2), group(0.4), group(0.8)])
    driven = [optimizer, *(torch.optim.SGD([group(0.1)]) for _ in range(others))]
    scheduler = Scheduler(driven, TEXT, 20, follow=follow)
    used = []
    optimizer.register_step_pre_hook(lambda *_: used.append(lrs(optimizer)))

    def round_of_updates() -> None:
        for one in driven:
            update(one)
        scheduler.step()

    round_of_updates()
    optimizer.param_groups[1] = dict(optimizer.param_groups[1])
    round_of_updates()
    optimizer.param_groups[1:3] = [{**optimizer.defaults, **group(0.6)}, optimizer.param_groups[1]]
    round_of_updates()
    assert used[1] == [base * value(1) for base in (0.1, 0.2, 0.4, 0.8)]
    assert used[2] == [base * value(2) for base in (0.1, 0.6, 0.2, 0.8)]
    assert lrs(optimizer) == scheduler.get_last_lr()[:4] == [base * value(3) for base in (0.1, 0.6, 0.2, 0.8)]


def test_an_optimizer_whose_groups_are_all_replaced():
    """New groups bring their own LR; none at all is an error in words."""
    optimizer = torch.optim.SGD([group(0.1)])
    scheduler = Scheduler(optimizer, TEXT, 20)
    optimizer.param_groups.clear()
    with pytest.raises(LrlabError, match="no parameter groups"):
        scheduler.get_last_lr()
    with pytest.raises(LrlabError, match="no parameter groups"):
        optimizer.step()
    optimizer.add_param_group(group(0.3))
    assert scheduler.base_lrs == [0.3]
    assert lrs(optimizer) == [0.3 * value(0)]


@pytest.mark.parametrize("follow", ["updates", "calls"])
def test_groups_that_are_gone_after_an_update_are_an_error_in_words(follow):
    """Also where step() is what meets them first."""
    optimizer = torch.optim.SGD([group(0.1)])
    scheduler = Scheduler(optimizer, TEXT, 20, follow=follow)
    optimizer.step()
    optimizer.param_groups.clear()
    with pytest.raises(LrlabError, match="no parameter groups"):
        scheduler.step()


def test_loading_an_optimizer_alone_leaves_the_lr_with_the_scheduler():
    """Rule 2: the LR in the optimizer is the scheduler's before the next update, whatever was loaded."""
    optimizer = torch.optim.SGD([group(0.1), group(0.2)])
    old = copy.deepcopy(optimizer.state_dict())
    scheduler = Scheduler(optimizer, TEXT, 20)
    for i in range(5):
        update(optimizer)
        scheduler.step()
        optimizer.load_state_dict(copy.deepcopy(old))
        assert lrs(optimizer) == [0.1 * value(i + 1), 0.2 * value(i + 1)]
        assert scheduler.base_lrs == [0.1, 0.2]


# -- the base LR ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tensor", [False, True])
def test_setting_base_lrs_changes_every_later_lr(tensor):
    """What other schedulers are told by the same assignment: half the LR from here on, ratios and moments kept."""
    optimizer = torch.optim.SGD([group(torch.tensor(b, dtype=torch.float64) if tensor else b) for b in (0.5, 0.25)])
    scheduler = Scheduler(optimizer, TEXT, 20)
    for _ in range(5):
        update(optimizer)
        scheduler.step()
    scheduler.base_lrs = [base / 2 for base in scheduler.base_lrs]
    for i in range(5, 15):
        assert lrs(optimizer) == scheduler.get_last_lr() == [0.25 * value(i), 0.125 * value(i)]
        update(optimizer)
        scheduler.step()
    assert scheduler.state_dict()["base_lrs"] == [0.25, 0.125]


def test_base_lrs_needs_one_for_each_group():
    scheduler = Scheduler(torch.optim.SGD([group(0.1), group(0.2)]), TEXT, 20)
    with pytest.raises(LrlabError, match="a base LR is needed for each group"):
        scheduler.base_lrs = [0.1]
    for odd in ([-0.1, 0.1], [math.nan, 0.1], ["0.1", 0.1], None, 0.1):
        with pytest.raises(LrlabError, match="base"):
            scheduler.base_lrs = odd
    assert scheduler.base_lrs == [0.1, 0.2]


def test_an_lr_that_something_else_writes_is_repaired_and_reported_once(caplog):
    """The next step() puts the schedule's LR back and says so."""
    optimizer = torch.optim.SGD([group(0.1), group(0.2)])
    scheduler = Scheduler(optimizer, TEXT, 20)
    with caplog.at_level(logging.WARNING):
        for i in range(5):
            update(optimizer)
            for g in optimizer.param_groups:
                g["lr"] = 7.0
            scheduler.step()
            assert lrs(optimizer) == [0.1 * value(i + 1), 0.2 * value(i + 1)]
    (record,) = caplog.records
    assert "set the LR of group 0 to 7" in record.getMessage()
    assert "scheduler.base_lrs" in record.getMessage()


@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("which", [[0], [1], [0, 1]])
def test_an_lr_of_zero_that_something_else_writes_is_repaired_too(which, tensor, caplog):
    """It must not be taken for the step that fills an optimizer's state: the position would stand still."""
    optimizer = torch.optim.SGD([group(torch.tensor(b) if tensor else b) for b in (0.5, 0.25)])
    scheduler = Scheduler(optimizer, TEXT, 20)
    with caplog.at_level(logging.WARNING):
        for i in range(5):
            if i == 2:
                for k in which:
                    optimizer.param_groups[k]["lr"] = torch.tensor(0.0) if tensor else 0.0
            update(optimizer)
            scheduler.step()
            assert scheduler.update == i + 1
            assert lrs(optimizer) == pytest.approx([0.5 * value(i + 1), 0.25 * value(i + 1)], rel=1e-7)
    (record,) = caplog.records
    assert f"set the LR of group {which[0]} to 0" in record.getMessage()


# -- two schedulers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize("tensor", [False, True])
def test_a_second_scheduler_on_a_used_optimizer_starts_from_the_same_base_lrs(forget, tensor):
    """PyTorch leaves the LR at 0 after a finished cosine; here the second cycle equals the first."""
    optimizer = torch.optim.SGD([group(torch.tensor(b) if tensor else b) for b in (0.5, 0.25)], momentum=0.9)

    def cycle(keep: list[Scheduler]) -> list[list[float]]:
        scheduler = Scheduler(optimizer, "cosine()", 10)
        keep.append(scheduler)
        seen = []
        for _ in range(10):
            seen.append(lrs(optimizer))
            update(optimizer)
            scheduler.step()
        return seen

    kept: list[Scheduler] = []
    first = cycle(kept)
    assert lrs(optimizer) == [0.0, 0.0]
    if forget:
        kept.clear()
        gc.collect()
    assert cycle(kept) == first
    assert cycle(kept) == first


def test_an_lr_that_was_set_in_between_is_a_new_base_lr():
    """Only a group that still has the LR that the first scheduler wrote is taken back to its base."""
    optimizer = torch.optim.SGD([group(0.5), group(0.25)])
    first = Scheduler(optimizer, "cosine()", 10)
    update(optimizer)
    first.step()
    optimizer.param_groups[1]["lr"] = 0.01
    second = Scheduler(optimizer, "constant()")
    assert second.base_lrs == lrs(optimizer) == [0.5, 0.01]


@pytest.mark.parametrize("tensor", [False, True])
def test_the_scheduler_before_lets_go(tensor):
    """It neither writes any more, nor reads a new group first, and says so where it is stepped."""
    optimizer = torch.optim.SGD([group(torch.tensor(0.5) if tensor else 0.5)])
    first = Scheduler(optimizer, "0.5 * constant()")
    second = Scheduler(optimizer, "0.25 * constant()")
    with pytest.raises(LrlabError, match="another Scheduler has been attached"):
        first.observe(1.0)
    optimizer.add_param_group(group(0.5))
    update(optimizer)
    second.step()
    assert lrs(optimizer) == [0.125, 0.125]
    optimizer.load_state_dict(optimizer.state_dict())
    assert lrs(optimizer) == [0.125, 0.125]
    with pytest.raises(LrlabError, match="another Scheduler has been attached") as raised:
        first.step()
    assert "first >> second" in str(raised.value)
    with pytest.raises(LrlabError, match="another Scheduler"):
        first.observe(1.0)
    assert lrs(optimizer) == [0.125, 0.125]
    assert first.state_dict()["update"] == 1


def test_resuming_in_a_process_that_has_trained_already():
    """A second scheduler on the very same optimizer, after loading an earlier checkpoint into it."""
    optimizer = torch.optim.SGD([group(0.5)], momentum=0.9)
    first = Scheduler(optimizer, TEXT, 20)
    states = []
    for _ in range(10):
        states.append(copy.deepcopy((optimizer.state_dict(), first.state_dict())))
        update(optimizer)
        first.step()
    for forget in (False, True):
        for k, (opt, sched) in enumerate(states):
            if forget:
                first = None
            optimizer.load_state_dict(copy.deepcopy(opt))
            second = Scheduler(optimizer, TEXT, 20)
            second.load_state_dict(sched)
            assert lrs(optimizer) == [0.5 * value(k)]
            assert second.base_lrs == [0.5]
            update(optimizer)
            second.step()
            assert lrs(optimizer) == [0.5 * value(k + 1)]
