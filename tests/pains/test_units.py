"""Pains of units, lengths and hyper-parameters, each as its users told it: the peer beside ours.

The numbers are those of the table of pains. Each test quotes the pain and follows the table's own proof of a cure;
the contrast is run with the installed peers (torch, Optax, transformers, Keras, timm).
"""

from __future__ import annotations

import copy
import importlib.util
import json
import math
import random
import sys
import types

import numpy as np
import optax
import pytest
import torch
from torch.optim import lr_scheduler as torch_schedulers

import lrlab as lr
from lrlab.adapters.torch import PlanScheduler
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.dialects import from_keras, from_optax, from_timm, from_torch, from_transformers
from lrlab.errors import LrlabError


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(2))


def sgd(*lrs: float, **arguments: float) -> torch.optim.SGD:
    return torch.optim.SGD([{"params": [parameter()], "lr": base} for base in lrs or (1.0,)], **arguments)


def lrs(optimizer: torch.optim.Optimizer) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def update(optimizer: torch.optim.Optimizer) -> None:
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = torch.zeros_like(p)
    optimizer.step()


def by_samples(ranks: int, state: dict | None, updates: int, horizon: lr.Horizon) -> tuple[dict[int, float], dict]:
    """The LR against the samples seen, for a run on so many ranks with 8 samples each, and its state."""
    optimizer = sgd()
    scheduler = Scheduler(optimizer, 'warmup("10%") >> cosine()', horizon)
    if state:
        scheduler.load_state_dict(state)
    seen = {}
    for _ in range(updates):
        seen[scheduler.pacer.meter.ticks("samples")] = lrs(optimizer)[0]
        update(optimizer)
        scheduler.consume(samples=8 * ranks)
        scheduler.step()
    return seen, json.loads(json.dumps(scheduler.state_dict()))


@pytest.mark.parametrize("ranks", [1, 3, 4])
def test_10_a_resume_on_another_number_of_gpus(ranks):
    """ "Resume with another GPU count shifts the schedule": ours is a function of the samples, whoever sees them.

    Theirs counts steps: saved on 2 and resumed on another number, the LR after as many samples is another.
    """
    horizon = lr.Horizon(samples=4800)
    spec = lr.parse('warmup("10%") >> cosine()').over(horizon)
    _, state = by_samples(2, None, 100, horizon)
    seen, _ = by_samples(ranks, state, 100, horizon)
    assert min(seen) == 1600
    assert all(value == spec(samples) for samples, value in seen.items())

    def theirs(gpus: int) -> float:
        """CosineAnnealingLR for the 300 steps on 2 GPUs, resumed after 100: the LR after 3200 samples."""
        optimizer = sgd()
        scheduler = torch_schedulers.CosineAnnealingLR(optimizer, 300)
        for _ in range(100 + (3200 - 1600) // (8 * gpus)):
            update(optimizer)
            scheduler.step()
        return lrs(optimizer)[0]

    assert theirs(ranks) != pytest.approx(theirs(2), rel=0.1)


def test_16_the_number_of_processes_is_not_in_the_curve():
    """ "accelerate steps the scheduler num_processes times per update": a unit is declared, and nothing multiplies.

    In updates the LR of an update, in samples the LR after so many samples is the same on 1, 2, 4 and 8 processes.
    """
    in_updates, in_samples = [], []
    for processes in (1, 2, 4, 8):
        optimizer = sgd()
        scheduler, trace = Scheduler(optimizer, 'warmup("10%") >> cosine()', 60), []
        for _ in range(60):
            trace.append(lrs(optimizer)[0])
            update(optimizer)
            for _ in range(processes):
                scheduler.step()
        in_updates.append(trace)
        in_samples.append(by_samples(processes, None, 4800 // (8 * processes), lr.Horizon(samples=4800))[0])
    assert in_updates[0] == in_updates[1] == in_updates[2] == in_updates[3]
    assert len(in_samples[3]) == 75
    for samples, value in in_samples[3].items():
        assert all(trace[samples] == value for trace in in_samples)


def test_17_gradient_accumulation_does_not_shorten_the_schedule():
    """ "Scheduler steps per micro-batch, warmup is k times too short": only a completed update advances.

    Optax' `apply_every` uses the LR of each micro-step: one update of 4 micro-batches has 1.0 + 0.9 + 0.8 + 0.7.
    """
    schedule = optax.linear_schedule(1.0, 0.0, 10)
    chain = optax.chain(optax.scale_by_learning_rate(schedule), optax.apply_every(4))
    state, applied = chain.init(np.ones(1, np.float32)), []
    for _ in range(4):
        moved, state = chain.update(np.ones(1, np.float32), state)
        applied.append(float(moved[0]))
    assert applied == pytest.approx([0, 0, 0, -3.4])

    traces, warm = [], []
    for accumulation in (1, 2, 4, 8):
        optimizer = sgd()
        scheduler = Scheduler(optimizer, 'warmup("320samples") >> linear()', lr.Horizon(samples=3200))
        trace = []
        for _ in range(50):
            trace.append(lrs(optimizer)[0])
            for _ in range(accumulation):
                (optimizer.param_groups[0]["params"][0].sum() / accumulation).backward()
                scheduler.consume(samples=64 // accumulation)
                scheduler.step()  # also within the accumulation, as many loops have it
            update(optimizer)
            scheduler.step()
        traces.append(trace)
        warm.append(64 * trace.index(1.0))
    assert traces[0] == traces[1] == traces[2] == traces[3]
    assert warm == [320] * 4


def test_18_a_schedule_in_epochs_in_a_loop_of_updates():
    """ "Step-schedule stepped per epoch (or the reverse)": spans have a unit, which is converted or refused.

    torch's OneCycleLR(total_steps=60), stepped once in each of 3 epochs, never leaves its warmup.
    """
    optimizer = sgd()
    peer = torch_schedulers.OneCycleLR(optimizer, max_lr=1.0, total_steps=60)
    peak = 0.0
    for i in range(60):
        peak = max(peak, lrs(optimizer)[0])
        update(optimizer)
        if i % 20 == 19:
            peer.step()
    assert peak < 0.25

    text = 'warmup("1ep") >> cosine("2ep", to=0.1)'
    optimizer = sgd()
    scheduler = Scheduler(optimizer, text, lr.Horizon(epochs=3, updates_per_epoch=20))
    trace = []
    for _ in range(60):
        trace.append(lrs(optimizer)[0])
        update(optimizer)
        scheduler.step()
    assert trace.index(1.0) == 20
    assert lrs(optimizer) == [pytest.approx(0.1)]
    with pytest.raises(LrlabError, match=r"does not say how long its unit is(.|\n)*updates_per_epoch="):
        Scheduler(sgd(), text, lr.Horizon(epochs=3))


@pytest.mark.parametrize("seed", range(5))
def test_20_a_ramp_of_the_batch_size(seed):
    """ "Batch-size ramp or variable batch breaks warmup and decay points": the LR follows what was consumed.

    A plan in steps of the final batch size stands at its plateau when the tokens are used up.
    """
    rng, budget = random.Random(seed), 100_000
    optimizer, spec = sgd(), lr.wsd(warmup="5%", decay="20%", to=0.1)
    scheduler = Scheduler(optimizer, spec, lr.Horizon(tokens=budget))
    ramp = lr.wsd(warmup="5%", decay="20%", to=0.1).over(budget // 100).values()
    reference = spec.over(lr.Horizon(updates=budget, tokens_per_update=1))
    used, updates = 0, 0
    while used < budget:
        assert lrs(optimizer) == [reference(used)]
        size = rng.randint(50, 150) if used > budget // 2 else rng.randint(300, 900)
        update(optimizer)
        scheduler.consume(tokens=size)
        scheduler.step()
        used, updates = used + size, updates + 1
    assert lrs(optimizer) == [pytest.approx(0.1)]
    assert ramp[updates] == 1.0


@pytest.mark.parametrize("really", [90, 110])
def test_21_the_loader_is_not_as_long_as_it_said(really, caplog):
    """ "len(dataloader) is wrong or absent, so the horizon is wrong": running over holds the floor, and is reported.

    torch's CosineAnnealingLR climbs back, its OneCycleLR raises.
    """
    optimizer = sgd()
    scheduler = PlanScheduler(optimizer, lr.plan(lr="warmup(5) >> cosine(to=0.01)"), 100)
    trace = []
    for _ in range(really):
        trace.append(lrs(optimizer)[0])
        update(optimizer)
        scheduler.step()
    assert np.all(np.diff(trace[5:]) <= 0)
    assert str(scheduler.report()).splitlines()[0] == f"{really} of 100 updates ({really} %)"
    assert not caplog.records

    optimizers = sgd(), sgd()
    climbing = torch_schedulers.CosineAnnealingLR(optimizers[0], 100)
    raising = torch_schedulers.OneCycleLR(optimizers[1], max_lr=1.0, total_steps=100)
    for scheduler in (climbing, raising):
        scheduler.optimizer.step()
        for _ in range(99):
            scheduler.step()
    lowest = lrs(optimizers[0])[0]
    for _ in range(11):
        climbing.step()
    assert lrs(optimizers[0])[0] > 10 * lowest
    raising.step()
    with pytest.raises(ValueError, match="Tried to step 101 times"):
        raising.step()


def test_21_the_loader_has_no_length_at_all():
    """A budget in samples, an unknown end, or nothing relative: no length of a loader is asked for."""
    Scheduler(sgd(), "warmup(5) >> inverse_sqrt(50)")
    Scheduler(sgd(), 'warmup("1%") >> cosine()', lr.Horizon(samples=10_000))
    with pytest.raises(LrlabError, match="length is not known"):
        Scheduler(sgd(), 'warmup("1%") >> cosine()')


def test_24_a_budget_on_the_clock():
    """ "Schedule should fit a wall-clock budget": throughput drifts by half and stalls, the floor is met in time.

    A cosine over the updates that the first minute promised has not begun its end, or was over long ago.
    """
    rng, now = random.Random(0), [0.0]
    optimizer = sgd()
    plan = lr.plan(lr='warmup("3%") >> cosine(to=0.01)')
    scheduler = PlanScheduler(optimizer, plan, lr.Horizon(minutes=10), clock=lambda: now[0])
    trace = []
    while now[0] < 600:
        trace.append(lrs(optimizer)[0])
        now[0] += 0.1 * rng.uniform(0.5, 1.5) * (1 + now[0] / 300) + 45 * (len(trace) == 800)
        update(optimizer)
        scheduler.step()
    peak = int(np.argmax(trace))
    assert trace[peak] > 0.995
    assert np.all(np.diff(trace[peak:]) <= 0)
    assert trace[-1] == pytest.approx(0.01, rel=0.01)
    assert lrs(optimizer) == [0.01]
    promised = lr.parse('warmup("3%") >> cosine(to=0.01)').over(6000)
    assert promised(len(trace)) > 0.3


def test_24_what_was_spent_before_a_resume_counts():
    """The queue between two jobs does not."""
    now = [0.0]

    def attached() -> PlanScheduler:
        return PlanScheduler(sgd(), "linear()", lr.Horizon(minutes=1), clock=lambda: now[0])

    scheduler = attached()
    for _ in range(10):
        now[0] += 2
        update(scheduler.optimizer)
        scheduler.step()
    state = json.loads(json.dumps(scheduler.state_dict()))
    now[0] += 10_000
    there = attached()
    there.load_state_dict(state)
    assert lrs(there.optimizer) == [pytest.approx(2 / 3)]
    now[0] += 10
    update(there.optimizer)
    there.step()
    assert lrs(there.optimizer) == [pytest.approx(0.5)]


def test_24_processes_do_not_each_go_by_their_own_clock(monkeypatch):
    """Several clocks would give several LRs, in silence: refused, and what to say is named."""
    monkeypatch.setattr("lrlab.adapters.torch.run_folder.alone", lambda: False)
    with pytest.raises(LrlabError, match=r"clock of its own(.|\n)*ranks="):
        Scheduler(sgd(), "linear()", lr.Horizon(minutes=1))
    with pytest.raises(LrlabError, match=r"clock of its own(.|\n)*clock="):
        PlanScheduler(sgd(), "linear()", lr.Horizon(minutes=1))
    PlanScheduler(sgd(), "linear()", lr.Horizon(minutes=1), clock=lambda: 0.0)
    Scheduler(sgd(), "linear()", lr.Horizon(tokens=9))


def test_24_the_ranks_go_by_the_clock_of_the_first(tmp_path, monkeypatch):
    """With `ranks=`, a live pacer asks rank 0 for the time, also after a resume."""
    from torch import distributed

    now = [5.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    store = distributed.FileStore(str(tmp_path / "store"), 1)
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        optimizer = sgd()
        scheduler = Scheduler(optimizer, "linear()", lr.Horizon(minutes=1), ranks="first")
        scheduler.load_state_dict(scheduler.state_dict())
        assert scheduler.pacer.meter._clock == scheduler._around.ranks.clock
        now[0] += 30
        update(optimizer)
        scheduler.step()
        assert lrs(optimizer) == [0.5]
    finally:
        distributed.destroy_process_group()


# -- whose total it is --------------------------------------------------------------------------------------------


def timm_trace(**given: object) -> list[float]:
    """The LR at each epoch by `timm.scheduler`, without running `timm/__init__.py`, which asks for torchvision."""
    if "timm" not in sys.modules:
        found = importlib.util.find_spec("timm")
        if found is None or found.submodule_search_locations is None:
            pytest.skip("timm is not installed")
        package = types.ModuleType("timm")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["timm"] = package
    from timm.scheduler import create_scheduler_v2

    optimizer = sgd(1e-3)
    scheduler, _ = create_scheduler_v2(optimizer, **given)
    trace = lrs(optimizer)
    for epoch in range(1, 100):
        scheduler.step(epoch)
        trace += lrs(optimizer)
    return trace


def same(found, trace, near):
    """An import has the LR of its library at each of 100 updates."""
    ours = (found.base_lr or 1.0) * found.schedule.over(found.horizon)(np.arange(100))
    np.testing.assert_allclose(ours, trace, rtol=near, atol=near * max(trace))


def test_25_whether_the_total_includes_the_warmup():
    """ "Does 'total' include warmup? Every library answers differently": 100 updates, 10 of them warmup, five ways.

    Ours: phases that sum to the horizon. An import says each library's own answer, at every step.
    """
    curve = lr.parse("warmup(10) >> cosine()").over(100)
    assert [(phase.start, phase.stop) for phase in curve.phases] == [(0, 10), (10, 100)]
    assert curve(10) == 1.0
    assert curve(100) == 0.0

    import keras
    from transformers import get_scheduler

    optimizer = sgd()
    huggingface = get_scheduler("cosine", optimizer, 10, 100)
    inside = []
    for _ in range(100):
        inside += lrs(optimizer)
        update(optimizer)
        huggingface.step()
    chained = torch_schedulers.SequentialLR(
        optimizer := sgd(),
        [
            torch_schedulers.LinearLR(optimizer, 0.1, total_iters=10),
            torch_schedulers.CosineAnnealingLR(optimizer, 100),
        ],
        [10],
    )
    imported_chain = from_torch(chained)
    chain = []
    for _ in range(100):
        chain += lrs(optimizer)
        update(optimizer)
        chained.step()
    keras_arguments = {"initial_learning_rate": 0.0, "decay_steps": 100, "warmup_target": 1.0, "warmup_steps": 10}
    beside = keras.optimizers.schedules.CosineDecay(**keras_arguments)
    within = optax.warmup_cosine_decay_schedule(0.0, 1.0, 10, 100)
    pairs = [
        (from_transformers("cosine", 10, 100), inside, 1e-12),
        (imported_chain, chain, 1e-12),
        (from_keras(beside), [float(beside(i)) for i in range(100)], 1e-5),
        (from_optax("warmup_cosine_decay_schedule", 0.0, 1.0, 10, 100), [float(within(i)) for i in range(100)], 1e-5),
    ]
    for found, trace, near in pairs:
        same(found, trace, near)
    ends = [trace[-1] / max(trace) for _, trace, _ in pairs]
    assert len({f"{end:.1e}" for end in ends}) >= 2  # the same two numbers, and not one answer


def test_25_whether_the_total_includes_the_warmup_in_timm():
    """With its prefix timm never reaches the floor it was asked for; without it the LR falls at the hand-over."""
    given = {"sched": "cosine", "num_epochs": 100, "warmup_epochs": 10, "warmup_lr": 1e-5, "min_lr": 1e-7}
    prefixed, plain = timm_trace(warmup_prefix=True, **given), timm_trace(warmup_prefix=False, **given)
    same(from_timm(lr=1e-3, warmup_prefix=True, **given), prefixed, 1e-12)
    same(from_timm(lr=1e-3, warmup_prefix=False, **given), plain, 1e-12)
    assert prefixed[-1] > 2e-5
    assert plain[10] < 0.98 * 1e-3


# -- one schedule for each group, and for each hyper-parameter ------------------------------------------------------


def test_38_one_schedule_for_each_group():
    """ "One schedule per group is not possible without several optimizers": rules by name, in one plan.

    Frozen until 20 %, then a warmup; layer-wise decay; the rest plain: the traces equal hand formulas.
    """
    n = 50
    net = torch.nn.ModuleDict({"embed": torch.nn.Linear(2, 2), "body": torch.nn.Linear(2, 2)})
    net["head"] = torch.nn.Linear(2, 1)
    groups = [{"params": list(net[name].named_parameters(prefix=name)), "lr": 0.1} for name in net]
    optimizer = torch.optim.SGD(groups)
    plan = lr.plan(
        lr=lr.linear(),
        groups={"embed.*": {"lr": lr.constant("20%", level=0) >> lr.warmup(5) >> lr.linear()}},
        layer_decay=0.5,
    )
    scheduler = PlanScheduler(optimizer, plan, n)
    for i in range(n):
        embed = 0.0 if i < 10 else (i - 9) / 6 if i < 15 else 1 - (i - 15) / 35
        expected = [0.1 * 0.25 * embed, 0.1 * 0.5 * (1 - i / n), 0.1 * (1 - i / n)]
        assert lrs(optimizer) == pytest.approx(expected, rel=1e-12)
        update(optimizer)
        scheduler.step()
    with pytest.raises(LrlabError, match=r"matches no parameter group(.|\n)*embed"):
        PlanScheduler(optimizer, lr.plan(lr=1, groups={"embd.*": {"lr": 0.5}}), n)
    with pytest.raises(LrlabError, match="is not known"):
        lr.plan(learning_rate=1)


def test_39_the_groups_keep_their_ratio():
    """ "Scalar max_lr flattens different group LRs": theirs gives 1e-2 and 1e-4 one LR; ours multiplies each.

    The ratio is constant over the run unless a rule says otherwise.
    """
    optimizer = sgd(1e-2, 1e-4)
    torch_schedulers.OneCycleLR(optimizer, max_lr=1.0, total_steps=60)
    assert len(set(lrs(optimizer))) == 1
    optimizer = sgd(1e-2, 1e-4)
    scheduler = PlanScheduler(optimizer, lr.plan(lr=lr.one_cycle()), 60)
    for _ in range(70):
        first, second = lrs(optimizer)
        assert first == pytest.approx(100 * second, rel=1e-14)
        update(optimizer)
        scheduler.step()


def test_41_other_hyper_parameters_have_schedules_too():
    """ "Only LR can be scheduled: weight decay, momentum, betas want the same": with the LR, and restored exactly.

    torch's OneCycleLR takes a beta above 1 without a word, and the optimizer goes on with it; ours refuses it at the
    build and says at which update.
    """
    n = 30
    optimizer = torch.optim.AdamW([parameter()], lr=0.1)
    peer = torch_schedulers.OneCycleLR(optimizer, max_lr=0.1, total_steps=n, base_momentum=0.85, max_momentum=1.2)
    assert optimizer.param_groups[0]["betas"][0] == 1.2
    update(optimizer)
    peer.step()
    with pytest.raises(LrlabError, match=r"beta1 is 1\.2 at update 0"):
        PlanScheduler(optimizer, lr.plan(lr=lr.one_cycle(), beta1=lr.linear(start=1.2, to=0.85)), n)

    plan = lr.plan(lr=lr.one_cycle(), weight_decay=lr.cosine(start=1, to=3), beta1=lr.linear(start=0.95, to=0.85))

    def attached() -> PlanScheduler:
        return PlanScheduler(torch.optim.AdamW([parameter()], lr=0.1, weight_decay=0.05), plan, n)

    def values(scheduler: PlanScheduler) -> tuple[float, ...]:
        group = scheduler.optimizer.param_groups[0]
        return group["lr"], group["weight_decay"], *group["betas"]

    scheduler, trace, states = attached(), [], []
    for i in range(n):
        trace.append(values(scheduler))
        states.append(copy.deepcopy((scheduler.optimizer.state_dict(), scheduler.state_dict())))
        decay = 0.05 * (3 - 2 * (1 + math.cos(math.pi * i / n)) / 2)
        assert trace[i][1:] == pytest.approx((decay, 0.95 - 0.1 * i / n, 0.999))
        update(scheduler.optimizer)
        scheduler.step()
    for i in (0, 7, 29):
        there = attached()
        there.optimizer.load_state_dict(states[i][0])
        there.load_state_dict(states[i][1])
        for k in range(i, n):
            assert values(there) == trace[k]
            update(there.optimizer)
            there.step()
