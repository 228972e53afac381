"""Driving a torch optimizer: attaching, stepping, observing, reading, and the names people know."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import weakref

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.errors import LrlabError


def parameter(value: float = 1.0) -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.tensor([value], dtype=torch.float64))


def sgd(base: float = 0.1, **more: object) -> torch.optim.SGD:
    return torch.optim.SGD([parameter()], lr=base, **more)


def update(optimizer: torch.optim.Optimizer) -> None:
    """One update with gradients of 1."""
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = torch.ones_like(p)
    optimizer.step()


# -- attaching --------------------------------------------------------------------------------------------------


def test_building_schedules_and_curves_touches_no_optimizer():
    """Construction is pure: only attaching writes."""
    optimizer = sgd()
    before = repr(optimizer.state_dict())
    for text in ["one_cycle()", "warmup(5) >> cosine()", "plateau()", "wsd()"]:
        lr.parse(text).over(100).values()
    assert repr(optimizer.state_dict()) == before


def test_attaching_writes_the_first_lr_and_nothing_else():
    """Only PyTorch's own key for the base LR appears, no method is patched, no update is made."""
    optimizer = sgd()
    keys, step = set(optimizer.param_groups[0]), optimizer.step
    Scheduler(optimizer, "warmup(3)", 10)
    assert optimizer.param_groups[0]["lr"] == 0.1 * 0.25
    assert set(optimizer.param_groups[0]) == {*keys, "initial_lr"}
    assert optimizer.step == step
    assert "step" not in vars(optimizer)
    assert optimizer.param_groups[0]["params"][0].item() == 1.0


def test_it_is_what_trainers_ask_for():
    """The attributes that Lightning, Trainer and Accelerate read of an LRScheduler."""
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "cosine()", 10)
    assert isinstance(scheduler, LRScheduler)
    for _ in range(3):
        update(optimizer)
        scheduler.step()
    assert scheduler.optimizer is optimizer
    assert scheduler.last_epoch == scheduler.update == 3
    assert scheduler._step_count == 4
    assert scheduler.base_lrs == [0.1]
    assert scheduler.get_last_lr() == scheduler.get_lr() == scheduler._last_lr == [optimizer.param_groups[0]["lr"]]
    assert repr(scheduler) == "Scheduler(cosine(), horizon=Horizon(updates=10), update=3)"


def test_the_text_of_a_schedule_does_as_well():
    assert Scheduler(sgd(), "cosine(to=0.1)", 10).schedule == lr.cosine(to=0.1)
    with pytest.raises(LrlabError, match="cosin"):
        Scheduler(sgd(), "cosin()", 10)


def test_the_horizon_may_be_left_out_where_nothing_is_relative():
    assert Scheduler(sgd(), "exponential(gamma=0.5)").get_last_lr() == [0.1]
    with pytest.raises(LrlabError, match="length is not known"):
        Scheduler(sgd(), "warmup('5%')")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((torch.nn.Linear(1, 1), "cosine()", 10), "drives a torch optimizer"),
        ((sgd(), "cosine()", 10, {"follow": "epochs"}), "follow is not known"),
        ((sgd(), 3, 10), "text"),
        ((torch.optim.Adam([{"params": [parameter()], "lr": None}]), "cosine()", 10), "no LR to multiply"),
    ],
)
def test_what_cannot_be_attached_is_said_in_words(arguments, said):
    *positional, options = arguments if isinstance(arguments[-1], dict) else (*arguments, {})
    with pytest.raises(LrlabError, match=said):
        Scheduler(*positional, **options)


def test_a_schedule_that_was_meant_as_an_absolute_lr_is_refused():
    """Rule 11: the largest multiplier is below 0.01."""
    with pytest.raises(LrlabError, match="absolute=True") as raised:
        Scheduler(sgd(), 3e-4 * lr.cosine(), 100)
    assert "0.0003" in str(raised.value)
    Scheduler(sgd(), 0.01 * lr.cosine(), 100)
    optimizer = sgd(base=5.0)
    scheduler = Scheduler(optimizer, 3e-4 * lr.cosine(), 100, absolute=True)
    assert optimizer.param_groups[0]["lr"] == scheduler.get_last_lr()[0] == 3e-4


def test_a_late_peak_is_seen_in_a_very_long_run():
    """Where a run has more updates than are looked at one by one, a short last phase still counts."""
    late = 1e-3 * lr.constant(3_000_000) >> lr.constant(10)
    Scheduler(sgd(), late, 3_000_010)


def test_a_negative_schedule_is_refused():
    with pytest.raises(LrlabError, match=r"clip\(low=0\)"):
        Scheduler(sgd(), lr.linear(to=-1), 10)


def test_a_refused_schedule_leaves_the_optimizer_to_the_scheduler_before():
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "cosine()", 10)
    with pytest.raises(LrlabError):
        Scheduler(optimizer, "1e-5 * cosine()", 10)
    update(optimizer)
    scheduler.step()
    assert scheduler.update == 1


# -- stepping ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["warmup(10) >> cosine(to=0.1)", "one_cycle()", "step(7, gamma=0.5)", "wsd()"])
def test_the_lr_recomputed_from_the_weights_is_the_schedules(text):
    """With SGD and a gradient of 1 an update moves the weight by exactly the LR that it used."""
    n = 50
    p = parameter(0.0)
    optimizer = torch.optim.SGD([p], lr=0.5)
    scheduler = Scheduler(optimizer, text, n)
    used = []
    for _ in range(n):
        with torch.no_grad():
            p.zero_()
        update(optimizer)
        used.append(-p.item())
        scheduler.step()
    assert used == (0.5 * lr.parse(text).over(n).values()).tolist()


def test_values_over_blocks_are_the_curves_bit_for_bit():
    """The same evaluator gives the LR that is applied and the one that is stored."""
    n = 9000
    optimizer = sgd(1.0)
    scheduler = Scheduler(optimizer, "warmup(100) >> cosine(to=0.01)", n, follow="calls")
    applied = []
    for _ in range(n):
        applied.append(optimizer.param_groups[0]["lr"])
        scheduler.step()
    assert np.array_equal(applied, lr.parse("warmup(100) >> cosine(to=0.01)").over(n).values())


@pytest.mark.parametrize("name", ["cosine()", "one_cycle()", "linear(to=0.1)", "wsd()", "warmup(5) >> polynomial()"])
def test_twice_the_planned_length_raises_nothing_and_holds_the_end(name):
    """No exception at total+1, no climbing back."""
    optimizer = sgd()
    scheduler = Scheduler(optimizer, name, 20)
    for _ in range(41):
        update(optimizer)
        scheduler.step()
    end = scheduler.get_last_lr()
    assert scheduler.update == 41
    update(optimizer)
    scheduler.step()
    assert scheduler.get_last_lr() == end
    assert end[0] <= 0.1 * 0.1 + 1e-12


def test_step_takes_no_epoch_and_no_metric():
    """Lightning would pass a metric to something that it takes for a plateau scheduler."""
    with pytest.raises(LrlabError, match=r"scheduler\.observe\(val_loss\)"):
        Scheduler(sgd(), "cosine()", 10).step(3)


def test_reading_changes_nothing():
    """get_last_lr() a thousand times, before and after updates."""
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "cosine()", 10)
    update(optimizer)
    scheduler.step()
    state = scheduler.state_dict()
    assert len({tuple(scheduler.get_last_lr()) for _ in range(1000)}) == 1
    assert scheduler.state_dict() == state


def test_get_last_lr_does_not_hand_out_its_own_list():
    scheduler = Scheduler(sgd(), "cosine()", 10)
    scheduler.get_last_lr()[0] = 7.0
    scheduler.base_lrs[0] = 7.0
    assert scheduler.get_last_lr() == scheduler.base_lrs == [0.1]


# -- observing --------------------------------------------------------------------------------------------------


def test_observe_rewrites_the_lr_before_it_returns():
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "plateau(patience=2, factor=0.5)")
    for loss in (1.0, 1.0):
        scheduler.observe(loss)
    assert optimizer.param_groups[0]["lr"] == 0.1
    scheduler.observe(torch.tensor(1.0))
    assert optimizer.param_groups[0]["lr"] == 0.05
    (decision,) = scheduler.decisions
    assert (decision.event, decision.old, decision.new) == ("cut", 1.0, 0.5)
    assert decision.cause == "2 observations without improvement on 1"


def test_a_plateau_after_a_warmup_in_one_schedule():
    """PyTorch refuses this: bad metrics during the warmup do nothing, one cut halves all later cosine values."""
    schedule = lr.parse("warmup(5) >> cosine() * plateau(patience=2, factor=0.5)")
    plain = 0.1 * lr.parse("warmup(5) >> cosine()").over(20).values()
    optimizer = sgd()
    scheduler = Scheduler(optimizer, schedule, 20)
    seen = []
    for i in range(20):
        seen.append(optimizer.param_groups[0]["lr"])
        update(optimizer)
        scheduler.step()
        if i < 4:
            scheduler.observe(float(i))  # ever worse
        elif i in (9, 10, 11):
            scheduler.observe(3.0)
    assert seen[:12] == plain[:12].tolist()
    assert seen[12:] == (0.5 * plain[12:]).tolist()


@pytest.mark.parametrize("shift", [0.0, -10.0, -1e6])
def test_negative_metrics_that_do_not_improve_are_cut_too(shift):
    """The margin is of |best|: a constant negative loss reduces after patience, a better one does not."""
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "plateau(patience=3, factor=0.5)")
    for _ in range(4):
        scheduler.observe(shift - 1.0)
    assert optimizer.param_groups[0]["lr"] == 0.05
    scheduler.observe((shift - 1.0) * 1.5)
    assert optimizer.param_groups[0]["lr"] == 0.05
    assert [d.event for d in scheduler.decisions] == ["cut"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_an_event_of_its_own(value):
    """NaN is never 'no improvement': the LR stays, the log says why."""
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "plateau(patience=1, factor=0.5)")
    scheduler.observe(1.0)
    for _ in range(3):
        scheduler.observe(value)
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert {d.event for d in scheduler.decisions} == {"nan"}
    scheduler.observe(1.0)
    assert optimizer.param_groups[0]["lr"] == 0.05


def test_a_metric_reaches_those_that_listen_to_it():
    optimizer = sgd()
    scheduler = Scheduler(optimizer, 'plateau(patience=1, factor=0.5, mode="max", metric="acc")')
    for _ in range(3):
        scheduler.observe(loss=1.0)
    assert optimizer.param_groups[0]["lr"] == 0.1
    scheduler.observe(loss=2.0, acc=0.9)
    scheduler.observe(acc=0.9)
    assert optimizer.param_groups[0]["lr"] == 0.05


def test_observe_without_a_number_is_refused():
    scheduler = Scheduler(sgd(), "plateau()")
    for call in (lambda: scheduler.observe(), lambda: scheduler.observe("bad"), lambda: scheduler.observe(acc=None)):
        with pytest.raises(LrlabError, match="observe"):
            call()


# -- copies and memory ------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:You are using `torch.load`:FutureWarning")  # PyTorch 2.4, of its own pickles
@pytest.mark.parametrize("again", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
@pytest.mark.parametrize("follow", ["updates", "calls"])
def test_a_copied_scheduler_drives_its_copied_optimizer(again, follow, caplog):
    """The copy and the original go on apart, each with the values of the uninterrupted run; a copy has no news."""
    optimizer = torch.optim.SGD(
        [{"params": [parameter()], "lr": 0.1}, {"params": [parameter()], "lr": torch.tensor(0.2)}]
    )
    text = "warmup(3) >> cosine() * plateau(patience=1, factor=0.5)"
    scheduler = Scheduler(optimizer, text, 12, follow=follow)
    for _ in range(5):
        update(optimizer)
        scheduler.step()
    scheduler.observe(1.0)
    scheduler.observe(1.0)
    copied = again(scheduler)
    assert not caplog.messages
    assert copied.optimizer is not optimizer
    assert copied.state_dict() == scheduler.state_dict()
    kept = [float(group["lr"]) for group in optimizer.param_groups]
    for _ in range(4):
        update(copied.optimizer)
        copied.step()
    assert [float(group["lr"]) for group in optimizer.param_groups] == kept
    for _ in range(4):
        update(optimizer)
        scheduler.step()
    assert copied.state_dict() == scheduler.state_dict()
    assert copied.decisions == scheduler.decisions != ()


def test_the_copy_of_an_optimizer_alone_is_not_driven():
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "cosine()", 10)
    other = copy.deepcopy(optimizer)
    update(other)
    assert scheduler.update == 0


def test_nothing_keeps_optimizer_model_or_scheduler_alive():
    """Reference counts alone free all of them, in any order of letting go."""
    gc.collect()
    gc.disable()
    try:
        for keep_scheduler in (False, True):
            model = torch.nn.Linear(2, 2)
            optimizer = torch.optim.SGD(model.parameters(), lr=torch.tensor(0.1))
            scheduler = Scheduler(optimizer, "cosine() * plateau()", 10)
            model(torch.ones(1, 2)).sum().backward()
            scheduler.step()
            scheduler.step()  # waits for the first update, watching the gradients
            optimizer.step()
            scheduler.step()
            scheduler.observe(1.0)
            optimizer.add_param_group({"params": [parameter()]})
            optimizer.load_state_dict(optimizer.state_dict())
            seen = [weakref.ref(thing) for thing in (model, optimizer, scheduler, model.weight)]
            if keep_scheduler:
                del model
                assert seen[1]() is not None
                del optimizer, scheduler
            else:
                del scheduler
                assert seen[2]() is None
                assert not optimizer._optimizer_step_post_hooks
                assert not optimizer._optimizer_step_pre_hooks
                assert not optimizer._optimizer_load_state_dict_post_hooks
                del model, optimizer
            assert [thing() for thing in seen] == [None] * 4
    finally:
        gc.enable()


def test_nothing_grows_with_the_updates():
    """Twenty thousand updates leave as many objects as a hundred."""
    optimizer = sgd()
    scheduler = Scheduler(optimizer, "warmup(10) >> cosine()", 100_000, follow="calls")

    def objects() -> int:
        gc.collect()
        return len(gc.get_objects())

    for _ in range(100):
        scheduler.step()
    before = objects()
    for _ in range(20_000):
        scheduler.step()
    assert objects() - before < 50
