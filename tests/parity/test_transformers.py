"""The schedules of Hugging Face Transformers, driven beside ours: two groups, one with a tensor LR, at every update.

There the first update of a warmup has LR 0: our warmup(start=0).
"""

import pytest

import lrlab as lr

theirs = pytest.importorskip("transformers.optimization")
EQUAL = (0.1, 0.1)  # the LRs of the groups where their floor is an absolute LR


def test_constant(n, rng, side_by_side):
    """get_constant_schedule."""
    side_by_side(lr.constant(), theirs.get_constant_schedule, n)


def test_constant_with_warmup(n, rng, side_by_side):
    """get_constant_schedule_with_warmup."""
    rise = rng.randint(1, n)
    schedule = lr.warmup(rise, start=0) >> lr.constant()
    side_by_side(schedule, lambda o: theirs.get_constant_schedule_with_warmup(o, rise), n)


def test_linear(n, rng, side_by_side):
    """get_linear_schedule_with_warmup."""
    rise = rng.randint(0, n - 1)
    schedule = lr.warmup(rise, start=0) >> lr.linear()
    side_by_side(schedule, lambda o: theirs.get_linear_schedule_with_warmup(o, rise, n), n)


@pytest.mark.parametrize("floor", [False, True])
def test_cosine(n, rng, side_by_side, floor):
    """get_cosine_schedule_with_warmup and get_cosine_with_min_lr_schedule_with_warmup, up to their end.

    Past it they rise again, ours is held.
    """
    rise, to = rng.randint(0, n - 1), rng.uniform(0, 0.5)
    schedule = lr.warmup(rise, start=0) >> lr.cosine(to=to if floor else 0)

    def cosine(optimizer):
        if floor:
            return theirs.get_cosine_with_min_lr_schedule_with_warmup(optimizer, rise, n, min_lr_rate=to)
        return theirs.get_cosine_schedule_with_warmup(optimizer, rise, n)

    side_by_side(schedule, cosine, n, updates=n + 1)


def test_cosine_periods(n, rng, side_by_side):
    """get_cosine_schedule_with_warmup(num_cycles=k) for a whole k: as many full periods, up to the end."""
    rise, cycles = rng.randint(0, n), rng.randint(1, 3)
    total = rise + cycles * n
    schedule = lr.warmup(rise, start=0) >> lr.cosine_cycle().repeat(cycles)
    side_by_side(
        schedule, lambda o: theirs.get_cosine_schedule_with_warmup(o, rise, total, cycles), total, updates=total
    )


def test_hard_restarts(n, rng, side_by_side):
    """get_cosine_with_hard_restarts_schedule_with_warmup: equal cycles, and 0 from the end on."""
    rise, cycles = rng.randint(0, n), rng.choice([1, 2, 4])
    total = rise + cycles * n
    schedule = lr.warmup(rise, start=0) >> lr.cosine().repeat(cycles)

    def restarts(optimizer):
        return theirs.get_cosine_with_hard_restarts_schedule_with_warmup(optimizer, rise, total, cycles)

    side_by_side(schedule, restarts, total)


def test_polynomial(n, rng, side_by_side):
    """get_polynomial_decay_schedule_with_warmup: lr_end is absolute, of the optimizer's default LR."""
    rise, end, power = rng.randint(0, n - 1), rng.uniform(0, 0.05), rng.uniform(0.5, 3)
    schedule = lr.warmup(rise, start=0) >> lr.polynomial(to=end / 0.1, power=power)

    def polynomial(optimizer):
        return theirs.get_polynomial_decay_schedule_with_warmup(optimizer, rise, n, lr_end=end, power=power)

    side_by_side(schedule, polynomial, n, bases=EQUAL)


def test_inverse_sqrt(n, rng, side_by_side):
    """get_inverse_sqrt_schedule, with its time scale."""
    rise, scale = rng.randint(1, n), rng.randint(1, 3 * n)
    schedule = lr.warmup(rise, start=0) >> lr.inverse_sqrt(scale)
    side_by_side(schedule, lambda o: theirs.get_inverse_sqrt_schedule(o, rise, scale), 2 * n)


@pytest.mark.skipif(
    not hasattr(theirs, "get_cosine_with_min_lr_schedule_with_warmup_lr_rate"), reason="this Transformers has none"
)
def test_cosine_that_warms_up_from_one_part_and_ends_at_its_floor(n, rng, side_by_side):
    """get_cosine_with_min_lr_schedule_with_warmup_lr_rate: its warmup is (t+1)/w, so the peak is update w - 1.

    Its cosine begins there too, and the last update has the floor exactly: our phases meet at w - 1, closed.
    """
    rise, to = rng.randint(1, n - 1), rng.uniform(0, 0.5)
    schedule = lr.linear(rise - 1, start=1 / rise, to=1) >> lr.cosine(to=to, closed=True)

    def cosine(optimizer):
        return theirs.get_cosine_with_min_lr_schedule_with_warmup_lr_rate(optimizer, rise, n, min_lr_rate=to)

    side_by_side(schedule, cosine, n, updates=n)


@pytest.mark.parametrize("warmup", ["linear", "cosine", "1-sqrt"])
@pytest.mark.parametrize(("decay", "leg"), [("linear", "linear"), ("cosine", "cosine"), ("1-sqrt", "one_minus_sqrt")])
def test_wsd(n, rng, side_by_side, warmup, decay, leg):
    """get_wsd_schedule: its warmup begins at the floor, too."""
    rise, fall, to = rng.randint(1, n // 2), rng.randint(1, n // 2), rng.uniform(0, 0.5)
    begin = {
        "linear": lr.linear(rise, start=to, to=1),
        "cosine": lr.cosine(rise, start=to, to=1),
        "1-sqrt": lr.one_minus_sqrt(rise, to=to).reverse(),  # 1 - sqrt(1 - u): their cooldown, turned round
    }[warmup]
    schedule = begin >> lr.wsd(warmup=0, decay=fall, shape=leg, to=to)

    def wsd(optimizer):
        return theirs.get_wsd_schedule(optimizer, rise, fall, n, warmup_type=warmup, decay_type=decay, min_lr_ratio=to)

    side_by_side(schedule, wsd, n)
