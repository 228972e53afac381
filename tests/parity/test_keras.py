"""Keras' learning-rate schedules, computed in float64, at every update.

Where Keras' rule is not ours, the docstring says how it is translated.
"""

import pytest

import lrlab as lr

keras = pytest.importorskip("keras")
theirs = keras.optimizers.schedules


@pytest.fixture(autouse=True)
def in_float64():
    """Keras computes in its own precision, float32 by default."""
    keras.config.dtype_policy()  # made when it is first asked for, and kept: of the layers of later tests
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


@pytest.fixture
def beside(agree):
    """Our curve times a base LR equals their schedule at `updates` updates, by default five beyond the horizon."""

    def compare(schedule, other, horizon, updates=None, base=0.1, **closeness):
        updates = horizon + 5 if updates is None else updates
        curve = schedule.over(horizon)
        agree(base * curve.between(0, updates), [float(other(i)) for i in range(updates)], **closeness)

    return compare


@pytest.mark.parametrize("staircase", [False, True])
def test_exponential(n, rng, beside, staircase):
    """ExponentialDecay, smooth and in steps."""
    every, decay = rng.randint(1, n), rng.uniform(0.3, 1.1)
    schedule = lr.exponential(decay=decay, every=every, staircase=staircase)
    beside(schedule, theirs.ExponentialDecay(0.1, every, decay, staircase), n)


@pytest.mark.parametrize("staircase", [False, True])
def test_inverse_time(n, rng, beside, staircase):
    """InverseTimeDecay, smooth and in steps."""
    every, rate = rng.randint(1, n), rng.uniform(0.01, 5)
    schedule = lr.inverse_time(rate, every, staircase=staircase)
    beside(schedule, theirs.InverseTimeDecay(0.1, every, rate, staircase), n)


def test_polynomial(n, rng, beside):
    """PolynomialDecay: to an absolute end LR, then held."""
    length, end, power = rng.randint(1, n), rng.uniform(0, 0.1), rng.uniform(0.3, 3)
    schedule = lr.polynomial(length, to=end / 0.1, power=power)
    beside(schedule, theirs.PolynomialDecay(0.1, length, end, power), n)


def test_polynomial_in_cycles(n, rng, beside):
    """PolynomialDecay(cycle=True): cycle m ends at update m*k itself, and its line comes from the run's first update.

    So each of our phases is closed, and the first is one update longer.
    """
    k, end, cycles = rng.randint(2, n), rng.uniform(0, 0.05), 4
    to = end / 0.1
    schedule = lr.linear(k + 1, to=to, closed=True)
    for m in range(1, cycles):
        begin = 1 - (m * k + 1) / ((m + 1) * k)
        schedule >>= lr.linear(k, start=to + (1 - to) * begin, to=to, closed=True)
    updates = cycles * k + 1
    beside(schedule, theirs.PolynomialDecay(0.1, k, end, 1.0, cycle=True), updates, updates)


def test_cosine(n, rng, beside):
    """CosineDecay: to a share alpha of the LR, then held."""
    alpha = rng.choice([0.0, rng.uniform(0, 0.5)])
    beside(lr.cosine(to=alpha), theirs.CosineDecay(0.1, n, alpha), n)


def test_cosine_with_warmup(n, rng, beside):
    """CosineDecay with a warmup: decay_steps does not count it, and the first LR is initial_learning_rate itself."""
    rise, begin, alpha = rng.randint(1, n), rng.choice([0.0, rng.uniform(0, 0.1)]), rng.uniform(0, 0.5)
    schedule = lr.warmup(rise, start=begin / 0.1) >> lr.cosine(n, to=alpha)
    other = theirs.CosineDecay(begin, n, alpha, warmup_target=0.1, warmup_steps=rise)
    beside(schedule, other, n + rise)


def test_restarts(n, rng, beside):
    """CosineDecayRestarts: cycles grow by t_mul, peaks by m_mul, the floor does not.

    Keras finds the cycle by a logarithm, and the place in it by a difference of cycle counts.
    """
    first, stretch, gain, alpha = rng.randint(1, n), rng.choice([1, 2]), rng.uniform(0.5, 1), rng.uniform(0, 0.3)
    # m_mul scales the whole of a cosine whose floor is alpha there: (1 - alpha) * gain**k * half cosine + alpha
    schedule = lr.warm_restarts(first, stretch=stretch, gain=gain, to=alpha)
    other = theirs.CosineDecayRestarts(0.1, first, float(stretch), gain, alpha)
    beside(schedule, other, 3 * n, of_peak=1e-14 * (1 + n / first))


def test_piecewise_constant(n, rng, beside):
    """PiecewiseConstantDecay keeps the old value at the boundary itself: its boundary b is our b + 1."""
    boundaries = sorted(rng.sample(range(1, n), 3))
    values = [rng.uniform(0, 0.1) for _ in range(4)]
    schedule = lr.piecewise_constant([b + 1 for b in boundaries], [v / 0.1 for v in values])
    beside(schedule, theirs.PiecewiseConstantDecay(boundaries, values), n)
