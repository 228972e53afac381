"""Optax' schedules, computed in float64, at every update.

Where Optax' rule is not ours, the docstring says how it is translated. They are asked for one update at a time: over
an array, XLA multiplies by 1/98 where 98 divides, so that update 98 of 98 is 0.9999999999999999 of the way, and an
Optax staircase drops one update late.
"""

import itertools

import pytest

import lrlab as lr
from jax_precision import in_64_bits

jax = pytest.importorskip("jax")
theirs = pytest.importorskip("optax")


@pytest.fixture(autouse=True)
def in_float64():
    """JAX computes in float32 by default."""
    with in_64_bits():
        yield


@pytest.fixture
def beside(agree):
    """Our curve times a base LR equals their schedule at every update, and at five beyond the horizon."""

    def compare(schedule, other, horizon, base=0.1, **closeness):
        values = [float(other(update)) for update in range(horizon + 5)]
        agree(base * schedule.over(horizon).between(0, horizon + 5), values, **closeness)

    return compare


def test_constant(n, rng, beside):
    """constant_schedule."""
    level = rng.uniform(0, 2)
    beside(lr.constant(level=level), theirs.constant_schedule(0.1 * level), n)


def test_polynomial(n, rng, beside):
    """polynomial_schedule with transition_begin: the start is held until then."""
    wait, length = rng.randint(0, n), rng.randint(1, n)
    end, power = rng.uniform(0, 0.2), rng.uniform(0.3, 3)
    schedule = lr.constant(wait) >> lr.polynomial(length, to=end / 0.1, power=power)
    beside(schedule, theirs.polynomial_schedule(0.1, end, power, length, wait), n + wait + length)


def test_linear(n, rng, beside):
    """linear_schedule, up or down."""
    start, end, length = rng.uniform(0, 0.2), rng.uniform(0, 0.2), rng.randint(1, n)
    schedule = lr.linear(length, start=start / 0.1, to=end / 0.1)
    beside(schedule, theirs.linear_schedule(start, end, length), n)


def test_piecewise_constant(n, rng, beside):
    """piecewise_constant_schedule: its scales accumulate."""
    boundaries = sorted(rng.sample(range(1, n), 3))
    scales = [rng.uniform(0.1, 1.5) for _ in boundaries]
    values = list(itertools.accumulate([1.0, *scales], lambda a, b: a * b))
    other = theirs.piecewise_constant_schedule(0.1, dict(zip(boundaries, scales, strict=True)))
    beside(lr.piecewise_constant(boundaries, values), other, n)


@pytest.mark.parametrize("staircase", [False, True])
def test_exponential(n, rng, beside, staircase):
    """exponential_decay with transition_begin, and end_value, a bound below."""
    wait, every, decay, end = rng.randint(0, n), rng.randint(1, n), rng.uniform(0.3, 1), rng.uniform(0, 0.05)
    falling = lr.exponential(decay=decay, every=every, staircase=staircase).clip(low=end / 0.1)
    other = theirs.exponential_decay(0.1, every, decay, wait, staircase, end)
    beside(lr.constant(wait) >> falling, other, n + wait)


def test_cosine(n, rng, beside):
    """cosine_decay_schedule; its alpha is a share of the LR."""
    alpha = rng.choice([0.0, rng.uniform(0, 0.5)])
    beside(lr.cosine(to=alpha), theirs.cosine_decay_schedule(0.1, n, alpha), n)


def test_cosine_with_exponent(n, rng, beside):
    """cosine_decay_schedule(exponent=): our power."""
    alpha, power = rng.uniform(0, 0.5), rng.uniform(0.5, 3)
    beside(lr.cosine(to=alpha, power=power), theirs.cosine_decay_schedule(0.1, n, alpha, exponent=power), n)


@pytest.mark.parametrize(("kind", "shape"), [("linear", lr.linear), ("cosine", lr.cosine)])
def test_piecewise_interpolate(n, rng, beside, kind, shape):
    """piecewise_interpolate_schedule, between accumulated scales: a phase for each stretch."""
    boundaries = sorted(rng.sample(range(1, n), 3))
    scales = [rng.uniform(0.2, 1.5) for _ in boundaries]
    values = list(itertools.accumulate([1.0, *scales], lambda a, b: a * b))
    phases = [
        shape(b - a, start=v, to=w)
        for (a, b), (v, w) in zip(itertools.pairwise([0, *boundaries]), itertools.pairwise(values), strict=True)
    ]
    other = theirs.piecewise_interpolate_schedule(kind, 0.1, dict(zip(boundaries, scales, strict=True)))
    beside(phases[0] >> phases[1] >> phases[2], other, n)


def test_piecewise_linear(n, rng, beside):
    """piecewise_interpolate_schedule("linear") as one shape of ours, through points."""
    boundaries = sorted(rng.sample(range(1, n), 3))
    scales = [rng.uniform(0.2, 1.5) for _ in boundaries]
    values = list(itertools.accumulate([1.0, *scales], lambda a, b: a * b))
    other = theirs.piecewise_interpolate_schedule("linear", 0.1, dict(zip(boundaries, scales, strict=True)))
    beside(lr.piecewise_linear(list(zip([0, *boundaries], values, strict=True))), other, n)


def test_one_cycle_of_cosines(n, rng, beside):
    """cosine_onecycle_schedule ends at transition_steps, as ours does at the horizon."""
    total, rise = 2 * n, rng.randint(1, 2 * n - 1)
    share = (rise + 0.5) / total  # Optax cuts the fraction off
    schedule = lr.one_cycle(rise=rise, start=1 / 25, to=1 / 25e4)
    beside(schedule, theirs.cosine_onecycle_schedule(total, 0.1, share), total)


def test_one_cycle_of_lines(n, rng, beside):
    """linear_onecycle_schedule has three phases, and ends at its initial value over final_div_factor.

    With pct_final = 2 * pct_start its two slopes are equally long, as ours are.
    """
    total, rise = 2 * n, rng.randint(1, n - 1)
    schedule = lr.one_cycle(rise=rise, start=1 / 25, to=1 / 25e4, three_phase=True, shape="linear")
    other = theirs.linear_onecycle_schedule(total, 0.1, (rise + 0.5) / total, (2 * rise + 0.5) / total)
    beside(schedule, other, total)


@pytest.mark.skipif(not hasattr(theirs, "warmup_constant_schedule"), reason="this Optax has none")
def test_warmup_constant(n, rng, beside):
    """warmup_constant_schedule."""
    begin, rise = rng.uniform(0, 0.1), rng.randint(1, n)
    schedule = lr.warmup(rise, start=begin / 0.1) >> lr.constant()
    beside(schedule, theirs.warmup_constant_schedule(begin, 0.1, rise), n)


def test_warmup_cosine(n, rng, beside):
    """warmup_cosine_decay_schedule: decay_steps counts the warmup, as our horizon does."""
    rise, begin, end = rng.randint(1, n - 1), rng.uniform(0, 0.1), rng.uniform(0, 0.05)
    schedule = lr.warmup(rise, start=begin / 0.1) >> lr.cosine(to=end / 0.1)
    beside(schedule, theirs.warmup_cosine_decay_schedule(begin, 0.1, rise, n, end), n)


def test_warmup_exponential(n, rng, beside):
    """warmup_exponential_decay_schedule."""
    rise, every, decay = rng.randint(1, n), rng.randint(1, n), rng.uniform(0.3, 1)
    schedule = lr.warmup(rise, start=0) >> lr.exponential(decay=decay, every=every)
    beside(schedule, theirs.warmup_exponential_decay_schedule(0.0, 0.1, rise, every, decay), n)


def test_restarts(n, rng, beside):
    """sgdr_schedule: a list of warmed-up cosines, here each twice as long as the one before and with half its peak."""
    rise = rng.randint(1, 10)
    cycles = [
        {
            "init_value": 0.0,
            "peak_value": 0.1 / 2**k,
            "warmup_steps": rise * 2**k,
            "decay_steps": 2**k * ((n // 7 + 1) + rise),
        }
        for k in range(3)
    ]
    one = lr.warmup(rise, start=0) >> lr.cosine(n // 7 + 1)
    beside(one.repeat(3, stretch=2, gain=0.5), theirs.sgdr_schedule(cycles), 7 * (n // 7 + 1 + rise))


def test_join(n, rng, beside):
    """join_schedules: the inner time restarts at 0."""
    first, second = sorted(rng.sample(range(1, n), 2))
    parts = [
        theirs.linear_schedule(0.01, 0.1, first),
        theirs.exponential_decay(0.1, 10, 0.8),
        theirs.cosine_decay_schedule(0.07, n),
    ]
    schedule = (
        lr.linear(first, start=0.1, to=1)
        >> lr.exponential(decay=0.8, every=10, span=second - first)
        >> lr.cosine(n, start=0.7)
    )
    beside(schedule, theirs.join_schedules(parts, [first, second]), n + second)
