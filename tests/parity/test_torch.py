"""PyTorch's own schedulers, driven beside ours: two groups, one with a tensor LR, at every update.

Where PyTorch's rule is not ours, the docstring says how it is translated.
"""

import itertools
import math

import pytest
import torch
from torch.optim import lr_scheduler as theirs
from torch.optim.swa_utils import SWALR

import lrlab as lr

EQUAL = (0.1, 0.1)  # the LRs of the groups where PyTorch's floor is one absolute LR for all groups


def test_constant(n, rng, side_by_side):
    """ConstantLR: a factor until total_iters, then 1."""
    factor, iters = rng.uniform(0.05, 1), rng.randint(1, n)
    schedule = lr.constant(iters, level=factor) >> lr.constant()
    side_by_side(schedule, lambda o: theirs.ConstantLR(o, factor, iters), n)


def test_linear(n, rng, side_by_side):
    """LinearLR: up or down between two factors, then held."""
    start, end, iters = rng.uniform(0.01, 1), rng.uniform(0.01, 1), rng.randint(1, n)
    schedule = lr.linear(iters, start=start, to=end)
    side_by_side(schedule, lambda o: theirs.LinearLR(o, start, end, iters), n)


def test_warmup_is_their_linear_warmup_from_one_part_in_n_plus_one(n, rng, side_by_side):
    """warmup(w) is LinearLR with start_factor 1/(w+1) over w updates: the peak is first used by update w."""
    rise = rng.randint(1, n)
    schedule = lr.warmup(rise) >> lr.constant()
    side_by_side(schedule, lambda o: theirs.LinearLR(o, 1 / (rise + 1), 1.0, rise), n)


def test_step(n, rng, side_by_side):
    """StepLR."""
    every, gamma = rng.randint(1, n), rng.uniform(0.1, 1.1)
    side_by_side(lr.step(every, gamma=gamma), lambda o: theirs.StepLR(o, every, gamma), n)


def test_multistep(n, rng, side_by_side):
    """MultiStepLR: the LR drops at the milestone itself."""
    milestones, gamma = sorted(rng.sample(range(1, n), 3)), rng.uniform(0.1, 0.9)
    schedule = lr.multistep(milestones, gamma=gamma)
    side_by_side(schedule, lambda o: theirs.MultiStepLR(o, milestones, gamma), n)


def test_exponential(n, rng, side_by_side):
    """ExponentialLR: gamma at every update."""
    gamma = rng.uniform(0.9, 1.01)
    side_by_side(lr.exponential(gamma=gamma), lambda o: theirs.ExponentialLR(o, gamma), n)


def test_polynomial(n, rng, side_by_side):
    """PolynomialLR: to 0 at total_iters, then held."""
    iters, power = rng.randint(1, n), rng.uniform(0.3, 3)
    schedule = lr.polynomial(iters, power=power)
    side_by_side(schedule, lambda o: theirs.PolynomialLR(o, iters, power), n)


def test_cosine(n, rng, side_by_side):
    """CosineAnnealingLR up to T_max: to eta_min, an absolute LR there and a multiple here."""
    floor = rng.choice([0.0, rng.uniform(0, 0.05)])
    schedule = lr.cosine(to=floor / 0.1)
    side_by_side(schedule, lambda o: theirs.CosineAnnealingLR(o, n, floor), n, updates=n + 1, bases=EQUAL)


def test_cosine_beyond_t_max_rises_again(n, rng, side_by_side):
    """CosineAnnealingLR past T_max: it does not hold but rises, as our full period, repeated.

    It steps from LR to LR, and the error of a division by nearly 0 at T_max stays with it: hence 1e-10.
    """
    half = rng.randint(2, n)
    schedule = lr.cosine_cycle(2 * half).repeat()
    side_by_side(schedule, lambda o: theirs.CosineAnnealingLR(o, half), n, updates=3 * half, relative=1e-10)


def test_warm_restarts(n, rng, side_by_side):
    """CosineAnnealingWarmRestarts: the restart is the first update at the peak again."""
    first, stretch, floor = rng.randint(1, n), rng.randint(1, 3), rng.uniform(0, 0.05)
    schedule = lr.warm_restarts(first, stretch=stretch, to=floor / 0.1)
    side_by_side(
        schedule,
        lambda o: theirs.CosineAnnealingWarmRestarts(o, first, stretch, floor),
        n,
        updates=3 * n,
        bases=EQUAL,
    )


@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
def test_cyclic(n, rng, side_by_side, mode):
    """CyclicLR in its three modes; its max_lr is our base LR, its base_lr our low, a multiple of the peak."""
    half, low, gamma = rng.randint(1, n), rng.uniform(0, 0.9), rng.uniform(0.98, 1)
    schedule = {
        "triangular": lr.triangular(half, low=low),
        "triangular2": lr.triangular2(half, low=low),
        "exp_range": lr.exp_range(half, low=low, gamma=gamma),
    }[mode]

    def cyclic(optimizer):
        peaks = [float(group["lr"]) for group in optimizer.param_groups]
        valleys = [low * peak for peak in peaks]
        return theirs.CyclicLR(optimizer, valleys, peaks, half, mode=mode, gamma=gamma, cycle_momentum=False)

    # x = |t/half - 2 * cycle + 1| is a difference of two numbers as large as the number of cycles
    side_by_side(schedule, cyclic, n, updates=3 * n, of_peak=1e-15 * (1 + 3 * n / half))


def test_cyclic_with_unequal_halves(n, rng, side_by_side):
    """CyclicLR with step_size_down: two lines of their own lengths, repeated."""
    up, down, low = rng.randint(1, n), rng.randint(1, n), rng.uniform(0, 0.9)
    schedule = (lr.linear(up, start=low, to=1) >> lr.linear(down, to=low)).repeat()

    def cyclic(optimizer):
        peaks = [float(group["lr"]) for group in optimizer.param_groups]
        return theirs.CyclicLR(optimizer, [low * peak for peak in peaks], peaks, up, down, cycle_momentum=False)

    # their position within the cycle is a remainder of t / (up + down), divided by up / (up + down)
    side_by_side(schedule, cyclic, n, updates=2 * n, of_peak=1e-14 * (up + down) / min(up, down))


@pytest.mark.parametrize("three_phase", [False, True])
@pytest.mark.parametrize(("anneal", "shape"), [("cos", "cosine"), ("linear", "linear")])
def test_one_cycle(n, rng, side_by_side, three_phase, anneal, shape):
    """OneCycleLR: its phases end at total_steps - 1, so ours has a horizon shorter by one, and then holds.

    The first phase ends at pct_start * total_steps - 1, which must be a whole number for the peak to be used.
    """
    total = 10 * n
    rise = rng.randint(2, total // 2 - 1 if three_phase else total - 2)
    divide, final = rng.uniform(2, 50), rng.uniform(2, 1e5)
    schedule = lr.one_cycle(
        rise=rise - 1, start=1 / divide, to=1 / divide / final, three_phase=three_phase, shape=shape
    )

    def one_cycle(optimizer):
        return theirs.OneCycleLR(
            optimizer,
            [float(group["lr"]) for group in optimizer.param_groups],
            total_steps=total,
            pct_start=rise / total,
            anneal_strategy=anneal,
            div_factor=divide,
            final_div_factor=final,
            three_phase=three_phase,
            cycle_momentum=False,
        )

    side_by_side(schedule, one_cycle, total - 1, updates=total)


def test_lambda(n, rng, side_by_side):
    """LambdaLR: any function of the update."""
    period = rng.uniform(3, 50)

    def wave(t):
        return 1.1 + math.sin(t / period)

    side_by_side(lr.function(wave), lambda o: theirs.LambdaLR(o, wave), n)


def test_multiplicative(n, rng, side_by_side):
    """MultiplicativeLR: a factor at each update, which accumulates to a table of values."""
    factors = [rng.uniform(0.97, 1.02) for _ in range(n)]
    schedule = lr.table([1.0, *itertools.accumulate(factors[1:], lambda a, b: a * b)])
    side_by_side(schedule, lambda o: theirs.MultiplicativeLR(o, factors.__getitem__), n, updates=n)


@pytest.mark.skipif(torch.__version__ < (2, 5), reason="SequentialLR of PyTorch 2.4 loses the LR of a tensor")
def test_sequence(n, rng, side_by_side):
    """SequentialLR: the next scheduler begins, from its own start, at the milestone."""
    first, second = sorted(rng.sample(range(1, n), 2))
    rest = n - second
    schedule = lr.linear(first, start=0.1, to=1) >> lr.constant(second - first) >> lr.cosine()

    def sequential(optimizer):
        parts = [
            theirs.LinearLR(optimizer, 0.1, 1.0, first),
            theirs.ConstantLR(optimizer, 1.0, 1),
            theirs.CosineAnnealingLR(optimizer, rest),
        ]
        return theirs.SequentialLR(optimizer, parts, [first, second])

    side_by_side(schedule, sequential, n, updates=n + 1)


def test_product(n, rng, side_by_side):
    """ChainedScheduler: factors multiply (its members here have no floor, with which it would not be a product)."""
    gamma, rise, every = rng.uniform(0.95, 1), rng.randint(1, n), rng.randint(1, n)
    schedule = (
        lr.exponential(gamma=gamma) * (lr.linear(rise, start=0.2, to=1) >> lr.constant()) * lr.step(every, gamma=0.5)
    )

    def chained(optimizer):
        parts = [
            theirs.ExponentialLR(optimizer, gamma),
            theirs.LinearLR(optimizer, 0.2, 1.0, rise),
            theirs.StepLR(optimizer, every, 0.5),
        ]
        return theirs.ChainedScheduler(parts, optimizer)

    side_by_side(schedule, chained, n)


@pytest.mark.parametrize(("anneal", "shape"), [("cos", lr.cosine), ("linear", lr.linear)])
def test_swa(n, rng, side_by_side, anneal, shape):
    """SWALR: from the LR at hand to swa_lr within anneal_epochs, then held."""
    length, swa = rng.randint(1, n), rng.uniform(0.01, 0.09)
    schedule = shape(length, to=swa / 0.1)
    # it recovers the LR that it came from out of its own last step, which loses digits near the end
    side_by_side(schedule, lambda o: SWALR(o, swa, length, anneal), n, bases=EQUAL)
