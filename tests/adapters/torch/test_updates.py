"""Only completed updates advance the position: accumulation, overflows, wrappers, checkpoints, epochs."""

from __future__ import annotations

import logging
import math
import warnings

import numpy as np
import pytest
import torch
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict, set_optimizer_state_dict

import lrlab as lr
from lrlab.adapters.torch.habits import OVERFLOWS
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError

TEXT = "warmup(3) >> cosine()"


def values(n: int = 100) -> list[float]:
    return lr.parse(TEXT).over(n).values().tolist()


class Loop:
    """A model of one weight, its optimizer and scheduler, and the LR that each real update had."""

    def __init__(self, make=torch.optim.SGD, *, text=TEXT, follow="updates", **options) -> None:
        self.weight = torch.nn.Parameter(torch.ones(2))
        self.optimizer = make([self.weight], lr=1.0, **options)
        self.scheduler = Scheduler(self.optimizer, text, 100, follow=follow)
        self.used: list[float] = []
        self.optimizer.register_step_pre_hook(self._note)

    def _note(self, *_: object) -> None:
        self.used.append(float(self.optimizer.param_groups[0]["lr"]))

    def backward(self, bad: bool = False) -> None:
        (self.weight.sum() * (math.inf if bad else 1e-3)).backward()


@pytest.mark.parametrize("accumulate", [1, 2, 4, 8, 2 * OVERFLOWS])
@pytest.mark.parametrize("per_micro_batch", [True, False])
def test_accumulation_does_not_change_the_curve(accumulate, per_micro_batch):
    """step() per micro-batch or per update: the LR of each update is the same."""
    loop = Loop()
    for _ in range(20):
        for micro_batch in range(1, accumulate + 1):
            loop.backward()
            if per_micro_batch and micro_batch < accumulate:
                loop.scheduler.step()
        loop.optimizer.step()
        loop.optimizer.zero_grad()
        loop.scheduler.step()
    assert loop.used == values()[:20]


@pytest.mark.parametrize("processes", [1, 2, 8])
def test_repeated_calls_do_not_change_the_curve(processes):
    """Accelerate calls step() once per process, and counts micro-batches in _step_count."""
    loop = Loop()
    for _ in range(20):
        loop.scheduler._step_count += 1
        loop.backward()
        loop.optimizer.step()
        for _ in range(processes):
            loop.scheduler.step()
    assert loop.used == values()[:20]


def test_the_order_of_the_two_steps_does_not_matter():
    """scheduler.step() before optimizer.step() loses no value of the schedule."""
    loop = Loop()
    for _ in range(20):
        loop.backward()
        loop.scheduler.step()
        loop.optimizer.step()
    assert loop.used == values()[:20]


# -- overflows --------------------------------------------------------------------------------------------------

PATTERNS = {
    "none": [],
    "first": [0],
    "first three": [0, 1, 2],
    "first ten": list(range(10)),
    "here and there": [0, 1, 5, 6, 7, 20],
    "nearly all": [i for i in range(30) if i % 7],
}
PLACES = ["at the start", "after the update", "at the end", "at the end, to zero"]


def with_scaler(loop: Loop, overflows: list[int], place: str, scheduler_first: bool = False) -> int:
    """Thirty steps under GradScaler, with zero_grad() at one of the usual places; how many were updates."""
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    before = loop.weight.detach().clone()
    made = 0
    for i in range(30):
        if place == "at the start":
            loop.optimizer.zero_grad()
        factor = math.inf if i in overflows else 1e-3
        scaler.scale(loop.weight.sum() * factor).backward()
        if scheduler_first:
            loop.scheduler.step()
        scaler.step(loop.optimizer)
        if place == "after the update":
            loop.optimizer.zero_grad()
        scaler.update()
        if place.startswith("at the end"):
            loop.optimizer.zero_grad(set_to_none=place == "at the end")
        if not scheduler_first:
            loop.scheduler.step()
        made += not torch.equal(loop.weight, before)
        before = loop.weight.detach().clone()
    return made


@pytest.mark.parametrize("scheduler_first", [False, True])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("fused", [False, True])
def test_an_overflow_is_no_update(name, place, scheduler_first, fused):
    """The position is the number of updates that changed the weights, wherever zero_grad() and step() stand.

    A fused optimizer looks for the overflow itself, inside a step() that ends as if it were one.
    """
    loop = Loop(fused=fused)
    made = with_scaler(loop, PATTERNS[name], place, scheduler_first)
    assert made == 30 - len(PATTERNS[name])
    assert loop.scheduler.update == made
    if not fused:
        assert loop.used == values()[:made]
    if scheduler_first:
        loop.scheduler.step()  # the LR of the last update stands until the scheduler is called
    assert loop.scheduler.get_last_lr() == [values()[made]]


@pytest.mark.parametrize("make", [torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad])
def test_an_overflow_inside_another_fused_optimizer_is_no_update(make):
    loop = Loop(make, fused=True)
    assert with_scaler(loop, [0, 1, 2, 5], "at the end") == loop.scheduler.update == 26


def test_a_scaler_that_is_switched_off_changes_nothing():
    loop = Loop()
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    for _ in range(5):
        scaler.scale(loop.weight.sum()).backward()
        scaler.step(loop.optimizer)
        scaler.update()
        loop.scheduler.step()
    assert loop.used == values()[:5]


def test_gradients_that_are_unscaled_first_for_clipping():
    loop = Loop()
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    for i in range(10):
        scaler.scale(loop.weight.sum() * (math.inf if i in (0, 4) else 1e-3)).backward()
        scaler.unscale_(loop.optimizer)
        torch.nn.utils.clip_grad_norm_([loop.weight], 1.0)
        scaler.step(loop.optimizer)
        scaler.update()
        loop.optimizer.zero_grad()
        loop.scheduler.step()
    assert loop.used == values()[:8]


def test_an_update_that_raises_is_no_update():
    loop = Loop()

    def closure() -> torch.Tensor:
        raise RuntimeError("no batch")

    with pytest.raises(RuntimeError, match="no batch"):
        loop.optimizer.step(closure)
    assert loop.scheduler.update == 0


def test_follow_calls_counts_every_call():
    """Where updates are made out of sight, as by an engine of its own."""
    loop = Loop(follow="calls")
    used = []
    for _ in range(20):
        used.append(loop.optimizer.param_groups[0]["lr"])
        loop.scheduler.step()
    assert used == values()[:20]
    loop.backward()
    loop.optimizer.step()
    assert loop.scheduler.update == 20


# -- other people's steps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [torch.optim.SGD, torch.optim.AdamW])
@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("text", [TEXT, "warmup(3, start=0) >> cosine()"])
def test_saving_by_distributed_checkpoint_is_no_update(make, tensor, text):
    """It takes a step() of its own with LR 0 to fill the optimizer's state, before the first update and, with an
    optimizer that has none, at every save."""
    model = torch.nn.Linear(2, 2)
    optimizer = make(model.parameters(), lr=torch.tensor(0.5) if tensor else 0.5)
    lr_object = optimizer.param_groups[0]["lr"]
    scheduler = Scheduler(optimizer, text, 100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own
        for i in range(3):
            saved = get_optimizer_state_dict(model, optimizer)
            assert scheduler.update == i
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()
        if tensor:
            assert optimizer.param_groups[0]["lr"] is lr_object
        set_optimizer_state_dict(model, optimizer, saved)
    assert scheduler.update == 3
    value = lr.parse(text).over(100)(3)
    assert float(optimizer.param_groups[0]["lr"]) == pytest.approx(0.5 * value, rel=1e-7)


def test_a_group_that_is_new_at_such_a_step_keeps_its_own_lr():
    """The 0 that is there for a moment is nobody's base LR, and is not written over."""
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD([model.weight], lr=0.5, weight_decay=1.0)
    scheduler = Scheduler(optimizer, "constant()")
    optimizer.add_param_group({"params": [model.bias], "lr": 0.2})
    weights = [p.detach().clone() for p in model.parameters()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        get_optimizer_state_dict(model, optimizer)
    assert all(torch.equal(old, new) for old, new in zip(weights, model.parameters(), strict=True))
    assert scheduler.base_lrs == [0.5, 0.2]


class Wrapper(torch.optim.Optimizer):
    """As Accelerate wraps an optimizer: without Optimizer.__init__, so without hooks of its own."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optimizer = optimizer

    @property
    def param_groups(self):
        return self.optimizer.param_groups

    def step(self, closure=None):
        self.optimizer.step(closure)


def test_a_wrapped_optimizer_is_driven_where_its_hooks_are():
    """Accelerate then finds the scheduler by the optimizer inside."""
    inner = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    scheduler = Scheduler(Wrapper(Wrapper(inner)), TEXT, 100)
    assert scheduler.optimizer is inner
    Wrapper(inner).step()
    scheduler.step()
    assert inner.param_groups[0]["lr"] == values()[1]


def test_a_wrapper_without_an_optimizer_inside_is_refused():
    with pytest.raises(LrlabError, match="no hooks"):
        Scheduler(Wrapper(None), TEXT, 100)


@pytest.mark.parametrize("follow", ["updates", "calls"])
@pytest.mark.parametrize("tensor", [False, True])
def test_a_step_that_is_captured_in_a_cuda_graph_is_refused_unless_it_can_be_right(monkeypatch, follow, tensor):
    """Replays fire no hook, and a float LR is frozen in the graph. (The capture is pretended here.)"""
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=torch.tensor(1.0) if tensor else 1.0)
    scheduler = Scheduler(optimizer, TEXT, 100, follow=follow)
    monkeypatch.setattr("lrlab.adapters.torch.scheduler.capturing", lambda _: True)
    if tensor and follow == "calls":
        optimizer.step()
    else:
        with pytest.raises(LrlabError, match="CUDA graph"):
            optimizer.step()
    assert scheduler.update == 0


# -- epochs -----------------------------------------------------------------------------------------------------


def test_updates_without_a_call_in_between_are_counted_and_reported_once(caplog):
    """Lightning's default calls step() once per epoch: the position is right, the LRs in between were not."""
    loop = Loop()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            for _ in range(10):
                loop.backward()
                loop.optimizer.step()
            loop.scheduler.step()
    assert loop.scheduler.update == 30
    assert loop.scheduler.get_last_lr() == [values()[30]]
    (record,) = caplog.records
    assert "The updates 0 ... 9 all used the LR of update 0" in record.getMessage()
    assert '"interval": "step"' in record.getMessage()


def test_a_schedule_that_moves_at_epochs_only_may_be_stepped_at_epochs(caplog):
    """Nothing is reported where every update had its LR."""
    loop = Loop(text="step(10, gamma=0.5)")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            for _ in range(10):
                loop.backward()
                loop.optimizer.step()
            loop.scheduler.step()
    assert loop.used == np.repeat([1.0, 0.5, 0.25], 10).tolist()
    assert not caplog.records


def test_the_normal_loop_reports_nothing(caplog):
    """No warning and no log line in correct use."""
    with caplog.at_level(logging.DEBUG):
        loop = Loop(text="warmup(3) >> cosine() * plateau(patience=1)")
        for _ in range(10):
            loop.backward()
            loop.optimizer.step()
            loop.scheduler.step()
            loop.scheduler.observe(1.0)
        loop.optimizer.load_state_dict(loop.optimizer.state_dict())
        loop.scheduler.load_state_dict(loop.scheduler.state_dict())
        loop.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))]})
        loop.optimizer.step()
        loop.scheduler.step()
    assert not caplog.records


# -- several optimizers that do not go together -----------------------------------------------------------------


def pair(follow="updates") -> tuple[list[torch.optim.Optimizer], Scheduler]:
    both = [kind([torch.nn.Parameter(torch.ones(2))], lr=1.0) for kind in (torch.optim.SGD, torch.optim.Adam)]
    return both, Scheduler(both, lr.plan(lr=TEXT), 100, follow=follow)


def played(turns: list[str], follow="updates") -> int:
    """Updates of the first ("a") and the second ("b") optimizer, each turn followed by a step() of the scheduler."""
    both, scheduler = pair(follow)
    for turn in turns:
        for who in turn:
            optimizer = both["ab".index(who)]
            optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
            optimizer.step()
        scheduler.step()
    return scheduler.update


APART = {
    "two critic updates for one of the generator": ["aab"] * 3,
    "five for one, in turns": ["aaaaa", "b"] * 3,
    "a step() after each of two": ["a", "b"] * 4,
    "a step() per epoch": ["ab" * 20, "a" * 20],
}


@pytest.mark.parametrize("name", APART)
def test_optimizers_that_make_different_numbers_of_updates_need_a_choice(name):
    """One position would run the curve of one of them at the pace of another."""
    with pytest.raises(LrlabError, match=r"different numbers of updates(.|\n)*of SGD, (.|\n)*of Adam") as raised:
        played(APART[name])
    assert 'follow="calls"' in str(raised.value)
    assert "a Scheduler for each optimizer" in str(raised.value)


@pytest.mark.parametrize("name", APART)
def test_the_choice_is_made_by_follow_calls(name):
    """Every call of step() is one update of the schedule, whoever has made updates."""
    assert played(APART[name], follow="calls") == len(APART[name])


@pytest.mark.parametrize(
    ("turns", "updates"),
    [
        (["ab"] * 10, 10),
        (["a"] * 10, 10),  # the other one is frozen, or comes later
        (["ab"] * 3 + ["a"] * 5 + ["ab"] * 3, 11),  # an overflow in one of them, again and again
        (["a", "b", "ab", "ab"], 4),  # first in the one, then in the other
        (["a"] * 5 + ["b"] * 5, 10),  # one is trained after the other
        (["ab" * 20] * 3, 60),  # a staircase that is stepped per epoch
        (["ab" * 20 + "a", "ab" * 20], 41),
        (["", "ab", "", "ab"], 2),  # accumulation
    ],
)
def test_one_that_skips_or_waits_does_not_matter(turns, updates):
    assert played(turns) == updates


def test_an_update_counts_before_the_step_of_the_scheduler():
    """A checkpoint between any two statements: the position is right, and no update counts twice."""
    both, scheduler = pair()
    seen = []
    for _ in range(3):
        for optimizer in both:
            optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
            optimizer.step()
            scheduler.observe(1.0)
            seen.append(scheduler.update)
        scheduler.step()
    assert seen == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("touch", ["observe", "base_lrs", "add", "load", "extend"])
def test_what_is_done_between_two_optimizers_moves_no_update_of_the_second(touch):
    """Both train update i with the LR of update i, whenever in the round something is written."""
    one, two = (torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0) for _ in range(2))
    scheduler = Scheduler([one, two], "linear() * plateau(patience=100)", 10)
    used = []
    for i in range(6):
        for place, optimizer in enumerate((one, two)):
            if place and i == 3:
                match touch:
                    case "observe":
                        scheduler.observe(1.0)
                    case "base_lrs":
                        scheduler.base_lrs = [1.0, 1.0]
                    case "add":
                        two.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 1.0})
                    case "load":
                        two.load_state_dict(two.state_dict())
                    case "extend":
                        scheduler.extend(10, "keep")
            for group in optimizer.param_groups:
                group["params"][0].grad = torch.ones(1)
            hook = optimizer.register_step_pre_hook(lambda o, *_: used.append([g["lr"] for g in o.param_groups]))
            optimizer.step()
            hook.remove()
        scheduler.step()
    expected = [1 - 0.1 * i for i in range(6)]
    assert [lrs[0] for lrs in used[::2]] == pytest.approx(expected)
    assert [set(lrs) == {lrs[0]} for lrs in used] == [True] * 12
    assert [lrs[0] for lrs in used[1::2]] == pytest.approx(expected)
    assert scheduler.update == 6


def halves(schedule, horizon, **more):
    """Two optimizers with one scheduler; how to step one of them."""
    both = [torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0) for _ in range(2)]

    def step(place):
        both[place].param_groups[0]["params"][0].grad = torch.ones(1)
        both[place].step()

    return both, Scheduler(both, schedule, horizon, **more), step


def test_a_state_that_is_saved_between_two_optimizers_says_so(caplog):
    """After both, after the scheduler, and where the two are known to take turns, nothing is said."""
    _, scheduler, step = halves("linear()", 10)
    for place in (0, 1):
        step(place)
    scheduler.state_dict()
    scheduler.step()
    scheduler.state_dict()
    assert not caplog.messages
    step(0)
    scheduler.state_dict()
    assert ["one optimizer has made update 1 and another has not" in said for said in caplog.messages] == [True]
    caplog.clear()
    _, scheduler, step = halves("linear()", 10)
    for place in (0, 1, 0):
        step(place)
        if scheduler.update > 1:  # before that it may be torn as well
            scheduler.state_dict()
        scheduler.step()
    assert not caplog.messages


@pytest.mark.parametrize("resumed", [False, True])
def test_a_state_that_is_torn_in_the_first_round_says_so(caplog, resumed):
    """Also in the first one after a resume."""
    _, scheduler, step = halves("linear()", 10)
    if resumed:
        for place in (0, 1):
            step(place)
        scheduler.step()
        saved = scheduler.state_dict()
        _, scheduler, step = halves("linear()", 10)
        scheduler.load_state_dict(saved)
    step(1)
    scheduler.state_dict()
    said = f"one optimizer has made update {int(resumed)} and another has not"
    assert [said in each for each in caplog.messages] == [True]


@pytest.mark.parametrize(
    "touch",
    [
        lambda scheduler, _: scheduler.observe(1.0),
        lambda scheduler, _: setattr(scheduler, "base_lrs", [1.0, 1.0]),
        lambda _, optimizer: optimizer.load_state_dict(optimizer.state_dict()),
    ],
)
def test_what_cannot_be_written_between_two_optimizers_is_refused(touch):
    """The LR follows the tokens: what was consumed is past, and the second optimizer would get the next LR."""
    both, scheduler, step = halves("linear() * plateau(patience=100)", Horizon(tokens=1000))
    for _ in range(2):
        scheduler.consume(tokens=100)
        step(0)
        step(1)
        scheduler.step()
        scheduler.observe(1.0)
    assert scheduler.get_last_lr() == pytest.approx([0.8, 0.8])
    scheduler.consume(tokens=100)
    step(0)
    with pytest.raises(LrlabError, match="nothing can be written between"):
        touch(scheduler, both[1])
