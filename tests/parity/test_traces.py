"""One schedule, the same curve everywhere: 40 schedules over three horizons, in every framework, to its precision.

What is compared with is `curve.values()`. The other back ends of Keras run `test_keras` in processes of their own:
tests/adapters/test_keras.py starts them.
"""

import numpy as np
import pytest

import lrlab as lr
from jax_precision import in_64_bits

FORTY = (
    lr.constant(),
    lr.constant(level=0.3),
    lr.linear(),
    lr.linear(to=0.1),
    lr.linear(start=0, to=1, closed=True),
    lr.cosine(),
    lr.cosine(to=0.1, power=2),
    lr.cosine(part=(0.2, 0.9)),
    lr.cosine_cycle(),
    lr.polynomial(power=2, to=0.05),
    lr.one_minus_sqrt(),
    lr.one_minus_power(power=3),
    lr.mirror_cosine(),
    lr.geometric(to=0.01),
    lr.logarithmic(),
    lr.tanh(),
    lr.rex(),
    lr.k_decay(),
    lr.hyperbolic(),
    lr.linear_cosine(),
    lr.exponential(),
    lr.exponential(decay=0.5, every="10%", staircase=True),
    lr.natural_exponential(),
    lr.inverse_time(1, "15%", staircase=True),
    lr.inverse_sqrt(),
    lr.inverse_power(),
    lr.cosine_wave(1.5),
    lr.noam(),
    lr.step("7/30", gamma=0.5),
    lr.multistep(["50%", "75%"]),
    lr.piecewise_constant(),
    lr.piecewise_linear(),
    lr.table([0.1, 1, 0.5, 0.7]),
    lr.warmup("5%") >> lr.cosine(to=0.1),
    lr.wsd(warmup="2%", decay="20%", to=0.01),
    lr.one_cycle(),
    lr.warm_restarts("10%", stretch=2, gain=0.7, to=0.1),
    lr.triangular2("3/70"),
    lr.warmup("10%") >> (0.9 * lr.linear() + 0.1) * lr.step("30%", gamma=0.5),
    lr.polynomial(to=0.1).reverse().clip(0.2, 0.9).lasting("40%") >> lr.hold("20%") >> lr.linear(start="here"),
)
HORIZONS = (60, 391, 10_000)
BASE = 0.1
CASES = [
    pytest.param(schedule, n, id=f"{schedule}-{n}", marks=() if n == HORIZONS[0] else pytest.mark.exhaustive)
    for n in HORIZONS
    for schedule in FORTY
]
EVERY = pytest.mark.parametrize(("schedule", "horizon"), CASES)


def declared(schedule, horizon):
    """The LR of every update, and of five more."""
    return BASE * schedule.over(horizon).between(0, horizon + 5)


def in_float32(ours, schedule, horizon):
    """Within 1e-6 of the peak."""
    wanted = declared(schedule, horizon)
    found = np.asarray(ours, dtype=float)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1e-6 * np.abs(wanted).max()


def test_there_are_forty():
    """No two of them alike."""
    assert len(set(FORTY)) == 40


@EVERY
def test_plain(schedule, horizon, agree):
    """The standard library alone."""
    curve = schedule.over(horizon)
    peak = BASE * float(np.abs(curve.values()).max())
    wanted = declared(schedule, horizon)
    agree([BASE * curve(update) for update in range(horizon + 5)], wanted, of_peak=1e-15 * peak / wanted.max())


@EVERY
def test_torch(schedule, horizon):
    """A float LR and a float64 tensor LR in a real optimizer, to the last bit; a float32 tensor to its own."""
    torch = pytest.importorskip("torch")
    from lrlab.adapters.torch.scheduler import Scheduler

    kinds = (BASE, torch.tensor(BASE, dtype=torch.float64), torch.tensor(BASE))
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": kind} for kind in kinds]
    optimizer = torch.optim.SGD(groups)
    scheduler = Scheduler(optimizer, schedule, horizon=horizon, absolute=False)
    trace = []
    for _ in range(horizon + 5):
        trace.append([float(group["lr"]) for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    plain, tensor, single = np.array(trace).T
    assert np.array_equal(plain, declared(schedule, horizon))
    assert np.array_equal(tensor, plain)
    in_float32(single, schedule, horizon)


@EVERY
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_keras(schedule, horizon):
    """The traced schedule on the back end of this process: all updates at once, and one as an optimizer asks."""
    keras = pytest.importorskip("keras")
    from lrlab.adapters.keras import LearningRateSchedule

    rate = LearningRateSchedule(schedule, BASE, horizon)
    many = keras.ops.convert_to_numpy(rate(keras.ops.arange(horizon + 5)))
    in_float32(many, schedule, horizon)
    optimizer = keras.optimizers.SGD(rate)
    optimizer.iterations.assign(horizon // 3)
    assert float(optimizer.learning_rate) == pytest.approx(float(many[horizon // 3]), abs=1e-6 * BASE)


@EVERY
def test_optax(schedule, horizon, agree):
    """Under jit and vmap, under scan, and eagerly: in float32, and under x64 to 1e-12."""
    jax = pytest.importorskip("jax")
    pytest.importorskip("optax")
    from lrlab.adapters.optax import schedule as of_optax

    rate, updates = of_optax(schedule, BASE, horizon), np.arange(horizon + 5)
    in_float32(jax.jit(jax.vmap(rate))(updates), schedule, horizon)
    in_float32(rate(updates), schedule, horizon)
    with in_64_bits():
        wanted = declared(schedule, horizon)
        agree(jax.jit(jax.vmap(rate))(updates), wanted)
        _, scanned = jax.lax.scan(lambda count, _: (count + 1, rate(count)), 0, length=len(updates))
        agree(scanned, wanted)


@EVERY
def test_optax_scheduler(schedule, horizon):
    """The gradient transformation, scanned: what it multiplied the updates by."""
    jax = pytest.importorskip("jax")
    pytest.importorskip("optax")
    from lrlab.adapters.optax import Scheduler

    scaled = Scheduler(schedule, BASE, horizon).scale_by_learning_rate()

    def one(state, _):
        update, state = scaled.update(jax.numpy.ones(()), state)
        return state, -update

    _, rates = jax.lax.scan(one, scaled.init(None), length=horizon + 5)
    in_float32(rates, schedule, horizon)
