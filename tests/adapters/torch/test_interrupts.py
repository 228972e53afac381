"""Ctrl-C anywhere inside the scheduler, and the notebook goes on: what was asked for is done, or it is not.

Each public call is interrupted at every line that it runs; the training then goes on. Its values must be those of a
run in which the call was made as a whole, or not at all.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import lrlab
import lrlab as lr
from lrlab.adapters.torch import Scheduler
from lrlab.record.process.orders import give, orders

OURS = str(Path(lrlab.__file__).parent)
PLAN = lr.plan(
    lr=lr.cosine() * lr.plateau(patience=1, factor=0.5, name="a"),
    weight_decay=lr.linear(to=2) * lr.plateau(patience=1, factor=0.25, name="b"),
    momentum=lr.linear(start=0.9, to=0.8),
)


def started() -> tuple[torch.optim.Optimizer, Scheduler]:
    """A run of which the next observation cuts in two curves."""
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": base} for base in (0.5, 0.25)]
    optimizer = torch.optim.SGD(groups, momentum=0.9, weight_decay=0.1)
    scheduler = Scheduler(optimizer, PLAN, 40)
    train(optimizer, scheduler, 4)
    scheduler.observe(1.0)
    return optimizer, scheduler


def used(optimizer: torch.optim.Optimizer) -> list[tuple[float, ...]]:
    return [(group["lr"], group["weight_decay"], group["momentum"]) for group in optimizer.param_groups]


def train(optimizer: torch.optim.Optimizer, scheduler: Scheduler, updates: int) -> list[list[tuple[float, ...]]]:
    rows: list[list[tuple[float, ...]]] = []
    note = optimizer.register_step_pre_hook(lambda *_: rows.append(used(optimizer)))
    for _ in range(updates):
        for group in optimizer.param_groups:
            group["params"][0].grad = torch.zeros(2)
        optimizer.step()
        scheduler.step()
    note.remove()
    return rows


class Interrupt:
    """Raises KeyboardInterrupt at one of the lines that lrlab runs."""

    def __init__(self, line: int) -> None:
        self.line, self.seen = line, 0

    def __call__(self, frame: Any, event: str, _: object) -> Any:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            if self.seen == self.line:
                sys.settrace(None)
                self.seen += 1
                raise KeyboardInterrupt
            self.seen += 1
        return self


def interrupted(act: Callable[[], object], line: int) -> bool:
    """Whether the call was interrupted: it has so many lines."""
    before = sys.gettrace()
    sys.settrace(Interrupt(line))
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def extended(scheduler: Scheduler) -> None:
    scheduler.extend(80, how="rescale-rest")


def loaded(scheduler: Scheduler) -> None:
    scheduler.load_state_dict(OTHER, on_change="keep")


def added(scheduler: Scheduler) -> None:
    scheduler.optimizer.load_state_dict(copy.deepcopy(scheduler.optimizer.state_dict()))


def saved() -> dict[str, Any]:
    optimizer, scheduler = started()
    scheduler.base_lrs = [0.3, 0.2]
    scheduler.finish(20)
    train(optimizer, scheduler, 3)
    return scheduler.state_dict()


OTHER = saved()
CALLS: dict[str, Callable[[Scheduler], object]] = {
    "observe": lambda s: s.observe(1.0),
    "base_lrs": lambda s: setattr(s, "base_lrs", [0.3, 0.2]),
    "load the optimizer": added,
    "load the scheduler": loaded,
    "extend": extended,
    "finish": lambda s: s.finish(10),
    "resume": lambda s: s.resume(s.state_dict(), scale=0.5),
    "step": lambda s: s.step(),
    "state_dict": lambda s: s.state_dict(),
    "report": lambda s: s.report(),
}
EVERY = {  # of the lines: those that an ordinary test looks at
    "observe": 5,
    "base_lrs": 11,
    "load the optimizer": 7,
    "load the scheduler": 353,
    "extend": 503,
    "finish": 503,
    "resume": 151,
    "step": 1,
    "state_dict": 61,
    "report": 61,
}


def mistakes(name: str, every: int) -> list[int]:
    """The lines at which an interrupt leaves a run that is neither the one before nor the one after."""
    right = []
    for act in (lambda _: None, CALLS[name]):
        optimizer, scheduler = started()
        act(scheduler)
        right.append(
            (train(optimizer, scheduler, 8), scheduler.update, scheduler.get_last_lr(), len(scheduler.changes))
        )
    wrong, line = [], 0
    while True:
        optimizer, scheduler = started()
        if not interrupted(lambda s=scheduler: CALLS[name](s), line):
            return wrong
        found = train(optimizer, scheduler, 8), scheduler.update, scheduler.get_last_lr(), len(scheduler.changes)
        if found not in right and not (name == "resume" and found[0] in [row for row, *_ in right]):
            wrong.append(line)
        line += every


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_is_interrupted_is_made_or_it_is_not(name):
    assert mistakes(name, EVERY[name]) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", EVERY)
def test_a_call_that_is_interrupted_is_made_or_it_is_not_exhaustively(name):
    assert mistakes(name, 1) == []


def test_a_step_that_was_interrupted_is_made_up_for_before_the_next_update():
    """No update uses the values of the one before it."""
    for line in range(10_000):
        optimizer, scheduler = started()
        optimizer.step()
        if not interrupted(scheduler.step, line):
            break
        if line > 1:  # at its first two lines nothing has begun
            wanted = 0.5 * float(scheduler.pacer.curve(5))
            assert train(optimizer, scheduler, 1)[0][0][0] == pytest.approx(wanted), line
    assert line > 10


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file, between open() and its with
def test_an_order_is_not_lost_between_the_file_and_the_controller(tmp_path):
    """It is heard at the next update, and a resumed run hears it where it was heard."""
    for line in range(10_000):
        folder = tmp_path / str(line)
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=1.0)
        scheduler = Scheduler(optimizer, lr.constant() * lr.manual(), 40, live=folder)
        optimizer.step()
        give(folder, 0.5)
        if not interrupted(scheduler.step, line):
            break
        for _ in range(2):
            optimizer.step()
            scheduler.step()
        assert optimizer.param_groups[0]["lr"] == 0.5, line
        (heard,) = {one.update for one in scheduler.decisions}
        assert orders(folder)[0].taken == heard, line
    assert line > 40
