"""What no library here has, against the formula of its paper, written out as printed there, at every update."""

import math
from fractions import Fraction

import numpy as np
import pytest

import lrlab as lr


@pytest.fixture
def beside(agree):
    """Our curve equals a function of the update at every update of a horizon."""

    def compare(schedule, formula, horizon, **closeness):
        ours = schedule.over(horizon)
        agree(ours.values(), [formula(t) for t in range(horizon)], **closeness)
        agree([ours(t) for t in range(horizon)], [formula(t) for t in range(horizon)], **closeness)

    return compare


def test_gradual_warmup(n, rng, beside):
    """Goyal et al. 2017: linear; ours reaches update i with (i+1)/(n+1) of the base LR, so that none is wasted."""
    rise = rng.randint(1, n - 1)
    beside(lr.warmup(rise) >> lr.constant(), lambda t: min((t + 1) / (rise + 1), 1.0), n)


def test_warmup_from_a_level(n, rng, beside):
    """Goyal et al. 2017, section 2.2, from any start."""
    rise, start = rng.randint(1, n - 1), rng.uniform(0, 1)
    beside(lr.warmup(rise, start=start) >> lr.constant(), lambda t: start + (1 - start) * min(t / rise, 1.0), n)


def test_hold_and_here(n, rng, beside):
    """hold() keeps, and start="here" begins at, what the phase before ends with: its formula at its length."""
    first, to = rng.randint(1, n // 3), rng.uniform(0, 0.9)
    schedule = lr.linear(first, to=to) >> lr.hold(first) >> lr.cosine(start="here")
    rest = n - 2 * first

    def formula(t):
        if t < 2 * first:
            return 1 + (to - 1) * min(t / first, 1)
        return to / 2 * (1 + math.cos(math.pi * (t - 2 * first) / rest))

    beside(schedule, formula, n)


def test_table_and_function(n, rng, beside):
    """A list is its values, the last kept; a function its own."""
    values = [rng.uniform(0, 2) for _ in range(rng.randint(1, n))]
    beside(lr.table(values), lambda t: values[min(t, len(values) - 1)], n)
    beside(lr.constant(3) >> lr.function(lambda t: 1 / (1 + t), name="f"), lambda t: 1 / (1 + max(t - 3, 0)), n)


def test_bounds(n, rng, beside):
    """minimum, maximum and clip take the least and the greatest of values."""
    low = rng.uniform(0, 0.5)
    straight, curved = (lambda t: 1 - t / n), (lambda t: (1 + math.cos(math.pi * t / n)) / 2)
    beside(lr.minimum(lr.linear(), lr.cosine()), lambda t: min(straight(t), curved(t)), n)
    beside(lr.maximum(lr.linear(), lr.cosine()), lambda t: max(straight(t), curved(t)), n)
    beside(lr.linear().clip(low, 0.8), lambda t: min(max(straight(t), low), 0.8), n)


def test_reverse_and_sum(n, rng, beside):
    """value(t) = s(n - t); sums add."""
    to = rng.uniform(0, 1)
    beside(lr.polynomial(to=to, power=2).reverse(), lambda t: to + (1 - to) * (t / n) ** 2, n)
    beside(0.1 + lr.linear() + lr.cosine(), lambda t: 1.1 - t / n + (1 + math.cos(math.pi * t / n)) / 2, n)


def test_piecewise_linear(n, rng, beside):
    """numpy.interp through points (a jump where two points share an update: the later one holds from there)."""
    at = sorted(rng.sample(range(n), 4))
    values = [rng.uniform(0, 2) for _ in at]
    beside(lr.piecewise_linear(list(zip(at, values, strict=True))), lambda t: np.interp(t, at, values), n)
    jump = [(0, 1.0), (at[2], 0.5), (at[2], 2.0), (n, 0.0)]

    def formula(t):
        if t < at[2]:
            return 1 - 0.5 * t / at[2]
        return 2 * (n - t) / (n - at[2])

    beside(lr.piecewise_linear(jump), formula, n)


def test_cosine_cycle(n, rng, beside):
    """Down to the floor and up again: (1 + cos(2 pi u))/2, Hugging Face's num_cycles = 1 and T5X' per cycle."""
    to = rng.uniform(0, 1)
    beside(lr.cosine_cycle(to=to), lambda t: to + (1 - to) * (1 + math.cos(2 * math.pi * t / n)) / 2, n)


@pytest.mark.parametrize("staircase", [False, True])
def test_natural_exponential(n, rng, beside, staircase):
    """TensorFlow 1, natural_exp_decay: lr * exp(-decay_rate * global_step / decay_steps)."""
    rate, every = rng.uniform(0.1, 5), rng.randint(1, n)
    part = (lambda t: t // every) if staircase else (lambda t: t / every)
    beside(
        lr.natural_exponential(rate, every, staircase=staircase),
        lambda t: math.exp(-rate * part(t)),
        n,
        relative=1e-12,
    )


def test_inverse_time_of_robbins_and_monro(n, rng, beside):
    """1951: a/(1 + b t)."""
    rate = rng.uniform(0.001, 5)
    beside(lr.inverse_time(rate, 1), lambda t: 1 / (1 + rate * t), n)


def test_noam(n, rng, beside):
    """Vaswani et al. 2017, eq. 3, with step_num = t + 1, over its peak (d_model * warmup)**-0.5."""
    rise, d_model = rng.randint(1, n), 512
    peak = d_model**-0.5 * rise**-0.5
    beside(
        lr.noam(rise),
        lambda t: d_model**-0.5 * min((t + 1) ** -0.5, (t + 1) * rise**-1.5) / peak,
        n,
    )


def test_inverse_power(n, rng, beside):
    """Shen et al. 2024: a * steps**b with b = -0.51, begun at the base LR `timescale` steps into it."""
    scale, power = rng.randint(1, n), rng.uniform(0.1, 2)
    beside(lr.inverse_power(scale, power=power), lambda t: (scale + t) ** -power / float(scale) ** -power, n)


def test_one_minus_sqrt_and_square(n, rng, beside):
    """Hägele et al. 2024: the cooldowns 1 - sqrt(u) and 1 - u**2, and their square-root relative 1 - u**0.3."""
    power = rng.uniform(0.2, 4)
    beside(lr.one_minus_sqrt(), lambda t: 1 - math.sqrt(t / n), n)
    beside(lr.one_minus_power(), lambda t: (n * n - t * t) / (n * n), n)
    beside(lr.one_minus_power(power=power), lambda t: 1 - (t / n) ** power, n)


def test_mirror_cosine(n, rng, beside):
    """Hägele et al. 2024: twice the line less the cosine."""
    to = rng.uniform(0, 1)

    def formula(t):
        fall = 2 * (1 - t / n) - (1 + math.cos(math.pi * t / n)) / 2
        return to + (1 - to) * fall

    beside(lr.mirror_cosine(to=to), formula, n)


def test_geometric(n, rng, beside):
    """Luo et al. 2025: eta_0**(1 - u) * eta_min**u; upwards the range test of Smith 2017."""
    low, high = 10 ** rng.uniform(-6, -1), 10 ** rng.uniform(0, 1)
    beside(lr.geometric(to=low), lambda t: low ** (t / n), n)
    beside(lr.geometric(start=low, to=high), lambda t: low * (high / low) ** (t / n), n)


def test_tanh(n, rng, beside):
    """Hsueh et al. 2019, eq. 4: (1 - tanh(L(1 - u) + U u))/2."""
    lower, upper, to = rng.uniform(-8, -1), rng.uniform(1, 6), rng.uniform(0, 0.5)

    def formula(t):
        return to + (1 - to) / 2 * (1 - math.tanh(lower * (1 - t / n) + upper * t / n))

    beside(lr.tanh(lower=lower, upper=upper, to=to), formula, n)


def test_rex(n, rng, beside):
    """Chen et al. 2021: (1 - u)/(1/2 + (1 - u)/2), with another weight than 1/2 as Axolotl has."""
    beta = rng.uniform(0, 0.95)
    beside(lr.rex(), lambda t: (1 - t / n) / (0.5 + 0.5 * (1 - t / n)), n)
    beside(lr.rex(beta=beta), lambda t: (1 - t / n) / ((1 - beta) + beta * (1 - t / n)), n)


def test_k_decay(n, rng, beside):
    """Zhang & Li 2020: the cosine of t**k / T**k."""
    k, to = rng.uniform(0.5, 4), rng.uniform(0, 0.5)
    beside(
        lr.k_decay(k=k, to=to),
        lambda t: to + (1 - to) / 2 * (1 + math.cos(math.pi * t**k / float(n) ** k)),
        n,
    )


def test_hyperbolic(n, rng, beside):
    """Kim 2024, eq. 6: eta_0 + (eta_0 - eta_min)(h(t) - h(0)), h(t) = sqrt((n - t)/U (2 - (n + t)/U))."""
    upper, to = rng.randint(n, 4 * n), rng.uniform(0, 1)

    def h(t):
        return math.sqrt((n - t) / upper * (2 - (n + t) / upper))

    beside(lr.hyperbolic(upper=upper, to=to), lambda t: 1 + (1 - to) * (h(t) - h(0)), n)


def test_linear_cosine(n, rng, beside):
    """Bello et al. 2017 as in TensorFlow 1: (alpha + linear) * cosine + beta."""
    periods, alpha, beta = rng.uniform(0.5, 4), rng.uniform(0, 1), rng.uniform(0, 0.1)

    def formula(t):
        return (alpha + (n - t) / n) * 0.5 * (1 + math.cos(math.pi * 2 * periods * t / n)) + beta

    # the argument of the cosine grows to 8 pi, and its last digit with it
    beside(lr.linear_cosine(periods=periods, alpha=alpha, beta=beta), formula, n, of_peak=8e-15)


@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
def test_cyclical(n, rng, beside, mode):
    """Smith 2017, the code of section 3: cycle = floor(1 + t/(2 s)), x = |t/s - 2 cycle + 1|."""
    half, low, gamma = rng.randint(1, n), rng.uniform(0, 1), rng.uniform(0.98, 1)
    schedule = {
        "triangular": lr.triangular(half, low=low),
        "triangular2": lr.triangular2(half, low=low),
        "exp_range": lr.exp_range(half, low=low, gamma=gamma),
    }[mode]

    def formula(t):
        cycle = math.floor(1 + t / (2 * half))
        x = abs(t / half - 2 * cycle + 1)
        gain = {"triangular": 1.0, "triangular2": 0.5 ** (cycle - 1), "exp_range": gamma**t}[mode]
        return low + (1 - low) * max(0.0, 1 - x) * gain

    # x is a difference of two numbers as large as the number of cycles
    beside(schedule, formula, n, of_peak=1e-15 * (1 + n / half))


def test_slanted_triangular(n, rng, beside):
    """Howard & Ruder 2018, eq. 3: cut, p and 1 + p (ratio - 1), over ratio."""
    cut, ratio = rng.randint(1, n - 1), rng.uniform(2, 64)

    def formula(t):
        p = t / cut if t < cut else 1 - (t - cut) / (cut * (n / cut - 1))
        return (1 + p * (ratio - 1)) / ratio

    beside(lr.slanted_triangular(rise=cut, ratio=ratio), formula, n)


def test_warm_restarts_with_a_fractional_stretch(n, rng, beside):
    """Loshchilov & Hutter 2017, eq. 5, with T_mult = 1.5: the boundaries are exact sums, rounded half up."""
    first, gain, to = rng.randint(2, 10), rng.uniform(0.5, 1), rng.uniform(0, 0.3)
    bounds = [math.floor(first * sum(1.5**j for j in range(k)) + 0.5) for k in range(40)]

    def formula(t):
        k = max(k for k, begin in enumerate(bounds) if begin <= t)
        u = (t - bounds[k]) / (bounds[k + 1] - bounds[k])
        return to + (1 - to) * gain**k * (1 + math.cos(math.pi * u)) / 2

    beside(lr.warm_restarts(first, stretch=1.5, gain=gain, to=to), formula, n)


def test_wsd_of_hagele(n, rng, beside):
    """Hägele et al. 2024, eq. 1: t/W, then 1, then f(t) in the last D updates; ours warms up as (t+1)/(W+1)."""
    rise, fall = rng.randint(1, n // 3), rng.randint(1, n // 2)

    def formula(t):
        cooling = max(t - (n - fall), 0) / fall
        return min((t + 1) / (rise + 1), 1.0) * (1 - math.sqrt(cooling))

    beside(lr.wsd(warmup=rise, decay=fall), formula, n)


def test_step_at_shares_of_a_run(n, rng, beside):
    """Drops at k times a share of the run, rounded half up, in exact fractions."""
    parts = rng.randint(2, min(n, 6))  # drops are at least one update apart
    gamma = rng.uniform(0.3, 0.9)

    def formula(t):
        bounds = (math.floor(Fraction(k * n, parts) + Fraction(1, 2)) for k in range(1, parts + 1))
        return gamma ** sum(t >= b for b in bounds)

    beside(lr.step(f"1/{parts}", gamma=gamma), formula, n)
