"""What one scheduler.step() costs, and a curve of a million updates, as ratios to PyTorch's own schedulers.

    python benchmarks/torch_step.py [--size smallest]

Everything is measured in this one process, in turns: CPU time of this thread, median of the turns. A ratio of 5x
means that PyTorch takes five times as long. `optimizer.step()` is not part of it; what our hooks add to it is in the
last line.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, LRScheduler, SequentialLR

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler
from sizes import add_size

UPDATES = 1_000_000
TURNS = 9
SCHEDULE = lr.warmup(50) >> lr.cosine(to=0.1)
CASES = [(1, False), (10, False), (1000, False), (1, True), (10, True), (1000, True)]  # groups, tensor LRs


def optimizer(groups: int, tensors: bool) -> torch.optim.Optimizer:
    lrs = [torch.tensor(0.1) if tensors else 0.1 for _ in range(groups)]
    return torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": base} for base in lrs])


def cosine(groups: int, tensors: bool) -> LRScheduler:
    return CosineAnnealingLR(optimizer(groups, tensors), UPDATES)


def sequential(groups: int, tensors: bool) -> LRScheduler:
    driven = optimizer(groups, tensors)
    parts = [LinearLR(driven, total_iters=50), CosineAnnealingLR(driven, UPDATES)]
    return SequentialLR(driven, parts, [50])


def ours(groups: int, tensors: bool) -> LRScheduler:
    return Scheduler(optimizer(groups, tensors), SCHEDULE, UPDATES, follow="calls")


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
        calls = 2000 if groups < 100 else 30
        schedulers = [make(groups, tensors) for make in (ours, cosine, sequential)]
        mine, cos, seq = in_turns(*(scheduler.step for scheduler in schedulers), calls=calls)
        name = f"{groups} {'tensor' if tensors else 'float'}{'s' if groups > 1 else ''}"
        print(f"{name:<16}{mine:>10.2f}{cos:>10.2f}{seq:>12.2f}{'':>4}{cos / mine:>7.1f}x{seq / mine:>11.1f}x")


def curve() -> None:
    (mine,) = in_turns(lambda: SCHEDULE.over(UPDATES).values(), calls=1)
    sample = 20_000
    cos, seq = in_turns(cosine(1, False).step, sequential(1, False).step, calls=sample // TURNS)
    print(
        f"{'curve of 1e6':<16}{mine:>10.0f}{cos * UPDATES:>10.0f}{seq * UPDATES:>12.0f}{'':>4}"
        f"{cos * UPDATES / mine:>7.0f}x{seq * UPDATES / mine:>11.0f}x"
    )


def hooks() -> None:
    """What following the optimizer's updates adds to its own step(), beside what PyTorch's wrapper adds."""
    bare, followed, wrapped = (optimizer(1, False) for _ in range(3))
    keep = Scheduler(followed, SCHEDULE, UPDATES), CosineAnnealingLR(wrapped, UPDATES)
    alone, mine, theirs = in_turns(bare.step, followed.step, wrapped.step, calls=1000)
    added = f"hooks: ours +{mine - alone:.1f}, PyTorch's +{theirs - alone:.1f}"
    print(f"optimizer.step() with nothing to do {alone:.1f} µs; {added}")
    del keep


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add_size(options)
    if options.parse_args().size == "smallest":
        TURNS, UPDATES, CASES = 1, 100_000, CASES[:2]
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # PyTorch's, about step() without optimizer.step()
    steps()
    curve()
    hooks()
