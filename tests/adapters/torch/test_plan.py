"""PlanScheduler: several hyper-parameters, rules for groups, several optimizers, one position."""

from __future__ import annotations

import copy
import gc
import itertools
import json
import logging
import math
import pickle
import weakref
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler

import lrlab as lr
from lrlab.adapters.torch import PlanScheduler
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.errors import LrlabError
from lrlab.record.process.orders import give
from lrlab.record.process.replay import replay
from lrlab.testing.adapters import AdapterCase

N = 20
COSINE = lr.parse("warmup(3) >> cosine(to=0.1)")


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(2))


def update(*optimizers: torch.optim.Optimizer) -> None:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for p in group["params"]:
                p.grad = torch.ones_like(p)
        optimizer.step()


def values(optimizer: torch.optim.Optimizer) -> list[dict[str, object]]:
    """Every hyper-parameter of every group, tensors as numbers."""
    keys = ("lr", "weight_decay", "momentum", "betas", "name")
    return [
        {key: float(group[key]) if isinstance(group[key], torch.Tensor) else group[key] for key in keys if key in group}
        for group in optimizer.param_groups
    ]


# -- a plan of one rule is a Scheduler --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "warmup(3) >> cosine(to=0.1)",
        "wsd(warmup=2, decay=5)",
        "step(4, gamma=0.3)",
        "cosine() * plateau(patience=2, factor=0.3)",
        'warmup("10%") >> inverse_sqrt(5)',
    ],
)
@pytest.mark.parametrize("kind", [float, torch.tensor, lambda x: torch.tensor(x, dtype=torch.float64)])
def test_a_plan_of_one_rule_is_a_scheduler_to_the_last_bit(text: str, kind: Callable[[float], object]) -> None:
    """Groups, tensors, feedback, accumulation, a group that is added later, past the end."""
    made = []
    for attach in (Scheduler, lambda o, s, n: PlanScheduler(o, lr.plan(lr=s), n)):
        optimizer = torch.optim.SGD([{"params": [parameter()], "lr": kind(b)} for b in (0.1, 0.03)], momentum=0.9)
        scheduler, trace = attach(optimizer, text, N), []
        for i in range(N + 5):
            trace.append([float(group["lr"]) for group in optimizer.param_groups] + scheduler.get_last_lr())
            if i == 7:
                optimizer.add_param_group({"params": [parameter()], "lr": kind(0.7)})
            update(optimizer)
            scheduler.step()
            scheduler.step()  # accumulation: nothing new, nothing changes
            scheduler.observe(1.0)
        made.append((trace, scheduler.update, scheduler.last_epoch, scheduler.base_lrs, scheduler.decisions))
    assert made[0] == made[1]


def test_it_is_a_torch_scheduler_that_takes_a_schedule_too():
    """Trainers ask for the class; a plain schedule is the plan of one rule."""
    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    scheduler = PlanScheduler(optimizer, "cosine()", N)
    assert isinstance(scheduler, LRScheduler)
    assert scheduler.plan == lr.plan(lr=lr.cosine())
    assert scheduler.optimizer is optimizer
    scheduler._step_count += 1  # as Accelerate does
    assert (scheduler._step_count, scheduler.last_epoch, scheduler._last_lr) == (1, 0, [0.1])
    assert repr(scheduler) == "Scheduler(cosine(), horizon=Horizon(updates=20), update=0)"
    several = PlanScheduler(torch.optim.SGD([parameter()], lr=0.1, momentum=0.9), lr.plan(lr=COSINE, momentum=0.8), N)
    assert repr(several).startswith("Scheduler(plan(lr=warmup(3) >> cosine(to=0.1), momentum=constant(level=0.8)), ")
    assert several.schedule == several.plan


def test_a_later_scheduler_takes_over_with_what_the_groups_brought():
    """A cell that is run twice: the warmup's first value is no base; the first scheduler may not go on."""
    for first, second in itertools.product((Scheduler, PlanScheduler), repeat=2):
        if first is second is Scheduler:
            continue  # in test_torch_groups
        optimizer = torch.optim.SGD([parameter()], lr=0.8, weight_decay=0.4)
        text = lr.plan(lr=COSINE, weight_decay=lr.linear(start=0.5, to=2)) if first is PlanScheduler else COSINE
        earlier = first(optimizer, text, N)
        assert optimizer.param_groups[0]["lr"] == 0.2
        later = second(optimizer, COSINE, N)
        assert later.base_lrs == [0.8]
        assert optimizer.param_groups[0]["lr"] == 0.2
        update(optimizer)
        later.step()
        assert optimizer.param_groups[0]["lr"] == 0.4
        with pytest.raises(LrlabError, match="another Scheduler has been attached"):
            earlier.step()
    optimizer = torch.optim.SGD([parameter()], lr=0.8, weight_decay=0.4)
    for _ in range(2):
        PlanScheduler(optimizer, lr.plan(lr=COSINE, weight_decay=lr.linear(start=0.5, to=2)), N)
        assert values(optimizer)[0]["weight_decay"] == 0.2
    optimizer.param_groups[0]["lr"] = 0.4  # somebody means another one
    assert PlanScheduler(optimizer, COSINE, N).base_lrs == [0.4]


def test_scheduler_and_optimizer_are_not_kept_alive():
    """Neither by the hooks nor by what is left for the next one."""
    optimizer = torch.optim.SGD([parameter()], lr=0.8)
    scheduler = PlanScheduler(optimizer, COSINE, N)
    gone = weakref.ref(scheduler), weakref.ref(optimizer)
    del scheduler, optimizer
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


class TestPlanScheduler(AdapterCase):
    """The laws of an adapter."""

    def start(self, schedule: lr.Schedule, updates: int, base_lr: float) -> PlanScheduler:
        return PlanScheduler(torch.optim.SGD([parameter()], lr=base_lr), schedule, updates)

    def lr(self, run: PlanScheduler) -> float:
        return run.optimizer.param_groups[0]["lr"]

    def update(self, run: PlanScheduler) -> None:
        update(*run.optimizers)
        run.step()

    def state(self, run: PlanScheduler) -> object:
        return run.state_dict()

    def load(self, run: PlanScheduler, state: dict[str, object]) -> None:
        run.load_state_dict(state)

    def observe(self, run: PlanScheduler, metric: float) -> None:
        run.observe(metric)


class TestPlanSchedulerOfTwo(TestPlanScheduler):
    """The same for the second of two optimizers."""

    def start(self, schedule: lr.Schedule, updates: int, base_lr: float) -> PlanScheduler:
        pair = [torch.optim.SGD([parameter()], lr=rate) for rate in (0.3, base_lr)]
        return PlanScheduler(pair, lr.plan(lr=0.5, groups={"1": {"lr": schedule}}), updates)

    def lr(self, run: PlanScheduler) -> float:
        return run.optimizers[1].param_groups[0]["lr"]


# -- other hyper-parameters ---------------------------------------------------------------------------------------


def test_momentum_goes_the_other_way_as_in_one_cycle():
    """Values of momentum are absolute: torch's OneCycleLR with cycle_momentum, update by update."""
    ours = torch.optim.SGD([parameter()], lr=1.0, momentum=0.9)
    theirs = torch.optim.SGD([parameter()], lr=1.0, momentum=0.9)
    peer = torch.optim.lr_scheduler.OneCycleLR(theirs, max_lr=1.0, total_steps=100, pct_start=0.3)
    rise = {"lr": lr.cosine(29, start=1 / 25, to=1), "momentum": lr.cosine(29, start=0.95, to=0.85)}
    fall = {"lr": lr.cosine(70, to=1 / 25e4), "momentum": lr.cosine(70, start=0.85, to=0.95)}
    scheduler = PlanScheduler(ours, lr.plan(**{hyper: rise[hyper] >> fall[hyper] for hyper in rise}), 100)
    for i in range(100):
        assert ours.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-9), i
        assert ours.param_groups[0]["momentum"] == pytest.approx(theirs.param_groups[0]["momentum"], rel=1e-9), i
        update(ours, theirs)
        scheduler.step()
        if i < 99:
            peer.step()


def test_weight_decay_is_a_multiple_so_that_groups_without_decay_stay_without():
    """Betas are values, one of the pair at a time."""
    groups = [{"params": [parameter()], "weight_decay": decay} for decay in (0.1, 0.0)]
    optimizer = torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.95))
    p = lr.plan(lr=COSINE, weight_decay=lr.linear(to=3), beta2=lr.linear(start=0.95, to=0.999))
    scheduler = PlanScheduler(optimizer, p, N)
    for i in range(N):
        factor, beta2 = 1 + 2 * i / N, 0.95 + 0.049 * i / N
        assert [group["weight_decay"] for group in optimizer.param_groups] == pytest.approx([0.1 * factor, 0.0])
        assert [group["betas"] for group in optimizer.param_groups] == [(0.9, pytest.approx(beta2))] * 2
        update(optimizer)
        scheduler.step()


def test_values_out_of_bounds_are_refused_before_anything_is_written():
    """At the build, naming the update."""
    optimizer = torch.optim.AdamW([parameter()], lr=0.1)
    before = copy.deepcopy(values(optimizer))
    with pytest.raises(LrlabError, match="beta1 is 1 at update 20"):
        PlanScheduler(optimizer, lr.plan(lr=COSINE, beta1=lr.linear(start=0.9, to=1)), N)
    with pytest.raises(LrlabError, match=r"has the hyper-parameter momentum(.|\n)*beta1="):
        PlanScheduler(optimizer, lr.plan(lr=COSINE, momentum=0.9), N)
    assert values(optimizer) == before


# -- groups -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(torch.__version__ < (2, 6), reason="optimizers take no names before PyTorch 2.6")
def test_layer_decay_is_the_factor_to_the_power_of_the_depth():
    """ELECTRA's rule, by names: two groups of a layer have one depth; the head keeps its LR."""
    net = torch.nn.ModuleDict(
        {"embed": torch.nn.Linear(2, 2), "blocks": torch.nn.ModuleList(torch.nn.Linear(2, 2) for _ in range(3))}
    )
    net["head"] = torch.nn.Linear(2, 1)
    optimizer = torch.optim.AdamW([{"params": [(name, p)]} for name, p in net.named_parameters()], lr=0.1)
    p = lr.plan(lr=lr.constant(), layer_decay=0.5, layers=["embed.*", "blocks.{}.*", "head.*"])
    scheduler = PlanScheduler(optimizer, p, N)
    expected = {"embed": 0.1 / 16, "blocks.0": 0.1 / 8, "blocks.1": 0.1 / 4, "blocks.2": 0.1 / 2, "head": 0.1}
    for group, value in zip(optimizer.param_groups, scheduler.get_last_lr(), strict=True):
        assert value == group["lr"] == expected[group["param_names"][0].rpartition(".")[0]]


def test_a_group_that_joins_later_has_its_own_warmup():
    """Its base times the present factor times the warmup from when it came; the others are as they were."""
    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    scheduler = PlanScheduler(optimizer, lr.plan(lr=lr.linear(), joining=lr.warmup(4)), N)
    states = []
    for i in range(N):
        if i == 6:
            optimizer.add_param_group({"params": [parameter()], "lr": 0.5})
        update(optimizer)
        lrs = [group["lr"] for group in optimizer.param_groups]
        assert lrs[0] == pytest.approx(0.1 * (1 - i / N), rel=1e-14)
        if i >= 6:
            assert lrs[1] == pytest.approx(0.5 * (1 - i / N) * min((i - 5) / 5, 1), rel=1e-14)
        scheduler.step()
        states.append((copy.deepcopy(optimizer.state_dict()), json.loads(json.dumps(scheduler.state_dict())), lrs))
    groups = [{"params": [parameter()], "lr": base} for base in (0.1, 0.5)]
    resumed = PlanScheduler(torch.optim.SGD(groups), scheduler.plan, N)  # all groups are there from the beginning now
    resumed.load_state_dict(states[7][1])
    for i in range(8, N):
        assert resumed.get_last_lr() == states[i][2]
        update(resumed.optimizer)
        resumed.step()


def test_a_tensor_lr_stays_one_object_and_is_written_in_place():
    """No recompilation under torch.compile: LR and betas alike."""
    rate, beta = torch.tensor(0.5, dtype=torch.float64), torch.tensor(0.9, dtype=torch.float64)
    betas = (beta, torch.tensor(0.999))
    optimizer = torch.optim.Adam([parameter()], lr=rate, betas=betas, capturable=True, foreach=True)
    scheduler = PlanScheduler(optimizer, lr.plan(lr=lr.linear(), beta1=lr.linear(start=0.9, to=0.8)), N, follow="calls")
    for i in range(N):
        assert optimizer.param_groups[0]["lr"] is rate
        assert optimizer.param_groups[0]["betas"][0] is beta
        assert (float(rate), float(beta)) == pytest.approx((0.5 * (1 - i / N), 0.9 - 0.1 * i / N), rel=1e-12)
        scheduler.step()


# -- several optimizers -------------------------------------------------------------------------------------------


MUON = pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this PyTorch has no Muon")


def two() -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    matrix = [torch.nn.Parameter(torch.eye(2)) for _ in range(2)]
    muon = torch.optim.Muon([{"params": [p], "lr": base} for p, base in zip(matrix, (0.02, 0.01), strict=True)])
    adamw = torch.optim.AdamW([{"params": [parameter()], "name": "bias"}, {"params": [parameter()], "name": "embed"}])
    return muon, adamw


@MUON
def test_two_optimizers_have_one_position_and_one_step():
    """Muon and AdamW, two groups each: four traces, each its own hyper-parameters."""
    muon, adamw = two()
    p = lr.plan(lr=COSINE, momentum=lr.linear(start=0.85, to=0.95), groups={"embed": {"lr": lr.linear(), "beta1": 0.8}})
    scheduler = PlanScheduler([muon, adamw], p, N)
    cosine, linear = COSINE.over(N).values(), lr.linear().over(N).values()
    for i in range(N):
        assert [group["lr"] for group in muon.param_groups] == [0.02 * cosine[i], 0.01 * cosine[i]]
        assert [group["lr"] for group in adamw.param_groups] == [0.001 * cosine[i], 0.001 * linear[i]]
        assert [group["momentum"] for group in muon.param_groups] == pytest.approx([0.85 + 0.1 * i / N] * 2)
        assert [group["betas"] for group in adamw.param_groups] == [(0.9, 0.999), (0.8, 0.999)]
        update(muon, adamw)
        assert scheduler.update == i + 1
        scheduler.step()
    assert scheduler.group_names == ["0", "1", "bias", "embed"]
    assert scheduler.base_lrs == [0.02, 0.01, 0.001, 0.001]


@MUON
def test_an_optimizer_that_skips_an_update_does_not_hold_the_position_back():
    """A loss scale that overflows in one of them; both skipped is not an update."""
    muon, adamw = two()[0], torch.optim.AdamW([parameter()], fused=True)
    scheduler = PlanScheduler([muon, adamw], COSINE, N)
    update(muon, adamw)
    update(muon)
    assert scheduler.update == 2
    adamw.found_inf = torch.tensor(1.0)
    update(adamw)
    assert scheduler.update == 2


@MUON
def test_a_group_that_is_not_driven_is_named_in_a_warning_and_in_the_report(caplog):
    """A plan without a rule for every group; parameters of the model that no optimizer has."""
    muon, adamw = two()
    layer = torch.nn.Linear(2, 2)
    adamw.add_param_group({"params": [layer.weight]})
    with caplog.at_level(logging.WARNING):
        scheduler = PlanScheduler([muon, adamw], lr.plan(groups={"[01]": {"lr": COSINE}}), N, model=layer)
    assert caplog.messages == ["The plan does not drive the LR of the groups bias, embed, 4."]
    report = scheduler.report()
    assert report.undriven == ("bias", "embed", "4")
    assert report.left_out == ("bias",)
    assert [row.group for row in report.rows if row.schedule] == ["0", "1"]
    assert "not driven" in str(report)
    assert json.loads(json.dumps(report.records())) == report.records()


def test_what_is_no_list_of_optimizers_is_refused():
    """Nothing, something else, one of them twice."""
    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    for given in ([], None, [optimizer, 3], "ab"):
        with pytest.raises(LrlabError, match="drives a torch optimizer, or several"):
            PlanScheduler(given, COSINE, N)
    with pytest.raises(LrlabError, match="given twice"):
        PlanScheduler([optimizer, optimizer], COSINE, N)
    with pytest.raises(LrlabError, match="follow is not known"):
        PlanScheduler(optimizer, COSINE, N, follow="epochs")
    with pytest.raises(LrlabError, match="takes no argument"):
        PlanScheduler(optimizer, COSINE, N).step(3)
    with pytest.raises(LrlabError, match=r"observe\(\) takes the metric\n  given:   0.5"):
        PlanScheduler(optimizer, COSINE, N).step(metrics=0.5)
    with pytest.raises(
        LrlabError, match=r"observe\(\) takes the metric\n  given:   {'loss': 0.5}\n.*observe\(val_loss\)"
    ):
        PlanScheduler(optimizer, COSINE, N).step(loss=0.5)


def test_an_lr_that_is_no_number_is_named():
    """Set by something else in mid-run: not a bare TypeError when the state is saved."""
    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    scheduler = PlanScheduler(optimizer, COSINE, N)
    optimizer.param_groups[0]["lr"] = None
    with pytest.raises(LrlabError, match="set the lr of a parameter group to what is no number"):
        scheduler.state_dict()


# -- resume -------------------------------------------------------------------------------------------------------

PLAN = lr.plan(
    lr=COSINE * lr.plateau(patience=3, factor=0.5),
    weight_decay=lr.linear(start=0.5, to=2),
    momentum=lr.cosine(start=0.95, to=0.8),
    groups={"head": {"lr": lr.constant("20%", level=0) >> lr.warmup(3) >> lr.linear()}},
    layer_decay=0.7,
)


def fresh() -> torch.optim.Optimizer:
    groups = [{"params": [parameter()], "lr": base, "name": name} for base, name in ((0.1, "body"), (0.03, "head"))]
    return torch.optim.SGD(groups, momentum=0.9, weight_decay=0.01)


def run(scheduler: PlanScheduler, start: int, stop: int) -> list[object]:
    trace = []
    for i in range(start, stop):
        trace.append(copy.deepcopy(values(scheduler.optimizer)))
        update(scheduler.optimizer)
        scheduler.step()
        scheduler.observe(math.cos(i))
    return trace


@pytest.mark.parametrize("order", ["build, optimizer, last", "optimizer, build, last", "scheduler, optimizer"])
def test_a_resume_in_every_order_goes_on_to_the_last_bit(order):
    """Every hyper-parameter of every group, at every step, on a fresh optimizer."""
    whole = run(PlanScheduler(fresh(), PLAN, N), 0, N)
    first = PlanScheduler(fresh(), PLAN, N)
    for at in range(N):
        saved = copy.deepcopy((first.optimizer.state_dict(), json.loads(json.dumps(first.state_dict()))))
        optimizer = fresh()
        if order.startswith("optimizer"):
            optimizer.load_state_dict(saved[0])
        there = PlanScheduler(optimizer, PLAN, N)
        if order.startswith("build"):
            optimizer.load_state_dict(saved[0])
        there.load_state_dict(saved[1])
        if order.endswith("optimizer"):
            optimizer.load_state_dict(saved[0])
        assert run(there, at, N) == whole[at:]
        run(first, at, at + 1)
    assert first.decisions


def test_a_state_of_another_plan_is_refused_with_the_differences():
    """Plan, horizon, groups, bases: a table, and nothing is loaded."""
    scheduler = PlanScheduler(fresh(), PLAN, N)
    run(scheduler, 0, 5)
    state = scheduler.state_dict()
    other = PlanScheduler(fresh(), lr.plan(lr=COSINE), 30)
    with pytest.raises(LrlabError, match=r"plan: in the checkpoint plan(.|\n)*horizon: in the checkpoint"):
        other.load_state_dict(state)
    optimizer = fresh()
    optimizer.param_groups[0]["lr"] = 0.2
    with pytest.raises(LrlabError, match=r"base LR of group body: in the checkpoint 0\.1, in the code 0\.2"):
        PlanScheduler(optimizer, PLAN, N).load_state_dict(state)
    assert other.update == 0


def test_a_state_that_was_changed_is_refused():
    """A digest over the whole; the state of a schedule is another plan."""
    scheduler = PlanScheduler(fresh(), PLAN, N)
    state = scheduler.state_dict()
    with pytest.raises(LrlabError, match="not as it was written"):
        scheduler.load_state_dict({**state, "update": 3})
    for bad in ({}, None):
        with pytest.raises(LrlabError, match="not a state of a schedule"):
            scheduler.load_state_dict(bad)
    with pytest.raises(LrlabError, match=r"plan: in the checkpoint warmup\(3\)"):
        scheduler.load_state_dict(Scheduler(fresh(), COSINE, N).state_dict())


@MUON
def test_two_optimizers_resume_together():
    """Counts, values and bases of both."""
    made = []
    for resumed in (False, True):
        muon, adamw = two()
        scheduler = PlanScheduler([muon, adamw], COSINE, N)
        for _ in range(7):
            update(muon, adamw)
            scheduler.step()
        if resumed:
            states = [copy.deepcopy(o.state_dict()) for o in (muon, adamw)]
            state = json.loads(json.dumps(scheduler.state_dict()))
            muon, adamw = two()
            scheduler = PlanScheduler([muon, adamw], COSINE, N)
            scheduler.load_state_dict(state)
            for optimizer, loaded in zip((muon, adamw), states, strict=True):
                optimizer.load_state_dict(loaded)
        trace = []
        for _ in range(8):
            trace.append(values(muon) + values(adamw))
            update(muon, adamw)
            scheduler.step()
        made.append((trace, scheduler.update))
    assert made[0] == made[1]


@pytest.mark.filterwarnings("ignore:You are using `torch.load`:FutureWarning")  # PyTorch 2.4, of its own pickles
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda scheduler: pickle.loads(pickle.dumps(scheduler))])
def test_a_copy_goes_on_by_itself(copied):
    """Its optimizers are copies too; names of parameters that only the model knows are kept."""
    model = torch.nn.ModuleDict({"body": torch.nn.Linear(2, 2), "head": torch.nn.Linear(2, 1)})
    groups = [{"params": list(layer.parameters()), "lr": 0.1} for layer in model.values()]
    plan = lr.plan(lr=COSINE * lr.plateau(patience=2), groups={"head.*": {"lr": lr.linear(), "weight_decay": COSINE}})
    first = PlanScheduler(torch.optim.SGD(groups, weight_decay=0.1), plan, N, model=model)
    run(first, 0, 7)
    second = copied(first)
    assert second.optimizer is not first.optimizer
    assert run(second, 7, N) == run(first, 7, N)
    assert str(second.report()) == str(first.report())


# -- the loop -----------------------------------------------------------------------------------------------------


def test_a_step_that_only_fills_the_optimizers_state_is_no_update():
    """torch.distributed.checkpoint puts every LR at 0 for it."""
    optimizer = fresh()
    scheduler = PlanScheduler(optimizer, COSINE, N)
    kept = [group["lr"] for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    update(optimizer)
    for group, value in zip(optimizer.param_groups, kept, strict=True):
        group["lr"] = value
    assert scheduler.update == 0


def test_updates_without_steps_are_said_once(caplog):
    """Stepped once per epoch: the LR stood still meanwhile."""
    scheduler = PlanScheduler(fresh(), COSINE, N)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            for _ in range(5):
                update(scheduler.optimizer)
            scheduler.step()
    (message,) = caplog.messages
    assert message.startswith("The updates 0 ... 4 all used the LR of update 0: call scheduler.step() after every")
    assert scheduler.update == 10


def test_a_budget_of_tokens_is_reported_by_the_loop():
    """Reports of micro-batches add up; a forgotten one is an error by the next step."""
    optimizer = fresh()
    scheduler = PlanScheduler(optimizer, lr.plan(lr=COSINE, momentum=0.9), lr.Horizon(tokens=1000))
    spec = lr.parse("cosine(to=0.1)")
    sizes, used, start = np.random.default_rng(0).integers(1, 60, 60), 0, 0
    for i, size in enumerate(sizes):
        update(optimizer)
        scheduler.consume(tokens=int(size))
        scheduler.consume(tokens=7)
        scheduler.step()
        used += int(size) + 7
        if i + 1 == 3:
            start = used
        if i + 1 >= 3:
            expected = spec.over(1000 - start)(used - start)
            assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * expected, rel=1e-12)
    assert used > 1000
    assert "tokens" in str(scheduler.report()).splitlines()[0]
    update(optimizer)
    with pytest.raises(LrlabError, match=r"update 60 has not said how many tokens"):
        scheduler.step()


# -- what a schedule can, a plan can ------------------------------------------------------------------------------

CHANGES = {
    "rescale-rest": lambda s: s.extend(40, how="rescale-rest"),
    "hold-then-decay": lambda s: s.extend(40, how="hold-then-decay"),
    "re-warm": lambda s: s.extend(40, how="re-warm", peak=0.9),
    "keep": lambda s: s.extend(40, how="keep"),
    "finish": lambda s: s.finish(over=9),
    "scale": lambda s: s.resume(s.state_dict(), scale=0.25),
    "peak": lambda s: s.resume(s.state_dict(), peak=0.03),
    "base LRs": lambda s: setattr(s, "base_lrs", [0.2, 0.3]),
    "two": lambda s: (s.extend(30, how="rescale-rest"), s.finish("50%"), s.resume(s.state_dict(), scale=0.5)),
}
ANOTHER = lr.plan(
    lr=lr.linear(to=0.2) * lr.plateau(patience=3, factor=0.5),
    weight_decay=lr.cosine(start=1, to=0.5),
    momentum=0.9,
    groups={"head": {"lr": lr.linear()}},
    layer_decay=0.7,
)


def near(one: list[dict[str, object]], other: list[dict[str, object]]) -> bool:
    """Whether every group has the same values, to nine digits."""
    mine, theirs = ([value for group in groups for value in group.values()] for groups in (one, other))
    return [v if isinstance(v, str) else pytest.approx(v, rel=1e-9) for v in mine] == theirs


@pytest.mark.parametrize("how", CHANGES)
def test_a_changed_run_is_resumed_to_the_last_bit(how):
    """By code that still says the old plan; the values before the change were those of the plan."""
    first = PlanScheduler(fresh(), PLAN, N)
    run(first, 0, 11)
    before = values(first.optimizer)
    CHANGES[how](first)
    after = values(first.optimizer)
    assert first.changes[-1].how == {"peak": "scale", "base LRs": "base_lrs", "two": "scale"}.get(how, how)
    if how not in ("scale", "peak", "base LRs", "two"):
        assert near(before, after)
    state = json.loads(json.dumps(first.state_dict()))
    again = PlanScheduler(fresh(), PLAN, N, on_change="keep")
    again.load_state_dict(state)
    assert (again.plan, again.horizon, again.changes) == (first.plan, first.horizon, first.changes)
    assert run(again, 11, 45) == run(first, 11, 45)
    there = PlanScheduler(fresh(), PLAN, N)
    if how in ("scale", "peak"):  # which are no other plan
        there.load_state_dict(state)
    else:
        with pytest.raises(LrlabError, match="disagree, and nothing was loaded"):
            there.load_state_dict(state)


def test_a_scale_is_of_the_lr_alone():
    """Weight decay and momentum stay as planned, also where one schedule drives the LR and the decay."""
    plan = lr.plan(lr=COSINE, weight_decay=COSINE, momentum=0.8)
    first, second = PlanScheduler(fresh(), plan, N), PlanScheduler(fresh(), plan, N)
    second.resume(second.state_dict(), scale=0.5)
    for whole, half in zip(run(first, 0, N), run(second, 0, N), strict=True):
        for one, other in zip(whole, half, strict=True):
            assert {**one, "lr": one["lr"] * 0.5} == other


def test_a_peak_is_that_of_the_highest_group():
    """Layer decay, rules and base LRs are in it."""
    plan = lr.plan(lr=COSINE, groups={"head": {"lr": 10 * COSINE}}, layer_decay=0.5)
    scheduler = PlanScheduler(fresh(), plan, N)
    scheduler.resume(scheduler.state_dict(), peak=0.6)
    rows = run(scheduler, 0, N)
    assert [max(row[k]["lr"] for row in rows) for k in (0, 1)] == pytest.approx([0.1, 0.6])


@pytest.mark.parametrize("policy", ["keep", "take", "splice"])
def test_code_of_another_plan_goes_on_by_the_policy(policy):
    first = PlanScheduler(fresh(), PLAN, N)
    run(first, 0, 9)
    before, state = values(first.optimizer), first.state_dict()
    second = PlanScheduler(fresh(), ANOTHER, 30, on_change=policy)
    second.load_state_dict(state)
    found = values(second.optimizer)
    if policy == "take":
        assert found != before
        assert second.horizon.total == 30
        assert second.changes[-1].after["schedule"] == str(ANOTHER)
    else:
        assert near(before, found)
    assert second.decisions[: len(first.decisions)] == first.decisions
    rest = run(second, 9, 30)
    if policy == "keep":
        assert rest[:11] == run(first, 9, N)
    elif policy == "splice":
        assert [group["lr"] for group in values(second.optimizer)][1] == pytest.approx(0.0, abs=1e-12)
        assert values(second.optimizer)[0]["weight_decay"] == pytest.approx(0.01 * 0.5)


def test_a_branch_of_a_plan_is_the_planned_run():
    stable = lr.plan(lr=lr.warmup(3) >> lr.constant(), momentum=0.8)
    scheduler = PlanScheduler(fresh(), stable, None)
    rows = run(scheduler, 0, 16)
    scheduler.branch(decay="20%")
    planned = PlanScheduler(fresh(), lr.plan(lr=lr.wsd(warmup=3, decay="20%"), momentum=0.8), 20)
    assert rows + run(scheduler, 16, 20) == run(planned, 0, 20)


def test_a_plan_may_say_the_lr_itself():
    """absolute=True is of the LR; a weight decay stays a multiple."""
    plan = lr.plan(lr=3e-4 * COSINE, weight_decay=2, groups={"head": {"lr": 1e-3}})
    scheduler = PlanScheduler(fresh(), plan, N, absolute=True)
    curve = COSINE.over(N).values()
    for i in range(5):
        body, head = values(scheduler.optimizer)
        assert (body["lr"], head["lr"]) == (pytest.approx(3e-4 * curve[i], rel=1e-15), 1e-3)
        assert body["weight_decay"] == 0.02
        run(scheduler, i, i + 1)
    with pytest.raises(LrlabError, match="absolute: in the checkpoint True, in the code False"):
        PlanScheduler(fresh(), lr.plan(lr=COSINE, weight_decay=2, groups={"head": {"lr": 1}}), N).load_state_dict(
            scheduler.state_dict()
        )


def test_base_lrs_are_those_of_every_group():
    """Of one that nothing drives it is the LR itself."""
    scheduler = PlanScheduler(fresh(), lr.plan(groups={"body": {"lr": lr.linear()}}), N)
    scheduler.base_lrs = [0.4, 0.7]
    assert [group["lr"] for group in values(scheduler.optimizer)] == scheduler.get_last_lr() == [0.4, 0.7]
    run(scheduler, 0, 5)
    assert scheduler.get_last_lr() == [0.4 * 0.75, 0.7]
    assert scheduler.changes[-1].after == {"base_lrs": [0.4, 0.7]}


def test_a_run_by_a_plan_has_a_journal_and_hears_orders(tmp_path):
    """A live factor in the LR's schedule; the journal is replayed to the last bit."""
    plan = lr.plan(
        lr=COSINE * lr.manual() * lr.plateau(patience=3), momentum=lr.linear(start=0.9, to=0.8), layer_decay=0.5
    )
    scheduler = PlanScheduler(fresh(), plan, N, live=tmp_path)
    rows = run(scheduler, 0, 5)
    give(tmp_path, 0.5)
    rows += run(scheduler, 5, 9)
    scheduler.extend(30, how="rescale-rest")
    rows += run(scheduler, 9, 25)
    assert [(d.update, d.event) for d in scheduler.decisions if d.event == "set"] == [(6, "set")]
    found = replay(tmp_path, scheduler.update)
    assert found.differences == ()
    assert found.decisions == scheduler.decisions
    assert found.lrs.T.tolist() == [[group["lr"] for group in row] for row in rows]
    assert found.values.shape == (25,)


def test_a_rule_for_a_key_that_the_group_was_given():
    """One optimizer whose groups say what they are, as nanochat's and Muon's do."""
    groups = [
        {"params": [torch.nn.Parameter(torch.ones(1))], "kind": kind, "lr": base}
        for kind, base in (("muon", 0.02), ("adamw", 0.001))
    ]
    optimizer = torch.optim.SGD(groups, lr=1.0, momentum=0.9)
    rules = {"kind=muon": {"lr": lr.constant(), "momentum": lr.linear(start=0.85, to=0.95)}}
    scheduler = Scheduler(optimizer, lr.plan(lr=lr.linear(), groups=rules), 10)
    for _ in range(5):
        optimizer.step()
        scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == [0.02, 0.0005]
    assert [group["momentum"] for group in optimizer.param_groups] == [pytest.approx(0.9), 0.9]
    assert [group["kind"] for group in optimizer.param_groups] == ["muon", "adamw"]
