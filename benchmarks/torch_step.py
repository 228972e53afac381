"""What one scheduler.step() costs, and a curve of a million updates, as ratios to PyTorch's own schedulers.

    python benchmarks/torch_step.py [--size smallest]

Everything is measured in this one process, in turns: CPU time of this thread, median of the turns. A ratio of 5x
means that PyTorch takes five times as long. `optimizer.step()` is not part of it; what following its updates adds to
the two steps together is in the last line.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, LRScheduler, OneCycleLR, SequentialLR

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler
from sizes import add_size

UPDATES = 1_000_000
TURNS = 45
SCHEDULE = lr.warmup(50) >> lr.cosine(to=0.1)
CASES = [(1, False), (10, False), (1000, False), (1, True), (10, True), (1000, True)]  # groups, tensor LRs


def optimizer(groups: int, tensors: bool = False) -> torch.optim.Optimizer:
    lrs = [torch.tensor(0.1) if tensors else 0.1 for _ in range(groups)]
    made = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": base} for base in lrs]
    return torch.optim.SGD(made, momentum=0.9)


def cosine(groups: int, tensors: bool = False) -> LRScheduler:
    return CosineAnnealingLR(optimizer(groups, tensors), UPDATES)


def sequential(groups: int, tensors: bool) -> LRScheduler:
    driven = optimizer(groups, tensors)
    parts = [LinearLR(driven, total_iters=50), CosineAnnealingLR(driven, UPDATES)]
    return SequentialLR(driven, parts, [50])


def ours(groups: int, tensors: bool) -> LRScheduler:
    return Scheduler(optimizer(groups, tensors), SCHEDULE, UPDATES, follow="calls")


def plan_of_one(groups: int) -> LRScheduler:
    return Scheduler(optimizer(groups), lr.plan(lr=SCHEDULE), UPDATES, follow="calls")


def plan_of_two(groups: int) -> LRScheduler:
    half = UPDATES // 2
    momentum = lr.cosine(half, start=0.95, to=0.85) >> lr.cosine(start=0.85, to=0.95)
    return Scheduler(optimizer(groups), lr.plan(lr=lr.one_cycle(), momentum=momentum), UPDATES, follow="calls")


def one_cycle(groups: int) -> LRScheduler:
    return OneCycleLR(optimizer(groups), max_lr=0.1, total_steps=UPDATES, cycle_momentum=True)


def in_turns(*functions: Callable[[], object], calls: int) -> list[float]:
    """The microseconds of one call of each: medians over turns in which every function is measured once."""
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(TURNS):
        for function, times in zip(functions, taken, strict=True):
            start = time.thread_time_ns()
            for _ in range(calls):
                function()
            times.append((time.thread_time_ns() - start) / calls / 1000)
    return [statistics.median(times) for times in taken]


def steps() -> None:
    print(f"{'step(), µs':<16}{'ours':>10}{'cosine':>10}{'sequential':>12}{'':>4}{'cosine':>8}{'sequential':>12}")
    for groups, tensors in CASES:
        calls = 400 if groups < 100 else 30
        schedulers = [make(groups, tensors) for make in (ours, cosine, sequential)]
        mine, cos, seq = in_turns(*(scheduler.step for scheduler in schedulers), calls=calls)
        name = f"{groups} {'tensor' if tensors else 'float'}{'s' if groups > 1 else ''}"
        print(f"{name:<16}{mine:>10.2f}{cos:>10.2f}{seq:>12.2f}{'':>4}{cos / mine:>7.1f}x{seq / mine:>11.1f}x")


def floor() -> None:
    """A bare loop that stores one float in each group, as a scheduler in Python at least has to."""
    driven, values = cosine(CASES[-1][0], False), [0.1]

    def store() -> None:
        values[0] = value = values[0] * 0.999
        for group in driven.optimizer.param_groups:
            group["lr"] = value

    bare, peer = in_turns(store, cosine(CASES[-1][0], False).step, calls=30)
    print(f"{'a bare loop':<16}{bare:>10.2f}{peer:>10.2f}{'':>16}{peer / bare:>7.1f}x  {CASES[-1][0]} floats")


def plans() -> None:
    """A plan of the LR alone beside the cosine, and of LR and momentum beside the peer that moves both."""
    for name, mine, peer in (("a plan of the LR", plan_of_one, cosine), ("LR and momentum", plan_of_two, one_cycle)):
        for groups in (1, 10):
            ours, theirs = in_turns(mine(groups).step, peer(groups).step, calls=400)
            print(f"{name}, {groups:<8}{ours:>6.2f}{theirs:>10.2f}{'':>16}{theirs / ours:>7.1f}x  {peer.__name__}")


def curve() -> None:
    (mine,) = in_turns(lambda: SCHEDULE.over(UPDATES).values(), calls=1)
    sample = 20_000
    cos, seq = in_turns(cosine(1, False).step, sequential(1, False).step, calls=sample // TURNS)
    print(
        f"{'curve of 1e6':<16}{mine:>10.0f}{cos * UPDATES:>10.0f}{seq * UPDATES:>12.0f}{'':>4}"
        f"{cos * UPDATES / mine:>7.0f}x{seq * UPDATES / mine:>11.0f}x"
    )


def following() -> None:
    """What following the updates adds to optimizer.step() and scheduler.step() together, beside PyTorch's scheduler."""
    for groups in (1, 10):
        bare, followed, wrapped = (optimizer(groups) for _ in range(3))
        mine, theirs = Scheduler(followed, SCHEDULE, UPDATES), CosineAnnealingLR(wrapped, UPDATES)
        for parameter in (group["params"][0] for group in followed.param_groups):
            parameter.grad = torch.ones(1)
        followed.step()  # until a first update is seen, more is asked
        followed.zero_grad()

        def both(one: torch.optim.Optimizer, scheduler: LRScheduler) -> Callable[[], object]:
            return lambda: (one.step(), scheduler.step())

        alone, ours, other = in_turns(bare.step, both(followed, mine), both(wrapped, theirs), calls=1000)
        added = f"ours +{ours - alone:.1f}, PyTorch's +{other - alone:.1f}"
        print(f"both step() of {groups:>2} with nothing to do {alone:.1f} µs; {added}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add_size(options)
    if options.parse_args().size == "smallest":
        TURNS, UPDATES, CASES = 1, 100_000, CASES[:2]
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # PyTorch's, about step() without optimizer.step()
    steps()
    floor()
    plans()
    curve()
    following()
