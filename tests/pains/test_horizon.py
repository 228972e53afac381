"""Pains of lengths, ends, composition and groups, each as its users told it: PyTorch's own way beside ours.

The numbers are those of the table of pains; run beside PyTorch 2.13.
"""

from __future__ import annotations

import copy
import itertools
import random
import warnings

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler as peers

import lrlab as lr
from lrlab.adapters.torch import PlanScheduler
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.core.expression.vocabulary import VOCABULARY
from lrlab.core.shapes.base import Transition


def sgd(base=0.1, **arguments):
    parameter = torch.nn.Parameter(torch.ones(1))
    parameter.grad = torch.ones(1)
    return torch.optim.SGD([parameter], lr=base, **arguments)


def train(optimizer, scheduler, updates):
    used = []
    for _ in range(updates):
        used.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return used


def test_8_training_past_the_planned_end():
    """'LR 0 forever, or crash, or LR climbs back.' Here each choice is stated, and none of them climbs by accident."""
    optimizer = sgd()
    peer = peers.CosineAnnealingLR(optimizer, 20)
    assert train(optimizer, peer, 40)[-1] > 0.09  # back at the peak, unasked
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "warmup(2) >> cosine(to=0.1)", 20)
    train(optimizer, scheduler, 20)
    assert set(train(optimizer, scheduler, 5)) == {0.1 * 0.1}
    scheduler.extend(60, how="re-warm", peak=0.4)
    rest = train(optimizer, scheduler, 35)
    assert max(rest) == pytest.approx(0.1 * 0.4, rel=1e-15)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01, rel=1e-15)


def test_8_a_stable_checkpoint_gives_the_longer_run():
    """'Extend a WSD run from its stable checkpoint equals the longer WSD run bit for bit.'"""
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "wsd(warmup=4, decay=10)", 40)
    used = train(optimizer, scheduler, 25)
    scheduler.extend(80, how="hold-then-decay")
    whole = sgd()
    assert used + train(optimizer, scheduler, 55) == train(whole, Scheduler(whole, "wsd(warmup=4, decay=10)", 80), 80)


@pytest.mark.parametrize("kind", [{"foreach": False}, {"foreach": True}, {"fused": True}])
def test_19_an_overflow_advances_the_schedule(kind):
    """'Mixed precision: skipped optimizer step still advances the schedule; false warning.'"""
    rng = random.Random(3)
    overflows = {i for i in range(30) if rng.random() < 0.3}
    optimizer = sgd(**kind)
    weight = optimizer.param_groups[0]["params"][0]
    scheduler = Scheduler(optimizer, "cosine()", 30)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    made = 0
    for i in range(30):
        before = weight.detach().clone()
        optimizer.zero_grad()
        scaler.scale(weight.sum() * (float("inf") if i in overflows else 1e-3)).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()  # warnings are errors here: there is none
        made += not torch.equal(weight, before)
    assert scheduler.update == made == 30 - len(overflows)


def test_22_stop_here_and_the_schedule_ends_there_are_one_knob():
    """'stop=100, horizon=1000: first 100 LRs equal those of the full run.'"""
    full, short = sgd(), sgd()
    whole = train(full, Scheduler(full, "warmup(20) >> cosine()", 1000), 1000)
    assert train(short, Scheduler(short, "warmup(20) >> cosine()", 1000), 100) == whole[:100]


def test_28_building_a_scheduler_changes_the_optimizer():
    """'Building is pure; attach() is the only write.'"""
    optimizer = sgd()
    peers.OneCycleLR(optimizer, max_lr=1.0, total_steps=100)
    assert optimizer.param_groups[0]["lr"] != 0.1  # by being built
    optimizer = sgd()
    before = copy.deepcopy(optimizer.state_dict())
    rng = random.Random(0)
    for _ in range(100):
        text = " >> ".join(rng.sample(["warmup(5)", "cosine(to=0.1)", "linear()", "one_cycle()", "exponential()"], 2))
        curve = lr.parse(text).over(rng.randint(20, 200))
        assert len(curve.values()) == curve.updates
    assert optimizer.state_dict() == before


def test_29_chained_schedulers_swallow_each_other():
    """'Product of any k schedules is order-free at every point.'"""
    traces = []
    for order in (0, 1):
        optimizer = sgd(1.0)
        parts = [
            lambda o=optimizer: peers.LambdaLR(o, lambda t: 0.9**t),
            lambda o=optimizer: peers.StepLR(o, 2, 0.1),
        ]
        made = [part() for part in (parts if order == 0 else parts[::-1])]
        traces.append(train(optimizer, peers.ChainedScheduler(made), 6))
    assert traces[0] != traces[1]
    words = [lr.parse(t) for t in ("cosine()", "linear(to=0.2)", "exponential(gamma=0.99)", "step(7)")]
    for terms in itertools.combinations(words, 3):
        products = [a * b * c for a, b, c in itertools.permutations(terms)]
        assert len(set(products)) == 1
        assert len({tuple(p.over(50).values()) for p in products}) == 1


def test_30_recreating_a_scheduler_leaves_the_lr_at_0():
    """'Second cycle built on a used optimizer equals the first.'"""
    optimizer = sgd()
    train(optimizer, peers.CosineAnnealingLR(optimizer, 10), 10)
    assert train(optimizer, peers.CosineAnnealingLR(optimizer, 10), 5) == [0.0] * 5
    optimizer = sgd()
    first = train(optimizer, Scheduler(optimizer, "cosine()", 10), 10)
    assert train(optimizer, Scheduler(optimizer, "cosine()", 10), 10) == first


@pytest.mark.parametrize("kind", [*(leg.__name__ for leg in Transition.__subclasses__()), "warmup", "linear_cosine"])
def test_31_the_lr_climbs_back_after_the_end(kind):
    """'value(p) for p in [1, 3] equals the stated end rule for every shape': it is held."""
    curve = VOCABULARY[kind]().over(100)
    end = float(curve.between(100, 101)[0])
    assert set(curve.between(100, 301).tolist()) == {end}


def test_31_in_pytorch_it_does():
    optimizer = sgd()
    used = train(optimizer, peers.CosineAnnealingLR(optimizer, 10), 21)
    assert used[20] == pytest.approx(0.1)


def test_32_one_more_step_kills_the_run():
    """'Step 2x past the end: no exception, LR == floor.'"""
    optimizer = sgd()
    peer = peers.OneCycleLR(optimizer, max_lr=0.1, total_steps=10)
    with pytest.raises(ValueError, match="Tried to step"):
        train(optimizer, peer, 11)
    optimizer = sgd()
    used = train(optimizer, Scheduler(optimizer, "one_cycle(to=0.01)", 10), 30)
    assert used[11:] == [0.1 * 0.01] * 19


def test_33_the_floor_is_never_reached_and_restarts_do_not_decay():
    """'Last update of each cycle has LR == floor when closed; peaks follow gain^k.'"""
    optimizer = sgd(1.0)
    peer = peers.CosineAnnealingWarmRestarts(optimizer, 10, eta_min=0)
    assert min(train(optimizer, peer, 30)) > 0.02
    values = lr.cosine(to=0.0, closed=True).repeat(3, gain=0.5, cycle=10).over(30).values()
    assert values[9::10].tolist() == [0, 0, 0]
    assert values[::10].tolist() == [1, 0.5, 0.25]


@pytest.mark.parametrize("decay", ["cosine()", "linear()", "one_minus_sqrt()", "polynomial()"])
def test_34_the_hand_over_overshoots_or_repeats_a_value(decay):
    """'max over all steps <= stated peak; no duplicated or skipped point at any boundary (enumerate).'"""
    for n in range(30):
        values = (lr.warmup(n) >> lr.parse(decay)).over(60).values()
        assert values.max() == 1
        assert values.argmax() == n
        assert (np.diff(values[: n + 1]) > 0).all()
        assert (np.diff(values[n:]) < 0).all()


PLANS = ["cosine()", "warmup(4) >> cosine()", "warm_restarts(5)", "one_cycle()", "wsd()", "exponential()", "step(5)"]


@pytest.mark.parametrize("text", PLANS)
def test_37_a_group_that_is_added_later(text):
    """'Add a group at any step under every schedule: its LR == its base x factor; others unchanged; state restores.'"""
    values = lr.parse(text).over(20).values()
    for at in range(20):
        optimizer = sgd()
        scheduler = Scheduler(optimizer, text, 20)
        train(optimizer, scheduler, at)
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.5})
        for i in range(at, 20):
            assert scheduler.base_lrs == [0.1, 0.5]
            assert [g["lr"] for g in optimizer.param_groups] == [0.1 * values[i], 0.5 * values[i]]
            optimizer.step()
            scheduler.step()
        again = sgd()
        again.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.5})
        Scheduler(again, text, 20).load_state_dict(scheduler.state_dict())
        assert [g["lr"] for g in again.param_groups] == [g["lr"] for g in optimizer.param_groups]


def test_37_in_pytorch_it_crashes():
    optimizer = sgd()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rise = peers.LinearLR(optimizer, total_iters=4)
        peer = peers.SequentialLR(optimizer, [rise, peers.CosineAnnealingLR(optimizer, 16)], [4])
        train(optimizer, peer, 2)
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.5})
        used = []
        try:
            for _ in range(10):
                used.append(optimizer.param_groups[1]["lr"])
                optimizer.step()
                peer.step()
        except ValueError:
            return
    assert max(used) > 0.5


def test_64_a_changed_lr_is_undone_by_a_restore():
    """'PBT: exploit with perturbed LR: next update uses it; event logged.'"""
    parent = sgd()
    scheduler = Scheduler(parent, "cosine()", 100)
    train(parent, scheduler, 10)
    states = copy.deepcopy((parent.state_dict(), scheduler.state_dict()))
    peer = sgd(0.12)  # the perturbed LR
    peer.load_state_dict(copy.deepcopy(states[0]))
    assert peer.param_groups[0]["lr"] != 0.12
    child = sgd()
    exploited = Scheduler(child, "cosine()", 100)
    child.load_state_dict(states[0])
    exploited.resume(states[1], scale=1.2)
    value = lr.cosine().over(100).values()
    assert train(child, exploited, 5) == [0.1 * (1.2 * v) for v in value[10:15]]
    assert [(c.update, c.how) for c in exploited.changes] == [(10, "scale")]
    child.load_state_dict(copy.deepcopy(states[0]))  # a restore that comes later cannot undo it
    assert child.param_groups[0]["lr"] == 0.1 * (1.2 * value[15])


def test_67_the_length_must_be_known_in_advance():
    """'Branch at s with decay d == WSD planned with that horizon, bit for bit; stable run unaffected by the branch.'"""
    stable = sgd()
    scheduler = Scheduler(stable, "warmup(4) >> constant()")
    used, branches = [], {}
    for at in (20, 40, 60):
        used += train(stable, scheduler, 20)
        branches[at] = scheduler.state_dict()
    assert used[4:] == [0.1] * 56
    for at, state in branches.items():
        optimizer = sgd()
        branch = Scheduler(optimizer, "warmup(4) >> constant()")
        branch.load_state_dict(state)
        branch.branch(decay="20%")
        n = branch.horizon.total
        planned = sgd()
        whole = train(planned, Scheduler(planned, 'wsd(warmup=4, decay="20%")', n), n)
        assert used[:at] + train(optimizer, branch, n - at) == whole


def test_40_only_one_of_two_optimizers_is_scheduled():
    """'With 2 optimizers x 2 groups: 4 traces; the report lists every group it drives.'"""

    def groups(*bases):
        return [{"params": [torch.nn.Parameter(torch.ones(2, 2))], "lr": base} for base in bases]

    muon, adamw = torch.optim.Muon(groups(0.02, 0.01)), torch.optim.AdamW(groups(0.001, 0.003))
    scheduler, values = PlanScheduler([muon, adamw], lr.plan(lr=lr.linear()), 10), lr.linear().over(10).values()
    for i in range(10):
        lrs = [group["lr"] for optimizer in (muon, adamw) for group in optimizer.param_groups]
        assert lrs == [base * values[i] for base in (0.02, 0.01, 0.001, 0.003)]
        for optimizer in (muon, adamw):
            for group in optimizer.param_groups:
                group["params"][0].grad = torch.ones(2, 2)
            optimizer.step()
        scheduler.step()
    assert str(scheduler.report()).count("linear()") >= 4
