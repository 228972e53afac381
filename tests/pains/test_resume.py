"""Pains of resume, checkpoint and state, each as its users told it: PyTorch's own way beside ours.

The numbers are those of the table of pains; run beside PyTorch 2.13 and transformers 5.23. Pain 9 is told in
tests/kill and test_trainers.py, pain 10 in test_units.py, pain 15 in test_frameworks.py.
"""

from __future__ import annotations

import copy
import io
import itertools
import json
import random
import warnings

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, SequentialLR

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.core.expression.vocabulary import VOCABULARY

N = 24
TEXT = "warmup(4) >> cosine()"
ORDERS = ["bos", "obs", "bso"]  # build, load the optimizer, load the scheduler


def sgd(base=0.1):
    parameter = torch.nn.Parameter(torch.ones(1))
    parameter.grad = torch.ones(1)
    return torch.optim.SGD([parameter], lr=base, momentum=0.9)


def ours(optimizer, text=TEXT, n=N, **arguments):
    return Scheduler(optimizer, text, n, **arguments)


def theirs(optimizer):
    """Warmup and cosine as PyTorch's documentation joins them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rise = LinearLR(optimizer, 0.2, 1.0, 4)
        return SequentialLR(optimizer, [rise, CosineAnnealingLR(optimizer, N - 4)], [4])


def train(optimizer, scheduler, start, stop):
    used = []
    for _ in range(start, stop):
        used.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return used


def resumed(make, order, state):
    optimizer, scheduler = sgd(), None
    for act in order:
        if act == "b":
            scheduler = make(optimizer)
        elif act == "o":
            optimizer.load_state_dict(copy.deepcopy(state[0]))
        else:
            scheduler.load_state_dict(copy.deepcopy(state[1]))
    return optimizer, scheduler


def saved(make, at):
    optimizer = sgd()
    scheduler = make(optimizer)
    used = train(optimizer, scheduler, 0, at)
    state = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    return state, used + train(optimizer, scheduler, at, N)


def wrong(make, at):
    """In how many of the three orders the resumed LRs are not those of the whole run."""
    state, whole = saved(make, at)
    return sum(train(*resumed(make, order, state), at, N) != whole[at:] for order in ORDERS)


def test_1_the_order_of_three_calls_decides_the_lr():
    """'Order of three calls decides the LR: optimizer-state, then build scheduler, then scheduler-state gives a wrong
    LR for the rest of the run, silently.'"""
    assert wrong(theirs, 10) > 0
    assert [wrong(ours, at) for at in range(N + 1)] == [0] * (N + 1)


def test_1_for_every_kind_of_schedule():
    """'... x every schedule kind x every k.' The full count is tests/adapters/torch/test_resume.py."""
    tried = 0
    for word in sorted(VOCABULARY):
        try:
            text = str(VOCABULARY[word]())
            lr.parse(text).over(N).values()
        except lr.LrlabError:
            continue  # a word that is nothing without arguments
        assert wrong(lambda optimizer, text=text: ours(optimizer, text), 10) == 0, word
        tried += 1
    assert tried > 25


def test_2_the_restored_scheduler_says_one_lr_and_the_optimizer_uses_another():
    """'Restoring a scheduler does not push its LR into the optimizer.'"""
    for make, is_right in ((theirs, False), (ours, True)):
        (_, state), _ = saved(make, 10)
        optimizer = sgd()
        scheduler = make(optimizer)
        scheduler.load_state_dict(copy.deepcopy(state))
        applied, said = optimizer.param_groups[0]["lr"], scheduler.get_last_lr()[0]
        assert (applied == said) == is_right
    assert applied == 0.1 * lr.parse(TEXT).over(N)(10)
    optimizer.param_groups[0]["lr"] = 7.0  # by hand: repaired at the next step, and said
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 0.1 * lr.parse(TEXT).over(N)(11)


def test_3_attaching_to_a_fresh_optimizer_in_mid_run():
    """'last_epoch >= 0 on a fresh optimizer: KeyError initial_lr.'"""
    with pytest.raises(KeyError, match="initial_lr"):
        CosineAnnealingLR(sgd(), 20_000, last_epoch=12_345)
    optimizer = sgd()
    before = set(optimizer.param_groups[0])
    scheduler = ours(optimizer, "cosine()", 20_000)
    scheduler.pacer.update = 12_345
    scheduler.load_state_dict(scheduler.state_dict())
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * lr.cosine().over(20_000)(12_345), rel=1e-14)
    assert set(optimizer.param_groups[0]) == {*before, "initial_lr"}  # where PyTorch's own schedulers look for the base


def test_4_a_sequence_resumes_in_the_wrong_phase():
    """'SequentialLR(last_epoch=N) resumes in the wrong phase.' A position is a number, however deep the nesting."""
    nested = lr.parse("warmup(3) >> (linear(5, to=0.5) >> (cosine(7, start=0.5, to=0.2) >> constant(level=0.2)))")
    curve = nested.over(40)
    stepped = lr.Pacer(curve)
    for at in range(40):
        jumped = lr.Pacer(curve)
        jumped.update = at
        assert jumped.value == stepped.value == curve.values()[at]
        stepped.advance()


def test_5_a_changed_configuration_is_ignored():
    """'Changed schedule config is silently ignored on resume because state_dict carries T_max.'"""
    optimizer = sgd()
    peer = CosineAnnealingLR(optimizer, 500)
    peer.load_state_dict(CosineAnnealingLR(sgd(), 50).state_dict())
    assert peer.T_max == 50  # asked for 500, and not a word
    (_, state), _ = saved(ours, 10)
    new = "linear(to=0.2)"
    with pytest.raises(lr.LrlabError, match=r"schedule: in the checkpoint warmup\(4\) >> cosine\(\), in the code lin"):
        ours(sgd(), new, 50).load_state_dict(state)
    taken, spliced = ours(sgd(), new, 50), ours(sgd(), new, 50)
    taken.load_state_dict(state, on_change="take")
    assert taken.pacer.value == lr.parse(new).over(50)(10)
    spliced.load_state_dict(state, on_change="splice")
    assert abs(spliced.pacer.value - lr.parse(TEXT).over(N)(10)) < 1e-12
    assert spliced.pacer.curve(50) == pytest.approx(0.2, rel=1e-12)


def test_6_a_new_lr_on_the_command_line_is_ignored():
    """'New LR on the command line is ignored after resume.'"""
    (optimizer_state, state), whole = saved(ours, 10)
    peer = sgd(0.05)
    peer.load_state_dict(copy.deepcopy(saved(theirs, 10)[0][0]))
    assert peer.param_groups[0]["lr"] != 0.05  # the checkpoint's, without a word
    with pytest.raises(lr.LrlabError, match=r"base LR of group 0: in the checkpoint 0\.1, in the code 0\.05"):
        ours(sgd(0.05)).load_state_dict(state)
    optimizer = sgd()
    scheduler = ours(optimizer)
    optimizer.load_state_dict(copy.deepcopy(optimizer_state))
    scheduler.resume(state, scale=0.5)
    momentum = copy.deepcopy(optimizer.state_dict()["state"])
    assert momentum[0]["momentum_buffer"] == optimizer_state["state"][0]["momentum_buffer"]
    assert train(optimizer, scheduler, 10, N) == [0.5 * x for x in whole[10:]]
    assert [(c.update, c.how, c.after) for c in scheduler.changes] == [(10, "scale", {"scale": 0.5})]


def test_7_another_length_makes_the_curve_jump():
    """'Epochs / dataset length changed between runs: the denominator is recomputed and the curve jumps.'"""
    optimization = pytest.importorskip("transformers.optimization")
    optimizer = sgd(1.0)
    peer = optimization.get_cosine_schedule_with_warmup(optimizer, 10, 100)
    before = train(optimizer, peer, 0, 50)[-1]
    other = sgd(1.0)
    again = optimization.get_cosine_schedule_with_warmup(other, 10, 200)
    again.load_state_dict(peer.state_dict())
    other.step()
    again.step()
    assert other.param_groups[0]["lr"] > before + 0.2  # the LR goes up by half, and nobody says so
    mine = ours(sgd(), "warmup(10) >> cosine(to=0.1)", 100)
    mine.pacer.update = 50
    state = mine.state_dict()
    longer = ours(sgd(), "warmup(10) >> cosine(to=0.1)", 200)
    with pytest.raises(lr.LrlabError, match="horizon: in the checkpoint"):
        longer.load_state_dict(state)
    mine.extend(200, how="rescale-rest")
    rest = mine.pacer.curve.between(50, 201)
    assert rest[0] == lr.parse("warmup(10) >> cosine(to=0.1)").over(100)(50)
    assert all(a >= b for a, b in itertools.pairwise(rest))
    assert rest[-1] == pytest.approx(0.1, rel=1e-15)


def test_11_plateau_state_is_lost():
    """'Plateau state lost on resume or between fit() calls, so LR never drops.'"""
    rng = random.Random(0)
    series = [1 / (1 + k / 10) + rng.random() for k in range(200)]
    schedule = lr.constant() * lr.plateau(patience=4, factor=0.5, cooldown=2)
    whole, torn = lr.Pacer(schedule.over(1000)), lr.Pacer(schedule.over(1000))
    for metric in series:
        whole.observe(metric)
        torn.observe(metric)
        state = json.loads(json.dumps(torn.state()))
        torn = lr.Pacer(schedule.over(1000))
        torn.restore(state)
    assert whole.decisions == torn.decisions
    assert len(whole.decisions) > 3


def halves(t):
    return 0.5 ** (t / 5)


def test_12_a_lambda_is_loaded_into_another():
    """'Scheduler with a lambda saves without the function and loads into a different one.'"""
    optimizer = sgd()
    peer = LambdaLR(optimizer, halves)
    train(optimizer, peer, 0, 5)
    other = LambdaLR(sgd(), lambda t: 1 / (1 + t))
    other.load_state_dict(peer.state_dict())  # not a word
    (_, state), _ = saved(lambda o: Scheduler(o, lr.function(halves), N), 5)
    changed = lr.function(lambda t: 0.25 ** (t / 5), name="halves")
    scheduler = Scheduler(sgd(), changed, N)
    with pytest.raises(lr.LrlabError) as raised:
        scheduler.load_state_dict(state)
    assert lr.function(halves).digest in str(raised.value)
    assert changed.digest in str(raised.value)


def test_13_the_state_is_numbers_and_texts_only():
    """'torch.load(weights_only=True) rejects scheduler state.'"""
    (_, state), _ = saved(lambda o: ours(o, f"({TEXT}) * plateau()"), 10)
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    assert torch.load(file, weights_only=True) == state == json.loads(json.dumps(state, allow_nan=False))


def test_14_data_and_lr_positions_disagree_after_a_resume():
    """'100 steps == 50 + resume + 50: LR, batch ids and loss identical': one position, from which both follow."""
    x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def batch(update):
        return torch.randperm(64, generator=torch.Generator().manual_seed(update))[:8]

    def run(model, optimizer, scheduler, stop):
        rows = []
        while scheduler.update < stop:
            chosen = batch(scheduler.update)
            loss = (model(x[chosen]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            rows.append((optimizer.param_groups[0]["lr"], chosen.tolist(), float(loss.detach())))
            optimizer.step()
            scheduler.step()
        return rows

    def made():
        torch.manual_seed(1)
        model = torch.nn.Linear(4, 1, dtype=torch.float64)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
        return model, optimizer, ours(optimizer, TEXT, 100)

    whole = run(*made(), 100)
    first = made()
    rows = run(*first, 50)
    states = copy.deepcopy([part.state_dict() for part in first])
    second = made()
    for part, state in zip(second, states, strict=True):
        part.load_state_dict(state)
    assert rows + run(*second, 100) == whole
